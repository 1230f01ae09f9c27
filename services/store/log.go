package store

import (
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
)

type loggedEvent struct {
	id      models.ID
	actor   models.Actor
	event   models.Event
	details string
}

// logFirst logs the event that a change returned. A claimed idempotency key names this line.
func (tx *Tx) logFirst(event models.Event) error {
	id := tx.claimed
	if id == models.NoID {
		id = models.NewID()
	}
	return tx.log(id, tx.Actor, event)
}

func (tx *Tx) log(id models.ID, actor models.Actor, event models.Event) error {
	details := "{}"
	if len(event.Details) > 0 {
		text, err := json.Marshal(event.Details)
		if err != nil {
			return err
		}
		details = string(text)
	}
	tx.events = append(tx.events, loggedEvent{id, actor, event, details})
	return nil
}

// OnAction has count called with the action of every line of the action log that this store commits. It is called once,
// before the store is used. For: metrics.
func (s *Store) OnAction(count func(models.Action)) { s.onAction = count }

// counted is to be called when the transaction has committed.
func (tx *Tx) counted() func() {
	if tx.store.onAction == nil {
		return func() {}
	}
	events := tx.events
	return func() {
		for _, l := range events {
			tx.store.onAction(l.event.Action)
		}
	}
}

// Lines of the same columns, however many, are one statement.
const insertEvents = `INSERT INTO action_log (tenant_id, at, id, user_id, user_email, as_account_id, access_id, action,
	account_id, other_account_id, asset, amount, balance_after, transfer_id, subject_id, reference, details, request_id)
	SELECT $1, $2, * FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::uuid[], $10::uuid[],
		$11::text[], $12::bigint[], $13::bigint[], $14::uuid[], $15::uuid[], $16::text[], $17::jsonb[], $18::text[])`

func (tx *Tx) queueEvents(batch *pgx.Batch) {
	n := len(tx.events)
	if n == 0 {
		return
	}
	id, user, as, access := make([]models.ID, n), make([]*models.ID, n), make([]*models.ID, n), make([]*models.ID, n)
	account, other, transfer, subject := make([]models.ID, n), make([]*models.ID, n), make([]*models.ID, n), make([]*models.ID, n)
	email, action, reference, details, request := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	asset, amount, after := make([]*string, n), make([]*int64, n), make([]*int64, n)
	for i, l := range tx.events {
		e := l.event
		id[i], user[i], email[i], request[i] = l.id, orNull(l.actor.User), l.actor.Email, l.actor.Request
		if l.actor.Access != nil {
			as[i], access[i] = &l.actor.Account, &l.actor.Access.ID
		}
		action[i], account[i], other[i] = string(e.Action), e.Account, orNull(e.Other)
		transfer[i], subject[i], reference[i], details[i] = orNull(e.Transfer), orNull(e.Subject), e.Reference, l.details
		if e.Amount != nil {
			micros := e.Amount.Micros()
			asset[i], amount[i] = &e.Amount.Asset, &micros
		}
		if e.BalanceAfter != nil {
			micros := e.BalanceAfter.Micros()
			after[i] = &micros
		}
	}
	batch.Queue(insertEvents, tx.Actor.Tenant, tx.Now, id, user, email, as, access, action, account, other, asset, amount, after,
		transfer, subject, reference, details, request)
	tx.events = nil
}

// orNull is NULL for the ID of nothing.
func orNull(id models.ID) *models.ID {
	if id == models.NoID {
		return nil
	}
	return &id
}
