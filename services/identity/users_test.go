package identity_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/store"
)

// ACC-3: what nobody can be added with. The transaction goes on, and nothing of the refused is in it.
func TestAddUserRefused(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		name, email, field string
		taken              bool
	}{
		"no e-mail":                  {"Eve", "", "email", false},
		"no e-mail at all":           {"Eve", "eve", "email", false},
		"a header in the e-mail":     {"Eve", "eve@evil.example\r\nBcc: x@y.example", "email", false},
		"a NUL in the e-mail":        {"Eve", "eve\x00@evil.example", "email", false},
		"a NUL in the name":          {"E\x00ve", "eve@evil.example", "name", false},
		"broken UTF-8 in the name":   {"E\xffve", "eve@evil.example", "name", false},
		"121 characters of name":     {strings.Repeat("ü", 121), "eve@evil.example", "name", false},
		"taken in the same account":  {"Eve", "clara@clinic.example", "email", true},
		"taken by the parent":        {"Eve", "nora@north.example", "email", true},
		"taken in another tenant":    {"Eve", "bea@bakery.example", "email", true},
		"taken by staff":             {"Eve", "ann@operator.example", "email", true},
		"taken in other capitals":    {"Eve", "  Bea@BAKERY.example ", "email", true},
		"taken by a pending account": {"Eve", "kim@kiosk.example", "email", true},
	} {
		t.Run(name, func(t *testing.T) {
			users, logins := w.count("users"), w.count("login_emails")
			var err error
			w.change(models.System(w.north), func(ctx context.Context, tx *store.Tx) error {
				var u models.User
				u, err = identity.AddUser(ctx, tx, identity.NewUser{Account: w.clinic, Name: c.name, Email: c.email, Role: models.Member})
				if u != (models.User{}) {
					t.Errorf("refused, and yet %+v", u)
				}
				var one int
				return tx.Raw("SELECT 1").Scan(&one).Error // an aborted transaction would refuse this
			})
			sentence := field(t, err, c.field)
			if errors.Is(err, identity.ErrEmailTaken) != c.taken {
				t.Errorf("got %v", err)
			}
			if c.taken && sentence != "This e-mail is already used for another account." {
				t.Errorf("says %q, which may tell whose it is", sentence)
			}
			if w.count("users") != users || w.count("login_emails") != logins {
				t.Error("something was written")
			}
		})
	}
}

// ACC-3: an e-mail added fifty times at once, in two tenants, is added once.
func TestAddUserFiftyAtOnce(t *testing.T) {
	w := newWorld(t)
	var added, taken atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			tenant, account := w.north, w.harbour
			if i%2 == 1 {
				tenant, account = w.south, w.bakery
			}
			err := w.tryChange(models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
				_, err := identity.AddUser(ctx, tx, identity.NewUser{Account: account, Email: "new@one.example", Role: models.Member})
				return err
			})
			switch {
			case err == nil:
				added.Add(1)
			case errors.Is(err, identity.ErrEmailTaken):
				taken.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if added.Load() != 1 || taken.Load() != 49 || w.count("users WHERE email = 'new@one.example'") != 1 {
		t.Errorf("added %d, taken %d", added.Load(), taken.Load())
	}
}

// ACC-3: nobody is added to an account of another tenant, whatever id is given.
func TestAddUserForeignAccount(t *testing.T) {
	w := newWorld(t)
	before := w.count("login_emails")
	err := w.tryChange(models.System(w.north), func(ctx context.Context, tx *store.Tx) error {
		_, err := identity.AddUser(ctx, tx, identity.NewUser{Account: w.bakery, Email: "new@one.example", Role: models.Member})
		return err
	})
	if err == nil || w.count("login_emails") != before {
		t.Errorf("got %v", err)
	}
}

// ACC-9: the e-mail of a deleted account may be used again, elsewhere too; the user of old keeps it as history and
// signs in no more; other accounts' e-mails stay.
func TestFreeEmails(t *testing.T) {
	w := newWorld(t)
	free := func(tenant models.ID) {
		w.change(models.System(tenant), func(_ context.Context, tx *store.Tx) error { identity.FreeEmails(tx, w.clinic); return nil })
	}
	before := w.count("login_emails")
	free(w.south) // another tenant's
	if w.count("login_emails") != before {
		t.Fatal("another tenant freed it")
	}
	free(w.north)
	if w.count("login_emails") != before-1 || w.count("users WHERE email = 'clara@clinic.example'") != 1 {
		t.Fatal("not exactly clara's was freed")
	}
	_, err := w.trySignIn("clara@clinic.example", password)
	w.refused(err, identity.ErrWrongSignIn)
	again := w.user(w.south, w.bakery, "clara@clinic.example", models.Member)
	if session := w.resolve(w.signIn("clara")); session.User.ID != again.ID || session.Actor.Tenant != w.south {
		t.Errorf("signed in as %+v", session.Actor)
	}
}

// ACC-11: a password is set for a user of one's own tenant or not at all.
func TestSetPasswordOfNobody(t *testing.T) {
	w := newWorld(t)
	token := w.signIn("clara")
	for name, id := range map[string]models.ID{"nobody": models.NewID(), "no id": models.NoID, "another tenant's": w.person["clara"].ID} {
		err := w.tryChange(models.System(w.south), func(_ context.Context, tx *store.Tx) error {
			identity.SetPassword(tx, id, "$x", false)
			return nil
		})
		if !errors.Is(err, identity.ErrNoSuchUser) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	w.resolve(token)
	w.signIn("clara")
}

// ACC-3: the user whose e-mail is the account's, and who has an e-mail, across tenants only for the command line.
func TestFindUsers(t *testing.T) {
	w := newWorld(t)
	w.user(w.north, w.clinic, "carl@clinic.example", models.Member)
	owner := func(tenant, account models.ID) (u models.User, err error) {
		readErr := w.store.Read(w.ctx, models.System(tenant), func(_ context.Context, tx *store.Tx) error {
			u, err = identity.OwnerOf(tx, account)
			return nil
		})
		w.ok(readErr)
		return u, err
	}
	_, err := owner(w.south, w.clinic)
	w.refused(err, identity.ErrNoSuchUser)
	_, err = owner(w.north, models.NoID)
	w.refused(err, identity.ErrNoSuchUser)
	if u, err := owner(w.north, w.clinic); err != nil || u != w.person["clara"] {
		t.Errorf("got %+v, %v", u, err)
	}
	for _, email := range []string{"", "eve@evil.example", "clara@clinic.example\x00", "%"} {
		_, err := w.identity.UserByEmail(w.ctx, email)
		w.refused(err, identity.ErrNoSuchUser)
	}
	if u, err := w.identity.UserByEmail(w.ctx, " BEA@bakery.example"); err != nil || u != w.person["bea"] {
		t.Errorf("got %+v, %v", u, err)
	}
}
