package notify

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/mail"
	"strconv"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// Options say how messages leave the installation.
type Options struct {
	// SMTPURL is the mail server; CheckSMTPURL tells the forms. Without one, mails stay in the outbox.
	SMTPURL string
	// From is the address that mails come from, FromName the name beside it. From is needed with SMTPURL.
	From, FromName string
	// Text hands a text to the SMS gateway. Without it, texts stay in the outbox.
	Text func(ctx context.Context, to, body string) TextAnswer
	// KeepBodies is for the demo, where the outbox is the mailbox: secret bodies stay readable, Outbox answers, and what
	// has nobody to carry it counts as sent. Elsewhere such a message is failed, for nobody will ever read it.
	KeepBodies bool
	// RootCAs are trusted to certify the mail server; nil means those of the system.
	RootCAs *x509.CertPool
}

// TextAnswer is what became of a text. One that may have arrived without our knowing is not taken: it is tried again, as a mail is.
type TextAnswer struct {
	Taken   bool
	Final   bool   // not taken, and never will be
	Problem string // a sentence, where it was not taken
}

// Service delivers what is in the outbox.
type Service struct {
	store  *store.Store
	server *mailServer // nil without SMTPURL
	text   func(ctx context.Context, to, body string) TextAnswer
	keep   bool
	pauses []time.Duration // after the first try, the second …
}

// Together 16 hours: longer than a night without a mail server, shorter than anybody waits for a mail.
var pauses = []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour}

// New makes the service. Refuses options that cannot work, without repeating the password.
func New(st *store.Store, o Options) (*Service, error) {
	s := &Service{store: st, text: o.Text, keep: o.KeepBodies, pauses: pauses}
	if o.SMTPURL == "" {
		return s, nil
	}
	server, err := parseSMTPURL(o.SMTPURL)
	if err != nil {
		return nil, err
	}
	if !isMailAddress(o.From) || !isASCII(o.From) {
		return nil, errors.New("mail needs an address that it comes from, such as portal@example.com")
	}
	server.from = mail.Address{Name: oneLine(o.FromName), Address: o.From}
	server.rootCAs = o.RootCAs
	s.server = &server
	return s, nil
}

// Postponed is the answer of a Deliver that wants to be called again.
type Postponed struct {
	After time.Duration
	Err   error
}

func (p *Postponed) Error() string { return fmt.Sprintf("postponed by %s: %v", p.After, p.Err) }
func (p *Postponed) Unwrap() error { return p.Err }

var errSettled = errors.New("notify: nothing to do")

// Deliver sends one message that waits in the outbox. For the job queue, as the installation itself.
//
// It returns nil when the message is settled: sent now or before, or failed. It returns a *Postponed when the message was
// refused for the time being and shall be tried again. Refuses with ErrNoSuchMessage. Any other error is of the database;
// the message still waits.
func (s *Service) Deliver(ctx context.Context, tenant, id models.ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// What came of the one try that this call makes, whatever the database makes us do again.
	var tried *outcome
	deliver := func(_ context.Context, tx *store.Tx) (models.Event, error) {
		row, err := lock(tx, id)
		if err != nil {
			return models.Event{}, err
		}
		if row.Status != Waiting {
			return models.Event{}, errSettled
		}
		if tried == nil {
			if row.Body, err = unsealed(tx.Keys(), tenant, id, row.Body, row.Sealed); err != nil {
				return models.Event{}, err
			}
			tried = s.try(ctx, id, row)
		}
		return note(tx, id, row, tried, s.keep), nil
	}
	// Once the message is out, neither a shutdown nor a database that restarts must keep us from noting it: what is not
	// noted is sent again. Twelve seconds of patience.
	noting := context.WithoutCancel(ctx)
	_, err := s.store.Change(noting, models.System(tenant), deliver)
	for again := 1; err != nil && tried != nil && again < 7 && !errors.Is(err, errSettled); again++ {
		time.Sleep(100 * time.Millisecond << again)
		_, err = s.store.Change(noting, models.System(tenant), deliver)
	}
	switch {
	case errors.Is(err, errSettled):
		return nil
	case err != nil:
		return err
	case tried.next > 0:
		return &Postponed{tried.next, tried.refusal.err}
	}
	return nil
}

type waiting struct {
	Channel   Channel
	AccountID models.ID
	Recipient string
	Subject   string
	Body      string
	Sealed    []byte
	Secret    bool
	Status    Status
	Tries     int
	CreatedAt time.Time
}

func lock(tx *store.Tx, id models.ID) (waiting, error) {
	var row waiting
	found := tx.Raw(`SELECT channel, account_id, recipient, subject, body, sealed, secret, status, tries, created_at
		FROM outbox WHERE tenant_id = ? AND id = ? FOR UPDATE`, tx.Actor.Tenant, id).Scan(&row)
	if found.Error == nil && found.RowsAffected == 0 {
		return row, ErrNoSuchMessage
	}
	return row, found.Error
}

// outcome is what came of one try.
type outcome struct {
	refusal *refusal      // nil: taken
	next    time.Duration // until the next try; 0: there is none
}

func (s *Service) try(ctx context.Context, id models.ID, row waiting) *outcome {
	var no *refusal
	switch {
	case row.Secret && row.Body == "":
		no = nobodyCarries("What it said was given up: the keys that it was sealed with are gone.")
	case row.Channel == ByMail && s.server != nil:
		no = s.server.hand(ctx, id, row.Recipient, row.Subject, row.Body, row.CreatedAt)
	case row.Channel == ByText && s.text != nil:
		if answer := s.text(ctx, row.Recipient, row.Body); !answer.Taken {
			no = &refusal{errors.New(answer.Problem), answer.Final, answer.Problem}
		}
	case s.keep: // the outbox is where it was going
	case row.Channel == ByMail:
		no = nobodyCarries("No mail server is set up.")
	default:
		no = nobodyCarries("No SMS gateway is set up.")
	}
	o := &outcome{refusal: no}
	if no != nil && !no.final && row.Tries < len(s.pauses) {
		pause := s.pauses[row.Tries]
		o.next = pause + rand.N(pause/10+1) // so that what failed together does not come back together
	}
	return o
}

func nobodyCarries(sentence string) *refusal {
	return &refusal{errors.New(sentence), true, sentence}
}

// note writes what came of a try into the row, and returns its line for the action log.
func note(tx *store.Tx, id models.ID, row waiting, o *outcome, keep bool) models.Event {
	event := models.Event{Action: models.MailSent, Account: row.AccountID, Subject: id,
		Details: map[string]string{"to": row.Recipient}}
	if row.Channel == ByText {
		event.Action = models.TextSent
	} else {
		event.Details["subject"] = row.Subject
	}
	if o.refusal == nil {
		tx.Queue(`UPDATE outbox SET status = $3, tries = $4, last_error = '', sent_at = $5
			WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, id, string(Sent), row.Tries+1, tx.Now)
		if row.Secret && !keep {
			tx.Queue(`UPDATE outbox SET body = '', sealed = NULL WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, id)
		}
		return event
	}
	status := Failed
	event.Action = models.MailFailed
	if row.Channel == ByText {
		event.Action = models.TextFailed
	}
	event.Details["reason"] = sayable(o.refusal.public)
	event.Details["try"] = strconv.Itoa(row.Tries + 1)
	if o.next > 0 {
		status = Waiting
		event.Details["next"] = tx.Now.Add(o.next).Format(time.RFC3339)
	}
	tx.Queue(`UPDATE outbox SET status = $3, tries = $4, last_error = $5 WHERE tenant_id = $1 AND id = $2`,
		tx.Actor.Tenant, id, string(status), row.Tries+1, sayable(o.refusal.err.Error()))
	return event
}

// sayable makes what a stranger's server said fit for a row and a page.
func sayable(text string) string {
	runes := []rune(oneLine(text))
	if len(runes) > 300 {
		runes = append(runes[:299], '…')
	}
	return string(runes)
}
