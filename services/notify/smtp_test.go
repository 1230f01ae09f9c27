package notify_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"offshoot/models"
	"offshoot/services/notify"
)

var installation = notify.Installation{Name: "Offshoot", PublicURL: "https://portal.example.com"}

func over(addr string) notify.Options {
	return notify.Options{SMTPURL: "smtp+plain://" + addr, From: "portal@example.com", FromName: "Offshoot"}
}

// parsed reads a received mail as a mail program would.
func parsed(t *testing.T, r received) (header mail.Header, body string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(r.raw))
	if err != nil {
		t.Fatalf("%v in %q", err, r.raw)
	}
	header = m.Header
	if got := header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
		t.Fatalf("Content-Transfer-Encoding %q", got)
	}
	decoded, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return header, strings.TrimSuffix(strings.ReplaceAll(string(decoded), "\r\n", "\n"), "\n")
}

func decoded(t *testing.T, header string) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// ACC-4: the activation mail reaches the mail server whole, with every header that a mail needs, and its password is
// gone from the database afterwards.
func TestMailArrives(t *testing.T) {
	server := newMailServer(t, nil, false)
	o := over(server.addr)
	o.FromName = "Übersprung"
	w := newWorld(t, o)
	sent := notify.ActivationPassword(installation, w.clinic, "Acme Health", installation.Link("/sign-in"), "abcde-fghij", time.Now())
	before := time.Now().Add(-2 * time.Second)
	id := w.mail(sent)
	if r := w.row(id); r.Status != notify.Waiting || r.Body != sent.Body || r.SentAt != nil {
		t.Fatalf("before delivery: %+v", r)
	}
	w.work()
	r := w.becomes(id, notify.Sent)
	if r.Tries != 1 || r.LastError != "" || r.SentAt == nil {
		t.Errorf("after delivery: %+v", r)
	}
	if r.Body != "" {
		t.Errorf("the secret is still in the database: %q", r.Body)
	}

	got := server.mails()
	if len(got) != 1 {
		t.Fatalf("%d mails arrived", len(got))
	}
	if got[0].from != "portal@example.com" || got[0].to != w.clinic.Email {
		t.Errorf("envelope from %q to %q", got[0].from, got[0].to)
	}
	header, body := parsed(t, got[0])
	from, err := mail.ParseAddress(header.Get("From"))
	if err != nil || from.Name != "Übersprung" || from.Address != "portal@example.com" {
		t.Errorf("From %q", header.Get("From"))
	}
	if header.Get("To") != "<noor@north.test>" {
		t.Errorf("To %q", header.Get("To"))
	}
	if got := decoded(t, header.Get("Subject")); got != "Your account North Clinic at Offshoot" {
		t.Errorf("Subject %q", got)
	}
	if got, want := header.Get("Message-ID"), "<"+id.String()+"@example.com>"; got != want {
		t.Errorf("Message-ID %q, want %q", got, want)
	}
	if date, err := header.Date(); err != nil || date.Before(before) || date.After(time.Now()) {
		t.Errorf("Date %q", header.Get("Date"))
	}
	if got := header.Get("Auto-Submitted"); got != "auto-generated" {
		t.Errorf("Auto-Submitted %q", got)
	}
	if got := header.Get("Content-Type"); got != "text/plain; charset=UTF-8" {
		t.Errorf("Content-Type %q", got)
	}
	if body+"\n" != sent.Body && body != sent.Body {
		t.Errorf("body %q, want %q", body, sent.Body)
	}
	for _, part := range []string{"Hello Noor North,", "https://portal.example.com/sign-in", "abcde-fghij"} {
		if !strings.Contains(body, part) {
			t.Errorf("the body lacks %q", part)
		}
	}

	lines := w.logged(id)
	if len(lines) != 1 || lines[0].Action != models.MailSent || lines[0].TenantID != w.acme.ID ||
		lines[0].AccountID != w.clinic.ID || lines[0].Details["to"] != w.clinic.Email {
		t.Errorf("action log %+v", lines)
	}
	if state := one[string](w, `SELECT state::text FROM river_job WHERE args->>'id' = $1`, id.String()); state != "completed" {
		t.Errorf("the job is %s", state)
	}
}

// Names in any script and names with markup arrive as they are (ACC-2: bad input). Only what poses as an encoded word is
// taken apart in the subject, or a mail program would show something else.
func TestNamesArriveAsTheyAre(t *testing.T) {
	server := newMailServer(t, nil, false)
	w := newWorld(t, over(server.addr))
	names := []string{"Ärztehaus Süd 診療所 עברית 🏥", `<script>alert("1")</script> & =cmd|' /C calc'!A0`, "=?utf-8?q?Bcc?=",
		strings.Repeat("Zürich ", 17), "."}
	ids := make([]models.ID, len(names))
	for i, name := range names {
		a := w.clinic
		a.Name, a.ContactName = name, name
		ids[i] = w.mail(notify.Reactivated(installation, a, ".\n.."+installation.Link("/sign-in")))
	}
	w.work()
	for _, id := range ids {
		w.becomes(id, notify.Sent)
	}
	got := map[string]string{}
	for _, m := range server.mails() {
		header, body := parsed(t, m)
		got[decoded(t, header.Get("Subject"))] = body
	}
	for _, name := range names {
		body, found := got["Your account "+strings.ReplaceAll(name, "=?", "= ?")+" is active again"]
		if !found {
			t.Errorf("no subject with %q among %q", name, got)
		}
		if !strings.Contains(body, "your account "+name+" at Offshoot") || !strings.Contains(body, "\n.\n..https://") {
			t.Errorf("no %q in %q", name, body)
		}
	}
}

// A server that refuses for the time being gets the mail later, once.
func TestRefusedAtFirst(t *testing.T) {
	for name, no := range map[string]error{
		"hello": refuse(421, "too busy"), "from": refuse(452, "disk full"), "to": refuse(450, "greylisted"), "data": refuse(451, "try later"),
		"from, for we are not signed in": refuse(530, "authentication required"), // that is for the operator to mend
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stage, _, _ := strings.Cut(name, ",")
			server := newMailServer(t, nil, false)
			w := newWorld(t, over(server.addr))
			busy := 2
			if stage == "hello" {
				busy = 4 // each try says EHLO and then HELO
			}
			server.answers(func(at string, n int, _ net.Conn) error {
				if at == stage && n <= busy {
					return no
				}
				return nil
			})
			id := w.mail(notify.Message{Subject: "s", Body: "b", Secret: true})
			w.work()
			r := w.becomes(id, notify.Sent)
			if r.Tries != 3 || r.LastError != "" || r.Body != "" {
				t.Errorf("%+v", r)
			}
			if n := len(server.mails()); n != 1 {
				t.Errorf("%d mails arrived", n)
			}
			lines := w.logged(id)
			if len(lines) != 3 || lines[0].Action != models.MailFailed || lines[1].Action != models.MailFailed || lines[2].Action != models.MailSent {
				t.Fatalf("action log %+v", lines)
			}
			if lines[0].Details["next"] == "" || lines[0].Details["try"] != "1" || lines[1].Details["try"] != "2" {
				t.Errorf("action log %+v", lines)
			}
		})
	}
}

// ACC-15: a mail that the server refuses for good is failed at once, is shown to staff without its secret, and is sent
// when staff try it again after the reason is gone.
func TestRefusedForGood(t *testing.T) {
	for stage, no := range map[string]error{
		"from": refuse(553, "no such sender"), "to": refuse(550, "no such user here"), "data": refuse(554, "looks like spam"),
	} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			server := newMailServer(t, nil, false)
			w := newWorld(t, over(server.addr))
			server.answers(func(at string, _ int, _ net.Conn) error {
				if at == stage {
					return no
				}
				return nil
			})
			id := w.mail(notify.Message{Subject: "Welcome", Body: "the password", Secret: true})
			w.work()
			r := w.becomes(id, notify.Failed)
			if r.Tries != 1 || !strings.Contains(r.LastError, no.(*smtp.SMTPError).Message) {
				t.Errorf("%+v", r)
			}
			if r.Body != "the password" {
				t.Errorf("nothing is left to try again: %q", r.Body)
			}
			if a := w.actions(id); !slices.Equal(a, []models.Action{models.MailFailed}) {
				t.Errorf("action log %v", a)
			}
			if d := w.logged(id)[0].Details; d["next"] != "" || !strings.HasPrefix(d["reason"], "The mail server answered: 55") {
				t.Errorf("action log %v", d)
			}

			page, err := w.notify.Failed(t.Context(), w.staff, 10, "")
			if err != nil || len(page.Messages) != 1 {
				t.Fatalf("%+v %v", page, err)
			}
			m := page.Messages[0]
			if m.ID != id || m.Tenant != w.acme.ID || m.TenantName != "Acme Health" || m.AccountName != "North Clinic" ||
				m.To != w.clinic.Email || m.Subject != "Welcome" || m.LastError != r.LastError || m.Status != notify.Failed {
				t.Errorf("%+v", m)
			}
			if m.Body != "" {
				t.Errorf("staff read the password: %q", m.Body)
			}

			server.answers(nil)
			if err := w.notify.Retry(t.Context(), w.staff, w.acme.ID, id); err != nil {
				t.Fatal(err)
			}
			if r := w.becomes(id, notify.Sent); r.Tries != 1 || r.LastError != "" || r.Body != "" {
				t.Errorf("%+v", r)
			}
			lines := w.logged(id)
			if len(lines) != 3 || lines[1].Action != models.JobRetried || lines[1].UserEmail != w.staff.Email ||
				lines[1].TenantID != w.acme.ID || lines[2].Action != models.MailSent {
				t.Errorf("action log %+v", lines)
			}
			if page, err := w.notify.Failed(t.Context(), w.staff, 10, ""); err != nil || len(page.Messages) != 0 {
				t.Errorf("%+v %v", page, err)
			}
			if n := len(server.mails()); n != 1 {
				t.Errorf("%d mails arrived", n)
			}
		})
	}
}

// A mail server that is down: every try is made, then the message is failed; tried again, it arrives.
func TestServerDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	w := newWorld(t, over(addr))
	id := w.mail(notify.Message{Subject: "s", Body: "b"})
	w.work()
	r := w.becomes(id, notify.Failed)
	if r.Tries != 4 || !strings.Contains(r.LastError, "connection refused") {
		t.Errorf("%+v", r)
	}
	lines := w.logged(id)
	if len(lines) != 4 || lines[2].Details["next"] == "" || lines[3].Details["next"] != "" {
		t.Errorf("action log %+v", lines)
	}
	for _, l := range lines { // the account may know that it failed, not where our servers stand
		if l.Details["reason"] != "The mail server could not be reached." {
			t.Errorf("action log %+v", l)
		}
	}
	if l, err = net.Listen("tcp", addr); err != nil {
		t.Fatal(err)
	}
	server := &mailServer{addr: addr, asked: map[string]int{}}
	server.serve(t, l, nil, false)
	if err := w.notify.Retry(t.Context(), w.staff, w.acme.ID, id); err != nil {
		t.Fatal(err)
	}
	w.becomes(id, notify.Sent)
	if n := len(server.mails()); n != 1 {
		t.Errorf("%d mails arrived", n)
	}
}

// A server that takes the connection and then says nothing is given up on, and asked again.
func TestServerSilent(t *testing.T) {
	var silent atomic.Int32
	forever := make(chan struct{})
	addr := scripted(t, func(line string) string {
		if line == "CONNECT" && silent.Add(1) == 1 {
			<-forever
			return ""
		}
		return polite(line)
	})
	t.Cleanup(func() { close(forever) })
	w := newWorld(t, over(addr))
	w.notify.Hurry(10*time.Millisecond, 4, 200*time.Millisecond)
	id := w.mail(notify.Message{Subject: "s", Body: "b"})
	w.work()
	if r := w.becomes(id, notify.Sent); r.Tries != 2 {
		t.Errorf("%+v", r)
	}
}

// polite is a server of few words.
func polite(line string) string {
	switch verb, _, _ := strings.Cut(line, " "); verb {
	case "CONNECT":
		return "220 mail.test"
	case "QUIT":
		return "221 bye"
	case "DATA":
		return "354 go on"
	}
	return "250 fine"
}

// Passwords and mails travel encrypted: with STARTTLS over smtp://, from the first byte over smtps://. A server whose
// certificate nobody vouches for, or that does not offer encryption, gets neither.
func TestEncrypted(t *testing.T) {
	cert, pool := selfMade(t)
	signIn := url.UserPassword(userName, password).String() + "@"
	for name, c := range map[string]struct {
		scheme   string
		implicit bool
	}{"STARTTLS": {"smtp://", false}, "TLS": {"smtps://", true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newMailServer(t, cert, c.implicit)
			o := over(server.addr)
			o.SMTPURL, o.RootCAs = c.scheme+signIn+server.addr, pool
			w := newWorld(t, o)
			id := w.mail(notify.Message{Subject: "s", Body: "b"})
			w.work()
			w.becomes(id, notify.Sent)
			if len(server.mails()) != 1 || server.user != userName {
				t.Errorf("%d mails, signed in as %q", len(server.mails()), server.user)
			}
		})
		t.Run(name+" not vouched for", func(t *testing.T) {
			t.Parallel()
			server := newMailServer(t, cert, c.implicit)
			o := over(server.addr)
			o.SMTPURL = c.scheme + signIn + server.addr
			w := newWorld(t, o)
			id := w.mail(notify.Message{Subject: "s", Body: "b"})
			w.work()
			if r := w.becomes(id, notify.Failed); !strings.Contains(r.LastError, "certificate") || r.Tries != 4 {
				t.Errorf("%+v", r)
			}
			if len(server.mails()) != 0 || server.user != "" {
				t.Errorf("%d mails, signed in as %q", len(server.mails()), server.user)
			}
		})
	}
	t.Run("not offered", func(t *testing.T) {
		t.Parallel()
		server := newMailServer(t, nil, false)
		o := over(server.addr)
		o.SMTPURL = "smtp://" + signIn + server.addr
		w := newWorld(t, o)
		id := w.mail(notify.Message{Subject: "s", Body: "b"})
		w.work()
		if r := w.becomes(id, notify.Failed); !strings.Contains(r.LastError, "STARTTLS") {
			t.Errorf("%+v", r)
		}
		if len(server.mails()) != 0 || server.user != "" {
			t.Errorf("%d mails, signed in as %q", len(server.mails()), server.user)
		}
	})
	t.Run("wrong password", func(t *testing.T) { // our mistake, not the message's: tried again, and told without the password
		t.Parallel()
		server := newMailServer(t, cert, false)
		o := over(server.addr)
		o.SMTPURL, o.RootCAs = "smtp://portal:wr0ng@"+server.addr, pool
		w := newWorld(t, o)
		id := w.mail(notify.Message{Subject: "s", Body: "b"})
		w.work()
		if r := w.becomes(id, notify.Failed); r.Tries != 4 || !strings.Contains(r.LastError, "535") || strings.Contains(r.LastError, "wr0ng") {
			t.Errorf("%+v", r)
		}
	})
}

// The one way to a duplicate: the server has the message and dies before it says so. Nobody can tell that from a message
// that was lost, so it is sent again, as the very same mail.
func TestServerDiesBeforeItAnswers(t *testing.T) {
	server := newMailServer(t, nil, false)
	w := newWorld(t, over(server.addr))
	server.answers(func(stage string, n int, c net.Conn) error {
		if stage == "data" && n == 1 {
			_ = c.Close()
		}
		return nil
	})
	id := w.mail(notify.Message{Subject: "s", Body: "b", Secret: true})
	w.work()
	if r := w.becomes(id, notify.Sent); r.Tries != 2 || r.Body != "" {
		t.Errorf("%+v", r)
	}
	got := server.mails()
	if len(got) != 2 {
		t.Fatalf("%d mails arrived", len(got))
	}
	if got[0] != got[1] || !strings.Contains(got[0].raw, "Message-ID: <"+id.String()+"@example.com>") {
		t.Errorf("the twins differ:\n%s\n%s", got[0].raw, got[1].raw)
	}
}

// A server that takes the message and then hangs up without a good-bye has taken it.
func TestServerHangsUpAfterwards(t *testing.T) {
	var mails atomic.Int32
	addr := scripted(t, func(line string) string {
		if line == "." {
			mails.Add(1)
		}
		if line == "QUIT" {
			return ""
		}
		return polite(line)
	})
	w := newWorld(t, over(addr))
	id := w.mail(notify.Message{Subject: "s", Body: "b"})
	w.work()
	if r := w.becomes(id, notify.Sent); r.Tries != 1 || mails.Load() != 1 {
		t.Errorf("%+v, %d mails", r, mails.Load())
	}
}

// What a server says goes into the database and onto a page, whatever it is: cut to length, without what steers a terminal.
func TestServerTalksRubbish(t *testing.T) {
	rubbish := "550 \x00\xff\xfe\x1b[31mno\u202e" + strings.Repeat("x", 1000)
	var asked atomic.Int32
	addr := scripted(t, func(line string) string {
		if strings.HasPrefix(line, "RCPT") {
			asked.Add(1)
			return rubbish
		}
		return polite(line)
	})
	w := newWorld(t, over(addr))
	id := w.mail(notify.Message{Subject: "s", Body: "b"})
	w.work()
	r := w.becomes(id, notify.Failed)
	if asked.Load() != 1 || len([]rune(r.LastError)) > 300 || strings.ContainsAny(r.LastError, "\x00\x1b\u202e") || !strings.Contains(r.LastError, "[31mno") {
		t.Errorf("asked %d times, %+v", asked.Load(), r)
	}
}

// Nobody gets a header of their own into a mail: not by a name, a subject, an address, a body (ACC-2: bad input).
func TestNoHeaderInjection(t *testing.T) {
	const evil = "x\r\nBcc: victim@evil.test\r\n\r\nDear customer\x00\u2028"
	server := newMailServer(t, nil, false)
	o := over(server.addr)
	o.FromName = evil
	w := newWorld(t, o)
	a := w.clinic
	a.Name, a.ContactName = evil, evil
	in := notify.Installation{Name: evil, PublicURL: installation.PublicURL}
	ids := []models.ID{
		w.mail(notify.Message{Subject: evil, Body: ".\r\n.\r\nMAIL FROM:<evil@evil.test>\r\n" + evil}),
		w.mail(notify.ActivationLink(in, a, evil, "https://portal.example.com/activate", time.Now())),
		w.mail(notify.AccessNotice(in, a, evil, evil, time.Now(), time.Now())),
	}
	w.work()
	for _, id := range ids {
		w.becomes(id, notify.Sent)
	}
	got := server.mails()
	if len(got) != len(ids) {
		t.Fatalf("%d mails arrived", len(got))
	}
	for _, m := range got {
		header, _ := parsed(t, m)
		if m.from != "portal@example.com" || m.to != w.clinic.Email {
			t.Errorf("envelope from %q to %q", m.from, m.to)
		}
		for name := range header {
			if !slices.Contains([]string{"Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From",
				"Message-Id", "Mime-Version", "Subject", "To"}, name) {
				t.Errorf("a header %s: %q", name, header[name])
			}
		}
		if subject := decoded(t, header.Get("Subject")); strings.ContainsAny(subject, "\r\n\x00\u2028") {
			t.Errorf("Subject %q", subject)
		}
	}
}

// Addresses with letters beyond ASCII: the domain is spelt as the DNS has it; before the @ the server has to know how.
func TestInternationalAddress(t *testing.T) {
	server := newMailServer(t, nil, false)
	w := newWorld(t, over(server.addr))
	domain := w.mail(notify.Message{To: "jo@bücher.test", Subject: "s", Body: "b"})
	local := w.mail(notify.Message{To: "jö@bücher.test", Subject: "s", Body: "b"})
	w.work()
	w.becomes(domain, notify.Sent)
	w.becomes(local, notify.Sent)
	var to []string
	for _, m := range server.mails() {
		to = append(to, m.to)
	}
	slices.Sort(to)
	if !slices.Equal(to, []string{"jo@xn--bcher-kva.test", "jö@xn--bcher-kva.test"}) {
		t.Errorf("to %q", to)
	}

	ascii := newWorld(t, over(scripted(t, polite))) // does not say that it takes them
	id := ascii.mail(notify.Message{To: "jö@bücher.test", Subject: "s", Body: "b"})
	ascii.work()
	if r := ascii.becomes(id, notify.Failed); r.Tries != 1 || !strings.Contains(r.LastError, "ASCII") {
		t.Errorf("%+v", r)
	}
}

// Fifty deliveries of one message at once send it once.
func TestDeliveredOnce(t *testing.T) {
	server := newMailServer(t, nil, false)
	w := newWorld(t, over(server.addr))
	server.answers(func(string, int, net.Conn) error { time.Sleep(100 * time.Millisecond); return nil }) // so that they meet
	id := w.mail(notify.Message{Subject: "s", Body: "b"})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := w.notify.Deliver(t.Context(), w.acme.ID, id); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(server.mails()); n != 1 {
		t.Errorf("%d mails arrived", n)
	}
	if a := w.actions(id); !slices.Equal(a, []models.Action{models.MailSent}) {
		t.Errorf("action log %v", a)
	}
}

// A database that goes away while the mail server has the message: the delivery is noted on another connection, not made
// a second time. The connection that is cut is the one that holds the message; the job queue's own may be in a transaction too.
func TestDatabaseLostMeanwhile(t *testing.T) {
	server := newMailServer(t, nil, false)
	w := newWorld(t, over(server.addr))
	var lost atomic.Int32
	server.answers(func(stage string, n int, _ net.Conn) error {
		if stage == "data" && n == 1 {
			lost.Store(one[int32](w, `SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity
				WHERE datname = current_database() AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'outbox'::regclass AND mode = 'RowShareLock')`))
		}
		return nil
	})
	id := w.mail(notify.Message{Subject: "s", Body: "b", Secret: true})
	w.work()
	if r := w.becomes(id, notify.Sent); r.Tries != 1 || r.Body != "" {
		t.Errorf("%+v", r)
	}
	if lost.Load() == 0 { // another one that waits for the row may go too
		t.Error("no connection was cut")
	}
	if n := len(server.mails()); n != 1 {
		t.Errorf("%d mails arrived", n)
	}
}

// A shutdown in the middle of a conversation lets it end, and its outcome is noted.
func TestShutdownMeanwhile(t *testing.T) {
	server := newMailServer(t, nil, false)
	w := newWorld(t, over(server.addr))
	id := w.mail(notify.Message{Subject: "s", Body: "b"})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	server.answers(func(stage string, _ int, _ net.Conn) error {
		if stage == "data" {
			stop()
			time.Sleep(50 * time.Millisecond)
		}
		return nil
	})
	if err := w.notify.Deliver(ctx, w.acme.ID, id); err != nil {
		t.Fatal(err)
	}
	if r := w.row(id); r.Status != notify.Sent || len(server.mails()) != 1 {
		t.Errorf("%+v, %d mails", r, len(server.mails()))
	}

	next := w.mail(notify.Message{Subject: "s", Body: "b"}) // and nothing new is begun
	if err := w.notify.Deliver(ctx, w.acme.ID, next); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if r := w.row(next); r.Status != notify.Waiting || r.Tries != 0 {
		t.Errorf("%+v", r)
	}
}
