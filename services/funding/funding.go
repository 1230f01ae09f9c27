// Package funding is what a parent sets once for how a sub-account gets its money: monthly limits with their month starts,
// caps on what it may draw from its parent's balance, and requests for credit. It alone writes monthly_limits, month_starts and
// credit_requests. Amounts move through ledger.
//
// A month starts once for each sub-account with a limit: its row of month_starts is claimed before anything moves, in the
// transaction that moves it. First what is unused of all of them goes back, some hundred in a transaction; they are due then.
// When nobody is left who has not given back, they are given their limits in the parent's order of priority: whoever's whole
// limit the parent does not have any more is short, and later ones that fit still get theirs. Every transaction finds out by
// itself what is to be done next, so it does not matter who was interrupted where, or how many work at the same time: the
// parent's balance, which each of them holds, lets them take turns.
//
// A limit's period is the latest month that was started for it, and never goes back, whatever the clock does.
package funding

import (
	"offshoot/services/notify"
	"offshoot/services/store"
)

// Service is funding as pages and jobs use it.
type Service struct {
	store        *store.Store
	installation notify.Installation
}

// New returns the service. The installation's name and address stand in its mails.
func New(s *store.Store, in notify.Installation) *Service {
	return &Service{store: s, installation: in}
}
