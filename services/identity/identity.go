// Package identity knows people: who they are, that it is really them, and as whom they act. It alone writes users,
// login_emails, sessions, accesses and consents.
//
// A person proves who they are once, at sign-in; from then on a session row stands for it, and deleting the row ends it
// everywhere at once. What a session may do is never kept in it: Resolve reads user, account, parent and privileges anew
// for every request, so that a deactivation or a privilege taken away needs no one to tell the sessions.
//
// A session stands in the person's own tenant. Being in another account (ACC-12) is a row of accesses, kept in the books
// of the entered account, and two columns of the session that point to it. The two tenants are never touched by one
// transaction: the entered account's log tells of the access before the session may use it.
package identity

import (
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// How long things last.
const (
	SessionTTL    = 12 * time.Hour   // from sign-in, however busy
	ActivationTTL = time.Hour        // to enter the code and choose a password
	AccessTTL     = 30 * time.Minute // in an account that is not one's own
	seenEvery     = time.Minute      // how exactly a session's last use is known
)

// The refusals of this package.
var (
	// ErrWrongSignIn is one and the same for an unknown e-mail, a wrong password and a disabled user, so that nobody
	// learns which e-mails exist.
	ErrWrongSignIn = &models.Error{Kind: models.Invalid, Code: "wrong_sign_in",
		Message: "The e-mail or the password is not right."}
	ErrAccountDeactivated = &models.Error{Kind: models.Forbidden, Code: "account_deactivated",
		Message: "Your account is deactivated. Ask the person who manages it."}
	ErrActivationExpired = &models.Error{Kind: models.Conflict, Code: "activation_expired",
		Message: "This one-time password has expired. Ask the person who manages your account to send the activation e-mail again."}
	ErrNoSession = &models.Error{Kind: models.Forbidden, Code: "no_session",
		Message: "Please sign in."}
	ErrEmailTaken = &models.Error{Kind: models.Conflict, Code: "email_taken",
		Message: "Please check the fields marked below."}
	ErrNoSuchUser = &models.Error{Kind: models.NotFound, Code: "user_not_found",
		Message: "There is no such user."}
	ErrNoSuchAccount = &models.Error{Kind: models.NotFound, Code: "account_not_found",
		Message: "There is no such account."}
	ErrAlreadyAccessing = &models.Error{Kind: models.Conflict, Code: "already_accessing",
		Message: "You are in another account already. Return to your own first."}
	ErrNotWhileAccessing = &models.Error{Kind: models.Forbidden, Code: "not_while_accessing",
		Message: "Users and passwords of an account can be changed only by its own people."}
	ErrNotAccessing = &models.Error{Kind: models.Conflict, Code: "not_accessing",
		Message: "You are in your own account."}
)

// Service is identity as pages, jobs and other services use it.
type Service struct {
	store        *store.Store
	installation notify.Installation
	hashing      Hashing
	derive       derivation
	turns        *semaphore.Weighted
	dummy        string // the hash that a password is compared with when there is nobody
}

// Options are what an installation or a test may set. The zero value of Hashing is right for production.
type Options struct {
	Hashing      Hashing
	Installation notify.Installation // stands in its mails
}

// New returns identity in that store.
func New(s *store.Store, o Options) *Service {
	h := o.Hashing
	if h.MemoryKiB == 0 {
		h.MemoryKiB, h.Passes, h.Lanes = 19*1024, 2, 1
	}
	if h.AtOnce == 0 { // the other half of the processors goes on serving pages
		h.AtOnce = int64(max(1, runtime.GOMAXPROCS(0)/2))
	}
	service := &Service{store: s, installation: o.Installation, hashing: h, derive: argon2id, turns: semaphore.NewWeighted(h.AtOnce)}
	service.dummy = h.encode(random(saltLength), random(keyLength))
	return service
}
