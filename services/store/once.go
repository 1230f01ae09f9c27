package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
)

// ErrKeyReused is the refusal of an idempotency key that already stands for something else.
var ErrKeyReused = &models.Error{Kind: models.Conflict, Code: "key_reused",
	Message: "This form was already used for something else. Open it again."}

// Done is what a Change did, or, when Repeated, what the earlier change under the same key did.
type Done struct {
	models.Event
	Repeated bool
}

// Option changes how a Change runs.
type Option func(*changeOptions)

type changeOptions struct{ claim *claim }

// Once makes a change happen at most once under key, which is unique within the actor's account. order is what was
// asked, hashed so that one key cannot stand for two things. An empty key asks for nothing.
//
// The key is claimed first of all in the transaction: who comes second waits until the first has ended, and then finds
// its event, or, when it rolled back, does the work.
func Once(key string, order any) Option {
	return func(o *changeOptions) {
		if key != "" {
			o.claim = &claim{key: key, order: order}
		}
	}
}

type claim struct {
	key   string
	order any
}

var errClaimed = errors.New("store: the key is claimed")

const insertClaim = `INSERT INTO idempotency_keys (tenant_id, account_id, key, fingerprint, event_id, claimed_at)
	VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT DO NOTHING`

func (c *claim) queue(batch *pgx.Batch, tx *Tx, rows func(int64)) {
	batch.Queue(insertClaim, tx.Actor.Tenant, keyOwner(tx.Actor), c.key, c.fingerprint(), tx.claimed, tx.Now).
		Exec(func(t commandTag) error { rows(t.RowsAffected()); return nil })
}

func (c *claim) fingerprint() []byte {
	text, err := json.Marshal(c.order)
	if err != nil {
		text = fmt.Append(nil, c.order)
	}
	sum := sha256.Sum256(append([]byte(fmt.Sprintf("%T ", c.order)), text...))
	return sum[:]
}

// keyOwner is the account that a person belongs to, so that two accounts' keys never meet.
func keyOwner(a models.Actor) models.ID {
	if a.HomeAcct != models.NoID {
		return a.HomeAcct
	}
	return a.Account
}

// repeated finds what the earlier change under the same key did.
func (s *Store) repeated(ctx context.Context, actor models.Actor, c *claim) (Done, error) {
	var row struct {
		Fingerprint []byte
		Action      string
		AccountID   models.ID
		TransferID  *models.ID
		SubjectID   *models.ID
	}
	err := s.Read(ctx, actor, func(ctx context.Context, tx *Tx) error {
		return tx.Raw(`SELECT k.fingerprint, l.action, l.account_id, l.transfer_id, l.subject_id
			FROM idempotency_keys k JOIN action_log l ON l.tenant_id = k.tenant_id AND l.id = k.event_id
			WHERE k.tenant_id = ? AND k.account_id = ? AND k.key = ?`, actor.Tenant, keyOwner(actor), c.key).Scan(&row).Error
	})
	if err != nil {
		return Done{}, err
	}
	if string(row.Fingerprint) != string(c.fingerprint()) {
		return Done{}, ErrKeyReused
	}
	event := models.Event{Action: models.Action(row.Action), Account: row.AccountID}
	if row.TransferID != nil {
		event.Transfer = *row.TransferID
	}
	if row.SubjectID != nil {
		event.Subject = *row.SubjectID
	}
	return Done{Event: event, Repeated: true}, nil
}
