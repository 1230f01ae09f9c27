package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
)

// Holdings are how much of what matters most there is, in all tenants.
type Holdings struct{ Parents, SubAccounts, Users, Transfers, Entries, LogLines int64 }

func (h Holdings) String() string {
	return fmt.Sprintf("%d parent accounts, %d sub-accounts, %d users, %d transfers with %d entries, %d lines of the action log",
		h.Parents, h.SubAccounts, h.Users, h.Transfers, h.Entries, h.LogLines)
}

// CountHoldings is the query of Holdings, for a backup, which asks in a transaction of its own.
const CountHoldings = `SELECT count(*) FILTER (WHERE kind = 'parent') AS parents, count(*) FILTER (WHERE kind = 'sub') AS sub_accounts,
	(SELECT count(*) FROM users) AS users, (SELECT count(*) FROM transfers) AS transfers, (SELECT count(*) FROM entries) AS entries,
	(SELECT count(*) FROM action_log) AS log_lines FROM accounts`

// Holdings counts. For: the installation itself.
func (s *Store) Holdings(ctx context.Context) (Holdings, error) {
	var h Holdings
	err := s.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) (err error) {
			h, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Holdings])
			return err
		}, CountHoldings)
	})
	return h, err
}

// Tenants are all tenants. For: the installation itself, which then works tenant by tenant.
func (s *Store) Tenants(ctx context.Context) ([]models.ID, error) {
	return s.tenantsWhere(ctx, "accounts", "true")
}

// Jobs are how many jobs are not done, by their state in the queue. For: metrics.
func (s *Store) Jobs(ctx context.Context) (map[string]int64, error) {
	rows, err := s.pool.Query(ctx, `SELECT state::text, count(*) FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled') GROUP BY 1`)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	jobs := map[string]int64{}
	var state string
	var count int64
	_, err = pgx.ForEachRow(rows, []any{&state, &count}, func() error { jobs[state] = count; return nil })
	return jobs, err
}
