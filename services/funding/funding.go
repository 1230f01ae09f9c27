// Package funding is what a parent sets once for how a sub-account gets its money: monthly limits with their month starts,
// caps on what it may draw from its parent's balance, and requests for credit. It alone writes monthly_limits, month_starts and
// credit_requests. Amounts move through ledger.
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
