// Package refill watches balances that fall: it recharges a sub-account's from its parent's (BAL-8), and tells both when one
// is low (BAL-10). It alone writes recharge_rules and recharges, and when somebody was told of a fall. The ledger opens and
// ends falls, in the transactions in which they happen.
//
// One fall is recharged once. Whoever recharges holds the parent's and the sub-account's balance, finds the fall still open,
// and makes a row of recharges beside the transfer, which ends the fall, for it brings at least the threshold. A second one
// waits for the balances and finds no open fall; and were all of this wrong, the row's keys refuse it: one for a fall, one
// for a number on a day, no number and no sum above what the rule allows.
//
// A rule that cannot be followed is paused with its reason. All but a person's pause end by themselves: with the parent's
// next day, or with the money. Nothing rests on a job being there once: Turn looks at the rows every minute.
package refill

import (
	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// Service is refill as pages and jobs use it.
type Service struct {
	store        *store.Store
	installation notify.Installation
}

// New returns the service. The installation's name and address stand in its mails.
func New(s *store.Store, in notify.Installation) *Service {
	return &Service{store: s, installation: in}
}

// The refusals of refill.
var (
	ErrNoSuchAccount = &models.Error{Kind: models.NotFound, Code: "account_not_found",
		Message: "There is no such account."}
	ErrStale = &models.Error{Kind: models.Conflict, Code: "stale_form",
		Message: "Somebody changed this after you opened the form. Check what it says now and save again."}
	ErrNoBalanceOfItsOwn = &models.Error{Kind: models.Conflict, Code: "no_balance_of_its_own",
		Message: "This sub-account spends your balance. Set the notice for your own balance instead, under Billing."}
	ErrNotRecharged = &models.Error{Kind: models.Conflict, Code: "not_recharged",
		Message: "Only a sub-account with a balance of its own is recharged. Change its funding to Own balance or Client pays first."}
	ErrNoRule = &models.Error{Kind: models.Conflict, Code: "no_recharge_rule",
		Message: "Auto-recharge is off. Fill in the form to turn it on."}
	ErrStillPaused = &models.Error{Kind: models.Conflict, Code: "still_paused",
		Message: "It cannot go on yet."}
)
