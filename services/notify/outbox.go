package notify

import (
	"context"
	"strconv"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

var (
	ErrNoSuchMessage = &models.Error{Kind: models.NotFound, Code: "no_such_message", Message: "There is no such message."}
	ErrNoOutbox      = &models.Error{Kind: models.NotFound, Code: "no_outbox", Message: "There is no such page."}
	ErrNotFailed     = &models.Error{Kind: models.Conflict, Code: "message_not_failed",
		Message: "This message has not failed: it was delivered or is being tried again."}
)

// Kept is a message as the outbox keeps it.
type Kept struct {
	Tenant      models.ID
	TenantName  string
	ID          models.ID
	Channel     Channel
	Account     models.ID
	AccountName string
	To          string
	Subject     string
	Body        string
	Sealed      []byte // the body of a secret one; Outbox opens it
	Secret      bool
	Status      Status
	Tries       int
	LastError   string // of the last try
	CreatedAt   time.Time
	SentAt      *time.Time
}

// Page is some messages, newest first, and where the next ones begin.
type Page struct {
	Messages []Kept
	Next     string // the before of the next page; empty at the end
}

const mostPerPage = 200

// Outbox returns what was mailed and texted, of all tenants, newest first: up to limit (1 to 200) messages older than
// before, a Next of an earlier page; a before that is none begins at the newest.
// For anyone, and therefore only in the demo: refuses with ErrNoOutbox when bodies are not kept.
func (s *Service) Outbox(ctx context.Context, limit int, before string) (Page, error) {
	if !s.keep {
		return Page{}, ErrNoOutbox
	}
	page, err := s.page(ctx, models.System(models.NoID), "true", limit, before)
	for i := range page.Messages {
		m := &page.Messages[i]
		body, err := unsealed(s.store.Keys(), m.Tenant, m.ID, m.Body, m.Sealed)
		if err != nil {
			body = "This was sealed under keys that this program does not have."
		}
		m.Body, m.Sealed = body, nil
	}
	return page, err
}

// Failed returns messages that could not be delivered, of all tenants, paged like Outbox. Bodies are left out: they may
// hold what only the recipient shall read.
// For staff. Refuses with models.ErrMissingPrivilege.
func (s *Service) Failed(ctx context.Context, actor models.Actor, limit int, before string) (Page, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return Page{}, err
	}
	page, err := s.page(ctx, actor, "o.status = 'failed'", limit, before)
	for i := range page.Messages {
		page.Messages[i].Body, page.Messages[i].Sealed = "", nil
	}
	return page, err
}

// Retry lets a failed message start all over, with all its tries, and tells the tenant's action log who did it.
// For staff Admins. Refuses with models.ErrMissingPrivilege, ErrNoSuchMessage, ErrNotFailed.
func (s *Service) Retry(ctx context.Context, actor models.Actor, tenant, id models.ID) error {
	if err := actor.Require(models.ManageOperator); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor.In(tenant), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		row, err := lock(tx, id)
		if err != nil {
			return models.Event{}, err
		}
		if row.Status != Failed {
			return models.Event{}, ErrNotFailed
		}
		tx.Queue(`UPDATE outbox SET status = $3, tries = 0 WHERE tenant_id = $1 AND id = $2`, tenant, id, string(Waiting))
		return models.Event{Action: models.JobRetried, Account: row.AccountID, Subject: id,
				Details: map[string]string{"channel": string(row.Channel), "to": row.Recipient, "subject": row.Subject}},
			tx.Enqueue(ctx, deliverArgs{Tenant: tenant, ID: id}, nil)
	})
	return err
}

func (s *Service) page(ctx context.Context, actor models.Actor, which string, limit int, before string) (Page, error) {
	limit = max(1, min(limit, mostPerPage))
	args := []any{}
	if at, id, ok := parseCursor(before); ok {
		which += " AND (o.created_at, o.id) < (?, ?)"
		args = append(args, at, id)
	}
	var page Page
	err := s.store.Survey(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		page = Page{}
		return tx.Raw(`SELECT o.tenant_id AS tenant, t.name AS tenant_name, o.id, o.channel, o.account_id AS account,
				a.name AS account_name, o.recipient AS "to", o.subject, o.body, o.sealed, o.secret, o.status, o.tries, o.last_error,
				o.created_at, o.sent_at
			FROM outbox o
			JOIN accounts a ON a.tenant_id = o.tenant_id AND a.id = o.account_id
			JOIN accounts t ON t.tenant_id = o.tenant_id AND t.id = o.tenant_id
			WHERE `+which+` ORDER BY o.created_at DESC, o.id DESC LIMIT ?`, append(args, limit+1)...).Scan(&page.Messages).Error
	})
	if err == nil && len(page.Messages) > limit {
		page.Messages = page.Messages[:limit]
		last := page.Messages[limit-1]
		page.Next = strconv.FormatInt(last.CreatedAt.UnixMicro(), 10) + "." + last.ID.String()
	}
	return page, err
}

// parseCursor reads a Page's Next: the key of the last message shown.
func parseCursor(text string) (time.Time, models.ID, bool) {
	micros, rest, _ := strings.Cut(text, ".")
	at, err := strconv.ParseInt(micros, 10, 64)
	id, ok := models.ParseID(rest)
	return time.UnixMicro(at).UTC(), id, ok && err == nil
}
