package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
)

// KeyTTL is how long an idempotency key stands: a form that was opened before it is sent as a new one.
const KeyTTL = 30 * 24 * time.Hour

const sweepBatch = 5000

// SweepKeys removes the idempotency keys that are older than KeyTTL, in all tenants, and returns how many. What they
// stood for stays. For: a periodic job.
func (s *Store) SweepKeys(ctx context.Context) (int64, error) {
	return s.Sweep(ctx, "idempotency_keys", "claimed_at", s.Now().Add(-KeyTTL))
}

// Sweep removes the rows of a tenants' table whose column holds a moment up to until, tenant by tenant, and returns how
// many. It works in batches, so that nobody waits long for a row, and stops between two of them when ctx ends. An index
// starts with the column. For: periodic jobs; table and column are names in the code, never input.
func (s *Store) Sweep(ctx context.Context, table, column string, until time.Time) (int64, error) {
	tenants, err := s.tenantsWhere(ctx, table, column+" <= $1", until)
	if err != nil {
		return 0, err
	}
	remove := fmt.Sprintf(`DELETE FROM %[1]s WHERE tenant_id = $1 AND ctid = ANY (ARRAY(
		SELECT ctid FROM %[1]s WHERE tenant_id = $1 AND %[2]s <= $2 ORDER BY %[2]s LIMIT $3))`, table, column)
	var swept int64
	for _, tenant := range tenants {
		for removed := int64(sweepBatch); removed == sweepBatch; {
			if removed, err = s.Note(ctx, tenant, remove, until, sweepBatch); err != nil {
				return swept, err
			}
			swept += removed
		}
	}
	return swept, nil
}

// tenantsWhere are the tenants with rows of the table that meet a condition, whose parameters begin with $1.
func (s *Store) tenantsWhere(ctx context.Context, table, condition string, args ...any) ([]models.ID, error) {
	var tenants []models.ID
	err := s.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) (err error) {
			tenants, err = pgx.CollectRows(rows, pgx.RowTo[models.ID])
			return err
		}, fmt.Sprintf(`SELECT DISTINCT tenant_id FROM %s WHERE %s`, table, condition), args...)
	})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return tenants, nil
}
