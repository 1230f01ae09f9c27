// Package ledger moves money between wallets. It alone writes wallets, transfers, entries and charges.
//
// A wallet holds one asset of one account. Every account has a wallet of kind balance, what it may spend, and one of kind
// spent, what it has paid for usage; a tenant has one of kind outside, the world that money comes from. Keeping what was
// spent per account means that two sub-accounts with balances of their own never wait for each other.
//
// Every movement goes through post: all wallets it touches are locked in the order of their ids, the rules are asked, and
// one statement moves the balances and writes the entries with what the rows then hold.
package ledger

import (
	"offshoot/models"
	"offshoot/services/store"
)

// Service is the ledger as pages, jobs and other services use it.
type Service struct{ store *store.Store }

// New returns the ledger in that store.
func New(s *store.Store) *Service { return &Service{store: s} }

// The refusals of the ledger.
var (
	ErrInsufficientBalance = &models.Error{Kind: models.Conflict, Code: "insufficient_balance",
		Message: "The balance is not enough."}
	ErrNoSuchAccount = &models.Error{Kind: models.NotFound, Code: "account_not_found",
		Message: "There is no such account."}
	ErrNoSuchTransfer = &models.Error{Kind: models.NotFound, Code: "transfer_not_found",
		Message: "There is no such transfer."}
	ErrAccountClosed = &models.Error{Kind: models.Conflict, Code: "account_closed",
		Message: "This account is deactivated: nothing can be moved in or out. Activate it first."}
	ErrWrongCurrency = &models.Error{Kind: models.Invalid, Code: "wrong_currency",
		Message: "The two accounts have different currencies."}
	ErrReferenceReused = &models.Error{Kind: models.Conflict, Code: "reference_reused",
		Message: "This reference already stands for something else."}
	ErrNotCharging = &models.Error{Kind: models.Conflict, Code: "account_not_active",
		Message: "This account is not active and cannot use anything."}
	ErrNothingToReturn = &models.Error{Kind: models.Conflict, Code: "nothing_to_return",
		Message: "There is nothing to transfer back."}
	ErrCreditInUse = &models.Error{Kind: models.Conflict, Code: "credit_in_use",
		Message: "More of the credit line is in use than that."}
)
