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

const another = "six other words, nobody knows them"

// ACC-11: what is no new password, and who may not choose one; nothing has changed afterwards.
func TestChangePasswordRefused(t *testing.T) {
	w := newWorld(t)
	token := w.signIn("clara")
	elsewhere := w.signIn("clara")
	for name, c := range map[string]struct{ current, password, field string }{
		"a wrong current one": {"wrong", another, "current"},
		"none":                {"", another, "current"},
		"too short":           {password, "fourteen chars", "password"},
		"nothing":             {password, "", "password"},
		"the same":            {password, password, "password"},
		"the e-mail":          {password, "clara@clinic.example", "password"},
		"the account's name":  {password, "Clinic Clinic Clinic", "password"},
		"control characters":  {password, "fifteen\x00characters", "password"},
		"too long":            {password, strings.Repeat("a b", 500), "password"},
	} {
		w.exec(`UPDATE sessions SET wrong_tries = 0`)
		_, err := w.identity.ChangePassword(w.ctx, w.resolve(token), c.current, c.password)
		if field(t, err, c.field); errors.Is(err, identity.ErrWrongPassword) != (c.field == "current") {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.resolve(token)
	w.resolve(elsewhere)
	w.signIn("clara")
	if n := w.count("outbox"); n != 0 {
		t.Errorf("%d mails", n)
	}
}

// ACC-11: a changed password ends all other sessions, gives this one another token, is told by mail and logged once.
func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	token, elsewhere, hank := w.signIn("clara"), w.signIn("clara"), w.signIn("hank")
	w.clock.pass(time.Hour)
	session := w.resolve(token)
	fresh, err := w.identity.ChangePassword(w.ctx, session, password, another)
	w.ok(err)
	w.opensNothing(token)
	w.opensNothing(elsewhere)
	w.resolve(hank)
	now := w.resolve(fresh)
	if now.ID != session.ID || now.Stage != identity.StageFull || !now.ExpiresAt.Equal(session.ExpiresAt) || !now.ProvedAt.Equal(w.clock.now()) {
		t.Errorf("goes on as %+v", now)
	}
	_, err = w.trySignIn("clara@clinic.example", password)
	w.refused(err, identity.ErrWrongSignIn)
	if in, err := w.trySignIn("clara@clinic.example", another); err != nil || in.Stage != identity.StageFull {
		t.Errorf("the new password: %+v, %v", in, err)
	}
	if lines := w.log(models.PasswordSet); len(lines) != 1 || lines[0].Account != w.clinic || lines[0].User != session.User.ID {
		t.Errorf("logged %+v", lines)
	}
	if w.count("outbox WHERE recipient = 'clara@clinic.example' AND subject = 'Your password was changed'") != 1 {
		t.Error("not told by mail")
	}
	var kept string
	w.scan(&kept, `SELECT coalesce(string_agg(x::text, ''), '') FROM (SELECT row_to_json(l)::text FROM action_log l UNION ALL SELECT row_to_json(o)::text FROM outbox o) x`)
	if strings.Contains(kept, another) || strings.Contains(kept, password) {
		t.Error("a password is kept")
	}
	_, err = w.identity.ChangePassword(w.ctx, session, another, "yet another long password") // the old token's session
	w.refused(err, identity.ErrNoSession)
}

// ACC-11: fifty changes at once in one session: one password comes of it.
func TestChangePasswordFiftyAtOnce(t *testing.T) {
	w := newWorld(t)
	session := w.resolve(w.signIn("clara"))
	var changed atomic.Int64
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if _, err := w.identity.ChangePassword(w.ctx, session, password, another+strings.Repeat("!", i)); err == nil {
				changed.Add(1)
			}
		})
	}
	all.Wait()
	if changed.Load() != 1 || len(w.log(models.PasswordSet)) != 1 || w.count("sessions") != 1 {
		t.Errorf("changed %d times", changed.Load())
	}
}

// ACC-11: the fifth wrong password ends the session in which it was typed, and the access that it was in; nobody else's.
func TestFifthWrongPasswordEndsTheSession(t *testing.T) {
	w := newWorld(t)
	other := w.signIn("nora")
	token := w.access("nora", w.north, w.clinic)
	session := w.resolve(token)
	for range 4 {
		err := w.identity.ConfirmPassword(w.ctx, session, "wrong")
		w.refused(err, identity.ErrWrongPassword)
		field(t, err, "password")
	}
	w.resolve(token)
	w.refused(w.identity.ConfirmPassword(w.ctx, session, "wrong"), identity.ErrSignInAgain)
	w.opensNothing(token)
	w.refused(w.identity.ConfirmPassword(w.ctx, session, password), identity.ErrNoSession)
	w.resolve(other)
	if w.count("accesses WHERE ended_at IS NULL") != 0 || len(w.log(models.PasswordRefused)) != 5 {
		t.Error("the access goes on, or the log is wrong")
	}
}

// ACC-11: a password that was right counts as proof from now on, and forgives those that were wrong; in another account it
// is still one's own.
func TestConfirmPassword(t *testing.T) {
	w := newWorld(t)
	token := w.access("nora", w.north, w.clinic)
	began := w.resolve(token).ProvedAt
	if !began.Equal(w.clock.now()) {
		t.Fatalf("proved at %v", began)
	}
	for range 3 {
		w.clock.pass(9 * time.Minute)
		for range 4 {
			w.refused(w.identity.ConfirmPassword(w.ctx, w.resolve(token), another), identity.ErrWrongPassword)
		}
		if !w.resolve(token).ProvedAt.Equal(began) {
			t.Error("a wrong password is a proof")
		}
		w.ok(w.identity.ConfirmPassword(w.ctx, w.resolve(token), password))
		began = w.resolve(token).ProvedAt
	}
	if got := w.resolve(token); !got.ProvedAt.Equal(w.clock.now()) || got.Actor.Access == nil {
		t.Errorf("afterwards %+v", got)
	}
	kim, err := w.trySignIn("kim@kiosk.example", oneTime)
	w.ok(err)
	w.refused(w.identity.ConfirmPassword(w.ctx, w.resolve(kim.Token), oneTime), identity.ErrNoSession)
}

// handOver gives one of the people a password that somebody else chose.
func (w *world) handOver(name string) {
	w.Helper()
	hash, err := w.identity.HashPassword(w.ctx, oneTime)
	w.ok(err)
	u := w.person[name]
	w.change(models.System(u.TenantID), func(_ context.Context, tx *store.Tx) error {
		identity.SetPassword(tx, u.ID, hash, true)
		return nil
	})
}

// ACC-5, ACC-11: with a password that somebody else chose one can do one thing: choose another. It is not the same again.
func TestHandedOverPassword(t *testing.T) {
	w := newWorld(t)
	w.handOver("clara")
	_, err := w.trySignIn("clara@clinic.example", password)
	w.refused(err, identity.ErrWrongSignIn)
	in, err := w.trySignIn("clara@clinic.example", oneTime)
	w.ok(err)
	session := w.resolve(in.Token)
	if in.Stage != identity.StageNewPassword || !maps.Equal(session.Actor.Privileges, map[models.Privilege]bool{models.ChoosePassword: true}) {
		t.Fatalf("stage %q, may %v", in.Stage, session.Actor.Privileges)
	}
	for _, bad := range []string{"", "too short", oneTime, "clara@clinic.example"} {
		_, err := w.identity.ChooseNewPassword(w.ctx, session, bad)
		field(t, err, "password")
	}
	_, err = w.identity.ChooseNewPassword(w.ctx, w.resolve(w.signIn("hank")), another)
	w.refused(err, identity.ErrNoSession) // of somebody whom nobody asks for it

	var chosen atomic.Int64
	var token identity.Token
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if got, err := w.identity.ChooseNewPassword(w.ctx, session, another+strings.Repeat(".", i)); err == nil {
				chosen.Add(1)
				token = got
			}
		})
	}
	all.Wait()
	if chosen.Load() != 1 {
		t.Fatalf("chosen %d times", chosen.Load())
	}
	w.opensNothing(in.Token)
	if got := w.resolve(token); got.Stage != identity.StageFull || got.User.LastLoginAt == nil || !got.Actor.Can(models.ViewAccount) {
		t.Errorf("afterwards %+v", got)
	}
	_, err = w.trySignIn("clara@clinic.example", oneTime)
	w.refused(err, identity.ErrWrongSignIn)
}

// ACC-5: a handed-over password lasts two weeks from when it was set; then its refusal says whom to ask, and only to whoever
// knows it.
func TestHandedOverPasswordExpires(t *testing.T) {
	w := newWorld(t)
	w.clock.pass(40 * 24 * time.Hour) // the user is older than that
	w.handOver("clara")
	w.clock.pass(identity.HandedOverTTL - time.Microsecond)
	if in, err := w.trySignIn("clara@clinic.example", oneTime); err != nil || in.Stage != identity.StageNewPassword {
		t.Fatalf("%+v, %v", in, err)
	}
	w.clock.pass(time.Microsecond)
	_, err := w.trySignIn("clara@clinic.example", "wrong")
	w.refused(err, identity.ErrWrongSignIn)
	_, err = w.trySignIn("clara@clinic.example", oneTime)
	w.refused(err, identity.ErrPasswordExpired)
	if lines := w.log(models.SignInRefused); lines[len(lines)-1].Details["why"] != "password_expired" {
		t.Errorf("logged %+v", lines)
	}
	w.exec(`UPDATE users SET password_set_at = NULL`) // set by the program's previous version: counted from the user's beginning
	_, err = w.trySignIn("clara@clinic.example", oneTime)
	w.refused(err, identity.ErrPasswordExpired)
	w.signIn("hank") // one's own password is not counted
}

// ACC-5, ACC-11: the second factor comes first: whoever was handed a password gets no further with it alone.
func TestHandedOverPasswordAndSecondFactor(t *testing.T) {
	w := newWorld(t)
	clara := w.setUp("clara")
	w.handOver("clara")
	in, err := w.trySignIn("clara@clinic.example", oneTime)
	w.ok(err)
	session := w.resolve(in.Token)
	_, err = w.identity.ChooseNewPassword(w.ctx, session, another)
	w.refused(err, identity.ErrNoSession)
	entered, err := w.enter(session, clara.code(t, w.clock.now()))
	w.ok(err)
	next := w.resolve(entered.Token)
	if entered.Stage != identity.StageNewPassword || next.Actor.Can(models.ViewAccount) {
		t.Fatalf("stage %q, may %v", entered.Stage, next.Actor.Privileges)
	}
	token, err := w.identity.ChooseNewPassword(w.ctx, next, another)
	w.ok(err)
	if w.resolve(token).Stage != identity.StageFull {
		t.Error("not let in")
	}
	w.opensNothing(entered.Token)
}

// ACC-11: everybody sees and ends their own sessions and nobody else's, whatever id they name.
func TestOwnSessions(t *testing.T) {
	w := newWorld(t)
	w.user(w.north, w.clinic, "cleo@clinic.example", models.Member)
	clara, second, cleo, hank, sam := w.signIn("clara"), w.signIn("clara"), w.signIn("cleo"), w.signIn("hank"), w.signIn("sam")
	expired := w.signIn("clara")
	w.exec(`UPDATE sessions SET expires_at = $1 WHERE id = $2`, w.clock.now(), w.resolve(expired).ID)
	session := w.resolve(clara)
	lines, more, err := w.identity.SessionsOf(w.ctx, session)
	w.ok(err)
	if len(lines) != 2 || more || lines[0].ID != session.ID || !lines[0].This || lines[1].ID != w.resolve(second).ID || lines[1].This ||
		lines[1].UserAgent != "Test" || lines[1].IP != "192.0.2.7" {
		t.Errorf("lists %+v", lines)
	}
	for name, id := range map[string]models.ID{
		"of the same account": w.resolve(cleo).ID, "of the same tenant": w.resolve(hank).ID, "of another tenant": w.resolve(sam).ID,
		"of nobody": models.NewID(), "nothing": models.NoID,
	} {
		before := w.count("sessions")
		w.refused(w.identity.EndSession(w.ctx, session, id), identity.ErrNoSuchSession)
		if w.count("sessions") != before || len(w.log(models.SessionsEnded)) != 0 {
			t.Errorf("%s: something has changed", name)
		}
	}
	w.ok(w.identity.EndSession(w.ctx, session, w.resolve(second).ID))
	w.opensNothing(second)
	w.refused(w.identity.EndSession(w.ctx, session, lines[1].ID), identity.ErrNoSuchSession)

	w.signIn("clara")
	third := w.signIn("clara")
	n, err := w.identity.EndOtherSessions(w.ctx, session)
	w.ok(err)
	if n != 3 { // the expired one, which was not swept yet, too
		t.Errorf("ended %d", n)
	}
	w.opensNothing(third)
	for _, token := range []identity.Token{clara, cleo, hank, sam} {
		w.resolve(token)
	}
	if n, err := w.identity.EndOtherSessions(w.ctx, session); n != 0 || err != nil {
		t.Errorf("once more: %d, %v", n, err)
	}
	if lines := w.log(models.SessionsEnded); len(lines) != 2 || lines[0].User != session.User.ID {
		t.Errorf("logged %+v", lines)
	}
}

// ACC-11, ACC-12: a session that is ended elsewhere leaves the account that it was in, also in the log.
func TestEndedSessionLeavesTheAccount(t *testing.T) {
	w := newWorld(t)
	home := w.resolve(w.signIn("ann"))
	inside := w.access("ann", w.north, w.clinic)
	w.ok(w.identity.EndSession(w.ctx, home, w.resolve(inside).ID))
	w.opensNothing(inside)
	lines := w.log(models.AccessEnded)
	if len(lines) != 1 || lines[0].Tenant != w.north || lines[0].Account != w.clinic || lines[0].Details["how"] != "signed_out" || w.count("accesses WHERE ended_at IS NULL") != 0 {
		t.Errorf("logged %+v", lines)
	}
}
