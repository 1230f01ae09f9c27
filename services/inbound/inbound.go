// Package inbound is what people write to the accounts: whose number it was, what it means, and what is answered by itself
// (MSG-6). It alone writes inbound_numbers, inbound_messages and reply_rules.
//
// A message is taken for the first of these that fits: a word that opts out, opts in again or asks for help (words.go); a
// keyword that it is; the longest keyword that it starts with; the default (rules.go). An answer is a message of the account
// like any other, paid as such.
package inbound

import (
	"offshoot/models"
	"offshoot/services/store"
)

// Service is what pages and gateways ask.
type Service struct{ store *store.Store }

// New returns the service.
func New(s *store.Store) *Service { return &Service{store: s} }

var (
	// ErrNoSuchRule is the answer to a rule that is not there, or is another account's.
	ErrNoSuchRule = &models.Error{Kind: models.NotFound, Code: "no_such_rule", Message: "There is no such keyword or rule."}
	// ErrTooManyRules is the refusal of one more.
	ErrTooManyRules = &models.Error{Kind: models.Conflict, Code: "too_many_rules", Message: "An account can have 500 keywords and rules. Delete some first."}
	// ErrStale is the refusal of a form that was opened before somebody else changed the same.
	ErrStale = &models.Error{Kind: models.Conflict, Code: "stale",
		Message: "Somebody else has changed this in the meantime. What you see now is how it is; make your change again."}
	// ErrNoSuchNumber is the answer to a number that no account has.
	ErrNoSuchNumber = &models.Error{Kind: models.NotFound, Code: "no_such_number", Message: "No account has this number."}
)
