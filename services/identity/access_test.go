package identity_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/store"
)

func (w *world) tryAccess(token identity.Token, tenant, account models.ID, reason string) (identity.Token, error) {
	w.Helper()
	return w.identity.StartAccess(w.ctx, w.resolve(token), identity.AccessOrder{Tenant: tenant, Account: account, Reason: reason,
		From: identity.Origin{IP: "192.0.2.8"}})
}

func (w *world) access(name string, tenant, account models.ID) identity.Token {
	w.Helper()
	token, err := w.tryAccess(w.signIn(name), tenant, account, "asked for help")
	w.ok(err)
	return token
}

// ACC-12: who may not enter what; nothing is written, and the session is what it was.
func TestAccessRefused(t *testing.T) {
	w := newWorld(t)
	gone := w.account(w.north, models.Sub, "Gone", models.Deleted)
	goneParent := w.account(models.NoID, models.Parent, "Gone", models.Deleted)
	const reason = "asked for help"
	for name, c := range map[string]struct {
		who             string
		tenant, account models.ID
		reason          string
		want            error
	}{
		"a parent's User":                      {"ned", w.north, w.clinic, reason, models.ErrMissingPrivilege},
		"a sub-account, upward":                {"clara", w.north, w.north, reason, models.ErrMissingPrivilege},
		"a sub-account, sideways":              {"clara", w.north, w.harbour, reason, models.ErrMissingPrivilege},
		"a sub-account, into the operator":     {"clara", w.operator, w.operator, reason, models.ErrMissingPrivilege},
		"a sub-account, into itself":           {"clara", w.north, w.clinic, reason, models.ErrMissingPrivilege},
		"a parent, into itself":                {"nora", w.north, w.north, reason, identity.ErrNoSuchAccount},
		"a parent, into another":               {"nora", w.south, w.south, reason, identity.ErrNoSuchAccount},
		"a parent, into another's sub-account": {"nora", w.south, w.bakery, reason, identity.ErrNoSuchAccount},
		"the same, as if it were its own":      {"nora", w.north, w.bakery, reason, identity.ErrNoSuchAccount},
		"a parent, upward":                     {"nora", w.operator, w.operator, reason, identity.ErrNoSuchAccount},
		"a parent, into a deleted one":         {"nora", w.north, gone, reason, identity.ErrNoSuchAccount},
		"a parent, into nothing":               {"nora", w.north, models.NoID, reason, identity.ErrNoSuchAccount},
		"a parent, in no tenant":               {"nora", models.NoID, w.clinic, reason, identity.ErrNoSuchAccount},
		"staff, into the operator":             {"ann", w.operator, w.operator, reason, identity.ErrNoSuchAccount},
		"staff, into a deleted sub-account":    {"ann", w.north, gone, reason, identity.ErrNoSuchAccount},
		"staff, into a deleted parent":         {"ann", goneParent, goneParent, reason, identity.ErrNoSuchAccount},
		"staff, into one that is not there":    {"ann", w.north, models.NewID(), reason, identity.ErrNoSuchAccount},
		"staff, with the wrong tenant":         {"ann", w.south, w.clinic, reason, identity.ErrNoSuchAccount},
		"staff, in no tenant":                  {"ann", models.NoID, models.NoID, reason, identity.ErrNoSuchAccount},
		"no reason":                            {"ann", w.north, w.clinic, "", models.ErrCheckFields},
		"a reason of spaces":                   {"nora", w.north, w.clinic, " \t\n ", models.ErrCheckFields},
		"a reason of 301 characters":           {"nora", w.north, w.clinic, strings.Repeat("ü", 301), models.ErrCheckFields},
		"a reason with a NUL":                  {"nora", w.north, w.clinic, "a\x00b", models.ErrCheckFields},
		"a reason with a line break":           {"nora", w.north, w.clinic, "a\nb", models.ErrCheckFields},
		"a reason in broken UTF-8":             {"nora", w.north, w.clinic, "a\xffb", models.ErrCheckFields},
		"a reason does not help without right": {"ned", w.north, w.clinic, "", models.ErrMissingPrivilege},
	} {
		t.Run(name, func(t *testing.T) {
			token := w.signIn(c.who)
			before := w.resolve(token)
			lines := w.count("action_log")
			got, err := w.tryAccess(token, c.tenant, c.account, c.reason)
			w.refused(err, c.want)
			if c.want == models.ErrCheckFields {
				field(t, err, "reason")
			}
			if got != "" || w.count("accesses") != 0 || w.count("action_log") != lines || !reflect.DeepEqual(w.resolve(token), before) {
				t.Error("a refused access changed something")
			}
		})
	}
}

// ACC-4, ACC-12: an activation enters nothing, whoever it belongs to.
func TestAccessFromActivation(t *testing.T) {
	w := newWorld(t)
	in, err := w.trySignIn("kim@kiosk.example", oneTime)
	w.ok(err)
	_, err = w.tryAccess(in.Token, w.north, w.clinic, "asked for help")
	w.refused(err, models.ErrMissingPrivilege)
}

// ACC-12: staff enter any parent or sub-account, a parent's Admin its own sub-accounts, pending and deactivated ones too.
// There they are an Admin of it and nothing more.
func TestAccess(t *testing.T) {
	w := newWorld(t)
	w.status(w.harbour, models.Deactivated)
	for _, c := range []struct {
		who             string
		tenant, account models.ID
		kind            models.AccountKind
		granted         []models.Privilege
	}{
		{"ann", w.north, w.north, models.Parent, nil},
		{"bob", w.south, w.bakery, models.Sub, nil},
		{"ann", w.north, w.clinic, models.Sub, []models.Privilege{models.ManageAudience}},
		{"nora", w.north, w.clinic, models.Sub, []models.Privilege{models.ManageAudience}},
		{"nora", w.north, w.kiosk, models.Sub, nil},
		{"nora", w.north, w.harbour, models.Sub, nil},
		{"ann", w.north, w.kiosk, models.Sub, nil},
	} {
		t.Run(fmt.Sprint(c.who, c.kind, len(c.granted)), func(t *testing.T) {
			u := w.person[c.who]
			before := w.signIn(c.who)
			token, err := w.tryAccess(before, c.tenant, c.account, "  asked for <b>help</b> ")
			w.ok(err)
			w.opensNothing(before) // the token is another one
			session := w.resolve(token)
			want := models.PrivilegesOf(c.kind, models.Admin, c.granted)
			if c.kind == models.Sub { // it has no Sender ID, and groups only who manages them
				want = sub(models.ViewSenderIDs)(c.granted...)
				if !want[models.ManageAudience] {
					delete(want, models.ViewAudience)
				}
			}
			for _, own := range models.HomeOnly {
				delete(want, own)
			}
			want[models.EndAccess] = true
			a := session.Actor
			if !reflect.DeepEqual(a.Privileges, want) || a.Can(models.SupportAccounts) || a.IsStaff() {
				t.Errorf("may %v, want %v", a.Privileges, want)
			}
			if a.Tenant != c.tenant || a.Account != c.account || a.Kind != c.kind || a.User != u.ID || a.Email != u.Email ||
				a.Home != u.TenantID || a.HomeAcct != u.AccountID {
				t.Errorf("acts as %+v", a)
			}
			if a.Access == nil || a.Access.Reason != "asked for <b>help</b>" || !a.Access.EndsAt.Equal(w.clock.now().Add(30*time.Minute)) {
				t.Fatalf("access %+v", a.Access)
			}
			if session.Account.ID != c.account || session.Parent.ID != c.tenant || session.Home.ID != u.AccountID || session.User.ID != u.ID {
				t.Errorf("in %q of %q from %q", session.Account.Name, session.Parent.Name, session.Home.Name)
			}
			lines := w.log(models.AccessStarted)
			l := lines[len(lines)-1]
			if l.Tenant != c.tenant || l.Account != c.account || l.User != u.ID || l.Email != u.Email || l.As != c.account || l.Access != a.Access.ID ||
				l.Details["reason"] != a.Access.Reason || l.Details["ip"] != "192.0.2.8" {
				t.Errorf("logged %+v", l)
			}
			back, err := w.identity.EndAccess(w.ctx, session)
			w.ok(err)
			w.opensNothing(token)
			if home := w.resolve(back); home.Actor.Access != nil || home.Actor.Account != u.AccountID || home.ID != session.ID {
				t.Errorf("back as %+v", home.Actor)
			}
			lines = w.log(models.AccessEnded)
			l = lines[len(lines)-1]
			if l.Tenant != c.tenant || l.Account != c.account || l.User != u.ID || l.As != c.account || l.Access != a.Access.ID || l.Details["how"] != "returned" {
				t.Errorf("logged %+v", l)
			}
		})
	}
}

// ACC-12: whatever is logged while accessing carries both identities, in the entered account's books.
func TestAccessLogsBoth(t *testing.T) {
	w := newWorld(t)
	session := w.resolve(w.access("ann", w.north, w.clinic))
	before := len(w.log(models.UserAdded))
	w.change(session.Actor, func(_ context.Context, tx *store.Tx) error {
		return tx.Log(models.Event{Action: models.UserAdded, Account: w.clinic})
	})
	lines := w.log(models.UserAdded)[before:]
	if len(lines) != 2 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, l := range lines {
		if l.Tenant != w.north || l.Email != "ann@operator.example" || l.User != w.person["ann"].ID || l.As != w.clinic || l.Access != session.Actor.Access.ID {
			t.Errorf("logged %+v", l)
		}
	}
}

// ACC-12: passwords and users of the entered account can't be changed; those of an entered parent's sub-accounts can, as
// by its own Admin.
func TestAccessChangesNoPeople(t *testing.T) {
	w := newWorld(t)
	inNorth, inClinic := w.resolve(w.access("ann", w.north, w.north)).Actor, w.resolve(w.access("nora", w.north, w.clinic)).Actor
	for _, c := range []struct {
		actor   models.Actor
		account models.ID
		user    string
		want    error
	}{{inNorth, w.north, "ned", identity.ErrNotWhileAccessing}, {inClinic, w.clinic, "clara", identity.ErrNotWhileAccessing},
		{inNorth, w.harbour, "hank", nil}} {
		session := w.signIn(c.user)
		users := w.count("users")
		set := w.tryChange(c.actor, func(_ context.Context, tx *store.Tx) error {
			identity.SetPassword(tx, w.person[c.user].ID, "$x", false)
			return nil
		})
		add := w.tryChange(c.actor, func(ctx context.Context, tx *store.Tx) error {
			_, err := identity.AddUser(ctx, tx, identity.NewUser{Account: c.account, Email: "new@one.example", Role: models.Admin})
			return err
		})
		if c.want == nil {
			w.ok(set)
			w.ok(add)
			w.opensNothing(session)
			continue
		}
		w.refused(set, c.want)
		w.refused(add, c.want)
		w.resolve(session)
		w.signIn(c.user)
		if w.count("users") != users {
			t.Error("a user was added")
		}
	}
}

// ACC-12: from an entered account nobody goes on, not back into it, not upward; and only who is in one returns.
func TestAccessNoChain(t *testing.T) {
	w := newWorld(t)
	_, err := w.identity.EndAccess(w.ctx, w.resolve(w.signIn("ann")))
	w.refused(err, identity.ErrNotAccessing)
	for _, from := range []identity.Token{w.access("ann", w.north, w.north), w.access("nora", w.north, w.clinic)} {
		for _, to := range []models.ID{w.clinic, w.harbour, w.north} {
			_, err := w.tryAccess(from, w.north, to, "and on")
			w.refused(err, identity.ErrAlreadyAccessing)
		}
		w.resolve(from)
	}
}

// ACC-12: after 30 minutes the person is back in their own account with the next request; it is logged once, however many
// requests come, and told once. The access lasted 30 minutes, not until that request.
func TestAccessTimeOver(t *testing.T) {
	w := newWorld(t)
	token := w.access("ann", w.north, w.clinic)
	start := w.clock.now()
	w.clock.pass(30*time.Minute - time.Microsecond)
	if w.resolve(token).Actor.Account != w.clinic {
		t.Fatal("over too early")
	}
	w.clock.pass(time.Hour)
	var told atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			session, err := w.identity.Resolve(w.ctx, token)
			if err != nil {
				t.Error(err)
				return
			}
			a := session.Actor
			if a.Access != nil || a.Account != w.operator || a.Tenant != w.operator || !a.Can(models.SupportAccounts) || session.Account.ID != w.operator {
				t.Errorf("after the access: %+v", a)
			}
			text, err := w.identity.TakeFlash(w.ctx, session)
			if err != nil {
				t.Error(err)
			}
			if text == "Your access to Clinic has ended. You are in your own account again." {
				told.Add(1)
			} else if text != "" {
				t.Errorf("told %q", text)
			}
		})
	}
	wg.Wait()
	if told.Load() != 1 {
		t.Errorf("told %d times", told.Load())
	}
	lines := w.log(models.AccessEnded)
	if len(lines) != 1 || lines[0].As != w.clinic || lines[0].Details["how"] != "time_over" {
		t.Errorf("logged %+v", lines)
	}
	var ended time.Time
	w.scan(&ended, `SELECT ended_at FROM accesses`)
	if !ended.Equal(start.Add(30 * time.Minute)) {
		t.Errorf("ended at %v", ended)
	}
	if _, err := w.tryAccess(token, w.north, w.clinic, "once more"); err != nil {
		t.Errorf("and again: %v", err)
	}
}

// ACC-12: an access ends when the right to it does: the account deleted, the helper no longer an Admin, the access ended
// from elsewhere, the session made to point to another tenant's. It opens nothing when the helper is disabled or signed out.
func TestAccessRightGone(t *testing.T) {
	for name, c := range map[string]struct {
		who  string
		take func(*world)
		how  string // "": the session is gone altogether
	}{
		"the account deleted":     {"nora", func(w *world) { w.status(w.clinic, models.Deleted) }, "not_permitted"},
		"deleted under staff":     {"ann", func(w *world) { w.status(w.clinic, models.Deleted) }, "not_permitted"},
		"no Admin any more":       {"nora", func(w *world) { w.exec(`UPDATE users SET role = 'user' WHERE email LIKE 'nora@%'`) }, "not_permitted"},
		"ended from elsewhere":    {"ann", func(w *world) { w.exec(`UPDATE accesses SET ended_at = started_at`) }, "ended"},
		"the helper disabled":     {"ann", func(w *world) { w.exec(`UPDATE users SET disabled_at = now() WHERE email LIKE 'ann@%'`) }, ""},
		"the parent deactivated":  {"nora", func(w *world) { w.status(w.north, models.Deactivated) }, ""},
		"another helper's access": {"ann", func(w *world) { w.exec(`UPDATE accesses SET helper_user_id = $1`, w.person["bob"].ID) }, ""},
		"another tenant's account": {"nora", func(w *world) {
			id := models.NewID()
			w.exec(`INSERT INTO accesses SELECT $1, $2, $3, helper_tenant_id, helper_user_id, helper_email, helper_kind, reason, started_at, ends_at
				FROM accesses`, w.south, id, w.bakery)
			w.exec(`UPDATE sessions SET access_tenant_id = $1, access_id = $2 WHERE access_id IS NOT NULL`, w.south, id)
		}, "not_permitted"},
		"no such access": {"ann", func(w *world) {
			w.exec(`UPDATE sessions SET access_id = $1 WHERE access_id IS NOT NULL`, models.NewID())
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			token := w.access(c.who, w.north, w.clinic)
			w.resolve(token)
			c.take(w)
			if c.how == "" {
				w.opensNothing(token)
				return
			}
			session := w.resolve(token)
			if session.Actor.Access != nil || session.Actor.Account != w.person[c.who].AccountID || session.Flash == "" {
				t.Errorf("left with %+v", session)
			}
			lines := w.log(models.AccessEnded)
			if c.how == "ended" && len(lines) == 0 { // whoever ended it has logged it
				return
			}
			if len(lines) != 1 || lines[0].Details["how"] != c.how {
				t.Errorf("logged %+v", lines)
			}
		})
	}
}

// ACC-12: staff stay in an account that is deactivated while they are in it, to find out why.
func TestAccessOutlivesDeactivation(t *testing.T) {
	w := newWorld(t)
	token := w.access("ann", w.north, w.clinic)
	w.status(w.north, models.Deactivated)
	session := w.resolve(token)
	if session.Actor.Account != w.clinic || session.Parent.Status != models.Deactivated {
		t.Errorf("in %+v", session.Account)
	}
}

// ACC-12: what the parent grants or takes away holds for the helper too, at once.
func TestAccessPrivilegesAreFresh(t *testing.T) {
	w := newWorld(t)
	token := w.access("nora", w.north, w.clinic)
	if !w.resolve(token).Actor.Can(models.ManageAudience) {
		t.Fatal("has not what the account has")
	}
	w.exec(`DELETE FROM privileges`)
	if w.resolve(token).Actor.Can(models.ManageAudience) {
		t.Error("has more than the account has")
	}
}

// ACC-12: signing out of an entered account ends both; the copied cookie opens neither.
func TestAccessSignOut(t *testing.T) {
	w := newWorld(t)
	token := w.access("ann", w.north, w.clinic)
	w.ok(w.identity.SignOut(w.ctx, w.resolve(token)))
	w.opensNothing(token)
	ended, out := w.log(models.AccessEnded), w.log(models.SignedOut)
	if len(ended) != 1 || ended[0].Tenant != w.north || ended[0].As != w.clinic || ended[0].Details["how"] != "signed_out" {
		t.Errorf("logged %+v", ended)
	}
	if len(out) != 1 || out[0].Tenant != w.operator || out[0].As != models.NoID {
		t.Errorf("logged %+v", out)
	}
	if w.count("accesses WHERE ended_at IS NULL") != 0 {
		t.Error("the access goes on")
	}
}

// ACC-12: of many who start or end an access with the same cookie, one does; no access is left open that nobody is in.
func TestAccessTwentyAtOnce(t *testing.T) {
	w := newWorld(t)
	token := w.signIn("ann")
	race := func(do func(identity.Session) (identity.Token, error)) (won identity.Token) {
		session := w.resolve(token)
		var wins atomic.Int64
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				got, err := do(session)
				if err == nil {
					wins.Add(1)
					mu.Lock()
					won = got
					mu.Unlock()
				} else if !strings.Contains(err.Error(), "no_session") {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			t.Errorf("%d won", wins.Load())
		}
		return won
	}
	token = race(func(s identity.Session) (identity.Token, error) {
		return w.identity.StartAccess(w.ctx, s, identity.AccessOrder{Tenant: w.north, Account: w.clinic, Reason: "twenty"})
	})
	if w.count("accesses WHERE ended_at IS NULL") != 1 {
		t.Errorf("%d open accesses", w.count("accesses WHERE ended_at IS NULL"))
	}
	token = race(func(s identity.Session) (identity.Token, error) { return w.identity.EndAccess(w.ctx, s) })
	if w.resolve(token).Actor.Access != nil || w.count("accesses WHERE ended_at IS NULL") != 0 {
		t.Error("the access goes on")
	}
	if started, ended := len(w.log(models.AccessStarted)), len(w.log(models.AccessEnded)); started != ended {
		t.Errorf("started %d times, ended %d times", started, ended)
	}
}

// ACC-12: signed out in another tab while the form was open: the cookie opens nothing, and no access is left open.
func TestAccessAfterSignOut(t *testing.T) {
	w := newWorld(t)
	session := w.resolve(w.signIn("ann"))
	w.ok(w.identity.SignOut(w.ctx, session))
	_, err := w.identity.StartAccess(w.ctx, session, identity.AccessOrder{Tenant: w.north, Account: w.clinic, Reason: "too late"})
	w.refused(err, identity.ErrNoSession)
	if w.count("accesses WHERE ended_at IS NULL") != 0 || w.count("sessions") != 0 {
		t.Error("the access goes on")
	}
}

// ACC-12: *Who accessed this account* shows its own accesses to its users, its parent's users and staff, and to nobody else.
func TestAccessesRefused(t *testing.T) {
	w := newWorld(t)
	w.access("ann", w.north, w.clinic)
	for name, c := range map[string]struct {
		who     string
		account models.ID
	}{
		"a sibling's":                  {"hank", w.clinic},
		"its parent's":                 {"clara", w.north},
		"another tenant's parent":      {"sam", w.clinic},
		"another tenant's sub-account": {"bea", w.clinic},
		"nothing":                      {"nora", models.NoID},
		"staff out of its tenant":      {"ann", w.clinic},
	} {
		page, err := w.identity.AccessesOf(w.ctx, w.resolve(w.signIn(c.who)).Actor, c.account, models.NoID, 10)
		w.refused(err, identity.ErrNoSuchAccount)
		if len(page.Lines) > 0 {
			t.Errorf("%s: %+v", name, page.Lines)
		}
	}
	in, err := w.trySignIn("kim@kiosk.example", oneTime)
	w.ok(err)
	_, err = w.identity.AccessesOf(w.ctx, w.resolve(in.Token).Actor, w.kiosk, models.NoID, 10)
	w.refused(err, identity.ErrNoSuchAccount)
}

// ACC-12: the list, newest first and page by page, with nothing twice and nothing missing.
func TestAccesses(t *testing.T) {
	w := newWorld(t)
	var want []string
	for i := range 7 {
		who := []string{"ann", "nora"}[i%2]
		reason := fmt.Sprintf("reason %d", i)
		token, err := w.tryAccess(w.signIn(who), w.north, w.clinic, reason)
		w.ok(err)
		if i < 4 {
			w.clock.pass(time.Duration(i) * time.Minute) // the first two start at the same moment
		}
		if i == 3 {
			_, err := w.identity.EndAccess(w.ctx, w.resolve(token))
			w.ok(err)
		}
		want = append([]string{reason}, want...)
	}
	w.access("nora", w.north, w.harbour) // another account's
	for _, actor := range []models.Actor{
		w.resolve(w.signIn("clara")).Actor, w.resolve(w.signIn("ned")).Actor, w.resolve(w.signIn("nora")).Actor,
		w.resolve(w.signIn("bob")).Actor.In(w.north), w.resolve(w.access("nora", w.north, w.clinic)).Actor,
	} {
		for _, limit := range []int{-1, 1, 2, 3, 7, 8, 1000} {
			var got []string
			next := models.NoID
			for pages := 0; ; pages++ {
				page, err := w.identity.AccessesOf(w.ctx, actor, w.clinic, next, limit)
				w.ok(err)
				for _, l := range page.Lines {
					if l.Reason != "asked for help" {
						got = append(got, l.Reason)
					}
					if l.Account != w.clinic || (l.Helper == "ann@operator.example") != (l.HelperKind == models.Operator) ||
						(l.EndedAt != nil) != (l.Reason == "reason 3") || !l.EndsAt.Equal(l.StartedAt.Add(30*time.Minute)) {
						t.Errorf("line %+v", l)
					}
				}
				if next = page.Next; next == models.NoID || pages > 20 {
					break
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %d a page: got %v, want %v", actor.Email, limit, got, want)
			}
		}
	}
	w.clock.pass(time.Hour)
	page, err := w.identity.AccessesOf(w.ctx, w.resolve(w.signIn("clara")).Actor, w.clinic, models.NoID, 10)
	w.ok(err)
	for _, l := range page.Lines { // over, though nobody came to notice
		if l.EndedAt == nil || l.EndedAt.After(l.EndsAt) {
			t.Errorf("line %+v", l)
		}
	}
	if page, err := w.identity.AccessesOf(w.ctx, w.resolve(w.signIn("clara")).Actor, w.clinic, models.NewID(), 10); err != nil || len(page.Lines) > 0 {
		t.Errorf("after a line that is not there: %v, %v", page, err)
	}
}
