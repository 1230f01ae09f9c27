package identity_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/store"
)

// ACC-11, ACC-3: nobody learns at sign-in which e-mails exist: one refusal, one hash, one line in a log for each. (Time
// itself is not measured here: the work is counted.)
func TestSignInTellsNothing(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE users SET disabled_at = now() WHERE id = $1`, w.person["ned"].ID)
	w.activation(w.person["hank"], "link")
	w.exec(`UPDATE users SET password_hash = '' WHERE id = $1`, w.person["hank"].ID)
	w.status(w.harbour, models.Pending)
	w.status(w.bakery, models.Deleted) // its e-mail not yet freed
	w.status(w.south, models.Deactivated)
	var hashes atomic.Int64
	w.identity.Watch(func(hash func() []byte) []byte { hashes.Add(1); return hash() })
	for name, typed := range map[string]struct{ email, password, why string }{
		"unknown e-mail":                     {"eve@evil.example", password, "unknown"},
		"a known one's name elsewhere":       {"nora@south.example", password, "unknown"},
		"wrong password":                     {"nora@north.example", "four words make one sentenc", "password"},
		"another's password":                 {"nora@north.example", oneTime, "password"},
		"no password":                        {"nora@north.example", "", "password"},
		"no password where there is no user": {"", "", "unknown"},
		"no password where none was chosen":  {"hank@harbour.example", "", "password"},
		"wrong password, deactivated":        {"sam@south.example", "wrong", "password"},
		"wrong password, pending":            {"kim@kiosk.example", password, "password"},
		"wrong password, staff":              {"ann@operator.example", "wrong", "password"},
		"disabled":                           {"ned@north.example", password, "disabled"},
		"deleted":                            {"bea@bakery.example", password, "deleted"},
		"an e-mail with a NUL":               {"nora@north.example\x00", password, "unknown"},
		"an e-mail in broken UTF-8":          {"nora\xff@north.example", password, "unknown"},
		"a pattern":                          {"%@north.example", password, "unknown"},
		"an injection":                       {"' OR 1=1 --", "' OR 1=1 --", "unknown"},
		"a megabyte of e-mail":               {strings.Repeat("a", 1<<20), password, "unknown"},
		"a password in broken UTF-8":         {"nora@north.example", "\xff\xfe\x00", "password"},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.count("action_log")
			hashes.Store(0)
			_, err := w.trySignIn(typed.email, typed.password)
			if !errors.Is(err, identity.ErrWrongSignIn) || err.Error() != identity.ErrWrongSignIn.Error() {
				t.Fatalf("got %v", err)
			}
			lines := w.log(models.SignInRefused)
			last := lines[len(lines)-1]
			if hashes.Load() != 1 || w.count("action_log") != before+1 {
				t.Errorf("%d hashes and %d lines, want one of each", hashes.Load(), w.count("action_log")-before)
			}
			if last.Details["why"] != typed.why || last.Details["ip"] != "192.0.2.7" || last.Request != "req-1" {
				t.Errorf("logged %+v", last)
			}
			if last.User != models.NoID || last.Email != "" {
				t.Errorf("the log says that the user did it, who has not shown to be it: %+v", last)
			}
			if typed.why == "unknown" && (last.Tenant != w.operator || last.Account != w.operator || len(last.Details) != 2) {
				t.Errorf("an unknown e-mail is kept, or kept in the books of %v", last.Tenant)
			}
			if typed.why != "unknown" && last.Details["email"] != typed.email {
				t.Errorf("logged for %q", last.Details["email"])
			}
		})
	}
	if n := w.count("sessions"); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// ACC-11: a password longer than any password can be costs no hash, for nobody.
func TestSignInLongPassword(t *testing.T) {
	w := newWorld(t)
	w.identity.Watch(func(hash func() []byte) []byte { t.Error("hashed"); return hash() })
	for _, email := range []string{"nora@north.example", "eve@evil.example"} {
		_, err := w.trySignIn(email, password+strings.Repeat(" ", 1024))
		w.refused(err, identity.ErrWrongSignIn)
	}
}

// ACC-11: before there is an operator there is nobody to tell of, and a sign-in is refused like any other.
func TestSignInEmptyInstallation(t *testing.T) {
	w := newWorld(t)
	w.exec(`TRUNCATE accounts CASCADE`)
	_, err := w.trySignIn("nora@north.example", password)
	w.refused(err, identity.ErrWrongSignIn)
}

// ACC-9, ACC-4: only the right password learns the state of the account, and it opens nothing there.
func TestSignInRightPasswordRefused(t *testing.T) {
	for name, c := range map[string]struct {
		email, password string
		set             func(*world)
		want            error
		says            string
	}{
		"own account deactivated": {"clara@clinic.example", password, func(w *world) { w.status(w.clinic, models.Deactivated) },
			identity.ErrAccountDeactivated, "Your account is deactivated."},
		"a deactivated parent itself": {"nora@north.example", password, func(w *world) { w.status(w.north, models.Deactivated) },
			identity.ErrAccountDeactivated, "Your account is deactivated."},
		"its parent deactivated": {"clara@clinic.example", password, func(w *world) { w.status(w.north, models.Deactivated) },
			identity.ErrAccountDeactivated, "The account that manages yours is deactivated."},
		"its parent deleted": {"clara@clinic.example", password, func(w *world) { w.status(w.north, models.Deleted) },
			identity.ErrAccountDeactivated, "The account that manages yours is deactivated."},
		"pending under a deactivated parent": {"kim@kiosk.example", oneTime, func(w *world) { w.status(w.north, models.Deactivated) },
			identity.ErrAccountDeactivated, "The account that manages yours is deactivated."},
		"one-time password expired": {"kim@kiosk.example", oneTime, func(w *world) { w.clock.pass(72 * time.Hour) },
			identity.ErrActivationExpired, "This one-time password has expired. Ask the person who manages your account"},
		"activation ended": {"kim@kiosk.example", oneTime, func(w *world) { w.exec(`UPDATE activations SET ended_at = now()`) },
			identity.ErrActivationExpired, "This one-time password has expired."},
		"activation by link meanwhile": {"kim@kiosk.example", oneTime, func(w *world) {
			w.exec(`UPDATE activations SET ended_at = now()`)
			w.activation(w.person["kim"], "link")
		}, identity.ErrActivationExpired, "This one-time password has expired."},
		"the activation is another user's": {"kim@kiosk.example", oneTime, func(w *world) {
			other := w.user(w.north, w.kiosk, "kit@kiosk.example", models.Member)
			w.exec(`UPDATE activations SET user_id = $1`, other.ID)
		}, identity.ErrActivationExpired, "This one-time password has expired."},
		"a one-time password opens no active account": {"kim@kiosk.example", oneTime, func(w *world) { w.status(w.kiosk, models.Active) },
			identity.ErrActivationExpired, "This one-time password has expired."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.set(w)
			_, err := w.trySignIn(c.email, "wrong")
			w.refused(err, identity.ErrWrongSignIn)
			_, err = w.trySignIn(c.email, c.password)
			w.refused(err, c.want)
			var said *models.Error
			if !errors.As(err, &said) || !strings.HasPrefix(said.Message, c.says) {
				t.Errorf("says %q", said.Message)
			}
			if n := w.count("sessions"); n != 0 {
				t.Errorf("%d sessions", n)
			}
			if lines := w.log(models.SignInRefused); len(lines) != 2 || lines[1].Details["why"] == "password" || lines[1].Tenant != w.north {
				t.Errorf("logged %+v", lines)
			}
		})
	}
}

// ACC-11: a sign-in gives a session, a line in the log of the account's tenant, and the last login.
func TestSignIn(t *testing.T) {
	w := newWorld(t)
	for name, tenant := range map[string]models.ID{"ann": w.operator, "ned": w.north, "clara": w.north, "bea": w.south} {
		u := w.person[name]
		in, err := w.trySignIn("  "+strings.ToUpper(u.Email)+" ", password)
		w.ok(err)
		if in.Stage != identity.StageFull || in.User.ID != u.ID {
			t.Errorf("%s: signed in as %+v", name, in)
		}
		lines := w.log(models.SignedIn)
		last := lines[len(lines)-1]
		if last.Tenant != tenant || last.Account != u.AccountID || last.User != u.ID || last.Email != u.Email || last.Request != "req-1" ||
			last.Details["ip"] != "192.0.2.7" || last.Details["stage"] != "full" {
			t.Errorf("%s: logged %+v", name, last)
		}
		var at time.Time
		w.scan(&at, `SELECT last_login_at FROM users WHERE id = $1`, u.ID)
		if !at.Equal(w.clock.now()) {
			t.Errorf("%s: last login at %v", name, at)
		}
		if session := w.resolve(in.Token); session.User.ID != u.ID || session.Actor.User != u.ID {
			t.Errorf("%s: the token is %+v", name, session)
		}
	}
}

// ACC-4: the one-time password of a pending account starts an activation, which is no login and permits nothing else.
func TestSignInPending(t *testing.T) {
	w := newWorld(t)
	in, err := w.trySignIn("kim@kiosk.example", oneTime)
	w.ok(err)
	session := w.resolve(in.Token)
	if in.Stage != identity.StageActivation || session.Stage != identity.StageActivation {
		t.Fatalf("stage %q, %q", in.Stage, session.Stage)
	}
	if !maps.Equal(session.Actor.Privileges, map[models.Privilege]bool{models.ActivateAccount: true}) || session.Actor.Account != w.kiosk || session.Actor.Tenant != w.north {
		t.Errorf("acts as %+v", session.Actor)
	}
	if n := w.count("users WHERE last_login_at IS NOT NULL"); n != 0 {
		t.Error("an activation counts as a login")
	}
	if lines := w.log(models.SignedIn); len(lines) != 1 || lines[0].Details["stage"] != "activation" {
		t.Errorf("logged %+v", lines)
	}
}

// ACC-11: session fixation: what the browser held before, planted or its own, is never what it holds after.
func TestSignInNewToken(t *testing.T) {
	w := newWorld(t)
	planted := w.signIn("sam") // eve's own session, put into nora's browser
	for _, previous := range []identity.Token{planted, "", "made up", planted} {
		in, err := w.identity.SignIn(w.ctx, identity.SignInOrder{Email: "nora@north.example", Password: password, Previous: previous})
		w.ok(err)
		if in.Token == previous || w.resolve(in.Token).User.ID != w.person["nora"].ID {
			t.Fatalf("after %q came %q", previous, in.Token)
		}
	}
	w.opensNothing(planted)
	if lines := w.log(models.SignedOut); len(lines) != 1 || lines[0].Email != "sam@south.example" {
		t.Errorf("the planted session was not ended once: %+v", lines)
	}

	mine := w.signIn("clara")
	_, err := w.identity.SignIn(w.ctx, identity.SignInOrder{Email: "clara@clinic.example", Password: "wrong", Previous: mine})
	w.refused(err, identity.ErrWrongSignIn)
	w.resolve(mine) // a refused sign-in ends nothing
}

// ACC-11: a session that an old password opens never outlives that password, however the two meet.
func TestSignInMeetsNewPassword(t *testing.T) {
	w := newWorld(t)
	u := w.person["clara"]
	another, err := w.identity.HashPassword(w.ctx, "another sentence of some words")
	w.ok(err)
	changed := false
	w.identity.Watch(func(hash func() []byte) []byte {
		key := hash()
		if !changed { // after the old hash was read, before the session is made
			changed = true
			w.change(models.System(w.north), func(_ context.Context, tx *store.Tx) error {
				identity.SetPassword(tx, u.ID, another, false)
				return nil
			})
		}
		return key
	})
	_, err = w.trySignIn(u.Email, password)
	w.refused(err, identity.ErrWrongSignIn)
	if n := w.count("sessions"); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// ACC-11: ten sign-ins of one person at once, as many as one may try, are ten sessions.
func TestSignInTenAtOnce(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	tokens := map[identity.Token]bool{}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			in, err := w.trySignIn("clara@clinic.example", password)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			tokens[in.Token] = true
			mu.Unlock()
		})
	}
	wg.Wait()
	if len(tokens) != 10 || w.count("sessions") != 10 {
		t.Errorf("%d tokens, %d sessions", len(tokens), w.count("sessions"))
	}
}
