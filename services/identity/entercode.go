package identity

import (
	"context"
	"fmt"

	"offshoot/models"
	"offshoot/services/store"
)

// wrongTries is how many passwords or codes may be wrong in one session, one after another, before it ends. How many a user
// may get wrong in all their sessions is counted apart, see wrongPasswords and wrongCodes.
const wrongTries = 5

// ErrSignInAgain ends the session.
var ErrSignInAgain = &models.Error{Kind: models.Conflict, Code: "sign_in_again",
	Message: "That was wrong five times, so you are signed out. Please sign in again."}

// Entered is what a right code gave.
type Entered struct {
	Token         Token
	Stage         Stage
	ByRecovery    bool // a recovery code was used up
	RecoveryCodes int  // that are left, then
}

// EnterCode takes a session past the second factor by a code of the app or by a recovery code, each of which is taken once,
// however many try it at the same moment. The session goes on under a new token.
//
// For: a session of StageSecondFactor. Refuses, in order: ErrNoSession, ErrTooManyTries (of the user; a recovery code is
// always tried, so that nobody who knows the password can keep its owner out), ErrWrongCode at code, ErrSignInAgain (the
// fifth wrong code in this session, which has ended).
func (s *Service) EnterCode(ctx context.Context, session Session, typed string, from Origin) (Entered, error) {
	if session.Stage != StageSecondFactor {
		return Entered{}, ErrNoSession
	}
	app, recovery := typedCode(typed)
	if recovery == "" {
		if err := s.allow(ctx, wrongCodes(session.User.ID)...); err != nil {
			return Entered{}, err
		}
	}
	var entered Entered
	var refusal error
	_, err := s.store.Change(ctx, session.self(), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		entered, refusal = Entered{}, nil
		if _, err := lockUser(tx, session.User.ID); err != nil {
			return models.Event{}, err
		}
		tries, err := triesIn(tx, session)
		if err != nil {
			return models.Event{}, err
		}
		how, left, err := take(tx, session.User.ID, app, recovery)
		if err != nil {
			return models.Event{}, err
		}
		if how == "" {
			var event models.Event
			event, refusal = refuse(tx, session, tries, models.SecondFactorRefused, ErrWrongCode.At("code", ErrWrongCode.Message))
			return event, nil
		}
		stage := nextStage(session.Home.Status, false, session.temporary)
		entered = Entered{Token: goOn(tx, session, stage), Stage: stage, ByRecovery: how == "recovery", RecoveryCodes: left}
		event := about(session, models.SignedIn)
		event.Details["stage"], event.Details["code"], event.Details["ip"] = string(stage), how, clip(from.IP, 64)
		return event, nil
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		return Entered{}, err
	}
	return entered, s.forgive(ctx, wrongCodes(session.User.ID)...)
}

// take uses a code up and says in one word which kind it was, or "" for none.
func take(tx *store.Tx, user models.ID, app, recovery string) (how string, left int, err error) {
	f, err := factorOf(tx, user)
	switch {
	case err != nil:
		return "", 0, err
	case !f.on(): // it was reset meanwhile
		return "", 0, ErrNoSession
	case recovery != "":
		ok, left, err := useRecoveryCode(tx, user, recovery)
		if !ok {
			return "", 0, err
		}
		return "recovery", left, nil
	}
	step, ok, err := stepOf(tx, f, app)
	if !ok {
		return "", 0, err
	}
	tx.Queue(`UPDATE second_factors SET last_step = $3 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, f.ID, step)
	return "app", 0, nil
}

// triesIn locks the session and returns how many tries in it were wrong. Refuses with ErrNoSession when it has ended, or goes
// on under another token.
func triesIn(tx *store.Tx, session Session) (int, error) {
	var row struct {
		ID         models.ID
		WrongTries int
	}
	err := tx.Raw(`SELECT id, wrong_tries FROM sessions WHERE tenant_id = ? AND id = ? AND token_hash = ? AND stage = ? FOR UPDATE`,
		tx.Actor.Tenant, session.ID, session.hash, string(session.Stage)).Scan(&row).Error
	if err == nil && row.ID == models.NoID {
		return 0, ErrNoSession
	}
	return row.WrongTries, err
}

// refuse counts a wrong try in the session, or ends it, and returns the line of the log and the refusal.
func refuse(tx *store.Tx, session Session, tries int, action models.Action, why *models.Error) (models.Event, error) {
	event := about(session, action)
	if tries+1 >= wrongTries {
		tx.Queue(`DELETE FROM sessions WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, session.ID)
		event.Details["session"] = "ended"
		return event, ErrSignInAgain
	}
	tx.Queue(`UPDATE sessions SET wrong_tries = wrong_tries + 1 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, session.ID)
	event.Details["wrong"] = fmt.Sprint(tries + 1)
	return event, why
}
