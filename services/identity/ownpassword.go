package identity

import (
	"context"
	"errors"

	"offshoot/models"
	"offshoot/services/store"
)

// ErrWrongPassword is the refusal of a password that somebody who is signed in was asked for.
var ErrWrongPassword = &models.Error{Kind: models.Invalid, Code: "wrong_password", Message: "This is not your password."}

// ConfirmPassword notes that the person is there who signed in: a sensitive act asks for it after a while. In an account
// that is not theirs it is still their own password that counts. For: a full session. Refuses with ErrNoSession,
// ErrTooManyTries, ErrWrongPassword at password, ErrSignInAgain (the fifth wrong one; the session has ended).
func (s *Service) ConfirmPassword(ctx context.Context, session Session, password string) error {
	if session.Stage != StageFull {
		return ErrNoSession
	}
	if err := s.provePassword(ctx, session, "password", password); err != nil {
		return err
	}
	noted, err := s.store.Note(ctx, session.own.Tenant, `UPDATE sessions SET proved_at = $4, wrong_tries = 0
		WHERE tenant_id = $1 AND id = $2 AND token_hash = $3`, session.ID, session.hash, s.store.Now())
	if err == nil && noted == 0 {
		return ErrNoSession
	}
	return err
}

// provePassword asks whether that is the person's password; field is where a refusal stands. A wrong one is counted in the
// session too, which the fifth ends: whoever found an open browser does not find out the password there.
func (s *Service) provePassword(ctx context.Context, session Session, field, typed string) error {
	if err := s.allow(ctx, wrongPasswords(session.User.ID)...); err != nil {
		return err
	}
	right, err := s.PasswordIs(ctx, session.User.TenantID, session.User.ID, typed)
	if err != nil {
		return err
	}
	if right {
		return s.forgive(ctx, wrongPasswords(session.User.ID)...)
	}
	var refusal error
	_, err = s.store.Change(ctx, session.self(), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		tries, err := triesIn(tx, session)
		if err != nil {
			return models.Event{}, err
		}
		var event models.Event
		event, refusal = refuse(tx, session, tries, models.PasswordRefused, ErrWrongPassword.At(field, ErrWrongPassword.Message))
		return event, nil
	})
	if err != nil {
		return err
	}
	if errors.Is(refusal, ErrSignInAgain) && session.Actor.Access != nil {
		return errors.Join(refusal, s.closeAccess(ctx, session.Actor, "signed_out"))
	}
	return refusal
}

// ChangePassword replaces the person's own password. All other sessions of theirs end, this one goes on under a new token,
// and a mail tells them. For: a full session at home. Refuses, in order: ErrNoSession, ErrNotWhileAccessing, ErrTooManyTries,
// ErrWrongPassword at current, ErrSignInAgain, what CheckNewPassword refuses, and the same password again, at password.
func (s *Service) ChangePassword(ctx context.Context, session Session, current, password string) (Token, error) {
	if err := session.atHome(); err != nil {
		return "", err
	}
	if err := s.provePassword(ctx, session, "current", current); err != nil {
		return "", err
	}
	return s.replacePassword(ctx, session, password, "This is the password that you have. Choose another one.")
}

// ChooseNewPassword replaces a password that somebody else chose, and makes the session a full one under a new token. All
// others end. For: a session of StageNewPassword. Refuses with ErrNoSession, then as CheckNewPassword, and the handed-over
// password itself, at password.
func (s *Service) ChooseNewPassword(ctx context.Context, session Session, password string) (Token, error) {
	if session.Stage != StageNewPassword {
		return "", ErrNoSession
	}
	return s.replacePassword(ctx, session, password, "This is the password that you were given. Choose another one, which only you know.")
}

func (s *Service) replacePassword(ctx context.Context, session Session, password, same string) (Token, error) {
	if err := CheckNewPassword(password, session.User.Email, session.User.Name, session.Home.Name, s.installation.Name); err != nil {
		return "", err
	}
	var before string
	err := s.store.Read(ctx, session.self(), func(ctx context.Context, tx *store.Tx) (err error) {
		before, err = passwordHash(tx, session.User.ID)
		return err
	})
	if err != nil {
		return "", err
	}
	switch is, err := s.verify(ctx, password, before); {
	case err != nil:
		return "", err
	case is:
		return "", models.ErrCheckFields.At("password", same)
	}
	hash, err := s.HashPassword(ctx, password)
	if err != nil {
		return "", err
	}
	var token Token
	_, err = s.store.Change(ctx, session.self(), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		if _, err := lockUser(tx, session.User.ID); err != nil {
			return models.Event{}, err
		}
		if now, err := passwordHash(tx, session.User.ID); err != nil || now != before {
			return models.Event{}, errors.Join(err, ErrNoSession) // somebody set another one meanwhile, which ended this session
		}
		token = goOn(tx, session, StageFull)
		setPassword(tx, session.User.ID, hash, false, session.ID)
		return about(session, models.PasswordSet), s.passwordChanged(ctx, tx, session.User, session.Home.Zone())
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// passwordHash reads that of a user of the actor's tenant.
func passwordHash(tx *store.Tx, user models.ID) (hash string, err error) {
	err = tx.Raw(`SELECT password_hash FROM users WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, user).Scan(&hash).Error
	return hash, err
}
