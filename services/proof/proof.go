// Package proof checks that the money is right: every rule of the books, tenant by tenant, from the beginning or since the
// last check. It freezes the money of a tenant whose books have a fault, and of no other. It alone writes book_checks and
// freezes; everything else it only reads.
package proof

import (
	"offshoot/services/notify"
	"offshoot/services/store"
)

// Service is proof as the command line, pages and jobs use it.
type Service struct {
	store        *store.Store
	installation notify.Installation
}

// New returns the service in that store. The installation signs its mails.
func New(s *store.Store, in notify.Installation) *Service {
	return &Service{store: s, installation: in}
}
