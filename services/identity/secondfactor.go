package identity

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// The refusals of the second factor.
var (
	ErrSecondFactorOn = &models.Error{Kind: models.Conflict, Code: "second_factor_on",
		Message: "Your authenticator app is set up already."}
	ErrSecondFactorOff = &models.Error{Kind: models.Conflict, Code: "second_factor_off",
		Message: "You have no authenticator app set up."}
	ErrNoSetup = &models.Error{Kind: models.Conflict, Code: "no_setup",
		Message: "Setting up took too long. Please start again."}
	ErrWrongCode = &models.Error{Kind: models.Invalid, Code: "wrong_second_factor",
		Message: "This code is not right, or was used before. Enter the one that your app shows now."}
	ErrOwnSecondFactor = &models.Error{Kind: models.Forbidden, Code: "own_second_factor",
		Message: "Turn your own second factor off under Settings, Security."}
)

// SecondFactor is what its owner may know about it.
type SecondFactor struct {
	On        bool
	Since     time.Time
	CodesLeft int // recovery codes that were not used
}

// factor is a row of second_factors; without one it is zero.
type factor struct {
	ID          models.ID
	Secret      []byte // sealed
	CreatedAt   time.Time
	ConfirmedAt *time.Time
	LastStep    int64
}

const hasSecondFactor = `EXISTS (SELECT FROM second_factors f WHERE f.tenant_id = u.tenant_id AND f.user_id = u.id AND f.confirmed_at IS NOT NULL)`

// factorOf returns the row of a user of the actor's tenant. Whoever changes something after looking holds lockUser.
func factorOf(tx *store.Tx, user models.ID) (factor, error) {
	var f factor
	err := tx.Raw(`SELECT id, secret, created_at, confirmed_at, last_step FROM second_factors WHERE tenant_id = ? AND user_id = ?`,
		tx.Actor.Tenant, user).Scan(&f).Error
	return f, err
}

func (f factor) on() bool { return f.ConfirmedAt != nil }

// settingUp says whether the app may still be told the secret.
func (f factor) settingUp(now time.Time) bool {
	return f.ID != models.NoID && !f.on() && now.Before(f.CreatedAt.Add(SetupTTL))
}

// sealedSecret is where an app's secret is kept.
var sealedSecret = store.Sealed{Table: "second_factors", Column: "secret"}

// lockUser makes everything wait for each other that changes how a user signs in.
func lockUser(tx *store.Tx, user models.ID) (models.User, error) {
	var u models.User
	err := tx.Raw(`SELECT `+columns("users", "", userColumns)+` FROM users WHERE tenant_id = ? AND id = ? FOR NO KEY UPDATE`,
		tx.Actor.Tenant, user).Scan(&u).Error
	if err == nil && u.ID == models.NoID {
		return u, ErrNoSuchUser
	}
	return u, err
}

// atHome refuses what nobody does to themselves out of another account.
func (s Session) atHome() error {
	switch {
	case s.Stage != StageFull:
		return ErrNoSession
	case s.Actor.Access != nil:
		return ErrNotWhileAccessing
	}
	return nil
}

// SecondFactorOf says how the person's second factor stands. For: a full session at home. Refuses with ErrNoSession,
// ErrNotWhileAccessing.
func (s *Service) SecondFactorOf(ctx context.Context, session Session) (SecondFactor, error) {
	if err := session.atHome(); err != nil {
		return SecondFactor{}, err
	}
	var now SecondFactor
	err := s.store.Read(ctx, session.self(), func(ctx context.Context, tx *store.Tx) error {
		f, err := factorOf(tx, session.User.ID)
		if err != nil || !f.on() {
			return err
		}
		now.On, now.Since = true, *f.ConfirmedAt
		now.CodesLeft, err = recoveryCodesLeft(tx, session.User.ID)
		return err
	})
	return now, err
}

// StartSecondFactor makes a new secret for an authenticator app; one that was never confirmed dies. Nothing is asked for at
// sign-in until ConfirmSecondFactor. For: a full session at home. Refuses with ErrNoSession, ErrNotWhileAccessing,
// ErrSecondFactorOn.
func (s *Service) StartSecondFactor(ctx context.Context, session Session) error {
	if err := session.atHome(); err != nil {
		return err
	}
	id := models.NewID()
	sealed, err := s.store.Keys().Seal(random(appSecretLength), sealedSecret.Place(session.own.Tenant, id))
	if err != nil {
		return err
	}
	made, err := s.store.Note(ctx, session.own.Tenant, `INSERT INTO second_factors (tenant_id, id, user_id, secret, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (tenant_id, user_id) DO UPDATE SET id = excluded.id, secret = excluded.secret, created_at = excluded.created_at
		WHERE second_factors.confirmed_at IS NULL`, id, session.User.ID, sealed, s.store.Now())
	if err == nil && made == 0 {
		return ErrSecondFactorOn
	}
	return err
}

// SecondFactorSetup is what the app must be told. For: a full session at home that called StartSecondFactor, for half an hour
// and until the first code was right. Refuses with ErrNoSession, ErrNotWhileAccessing, ErrSecondFactorOn, ErrNoSetup.
func (s *Service) SecondFactorSetup(ctx context.Context, session Session) (Setup, error) {
	if err := session.atHome(); err != nil {
		return Setup{}, err
	}
	var f factor
	err := s.store.Read(ctx, session.self(), func(ctx context.Context, tx *store.Tx) (err error) {
		f, err = factorOf(tx, session.User.ID)
		return err
	})
	if err != nil {
		return Setup{}, err
	}
	if err := f.mayBeSetUp(s.store.Now()); err != nil {
		return Setup{}, err
	}
	secret, err := s.store.Keys().Open(f.Secret, sealedSecret.Place(session.own.Tenant, f.ID))
	if err != nil {
		return Setup{}, err
	}
	return newSetup(secret, s.installation.Name, session.User.Email)
}

func (f factor) mayBeSetUp(now time.Time) error {
	switch {
	case f.on():
		return ErrSecondFactorOn
	case !f.settingUp(now):
		return ErrNoSetup
	}
	return nil
}

// ConfirmSecondFactor turns the second factor on when the app has shown that it knows the secret, and returns the recovery
// codes, which nothing can show again. All other sessions of the person end, for they were opened without it; a mail tells
// them. For: a full session at home. Refuses with ErrNoSession, ErrNotWhileAccessing, ErrSecondFactorOn, ErrNoSetup,
// ErrWrongCode at code.
func (s *Service) ConfirmSecondFactor(ctx context.Context, session Session, typed string) ([]string, error) {
	if err := session.atHome(); err != nil {
		return nil, err
	}
	var codes []string
	_, err := s.store.Change(ctx, session.self(), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		if _, err := lockUser(tx, session.User.ID); err != nil {
			return models.Event{}, err
		}
		f, err := factorOf(tx, session.User.ID)
		if err != nil {
			return models.Event{}, err
		}
		if err := f.mayBeSetUp(tx.Now); err != nil {
			return models.Event{}, err
		}
		step, ok, err := stepOf(tx, f, typed)
		if err != nil {
			return models.Event{}, err
		}
		if !ok {
			return models.Event{}, ErrWrongCode.At("code", ErrWrongCode.Message)
		}
		tx.Queue(`UPDATE second_factors SET confirmed_at = $3, last_step = $4 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, f.ID, tx.Now, step)
		codes = newRecoveryCodes(tx, session.User.ID)
		EndSessionsOfUser(tx, session.User.ID, session.ID)
		return about(session, models.SecondFactorTurnedOn), notify.Mail(ctx, tx, notify.SecondFactorOn(s.installation, session.User, session.Home.Zone(), tx.Now))
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// stepOf returns the step of the app's code that was typed, if it may be taken.
func stepOf(tx *store.Tx, f factor, typed string) (step int64, ok bool, err error) {
	secret, err := tx.Keys().Open(f.Secret, sealedSecret.Place(tx.Actor.Tenant, f.ID))
	if err != nil {
		return 0, false, err
	}
	app, _ := typedCode(typed)
	step, ok = matchingStep(secret, app, tx.Now, f.LastStep)
	return step, ok, nil
}

// NewRecoveryCodes returns new recovery codes; those before open nothing any more. For: a full session at home. Refuses
// with ErrNoSession, ErrNotWhileAccessing, ErrSecondFactorOff.
func (s *Service) NewRecoveryCodes(ctx context.Context, session Session) ([]string, error) {
	var codes []string
	err := s.changeFactor(ctx, session, models.RecoveryCodesMade, func(ctx context.Context, tx *store.Tx) error {
		codes = newRecoveryCodes(tx, session.User.ID)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// TurnOffSecondFactor lets the password alone be enough again; the recovery codes go too, and a mail tells the person. For: a
// full session at home. Refuses with ErrNoSession, ErrNotWhileAccessing, ErrSecondFactorOff.
func (s *Service) TurnOffSecondFactor(ctx context.Context, session Session) error {
	return s.changeFactor(ctx, session, models.SecondFactorTurnedOff, func(ctx context.Context, tx *store.Tx) error {
		forgetFactor(tx, session.User.ID)
		return notify.Mail(ctx, tx, notify.SecondFactorOff(s.installation, session.User, session.Home.Zone(), tx.Now))
	})
}

// changeFactor does something to the person's own second factor, which is on.
func (s *Service) changeFactor(ctx context.Context, session Session, action models.Action, work func(context.Context, *store.Tx) error) error {
	if err := session.atHome(); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, session.self(), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		if _, err := lockUser(tx, session.User.ID); err != nil {
			return models.Event{}, err
		}
		f, err := factorOf(tx, session.User.ID)
		switch {
		case err != nil:
			return models.Event{}, err
		case !f.on():
			return models.Event{}, ErrSecondFactorOff
		}
		return about(session, action), work(ctx, tx)
	})
	return err
}

func forgetFactor(tx *store.Tx, user models.ID) {
	tx.Queue(`DELETE FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2`, tx.Actor.Tenant, user)
	tx.Queue(`DELETE FROM second_factors WHERE tenant_id = $1 AND user_id = $2`, tx.Actor.Tenant, user)
}

// about is a line of the log on what somebody did to their own sign-in.
func about(session Session, action models.Action) models.Event {
	return models.Event{Action: action, Account: session.Home.ID, Subject: session.User.ID, Details: map[string]string{"email": session.User.Email}}
}

// ResetSecondFactor takes the second factor of somebody who has lost app and recovery codes; their sessions end, and a mail
// tells them. user is of the actor's tenant; staff say which one with Actor.In.
//
// For: the Admins of the user's account; of a sub-account also those of its parent; of a parent also staff Admins. Refuses,
// in order: ErrNoSuchUser, ErrNotWhileAccessing (users of the entered account), ErrOwnSecondFactor,
// models.ErrMissingPrivilege, ErrSecondFactorOff.
func (s *Service) ResetSecondFactor(ctx context.Context, actor models.Actor, user models.ID) error {
	return s.resetSecondFactor(ctx, actor, user, mayReset)
}

// ForgetSecondFactor is ResetSecondFactor by whoever has the machine: for the last Admin of staff there is nobody else. For:
// the command line. Refuses with ErrNoSuchUser, ErrSecondFactorOff.
func (s *Service) ForgetSecondFactor(ctx context.Context, email string) error {
	u, err := s.UserByEmail(ctx, email)
	if err != nil {
		return err
	}
	anyone := func(models.Actor, models.User, models.Account) error { return nil }
	return s.resetSecondFactor(ctx, models.System(u.TenantID), u.ID, anyone)
}

func (s *Service) resetSecondFactor(ctx context.Context, actor models.Actor, user models.ID, may func(models.Actor, models.User, models.Account) error) error {
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		u, err := lockUser(tx, user)
		if err != nil {
			return models.Event{}, err
		}
		var account models.Account
		if err := tx.Raw(`SELECT tenant_id, id, kind, status, time_zone FROM accounts WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, u.AccountID).
			Scan(&account).Error; err != nil {
			return models.Event{}, err
		}
		if err := may(tx.Actor, u, account); err != nil {
			return models.Event{}, err
		}
		f, err := factorOf(tx, u.ID)
		if err != nil {
			return models.Event{}, err
		}
		if !f.on() {
			return models.Event{}, ErrSecondFactorOff.Saying("This user has no authenticator app set up.")
		}
		forgetFactor(tx, u.ID)
		EndSessionsOfUser(tx, u.ID, models.NoID)
		return models.Event{Action: models.SecondFactorReset, Account: account.ID, Subject: u.ID, Details: map[string]string{"email": u.Email}},
			notify.Mail(ctx, tx, notify.SecondFactorReset(s.installation, u, account.Zone(), tx.Now))
	})
	return err
}

// mayReset is the rule of who helps whom: downward by one step, or an Admin in their own account.
func mayReset(actor models.Actor, u models.User, of models.Account) error {
	own := of.TenantID == actor.Tenant && of.ID == actor.Account
	switch {
	case of.Status == models.Deleted, !own && actor.Kind == models.Sub, !own && actor.Kind == models.Parent && of.Kind != models.Sub:
		return ErrNoSuchUser
	case own && actor.Access != nil:
		return ErrNotWhileAccessing
	case u.ID == actor.User:
		return ErrOwnSecondFactor
	case own && actor.Role == models.Admin,
		of.Kind == models.Sub && actor.Can(models.ManageSubAccounts),
		of.Kind == models.Parent && actor.Can(models.ManageParents):
		return nil
	}
	return models.ErrMissingPrivilege
}
