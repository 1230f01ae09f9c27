package store

import (
	"context"
	"fmt"
	"time"
)

// KeyTTL is how long an idempotency key stands: a form that was opened before it is sent as a new one.
const KeyTTL = 30 * 24 * time.Hour

const sweepBatch = 5000

// SweepKeys removes the idempotency keys that are older than KeyTTL, in all tenants, and returns how many. What they
// stood for stays. For: a periodic job. It works in batches, so that nobody waits long for a row, and stops between two of
// them when ctx ends.
func (s *Store) SweepKeys(ctx context.Context) (int64, error) {
	var swept int64
	for {
		tag, err := s.pool.Exec(ctx, `DELETE FROM idempotency_keys k USING (
				SELECT tenant_id, account_id, key FROM idempotency_keys WHERE claimed_at < $1 ORDER BY claimed_at LIMIT $2) old
			WHERE k.tenant_id = old.tenant_id AND k.account_id = old.account_id AND k.key = old.key`,
			s.Now().Add(-KeyTTL), sweepBatch)
		swept += tag.RowsAffected()
		if err != nil {
			return swept, fmt.Errorf("store: %w", err)
		}
		if tag.RowsAffected() < sweepBatch {
			return swept, nil
		}
	}
}
