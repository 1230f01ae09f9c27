package identity_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/store"
)

// ACC-11: a token is exactly what was given out; anything like it opens nothing.
func TestTokenRefused(t *testing.T) {
	w := newWorld(t)
	token := string(w.signIn("nora"))
	raw, err := base64.RawURLEncoding.DecodeString(token)
	w.ok(err)
	if len(token) != 64 || len(raw) != 48 || models.ID(raw[:16]) != w.north {
		t.Fatalf("a token of another shape: %q", token)
	}
	encode := base64.RawURLEncoding.EncodeToString
	with := func(tenant models.ID, secret []byte) string { return encode(append(tenant[:], secret...)) }
	secret := raw[16:]
	var hash []byte
	w.scan(&hash, `SELECT token_hash FROM sessions`)
	flipped := bytes.Clone(secret)
	flipped[31] ^= 1
	for name, bad := range map[string]string{
		"nothing":                    "",
		"a space":                    " ",
		"cut short":                  token[:63],
		"one more":                   token + "A",
		"space around it":            " " + token + " ",
		"a line break in it":         token[:32] + "\n" + token[32:],
		"a line break for a letter":  token[:63] + "\n",
		"only line breaks":           strings.Repeat("\n", 64),
		"padded":                     token + "=",
		"the other base64":           strings.NewReplacer("-", "+", "_", "/").Replace(token[:63]) + "+",
		"hexadecimal":                fmt.Sprintf("%x", raw),
		"twice":                      token + token,
		"without the tenant":         encode(secret),
		"the tenant alone":           with(w.north, nil),
		"another tenant":             with(w.south, secret),
		"the operator":               with(w.operator, secret),
		"no tenant":                  with(models.NoID, secret),
		"a tenant that is not there": with(models.NewID(), secret),
		"one bit of the secret":      with(w.north, flipped),
		"the hash from the table":    with(w.north, hash),
		"zeros":                      with(w.north, make([]byte, 32)),
		"the session's own id":       w.resolve(identity.Token(token)).ID.String(),
		"a NUL":                      token[:63] + "\x00",
		"broken UTF-8":               token[:63] + "\xff",
		"letters of another script":  strings.Repeat("а", 32),
		"a pattern":                  strings.Repeat("%", 64),
		"a megabyte":                 strings.Repeat("A", 1<<20),
		"an injection":               "' OR '1'='1",
	} {
		t.Run(name, func(t *testing.T) {
			if bad == token {
				t.Fatal("this is the token itself")
			}
			if _, err := w.identity.Resolve(w.ctx, identity.Token(bad)); err != identity.ErrNoSession {
				t.Fatalf("got %v", err)
			}
		})
	}
	w.resolve(identity.Token(token))
}

// ACC-11: who reads the table, or the program's log, can open nothing.
func TestTokenNotKept(t *testing.T) {
	w := newWorld(t)
	token := w.signIn("nora")
	raw, err := base64.RawURLEncoding.DecodeString(string(token))
	w.ok(err)
	var row string
	w.scan(&row, `SELECT row_to_json(s)::text FROM sessions s`)
	for _, secret := range []string{string(token), fmt.Sprintf("%x", raw[16:]), base64.StdEncoding.EncodeToString(raw[16:])} {
		if strings.Contains(row, secret) {
			t.Errorf("the row holds %s: %s", secret, row)
		}
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("request", "cookie", token)
	if strings.Contains(out.String(), string(token)) || !strings.Contains(out.String(), "[token]") {
		t.Errorf("logged %s", out.String())
	}
}

// ACC-9, ACC-11: what ends a session ends it with the next request, for every copy of the cookie, and nobody else's. What
// only stopped the account gives it back when that is taken back; what deleted the session never does.
func TestSessionEnds(t *testing.T) {
	w := newWorld(t)
	clara := w.person["clara"]
	delete := func(tenant models.ID, do func(*store.Tx)) func(identity.Session) {
		return func(identity.Session) {
			w.change(models.System(tenant), func(_ context.Context, tx *store.Tx) error { do(tx); return nil })
		}
	}
	status := func(account models.ID, status models.AccountStatus) func(identity.Session) {
		return func(identity.Session) { w.status(account, status) }
	}
	var hash string
	w.scan(&hash, `SELECT password_hash FROM users WHERE id = $1`, clara.ID)
	for name, c := range map[string]struct {
		end       func(identity.Session)
		comesBack bool // once everything is as it was
	}{
		"signed out":     {func(s identity.Session) { w.ok(w.identity.SignOut(w.ctx, s)) }, false},
		"of the account": {delete(w.north, func(tx *store.Tx) { identity.EndSessionsOfAccount(tx, w.clinic) }), false},
		"of the tenant":  {delete(w.north, identity.EndSessionsOfTenant), false},
		"of the user":    {delete(w.north, func(tx *store.Tx) { identity.EndSessionsOfUser(tx, clara.ID, models.NoID) }), false},
		"new password":   {delete(w.north, func(tx *store.Tx) { identity.SetPassword(tx, clara.ID, "$x", false) }), false},
		"expired": {func(identity.Session) {
			w.exec(`UPDATE sessions SET expires_at = $1 WHERE user_id = $2`, w.clock.now(), clara.ID)
		}, false},
		"user disabled":       {func(identity.Session) { w.exec(`UPDATE users SET disabled_at = now() WHERE id = $1`, clara.ID) }, true},
		"account deactivated": {status(w.clinic, models.Deactivated), true},
		"account deleted":     {status(w.clinic, models.Deleted), true},
		"account pending":     {status(w.clinic, models.Pending), true},
		"parent deactivated":  {status(w.north, models.Deactivated), true},
		"parent deleted":      {status(w.north, models.Deleted), true},
	} {
		t.Run(name, func(t *testing.T) {
			token, sam, ann := w.signIn("clara"), w.signIn("sam"), w.signIn("ann")
			c.end(w.resolve(token))
			w.opensNothing(token)
			w.resolve(sam)
			w.resolve(ann)
			w.status(w.clinic, models.Active)
			w.status(w.north, models.Active)
			w.exec(`UPDATE users SET disabled_at = NULL, password_hash = $2 WHERE id = $1`, clara.ID, hash)
			if _, err := w.identity.Resolve(w.ctx, token); (err == nil) != c.comesBack {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// ACC-11: a session lasts twelve hours from sign-in, and no longer for being used.
func TestSessionExpires(t *testing.T) {
	w := newWorld(t)
	token := w.signIn("clara")
	for range 11 {
		w.clock.pass(time.Hour)
		w.resolve(token)
	}
	w.clock.pass(time.Hour - time.Microsecond)
	w.resolve(token)
	w.clock.pass(time.Microsecond)
	w.opensNothing(token)
}

// ACC-11: signing out is logged once, and doing it again is no error and no second line.
func TestSignOutTwice(t *testing.T) {
	w := newWorld(t)
	token := w.signIn("clara")
	session := w.resolve(token)
	session.Actor.Request = "req-2"
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := w.identity.SignOut(w.ctx, session); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w.opensNothing(token)
	lines := w.log(models.SignedOut)
	if len(lines) != 1 || lines[0].Account != w.clinic || lines[0].User != session.User.ID || lines[0].Request != "req-2" {
		t.Errorf("logged %+v", lines)
	}
}

// ACC-11: ending sessions of one user, account or tenant leaves all others alone, and the one that is to stay.
func TestEndSessionsOfOthersStay(t *testing.T) {
	w := newWorld(t)
	clara, clara2, hank, nora, sam := w.signIn("clara"), w.signIn("clara"), w.signIn("hank"), w.signIn("nora"), w.signIn("sam")
	end := func(tenant models.ID, do func(*store.Tx)) {
		w.change(models.System(tenant), func(_ context.Context, tx *store.Tx) error { do(tx); return nil })
	}
	end(w.south, func(tx *store.Tx) { // another tenant's ids
		identity.EndSessionsOfUser(tx, w.person["clara"].ID, models.NoID)
		identity.EndSessionsOfAccount(tx, w.clinic)
	})
	w.resolve(clara)
	end(w.north, func(tx *store.Tx) { identity.EndSessionsOfUser(tx, w.person["clara"].ID, w.resolve(clara2).ID) })
	w.opensNothing(clara)
	w.resolve(clara2)
	end(w.north, func(tx *store.Tx) { identity.EndSessionsOfAccount(tx, w.clinic) })
	w.opensNothing(clara2)
	w.resolve(hank)
	end(w.north, identity.EndSessionsOfTenant)
	w.opensNothing(hank)
	w.opensNothing(nora)
	w.resolve(sam)
}

// ACC-4: an activation session is over after an hour, and when the account is active; the session that the chosen
// password gives is another one.
func TestActivationSession(t *testing.T) {
	w := newWorld(t)
	kim := w.person["kim"]
	sign := func() identity.Token {
		in, err := w.trySignIn(kim.Email, oneTime)
		w.ok(err)
		return in.Token
	}
	late := sign()
	w.clock.pass(identity.ActivationTTL)
	w.opensNothing(late)
	dropped := sign()
	w.exec(`UPDATE accounts SET status = 'active' WHERE id = $1`, w.kiosk)
	w.opensNothing(dropped)
	w.exec(`UPDATE accounts SET status = 'pending' WHERE id = $1`, w.kiosk)

	activating := sign()
	hash, err := w.identity.HashPassword(w.ctx, password)
	w.ok(err)
	var token identity.Token
	w.change(models.System(w.north), func(_ context.Context, tx *store.Tx) error {
		tx.Queue(`UPDATE accounts SET status = 'active' WHERE tenant_id = $1 AND id = $2`, w.north, w.kiosk)
		identity.SetPassword(tx, kim.ID, hash, false)
		token = identity.StartSession(tx, kim, identity.StageFull, identity.Origin{IP: strings.Repeat("1", 100),
			UserAgent: strings.Repeat("é", 400) + "\x00\xff"})
		return nil
	})
	w.opensNothing(activating)
	session := w.resolve(token)
	if session.Stage != identity.StageFull || !session.Actor.Can(models.ViewAccount) || session.User.LastLoginAt == nil {
		t.Errorf("after activation: %+v", session)
	}
	if in, err := w.trySignIn(kim.Email, password); err != nil || in.Stage != identity.StageFull {
		t.Errorf("the chosen password: %+v, %v", in, err)
	}
	_, err = w.trySignIn(kim.Email, oneTime)
	w.refused(err, identity.ErrWrongSignIn)
}

// PRV-1, ACC-11: what a person may do is read anew at every request; nothing is kept in the session.
func TestPrivilegesAreFresh(t *testing.T) {
	w := newWorld(t)
	clara, nora, ned, bob, ann := w.signIn("clara"), w.signIn("nora"), w.signIn("ned"), w.signIn("bob"), w.signIn("ann")
	same := func(token identity.Token, want map[models.Privilege]bool) {
		t.Helper()
		if got := w.resolve(token).Actor.Privileges; !reflect.DeepEqual(got, want) {
			t.Errorf("may %v, want %v", got, want)
		}
	}
	same(ann, models.PrivilegesOf(models.Operator, models.Admin, nil))
	same(bob, models.PrivilegesOf(models.Operator, models.Member, nil))
	same(nora, models.PrivilegesOf(models.Parent, models.Admin, nil))
	same(ned, models.PrivilegesOf(models.Parent, models.Member, nil))
	same(clara, sub(models.ViewSenderIDs)(models.ManageAudience))
	w.exec(`UPDATE users SET role = 'user' WHERE email = 'nora@north.example'`)
	same(nora, models.PrivilegesOf(models.Parent, models.Member, nil))
	w.exec(`DELETE FROM privileges`)
	same(clara, sub(models.ViewSenderIDs, models.ViewAudience)())
	w.exec(`INSERT INTO privileges VALUES ($1, $2, $3), ($1, $2, $4), ($1, $2, $5)`, w.north, w.clinic, string(models.APIApps),
		string(models.BillingPayments), string(models.ManageSubAccounts)) // the last is nothing that can be granted
	same(clara, sub(models.ViewSenderIDs, models.ViewAudience)(models.APIApps, models.BillingPayments))
	w.exec(`DELETE FROM privileges`)
	w.exec(`INSERT INTO groups (tenant_id, id, account_id, name, created_at) VALUES ($1, $2, $3, 'Own', now())`, w.north, models.NewID(), w.clinic)
	same(clara, sub(models.ViewSenderIDs)())
	w.exec(`INSERT INTO sharings (tenant_id, kind, id, setting, changed_at) VALUES ($1, 'sender_id', $2, 'public', now())`, w.north, models.NewID())
	same(clara, sub()())
	w.exec(`UPDATE groups SET deleted_at = now()`)
	w.exec(`UPDATE sharings SET setting = 'only_me'`)
	same(clara, sub(models.ViewSenderIDs, models.ViewAudience)())
}

// sub is what an Admin of a sub-account may with something granted, less the pages where it would find nothing.
func sub(nothingOn ...models.Privilege) func(granted ...models.Privilege) map[models.Privilege]bool {
	return func(granted ...models.Privilege) map[models.Privilege]bool {
		can := models.PrivilegesOf(models.Sub, models.Admin, granted)
		for _, p := range nothingOn {
			delete(can, p)
		}
		return can
	}
}

// PRV-4: each part of the menu, narrowed by the parent, takes away what is done there, or that and what is seen there, and
// nothing else; an open session has it at its next request. A draft takes nothing away.
func TestNarrowedFeatures(t *testing.T) {
	w := newWorld(t)
	clara, nora := w.signIn("clara"), w.signIn("nora")
	for _, g := range models.GrantablePrivileges {
		w.exec(`INSERT INTO privileges VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, w.north, w.clinic, string(g.Privilege))
	}
	everything, parents := w.resolve(clara).Actor.Privileges, w.resolve(nora).Actor.Privileges
	for _, f := range models.MenuFeatures {
		if len(f.View) == 0 {
			t.Errorf("%s has nothing to see", f.Label)
		}
		w.exec(`INSERT INTO feature_access (tenant_id, account_id, feature, access, draft) VALUES ($1, $2, $3, 'full', 'hidden')`, w.north, w.clinic, f.Key)
		for _, to := range []models.FeatureAccess{models.FullAccess, models.ViewAccess, models.HiddenAccess} {
			w.exec(`UPDATE feature_access SET access = $1`, string(to))
			want := map[models.Privilege]bool{}
			for p := range everything {
				change, view := slices.Contains(f.Change, p), slices.Contains(f.View, p)
				if to == models.FullAccess || !change && !view || view && to == models.ViewAccess {
					want[p] = true
				}
			}
			if got := w.resolve(clara).Actor.Privileges; !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s: may %v, want %v", f.Label, to.Label(), got, want)
			}
		}
		// a parent narrows its sub-accounts, never itself
		w.exec(`INSERT INTO feature_access (tenant_id, account_id, feature, access) VALUES ($1, $1, $2, 'hidden')`, w.north, f.Key)
		if got := w.resolve(nora).Actor.Privileges; !reflect.DeepEqual(got, parents) {
			t.Errorf("%s hidden from the parent itself: %v", f.Label, got)
		}
		w.exec(`DELETE FROM feature_access`)
	}
	w.exec(`INSERT INTO feature_access (tenant_id, account_id, feature, access) VALUES ($1, $2, 'what is not there any more', 'hidden')`, w.north, w.clinic)
	if got := w.resolve(clara).Actor.Privileges; !reflect.DeepEqual(got, everything) {
		t.Error("a part that is not there any more:", got)
	}
}

// ACC-11: a session knows its person, their account and its parent completely.
func TestSessionIsComplete(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE accounts SET contact_name = 'C. ' || name, email = lower(name) || '@x.example', mobile = '+49301234' || length(name),
		country = 'JO', time_zone = 'Asia/Amman', currency = 'JOD', status_reason = 'r ' || name, sub_accounts_enabled = created_at - interval '1 day',
		version = 7, activated_at = created_at - interval '2 days',
		trial_ends_at = CASE WHEN kind = 'sub' THEN created_at + interval '3 days' END, funding = CASE WHEN kind = 'sub' THEN 'shared' ELSE '' END,
		plan = CASE WHEN kind = 'parent' THEN 'post_pay' ELSE '' END`)
	w.exec(`UPDATE users SET name = 'Clara Klein' WHERE email LIKE 'clara@%'`)
	w.ok(w.identity.SetFlash(w.ctx, w.resolve(w.signIn("nora")), "nobody else's"))
	session := w.resolve(w.signIn("clara"))
	now := w.clock.now()
	for got, want := range map[*models.Account]models.Account{
		&session.Home:    {ID: w.clinic, Kind: models.Sub, Name: "Clinic", Mobile: "+493012346", Funding: models.SharedBalance},
		&session.Account: {ID: w.clinic, Kind: models.Sub, Name: "Clinic", Mobile: "+493012346", Funding: models.SharedBalance},
		&session.Parent:  {ID: w.north, Kind: models.Parent, Name: "North", Mobile: "+493012345", Plan: models.PostPay},
	} {
		enabled, activated := now.Add(-24*time.Hour), now.Add(-48*time.Hour)
		want.TenantID, want.ContactName, want.Email = w.north, "C. "+want.Name, strings.ToLower(want.Name)+"@x.example"
		want.Country, want.TimeZone, want.Currency = "JO", "Asia/Amman", "JOD"
		want.Status, want.StatusReason, want.Version = models.Active, "r "+want.Name, 7
		want.CreatedAt, want.SubAccountsEnabled, want.ActivatedAt = now, &enabled, &activated
		got.CreatedAt = got.CreatedAt.UTC()
		if got.SubAccountsEnabled == nil || got.ActivatedAt == nil || !got.SubAccountsEnabled.Equal(enabled) || !got.ActivatedAt.Equal(activated) {
			t.Fatalf("got %+v", *got)
		}
		got.SubAccountsEnabled, got.ActivatedAt = &enabled, &activated
		if trial := now.Add(72 * time.Hour); want.Kind == models.Sub && got.TrialEndsAt != nil && got.TrialEndsAt.Equal(trial) {
			want.TrialEndsAt = got.TrialEndsAt
		} else if want.Kind == models.Sub {
			t.Errorf("its trial ends at %v, not %v", got.TrialEndsAt, trial)
		}
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("got  %+v\nwant %+v", *got, want)
		}
		// a field that this test does not fill would be one that Resolve may forget
		for i := range reflect.TypeFor[models.Account]().NumField() {
			f := reflect.TypeFor[models.Account]().Field(i).Name
			if reflect.ValueOf(want).Field(i).IsZero() && f != "Funding" && f != "Plan" && f != "TrialEndsAt" && f != "StaffAccessOff" { // the last is a parent's, and tested there
				t.Errorf("the test leaves %s empty", f)
			}
		}
	}
	u := session.User
	if u.LastLoginAt == nil || !u.LastLoginAt.Equal(now) {
		t.Errorf("last login %v", u.LastLoginAt)
	}
	u.LastLoginAt = nil
	want := w.person["clara"]
	want.Name = "Clara Klein"
	if u != want {
		t.Errorf("got %+v, want %+v", u, want)
	}
	a := session.Actor
	if a.Tenant != w.north || a.Account != w.clinic || a.Kind != models.Sub || a.User != u.ID || a.Email != u.Email || a.Role != models.Admin ||
		a.Home != w.north || a.HomeAcct != w.clinic || a.Access != nil {
		t.Errorf("acts as %+v", a)
	}
	if session.Flash != "" || !session.CreatedAt.Equal(now) || !session.ExpiresAt.Equal(now.Add(identity.SessionTTL)) {
		t.Errorf("session %+v", session)
	}
	if nora := w.resolve(w.signIn("nora")); nora.Parent.ID != w.north || nora.Home.ID != w.north {
		t.Errorf("a parent's parent is %q", nora.Parent.Name)
	}
}

// ACC-11: when a session was last used is known to the minute, at the cost of one write a minute.
func TestSeenOnceAMinute(t *testing.T) {
	w := newWorld(t)
	token := w.signIn("clara")
	var version, last int64
	writes := func() int64 {
		w.scan(&version, `SELECT xmin::text::bigint FROM sessions`)
		if last == version {
			return 0
		}
		last = version
		return 1
	}
	writes()
	for i, c := range []struct {
		pass time.Duration
		want int64
	}{{0, 0}, {59 * time.Second, 0}, {time.Second, 1}, {0, 0}, {59 * time.Second, 0}, {time.Hour, 1}} {
		w.clock.pass(c.pass)
		w.resolve(token)
		if got := writes(); got != c.want {
			t.Errorf("step %d: written %d times, want %d", i, got, c.want)
		}
	}
	var seen time.Time
	w.scan(&seen, `SELECT seen_at FROM sessions`)
	if !seen.Equal(w.clock.now()) {
		t.Errorf("seen at %v", seen)
	}
}

// ACC-11: a flash is shown once, to one of all the tabs that ask for it.
func TestFlashOnce(t *testing.T) {
	w := newWorld(t)
	token, other := w.signIn("clara"), w.signIn("clara")
	w.ok(w.identity.SetFlash(w.ctx, w.resolve(token), "Saved. <b>\x00"))
	var shown atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			session, err := w.identity.Resolve(w.ctx, token)
			if err != nil {
				t.Error(err)
				return
			}
			text, err := w.identity.TakeFlash(w.ctx, session)
			if err != nil {
				t.Error(err)
			}
			if text == "Saved. <b>" {
				shown.Add(1)
			} else if text != "" {
				t.Errorf("shown %q", text)
			}
		})
	}
	wg.Wait()
	if shown.Load() != 1 {
		t.Errorf("shown %d times", shown.Load())
	}
	if f := w.resolve(other).Flash; f != "" {
		t.Errorf("another session got %q", f)
	}
}

// ACC-11: rows of expired sessions do not stay for ever; the others do.
func TestSweepSessions(t *testing.T) {
	w := newWorld(t)
	w.signIn("clara")
	w.signIn("sam")
	w.clock.pass(identity.SessionTTL - time.Minute)
	young := w.signIn("clara")
	w.clock.pass(time.Minute)
	n, err := w.identity.SweepSessions(w.ctx)
	if err != nil || n != 2 || w.count("sessions") != 1 {
		t.Errorf("swept %d, %v", n, err)
	}
	w.resolve(young)
}
