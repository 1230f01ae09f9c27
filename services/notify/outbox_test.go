package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

var demo = notify.Options{KeepBodies: true}

// A message exists if, and only if, what it tells of happened: a change that fails, and one that is only tried out, leave
// neither the row nor the job.
func TestRolledBack(t *testing.T) {
	w := newWorld(t, demo)
	both := func(ctx context.Context, tx *store.Tx) error {
		m := notify.Message{Account: w.clinic.ID, To: w.clinic.Email, Subject: "s", Body: "b"}
		if err := notify.Mail(ctx, tx, m); err != nil {
			return err
		}
		m.To = w.clinic.Mobile
		return notify.Text(ctx, tx, m)
	}
	left := func() (rows, jobs int) {
		return one[int](w, `SELECT count(*) FROM outbox`), one[int](w, `SELECT count(*) FROM river_job`)
	}
	no := errors.New("no")
	if err := w.try(w.acme.ID, func(ctx context.Context, tx *store.Tx) error { return errors.Join(both(ctx, tx), no) }); !errors.Is(err, no) {
		t.Fatal(err)
	}
	if rows, jobs := left(); rows != 0 || jobs != 0 {
		t.Errorf("after a failed change: %d rows, %d jobs", rows, jobs)
	}
	err := w.store.Preview(t.Context(), models.System(w.acme.ID), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return models.Event{Action: models.ActivationSent, Account: w.acme.ID}, both(ctx, tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	if rows, jobs := left(); rows != 0 || jobs != 0 {
		t.Errorf("after a preview: %d rows, %d jobs", rows, jobs)
	}
	w.change(w.acme.ID, both)
	if rows, jobs := left(); rows != 2 || jobs != 2 {
		t.Errorf("after a change: %d rows, %d jobs", rows, jobs)
	}
}

// A message about an account of another tenant is refused by the database.
func TestAccountOfAnotherTenant(t *testing.T) {
	w := newWorld(t, demo)
	err := w.try(w.other.ID, func(ctx context.Context, tx *store.Tx) error {
		return notify.Mail(ctx, tx, notify.Message{Account: w.clinic.ID, To: w.clinic.Email, Subject: "s", Body: "b"})
	})
	if !store.Violates(err, "outbox_tenant_id_account_id_fkey") {
		t.Errorf("%v", err)
	}
}

// Addresses and numbers that nothing could be sent to are refused where they come in (ACC-2: bad input).
func TestRecipients(t *testing.T) {
	w := newWorld(t, demo)
	put := func(put func(context.Context, *store.Tx, notify.Message) error, to string) error {
		return w.try(w.acme.ID, func(ctx context.Context, tx *store.Tx) error {
			return put(ctx, tx, notify.Message{Account: w.clinic.ID, To: to, Subject: "s", Body: "b"})
		})
	}
	for _, to := range []string{"", "noor", "noor@", "@north.test", "Noor <noor@north.test>", "<noor@north.test>", " noor@north.test",
		"noor@north.test\r\nBcc: victim@evil.test", "noor@north.test\n", "a@b.test, c@d.test", "noor@north.test (work)",
		"noor\x00@north.test", "noor@north.test\u202e", strings.Repeat("x", 250) + "@north.test"} {
		if err := put(notify.Mail, to); !errors.Is(err, notify.ErrMailAddress) {
			t.Errorf("mail to %q: %v", to, err)
		}
	}
	for _, to := range []string{"noor@north.test", "noor+tag@north.test", "o'neil@north.test", "jö@bücher.test"} {
		if err := put(notify.Mail, to); err != nil {
			t.Errorf("mail to %q: %v", to, err)
		}
	}
	for _, to := range []string{"", "015112345678", "+49 151 1234", "+0151123456", "+491511234567890123", "+4915112345678\n", "+٤٩١٥١١٢٣٤٥"} {
		if err := put(notify.Text, to); !errors.Is(err, notify.ErrPhoneNumber) {
			t.Errorf("text to %q: %v", to, err)
		}
	}
	if err := put(notify.Text, "+4915112345678"); err != nil {
		t.Error(err)
	}
}

// In the demo the outbox is the mailbox: everything counts as sent, and the code and the password can be read (ACC-4).
func TestDemoOutbox(t *testing.T) {
	w := newWorld(t, demo)
	mail := w.mail(notify.Message{Subject: "Welcome", Body: "one-time password", Secret: true})
	text := w.text(notify.ActivationCode(installation, w.clinic, "482913", 600e9))
	w.work()
	for id, action := range map[models.ID]models.Action{mail: models.MailSent, text: models.TextSent} {
		if r := w.becomes(id, notify.Sent); r.Body == "" || r.SentAt == nil {
			t.Errorf("%+v", r)
		}
		if a := w.actions(id); !slices.Equal(a, []models.Action{action}) {
			t.Errorf("action log %v", a)
		}
	}
	page, err := w.notify.Outbox(t.Context(), 10, "")
	if err != nil || len(page.Messages) != 2 || page.Next != "" {
		t.Fatalf("%+v %v", page, err)
	}
	sms, letter := page.Messages[0], page.Messages[1]
	if sms.ID != text || sms.Channel != notify.ByText || sms.To != w.clinic.Mobile || !strings.Contains(sms.Body, "482913") || !sms.Secret {
		t.Errorf("%+v", sms)
	}
	if letter.ID != mail || letter.Channel != notify.ByMail || letter.Body != "one-time password" || letter.AccountName != "North Clinic" ||
		letter.TenantName != "Acme Health" || letter.Account != w.clinic.ID || letter.Tenant != w.acme.ID {
		t.Errorf("%+v", letter)
	}
}

// With SMTP_URL, a demo delivers mails and still shows them.
func TestDemoWithMailServer(t *testing.T) {
	server := newMailServer(t, nil, false)
	o := over(server.addr)
	o.KeepBodies = true
	w := newWorld(t, o)
	id := w.mail(notify.Message{Subject: "Welcome", Body: "one-time password", Secret: true})
	w.work()
	if r := w.becomes(id, notify.Sent); r.Body != "one-time password" || len(server.mails()) != 1 {
		t.Errorf("%+v, %d mails", r, len(server.mails()))
	}
}

// Outside the demo nothing pretends to be sent: what nobody carries is failed, at once, with the reason; and nobody reads
// the outbox.
func TestNobodyCarries(t *testing.T) {
	w := newWorld(t, notify.Options{})
	mail := w.mail(notify.Message{Subject: "s", Body: "b", Secret: true})
	text := w.text(notify.Message{Body: "482913", Secret: true})
	w.work()
	if r := w.becomes(mail, notify.Failed); r.Tries != 1 || r.LastError != "No mail server is set up." || r.Body != "b" {
		t.Errorf("%+v", r)
	}
	if r := w.becomes(text, notify.Failed); r.Tries != 1 || r.LastError != "No SMS gateway is set up." || r.Body != "482913" {
		t.Errorf("%+v", r)
	}
	if a := w.actions(text); !slices.Equal(a, []models.Action{"text.failed"}) {
		t.Errorf("action log %v", a)
	}
	if page, err := w.notify.Outbox(t.Context(), 10, ""); !errors.Is(err, notify.ErrNoOutbox) || len(page.Messages) != 0 {
		t.Errorf("%+v %v", page, err)
	}
}

// ACC-4, bad input first: a text that the gateway refuses has failed, one that it does not take now is tried again, one that it takes is
// sent, and what it said is thrown away.
func TestTextsThroughTheGateway(t *testing.T) {
	var answer notify.TextAnswer
	var said []string
	w := newWorld(t, notify.Options{Text: func(_ context.Context, to, body string) notify.TextAnswer {
		said = append(said, to+" "+body)
		return answer
	}})
	answer = notify.TextAnswer{Final: true, Problem: "The gateway refused it."}
	id := w.text(notify.Message{Body: "482913", Secret: true})
	w.work()
	if r := w.becomes(id, notify.Failed); r.Tries != 1 || r.LastError != "The gateway refused it." {
		t.Errorf("%+v", r)
	}
	answer = notify.TextAnswer{Problem: "The gateway cannot be reached."}
	id = w.text(notify.Message{Body: "482914", Secret: true})
	var later *notify.Postponed
	if err := w.notify.Deliver(t.Context(), w.acme.ID, id); !errors.As(err, &later) {
		t.Errorf("it is not tried again: %v", err)
	}
	answer = notify.TextAnswer{Taken: true}
	if err := w.notify.Deliver(t.Context(), w.acme.ID, id); err != nil {
		t.Error(err)
	}
	if r := w.becomes(id, notify.Sent); r.Tries != 2 || r.Body != "" {
		t.Errorf("%+v", r)
	}
	if want := []string{w.clinic.Mobile + " 482913", w.clinic.Mobile + " 482914", w.clinic.Mobile + " 482914"}; !slices.Equal(said, want) {
		t.Errorf("the gateway was told %q", said)
	}
}

// The lists page by key: nothing is missed or shown twice, also where many messages are of one moment and of several
// tenants.
func TestPages(t *testing.T) {
	w := newWorld(t, demo)
	for i := range 7 {
		tenant, account := w.acme.ID, w.clinic.ID
		if i%2 == 1 {
			tenant, account = w.other.ID, w.other.ID
		}
		w.change(tenant, func(ctx context.Context, tx *store.Tx) error {
			for j := range 3 { // of one moment
				m := notify.Message{Account: account, To: "a@b.test", Subject: fmt.Sprint(i, j), Body: "b", Secret: true}
				if err := notify.Mail(ctx, tx, m); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if _, err := w.raw.Exec(t.Context(), `UPDATE outbox SET status = 'failed' WHERE subject <> '3 1'`); err != nil {
		t.Fatal(err)
	}
	var all, failed []string
	for before := "no such place"; before != ""; {
		page, err := w.notify.Outbox(t.Context(), 4, before)
		if err != nil || len(page.Messages) > 4 || len(page.Messages) == 0 {
			t.Fatal(len(page.Messages), err)
		}
		for _, m := range page.Messages {
			all = append(all, m.Subject)
		}
		before = page.Next
	}
	for before := ""; len(failed) == 0 || before != ""; {
		page, err := w.notify.Failed(t.Context(), w.staff, 5, before)
		if err != nil || len(page.Messages) > 5 || len(page.Messages) == 0 {
			t.Fatal(len(page.Messages), err)
		}
		for _, m := range page.Messages {
			failed = append(failed, m.Subject)
		}
		before = page.Next
	}
	var want []string
	for i := range 7 {
		for j := range 3 {
			want = append([]string{fmt.Sprint(i, j)}, want...)
		}
	}
	if !slices.Equal(all, want) {
		t.Errorf("outbox %q, want %q", all, want)
	}
	want = slices.DeleteFunc(want, func(s string) bool { return s == "3 1" })
	if !slices.Equal(failed, want) {
		t.Errorf("failed %q, want %q", failed, want)
	}
	if page, err := w.notify.Outbox(t.Context(), -1, "1.x'; DROP TABLE outbox"); err != nil || len(page.Messages) != 1 {
		t.Errorf("%+v %v", page, err)
	}
}

// ACC-15: only staff see what failed, and only their Admins try it again; only what failed is tried again, and once.
func TestRetryRefuses(t *testing.T) {
	w := newWorld(t, notify.Options{})
	id := w.mail(notify.Message{Subject: "s", Body: "b"})
	if err := w.notify.Retry(t.Context(), w.staff, w.acme.ID, id); !errors.Is(err, notify.ErrNotFailed) {
		t.Errorf("one that waits: %v", err)
	}
	if err := w.notify.Deliver(t.Context(), w.acme.ID, id); err != nil {
		t.Fatal(err)
	}
	parent := models.Actor{Tenant: w.acme.ID, Account: w.acme.ID, Kind: models.Parent,
		Privileges: models.PrivilegesOf(models.Parent, models.Admin, nil)}
	helper := w.staff
	helper.Privileges = models.PrivilegesOf(models.Operator, models.Member, nil)
	for name, actor := range map[string]models.Actor{"parent": parent, "staff user": helper, "installation": models.System(w.acme.ID)} {
		if err := w.notify.Retry(t.Context(), actor, w.acme.ID, id); !errors.Is(err, models.ErrMissingPrivilege) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "staff user" { // sees, and changes nothing
			if page, err := w.notify.Failed(t.Context(), actor, 10, ""); err != nil || len(page.Messages) != 1 {
				t.Errorf("%s: %+v %v", name, page, err)
			}
		} else if page, err := w.notify.Failed(t.Context(), actor, 10, ""); !errors.Is(err, models.ErrMissingPrivilege) || len(page.Messages) != 0 {
			t.Errorf("%s: %+v %v", name, page, err)
		}
	}
	if err := w.notify.Retry(t.Context(), w.staff, w.other.ID, id); !errors.Is(err, notify.ErrNoSuchMessage) {
		t.Errorf("as one of another tenant: %v", err)
	}
	if err := w.notify.Deliver(t.Context(), w.other.ID, id); !errors.Is(err, notify.ErrNoSuchMessage) {
		t.Errorf("delivered as one of another tenant: %v", err)
	}
	jobs := one[int](w, `SELECT count(*) FROM river_job`)
	if err := w.notify.Retry(t.Context(), w.staff, w.acme.ID, id); err != nil {
		t.Errorf("one that failed: %v", err)
	}
	if err := w.notify.Retry(t.Context(), w.staff, w.acme.ID, id); !errors.Is(err, notify.ErrNotFailed) {
		t.Errorf("a second time: %v", err)
	}
	if n := one[int](w, `SELECT count(*) FROM river_job`); n != jobs+1 {
		t.Errorf("%d jobs, then %d", jobs, n)
	}
}

// The configuration is checked before anything runs on it, and a mistake does not print the password.
func TestConfiguration(t *testing.T) {
	for _, good := range []string{"smtp://mail.test", "smtp://u:p@mail.test:2587", "smtps://u:p@mail.test/", "smtp+plain://127.0.0.1:1025",
		"smtp+plain://mailpit:1025", "smtp+plain://u:p@localhost", "smtp://u%40x:p%2F%3A@[::1]:25"} {
		if err := notify.CheckSMTPURL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "mail.test:587", "http://u:p4ssw@mail.test", "smtp://u:p4ssw@", "smtp://u:p4ssw@mail.test:99999", "smtp://:p4ssw@mail.test",
		"smtp://u:p4ssw@mail.test/inbox", "smtp://u:p4ssw@mail.test?x=p4ssw", "smtp+plain://u:p4ssw@mail.test", "smtp://u:p4ssw%@mail.test", "smtp://u:p4ssw@mail.test:p4ssw"} {
		err := notify.CheckSMTPURL(bad)
		if err == nil || strings.Contains(err.Error(), "p4ssw") {
			t.Errorf("%s: %v", bad, err)
		}
		if _, fromNew := notify.New(nil, notify.Options{SMTPURL: bad, From: "a@b.test"}); bad != "" && fromNew == nil {
			t.Errorf("New took %s", bad)
		}
	}
	for _, from := range []string{"", "portal", "Portal <portal@example.com>", "portal@example.com\r\nBcc: x@y.test"} {
		if _, err := notify.New(nil, notify.Options{SMTPURL: "smtp://mail.test", From: from}); err == nil {
			t.Errorf("New took mails from %q", from)
		}
	}
	for url, good := range map[string]bool{"https://portal.example.com": true, "http://127.0.0.1:8080/": true, "https://example.com/portal": true,
		"": false, "portal.example.com": false, "ftp://x": false, "https://": false, "https://x?y": false, "https://u:p@x": false, "javascript:alert(1)": false} {
		if err := (notify.Installation{Name: "Offshoot", PublicURL: url}).Check(); (err == nil) != good {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := (notify.Installation{Name: "Off\nshoot", PublicURL: "https://x"}).Check(); err == nil {
		t.Error("a name of two lines")
	}
}
