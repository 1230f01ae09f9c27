package messaging

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// sendRow is a send as the table has it.
type sendRow struct {
	ID         models.ID
	AccountID  models.ID
	CreatedBy  string
	CreatedAs  *models.ID
	Sender     string
	SenderID   *models.ID
	GroupID    *models.ID
	Body       string
	Encoding   models.Encoding
	Parts      int64
	Status     models.SendStatus
	Held       bool
	Problem    string
	Reason     string
	Run        int
	Prices     []byte
	Currency   string
	Recipients int64
	Refused    int64
	Duplicates int64
	Position   int64
	Handled    int64
	Skipped    int64
	CreatedAt  time.Time
	StartedAt  *time.Time
	EndedAt    *time.Time
}

const sendColumns = `s.id, s.account_id, s.created_by, s.created_as, s.sender, s.sender_id, s.group_id, s.body, s.encoding, s.parts, s.status, s.held,
	s.problem, s.reason, s.run, s.prices, s.currency, s.recipients, s.refused, s.duplicates, s.position, s.handled, s.skipped,
	s.created_at, s.started_at, s.ended_at`

// orNone is the ID that a column holds, NoID for NULL.
func orNone(id *models.ID) models.ID {
	if id == nil {
		return models.NoID
	}
	return *id
}

func (r sendRow) send() models.Send {
	return models.Send{ID: r.ID, Account: r.AccountID, CreatedBy: r.CreatedBy, Sender: r.Sender, SenderID: orNone(r.SenderID), Group: orNone(r.GroupID),
		Body: r.Body, Encoding: r.Encoding, Parts: r.Parts, Status: r.Status, Problem: r.Problem, Reason: r.Reason, Currency: r.Currency,
		Recipients: r.Recipients, Refused: r.Refused, Duplicates: r.Duplicates, Handled: r.Handled, Skipped: r.Skipped,
		CreatedAt: r.CreatedAt, StartedAt: r.StartedAt, EndedAt: r.EndedAt}
}

// priceOf is what the send decided when it was started, in millionths, and whether there is a price.
func (r sendRow) pricesDecided() (map[string]int64, error) {
	prices := map[string]int64{}
	if len(r.Prices) == 0 {
		return prices, nil
	}
	return prices, json.Unmarshal(r.Prices, &prices)
}

// Ways to lock a send. Accepting does not wait for those who hand over, who hold its key; whoever pauses it does.
const (
	unlocked     = ""
	whileWorking = " FOR NO KEY UPDATE"
	toChange     = " FOR UPDATE"
)

// sendOf finds a send of the tenant. Refuses with ErrNoSuchSend.
func sendOf(ctx context.Context, tx *store.Tx, id models.ID, lock string) (sendRow, error) {
	var row sendRow
	err := tx.Rows(ctx, func(rows pgx.Rows) (err error) {
		row, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[sendRow])
		return err
	}, `SELECT `+sendColumns+` FROM sends s WHERE s.tenant_id = $1 AND s.id = $2 AND s.unfinished_since IS NULL`+lock, tx.Actor.Tenant, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrNoSuchSend
	}
	return row, err
}

// ownSend is sendOf for somebody who wants to change it: it is of the account they are in.
func ownSend(ctx context.Context, tx *store.Tx, id models.ID) (sendRow, error) {
	row, err := sendOf(ctx, tx, id, toChange)
	if err == nil && row.AccountID != tx.Actor.Account {
		return row, ErrNoSuchSend
	}
	return row, err
}

// shownSend is sendOf for somebody who looks: of their account, or to a parent of any of its sub-accounts.
func shownSend(ctx context.Context, tx *store.Tx, id models.ID) (sendRow, error) {
	row, err := sendOf(ctx, tx, id, unlocked)
	if err == nil && row.AccountID != tx.Actor.Account && tx.Actor.Kind != models.Parent {
		return row, ErrNoSuchSend
	}
	return row, err
}

// asRule says whether err is a rule that refused.
func asRule(err error) (*models.Error, bool) {
	var rule *models.Error
	if errors.As(err, &rule) {
		return rule, true
	}
	return nil, false
}

// SendList is a page of sends, newest first.
type SendList struct {
	Sends []models.Send
	Older string // cursor of the next page
}

const sendsPage = 50

// Sends lists those of the actor's account, and for a parent those of its sub-accounts too, from before a cursor.
// For: those with ViewMessages. Refuses: missing privilege.
func (s *Service) Sends(ctx context.Context, actor models.Actor, before string) (SendList, error) {
	if err := actor.Require(models.ViewMessages); err != nil {
		return SendList{}, err
	}
	var list SendList
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		where, args := ` WHERE s.tenant_id = $1 AND s.unfinished_since IS NULL`, []any{actor.Tenant}
		if actor.Kind != models.Parent {
			where, args = where+` AND s.account_id = $2`, append(args, actor.Account)
		}
		if id, ok := models.ParseID(before); ok {
			where, args = where+` AND s.id < $`+[]string{"", "2", "3"}[len(args)], append(args, id)
		}
		type named struct {
			sendRow
			Name string
		}
		var rows []named
		err := tx.Rows(ctx, func(found pgx.Rows) (err error) {
			rows, err = pgx.CollectRows(found, pgx.RowToStructByPos[named])
			return err
		}, `SELECT `+sendColumns+`, a.name FROM sends s JOIN accounts a ON a.tenant_id = s.tenant_id AND a.id = s.account_id`+where+` ORDER BY s.id DESC LIMIT 51`, args...)
		if err != nil {
			return err
		}
		if len(rows) > sendsPage {
			rows = rows[:sendsPage]
			list.Older = rows[sendsPage-1].ID.String()
		}
		for _, r := range rows {
			one := r.send()
			one.AccountName = r.Name
			list.Sends = append(list.Sends, one)
		}
		return nil
	})
	return list, err
}

// Progress returns a send with what became of its messages so far. For: those with ViewMessages, of sends that they can see.
// Refuses: missing privilege; ErrNoSuchSend.
func (s *Service) Progress(ctx context.Context, actor models.Actor, id models.ID) (models.SendProgress, error) {
	if err := actor.Require(models.ViewMessages); err != nil {
		return models.SendProgress{}, err
	}
	var p models.SendProgress
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		row, err := shownSend(ctx, tx, id)
		if err != nil {
			return err
		}
		p, err = progressOf(ctx, tx, row)
		return err
	})
	return p, err
}

func progressOf(ctx context.Context, tx *store.Tx, row sendRow) (models.SendProgress, error) {
	p := models.SendProgress{Send: row.send(), ByStatus: map[models.MessageStatus]int64{}, Cost: models.Zero(row.Currency), Refunded: models.Zero(row.Currency)}
	err := tx.Raw(`SELECT a.name, coalesce(e.name, ''), coalesce(g.name, '') FROM accounts a
		LEFT JOIN accounts e ON e.tenant_id = a.tenant_id AND e.id = ?
		LEFT JOIN groups g ON g.tenant_id = a.tenant_id AND g.id = ?
		WHERE a.tenant_id = ? AND a.id = ?`, row.CreatedAs, row.GroupID, tx.Actor.Tenant, row.AccountID).Row().Scan(&p.AccountName, &p.CreatedAs, &p.GroupName)
	if err != nil || row.StartedAt == nil {
		return p, err
	}
	return p, tx.Rows(ctx, func(rows pgx.Rows) error {
		var status models.MessageStatus
		var units, refunded bool
		var count, amount int64
		_, err := pgx.ForEachRow(rows, []any{&status, &units, &refunded, &count, &amount}, func() error {
			p.ByStatus[status] += count
			switch money := models.FromMicros(amount, row.Currency); {
			case units && !refunded:
				p.Units += amount / 1_000_000
			case !units && refunded:
				p.Refunded = p.Refunded.Add(money)
			case !units:
				p.Cost = p.Cost.Add(money)
			}
			return nil
		})
		return err
	}, `SELECT status, package_id IS NOT NULL, refund_id IS NOT NULL, count(*), sum(amount)::bigint FROM messages
		WHERE tenant_id = $1 AND send_id = $2 AND id >= $3 GROUP BY 1, 2, 3`, tx.Actor.Tenant, row.ID, models.FirstIDAt(*row.StartedAt))
}

// SkipList is a page of rows that nothing is sent to.
type SkipList struct {
	Send  models.Send
	Skips []models.Skip
	Next  int64 // the after of the next page; 0: none
}

// Skipped lists the rows of a send that are refused, and the recipients that were skipped, from after a position.
// For and refusals: as Progress.
func (s *Service) Skipped(ctx context.Context, actor models.Actor, id models.ID, after int64) (SkipList, error) {
	const page = 100
	var list SkipList
	err := s.skips(ctx, actor, id, after, page+1, func(send models.Send) { list.Send = send }, func(skip models.Skip) error {
		list.Skips = append(list.Skips, skip)
		return nil
	})
	if len(list.Skips) > page {
		list.Skips = list.Skips[:page]
		list.Next = list.Skips[page-1].Position
	}
	return list, err
}

// ExportSkipped hands over all of them, one by one.
func (s *Service) ExportSkipped(ctx context.Context, actor models.Actor, id models.ID, each func(models.Skip) error) error {
	return s.skips(ctx, actor, id, 0, 1<<40, func(models.Send) {}, each)
}

func (s *Service) skips(ctx context.Context, actor models.Actor, id models.ID, after, limit int64, of func(models.Send), each func(models.Skip) error) error {
	if err := actor.Require(models.ViewMessages); err != nil {
		return err
	}
	return s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		row, err := shownSend(ctx, tx, id)
		if err != nil {
			return err
		}
		of(row.send())
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			var skip models.Skip
			_, err := pgx.ForEachRow(rows, []any{&skip.Position, &skip.Source, &skip.Line, &skip.Number, &skip.Problem}, func() error { return each(skip) })
			return err
		}, `SELECT position, source, line, number, problem FROM send_recipients
			WHERE tenant_id = $1 AND send_id = $2 AND problem <> '' AND position > $3 ORDER BY position LIMIT $4`, actor.Tenant, id, after, limit)
	})
}
