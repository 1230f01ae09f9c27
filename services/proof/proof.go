// Package proof checks that the money is right: every rule of the books, tenant by tenant, from the beginning or since the
// last check. It freezes the money of a tenant whose books have a fault, and of no other. It alone writes book_checks and
// freezes; everything else it only reads.
package proof

import "offshoot/services/store"

// Service is proof as the command line, pages and jobs use it.
type Service struct{ store *store.Store }

// New returns the service in that store.
func New(s *store.Store) *Service { return &Service{store: s} }
