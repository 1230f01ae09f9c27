package identity

import (
	"context"
	"strings"
	"unicode/utf8"

	"offshoot/models"
	"offshoot/services/store"
)

// NewUser is a person to be added to an account of the actor's tenant.
type NewUser struct {
	Account      models.ID
	Name         string
	Email        string // as typed
	Role         models.Role
	TimeZone     string // IANA name; empty: that of the account
	Owner        bool
	PasswordHash string // of HashPassword; empty: nobody can sign in with a password yet
	Temporary    bool   // somebody else chose the password
}

// AddUser adds a person. For: a change of another service, which logs it.
//
// Refuses with ErrNotWhileAccessing where the account is one that the actor has entered, with ErrCheckFields at name or email, then with ErrEmailTaken at email when anyone in the installation has that
// e-mail, without saying who. A refusal has written nothing and leaves the transaction usable, for an import goes on with
// its next row. When two add the same e-mail at once, the second waits for the first.
func AddUser(ctx context.Context, tx *store.Tx, n NewUser) (models.User, error) {
	if tx.Actor.Access != nil && n.Account == tx.Actor.Account {
		return models.User{}, ErrNotWhileAccessing
	}
	name := strings.TrimSpace(n.Name)
	email, ok := ParseEmail(n.Email)
	var problems models.Problems
	if utf8.RuneCountInString(name) > 120 || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		problems.Add("name", "Use at most 120 characters.")
	}
	if !ok {
		problems.Add("email", "Enter an e-mail address like name@example.com.")
	}
	if err := problems.Err(); err != nil {
		return models.User{}, err
	}
	u := models.User{TenantID: tx.Actor.Tenant, ID: models.NewID(), AccountID: n.Account, Name: name, Email: email, Role: n.Role, Owner: n.Owner, TimeZone: n.TimeZone}
	added := tx.WithContext(ctx).Exec(`WITH login AS (
			INSERT INTO login_emails (email, tenant_id, user_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING tenant_id, user_id, email)
		INSERT INTO users (tenant_id, id, email, account_id, name, role, owner, time_zone, password_hash, password_temporary, created_at)
		SELECT tenant_id, user_id, email, ?::uuid, ?, ?, ?::boolean, nullif(?, ''), ?, ?::boolean, ?::timestamptz FROM login`,
		email, u.TenantID, u.ID, u.AccountID, u.Name, string(u.Role), u.Owner, u.TimeZone, n.PasswordHash, n.Temporary, tx.Now)
	if added.Error != nil {
		return models.User{}, added.Error
	}
	if added.RowsAffected == 0 {
		return models.User{}, ErrEmailTaken.At("email", "This e-mail is already used for another account.")
	}
	return u, nil
}

// FreeEmails lets the login e-mails of a deleted account of the actor's tenant be used again. Its users keep theirs, as
// history, and cannot sign in any more.
func FreeEmails(tx *store.Tx, account models.ID) {
	tx.Queue(`DELETE FROM login_emails l USING users u WHERE l.tenant_id = $1 AND u.tenant_id = l.tenant_id AND u.id = l.user_id
		AND u.account_id = $2`, tx.Actor.Tenant, account)
}

// SetPassword gives a user of the actor's tenant a password by its hash, or with an empty one none, and ends all their
// sessions and the links for a forgotten password: a stolen one must not survive it. temporary says that somebody else chose it. For: a change of another
// service, which logs it; StartSession after it gives the person a new session. Without such a user the change fails with
// ErrNoSuchUser. Whoever has entered an account may set no password there, ErrNotWhileAccessing, but may in the
// sub-accounts of an entered parent.
func SetPassword(tx *store.Tx, user models.ID, hash string, temporary bool) {
	setPassword(tx, user, hash, temporary, models.NoID)
}

// setPassword is SetPassword that lets one session stay: that of the person who replaces their own.
func setPassword(tx *store.Tx, user models.ID, hash string, temporary bool, stays models.ID) {
	miss, not := ErrNoSuchUser, models.NoID
	if tx.Actor.Access != nil {
		miss, not = ErrNotWhileAccessing, tx.Actor.Account
	}
	tx.QueueExactly(miss, `UPDATE users SET password_hash = $3, password_temporary = $4, password_set_at = $6
		WHERE tenant_id = $1 AND id = $2 AND account_id <> $5`, tx.Actor.Tenant, user, hash, temporary, not, tx.Now)
	EndSessionsOfUser(tx, user, stays)
	endPasswordLinks(tx, user)
	endInvitation(tx, user) // its link would set another
}

// OwnerOf returns the user whose e-mail is the account's, of an account of the actor's tenant. Refuses with ErrNoSuchUser.
func OwnerOf(tx *store.Tx, account models.ID) (models.User, error) {
	return userWhere(tx, `account_id = ? AND owner`, account)
}

// UserByEmail returns the user who signs in with that e-mail. For: the command line and the demo world; to a page it would
// tell which e-mails exist. Refuses with ErrNoSuchUser.
func (s *Service) UserByEmail(ctx context.Context, email string) (models.User, error) {
	email, _ = ParseEmail(email)
	login, err := s.login(ctx, email)
	if err != nil {
		return models.User{}, err
	}
	var u models.User
	err = s.store.Read(ctx, models.System(login.TenantID), func(ctx context.Context, tx *store.Tx) (err error) {
		u, err = userWhere(tx, `id = ?`, login.UserID)
		return err
	})
	return u, err
}

func userWhere(tx *store.Tx, condition string, value models.ID) (models.User, error) {
	var u models.User
	err := tx.Raw(`SELECT `+columns("users", "", userColumns)+` FROM users WHERE tenant_id = ? AND `+condition, tx.Actor.Tenant, value).Scan(&u).Error
	if err == nil && u.ID == models.NoID {
		return models.User{}, ErrNoSuchUser
	}
	return u, err
}
