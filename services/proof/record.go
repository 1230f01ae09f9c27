package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"offshoot/models"
	"offshoot/services/store"
)

// Verify looks at all of a tenant's books and changes nothing. For: the command line.
func (s *Service) Verify(ctx context.Context, tenant models.ID) (Report, error) {
	r, _, err := s.look(ctx, tenant, nil)
	return r, err
}

// CheckWhole looks at all of a tenant's books, keeps what it found, and freezes the tenant where that says so. It returns
// whether it did. For: the installation itself.
func (s *Service) CheckWhole(ctx context.Context, tenant models.ID) (Report, bool, error) {
	seen, err := s.seen(ctx)
	if err != nil {
		return Report{}, false, err
	}
	r, findings, err := s.look(ctx, tenant, nil)
	if err != nil {
		return r, false, err
	}
	froze, err := s.keepWhole(ctx, r, seen, findings)
	return r, froze, err
}

// look checks in one snapshot, and says how often faults had been found by then.
func (s *Service) look(ctx context.Context, tenant models.ID, of *window) (r Report, findings int64, err error) {
	err = s.store.Read(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
		tx.Ask(func(rows pgx.Rows) error {
			_, err := pgx.ForEachRow(rows, []any{&findings}, func() error { return nil })
			return err
		}, `SELECT findings FROM book_checks WHERE tenant_id = $1`, tenant)
		r, err = check(ctx, tx, of)
		return err
	})
	return r, findings, err
}

// moment is when a check begins to look, and up to when it is sure to see everything.
type moment struct{ at, to time.Time }

// seen is to be asked before the snapshot of a check is taken. What a transaction writes that is open now is dated to when it
// began, and cannot be seen yet: the next check goes back to there.
func (s *Service) seen(ctx context.Context) (moment, error) {
	now := s.store.Now()
	var oldest pgtype.Timestamptz
	err := s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) (err error) {
			oldest, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[pgtype.Timestamptz])
			return err
		}, `SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL`)
	})
	m := moment{now, now}
	if oldest.Valid && oldest.Time.Before(now) {
		m.to = oldest.Time.UTC()
	}
	return m, err
}

// kept is what book_checks has of a tenant.
type kept struct {
	faults   []models.BookFault
	findings int64
}

// held takes the tenant's row, so that two checks keep what they found one after another.
func held(ctx context.Context, tx *store.Tx) (k kept, err error) {
	tx.Queue(`INSERT INTO book_checks (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING`, tx.Actor.Tenant)
	err = tx.Rows(ctx, func(rows pgx.Rows) error {
		var text []byte
		_, err := pgx.ForEachRow(rows, []any{&text, &k.findings}, func() error { return json.Unmarshal(text, &k.faults) })
		return err
	}, `SELECT faults, findings FROM book_checks WHERE tenant_id = $1 FOR UPDATE`, tx.Actor.Tenant)
	return k, err
}

// keepWhole keeps a whole check. One without faults takes away those that were found before it began, and none that were
// found since.
func (s *Service) keepWhole(ctx context.Context, r Report, seen moment, findings int64) (froze bool, err error) {
	err = s.store.Settle(ctx, r.Tenant, func(ctx context.Context, tx *store.Tx) error {
		before, err := held(ctx, tx)
		if err != nil {
			return err
		}
		tx.Queue(`UPDATE book_checks SET asked_at = NULL WHERE tenant_id = $1`, r.Tenant)
		found := faultsOf(r)
		if before.findings != findings {
			found = together(before.faults, found)
		}
		if froze, err = freeze(tx, r); err != nil {
			return err
		}
		return keep(tx, `, whole_at = $2, whole_rows = $4`, seen, r, found)
	})
	return froze, err
}

// keepNew keeps a check of what is new, which takes no fault away.
func (s *Service) keepNew(ctx context.Context, r Report, seen moment) (froze bool, err error) {
	err = s.store.Settle(ctx, r.Tenant, func(ctx context.Context, tx *store.Tx) error {
		before, err := held(ctx, tx)
		if err != nil {
			return err
		}
		if froze, err = freeze(tx, r); err != nil {
			return err
		}
		return keep(tx, "", seen, r, together(before.faults, faultsOf(r)))
	})
	return froze, err
}

func keep(tx *store.Tx, also string, seen moment, r Report, found []models.BookFault) error {
	text, err := json.Marshal(found)
	if err != nil {
		return err
	}
	more := 0
	if len(r.Broken()) > 0 {
		more = 1
	}
	tx.Queue(`UPDATE book_checks SET checked_at = $2, checked_to = $3, rows = $4, faults = $5, findings = findings + $6`+also+` WHERE tenant_id = $1`,
		r.Tenant, seen.at, seen.to, r.Rows(), text, more)
	return nil
}

// freeze stands still what moves in the tenant, if the check says so, in the transaction that keeps the check. Only the first
// one does: it is logged, and staff are told.
func freeze(tx *store.Tx, r Report) (bool, error) {
	if !r.Freezes() {
		return false, nil
	}
	reason := ""
	for _, l := range r.Broken() {
		if l.Rule.Freezes {
			reason = l.String()
			break
		}
	}
	made := tx.Exec(`INSERT INTO freezes (tenant_id, frozen_at, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, r.Tenant, tx.Now, reason)
	if made.Error != nil || made.RowsAffected == 0 {
		return false, made.Error
	}
	tx.Later(TellStaff{Tenant: r.Tenant, FrozenAt: tx.Now}, nil)
	return true, tx.Log(models.Event{Action: models.BooksFrozen, Account: r.Tenant, Details: map[string]string{"reason": reason}})
}

func faultsOf(r Report) []models.BookFault {
	found := []models.BookFault{}
	for _, l := range r.Broken() {
		found = append(found, models.BookFault{Rule: l.Rule.Key, Faults: l.Faults, Examples: l.Examples})
	}
	return found
}

// together are the faults of two checks, those of the later one where both have a rule.
func together(earlier, later []models.BookFault) []models.BookFault {
	has := map[string]bool{}
	for _, f := range later {
		has[f.Rule] = true
	}
	for _, f := range earlier {
		if !has[f.Rule] {
			later = append(later, f)
		}
	}
	return later
}

// Counted are the checks of all tenants in figures.
type Counted struct {
	Tenants, Frozen, Faults int64
	Last                    *time.Time // the latest check of any tenant
	Oldest                  *time.Time // of what is not frozen, the tenant that was checked longest ago
	OldestWhole             *time.Time // likewise, of whole checks
}

// Count tells of the checks. For: metrics.
func (s *Service) Count(ctx context.Context) (c Counted, err error) {
	err = s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) (err error) {
			c, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Counted])
			return err
		}, `SELECT count(*), count(f.tenant_id), coalesce(sum(jsonb_array_length(c.faults)), 0)::bigint, max(c.checked_at),
				min(c.checked_at) FILTER (WHERE f.tenant_id IS NULL), min(c.whole_at) FILTER (WHERE f.tenant_id IS NULL)
			FROM book_checks c LEFT JOIN freezes f ON f.tenant_id = c.tenant_id`)
	})
	if err != nil {
		err = fmt.Errorf("books: %w", err)
	}
	return c, err
}
