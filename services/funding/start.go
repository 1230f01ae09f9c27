package funding

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// chunk is how many sub-accounts one transaction takes: the parent's balance is held for some hundredths of a second.
const chunk = 500

// StartMonths starts the month of every parent whose calendar shows a new one, goes on where it was interrupted, and gives to
// those who still wait what their parents can give. A parent that is not active, or whose books are frozen, is left for the
// next time; one that fails stops no other.
// For: a periodic job.
func (s *Service) StartMonths(ctx context.Context) error {
	turned, err := s.turned(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, tenant := range turned {
		if err := ctx.Err(); err != nil {
			return errors.Join(failed, err)
		}
		failed = errors.Join(failed, s.StartMonth(ctx, tenant))
	}
	return failed
}

// turned are the parents for whose sub-accounts there is something to do.
func (s *Service) turned(ctx context.Context) ([]models.ID, error) {
	var found []models.ID
	err := s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			var parent models.Account
			var oldest string
			var waiting bool
			_, err := pgx.ForEachRow(rows, []any{&parent.ID, &parent.TimeZone, &oldest, &waiting}, func() error {
				if waiting || oldest < periodAt(tx.Now, parent) {
					found = append(found, parent.ID)
				}
				return nil
			})
			return err
		}, `SELECT p.id, p.time_zone, l.oldest, EXISTS (SELECT 1 FROM month_starts s WHERE s.tenant_id = p.tenant_id AND s.period = l.latest AND s.state IN ('due', 'short'))
			FROM accounts p CROSS JOIN LATERAL (SELECT min(period) AS oldest, max(period) AS latest FROM monthly_limits WHERE tenant_id = p.tenant_id) l
			WHERE p.kind = 'parent' AND p.status = 'active' AND l.oldest IS NOT NULL`)
	})
	return found, err
}

// StartMonth is StartMonths for one parent.
func (s *Service) StartMonth(ctx context.Context, tenant models.ID) error {
	for _, step := range []step{s.takeBack, s.giveDue, s.giveShort} {
		if err := s.repeat(ctx, tenant, step); err != nil {
			return err
		}
	}
	return nil
}

// step is some hundredths of a second of a month start. It returns whether there is more of the same to do.
type step func(context.Context, *store.Tx) (more bool, err error)

// repeat does a step, each time in a transaction of its own, until there is nothing more to do.
func (s *Service) repeat(ctx context.Context, tenant models.ID, do step) error {
	for more := true; more; {
		err := s.store.Settle(ctx, tenant, func(ctx context.Context, tx *store.Tx) (err error) {
			more, err = do(ctx, tx)
			return err
		})
		if errors.Is(err, ledger.ErrFrozen) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// takeBack claims the month for sub-accounts for which it has not started yet, and returns what is unused of the month before.
func (s *Service) takeBack(ctx context.Context, tx *store.Tx) (more bool, err error) {
	parent, err := readParent(ctx, tx)
	if err != nil || parent.Status != models.Active {
		return false, err
	}
	period := periodAt(tx.Now, parent)
	ids, err := pick(ctx, tx, `SELECT account_id FROM monthly_limits WHERE tenant_id = $1 AND period < $2 ORDER BY period, priority, set_at, account_id LIMIT $3`,
		tx.Actor.Tenant, period, chunk)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	round, err := ledger.NewRound(ctx, tx, ids)
	if err != nil {
		return false, err
	}
	turns, err := look(ctx, tx, parent, period, ids)
	if err != nil {
		return false, err
	}
	claimed, err := claim(ctx, tx, period, turns)
	if err != nil {
		return false, err
	}
	for _, t := range turns {
		if t.returned.IsPositive() && claimed[t.account] {
			if _, err := round.Back(t.account, t.returned, unusedNote(t.before)); err != nil {
				return false, err
			}
		}
	}
	round.Post()
	return true, nil
}

// turn is one sub-account's part of a month start.
type turn struct {
	account  models.ID
	name     string
	priority int
	amount   models.Money
	before   string // the period before
	returned models.Money
	state    models.MonthStartState
}

// look finds out what a month start has to do for sub-accounts for which that month has not started, in the parent's order of
// priority: all of them, or some.
func look(ctx context.Context, tx *store.Tx, parent models.Account, period string, only []models.ID) ([]turn, error) {
	var turns []turn
	err := tx.Rows(ctx, func(rows pgx.Rows) error {
		var t turn
		var amount, has int64
		var open, used bool
		_, err := pgx.ForEachRow(rows, []any{&t.account, &t.name, &t.priority, &amount, &t.before, &has, &open, &used}, func() error {
			t.amount, t.returned = models.FromMicros(amount, parent.Currency), models.Zero(parent.Currency)
			if open {
				t.returned = models.FromMicros(max(has, 0), parent.Currency)
			}
			switch {
			case !used:
				t.state = models.MonthStopped
			case parent.Plan == models.PostPay:
				t.state = models.MonthCapped
			default:
				t.state = models.MonthDue
			}
			turns = append(turns, t)
			return nil
		})
		return err
	}, `SELECT l.account_id, a.name, l.priority, l.amount, l.period, w.balance, w.closed_at IS NULL, `+inUse+`
		FROM monthly_limits l
		JOIN accounts a ON a.tenant_id = l.tenant_id AND a.id = l.account_id
		JOIN wallets w ON w.tenant_id = l.tenant_id AND w.account_id = l.account_id AND w.kind = 'balance'
		WHERE l.tenant_id = $1 AND l.period < $2 AND ($4 OR l.account_id = ANY($5))
		ORDER BY l.priority, l.set_at, l.account_id`, tx.Actor.Tenant, period, tx.Now, only == nil, only)
	return turns, err
}

// inUse says whether account a with the balance w is not deactivated, and not on a trial that is over. $3 is now.
const inUse = `(a.status IN ('pending', 'active') AND (a.trial_ends_at IS NULL OR a.trial_ends_at > $3 OR coalesce(w.credited_at >= a.trial_ends_at, false)))`

// claim writes the rows of a month that starts, and those of months that passed while nobody looked. It returns whose rows it
// wrote: of two that claim the same month, one.
func claim(ctx context.Context, tx *store.Tx, period string, turns []turn) (map[models.ID]bool, error) {
	n := len(turns)
	account, state, returned, before := make([]models.ID, n), make([]string, n), make([]int64, n), make([]string, n)
	var missing []models.ID
	var missed []string
	for i, t := range turns {
		account[i], state[i], returned[i], before[i] = t.account, string(t.state), t.returned.Micros(), t.before
		for _, passed := range between(t.before, period) {
			missing, missed = append(missing, t.account), append(missed, passed)
		}
	}
	claimed := make(map[models.ID]bool, n)
	tx.Ask(func(rows pgx.Rows) error {
		var id models.ID
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error { claimed[id] = true; return nil })
		return err
	}, `INSERT INTO month_starts (tenant_id, account_id, period, state, asset, amount, most, priority, set_at, returned, started_at)
		SELECT $1, l.account_id, $2, x.state, l.asset, l.amount, l.amount, l.priority, l.set_at, x.returned, $6
		FROM unnest($3::uuid[], $4::text[], $5::bigint[]) x(account, state, returned)
		JOIN monthly_limits l ON l.tenant_id = $1 AND l.account_id = x.account
		ON CONFLICT DO NOTHING RETURNING account_id`, tx.Actor.Tenant, period, account, state, returned, tx.Now)
	if missed != nil {
		tx.Queue(`INSERT INTO month_starts (tenant_id, account_id, period, state, asset, amount, most, priority, set_at, started_at)
			SELECT $1, l.account_id, x.period, 'missed', l.asset, l.amount, l.amount, l.priority, l.set_at, $4
			FROM unnest($2::uuid[], $3::text[]) x(account, period)
			JOIN monthly_limits l ON l.tenant_id = $1 AND l.account_id = x.account
			ON CONFLICT DO NOTHING`, tx.Actor.Tenant, missing, missed, tx.Now)
	}
	// whose turn never came before the month was over
	tx.Queue(`UPDATE month_starts s SET state = 'missed' FROM unnest($2::uuid[], $3::text[]) x(account, period)
		WHERE s.tenant_id = $1 AND s.account_id = x.account AND s.period = x.period AND s.state = 'due'`, tx.Actor.Tenant, account, before)
	tx.Queue(`UPDATE monthly_limits SET period = $2 WHERE tenant_id = $1 AND account_id = ANY($3) AND period < $2`, tx.Actor.Tenant, period, account)
	return claimed, tx.Answers(ctx)
}

// readParent returns the actor's parent, as far as a month start is concerned.
func readParent(ctx context.Context, tx *store.Tx) (models.Account, error) {
	p := models.Account{TenantID: tx.Actor.Tenant, ID: tx.Actor.Tenant}
	err := tx.Rows(ctx, func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&p.Name, &p.Status, &p.Plan, &p.TimeZone, &p.Currency}, func() error { return nil })
		return err
	}, `SELECT name, status, plan, time_zone, currency FROM accounts WHERE tenant_id = $1 AND id = $1`, tx.Actor.Tenant)
	return p, err
}

func pick(ctx context.Context, tx *store.Tx, sql string, args ...any) (ids []models.ID, err error) {
	err = tx.Rows(ctx, func(rows pgx.Rows) (err error) {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[models.ID])
		return err
	}, sql, args...)
	return ids, err
}

// nextStart is when the month after a period begins for a parent.
func nextStart(period string, parent models.Account) (string, time.Time) {
	day := firstDay(period).AddMonths(1)
	return day.MonthText(), day.Start(parent.Zone())
}
