package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
)

// Note runs one writing statement that tells nobody anything, as a transaction of its own in one round trip, and returns
// how many rows it changed: when a session was seen, how often a password was wrong. What somebody did to an account goes
// through Change, and within one a statement of its own would escape it: that is ErrNested. $1 of the statement is the tenant, the
// args are $2 and on.
func (s *Store) Note(ctx context.Context, tenant models.ID, sql string, args ...any) (int64, error) {
	if ctx.Value(inside{}) != nil {
		return 0, ErrNested
	}
	var rows int64
	batch := &pgx.Batch{}
	batch.Queue(`SELECT set_config('app.tenant', $1, true)`, tenant.String())
	batch.Queue(sql, append([]any{tenant}, args...)...).Exec(func(t commandTag) error { rows = t.RowsAffected(); return nil })
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	return rows, nil
}
