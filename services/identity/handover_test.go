package identity_test

import (
	"strings"
	"sync"
	"testing"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/storetest"
)

// ACC-11: a parent's Admin sets a password of a sub-account's user: downward and one step, not while accessing, not for
// who is not there; and it must be a good one.
func TestHandOverRefused(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	w.AddUser(t, w.Clinic.Account, "user@clinic.example", models.Member)
	w.AddUser(t, w.Clinic.Own.Account, "kim@ward.example", models.Member)
	kim := w.listed(w.Clinic.Admin.Actor, w.Clinic.Own.Account, "kim@ward.example")
	ward, parent := w.userOf(w.Clinic.Own), w.userOf(w.Clinic.Admin)
	gone := w.listed(w.Clinic.Admin.Actor, w.Clinic.Own.Account, "kim@ward.example")
	w.AddUser(t, w.Clinic.Shared.Account, "gone@ward.example", models.Member)
	gone = w.listed(w.Clinic.Admin.Actor, w.Clinic.Shared.Account, "gone@ward.example")
	w.ok(w.Identity.DisableUser(ctx, w.Clinic.Admin.Actor, gone.AccountID, gone.ID))
	pending := w.AddPending(t, w.Clinic, "Pending Ward", "pending@clinic.example")
	waiting := w.listed(w.Clinic.Admin.Actor, pending, pending.Email)
	stopped := w.AddActive(t, w.Clinic, "Stopped Ward", "stopped@clinic.example")
	_, err := w.Accounts.Deactivate(ctx, w.Clinic.Admin.Actor, stopped.Account.ID, "test")
	w.ok(err)
	noAccount, missing := identity.ErrNoSuchAccount, models.ErrMissingPrivilege
	for name, c := range map[string]struct {
		actor models.Actor
		user  models.User
		want  error
	}{
		"one's own":                      {w.Clinic.Admin.Actor, parent.User, noAccount},
		"a colleague's":                  {w.Clinic.Own.Actor, kim.User, noAccount},
		"upward":                         {w.Clinic.Own.Actor, parent.User, noAccount},
		"a sibling's":                    {w.Clinic.Shared.Actor, ward.User, noAccount},
		"another tenant's":               {w.Harbor.Admin.Actor, ward.User, noAccount},
		"by a parent's User":             {w.session("user@clinic.example").Actor, ward.User, missing},
		"by staff, a parent's":           {w.Sam.Actor.In(w.Clinic.ID), parent.User, noAccount},
		"by staff, a sub-account's":      {w.Sam.Actor.In(w.Clinic.ID), ward.User, missing},
		"by the parent inside":           {w.inside(w.Clinic.Admin, w.Clinic.Own.Account), ward.User, identity.ErrNotWhileAccessing},
		"by staff inside":                {w.inside(w.Sam, w.Clinic.Own.Account), ward.User, identity.ErrNotWhileAccessing},
		"by staff inside the parent, it": {w.inside(w.Sam, w.Clinic.Account), parent.User, identity.ErrNotWhileAccessing},
		"a disabled one":                 {w.Clinic.Admin.Actor, gone.User, identity.ErrUserDisabled},
		"of a Pending account":           {w.Clinic.Admin.Actor, waiting.User, identity.ErrAccountNotActive},
		"of a deactivated account":       {w.Clinic.Admin.Actor, w.listed(w.Clinic.Admin.Actor, stopped.Account, stopped.Email).User, identity.ErrAccountNotActive},
	} {
		t.Run(name, func(t *testing.T) {
			w := &team{w.World, t}
			w.unchanged(func() {
				given, err := w.Identity.HandOverPassword(ctx, c.actor, identity.HandoverOrder{Account: c.user.AccountID, User: c.user.ID})
				w.refused(err, c.want, "")
				if given.Password != "" {
					t.Error("a password comes back")
				}
			})
		})
	}
	for _, bad := range []string{"short", strings.Repeat("x", 2000), "ward@clinic.example", "with a\x00 zero byte in it"} {
		w.unchanged(func() {
			_, err := w.Identity.HandOverPassword(ctx, w.Clinic.Admin.Actor, identity.HandoverOrder{Account: ward.AccountID, User: ward.ID, Password: bad})
			w.refused(err, models.ErrCheckFields, "password")
		})
	}
}

// ACC-11: the password is returned once, made up or as typed, and is kept nowhere; all sessions of the user end, nobody
// else's; the user gets a mail, and the log tells of it.
func TestHandOver(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	u := w.userOf(w.Clinic.Own)
	in, err := w.Identity.SignIn(ctx, identity.SignInOrder{Email: u.Email, Password: storetest.Passphrase})
	w.ok(err)
	other := w.session(w.Clinic.Shared.Email)
	mine := w.session(w.Clinic.Admin.Email)
	order := identity.HandoverOrder{Account: u.AccountID, User: u.ID, Key: "form"}
	var mu sync.Mutex
	var shown []string
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			given, err := w.Identity.HandOverPassword(ctx, mine.Actor, order)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || given.Email != u.Email || given.Account.Name != "North Clinic" {
				t.Errorf("%+v, %v", given, err)
			}
			if given.Password != "" {
				shown = append(shown, given.Password)
			}
		})
	}
	wait.Wait()
	if len(shown) != 1 {
		t.Fatalf("shown %d times", len(shown))
	}
	if is, err := w.Identity.PasswordIs(ctx, u.TenantID, u.ID, shown[0]); err != nil || !is {
		t.Errorf("the password shown is not the user's: %v", err)
	}
	if n := w.Count(t, "users WHERE id = $1 AND password_temporary", u.ID); n != 1 {
		t.Error("it need not be replaced")
	}
	_, err = w.Identity.Resolve(ctx, in.Token)
	w.refused(err, identity.ErrNoSession, "")
	if n := w.Count(t, "sessions WHERE id IN ($1, $2)", other.ID, mine.ID); n != 2 {
		t.Error("other people's sessions ended")
	}
	for _, table := range []string{"users", "action_log", "outbox", "idempotency_keys", "sessions"} {
		if n := w.Count(t, table+" x WHERE x::text LIKE '%'||$1||'%'", shown[0]); n != 0 {
			t.Errorf("the password stands in %s", table)
		}
	}
	if n := w.Count(t, "outbox WHERE recipient = $1 AND subject = 'Your password was changed'", u.Email); n != 1 {
		t.Errorf("%d mails", n)
	}
	if n := w.Count(t, "action_log WHERE action = 'password.handed_over' AND account_id = $1 AND subject_id = $2 AND user_email = $3", u.AccountID, u.ID, w.Clinic.Admin.Email); n != 1 {
		t.Errorf("%d lines", n)
	}
	given, err := w.Identity.HandOverPassword(ctx, mine.Actor, identity.HandoverOrder{Account: u.AccountID, User: u.ID, Password: "!!! ??? !!! ??? !!!"})
	if err != nil || given.Password != "!!! ??? !!! ??? !!!" {
		t.Errorf("a password of signs: %+v, %v", given, err)
	}
}
