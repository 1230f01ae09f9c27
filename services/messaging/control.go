package messaging

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// StartOrder is a send that was looked at and shall go.
type StartOrder struct {
	Send   models.ID
	Quoted string // as Preview said it
	Key    string // of the form
}

// Start fixes the prices of a send and has it accepted in the background, once under its key. When what it costs has changed
// since it was Quoted, nothing is started and the prices that are others now are returned with ErrPricesChanged.
// For: those with SendMessages, of their own account's sends. Refuses, in order: missing privilege; a key that stands for
// something else; ErrNoSuchSend; ErrNotReady; ErrStarted; ErrOver; ErrNobody; ErrPricesChanged; the first broken rule of the
// first message.
func (s *Service) Start(ctx context.Context, actor models.Actor, o StartOrder) ([]models.PriceChange, error) {
	if err := actor.Require(models.SendMessages); err != nil {
		return nil, err
	}
	var changes []models.PriceChange
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		row, err := ownSend(ctx, tx, o.Send)
		if err != nil {
			return models.Event{}, err
		}
		if err := toStart(row); err != nil {
			return models.Event{}, err
		}
		q, err := quoteOf(ctx, tx, row)
		if err != nil {
			return models.Event{}, err
		}
		if q.Recipients == 0 {
			return models.Event{}, ErrNobody
		}
		hidden, err := hidesPrices(tx, row.AccountID)
		if err != nil {
			return models.Event{}, err
		}
		if !hidden {
			if changes, err = changesSince(o.Quoted, q); err != nil {
				return models.Event{}, err
			}
		}
		prices := map[string]int64{}
		for _, c := range q.Countries {
			prices[c.Country] = c.Price.Micros()
		}
		if err := mayGoOn(ctx, tx, row, slices.Collect(maps.Keys(prices))); err != nil {
			return models.Event{}, err
		}
		text, err := json.Marshal(prices)
		if err != nil {
			return models.Event{}, err
		}
		tx.Queue(`UPDATE sends SET status = 'running', run = run + 1, prices = $3, started_at = $4 WHERE tenant_id = $1 AND id = $2`,
			actor.Tenant, row.ID, string(text), tx.Now)
		return models.Event{Action: models.SendingStarted, Account: row.AccountID, Subject: row.ID, Details: map[string]string{"recipients": count(q.Recipients)}},
			tx.Enqueue(ctx, Accept{Tenant: actor.Tenant, Send: row.ID, Run: row.Run + 1}, nil)
	}, store.Once(o.Key, o.Send))
	return changes, err
}

// mayGoOn refuses with the first broken rule of the next message of a send that goes to one of the countries.
func mayGoOn(ctx context.Context, tx *store.Tx, row sendRow, countries []string) error {
	var next string
	err := tx.Raw(`SELECT coalesce((SELECT country FROM send_recipients WHERE tenant_id = ? AND send_id = ? AND position > ?
		AND country IN ? ORDER BY position LIMIT 1), '')`, tx.Actor.Tenant, row.ID, row.Position, countries).Row().Scan(&next)
	if err != nil || next == "" {
		return err
	}
	v, err := verdictOf(ctx, tx, question{account: row.AccountID, sender: orNone(row.SenderID), country: next, parts: row.Parts})
	if err != nil {
		return err
	}
	if broken, is := v.Broken(); is {
		return refusal(broken)
	}
	return nil
}

// Pause stops a send until somebody continues it: nothing more of it is accepted, and what is accepted is not handed over.
// For: those with SendMessages, of their own account's sends. Refuses: missing privilege; ErrNoSuchSend; ErrNotRunning.
func (s *Service) Pause(ctx context.Context, actor models.Actor, id models.ID) error {
	return s.control(ctx, actor, id, func(ctx context.Context, tx *store.Tx, row sendRow) (models.Action, error) {
		if row.Status != models.SendRunning {
			return "", ErrNotRunning
		}
		tx.Queue(`UPDATE sends SET status = 'paused', held = true WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, id)
		return models.SendingPaused, nil
	})
}

// Continue goes on with a send that is paused or blocked: what was accepted is handed over, the others are accepted.
// For: as Pause. Refuses: missing privilege; ErrNoSuchSend; ErrNotWaiting; the first broken rule of the next message.
func (s *Service) Continue(ctx context.Context, actor models.Actor, id models.ID) error {
	return s.control(ctx, actor, id, func(ctx context.Context, tx *store.Tx, row sendRow) (models.Action, error) {
		if row.Status != models.SendPaused && row.Status != models.SendBlocked {
			return "", ErrNotWaiting
		}
		prices, err := row.pricesDecided()
		if err != nil {
			return "", err
		}
		if err := mayGoOn(ctx, tx, row, slices.Collect(maps.Keys(prices))); err != nil {
			return "", err
		}
		tx.Queue(`UPDATE sends SET status = 'running', held = false, problem = '', reason = '', run = run + 1 WHERE tenant_id = $1 AND id = $2`,
			tx.Actor.Tenant, id)
		if row.Held {
			if err := resumeHandOver(ctx, tx, id, priorityAt(row.Handled)); err != nil {
				return "", err
			}
		}
		return models.SendingContinued, tx.Enqueue(ctx, Accept{Tenant: tx.Actor.Tenant, Send: id, Run: row.Run + 1}, nil)
	})
}

// Cancel ends a send: whoever it has not reached yet is not written to, and what is accepted and not handed over is
// cancelled and given back, in the background. Of a draft it throws away what was composed.
// For: as Pause. Refuses: missing privilege; ErrNoSuchSend; ErrOver.
func (s *Service) Cancel(ctx context.Context, actor models.Actor, id models.ID) error {
	return s.control(ctx, actor, id, func(ctx context.Context, tx *store.Tx, row sendRow) (models.Action, error) {
		if row.Status.IsOver() {
			return "", ErrOver
		}
		tx.Queue(`UPDATE sends SET status = 'cancelled', held = true, ended_at = $3 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, id, tx.Now)
		if row.StartedAt == nil {
			return models.SendingCancelled, nil
		}
		return models.SendingCancelled, tx.Enqueue(ctx, CancelRest{Tenant: tx.Actor.Tenant, Send: id}, nil)
	})
}

func (s *Service) control(ctx context.Context, actor models.Actor, id models.ID, act func(context.Context, *store.Tx, sendRow) (models.Action, error)) error {
	if err := actor.Require(models.SendMessages); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		row, err := ownSend(ctx, tx, id)
		if err != nil {
			return models.Event{}, err
		}
		action, err := act(ctx, tx, row)
		return models.Event{Action: action, Account: row.AccountID, Subject: id,
			Details: map[string]string{"handled": count(row.Handled), "recipients": count(row.Recipients)}}, err
	})
	return err
}

// cancelled is how many messages one transaction cancels and refunds.
const cancelled = 500

// CancelQueued cancels what a cancelled send has queued, and gives back what it cost. For: the job, which may run any number
// of times.
func (s *Service) CancelQueued(ctx context.Context, job CancelRest) error {
	for {
		var n int
		err := s.store.Settle(ctx, job.Tenant, func(ctx context.Context, tx *store.Tx) error {
			var ids []models.ID
			err := tx.Rows(ctx, func(rows pgx.Rows) (err error) {
				ids, err = pgx.CollectRows(rows, pgx.RowTo[models.ID])
				return err
			}, `SELECT m.id FROM messages m JOIN sends s ON s.tenant_id = m.tenant_id AND s.id = m.send_id AND s.status = 'cancelled'
				WHERE m.tenant_id = $1 AND m.send_id = $2 AND m.status = 'queued' ORDER BY m.id LIMIT $3`, job.Tenant, job.Send, cancelled)
			if n = len(ids); err != nil || n == 0 {
				return err
			}
			_, err = move(ctx, tx, cancels(ids))
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
