package identity_test

import (
	"bytes"
	"errors"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"offshoot/models"
	"offshoot/services/identity"
)

// app is somebody's authenticator app, and the paper with their recovery codes.
type app struct {
	secret   string
	recovery []string
}

// code is what the app shows then.
func (a app) code(t *testing.T, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(a.secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// setUp gives one of the people a second factor; the clock moves on, so that the code which confirmed it is of the past.
func (w *world) setUp(name string) app {
	w.Helper()
	session := w.resolve(w.signIn(name))
	w.ok(w.identity.StartSecondFactor(w.ctx, session))
	setup, err := w.identity.SecondFactorSetup(w.ctx, session)
	w.ok(err)
	a := app{secret: strings.ReplaceAll(setup.Secret, " ", "")}
	a.recovery, err = w.identity.ConfirmSecondFactor(w.ctx, session, a.code(w.T, w.clock.now()))
	w.ok(err)
	w.clock.pass(time.Minute)
	return a
}

// halfway is a session of somebody who has to show a code yet.
func (w *world) halfway(name string) identity.Session {
	w.Helper()
	session := w.resolve(w.signIn(name))
	if session.Stage != identity.StageSecondFactor {
		w.Fatalf("%s is in stage %q", name, session.Stage)
	}
	return session
}

func (w *world) enter(session identity.Session, code string) (identity.Entered, error) {
	return w.identity.EnterCode(w.ctx, session, code, identity.Origin{IP: "192.0.2.7"})
}

// ACC-11: what opens nothing after the right password.
func TestCodeRefused(t *testing.T) {
	w := newWorld(t)
	nora, sam := w.setUp("nora"), w.setUp("sam")
	used := nora.recovery[0]
	_, err := w.enter(w.halfway("nora"), used)
	w.ok(err)
	for name, code := range map[string]func(now time.Time) string{
		"nothing":                  func(time.Time) string { return "" },
		"zeros":                    func(time.Time) string { return "000000" },
		"a minute old":             func(now time.Time) string { return nora.code(t, now.Add(-time.Minute)) },
		"a minute ahead":           func(now time.Time) string { return nora.code(t, now.Add(time.Minute)) },
		"cut short":                func(now time.Time) string { return nora.code(t, now)[:5] },
		"one digit more":           func(now time.Time) string { return nora.code(t, now) + "0" },
		"another user's":           func(now time.Time) string { return sam.code(t, now) },
		"another user's recovery":  func(time.Time) string { return sam.recovery[1] },
		"a recovery code again":    func(time.Time) string { return used },
		"half a recovery code":     func(time.Time) string { return nora.recovery[1][:9] },
		"two recovery codes":       func(time.Time) string { return nora.recovery[1] + nora.recovery[2] },
		"digits of another script": func(time.Time) string { return "٠١٢٣٤٥" },
		"a NUL in it":              func(now time.Time) string { return nora.code(t, now) + "\x00" },
		"broken UTF-8":             func(time.Time) string { return "\xff\xfe" },
		"a pattern":                func(time.Time) string { return "%%%%%%" },
		"an injection":             func(time.Time) string { return "' OR 1=1 --" },
		"a megabyte":               func(time.Time) string { return strings.Repeat("1", 1<<20) },
		"a newline in it":          func(now time.Time) string { return "\n" + nora.code(t, now) },
	} {
		t.Run(name, func(t *testing.T) {
			w.clock.pass(20 * time.Minute) // whatever is counted is forgotten
			token := w.signIn("nora")
			session := w.resolve(token)
			_, err := w.enter(session, code(w.clock.now()))
			w.refused(err, identity.ErrWrongCode)
			field(t, err, "code")
			if still := w.resolve(token); still.Stage != identity.StageSecondFactor {
				t.Errorf("now in stage %q", still.Stage)
			}
		})
	}
	lines := w.log(models.SecondFactorRefused)
	if len(lines) != 18 || lines[0].Tenant != w.north || lines[0].Details["email"] != "nora@north.example" {
		t.Errorf("%d refusals in the log: %+v", len(lines), lines[0])
	}
	if n := w.count("recovery_codes WHERE used_at IS NOT NULL"); n != 1 {
		t.Errorf("%d recovery codes are used", n)
	}
}

// ACC-11: after the right password alone a session permits one thing; the right code gives a full one under another token.
func TestSecondFactorAtSignIn(t *testing.T) {
	w := newWorld(t)
	nora := w.setUp("nora")
	var before time.Time
	w.scan(&before, `SELECT last_login_at FROM users WHERE email = 'nora@north.example'`)
	for name, code := range map[string]func() string{
		"the app's":                           func() string { return nora.code(t, w.clock.now()) },
		"of the step before":                  func() string { return nora.code(t, w.clock.now().Add(-30*time.Second)) },
		"of the step after":                   func() string { return nora.code(t, w.clock.now().Add(30*time.Second)) },
		"with a space":                        func() string { c := nora.code(t, w.clock.now()); return " " + c[:3] + " " + c[3:] + " " },
		"recovery code":                       func() string { return nora.recovery[0] },
		"recovery code without its hyphens":   func() string { return strings.ReplaceAll(nora.recovery[1], "-", "") },
		"recovery code in capitals, spaced":   func() string { return strings.ToUpper(strings.ReplaceAll(nora.recovery[2], "-", " ")) },
		"recovery code with spaces around it": func() string { return "  " + nora.recovery[3] + "\t" },
	} {
		t.Run(name, func(t *testing.T) {
			w.clock.pass(5 * time.Minute)
			in, err := w.trySignIn("nora@north.example", password)
			w.ok(err)
			session := w.resolve(in.Token)
			if in.Stage != identity.StageSecondFactor || !maps.Equal(session.Actor.Privileges, map[models.Privilege]bool{models.EnterSecondFactor: true}) {
				t.Fatalf("before the code: %q, %v", in.Stage, session.Actor.Privileges)
			}
			entered, err := w.enter(session, code())
			w.ok(err)
			w.opensNothing(in.Token)
			full := w.resolve(entered.Token)
			if entered.Stage != identity.StageFull || full.Stage != identity.StageFull || !full.Actor.Can(models.ManageSubAccounts) || full.ID != session.ID {
				t.Errorf("after the code: %+v", full)
			}
			if !full.ProvedAt.Equal(w.clock.now()) || !full.ExpiresAt.Equal(w.clock.now().Add(identity.SessionTTL)) {
				t.Errorf("proved at %v, expires at %v", full.ProvedAt, full.ExpiresAt)
			}
			if strings.HasPrefix(name, "recovery") != entered.ByRecovery {
				t.Errorf("by recovery: %v", entered.ByRecovery)
			}
			lines := w.log(models.SignedIn)
			last, first := lines[len(lines)-1], lines[len(lines)-2]
			if first.Details["stage"] != "second_factor" || last.Details["stage"] != "full" || last.Details["code"] == "" {
				t.Errorf("logged %+v, then %+v", first, last)
			}
			var at time.Time
			w.scan(&at, `SELECT last_login_at FROM users WHERE email = 'nora@north.example'`)
			if !at.After(before) {
				t.Error("that was no login")
			}
		})
	}
	full, err := w.enter(w.halfway("nora"), nora.recovery[9])
	w.ok(err)
	_, err = w.enter(w.resolve(full.Token), nora.recovery[8]) // nobody asked for it
	w.refused(err, identity.ErrNoSession)
	token := w.signIn("nora")
	w.clock.pass(identity.BetweenTTL)
	w.opensNothing(token)
}

// ACC-11: whoever knows the password tries ten codes in all their sessions, then none for a while. The owner is not kept out
// by that: a recovery code cannot be guessed, and opens.
func TestCodesAreLimitedPerUser(t *testing.T) {
	w := newWorld(t)
	nora := w.setUp("nora")
	tenWrong := func() {
		for range 2 {
			session := w.halfway("nora")
			for range 5 {
				if _, err := w.enter(session, "000000"); err == nil || errors.Is(err, identity.ErrTooManyTries) {
					t.Fatalf("got %v", err)
				}
			}
		}
	}
	tenWrong()
	_, err := w.enter(w.halfway("nora"), nora.code(t, w.clock.now()))
	w.refused(err, identity.ErrTooManyTries)
	sam := w.setUp("sam")
	_, err = w.enter(w.halfway("sam"), sam.code(t, w.clock.now()))
	w.ok(err)
	w.clock.pass(15 * time.Minute)
	_, err = w.enter(w.halfway("nora"), nora.code(t, w.clock.now()))
	w.ok(err)

	tenWrong()
	_, err = w.enter(w.halfway("nora"), "000000")
	w.refused(err, identity.ErrTooManyTries)
	_, err = w.enter(w.halfway("nora"), nora.recovery[0])
	w.ok(err)
}

// ACC-11: whoever has the machine helps the Admin whom nobody else can help.
func TestForgetSecondFactor(t *testing.T) {
	w := newWorld(t)
	w.refused(w.identity.ForgetSecondFactor(w.ctx, "nobody@operator.example"), identity.ErrNoSuchUser)
	w.refused(w.identity.ForgetSecondFactor(w.ctx, "ann@operator.example"), identity.ErrSecondFactorOff)
	w.setUp("ann")
	w.setUp("bob")
	token := w.signIn("ann")
	w.ok(w.identity.ForgetSecondFactor(w.ctx, " Ann@operator.example"))
	w.opensNothing(token)
	if w.resolve(w.signIn("ann")).Stage != identity.StageFull || w.count("second_factors") != 1 {
		t.Error("not reset, or not only hers")
	}
	if lines := w.log(models.SecondFactorReset); len(lines) != 1 || lines[0].User != models.NoID || lines[0].Details["email"] != "ann@operator.example" {
		t.Errorf("logged %+v", lines)
	}
}

// ACC-11: a code lets in once, however many try it at the same moment, each in a session of their own.
func TestCodeFiftyAtOnce(t *testing.T) {
	for name, code := range map[string]func(*world, app) string{
		"of the app":      func(w *world, a app) string { return a.code(w.T, w.clock.now()) },
		"a recovery code": func(w *world, a app) string { return a.recovery[4] },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			typed := code(w, w.setUp("nora"))
			sessions := make([]identity.Session, 50)
			for i := range sessions {
				sessions[i] = w.halfway("nora")
			}
			var let atomic.Int64
			var all sync.WaitGroup
			for _, session := range sessions {
				all.Go(func() {
					if _, err := w.enter(session, typed); err == nil {
						let.Add(1)
					}
				})
			}
			all.Wait()
			if let.Load() != 1 || w.count("sessions WHERE stage = 'full' AND user_id = $1", w.person["nora"].ID) != 2 { // the other set it up
				t.Errorf("let in %d times", let.Load())
			}
		})
	}
}

// ACC-11: one session, fifty codes at once: five are looked at, then it is over, also for a right one.
func TestFifthWrongCodeEndsTheSession(t *testing.T) {
	w := newWorld(t)
	nora := w.setUp("nora")
	session := w.halfway("nora")
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := w.enter(session, "aaaaa-aaaaa-aaaaa"); err == nil {
				t.Error("let in")
			}
		})
	}
	all.Wait()
	if lines := w.log(models.SecondFactorRefused); len(lines) != 5 || lines[4].Details["session"] != "ended" {
		t.Errorf("logged %+v", lines)
	}
	_, err := w.enter(session, nora.code(t, w.clock.now()))
	w.refused(err, identity.ErrNoSession)
	_, err = w.enter(w.halfway("nora"), nora.code(t, w.clock.now())) // whoever knows the password tries anew
	w.ok(err)
}

// ACC-11: setting up wants a code of the very app, ends the other sessions, and is told by mail. The database holds nothing
// with which codes could be made.
func TestSetUpSecondFactor(t *testing.T) {
	w := newWorld(t)
	elsewhere, token := w.signIn("clara"), w.signIn("clara")
	session := w.resolve(token)
	_, err := w.identity.SecondFactorSetup(w.ctx, session)
	w.refused(err, identity.ErrNoSetup)
	_, err = w.identity.ConfirmSecondFactor(w.ctx, session, "123456")
	w.refused(err, identity.ErrNoSetup)

	secret := func() string {
		w.ok(w.identity.StartSecondFactor(w.ctx, session))
		setup, err := w.identity.SecondFactorSetup(w.ctx, session)
		w.ok(err)
		if picture, err := setup.QR(); err != nil || !bytes.HasPrefix(picture, []byte("\x89PNG")) {
			t.Errorf("the picture: %v", err)
		}
		return strings.ReplaceAll(setup.Secret, " ", "")
	}
	dead := app{secret: secret()}
	live := app{secret: secret()}
	if dead.secret == live.secret || len(live.secret) != 32 {
		t.Errorf("secrets %q, %q", dead.secret, live.secret)
	}
	var row string
	w.scan(&row, `SELECT row_to_json(f)::text || encode(secret, 'escape') FROM second_factors f`)
	if strings.Contains(row, live.secret) {
		t.Error("the secret stands in the table")
	}
	for _, code := range []string{"", "000000", dead.code(t, w.clock.now()), live.code(t, w.clock.now().Add(-time.Hour))} {
		_, err := w.identity.ConfirmSecondFactor(w.ctx, session, code)
		w.refused(err, identity.ErrWrongCode)
		field(t, err, "code")
	}
	if w.resolve(token).SecondFactor || w.resolve(w.signIn("clara")).Stage != identity.StageFull {
		t.Error("an app that was never confirmed is asked for")
	}
	w.clock.pass(identity.SetupTTL)
	_, err = w.identity.ConfirmSecondFactor(w.ctx, session, live.code(t, w.clock.now()))
	w.refused(err, identity.ErrNoSetup)

	live = app{secret: secret()}
	codes, err := w.identity.ConfirmSecondFactor(w.ctx, session, live.code(t, w.clock.now()))
	w.ok(err)
	w.opensNothing(elsewhere)
	if !w.resolve(token).SecondFactor {
		t.Error("not on")
	}
	seen := map[string]bool{}
	for _, code := range codes {
		seen[code] = true
		if w.count("recovery_codes WHERE encode(code_hash, 'escape') LIKE '%' || $1 || '%'", code[:5]) > 0 {
			t.Error("a recovery code stands in the table")
		}
	}
	if len(seen) != 10 || len(codes[0]) != 17 {
		t.Errorf("recovery codes %v", codes)
	}
	if w.count("outbox WHERE recipient = 'clara@clinic.example' AND subject = 'Your authenticator app is set up'") != 1 || len(w.log(models.SecondFactorTurnedOn)) != 1 {
		t.Error("not told once")
	}
	w.refused(w.identity.StartSecondFactor(w.ctx, session), identity.ErrSecondFactorOn)
	_, err = w.identity.SecondFactorSetup(w.ctx, session)
	w.refused(err, identity.ErrSecondFactorOn) // what it is can't be shown again
	_, err = w.identity.ConfirmSecondFactor(w.ctx, session, live.code(t, w.clock.now()))
	w.refused(err, identity.ErrSecondFactorOn)
	_, err = w.enter(w.halfway("clara"), live.code(t, w.clock.now()))
	w.refused(err, identity.ErrWrongCode) // the code that confirmed it was taken

	w.exec(`UPDATE second_factors SET secret = (SELECT secret FROM second_factors WHERE user_id = $1), id = gen_random_uuid()`, w.person["clara"].ID)
	if _, err := w.enter(w.halfway("clara"), live.code(t, w.clock.now().Add(30*time.Second))); err == nil {
		t.Error("a secret opens in another row")
	}
}

// ACC-11: a sign-in under way when the second factor is turned on gives no session without it.
func TestSignInMeetsSecondFactor(t *testing.T) {
	w := newWorld(t)
	session := w.resolve(w.signIn("clara"))
	w.ok(w.identity.StartSecondFactor(w.ctx, session))
	setup, err := w.identity.SecondFactorSetup(w.ctx, session)
	w.ok(err)
	a := app{secret: strings.ReplaceAll(setup.Secret, " ", "")}
	done := false
	w.identity.Watch(func(hash func() []byte) []byte {
		key := hash()
		if !done { // after the user was read, before the session is made
			done = true
			_, err := w.identity.ConfirmSecondFactor(w.ctx, session, a.code(t, w.clock.now()))
			w.ok(err)
		}
		return key
	})
	_, err = w.trySignIn("clara@clinic.example", password)
	w.refused(err, identity.ErrWrongSignIn)
	if n := w.count("sessions WHERE user_id = $1", session.User.ID); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// ACC-11: new recovery codes kill the old ones; turned off, nothing is asked for and nothing is left.
func TestRecoveryCodesAndTurningOff(t *testing.T) {
	w := newWorld(t)
	hank := w.signIn("hank")
	_, err := w.identity.NewRecoveryCodes(w.ctx, w.resolve(hank))
	w.refused(err, identity.ErrSecondFactorOff)
	w.refused(w.identity.TurnOffSecondFactor(w.ctx, w.resolve(hank)), identity.ErrSecondFactorOff)

	clara := w.setUp("clara")
	entered, err := w.enter(w.halfway("clara"), clara.recovery[0])
	w.ok(err)
	if entered.RecoveryCodes != 9 {
		t.Errorf("%d are left", entered.RecoveryCodes)
	}
	session := w.resolve(entered.Token)
	fresh, err := w.identity.NewRecoveryCodes(w.ctx, session)
	w.ok(err)
	_, err = w.enter(w.halfway("clara"), clara.recovery[1])
	w.refused(err, identity.ErrWrongCode)
	_, err = w.enter(w.halfway("clara"), fresh[9])
	w.ok(err)
	if f, err := w.identity.SecondFactorOf(w.ctx, session); err != nil || !f.On || f.CodesLeft != 9 {
		t.Errorf("%+v, %v", f, err)
	}
	halfway := w.halfway("clara")
	w.ok(w.identity.TurnOffSecondFactor(w.ctx, session))
	if w.count("second_factors")+w.count("recovery_codes") != 0 || w.resolve(w.signIn("clara")).Stage != identity.StageFull {
		t.Error("something is left")
	}
	_, err = w.enter(halfway, fresh[0]) // a sign-in that waited for a code starts again
	w.refused(err, identity.ErrNoSession)
	if w.count("outbox WHERE subject = 'Your authenticator app was turned off'") != 1 || len(w.log(models.SecondFactorTurnedOff)) != 1 || len(w.log(models.RecoveryCodesMade)) != 1 {
		t.Error("not told once")
	}
}

// ACC-11, ACC-12: who may help somebody who has lost their phone, and who may not.
func TestResetSecondFactor(t *testing.T) {
	w := newWorld(t)
	w.user(w.north, w.clinic, "cleo@clinic.example", models.Member)
	actor := func(name string) models.Actor { return w.resolve(w.signIn(name)).Actor }
	ann, bob, nora, ned, clara, cleo := actor("ann"), actor("bob"), actor("nora"), actor("ned"), actor("clara"), actor("cleo")
	inClinic := w.resolve(w.access("nora", w.north, w.clinic)).Actor
	inNorth := w.resolve(w.access("ann", w.north, w.north)).Actor
	for _, name := range []string{"ann", "bob", "nora", "ned", "clara", "cleo", "hank", "sam"} {
		w.setUp(name)
	}
	for name, c := range map[string]struct {
		actor models.Actor
		user  string
		want  error
	}{
		"nobody there":                      {nora, "nobody", identity.ErrNoSuchUser},
		"a parent, another's user":          {nora, "sam", identity.ErrNoSuchUser},
		"a parent, staff":                   {nora, "ann", identity.ErrNoSuchUser},
		"a parent's Admin, themselves":      {nora, "nora", identity.ErrOwnSecondFactor},
		"a parent's User":                   {ned, "clara", models.ErrMissingPrivilege},
		"a parent's User, their Admin":      {ned, "nora", models.ErrMissingPrivilege},
		"a sub-account, upward":             {clara, "nora", identity.ErrNoSuchUser},
		"a sub-account, sideways":           {clara, "hank", identity.ErrNoSuchUser},
		"a sub-account's User":              {cleo, "clara", models.ErrMissingPrivilege},
		"inside, the entered account's":     {inClinic, "clara", identity.ErrNotWhileAccessing},
		"inside, upward":                    {inClinic, "ned", identity.ErrNoSuchUser},
		"inside, sideways":                  {inClinic, "hank", identity.ErrNoSuchUser},
		"staff inside, the entered one's":   {inNorth, "ned", identity.ErrNotWhileAccessing},
		"staff, a user of a sub-account":    {ann.In(w.north), "clara", models.ErrMissingPrivilege},
		"staff without the right":           {bob.In(w.north), "nora", models.ErrMissingPrivilege},
		"staff without the right, an Admin": {bob, "ann", models.ErrMissingPrivilege},
		"staff in the wrong tenant":         {ann.In(w.south), "nora", identity.ErrNoSuchUser},
	} {
		w.refused(w.identity.ResetSecondFactor(w.ctx, c.actor, w.person[c.user].ID), c.want)
		if n := w.count("second_factors WHERE confirmed_at IS NOT NULL"); n != 8 {
			t.Fatalf("%s: %d are left", name, n)
		}
	}
	for _, c := range []struct {
		actor models.Actor
		user  string
	}{
		{nora, "ned"}, {nora, "clara"}, {clara, "cleo"}, {ann.In(w.south), "sam"}, {ann, "bob"}, {ann.In(w.north), "nora"}, {inNorth, "hank"},
	} {
		u := w.person[c.user]
		token := w.signIn(c.user)
		w.ok(w.identity.ResetSecondFactor(w.ctx, c.actor, u.ID))
		w.opensNothing(token)
		if w.resolve(w.signIn(c.user)).Stage != identity.StageFull || w.count("recovery_codes WHERE user_id = $1", u.ID) != 0 {
			t.Errorf("%s is still asked for a code", c.user)
		}
		lines := w.log(models.SecondFactorReset)
		if last := lines[len(lines)-1]; last.User != c.actor.User || last.Details["email"] != u.Email || last.Tenant != u.TenantID {
			t.Errorf("%s: logged %+v", c.user, last)
		}
		if w.count("outbox WHERE recipient = $1 AND subject = 'Your authenticator app was reset'", u.Email) != 1 {
			t.Errorf("%s was not told", c.user)
		}
	}
	w.refused(w.identity.ResetSecondFactor(w.ctx, nora, w.person["ned"].ID), identity.ErrSecondFactorOff)
}

// ACC-12: nobody does anything to a sign-in, their own or another's, out of an account that is not theirs; nor in half a
// session.
func TestOwnSignInOnlyAtHome(t *testing.T) {
	w := newWorld(t)
	inside := w.resolve(w.access("nora", w.north, w.clinic))
	kim, err := w.trySignIn("kim@kiosk.example", oneTime)
	w.ok(err)
	for session, want := range map[*identity.Session]error{&inside: identity.ErrNotWhileAccessing, ptr(w.resolve(kim.Token)): identity.ErrNoSession} {
		for name, do := range map[string]func() error{
			"SecondFactorOf":      func() error { _, err := w.identity.SecondFactorOf(w.ctx, *session); return err },
			"StartSecondFactor":   func() error { return w.identity.StartSecondFactor(w.ctx, *session) },
			"SecondFactorSetup":   func() error { _, err := w.identity.SecondFactorSetup(w.ctx, *session); return err },
			"ConfirmSecondFactor": func() error { _, err := w.identity.ConfirmSecondFactor(w.ctx, *session, "123456"); return err },
			"NewRecoveryCodes":    func() error { _, err := w.identity.NewRecoveryCodes(w.ctx, *session); return err },
			"TurnOffSecondFactor": func() error { return w.identity.TurnOffSecondFactor(w.ctx, *session) },
			"ChangePassword": func() error {
				_, err := w.identity.ChangePassword(w.ctx, *session, password, "another long password")
				return err
			},
			"SessionsOf":           func() error { _, _, err := w.identity.SessionsOf(w.ctx, *session); return err },
			"EndSession":           func() error { return w.identity.EndSession(w.ctx, *session, session.ID) },
			"EndOtherSessions":     func() error { _, err := w.identity.EndOtherSessions(w.ctx, *session); return err },
			"EnterCode (no stage)": func() error { _, err := w.enter(*session, "123456"); return ifNoSession(err, want) },
		} {
			if err := do(); err == nil || err.Error() != want.Error() {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
	}
	if w.count("second_factors") != 0 {
		t.Error("something was written")
	}
}

func ptr[T any](v T) *T { return &v }

// ifNoSession is want where err is ErrNoSession: the refusal of those who are not in the stage, wherever they are.
func ifNoSession(err, want error) error {
	if err == identity.ErrNoSession {
		return want
	}
	return err
}
