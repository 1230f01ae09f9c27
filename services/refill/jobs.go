package refill

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// Turn is the job that goes on with recharges that wait for a new day, and with whatever a job that was lost has left.
type Turn struct{}

func (Turn) Kind() string { return "refill.turn" }

// InsertOpts lets one minute have one, however many processes there are.
func (Turn) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Minute}}
}

// Remind is the job that tells again of balances that stay low.
type Remind struct{}

func (Remind) Kind() string { return "refill.remind" }

// InsertOpts lets one hour have one.
func (Remind) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Hour}}
}

// AddWorkers registers the work of s.
func AddWorkers(workers *river.Workers, s *Service) {
	river.AddWorker(workers, &faller{service: s})
	river.AddWorker(workers, &turner{service: s})
	river.AddWorker(workers, &reminder{service: s})
}

type faller struct {
	river.WorkerDefaults[ledger.Fell]
	service *Service
}

func (w *faller) Work(ctx context.Context, job *river.Job[ledger.Fell]) error {
	return w.service.Fell(ctx, job.Args)
}

type turner struct {
	river.WorkerDefaults[Turn]
	service *Service
}

func (w *turner) Timeout(*river.Job[Turn]) time.Duration { return 10 * time.Minute }

func (w *turner) Work(ctx context.Context, _ *river.Job[Turn]) error { return w.service.Turn(ctx) }

type reminder struct {
	river.WorkerDefaults[Remind]
	service *Service
}

func (w *reminder) Timeout(*river.Job[Remind]) time.Duration { return 30 * time.Minute }

func (w *reminder) Work(ctx context.Context, _ *river.Job[Remind]) error {
	return w.service.Remind(ctx)
}

// Fell does what a fall leads to: a recharge, or a mail. Done twice, or after the fall has ended, it does nothing.
// For: the job of that name.
func (s *Service) Fell(ctx context.Context, f ledger.Fell) error {
	if f.Of == ledger.LowFall {
		return s.tellLow(ctx, f.Tenant, f.Fall)
	}
	_, err := s.recharge(ctx, f.Tenant, []models.ID{f.Account})
	return err
}

// MoneyArrived goes on with the recharges that wait for a parent's money, those first that wait longest; one whose whole
// amount is not there stays paused, and later ones that fit get theirs. For: the job of that name.
func (s *Service) MoneyArrived(ctx context.Context, tenant models.ID) error {
	var waiting []models.ID
	err := s.store.Read(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) (err error) {
			waiting, err = pgx.CollectRows(rows, pgx.RowTo[models.ID])
			return err
		}, `SELECT account_id FROM recharge_rules WHERE tenant_id = $1 AND paused_at IS NOT NULL AND paused_reason = 'short'
			ORDER BY paused_at, account_id`, tenant)
	})
	if err != nil {
		return err
	}
	return s.rechargeAll(ctx, tenant, waiting)
}

// rechargeAll is recharge for any number. When nothing is left, the others need not be asked: those who were not given
// anything wait for the next money.
func (s *Service) rechargeAll(ctx context.Context, tenant models.ID, subs []models.ID) error {
	for left := true; left && len(subs) > 0 && ctx.Err() == nil; {
		n := min(together, len(subs))
		var err error
		if left, err = s.recharge(ctx, tenant, subs[:n]); err != nil {
			return err
		}
		subs = subs[n:]
	}
	return ctx.Err()
}

// forgotten is after how long Turn takes up a fall that nothing has come of.
const forgotten = 2 * time.Minute

// waiting is a sub-account that Turn looks at.
type waiting struct{ tenant, account models.ID }

// Turn goes on with every recharge that waits for nothing any more: paused for a day that is over where the parent is, or for
// money that is there, or forgotten by a job that was lost or came while the parent's money stood still. One tenant that
// fails stops no other. For: a periodic job.
func (s *Service) Turn(ctx context.Context) error {
	found, err := s.waiting(ctx)
	if err != nil {
		return err
	}
	var failed error
	for len(found) > 0 {
		tenant := found[0].tenant
		var subs []models.ID
		for len(found) > 0 && found[0].tenant == tenant {
			subs, found = append(subs, found[0].account), found[1:]
		}
		failed = errors.Join(failed, s.rechargeAll(ctx, tenant, subs))
	}
	return failed
}

// waiting are the sub-accounts of all tenants that Turn looks at, those of a tenant together and in the order in which they began to wait.
func (s *Service) waiting(ctx context.Context) ([]waiting, error) {
	var found []waiting
	err := s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			var w waiting
			var why models.PauseReason
			var since time.Time
			var parent models.Account
			_, err := pgx.ForEachRow(rows, []any{&w.tenant, &w.account, &why, &since, &parent.TimeZone}, func() error {
				days := why == models.PausedTimes || why == models.PausedAmount
				if zone := parent.Zone(); !days || models.DayOf(since, zone).Before(models.DayOf(tx.Now, zone)) {
					found = append(found, w)
				}
				return nil
			})
			return err
		}, `SELECT x.tenant_id, x.account_id, x.why, x.since, p.time_zone FROM (
				SELECT tenant_id, account_id, paused_reason AS why, paused_at AS since FROM recharge_rules
				WHERE paused_at IS NOT NULL AND paused_reason IN ('times', 'amount')
			UNION ALL
				SELECT r.tenant_id, r.account_id, r.paused_reason, r.paused_at FROM recharge_rules r
				JOIN wallets w ON w.tenant_id = r.tenant_id AND w.account_id = r.tenant_id AND w.kind = 'balance' AND w.balance - w.floor >= r.amount
				WHERE r.paused_at IS NOT NULL AND r.paused_reason = 'short' AND r.paused_at <= $1
			UNION ALL
				SELECT f.tenant_id, f.account_id, '', f.fell_at FROM falls f
				JOIN recharge_rules r ON r.tenant_id = f.tenant_id AND r.account_id = f.account_id AND r.paused_at IS NULL AND r.stopped_at IS NULL
				JOIN accounts a ON a.tenant_id = f.tenant_id AND a.id = f.account_id AND a.status IN ('pending', 'active')
				WHERE f.kind = 'recharge' AND f.ended_at IS NULL AND f.fell_at <= $1
			) x JOIN accounts p ON p.tenant_id = x.tenant_id AND p.id = x.tenant_id AND p.status = 'active'
			WHERE NOT EXISTS (SELECT FROM freezes z WHERE z.tenant_id = x.tenant_id)
			ORDER BY x.tenant_id, x.since, x.account_id`, tx.Now.Add(-forgotten))
	})
	return found, err
}
