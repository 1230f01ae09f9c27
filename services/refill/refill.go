// Package refill watches balances that fall: it recharges a sub-account's from its parent's, and tells both when one is low.
// It alone writes recharge_rules and recharges. The ledger opens and ends falls in the transactions in which they happen.
package refill

import (
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
