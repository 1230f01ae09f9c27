package identity

import (
	"context"
	"errors"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// SignInOrder is what somebody typed at the sign-in page.
type SignInOrder struct {
	Email    string
	Password string
	Previous Token  // what the browser's cookie held; that session ends
	Device   string // what its device cookie held
	From     Origin
}

// SignedIn is a new session.
type SignedIn struct {
	Token  Token
	Stage  Stage
	User   models.User
	Device string // for the device cookie
}

// SignIn starts a session of its own, whatever the browser held before. For: everyone.
//
// Refuses with ErrTooManyTries before anything is computed of the password, and with ErrWrongSignIn, each after the same
// work whether the e-mail exists or not; with ErrBusy when too many wait for a hash. Only who knows the password is told
// more: ErrAccountDeactivated (the account's own state or that of the account that manages it), ErrActivationExpired when a
// one-time password is over (it opens an activation and nothing else), and ErrPasswordExpired when the password is one that
// somebody else chose, two weeks ago. The session is a full one only when nothing is left to be done: see nextStage. Both
// outcomes are in the action log of the account's tenant; what nobody's e-mail was typed with is in the operator's.
//
// A browser in which the right password was given before counts for itself, so that nobody is locked out by what others
// try elsewhere.
func (s *Service) SignIn(ctx context.Context, order SignInOrder) (SignedIn, error) {
	signedIn, err := s.signIn(ctx, order)
	if errors.Is(err, errPasswordMeanwhile) { // it may be the same password, hashed anew by another sign-in
		signedIn, err = s.signIn(ctx, order)
	}
	if errors.Is(err, errPasswordMeanwhile) {
		err = ErrWrongSignIn
	}
	return signedIn, err
}

func (s *Service) signIn(ctx context.Context, order SignInOrder) (SignedIn, error) {
	door, err := s.knock(ctx, order)
	if err != nil {
		return SignedIn{}, err
	}
	who, err := s.candidate(ctx, order.Email)
	if err != nil {
		return SignedIn{}, err
	}
	right, err := s.verify(ctx, order.Password, who.PasswordHash)
	if errors.Is(err, ErrBusy) {
		return SignedIn{}, errors.Join(err, s.takeBack(ctx, door.all()...))
	}
	if err != nil {
		return SignedIn{}, err
	}
	stage, why, refusal := who.judge(right, s.store.Now())
	if refusal != nil {
		return SignedIn{}, s.refused(ctx, who, order.From, why, refusal)
	}
	hash, err := s.upToDate(ctx, order.Password, who.PasswordHash)
	if err != nil {
		return SignedIn{}, err
	}
	if previous, err := s.Resolve(ctx, order.Previous); err == nil {
		if err := s.SignOut(ctx, previous); err != nil {
			return SignedIn{}, err
		}
	}
	signedIn := SignedIn{Stage: stage, User: who.User}
	_, err = s.store.Change(ctx, who.actor(order.From), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		if err := stillRight(tx, who); err != nil {
			return models.Event{}, err
		}
		if hash != who.PasswordHash {
			tx.Queue(`UPDATE users SET password_hash = $3 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, who.User.ID, hash)
		}
		signedIn.Device = remember(tx, who.User, order.Device)
		signedIn.Token = StartSession(tx, who.User, stage, order.From)
		return models.Event{Action: models.SignedIn, Account: who.At.Account.ID, Subject: who.User.ID,
			Details: map[string]string{"stage": string(stage), "ip": clip(order.From.IP, 64)}}, nil
	})
	if err != nil {
		return SignedIn{}, err
	}
	return signedIn, s.welcome(ctx, door)
}

var errPasswordMeanwhile = errors.New("identity: the password was set anew meanwhile")

// stillRight makes a sign-in wait for the setting of a new password or a second factor, and these for a sign-in: hashing
// takes a while, and a session that was opened without the one or the other must not outlive it.
func stillRight(tx *store.Tx, who candidate) error {
	var still int
	err := tx.Raw(`SELECT 1 FROM users WHERE tenant_id = ? AND id = ? AND password_hash = ? AND disabled_at IS NULL
		FOR NO KEY UPDATE`, tx.Actor.Tenant, who.User.ID, who.PasswordHash).Scan(&still).Error
	if err == nil && still == 0 {
		return errPasswordMeanwhile
	}
	if err != nil || who.SecondFactor {
		return err
	}
	// asked once the row is locked: a statement that waited for it still sees what was there before
	factor, err := factorOf(tx, who.User.ID)
	if err == nil && factor.on() {
		return ErrWrongSignIn
	}
	return err
}

// candidate is whoever an e-mail may be; without a user it is nobody, and everything is done all the same.
type candidate struct {
	Operator          models.ID
	User              models.User `gorm:"embedded;embeddedPrefix:user_"`
	PasswordHash      string
	PasswordTemporary bool
	PasswordSetAt     time.Time
	SecondFactor      bool
	ActivationEnds    *time.Time // of an open activation by one-time password
	At                standing   `gorm:"embedded"`
}

var (
	selectLogin = `SELECT (SELECT tenant_id FROM accounts WHERE kind = 'operator') AS operator, l.tenant_id, l.user_id
		FROM (VALUES (?)) typed (email) LEFT JOIN login_emails l ON l.email = typed.email`

	selectCandidate = `SELECT u.password_hash, u.password_temporary, coalesce(u.password_set_at, u.created_at) AS password_set_at, ` +
		hasSecondFactor + ` AS second_factor, v.expires_at AS activation_ends, ` +
		columns("u", "user_", userColumns) + ", " + standingColumns + `
		FROM users u
		JOIN accounts a ON a.tenant_id = u.tenant_id AND a.id = u.account_id` + joinParent + `
		LEFT JOIN activations v ON v.tenant_id = u.tenant_id AND v.account_id = u.account_id AND v.user_id = u.id
			AND v.method = 'password' AND v.ended_at IS NULL
		WHERE u.tenant_id = ? AND u.id = ?`
)

func (s *Service) candidate(ctx context.Context, typed string) (candidate, error) {
	email, _ := ParseEmail(typed) // what is no e-mail is nobody's
	login, err := s.login(ctx, email)
	if err != nil {
		return candidate{}, err
	}
	var who candidate
	err = s.store.Read(ctx, models.System(login.TenantID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(selectCandidate, login.TenantID, login.UserID).Scan(&who).Error
	})
	who.Operator = login.Operator
	return who, err
}

// login is a row of login_emails, the one table of people that is read without knowing a tenant.
type login struct {
	Operator models.ID
	TenantID models.ID
	UserID   models.ID
}

func (s *Service) login(ctx context.Context, email string) (login, error) {
	var l login
	err := s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(selectLogin, email).Scan(&l).Error
	})
	return l, err
}

// judge says which session a candidate gets, or why none, in one word for the log.
func (c candidate) judge(right bool, now time.Time) (stage Stage, why string, refusal error) {
	switch {
	case c.User.ID == models.NoID:
		return "", "unknown", ErrWrongSignIn
	case !right:
		return "", "password", ErrWrongSignIn
	case c.User.DisabledAt != nil:
		return "", "disabled", ErrWrongSignIn
	case c.At.Account.Status == models.Deleted:
		return "", "deleted", ErrWrongSignIn
	case c.At.Account.Status == models.Deactivated:
		return "", "deactivated", ErrAccountDeactivated
	case isStopped(c.At.Parent.Status):
		return "", "parent_deactivated", ErrAccountDeactivated.Saying("The account that manages yours is deactivated. Ask the person who manages it.")
	case c.At.Account.Status == models.Pending && (c.ActivationEnds == nil || !now.Before(*c.ActivationEnds)),
		c.At.Account.Status != models.Pending && c.PasswordTemporary && c.ActivationEnds != nil: // it opens an activation only
		return "", "activation_expired", ErrActivationExpired
	case c.At.Account.Status != models.Pending && c.PasswordTemporary && !now.Before(c.PasswordSetAt.Add(HandedOverTTL)):
		return "", "password_expired", ErrPasswordExpired
	}
	return nextStage(c.At.Account.Status, c.SecondFactor, c.PasswordTemporary), "", nil
}

func (c candidate) actor(from Origin) models.Actor {
	actor := person(c.User, c.At.Account.Kind)
	actor.Request = from.Request
	return actor
}

// refused logs a sign-in that failed and returns its refusal. It is the installation that logs, for nobody has proved to
// be the user. What was typed as an unknown e-mail is not kept: people type their password there. That an unknown e-mail
// writes a line at all, into the operator's log, is also what makes it take as long as a known one.
func (s *Service) refused(ctx context.Context, who candidate, from Origin, why string, refusal error) error {
	tenant, event := who.User.TenantID, models.Event{Action: models.SignInRefused, Account: who.At.Account.ID, Subject: who.User.ID,
		Details: map[string]string{"why": why, "ip": clip(from.IP, 64)}}
	if who.User.ID == models.NoID {
		tenant, event.Account = who.Operator, who.Operator
	} else {
		event.Details["email"] = who.User.Email
	}
	if tenant == models.NoID { // an installation without an operator has no users either
		return refusal
	}
	actor := models.System(tenant)
	actor.Request = from.Request
	_, err := s.store.Change(ctx, actor, func(context.Context, *store.Tx) (models.Event, error) { return event, nil })
	if err != nil {
		return err
	}
	return refusal
}
