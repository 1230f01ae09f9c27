package identity_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/identity"
)

// turnedOff is a world in which North has turned staff access off.
func turnedOff(t *testing.T) *world {
	w := newWorld(t)
	w.staffAccess(w.north, false)
	return w
}

func (w *world) staffAccess(parent models.ID, on bool) {
	w.Helper()
	w.exec(`UPDATE accounts SET staff_access_off = CASE WHEN $2 THEN NULL ELSE $3::timestamptz END WHERE id = $1`, parent, on, w.clock.now())
}

func (w *world) actor(name string) models.Actor {
	w.Helper()
	return w.resolve(w.signIn(name)).Actor
}

// ask is a request for consent to enter Clinic, and its id.
func (w *world) askFor(name, reason string) models.ID {
	w.Helper()
	w.ok(w.identity.AskConsent(w.ctx, w.actor(name), w.north, w.clinic, reason))
	_, latest, err := w.identity.ConsentFor(w.ctx, w.actor(name), w.north, w.clinic)
	w.ok(err)
	if latest == nil || latest.Status != identity.ConsentRequested || latest.Reason != strings.TrimSpace(reason) {
		w.Fatalf("asked for %+v", latest)
	}
	return latest.ID
}

func (w *world) tryConsented(token identity.Token, account, consent models.ID) (identity.Token, error) {
	w.Helper()
	return w.identity.StartAccess(w.ctx, w.resolve(token), identity.AccessOrder{Tenant: w.north, Account: account, Consent: consent})
}

func (w *world) consentStatus(id models.ID) (status string) {
	w.Helper()
	w.scan(&status, `SELECT status FROM consents WHERE id = $1`, id)
	return status
}

// ACC-12: where staff access is off, staff enter neither the parent nor its sub-accounts, whatever they say; everybody
// else goes on as before.
func TestStaffAccessOff(t *testing.T) {
	w := turnedOff(t)
	lines := w.count("action_log WHERE action LIKE 'access.%'")
	for _, who := range []string{"ann", "bob"} {
		for _, account := range []models.ID{w.north, w.clinic, w.kiosk} {
			token := w.signIn(who)
			_, err := w.tryAccess(token, w.north, account, "let me in")
			w.refused(err, identity.ErrConsentNeeded)
			for _, consent := range []models.ID{models.NewID(), w.clinic} {
				_, err = w.tryConsented(token, account, consent)
				w.refused(err, identity.ErrNoSuchConsent)
			}
			if w.resolve(token).Actor.Access != nil {
				t.Errorf("%s is in", who)
			}
		}
	}
	if w.count("accesses") != 0 || w.count("action_log WHERE action LIKE 'access.%'") != lines {
		t.Error("a refused access left something")
	}
	w.access("nora", w.north, w.clinic)
	w.access("ann", w.south, w.bakery)
	w.staffAccess(w.north, true)
	w.access("ann", w.north, w.clinic)
}

// ACC-12: who may not ask for consent, and when there is nothing to ask for. Nothing is written.
func TestAskConsentRefused(t *testing.T) {
	w := turnedOff(t)
	gone := w.account(w.north, models.Sub, "Gone", models.Deleted)
	const reason = "Ticket 4711"
	for name, c := range map[string]struct {
		who             string
		tenant, account models.ID
		reason          string
		want            error
	}{
		"a parent's Admin":                  {"nora", w.north, w.clinic, reason, models.ErrMissingPrivilege},
		"a sub-account":                     {"clara", w.north, w.clinic, reason, models.ErrMissingPrivilege},
		"no reason":                         {"ann", w.north, w.clinic, " ", models.ErrCheckFields},
		"a reason that is too long":         {"ann", w.north, w.clinic, strings.Repeat("x", 301), models.ErrCheckFields},
		"a deleted account":                 {"ann", w.north, gone, reason, identity.ErrNoSuchAccount},
		"the operator":                      {"ann", w.operator, w.operator, reason, identity.ErrNoSuchAccount},
		"the wrong tenant":                  {"ann", w.south, w.clinic, reason, identity.ErrNoSuchAccount},
		"one that does not ask for consent": {"ann", w.south, w.bakery, reason, identity.ErrConsentNotNeeded},
	} {
		err := w.identity.AskConsent(w.ctx, w.actor(c.who), c.tenant, c.account, c.reason)
		if w.refused(err, c.want); c.want == models.ErrCheckFields {
			field(t, err, "reason")
		}
		if w.count("consents") != 0 || w.count("outbox") != 0 {
			t.Errorf("%s: something was written", name)
		}
	}
	inside := w.resolve(w.access("ann", w.south, w.south)).Actor
	w.refused(w.identity.AskConsent(w.ctx, inside, w.north, w.clinic, reason), models.ErrMissingPrivilege)
}

// ACC-12: a request is mailed to each Admin of the parent who can sign in, once; a second one waits for the answer.
func TestAskConsent(t *testing.T) {
	w := turnedOff(t)
	w.exec(`UPDATE users SET role = 'admin' WHERE email = 'ned@north.example'`)
	w.askFor("ann", "  Ticket <b>4711</b> ")
	w.refused(w.identity.AskConsent(w.ctx, w.actor("ann"), w.north, w.clinic, "again"), identity.ErrConsentAsked)
	w.askFor("bob", "Ticket 4712")
	w.ok(w.identity.AskConsent(w.ctx, w.actor("ann"), w.north, w.harbour, "another account"))
	for _, to := range []string{"nora@north.example", "ned@north.example"} {
		if n := w.count("outbox WHERE recipient = $1 AND body LIKE '%ann@operator.example%' AND body LIKE '%Ticket <b>4711</b>%'", to); n != 1 {
			t.Errorf("%d mails to %s", n, to)
		}
	}
	if n := w.count("outbox WHERE recipient NOT LIKE '%north.example'"); n != 0 {
		t.Errorf("%d mails to others", n)
	}
	l := w.log(models.ConsentRequested)
	if len(l) != 3 || l[0].Tenant != w.north || l[0].Account != w.clinic || l[0].Email != "ann@operator.example" || l[0].Details["reason"] != "Ticket <b>4711</b>" {
		t.Errorf("logged %+v", l)
	}
	w.clock.pass(identity.ConsentAskTTL) // nobody answered
	_, latest, err := w.identity.ConsentFor(w.ctx, w.actor("ann"), w.north, w.clinic)
	if err != nil || latest.Status != identity.ConsentExpired {
		t.Errorf("%+v, %v", latest, err)
	}
	w.askFor("ann", "after a week")
}

// ACC-12: only the parent's own Admins, at home, decide; what they decide holds, and whoever asked is told.
func TestDecideConsent(t *testing.T) {
	w := turnedOff(t)
	id := w.askFor("ann", "Ticket 4711")
	type decision func(actor models.Actor, id models.ID) error
	give := func(a models.Actor, id models.ID) error { return w.identity.GiveConsent(w.ctx, a, id) }
	refuse := func(a models.Actor, id models.ID) error { return w.identity.RefuseConsent(w.ctx, a, id) }
	withdraw := func(a models.Actor, id models.ID) error { return w.identity.WithdrawConsent(w.ctx, a, id) }
	all := []decision{give, refuse, withdraw}
	w.staffAccess(w.north, true)
	staffInside := w.resolve(w.access("ann", w.north, w.north)).Actor
	parentInside := w.resolve(w.access("nora", w.north, w.clinic)).Actor
	w.staffAccess(w.north, false)
	for _, decide := range all {
		for _, actor := range []models.Actor{w.actor("ned"), w.actor("clara"), w.actor("ann"), w.actor("ann").In(w.north), staffInside, parentInside} {
			w.refused(decide(actor, id), models.ErrMissingPrivilege)
		}
		w.refused(decide(w.actor("sam"), id), identity.ErrNoSuchConsent)
		w.refused(decide(w.actor("nora"), models.NewID()), identity.ErrNoSuchConsent)
	}
	w.refused(withdraw(w.actor("nora"), id), identity.ErrNoSuchConsent)
	if w.consentStatus(id) != "requested" {
		t.Fatal("somebody decided")
	}
	w.ok(refuse(w.actor("nora"), id))
	for _, decide := range all {
		w.refused(decide(w.actor("nora"), id), identity.ErrNoSuchConsent)
	}
	id = w.askFor("ann", "please")
	w.ok(give(w.actor("nora"), id))
	w.refused(give(w.actor("nora"), id), identity.ErrNoSuchConsent)
	w.refused(refuse(w.actor("nora"), id), identity.ErrNoSuchConsent)
	w.ok(withdraw(w.actor("nora"), id))
	_, err := w.tryConsented(w.signIn("ann"), w.clinic, id)
	w.refused(err, identity.ErrNoSuchConsent)
	if n := w.count("outbox WHERE recipient = 'ann@operator.example' AND subject LIKE 'Consent to enter Clinic: %'"); n != 3 {
		t.Errorf("%d mails told of three decisions", n)
	}
	late := w.askFor("ann", "late")
	w.clock.pass(identity.ConsentAskTTL)
	w.refused(give(w.actor("nora"), late), identity.ErrNoSuchConsent)
	for _, action := range []models.Action{models.ConsentGiven, models.ConsentRefused, models.ConsentWithdrawn} {
		if l := w.log(action); len(l) != 1 || l[0].Email != "nora@north.example" || l[0].Account != w.clinic || l[0].Details["helper"] != "ann@operator.example" {
			t.Errorf("%s logged %+v", action, l)
		}
	}
}

// ACC-12: a consent takes the one who asked into the one account, once, within a day, under the reason that was agreed to.
func TestUseConsent(t *testing.T) {
	w := turnedOff(t)
	id := w.askFor("ann", "Ticket 4711")
	_, err := w.tryConsented(w.signIn("ann"), w.clinic, id) // not given yet
	w.refused(err, identity.ErrNoSuchConsent)
	w.ok(w.identity.GiveConsent(w.ctx, w.actor("nora"), id))
	_, err = w.tryConsented(w.signIn("bob"), w.clinic, id)
	w.refused(err, identity.ErrNoSuchConsent)
	for _, other := range []models.ID{w.harbour, w.north} {
		_, err = w.tryConsented(w.signIn("ann"), other, id)
		w.refused(err, identity.ErrNoSuchConsent)
	}
	token, err := w.identity.StartAccess(w.ctx, w.resolve(w.signIn("ann")), identity.AccessOrder{Tenant: w.north, Account: w.clinic, Consent: id, Reason: "something else"})
	w.ok(err)
	if a := w.resolve(token).Actor; a.Account != w.clinic || a.Access == nil || a.Access.Reason != "Ticket 4711" {
		t.Errorf("acts as %+v", a)
	}
	if l := w.log(models.AccessStarted); len(l) != 1 || l[0].Details["reason"] != "Ticket 4711" || l[0].Details["consent"] != "nora@north.example" {
		t.Errorf("logged %+v", l)
	}
	page, err := w.identity.AccessesOf(w.ctx, w.actor("clara"), w.clinic, models.NoID, 10)
	if err != nil || len(page.Lines) != 1 || page.Lines[0].ConsentOf != "nora@north.example" {
		t.Errorf("listed %+v, %v", page, err)
	}
	_, err = w.identity.EndAccess(w.ctx, w.resolve(token))
	w.ok(err)
	_, err = w.tryConsented(w.signIn("ann"), w.clinic, id)
	w.refused(err, identity.ErrNoSuchConsent)

	id = w.askFor("ann", "for tomorrow")
	w.ok(w.identity.GiveConsent(w.ctx, w.actor("nora"), id))
	w.clock.pass(identity.ConsentTTL)
	_, err = w.tryConsented(w.signIn("ann"), w.clinic, id)
	w.refused(err, identity.ErrNoSuchConsent)
}

// ACC-12: fifty at once, from fifty sessions of the one who asked: one is in.
func TestUseConsentFiftyAtOnce(t *testing.T) {
	w := turnedOff(t)
	id := w.askFor("ann", "Ticket 4711")
	w.ok(w.identity.GiveConsent(w.ctx, w.actor("nora"), id))
	var sessions []identity.Session
	for range 50 {
		sessions = append(sessions, w.resolve(w.signIn("ann")))
	}
	var in atomic.Int64
	var wg sync.WaitGroup
	for _, s := range sessions {
		wg.Go(func() {
			_, err := w.identity.StartAccess(w.ctx, s, identity.AccessOrder{Tenant: w.north, Account: w.clinic, Consent: id})
			if err == nil {
				in.Add(1)
			} else if !strings.Contains(err.Error(), "consent_not_found") {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if in.Load() != 1 || w.count("accesses") != 1 || len(w.log(models.AccessStarted)) != 1 {
		t.Errorf("%d are in, by %d accesses", in.Load(), w.count("accesses"))
	}
}

// ACC-12: who is in without consent when staff access is turned off, and who is in by one that is withdrawn, is out with
// the next request; who is in by a consent that stands stays.
func TestStaffAccessEndsInside(t *testing.T) {
	w := newWorld(t)
	without := w.access("bob", w.north, w.clinic)
	parent := w.access("nora", w.north, w.clinic)
	w.staffAccess(w.north, false)
	if s := w.resolve(without); s.Actor.Access != nil || s.Flash == "" {
		t.Errorf("goes on as %+v", s.Actor)
	}
	if w.resolve(parent).Actor.Access == nil {
		t.Error("the parent's Admin is out")
	}
	id := w.askFor("ann", "Ticket 4711")
	w.ok(w.identity.GiveConsent(w.ctx, w.actor("nora"), id))
	by, err := w.tryConsented(w.signIn("ann"), w.clinic, id)
	w.ok(err)
	if w.resolve(by).Actor.Access == nil {
		t.Fatal("a consent that stands does not hold")
	}
	w.ok(w.identity.WithdrawConsent(w.ctx, w.actor("nora"), id))
	if s := w.resolve(by); s.Actor.Access != nil || s.Flash == "" {
		t.Errorf("goes on as %+v", s.Actor)
	}
	if w.refused(w.identity.WithdrawConsent(w.ctx, w.actor("nora"), id), identity.ErrNoSuchConsent); w.consentStatus(id) != "withdrawn" {
		t.Errorf("it is %s", w.consentStatus(id))
	}
}

// ACC-12: the list is the parent's Admins' alone, newest first, page by page.
func TestConsents(t *testing.T) {
	w := turnedOff(t)
	var want []models.ID
	for range 5 {
		id := w.askFor("ann", "Ticket")
		w.ok(w.identity.RefuseConsent(w.ctx, w.actor("nora"), id))
		want = append([]models.ID{id}, want...)
		w.clock.pass(time.Minute)
	}
	for _, who := range []string{"ned", "clara", "ann"} {
		_, err := w.identity.Consents(w.ctx, w.actor(who), models.NoID, 10)
		w.refused(err, models.ErrMissingPrivilege)
	}
	if page, err := w.identity.Consents(w.ctx, w.actor("sam"), models.NoID, 10); err != nil || len(page.Lines) > 0 {
		t.Errorf("another tenant sees %+v, %v", page, err)
	}
	var got []models.ID
	for next := models.NoID; ; {
		page, err := w.identity.Consents(w.ctx, w.actor("nora"), next, 2)
		w.ok(err)
		for _, l := range page.Lines {
			got = append(got, l.ID)
			if l.AccountName != "Clinic" || l.Status != identity.ConsentRefused || l.DecidedBy != "nora@north.example" || l.Inside {
				t.Errorf("line %+v", l)
			}
		}
		if next = page.Next; next == models.NoID {
			break
		}
	}
	if len(got) != 5 || got[0] != want[0] || got[4] != want[4] {
		t.Errorf("got %v, want %v", got, want)
	}
}

// ACC-12: the owner of an account is told when staff enter it, and not of an Admin who manages it anyway.
func TestAccessNotice(t *testing.T) {
	w := newWorld(t)
	w.access("nora", w.north, w.clinic)
	w.access("ann", w.north, w.kiosk) // nobody has activated it yet
	if n := w.count("outbox"); n != 0 {
		t.Errorf("%d mails", n)
	}
	w.access("ann", w.north, w.clinic)
	if n := w.count("outbox WHERE recipient = 'clara@clinic.example' AND body LIKE '%ann@operator.example%' AND body LIKE '%asked for help%'"); n != 1 || w.count("outbox") != 1 {
		t.Errorf("%d mails of %d", n, w.count("outbox"))
	}
}

// ACC-12: what nobody is in any more is closed, in the log too, once: when its time is over, and when its session is gone.
func TestCloseAccesses(t *testing.T) {
	w := newWorld(t)
	closing := func(want int) {
		t.Helper()
		if n, err := w.identity.CloseAccesses(w.ctx); err != nil || n != want {
			t.Errorf("closed %d, %v, want %d", n, err, want)
		}
	}
	gone := w.access("ann", w.north, w.clinic)
	w.exec(`DELETE FROM sessions`) // ended elsewhere, a moment ago
	closing(0)
	w.clock.pass(time.Minute)
	stays := w.access("bob", w.north, w.clinic)
	w.access("nora", w.north, w.harbour)
	w.clock.pass(time.Minute)
	w.exec(`DELETE FROM sessions WHERE user_id = $1`, w.person["nora"].ID)
	closing(2)
	closing(0)
	w.opensNothing(gone)
	if w.resolve(stays).Actor.Access == nil {
		t.Error("one that somebody is in was closed")
	}
	lines := w.log(models.AccessEnded)
	if len(lines) != 2 || lines[0].Details["how"] != "session_ended" || lines[0].Email != "ann@operator.example" || lines[0].As != w.clinic || lines[0].User != w.person["ann"].ID {
		t.Errorf("logged %+v", lines)
	}
	w.clock.pass(30 * time.Minute)
	closing(1)
	if n := w.count("accesses WHERE ended_at IS NULL OR ended_at > ends_at"); n != 0 {
		t.Errorf("%d are open, or ended after their time", n)
	}
	if s := w.resolve(stays); s.Actor.Access != nil || s.Flash == "" || len(w.log(models.AccessEnded)) != 3 {
		t.Errorf("came back as %+v with %d lines", s.Actor, len(w.log(models.AccessEnded)))
	}
}
