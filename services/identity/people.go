package identity

import (
	"context"
	"errors"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// The refusals of those who manage the users of an account.
var (
	ErrLastAdmin = &models.Error{Kind: models.Conflict, Code: "last_admin",
		Message: "This is the last active Admin of the account. Make somebody else an Admin first."}
	ErrNotOneself = &models.Error{Kind: models.Conflict, Code: "not_oneself",
		Message: "You cannot disable yourself or take the role Admin from yourself. Another Admin can."}
	ErrStaleUser = &models.Error{Kind: models.Conflict, Code: "stale_user",
		Message: "Somebody changed this user after you opened the form. Check what it says now and save again."}
	ErrAccountNotActive = &models.Error{Kind: models.Conflict, Code: "account_not_active",
		Message: "The account is not active. Its own sign-in comes first, its other users after that."}
	ErrUserDisabled = &models.Error{Kind: models.Conflict, Code: "user_disabled",
		Message: "This user is disabled. Enable them first."}
)

// usersOnPage is how many users a page of the list has.
const usersOnPage = 50

// maySeeUsers and mayChangeUsers are the rule of who manages whose users: an account's Admins their own, a parent's Admins
// those of its sub-accounts too, staff Admins those of a parent. A parent's Users see what its Admins may change, and
// staff see all. Whoever is in an account that is not theirs sees and changes nothing of that account's people.
func maySeeUsers(actor models.Actor, a models.Account) error {
	switch {
	case a.ID == actor.Account:
		return mayChangeUsers(actor, a)
	case actor.IsStaff():
		return actor.Require(models.SupportAccounts)
	case actor.Kind == models.Parent && a.Kind == models.Sub:
		return actor.Require(models.ViewSubAccounts)
	}
	return ErrNoSuchAccount
}

func mayChangeUsers(actor models.Actor, a models.Account) error {
	switch {
	case a.ID == actor.Account && actor.Access != nil:
		return ErrNotWhileAccessing
	case a.ID == actor.Account:
		return actor.Require(models.ManageUsers)
	case actor.IsStaff() && a.Kind == models.Sub:
		return models.ErrMissingPrivilege
	case actor.IsStaff() && a.StaffAccessOff != nil: // an Admin of staff's choice would be a way in without consent
		return ErrUsersNeedOwnAdmins
	case actor.IsStaff():
		return actor.Require(models.ManageParents)
	case actor.Kind == models.Parent && a.Kind == models.Sub:
		return actor.Require(models.ManageSubAccounts)
	}
	return ErrNoSuchAccount
}

// Users returns one page of the users of an account. For: those whom maySeeUsers lets. Refuses with ErrNoSuchAccount,
// models.ErrMissingPrivilege, ErrNotWhileAccessing.
func (s *Service) Users(ctx context.Context, actor models.Actor, account models.ID, q models.UserQuery) (models.UserList, error) {
	var list models.UserList
	err := s.readUsers(ctx, actor, account, maySeeUsers, func(tx *store.Tx, a models.Account) error {
		list = models.UserList{Account: a, Manage: mayChangeUsers(actor, a) == nil}
		where, args := ``, []any{}
		if search := clip(strings.TrimSpace(q.Search), 200); search != "" {
			where, args = ` AND strpos(lower((u.name || ' ' || u.email) COLLATE "und-x-icu"), lower(? COLLATE "und-x-icu")) > 0`, []any{search}
		}
		if q.After != models.NoID {
			where += ` AND (u.email, u.id) > (SELECT email, id FROM users WHERE tenant_id = ? AND account_id = ? AND id = ?)`
			args = append(args, tx.Actor.Tenant, account, q.After)
		}
		rows, err := selectPeople(tx, account, where+` ORDER BY u.email, u.id LIMIT ?`, append(args, usersOnPage+1)...)
		if len(rows) > usersOnPage {
			rows = rows[:usersOnPage]
			list.Next = rows[usersOnPage-1].ID
		}
		for _, row := range rows {
			list.Rows = append(list.Rows, row.listed(a, tx.Now))
		}
		return err
	})
	return list, err
}

// UserOf returns one user of an account with the account, for a form that changes them. For: those whom mayChangeUsers lets.
// Refuses as Users, then with ErrNoSuchUser.
func (s *Service) UserOf(ctx context.Context, actor models.Actor, account, user models.ID) (models.Account, models.ListedUser, error) {
	var in models.Account
	var found models.ListedUser
	err := s.readUsers(ctx, actor, account, mayChangeUsers, func(tx *store.Tx, a models.Account) error {
		row, err := personIn(tx, account, user, "")
		in, found = a, row.listed(a, tx.Now)
		return err
	})
	return in, found, err
}

func (s *Service) readUsers(ctx context.Context, actor models.Actor, account models.ID, may func(models.Actor, models.Account) error,
	read func(*store.Tx, models.Account) error) error {
	return s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		a, err := accountWithUsers(tx, account, "")
		if err != nil {
			return err
		}
		if err := may(actor, a); err != nil {
			return err
		}
		return read(tx, a)
	})
}

// UserChange is what the form of a user says.
type UserChange struct {
	Account, User models.ID
	Version       int // that the form was made of
	Name          string
	Role          models.Role
	TimeZone      string // empty: that of the account
}

// ChangeUser changes name, role and time zone; the e-mail is the sign-in and stays. A change of the role reaches open
// sessions with their next request. What changes nothing is not logged.
//
// For: those whom mayChangeUsers lets. Refuses as Users, then with models.ErrCheckFields at name, role or time_zone,
// ErrNoSuchUser, ErrStaleUser, ErrNotOneself and ErrLastAdmin for the role.
func (s *Service) ChangeUser(ctx context.Context, actor models.Actor, order UserChange) error {
	_, err := s.changeUsers(ctx, actor, order.Account, func(ctx context.Context, tx *store.Tx, a models.Account) (models.Event, error) {
		var p models.Problems
		name, zone := checkPerson(&p, order.Name, order.TimeZone)
		checkRole(&p, order.Role)
		if err := p.Err(); err != nil {
			return models.Event{}, err
		}
		before, err := personIn(tx, a.ID, order.User, forChange)
		if err != nil {
			return models.Event{}, err
		}
		if before.Version != order.Version {
			return models.Event{}, ErrStaleUser
		}
		if before.Role == models.Admin && order.Role != models.Admin {
			if err := mayLoseAdmin(tx, before); err != nil {
				return models.Event{}, err
			}
		}
		changed := changesIn(before.User, models.User{Name: name, Role: order.Role, TimeZone: zone})
		if len(changed) == 0 {
			return models.Event{}, errUnchanged
		}
		changed["email"] = before.Email
		tx.Queue(`UPDATE users SET name = $3, role = $4, time_zone = nullif($5, ''), version = version + 1 WHERE tenant_id = $1 AND id = $2`,
			tx.Actor.Tenant, before.ID, name, string(order.Role), zone)
		return models.Event{Action: models.UserChanged, Account: a.ID, Subject: before.ID, Details: changed}, nil
	})
	return unlessUnchanged(err)
}

// DisableUser ends all sessions of a user at once, and the access to another account that they are in; they cannot sign in
// until they are enabled again. Who never came in has not used their e-mail, which is free again. Disabled already is no
// error.
//
// For: those whom mayChangeUsers lets. Refuses as Users, then with ErrNoSuchUser, ErrNotOneself, ErrLastAdmin.
func (s *Service) DisableUser(ctx context.Context, actor models.Actor, account, user models.ID) error {
	var gone personRow
	var in models.Account
	var entered []enteredAccount
	_, err := s.changeUsers(ctx, actor, account, func(ctx context.Context, tx *store.Tx, a models.Account) (_ models.Event, err error) {
		if gone, err = personIn(tx, a.ID, user, forChange); err != nil {
			return models.Event{}, err
		}
		if gone.DisabledAt != nil {
			return models.Event{}, errUnchanged
		}
		if err := mayLoseAdmin(tx, gone); err != nil {
			return models.Event{}, err
		}
		in = a
		tx.Queue(`UPDATE users SET disabled_at = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, user, tx.Now)
		endInvitation(tx, user)
		if gone.Unset {
			tx.Queue(`DELETE FROM login_emails WHERE tenant_id = $1 AND user_id = $2`, tx.Actor.Tenant, user)
		}
		if entered, err = accountsEnteredBy(tx, user); err != nil {
			return models.Event{}, err
		}
		EndSessionsOfUser(tx, user, models.NoID)
		return models.Event{Action: models.UserDisabled, Account: a.ID, Subject: user, Details: map[string]string{"email": gone.Email}}, nil
	})
	if err != nil {
		return unlessUnchanged(err)
	}
	return s.leaveAll(context.WithoutCancel(ctx), person(gone.User, in.Kind), entered)
}

// EnableUser lets a disabled user sign in again, as before. Enabled already is no error.
//
// For: those whom mayChangeUsers lets. Refuses as Users, then with ErrNoSuchUser, ErrEmailTaken where somebody else has the
// e-mail by now.
func (s *Service) EnableUser(ctx context.Context, actor models.Actor, account, user models.ID) error {
	_, err := s.changeUsers(ctx, actor, account, func(ctx context.Context, tx *store.Tx, a models.Account) (models.Event, error) {
		u, err := personIn(tx, a.ID, user, forChange)
		if err != nil {
			return models.Event{}, err
		}
		if u.DisabledAt == nil {
			return models.Event{}, errUnchanged
		}
		var has int // a row of login_emails of theirs, taken again or there all the time
		err = tx.Raw(`WITH taken AS (INSERT INTO login_emails (email, tenant_id, user_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1)
			SELECT (SELECT count(*) FROM taken) + (SELECT count(*) FROM login_emails WHERE tenant_id = ? AND user_id = ?)`,
			u.Email, tx.Actor.Tenant, user, tx.Actor.Tenant, user).Scan(&has).Error
		if err == nil && has == 0 {
			err = ErrEmailTaken.Saying("This e-mail is used for another account by now.")
		}
		if err != nil {
			return models.Event{}, err
		}
		tx.Queue(`UPDATE users SET disabled_at = NULL, version = version + 1 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, user)
		return models.Event{Action: models.UserEnabled, Account: a.ID, Subject: user, Details: map[string]string{"email": u.Email}}, nil
	})
	return unlessUnchanged(err)
}

// changeUsers is a change of an account's users. Within an account they come one after another, so that of two Admins who
// disable each other one stays: the second is no Admin any more when its turn comes.
func (s *Service) changeUsers(ctx context.Context, actor models.Actor, account models.ID,
	work func(context.Context, *store.Tx, models.Account) (models.Event, error), options ...store.Option) (store.Done, error) {
	return s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		a, err := accountWithUsers(tx, account, forChange)
		if err != nil {
			return models.Event{}, err
		}
		if err := mayChangeUsers(actor, a); err != nil {
			return models.Event{}, err
		}
		if err := stillAdmin(tx); err != nil {
			return models.Event{}, err
		}
		return work(ctx, tx, a)
	}, options...)
}

// stillAdmin asks anew about an actor of this tenant; staff in another tenant's books have their own elsewhere.
func stillAdmin(tx *store.Tx) error {
	if tx.Actor.Home != tx.Actor.Tenant {
		return nil
	}
	var still int
	err := tx.Raw(`SELECT 1 FROM users WHERE tenant_id = ? AND id = ? AND role = 'admin' AND disabled_at IS NULL`,
		tx.Actor.Tenant, tx.Actor.User).Scan(&still).Error
	if err == nil && still == 0 {
		return models.ErrMissingPrivilege
	}
	return err
}

// mayLoseAdmin says whether a user may be disabled or made a User. The account's row is locked.
func mayLoseAdmin(tx *store.Tx, u personRow) error {
	if u.ID == tx.Actor.User {
		return ErrNotOneself
	}
	if u.Role != models.Admin || u.Unset && !u.Owner { // an invited Admin runs nothing yet
		return nil
	}
	var others int
	err := tx.Raw(`SELECT count(*) FROM users WHERE tenant_id = ? AND account_id = ? AND id <> ? AND role = 'admin' AND disabled_at IS NULL
		AND password_hash <> ''`, tx.Actor.Tenant, u.AccountID, u.ID).Scan(&others).Error
	if err == nil && others == 0 && u.DisabledAt == nil {
		return ErrLastAdmin
	}
	return err
}

// personRow is a user as those who manage users see it.
type personRow struct {
	models.User  `gorm:"embedded"`
	Version      int
	Unset        bool // nobody has set a password yet
	InvitedUntil *time.Time
	SecondFactor bool
}

func (r personRow) listed(a models.Account, now time.Time) models.ListedUser {
	u := models.ListedUser{User: r.User, Status: models.ActiveUser, SecondFactor: r.SecondFactor, Version: r.Version}
	switch {
	case r.DisabledAt != nil:
		u.Status = models.DisabledUser
	case r.Unset, r.Owner && a.Status == models.Pending:
		u.Status = models.InvitedUser
		if r.InvitedUntil != nil && now.Before(*r.InvitedUntil) {
			u.InvitedUntil = r.InvitedUntil
		}
	}
	return u
}

// forChange locks the row that a query reads until the transaction ends.
const forChange = ` FOR NO KEY UPDATE`

func selectPeople(tx *store.Tx, account models.ID, rest string, args ...any) ([]personRow, error) {
	var rows []personRow
	err := tx.Raw(`SELECT `+columns("u", "", userColumns)+`, u.version, u.password_hash = '' AS unset, `+hasSecondFactor+` AS second_factor,
		(SELECT i.expires_at FROM user_invitations i WHERE i.tenant_id = u.tenant_id AND i.user_id = u.id AND i.ended_at IS NULL) AS invited_until
		FROM users u WHERE u.tenant_id = ? AND u.account_id = ?`+rest, append([]any{tx.Actor.Tenant, account}, args...)...).Scan(&rows).Error
	return rows, err
}

// personIn returns a user of that account, and of no other. Refuses with ErrNoSuchUser.
func personIn(tx *store.Tx, account, user models.ID, lock string) (personRow, error) {
	rows, err := selectPeople(tx, account, ` AND u.id = ?`+lock, user)
	if err == nil && len(rows) == 0 {
		err = ErrNoSuchUser
	}
	if err != nil {
		return personRow{}, err
	}
	return rows[0], nil
}

func accountWithUsers(tx *store.Tx, account models.ID, lock string) (models.Account, error) {
	var a models.Account
	err := tx.Raw(`SELECT `+columns("accounts", "", accountColumns)+` FROM accounts WHERE tenant_id = ? AND id = ? AND status <> 'deleted'`+lock,
		tx.Actor.Tenant, account).Scan(&a).Error
	if err == nil && a.ID == models.NoID {
		return models.Account{}, ErrNoSuchAccount
	}
	return a, err
}

// checkPerson reads a person's name and, where one is chosen, time zone.
func checkPerson(p *models.Problems, name, zone string) (string, string) {
	name, zone = CheckName(p, "name", "Enter a name.", name), strings.TrimSpace(zone)
	if zone != "" && !models.IsTimeZone(zone) {
		p.Add("time_zone", "Choose a time zone from the list.")
	}
	return name, zone
}

func checkRole(p *models.Problems, role models.Role) {
	if role != models.Admin && role != models.Member {
		p.Add("role", "Choose a role.")
	}
}

func changesIn(before, after models.User) map[string]string {
	changed := map[string]string{}
	note := func(what, was, is string) {
		if was != is {
			changed[what] = was + " → " + is
		}
	}
	zone := func(u models.User) string {
		if u.TimeZone == "" {
			return "the account's"
		}
		return u.TimeZone
	}
	note("name", before.Name, after.Name)
	note("role", before.Role.Label(), after.Role.Label())
	note("time zone", zone(before), zone(after))
	return changed
}

// errUnchanged ends a change that would change nothing, so that the action log does not tell of it.
var errUnchanged = errors.New("identity: nothing to change")

func unlessUnchanged(err error) error {
	if err == errUnchanged {
		return nil
	}
	return err
}

// enteredAccount points to an access in the books of the entered account.
type enteredAccount struct{ TenantID, AccessID models.ID }

// accountsEnteredBy are the accounts that a user's sessions are in at the moment.
func accountsEnteredBy(tx *store.Tx, user models.ID) ([]enteredAccount, error) {
	var found []enteredAccount
	err := tx.Raw(`SELECT access_tenant_id AS tenant_id, access_id FROM sessions WHERE tenant_id = ? AND user_id = ? AND access_id IS NOT NULL`,
		tx.Actor.Tenant, user).Scan(&found).Error
	return found, err
}

// leaveAll writes the end of accesses whose sessions are gone.
func (s *Service) leaveAll(ctx context.Context, own models.Actor, entered []enteredAccount) error {
	var problems []error
	for _, e := range entered {
		var row accessRow
		err := s.store.Read(ctx, models.System(e.TenantID), func(ctx context.Context, tx *store.Tx) error {
			return tx.Raw(selectAccess, e.TenantID, e.AccessID).Scan(&row).Error
		})
		if err == nil && row.At.Account.ID != models.NoID {
			helper := helping(own, e.TenantID, row.At.Account.ID, models.Access{ID: e.AccessID, Reason: row.Reason, EndsAt: row.EndsAt})
			err = s.closeAccess(ctx, helper, "helper_disabled")
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}
