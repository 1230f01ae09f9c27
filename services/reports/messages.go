package reports

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// MessageFilter says which messages. What is empty does not narrow.
type MessageFilter struct {
	Account models.ID // its messages alone
	Status  string
	Number  string // to this number, in E.164
	Send    models.ID
	Days    models.Days // in which they were accepted
}

// MessagePage is a page of the message log, newest message first.
type MessagePage struct {
	Messages   []models.LoggedMessage
	ShowsPrice bool // false: the reader is shown no prices
	PageLinks
}

// The refusal of a message.
var ErrNoSuchMessage = &models.Error{Kind: models.NotFound, Code: "message_not_found", Message: "There is no such message."}

func (f MessageFilter) validate() error {
	var p models.Problems
	checkDays(&p, f.Days)
	if f.Status != "" && !slices.Contains(models.MessageStatuses, models.MessageStatus(f.Status)) {
		p.Add("status", "Choose from the list.")
	}
	if f.Number != "" && !isE164(f.Number) {
		p.Add("number", "Write the whole number with its country, like +4915112345678.")
	}
	return p.Err()
}

// isE164 says whether it is a + and 5 to 15 digits.
func isE164(number string) bool {
	if len(number) < 6 || len(number) > 16 || number[0] != '+' {
		return false
	}
	for _, digit := range number[1:] {
		if digit < '0' || digit > '9' {
			return false
		}
	}
	return true
}

// Messages returns a page of the message log (MSG-4).
// For: a sub-account's users, about its own; a parent's users, about those of its whole tenant; staff, about those of the
// tenant they are at work in. Refuses: missing privilege; a bad filter; an account or a send out of sight (ErrNoSuchAccount,
// ErrNoSuchMessage); a bad cursor.
//
// A sub-account's own users see as price what it paid itself, and none while it spends its parent's balance (BAL-2); units of
// packages they see in any case.
func (s *Service) Messages(ctx context.Context, actor models.Actor, filter MessageFilter, page Page) (MessagePage, error) {
	var found MessagePage
	err := s.readMessages(ctx, actor, filter, func(ctx context.Context, tx *store.Tx, q messageQuery) error {
		lines, links, err := turn(page, func(cursor string, newer bool, limit int) (lines []models.LoggedMessage, err error) {
			from := models.NoID
			if cursor != "" {
				var ok bool
				if from, ok = models.ParseID(cursor); !ok {
					return nil, ErrBadCursor
				}
			}
			sql, args := q.page(from, newer, limit)
			err = tx.Rows(ctx, func(rows pgx.Rows) error {
				return q.scan(rows, func(m models.LoggedMessage) error { lines = append(lines, m); return nil })
			}, sql, args...)
			return lines, err
		}, func(m models.LoggedMessage) string { return m.ID.String() })
		found = MessagePage{Messages: lines, ShowsPrice: q.cost != noCost, PageLinks: links}
		return err
	})
	return found, err
}

// ExportMessages hands every message that Messages would show, page after page, to each. It holds one at a time.
// For and refusals: as Messages. An error of each ends it.
func (s *Service) ExportMessages(ctx context.Context, actor models.Actor, filter MessageFilter, each func(models.LoggedMessage) error) error {
	return s.readMessages(ctx, actor, filter, func(ctx context.Context, tx *store.Tx, q messageQuery) error {
		for _, setting := range streaming {
			tx.Queue(setting)
		}
		sql, args := q.all()
		return tx.Rows(ctx, func(rows pgx.Rows) error { return q.scan(rows, each) }, sql, args...)
	})
}

// reachOfMessages is reachOf for the message log, which a sub-account's parent may hide.
func reachOfMessages(actor models.Actor) (reach, error) {
	if !actor.Can(models.SupportAccounts) {
		if err := actor.Require(models.ViewMessages); err != nil {
			return reach{}, err
		}
	}
	return reachOf(actor)
}

func (s *Service) readMessages(ctx context.Context, actor models.Actor, filter MessageFilter, read func(context.Context, *store.Tx, messageQuery) error) error {
	r, err := reachOfMessages(actor)
	if err != nil {
		return err
	}
	if err := filter.validate(); err != nil {
		return err
	}
	return s.read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		a, err := find(tx, r, filter.Account)
		if err != nil {
			return err
		}
		u := usageFor(a, r, filter.Account)
		q := messageQuery{filter: filter, tenant: tx.Actor.Tenant, account: u.account, cost: u.cost}
		if filter.Send != models.NoID {
			if err := q.ofSend(tx); err != nil {
				return err
			}
		}
		return read(ctx, tx, q)
	})
}

// Message returns one message.
// For: as Messages. Refuses: missing privilege; a message out of sight (ErrNoSuchMessage).
func (s *Service) Message(ctx context.Context, actor models.Actor, id models.ID) (models.ShownMessage, error) {
	r, err := reachOfMessages(actor)
	if err != nil {
		return models.ShownMessage{}, err
	}
	var shown models.ShownMessage
	err = s.read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		a, err := find(tx, r, models.NoID)
		if err != nil {
			return err
		}
		u := usageFor(a, r, models.NoID)
		shown, err = messageQuery{tenant: tx.Actor.Tenant, account: u.account, cost: u.cost}.one(ctx, tx, id)
		return err
	})
	return shown, err
}
