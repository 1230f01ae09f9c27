package identity

import (
	"cmp"
	"context"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// HandoverOrder asks for a new password of somebody else.
type HandoverOrder struct {
	Account  models.ID // a sub-account
	User     models.ID
	Password string `json:"-"` // empty: one is made up; never kept, not even as what a key stands for
	Key      string // one-time key of the form
}

// HandOverPassword gives a user of a sub-account another password, which whoever asked hands over: it is returned, once,
// and must be replaced at the next sign-in. All sessions of the user end, and a mail tells them.
//
// For: a parent's Admins. Refuses with ErrNoSuchAccount (also one's own and a parent), models.ErrMissingPrivilege,
// ErrNotWhileAccessing, ErrNoSuchUser, ErrUserDisabled, ErrAccountNotActive, then at password. Repeated under the same key
// it changes nothing and returns no password.
func (s *Service) HandOverPassword(ctx context.Context, actor models.Actor, order HandoverOrder) (models.Handover, error) {
	a, user, err := s.UserOf(ctx, actor, order.Account, order.User)
	if err == nil {
		err = mayHandOver(actor, a, user)
	}
	if err != nil {
		return models.Handover{}, err
	}
	password, hash, err := s.PasswordToHandOver(ctx, order.Password, user.Email, user.Name, a.Name)
	if err != nil {
		return models.Handover{}, err
	}
	given := models.Handover{Account: a, SignIn: s.installation.Link("/sign-in"), Name: user.Name, Email: user.Email, Password: password}
	done, err := s.changeUsers(ctx, actor, a.ID, func(ctx context.Context, tx *store.Tx, a models.Account) (models.Event, error) {
		u, err := personIn(tx, a.ID, order.User, forChange)
		if err == nil {
			err = mayHandOver(actor, a, u.listed(a, tx.Now))
		}
		if err != nil {
			return models.Event{}, err
		}
		SetPassword(tx, u.ID, hash, true)
		return models.Event{Action: models.PasswordHandedOver, Account: a.ID, Subject: u.ID, Details: map[string]string{"email": u.Email}},
			notify.Mail(ctx, tx, notify.PasswordChanged(s.installation, u.User, u.ZoneIn(a), tx.Now))
	}, store.Once(order.Key, order))
	if err != nil {
		return models.Handover{}, err
	}
	if done.Repeated {
		given.Password = ""
	}
	return given, nil
}

// mayHandOver is the rule of who sets whose password: downward, one step, and never that of somebody who is not there.
func mayHandOver(actor models.Actor, a models.Account, u models.ListedUser) error {
	if actor.Kind != models.Parent || a.Kind != models.Sub {
		return ErrNoSuchAccount
	}
	switch err := mayChangeUsers(actor, a); {
	case err != nil:
		return err
	case u.Status == models.DisabledUser:
		return ErrUserDisabled
	case a.Status != models.Active:
		return ErrAccountNotActive
	}
	return nil
}

// PasswordToHandOver returns the password that somebody chose for somebody else, or where they typed none one that is made
// up, with its hash. Refuses at password what CheckNewPassword refuses.
func (s *Service) PasswordToHandOver(ctx context.Context, typed, email string, names ...string) (password, hash string, err error) {
	if typed != "" {
		if err := CheckNewPassword(typed, email, names...); err != nil {
			return "", "", err
		}
	}
	password = cmp.Or(typed, OneTimePassword())
	hash, err = s.HashPassword(ctx, password)
	return password, hash, err
}
