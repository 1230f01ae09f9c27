package identity

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"offshoot/models"
	"offshoot/services/store"
)

// Session is one person signed in, with everything a page needs to know about them.
type Session struct {
	ID        models.ID
	Stage     Stage
	Actor     models.Actor   // before StageFull with one privilege; Access is set in an account that is not theirs
	User      models.User    // the person
	Home      models.Account // the person's own account
	Account   models.Account // the account acted in: Home, or the entered one
	Parent    models.Account // of Account; Account itself when that is no sub-account
	Flash     string         // a sentence waiting to be shown; TakeFlash takes it
	CreatedAt time.Time
	ExpiresAt time.Time
	ProvedAt  time.Time // when the person last proved to be there, by password or code

	SecondFactor bool // the person has one
	TrialEnded   bool // of Account: its own people may do nothing but ask for credit

	own       models.Actor // as they are at home
	hash      []byte
	temporary bool // somebody else chose the password
}

// self is the person at home, within the request at hand.
func (s Session) self() models.Actor {
	own := s.own
	own.Request = s.Actor.Request
	return own
}

// Origin is where a request came from.
type Origin struct {
	IP        string
	UserAgent string
	Request   string // request id
}

// StartSession makes a session of a user of the actor's tenant and returns its token, which exists nowhere else. A full
// session counts as a sign-in. For: a change of another service, which has made sure who the person is.
func StartSession(tx *store.Tx, user models.User, stage Stage, from Origin) Token {
	token, hash := newToken(tx.Actor.Tenant)
	tx.Queue(`INSERT INTO sessions (tenant_id, id, token_hash, user_id, account_id, stage, created_at, seen_at, expires_at, ip, user_agent)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10)`, tx.Actor.Tenant, models.NewID(), hash, user.ID, user.AccountID,
		string(stage), tx.Now, tx.Now.Add(stage.ttl()), clip(from.IP, 64), clip(from.UserAgent, 300))
	if stage == StageFull {
		signedIn(tx, user.ID)
	}
	return token
}

// EndSessionsOfUser ends the sessions of a user of the actor's tenant, but for one, or NoID, at once.
func EndSessionsOfUser(tx *store.Tx, user, except models.ID) {
	tx.Queue(`DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND id <> $3`, tx.Actor.Tenant, user, except)
}

// EndSessionsOfAccount ends the sessions of all users of an account of the actor's tenant at once. Whoever is in it from
// another account is not one of them.
func EndSessionsOfAccount(tx *store.Tx, account models.ID) {
	tx.Queue(`DELETE FROM sessions WHERE tenant_id = $1 AND account_id = $2`, tx.Actor.Tenant, account)
}

// EndSessionsOfTenant ends the sessions of a parent account and of all its sub-accounts at once.
func EndSessionsOfTenant(tx *store.Tx) {
	tx.Queue(`DELETE FROM sessions WHERE tenant_id = $1`, tx.Actor.Tenant)
}

// SignOut ends the session, and before it an access to another account. A session that has ended is no error.
func (s *Service) SignOut(ctx context.Context, session Session) error {
	if session.Actor.Access != nil {
		if err := s.closeAccess(ctx, session.Actor, "signed_out"); err != nil {
			return err
		}
	}
	_, err := s.store.Change(ctx, session.self(), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		gone := tx.Exec(`DELETE FROM sessions WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, session.ID)
		if gone.Error == nil && gone.RowsAffected == 0 {
			return models.Event{}, ErrNoSession
		}
		return models.Event{Action: models.SignedOut, Account: session.Home.ID, Subject: session.User.ID}, gone.Error
	})
	if errors.Is(err, ErrNoSession) {
		return nil
	}
	return err
}

// SetFlash keeps a sentence for the next page that the person opens.
func (s *Service) SetFlash(ctx context.Context, session Session, text string) error {
	_, err := s.store.Note(ctx, session.own.Tenant, `UPDATE sessions SET flash = $3 WHERE tenant_id = $1 AND id = $2`, session.ID, clip(text, 1000))
	return err
}

// TakeFlash returns the sentence that waits, to exactly one of those who ask for it, and costs nothing when there is none.
func (s *Service) TakeFlash(ctx context.Context, session Session) (string, error) {
	if session.Flash == "" {
		return "", nil
	}
	taken, err := s.store.Note(ctx, session.own.Tenant, `UPDATE sessions SET flash = '' WHERE tenant_id = $1 AND id = $2 AND flash = $3`,
		session.ID, session.Flash)
	if err != nil || taken == 0 {
		return "", err
	}
	return session.Flash, nil
}

// SweepSessions removes the rows of sessions that have expired, in all tenants, and returns how many. For: a periodic job.
func (s *Service) SweepSessions(ctx context.Context) (int64, error) {
	return s.store.Sweep(ctx, "sessions", "expires_at", s.store.Now())
}

// clip makes text that came from outside fit a column: valid, without the character that PostgreSQL does not take.
func clip(text string, length int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
	for len(text) > length {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}
