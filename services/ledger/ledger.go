// Package ledger moves money and units between wallets. It alone writes wallets, transfers, entries and charges.
//
// A wallet holds one asset of one account. Every account has a wallet of kind balance, what it may spend, and one of kind
// spent, what it has paid for usage; a tenant has one of kind outside, the world that money comes from. Keeping what was
// spent per account means that two sub-accounts with balances of their own never wait for each other. The units of each
// package have the same three sides: issued, where they come from, and per account units, what it may use, and used. Those
// of an account are made when it first has to do with the package.
//
// Every movement goes through a sheet: all wallets that a set of movements touches are locked in the order of their ids, the
// rules are asked for each, against what those before it left, and one statement moves the balances and writes the
// entries with what the rows then hold.
//
// Whatever uses something for an account holds its wallet of kind spent locked, so that a reference is charged once.
package ledger

import (
	"sync"

	"offshoot/models"
	"offshoot/services/store"
)

// Service is the ledger as pages, jobs and other services use it.
type Service struct {
	store   *store.Store
	charges *store.Together[ChargeOrder, Charge]
	payers  *payers
}

// Option changes how a ledger works.
type Option func(*Service)

// OneByOne has charges that meet at one wallet taken one by one instead of together. For: comparing the two.
func OneByOne() Option { return func(s *Service) { s.charges.Apart() } }

// mostTogether is how many charges one transaction takes: a few milliseconds' worth.
const mostTogether = 256

// New returns the ledger in that store.
func New(s *store.Store, options ...Option) *Service {
	l := &Service{store: s, charges: store.NewTogether(s, mostTogether, chargeTogether), payers: &payers{}}
	for _, set := range options {
		set(l)
	}
	return l
}

// payers remembers whose wallet paid for an account last, which is where its charges will meet others. Who pays is decided
// in the transaction; a wrong guess costs nothing but time.
type payers struct {
	mu   sync.Mutex
	last map[models.ID]models.ID
}

// guessable is how many accounts it remembers, some tens of bytes each, before it begins anew.
const guessable = 100_000

func (p *payers) of(account models.ID) models.ID {
	p.mu.Lock()
	defer p.mu.Unlock()
	if payer, known := p.last[account]; known {
		return payer
	}
	return account
}

func (p *payers) keep(account, payer models.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil || len(p.last) >= guessable {
		p.last = map[models.ID]models.ID{}
	}
	p.last[account] = payer
}

// The refusals of the ledger.
var (
	ErrInsufficientBalance = &models.Error{Kind: models.Conflict, Code: "insufficient_balance",
		Message: "The balance is not enough."}
	ErrInsufficientUnits = &models.Error{Kind: models.Conflict, Code: "insufficient_units",
		Message: "There are not enough units left."}
	ErrNoSuchPackage = &models.Error{Kind: models.NotFound, Code: "package_not_found",
		Message: "There is no such package."}
	ErrPackageEnded = &models.Error{Kind: models.Conflict, Code: "package_ended",
		Message: "This package has ended: its units cannot be moved any more."}
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
	ErrFrozen = &models.Error{Kind: models.Conflict, Code: "books_frozen",
		Message: "A check of this account's books found a fault, so no money moves until it is cleared up. Support has been told."}
	ErrTrialEnded = &models.Error{Kind: models.Conflict, Code: "trial",
		Message: "The trial of this account has ended. It can be used again as soon as credit is added to it; its parent account can do that."}
	ErrMonthlyLimit = &models.Error{Kind: models.Conflict, Code: "funded_by_limit",
		Message: "This sub-account has a monthly limit, which decides what is transferred to it and back. Change the limit, or how it is funded, instead."}
	ErrSpendsParents = &models.Error{Kind: models.Conflict, Code: "spends_parents_balance",
		Message: "This sub-account spends your balance, so it needs no transfer. To give it a balance of its own, change how it is funded first."}
	ErrNothingToReturn = &models.Error{Kind: models.Conflict, Code: "nothing_to_return",
		Message: "There is nothing to transfer back."}
	ErrCreditInUse = &models.Error{Kind: models.Conflict, Code: "credit_in_use",
		Message: "More of the credit line is in use than that."}
)
