// Package identity knows people: who they are, that it is really them, and as whom they act. It alone writes users,
// login_emails, user_invitations, sessions, devices, password_links, second_factors, recovery_codes, accesses
// and consents.
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
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// How long things last.
const (
	SessionTTL    = 12 * time.Hour      // from sign-in, however busy
	ActivationTTL = time.Hour           // to enter the code and choose a password
	BetweenTTL    = 10 * time.Minute    // to show the second factor, or to replace a password that somebody else chose
	SetupTTL      = 30 * time.Minute    // to set up an authenticator app
	HandedOverTTL = 14 * 24 * time.Hour // to sign in with a password that somebody else chose
	AccessTTL     = 30 * time.Minute    // in an account that is not one's own
	seenEvery     = time.Minute         // how exactly a session's last use is known
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
	ErrPasswordExpired = &models.Error{Kind: models.Conflict, Code: "password_expired",
		Message: "This password was made for you more than two weeks ago and has expired. Ask the person who gave it to you for a new one."}
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
	ErrBusy = &models.Error{Kind: models.Busy, Code: "busy", After: 5 * time.Second,
		Message: "Many people are signing in at this moment. Try again in a few seconds."}
	ErrUsersNeedOwnAdmins = &models.Error{Kind: models.Forbidden, Code: "users_need_own_admins",
		Message: "This account lets staff in only with its consent. Its own Admins change its users."}
	ErrNotAccessing = &models.Error{Kind: models.Conflict, Code: "not_accessing",
		Message: "You are in your own account."}
)

// Service is identity as pages, jobs and other services use it.
type Service struct {
	store        *store.Store
	hashing      Hashing
	derive       derivation
	turns        *semaphore.Weighted
	waiting      atomic.Int64 // for a turn, or having one
	dummy        string       // the hash that a password is compared with when there is nobody
	installation notify.Installation
}

// Options are what an installation or a test sets.
type Options struct {
	Hashing      Hashing
	Installation notify.Installation // how mails call it, and where their links lead
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
	if h.Waiting == 0 {
		h.Waiting = 100 * h.AtOnce
	}
	service := &Service{store: s, hashing: h, derive: argon2id, turns: semaphore.NewWeighted(h.AtOnce), installation: o.Installation}
	service.dummy = h.encode(random(saltLength), random(keyLength))
	return service
}
