package identity_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/notify"
	"offshoot/services/store"
)

const fresh = "umbrella kirschkern tuesday"

func at(ip string) identity.Origin { return identity.Origin{IP: ip, Request: "req-2"} }

// ask asks for a link and does the job that this made; it returns the mails.
func (w *world) ask(email string) []notify.Message {
	w.Helper()
	w.ok(w.identity.AskForPasswordLink(w.ctx, email, at("192.0.2.9")))
	return w.work()
}

// work does the jobs that wait, as the queue would, and returns and removes the mails that they wrote.
func (w *world) work() (mails []notify.Message) {
	w.Helper()
	for _, asked := range w.jobs() {
		w.ok(w.identity.SendPasswordLink(w.ctx, asked))
	}
	return w.mails()
}

func (w *world) jobs() (all []identity.PasswordLinkAsked) {
	w.Helper()
	rows, err := w.raw.Query(w.ctx, `DELETE FROM river_job WHERE kind = 'identity.password_link' RETURNING args`)
	w.ok(err)
	args, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	w.ok(err)
	for _, a := range args {
		var asked identity.PasswordLinkAsked
		w.ok(json.Unmarshal(a, &asked))
		all = append(all, asked)
	}
	return all
}

func (w *world) mails() (mails []notify.Message) {
	w.Helper()
	type row struct {
		Tenant, ID models.ID
		Sealed     []byte
		Mail       notify.Message
	}
	rows, err := w.raw.Query(w.ctx, `DELETE FROM outbox WHERE channel = 'mail' RETURNING tenant_id, id, sealed, account_id, recipient, subject, body, secret`)
	w.ok(err)
	found, err := pgx.CollectRows(rows, func(from pgx.CollectableRow) (r row, err error) {
		return r, from.Scan(&r.Tenant, &r.ID, &r.Sealed, &r.Mail.Account, &r.Mail.To, &r.Mail.Subject, &r.Mail.Body, &r.Mail.Secret)
	})
	w.ok(err)
	for _, r := range found {
		if r.Sealed != nil {
			body, err := w.store.Keys().Open(r.Sealed, store.Sealed{Table: "outbox", Column: "sealed"}.Place(r.Tenant, r.ID))
			w.ok(err)
			r.Mail.Body = string(body)
		}
		mails = append(mails, r.Mail)
	}
	return mails
}

// link is the token of a mail that has one.
func link(t *testing.T, mails []notify.Message) string {
	t.Helper()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	_, rest, found := strings.Cut(mails[0].Body, "https://portal.example/forgotten-password/link?token=")
	if !found {
		t.Fatalf("no link in %q", mails[0].Body)
	}
	token, _, _ := strings.Cut(rest, "\n")
	return token
}

func (w *world) set(token, password string) error {
	_, err := w.identity.SetForgottenPassword(w.ctx, identity.NewPassword{Token: token, Password: password, From: at("192.0.2.9")})
	return err
}

// ACC-11: asking for a link tells nobody whether an e-mail exists: the same answer, the same rows, whoever it is; who that is
// finds only the job.
func TestForgottenTellsNothing(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE users SET disabled_at = now() WHERE id = $1`, w.person["ned"].ID)
	w.status(w.south, models.Deactivated)
	tables := []string{"action_log", "outbox", "river_job", "password_links", "limits"}
	counts := func() map[string]int {
		n := map[string]int{}
		for _, table := range tables {
			n[table] = w.count(table)
		}
		return n
	}
	for i, email := range []string{"nora@north.example", "  CLARA@clinic.example", "eve@evil.example", "ned@north.example", "kim@kiosk.example", "bea@bakery.example", "ann@operator.example"} {
		before := counts()
		w.ok(w.identity.AskForPasswordLink(w.ctx, email, at(fmt.Sprintf("192.0.2.%d", i))))
		after := counts()
		for _, table := range tables {
			after[table] -= before[table]
		}
		if !maps.Equal(after, map[string]int{"action_log": 1, "outbox": 0, "river_job": 1, "password_links": 0, "limits": 2}) {
			t.Errorf("%s: %v", email, after)
		}
		lines := w.log(models.PasswordLinkAsked)
		if last := lines[len(lines)-1]; last.Tenant != w.operator || len(last.Details) != 1 || last.Request != "req-2" {
			t.Errorf("%s: logged %+v", email, last)
		}
	}
	for _, typed := range []string{"", "nora", "nora@north.example\x00", "nora@north.example, eve@evil.example", "nora@north.example\r\nBcc: eve@evil.example", strings.Repeat("a", 1<<20)} {
		err := w.identity.AskForPasswordLink(w.ctx, typed, at("192.0.2.99"))
		if field(t, err, "email") == "" || w.count("river_job") != 7 {
			t.Errorf("%.30q was taken", typed)
		}
	}
}

// ACC-11: who gets which mail.
func TestForgottenMails(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE users SET disabled_at = now() WHERE id = $1`, w.person["ned"].ID)
	w.status(w.harbour, models.Deactivated)
	w.status(w.bakery, models.Deleted)
	w.status(w.south, models.Deactivated)
	for email, want := range map[string]string{
		"nora@north.example":   "Choose a new password",
		"clara@clinic.example": "Choose a new password",
		"ann@operator.example": "Choose a new password",
		"kim@kiosk.example":    "Your account Kiosk waits to be activated",
		"ned@north.example":    "You cannot sign in to Portal at the moment",
		"hank@harbour.example": "You cannot sign in to Portal at the moment",
		"sam@south.example":    "You cannot sign in to Portal at the moment",
		"bea@bakery.example":   "", // deleted
		"eve@evil.example":     "",
	} {
		mails := w.ask(email)
		if want == "" {
			if len(mails) != 0 {
				t.Errorf("%s gets %q", email, mails[0].Subject)
			}
			continue
		}
		if len(mails) != 1 || mails[0].Subject != want || mails[0].To != email {
			t.Fatalf("%s gets %+v", email, mails)
		}
		hasLink := strings.Contains(mails[0].Body, "token=")
		if hasLink != (want == "Choose a new password") || mails[0].Secret != hasLink {
			t.Errorf("%s gets %+v", email, mails[0])
		}
		lines := w.log(models.PasswordLinkSent)
		if last := lines[len(lines)-1]; last.Details["email"] != email || last.Tenant == w.operator && email != "ann@operator.example" || (last.Details["why_not"] == "") != hasLink {
			t.Errorf("%s: logged %+v", email, last)
		}
	}
	if n := w.count("password_links"); n != 3 {
		t.Errorf("%d links, want 3", n)
	}
}

// ACC-11: a forgotten password, from the mail to the new sign-in: all sessions end, the user is told, nobody is signed in, and
// the browser may try to sign in whatever others have tried.
func TestForgottenPassword(t *testing.T) {
	w := newWorld(t)
	session, other := w.signIn("clara"), w.signIn("hank")
	for range 12 {
		_, _ = w.from("198.51.100.1", "", "clara@clinic.example", "wrong")
	}
	token := link(t, w.ask("clara@clinic.example"))
	u, err := w.identity.PasswordLinkUser(w.ctx, token, at("192.0.2.9"))
	w.ok(err)
	if u.ID != w.person["clara"].ID {
		t.Fatalf("the link is %s's", u.Email)
	}
	before := w.count("sessions")
	device, err := w.identity.SetForgottenPassword(w.ctx, identity.NewPassword{Token: token, Password: fresh, From: at("192.0.2.9")})
	w.ok(err)
	if w.count("sessions") != before-1 {
		t.Errorf("%d sessions, then %d", before, w.count("sessions"))
	}
	w.opensNothing(session)
	w.resolve(other)
	mails := w.mails()
	if len(mails) != 1 || mails[0].Subject != "Your password was changed" || mails[0].To != "clara@clinic.example" {
		t.Errorf("mails %+v", mails)
	}
	lines := w.log(models.PasswordSet)
	if len(lines) != 1 || lines[0].User != u.ID || lines[0].Account != w.clinic || lines[0].Details["how"] != "link" || lines[0].Request != "req-2" {
		t.Errorf("logged %+v", lines)
	}
	_, err = w.from("203.0.113.1", "", "clara@clinic.example", password)
	w.refused(err, identity.ErrWrongSignIn)
	for range 12 {
		_, _ = w.from("198.51.100.1", "", "clara@clinic.example", "wrong")
	}
	in, err := w.from("192.0.2.9", device, "clara@clinic.example", fresh)
	w.ok(err)
	if in.Stage != identity.StageFull {
		t.Errorf("stage %s", in.Stage)
	}

	for range 11 { // forgotten in the usual browser, and tried until it is held up
		_, err = w.from("192.0.2.9", device, "clara@clinic.example", "wrong")
	}
	w.wait(err)
	again, err := w.identity.SetForgottenPassword(w.ctx, identity.NewPassword{Token: link(t, w.ask("clara@clinic.example")), Password: password, Device: device, From: at("192.0.2.9")})
	w.ok(err)
	if again != device {
		t.Error("the browser has another secret now")
	}
	_, err = w.from("192.0.2.9", device, "clara@clinic.example", password)
	w.ok(err)
}

// ACC-11: what does not open: no link, one of another shape or tenant, an old one, one that a newer one replaced, one whose
// user or account was switched off since, one after the password was set otherwise. A bad password uses no link up.
func TestForgottenLinkRefused(t *testing.T) {
	w := newWorld(t)
	token := link(t, w.ask("clara@clinic.example"))
	refused := func(why, token string) {
		t.Helper()
		if _, err := w.identity.PasswordLinkUser(w.ctx, token, at("192.0.2.9")); !errors.Is(err, identity.ErrPasswordLinkExpired) {
			t.Errorf("%s: opens: %v", why, err)
		}
		if err := w.set(token, fresh); !errors.Is(err, identity.ErrPasswordLinkExpired) {
			t.Errorf("%s: sets: %v", why, err)
		}
	}
	foreign := []byte(token)
	foreign[0] ^= 1
	for why, typed := range map[string]string{"none": "", "made up": "x", "a NUL": "\x00", "of another tenant": string(foreign), "cut": token[:60],
		"longer": token + "A", "with a line break": token[:40] + "\n" + token[41:], "a megabyte": strings.Repeat("A", 1<<20), "a session's": string(w.signIn("clara"))} {
		refused(why, typed)
	}
	for _, typed := range []string{"", "short", "passwordpassword", "clara@clinic.example1", "Portal Portal Portal", strings.Repeat("a b", 1<<19), fresh + "\x00"} {
		field(t, w.set(token, typed), "password")
	}
	for name, spoil := range map[string]struct{ break_, mend func() }{
		"user disabled":       {func() { w.exec(`UPDATE users SET disabled_at = now()`) }, func() { w.exec(`UPDATE users SET disabled_at = NULL`) }},
		"account deactivated": {func() { w.status(w.clinic, models.Deactivated) }, func() { w.status(w.clinic, models.Active) }},
		"parent deactivated":  {func() { w.status(w.north, models.Deactivated) }, func() { w.status(w.north, models.Active) }},
	} {
		spoil.break_()
		refused(name, token)
		spoil.mend()
	}
	newer := link(t, w.ask("clara@clinic.example"))
	refused("replaced", token)
	w.clock.pass(identity.PasswordLinkTTL)
	refused("old", newer)
	newest := link(t, w.ask("clara@clinic.example"))
	w.change(models.System(w.north), func(_ context.Context, tx *store.Tx) error {
		identity.SetPassword(tx, w.person["clara"].ID, "", false)
		return nil
	})
	refused("password set otherwise", newest)
	w.clock.pass(15 * time.Minute)
	last := link(t, w.ask("clara@clinic.example"))
	w.ok(w.set(last, fresh))
	refused("used", last)

	w.clock.pass(identity.PasswordLinkTTL)
	if swept, err := w.identity.SweepPasswordLinks(w.ctx); err != nil || swept != 4 || w.count("password_links") != 0 {
		t.Errorf("swept %d, %v", swept, err)
	}
}

// ACC-11: fifty at once with one link: one sets the password, and it is that one's.
func TestForgottenFiftyAtOnce(t *testing.T) {
	w := newWorld(t)
	token := link(t, w.ask("clara@clinic.example"))
	var won atomic.Int64
	var winner atomic.Value
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			typed := fmt.Sprintf("%s number %d", fresh, i)
			switch err := w.set(token, typed); {
			case err == nil:
				won.Add(1)
				winner.Store(typed)
			case !errors.Is(err, identity.ErrPasswordLinkExpired):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || len(w.mails()) != 1 || len(w.log(models.PasswordSet)) != 1 {
		t.Fatalf("%d set the password", won.Load())
	}
	_, err := w.from("192.0.2.1", "", "clara@clinic.example", winner.Load().(string))
	w.ok(err)
}

// ACC-11: two jobs for one user at once leave one link that works.
func TestForgottenTwoLinksAtOnce(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := w.identity.SendPasswordLink(w.ctx, identity.PasswordLinkAsked{Email: "clara@clinic.example"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	works := 0
	for _, mail := range w.mails() {
		if _, err := w.identity.PasswordLinkUser(w.ctx, link(t, []notify.Message{mail}), at("192.0.2.9")); err == nil {
			works++
		}
	}
	if works != 1 {
		t.Errorf("%d links work", works)
	}
}

// ACC-11: mail that others cause is limited, per e-mail without a word and per address with one, alike for every e-mail;
// whoever is sent no other link has one that works. Links are not guessed for long from one address.
func TestForgottenLimits(t *testing.T) {
	w := newWorld(t)
	var last string
	for i := range 9 {
		w.ok(w.identity.AskForPasswordLink(w.ctx, "clara@clinic.example", at(fmt.Sprintf("192.0.2.%d", i))))
		w.clock.pass(time.Minute)
		if mails := w.work(); len(mails) > 0 {
			last = link(t, mails)
		} else if i < 3 {
			t.Errorf("no mail for try %d", i+1)
		}
	}
	if n := len(w.log(models.PasswordLinkSent)); n != 3 {
		t.Errorf("%d mails, want 3", n)
	}
	w.clock.pass(6 * time.Minute) // the end of the while
	if _, err := w.identity.PasswordLinkUser(w.ctx, last, at("192.0.2.9")); err != nil {
		t.Errorf("the owner has no link that works: %v", err)
	}
	link(t, w.ask("clara@clinic.example"))

	for i := range 20 {
		w.ok(w.identity.AskForPasswordLink(w.ctx, fmt.Sprintf("u%d@evil.example", i), at("2001:db8::1")))
	}
	for _, email := range []string{"nora@north.example", "eve@evil.example", "no e-mail"} {
		w.wait(w.identity.AskForPasswordLink(w.ctx, email, at("2001:db8::2")))
	}
	for range 100 {
		_, err := w.identity.PasswordLinkUser(w.ctx, "guess", at("198.51.100.1"))
		w.refused(err, identity.ErrPasswordLinkExpired)
	}
	_, err := w.identity.PasswordLinkUser(w.ctx, last, at("198.51.100.1"))
	w.wait(err)
	_, err = w.identity.SetForgottenPassword(w.ctx, identity.NewPassword{Token: last, Password: fresh, From: at("198.51.100.1")})
	w.wait(err)
}

// ACC-11: before there is an operator there is nobody to mail.
func TestForgottenEmptyInstallation(t *testing.T) {
	w := newWorld(t)
	w.exec(`TRUNCATE accounts CASCADE`)
	w.ok(w.identity.AskForPasswordLink(w.ctx, "nora@north.example", at("192.0.2.9")))
	if jobs := w.jobs(); !slices.Equal(jobs, nil) {
		t.Errorf("jobs %v", jobs)
	}
}
