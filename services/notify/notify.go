// Package notify sends the installation's mails and texts. It is the sole writer of the outbox.
//
// Whoever has something to say calls Mail or Text inside its own change: the row and the job that delivers it are made in
// that transaction, so a message is sent if, and only if, what it tells of happened. The job only wakes Deliver up; what
// became of a message stands in its row.
//
// A message is delivered at least once, and twice only where nobody can know better: the mail server died, or was cut
// off, after it had the whole message and before it said so. Such a twin has the same Message-ID, made from the row's id,
// by which mail servers and programs recognise it. Otherwise the row is locked from the look at its status to the note of
// the outcome, so two deliveries of one row wait for each other and the second finds nothing to do. The price is a
// transaction that stays open during the conversation with the mail server, at most conversation long; QueueWorkers keeps
// the number of such transactions small and a slow mail server away from every other job. (A claim with a lease would not
// hold a connection, but is a change of its own, and so a line of its own in the action log for every attempt.)
package notify

import (
	"context"
	"net/mail"
	"regexp"
	"strings"

	"offshoot/models"
	"offshoot/services/secrets"
	"offshoot/services/store"
)

// Message is one mail or text.
type Message struct {
	Account models.ID // whom it is about: an account of the change's tenant
	To      string    // of a mail, an address such as sam@example.com; of a text, a number in E.164
	Subject string    // of a mail
	Body    string    // plain text, lines ended by \n
	Secret  bool      // holds a password, link or code: the body is sealed, and thrown away once it is delivered
}

// Channel is the way a message goes.
type Channel string

const (
	ByMail Channel = "mail"
	ByText Channel = "text"
)

// Status is how far a message got.
type Status string

const (
	Waiting Status = "waiting" // for its first or its next try
	Sent    Status = "sent"    // taken over by the mail server or gateway; in the demo: kept in the outbox
	Failed  Status = "failed"  // refused for good, or tried too often; staff may try it again
)

// Refusals of a message that could never arrive.
var (
	ErrMailAddress = &models.Error{Kind: models.Invalid, Code: "mail_address",
		Message: "This is not an e-mail address that mail can be sent to."}
	ErrPhoneNumber = &models.Error{Kind: models.Invalid, Code: "phone_number",
		Message: "This is not a mobile number that texts can be sent to."}
)

// Mail puts a mail into the outbox, as a part of the change tx. For the services, within their own rules. Line breaks and
// other control characters in the subject become spaces.
// Refuses with ErrMailAddress.
func Mail(ctx context.Context, tx *store.Tx, m Message) error {
	if !isMailAddress(m.To) {
		return ErrMailAddress
	}
	m.Subject = oneLine(m.Subject)
	return put(ctx, tx, ByMail, m)
}

// Text puts a text message (SMS) into the outbox, as a part of the change tx. For the services, within their own rules.
// Refuses with ErrPhoneNumber.
func Text(ctx context.Context, tx *store.Tx, m Message) error {
	if !e164.MatchString(m.To) {
		return ErrPhoneNumber
	}
	m.Subject = ""
	return put(ctx, tx, ByText, m)
}

func put(ctx context.Context, tx *store.Tx, channel Channel, m Message) error {
	id, body := models.NewID(), plain(m.Body)
	var sealed []byte
	if m.Secret {
		var err error
		if sealed, err = tx.Keys().Seal([]byte(body), sealedBody.Place(tx.Actor.Tenant, id)); err != nil {
			return err
		}
		body = ""
	}
	tx.Queue(`INSERT INTO outbox (tenant_id, id, channel, account_id, recipient, subject, body, sealed, secret, status, created_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)`,
		tx.Actor.Tenant, id, string(channel), m.Account, m.To, m.Subject, body, sealed, m.Secret, string(Waiting), tx.Now)
	return tx.Enqueue(ctx, deliverArgs{Tenant: tx.Actor.Tenant, ID: id}, nil)
}

// sealedBody is where the body of a secret message is kept until it is delivered. The subject is no secret: staff and the
// action log read it.
var sealedBody = store.Sealed{Table: "outbox", Column: "sealed"}

// unsealed is the body of a message, from where it is kept. A row that an earlier version wrote keeps it in the open.
func unsealed(keys *secrets.Keys, tenant, id models.ID, body string, sealed []byte) (string, error) {
	if sealed == nil {
		return body, nil
	}
	text, err := keys.Open(sealed, sealedBody.Place(tenant, id))
	return string(text), err
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)

// isMailAddress takes the bare form only: no display name, no comment, nothing that ends a line.
func isMailAddress(text string) bool {
	if len(text) > 254 || text != oneLine(text) {
		return false
	}
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text
}

// oneLine makes one line of text that becomes a header, an action-log detail or a column of a list. What turns the
// direction of writing around goes too: in a subject it would make one name read as another.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r >= 0x7f && r < 0xa0, r == '\u2028', r == '\u2029':
			return ' '
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD")))
}

// plain makes text that PostgreSQL keeps and a mail can carry: valid UTF-8, of the control characters only \n and \t.
func plain(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if (r < ' ' && r != '\n' && r != '\t') || (r >= 0x7f && r < 0xa0) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
