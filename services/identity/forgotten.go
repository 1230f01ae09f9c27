package identity

import (
	"context"
	"errors"
	"time"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// PasswordLinkTTL is how long the link for a forgotten password works.
const PasswordLinkTTL = 30 * time.Minute

// ErrPasswordLinkExpired is a link that opens nothing, whatever is wrong with it.
var ErrPasswordLinkExpired = &models.Error{Kind: models.NotFound, Code: "password_link_expired",
	Message: "This link has expired or was used. Ask for a new one: it takes a minute."}

// PasswordLinkAsked is the job of a person who forgot their password: SendPasswordLink finds out who it is.
type PasswordLinkAsked struct {
	Email   string `json:"email"`
	IP      string `json:"ip"`
	Request string `json:"request"`
}

// Kind is the job's name in the queue.
func (PasswordLinkAsked) Kind() string { return "identity.password_link" }

// AskForPasswordLink takes the e-mail of somebody who forgot their password. For: anyone.
//
// It never finds out whose e-mail that is: a job does, so that the answer and the work before it are the same for every
// e-mail. Refuses with ErrTooManyTries when that is asked too often from one address, then at email what is no e-mail. One
// that was sent a few links just now is sent no other, which is not told; the last of them still works.
func (s *Service) AskForPasswordLink(ctx context.Context, email string, from Origin) error {
	if err := s.allow(ctx, budget{linkPerAddress, from.network()}); err != nil {
		return err
	}
	email, ok := ParseEmail(email)
	if !ok {
		return models.ErrCheckFields.At("email", "Enter an e-mail address like name@example.com.")
	}
	if err := s.allow(ctx, budget{linkPerEmail, email}); errors.Is(err, ErrTooManyTries) {
		return nil
	} else if err != nil {
		return err
	}
	login, err := s.login(ctx, email)
	if err != nil || login.Operator == models.NoID { // an installation without an operator has no users either
		return err
	}
	actor := models.System(login.Operator)
	actor.Request = from.Request
	_, err = s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		asked := models.Event{Action: models.PasswordLinkAsked, Account: login.Operator, Details: map[string]string{"ip": clip(from.IP, 64)}}
		return asked, tx.Enqueue(ctx, PasswordLinkAsked{Email: email, IP: clip(from.IP, 64), Request: from.Request}, nil)
	})
	return err
}

// SendPasswordLink mails a link to the user with that e-mail, or says in the mail why a new password would open nothing:
// the account is not activated yet, or switched off. Nobody is told anything where there is no such user. For: the job of
// AskForPasswordLink; done twice, the second link ends the first.
func (s *Service) SendPasswordLink(ctx context.Context, asked PasswordLinkAsked) error {
	who, err := s.candidate(ctx, asked.Email)
	if err != nil || who.User.ID == models.NoID || who.At.Account.Status == models.Deleted {
		return err
	}
	actor := models.System(who.User.TenantID)
	actor.Request = asked.Request
	_, err = s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		sent := models.Event{Action: models.PasswordLinkSent, Account: who.At.Account.ID, Subject: who.User.ID,
			Details: map[string]string{"email": who.User.Email, "ip": clip(asked.IP, 64)}}
		var mail notify.Message
		switch {
		case who.User.DisabledAt != nil || who.At.stopped():
			sent.Details["why_not"] = "stopped"
			mail = notify.PasswordStopped(s.installation, who.User, who.At.Account)
		case who.At.Account.Status == models.Pending:
			sent.Details["why_not"] = "pending"
			mail = notify.PasswordPending(s.installation, who.User, who.At.Account)
		default:
			token, expires := newPasswordLink(tx, who.User.ID)
			mail = notify.PasswordLink(s.installation, who.User, who.At.Account, s.installation.Link("/forgotten-password/link?token="+string(token)), expires)
		}
		return sent, notify.Mail(ctx, tx, mail)
	})
	return err
}

// newPasswordLink makes the one link that a user has. Two at once wait for each other at the user's row.
func newPasswordLink(tx *store.Tx, user models.ID) (Token, time.Time) {
	token, hash := newToken(tx.Actor.Tenant)
	expires := tx.Now.Add(PasswordLinkTTL)
	tx.QueueExactly(ErrNoSuchUser, `SELECT FROM users WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE`, tx.Actor.Tenant, user)
	endPasswordLinks(tx, user)
	tx.Queue(`INSERT INTO password_links (tenant_id, id, user_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		tx.Actor.Tenant, models.NewID(), user, hash, tx.Now, expires)
	return token, expires
}

func endPasswordLinks(tx *store.Tx, user models.ID) {
	tx.Queue(`UPDATE password_links SET ended_at = $3 WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL`, tx.Actor.Tenant, user, tx.Now)
}

// NewPassword is what somebody typed at the page of a link.
type NewPassword struct {
	Token    string // of the link
	Password string
	Device   string // what the browser's device cookie held
	From     Origin
}

// PasswordLinkUser returns whose password a link sets, and changes nothing: programs that look through mails follow links.
// For: anyone. Refuses with ErrTooManyTries, then with ErrPasswordLinkExpired whatever is wrong with the link.
func (s *Service) PasswordLinkUser(ctx context.Context, token string, from Origin) (models.User, error) {
	if err := s.AllowLink(ctx, from); err != nil {
		return models.User{}, err
	}
	who, err := s.linked(ctx, token)
	return who.User, err
}

// linkedUser is the user of a link that works.
type linkedUser struct {
	User models.User `gorm:"embedded;embeddedPrefix:user_"`
	At   standing    `gorm:"embedded"`
}

var selectLinked = `SELECT ` + columns("u", "user_", userColumns) + ", " + standingColumns + `
	FROM password_links l
	JOIN users u ON u.tenant_id = l.tenant_id AND u.id = l.user_id
	JOIN accounts a ON a.tenant_id = u.tenant_id AND a.id = u.account_id` + joinParent + `
	WHERE l.tenant_id = ? AND l.token_hash = ? AND l.ended_at IS NULL AND l.expires_at > ?`

func (s *Service) linked(ctx context.Context, token string) (linkedUser, error) {
	tenant, hash, ok := Token(token).parse()
	if !ok {
		return linkedUser{}, ErrPasswordLinkExpired
	}
	var who linkedUser
	err := s.store.Read(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) (err error) {
		who, err = findLinked(tx, hash)
		return err
	})
	return who, err
}

func findLinked(tx *store.Tx, hash []byte) (linkedUser, error) {
	var who linkedUser
	err := tx.Raw(selectLinked, tx.Actor.Tenant, hash, tx.Now).Scan(&who).Error
	if err == nil && (who.User.ID == models.NoID || who.User.DisabledAt != nil || who.At.stopped() || who.At.Account.Status == models.Pending) {
		err = ErrPasswordLinkExpired
	}
	return who, err
}

// SetForgottenPassword gives the user of a link the password that they typed, once: the link is used up, all sessions of the
// user end, and a mail says so. It signs nobody in. It returns the secret for the device cookie: whoever holds the mailbox
// may try to sign in from there whatever others have tried.
//
// For: anyone. Refuses with ErrTooManyTries, ErrPasswordLinkExpired, at the field password what must not become one, and
// ErrBusy; a refusal does not use the link up.
func (s *Service) SetForgottenPassword(ctx context.Context, order NewPassword) (device string, err error) {
	if err := s.AllowLink(ctx, order.From); err != nil {
		return "", err
	}
	who, err := s.linked(ctx, order.Token)
	if err != nil {
		return "", err
	}
	err = CheckNewPassword(order.Password, who.User.Email, who.User.Name, who.At.Account.Name, s.installation.Name)
	if err != nil {
		return "", err
	}
	hash, err := s.HashPassword(ctx, order.Password)
	if err != nil {
		return "", err
	}
	actor := person(who.User, who.At.Account.Kind)
	actor.Request = order.From.Request
	_, err = s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		device, err = setForgottenPassword(tx, who.User, order, hash)
		if err != nil {
			return models.Event{}, err
		}
		return models.Event{Action: models.PasswordSet, Account: who.At.Account.ID, Subject: who.User.ID,
			Details: map[string]string{"email": who.User.Email, "how": "link", "ip": clip(order.From.IP, 64)}}, s.passwordChanged(ctx, tx, who.User, who.At.Account.Zone())
	})
	if err != nil {
		return "", err
	}
	return device, s.forgive(ctx, guesses(who.User, device)...)
}

func setForgottenPassword(tx *store.Tx, user models.User, order NewPassword, hash string) (device string, err error) {
	_, token, _ := Token(order.Token).parse()
	used := tx.Exec(`UPDATE password_links SET ended_at = ? WHERE tenant_id = ? AND token_hash = ? AND ended_at IS NULL AND expires_at > ?`,
		tx.Now, tx.Actor.Tenant, token, tx.Now)
	if used.Error == nil && used.RowsAffected == 0 {
		return "", ErrPasswordLinkExpired
	}
	if used.Error != nil {
		return "", used.Error
	}
	SetPassword(tx, user.ID, hash, false)
	return remember(tx, user, order.Device), nil
}

// guesses are all budgets at a user's password and codes, those of one browser among them: with a new password their tries
// begin anew.
func guesses(u models.User, device string) []budget {
	all := []budget{{perEmail, u.Email}, {perEmailInARow, u.Email}, {perDevice, string(deviceHash(device, u.Email))}}
	return append(append(all, wrongPasswords(u.ID)...), wrongCodes(u.ID)...)
}

// passwordChanged mails a user that their password was changed, so that a thief's change does not go unseen. For: the
// change that sets it; zone is that of the user's account.
func (s *Service) passwordChanged(ctx context.Context, tx *store.Tx, user models.User, zone *time.Location) error {
	return notify.Mail(ctx, tx, notify.PasswordChanged(s.installation, user, zone, tx.Now))
}

// SweepPasswordLinks removes the links that have expired, in all tenants, and returns how many. For: a periodic job.
func (s *Service) SweepPasswordLinks(ctx context.Context) (int64, error) {
	return s.store.Sweep(ctx, "password_links", "expires_at", s.store.Now())
}
