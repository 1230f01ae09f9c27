package store

import (
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
)

type loggedEvent struct {
	id      models.ID
	event   models.Event
	details []byte
}

// logFirst logs the event that a change returned. A claimed idempotency key names this line.
func (tx *Tx) logFirst(event models.Event) error {
	id := tx.claimed
	if id == models.NoID {
		id = models.NewID()
	}
	return tx.log(id, event)
}

func (tx *Tx) log(id models.ID, event models.Event) error {
	details := []byte("{}")
	if len(event.Details) > 0 {
		var err error
		if details, err = json.Marshal(event.Details); err != nil {
			return err
		}
	}
	tx.events = append(tx.events, loggedEvent{id, event, details})
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

const insertEvent = `INSERT INTO action_log (tenant_id, id, at, user_id, user_email, as_account_id, access_id, action,
	account_id, other_account_id, asset, amount, balance_after, transfer_id, subject_id, reference, details, request_id)
	VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)`

func (tx *Tx) queueEvents(batch *pgx.Batch) {
	a := tx.Actor
	var as, access *models.ID
	if a.Access != nil {
		as, access = &a.Account, &a.Access.ID
	}
	for _, l := range tx.events {
		e := l.event
		var asset *string
		var amount, after *int64
		if e.Amount != nil {
			micros := e.Amount.Micros()
			asset, amount = &e.Amount.Asset, &micros
		}
		if e.BalanceAfter != nil {
			micros := e.BalanceAfter.Micros()
			after = &micros
		}
		batch.Queue(insertEvent, a.Tenant, l.id, tx.Now, orNull(a.User), a.Email, as, access, string(e.Action),
			e.Account, orNull(e.Other), asset, amount, after, orNull(e.Transfer), orNull(e.Subject), e.Reference, l.details, a.Request)
	}
	tx.events = nil
}

// orNull is NULL for the ID of nothing.
func orNull(id models.ID) *models.ID {
	if id == models.NoID {
		return nil
	}
	return &id
}
