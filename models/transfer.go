package models

import "time"

// Transfer is an amount that moved from one account's wallet to another's, with what both sides had before and after.
type Transfer struct {
	ID        ID
	Kind      TransferKind
	Amount    Money
	Note      string
	Reference string
	PostedAt  time.Time
	From, To  Side
}

// Side is one wallet of a transfer.
type Side struct {
	Account       ID
	Name          string // of the account, where a transfer is read back
	Wallet        WalletKind
	Before, After Money
	Untold        bool // it is another account's, whose balance the reader may not see: Before and After are zero
}

// WalletKind says what a wallet is for.
type WalletKind string

const (
	BalanceWallet WalletKind = "balance" // what the account may spend
	SpentWallet   WalletKind = "spent"   // what it paid for usage
	OutsideWallet WalletKind = "outside" // the world that money comes from
	UnitsWallet   WalletKind = "units"   // units of a package that the account may use
	UsedWallet    WalletKind = "used"    // units of a package that it has used
	IssuedWallet  WalletKind = "issued"  // where a package's units come from, and go when they expire
)

// TransferKind says what a transfer was for.
type TransferKind string

const (
	Payment      TransferKind = "payment"       // money received from outside
	GivenOut     TransferKind = "transfer"      // from a parent to a sub-account
	GivenBack    TransferKind = "transfer_back" // and back
	UsageCharge  TransferKind = "charge"        // pays for usage
	Refund       TransferKind = "refund"
	ReversalKind TransferKind = "reversal"
	Purchase     TransferKind = "purchase" // of something in the Store
	UnitsIssued  TransferKind = "issue"    // the units of a package that was bought or granted
	UnitsExpired TransferKind = "expiry"   // what was left of a package at its end
)

// Balance is what an account has.
type Balance struct {
	Balance   Money // on the account itself
	Credit    Money // how far it may go below zero
	Spent     Money // paid for usage so far
	Allocated Money // given by the parent and not taken back
}

// Available is what the account can still spend or give.
func (b Balance) Available() Money { return b.Balance.Add(b.Credit) }
