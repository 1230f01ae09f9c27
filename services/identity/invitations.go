package identity

import (
	"context"
	"net/url"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// How long the link of an invitation is good, and how often one may be sent: an Admin must not be able to fill a
// stranger's mailbox.
const (
	InvitationTTL    = 7 * 24 * time.Hour
	invitationPause  = time.Minute
	invitationsADay  = 5
	invitationPath   = "/invitation"
	invitationsSince = 24 * time.Hour
)

// The refusals of invitations.
var (
	// ErrInvitationOver is one and the same for a link that never was, one that was used, replaced or withdrawn, and one
	// whose time is over.
	ErrInvitationOver = &models.Error{Kind: models.NotFound, Code: "invitation_over",
		Message: "This link has expired or was used. Ask the person who invited you to send another."}
	ErrNotInvited = &models.Error{Kind: models.Conflict, Code: "not_invited",
		Message: "This user has a password already. Whoever has forgotten theirs asks for a new one at the sign-in page."}
	ErrInvitedJustNow = &models.Error{Kind: models.Conflict, Code: "invited_just_now",
		Message: "An invitation was sent just now. Wait a minute before you send another."}
	ErrInvitedTooOften = &models.Error{Kind: models.Conflict, Code: "invited_too_often",
		Message: "Five invitations went to this user within a day. Ask them to look into their spam folder, and try again tomorrow."}
)

// InviteOrder asks for a new user of an account.
type InviteOrder struct {
	Account  models.ID
	Name     string
	Email    string
	Role     models.Role
	TimeZone string // empty: that of the account
	Key      string // one-time key of the form
}

// InviteUser adds a user to an account and mails them a link by which they set their password. Where somebody from outside
// adds an Admin, the account's owner gets a mail that says so.
//
// For: those whom mayChangeUsers lets. Refuses as Users, then with models.ErrCheckFields at name, email, role or time_zone,
// ErrAccountNotActive, ErrEmailTaken at email. Repeated under the same key it returns the user that it added.
func (s *Service) InviteUser(ctx context.Context, actor models.Actor, order InviteOrder) (models.User, error) {
	var user models.User
	done, err := s.changeUsers(ctx, actor, order.Account, func(ctx context.Context, tx *store.Tx, a models.Account) (models.Event, error) {
		var p models.Problems
		name, zone := checkPerson(&p, order.Name, order.TimeZone)
		if _, ok := ParseEmail(order.Email); !ok {
			p.Add("email", "Enter an e-mail address like name@example.com.")
		}
		checkRole(&p, order.Role)
		if err := p.Err(); err != nil {
			return models.Event{}, err
		}
		if a.Status != models.Active {
			return models.Event{}, ErrAccountNotActive
		}
		var err error
		user, err = AddUser(ctx, tx, NewUser{Account: a.ID, Name: name, Email: order.Email, Role: order.Role, TimeZone: zone})
		if err != nil {
			return models.Event{}, err
		}
		if order.Role == models.Admin && tx.Actor.HomeAcct != a.ID {
			if err := notify.Mail(ctx, tx, notify.AdminAdded(s.installation, a, tx.Actor.Email, user)); err != nil {
				return models.Event{}, err
			}
		}
		return models.Event{Action: models.UserAdded, Account: a.ID, Subject: user.ID,
			Details: map[string]string{"email": user.Email, "name": name, "role": order.Role.Label()}}, s.invite(ctx, tx, a, user)
	}, store.Once(order.Key, order))
	if err == nil && done.Repeated {
		_, listed, err := s.UserOf(ctx, actor, order.Account, done.Subject)
		return listed.User, err
	}
	return user, err
}

// InviteAgain mails another link to a user who has not set a password yet; the old link dies.
//
// For: those whom mayChangeUsers lets. Refuses as Users, then with ErrNoSuchUser, ErrUserDisabled, ErrNotInvited,
// ErrAccountNotActive, ErrInvitedJustNow, ErrInvitedTooOften.
func (s *Service) InviteAgain(ctx context.Context, actor models.Actor, account, user models.ID) error {
	_, err := s.changeUsers(ctx, actor, account, func(ctx context.Context, tx *store.Tx, a models.Account) (models.Event, error) {
		u, err := personIn(tx, a.ID, user, forChange)
		if err != nil {
			return models.Event{}, err
		}
		switch {
		case u.DisabledAt != nil:
			return models.Event{}, ErrUserDisabled
		case !u.Unset:
			return models.Event{}, ErrNotInvited
		case a.Status != models.Active: // the owner of a Pending account has an activation instead
			return models.Event{}, ErrAccountNotActive
		}
		var sent struct {
			Count int
			Last  *time.Time
		}
		err = tx.Raw(`SELECT count(*) AS count, max(sent_at) AS last FROM user_invitations WHERE tenant_id = ? AND user_id = ? AND sent_at > ?`,
			tx.Actor.Tenant, user, tx.Now.Add(-invitationsSince)).Scan(&sent).Error
		switch {
		case err != nil:
			return models.Event{}, err
		case sent.Last != nil && tx.Now.Before(sent.Last.Add(invitationPause)):
			return models.Event{}, ErrInvitedJustNow
		case sent.Count >= invitationsADay:
			return models.Event{}, ErrInvitedTooOften
		}
		return models.Event{Action: models.InvitationSent, Account: a.ID, Subject: user, Details: map[string]string{"email": u.Email}},
			s.invite(ctx, tx, a, u.User)
	})
	return err
}

// invite opens the one invitation that a user has at a time, and mails its link.
func (s *Service) invite(ctx context.Context, tx *store.Tx, a models.Account, u models.User) error {
	token, hash := newToken(tx.Actor.Tenant)
	expires := tx.Now.Add(InvitationTTL)
	endInvitation(tx, u.ID)
	tx.Queue(`INSERT INTO user_invitations (tenant_id, id, user_id, token_hash, sent_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		tx.Actor.Tenant, models.NewID(), u.ID, hash, tx.Now, expires)
	link := s.installation.Link(invitationPath) + "?" + url.Values{"token": {string(token)}}.Encode()
	return notify.Mail(ctx, tx, notify.UserInvited(s.installation, a, u, tx.Actor.Email, link, expires))
}

func endInvitation(tx *store.Tx, user models.ID) {
	tx.Queue(`UPDATE user_invitations SET ended_at = $3 WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL`, tx.Actor.Tenant, user, tx.Now)
}

// invited is whoever a link was sent to, with their account as it is now.
type invited struct {
	User models.User `gorm:"embedded;embeddedPrefix:user_"`
	At   standing    `gorm:"embedded"`
}

var selectInvited = `SELECT ` + columns("u", "user_", userColumns) + ", " + standingColumns + `
	FROM user_invitations i
	JOIN users u ON u.tenant_id = i.tenant_id AND u.id = i.user_id
	JOIN accounts a ON a.tenant_id = u.tenant_id AND a.id = u.account_id` + joinParent + `
	WHERE i.tenant_id = ? AND i.token_hash = ? AND i.ended_at IS NULL AND i.expires_at > ? AND u.disabled_at IS NULL`

func (s *Service) invited(ctx context.Context, token Token) (who invited, hash []byte, err error) {
	tenant, hash, ok := token.parse()
	if !ok {
		return invited{}, nil, ErrInvitationOver
	}
	err = s.store.Read(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(selectInvited, tenant, hash, tx.Now).Scan(&who).Error
	})
	if err == nil && (who.User.ID == models.NoID || who.At.stopped() || who.At.Account.Status != models.Active) {
		err = ErrInvitationOver
	}
	return who, hash, err
}

// Invitation says whom the link of a mail invites where. It uses nothing up, for mail scanners follow links. For: whoever
// holds the link. Refuses with ErrInvitationOver whatever is wrong with it.
func (s *Service) Invitation(ctx context.Context, token Token) (models.Invitation, error) {
	who, _, err := s.invited(ctx, token)
	if err != nil {
		return models.Invitation{}, err
	}
	return models.Invitation{Account: who.At.Account.Name, Name: who.User.Name, Email: who.User.Email}, nil
}

// AcceptInvitation gives an invited user the password that they chose, and a session. The link is used up: of fifty who
// hold it, one gets in. For: whoever holds the link. Refuses with ErrInvitationOver, then at password.
func (s *Service) AcceptInvitation(ctx context.Context, token Token, password string, from Origin) (Token, error) {
	who, hash, err := s.invited(ctx, token)
	if err != nil {
		return "", err
	}
	if err := CheckNewPassword(password, who.User.Email, who.User.Name, who.At.Account.Name); err != nil {
		return "", err
	}
	passwordHash, err := s.HashPassword(ctx, password)
	if err != nil {
		return "", err
	}
	actor := person(who.User, who.At.Account.Kind)
	actor.Request = from.Request
	var session Token
	_, err = s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		u, err := personIn(tx, who.User.AccountID, who.User.ID, forChange) // waits for whoever disables them just now
		if err != nil {
			return models.Event{}, err
		}
		used := tx.Exec(`UPDATE user_invitations SET ended_at = ? WHERE tenant_id = ? AND token_hash = ? AND ended_at IS NULL AND expires_at > ?`,
			tx.Now, tx.Actor.Tenant, hash, tx.Now)
		if used.Error == nil && (used.RowsAffected == 0 || u.DisabledAt != nil) {
			return models.Event{}, ErrInvitationOver
		}
		SetPassword(tx, u.ID, passwordHash, false)
		session = StartSession(tx, u.User, StageFull, from)
		return models.Event{Action: models.InvitationAccepted, Account: u.AccountID, Subject: u.ID,
			Details: map[string]string{"email": u.Email, "ip": clip(from.IP, 64)}}, used.Error
	})
	if err != nil {
		return "", err
	}
	return session, nil
}

// SweepInvitations removes the rows of links whose time is over, in all tenants, and returns how many. For: a periodic job.
func (s *Service) SweepInvitations(ctx context.Context) (int64, error) {
	return s.store.Sweep(ctx, "user_invitations", "expires_at", s.store.Now())
}

// StaffOrder asks for one more of the operator's staff.
type StaffOrder struct {
	Name     string
	Email    string
	TimeZone string
	Password string
}

// AddStaff adds an Admin to the operator's account, with that password. For: the command line, whose user has the database
// anyway; the portal's own staff invite each other. Refuses with ErrNoSuchAccount where there is no operator, with
// models.ErrCheckFields at name, email, time_zone or password, then ErrEmailTaken.
func (s *Service) AddStaff(ctx context.Context, order StaffOrder) (models.User, error) {
	found, err := s.login(ctx, "")
	if err == nil && found.Operator == models.NoID {
		err = ErrNoSuchAccount
	}
	if err != nil {
		return models.User{}, err
	}
	var p models.Problems
	name, zone := checkPerson(&p, order.Name, order.TimeZone)
	if _, ok := ParseEmail(order.Email); !ok {
		p.Add("email", "Enter an e-mail address like name@example.com.")
	}
	if err := p.Err(); err != nil {
		return models.User{}, err
	}
	if err := CheckNewPassword(order.Password, strings.TrimSpace(order.Email), name); err != nil {
		return models.User{}, err
	}
	hash, err := s.HashPassword(ctx, order.Password)
	if err != nil {
		return models.User{}, err
	}
	var user models.User
	_, err = s.store.Change(ctx, models.System(found.Operator), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		user, err = AddUser(ctx, tx, NewUser{Account: found.Operator, Name: name, Email: order.Email, Role: models.Admin, TimeZone: zone, PasswordHash: hash})
		return models.Event{Action: models.UserAdded, Account: found.Operator, Subject: user.ID,
			Details: map[string]string{"email": user.Email, "name": name, "role": models.Admin.Label()}}, err
	})
	return user, err
}
