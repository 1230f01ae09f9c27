// Package accounts keeps parents and sub-accounts: it creates them, activates them, changes their state and what they may
// do. It alone writes accounts, privileges, activations, features and their requests.
//
// People and their passwords belong to identity, amounts to ledger, messages to notify; their functions take the
// transaction, so that an account, its user, its wallets and its activation mail exist together or not at all.
package accounts

import (
	"time"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// Service is accounts as pages and jobs use it.
type Service struct {
	store        *store.Store
	people       *identity.Service
	installation notify.Installation
}

// New returns the service. people hashes passwords; the installation's name and address stand in its mails.
func New(s *store.Store, people *identity.Service, in notify.Installation) *Service {
	return &Service{store: s, people: people, installation: in}
}

// How long the proofs of a new account's user are good for, and how often a code may be tried.
const (
	ActivationTTL = 7 * 24 * time.Hour
	CodeTTL       = 15 * time.Minute
	CodeTries     = 5
	CodesInAll    = 10
	CodePause     = 30 * time.Second
	ResendsADay   = 10
)

// The refusals of accounts.
var (
	ErrNoSuchAccount = &models.Error{Kind: models.NotFound, Code: "account_not_found",
		Message: "There is no such account."}
	ErrFeatureOff = &models.Error{Kind: models.Conflict, Code: "sub_accounts_off",
		Message: "The Sub-account feature is not enabled. Enable it in the Store."}
	ErrFeatureOn = &models.Error{Kind: models.Conflict, Code: "sub_accounts_on",
		Message: "The Sub-account feature is enabled already."}
	ErrRequested = &models.Error{Kind: models.Conflict, Code: "already_requested",
		Message: "You have asked for this already. We will tell you when it is decided."}
	ErrNoSuchRequest = &models.Error{Kind: models.NotFound, Code: "request_not_found",
		Message: "There is no such request, or it is decided already."}
	ErrNameTaken = &models.Error{Kind: models.Conflict, Code: "name_taken",
		Message: "You already have a sub-account of this name."}
	ErrStale = &models.Error{Kind: models.Conflict, Code: "stale_form",
		Message: "Somebody changed this account after you opened the form. Check what it says now and save again."}
	ErrNotDeactivated = &models.Error{Kind: models.Conflict, Code: "not_deactivated",
		Message: "This account is not deactivated."}
	ErrAlreadyDeactivated = &models.Error{Kind: models.Conflict, Code: "already_deactivated",
		Message: "This account is deactivated already."}
	ErrResendPause = &models.Error{Kind: models.Conflict, Code: "resend_pause",
		Message: "The activation was sent just now. Wait half a minute before you send it again."}
	ErrTooManyResends = &models.Error{Kind: models.Conflict, Code: "too_many_resends",
		Message: "The activation was sent too often in the last 24 hours. Send it again tomorrow."}
	ErrNotPending = &models.Error{Kind: models.Conflict, Code: "not_pending",
		Message: "This account is activated already."}
	ErrNameNotTyped = &models.Error{Kind: models.Invalid, Code: "name_not_typed",
		Message: "Type the account's name exactly as it stands above."}
	ErrInstalled = &models.Error{Kind: models.Conflict, Code: "installed",
		Message: "This installation has an operator already."}
)
