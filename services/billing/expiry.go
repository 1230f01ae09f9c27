package billing

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// Expiry is the job that ends packages whose validity is over.
type Expiry struct{}

func (Expiry) Kind() string { return "packages.expire" }

// InsertOpts lets one minute have one, however many processes there are.
func (Expiry) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Minute}}
}

// AddWorkers registers the work of s.
func AddWorkers(workers *river.Workers, s *Service) { river.AddWorker(workers, &expirer{service: s}) }

type expirer struct {
	river.WorkerDefaults[Expiry]
	service *Service
}

func (w *expirer) Timeout(*river.Job[Expiry]) time.Duration { return 10 * time.Minute }

func (w *expirer) Work(ctx context.Context, _ *river.Job[Expiry]) error {
	_, err := w.service.ExpirePackages(ctx)
	return err
}

// expiryBatch is how many packages are looked up at a time.
const expiryBatch = 500

// errEndedAlready is for who comes second.
var errEndedAlready = &models.Error{Kind: models.Conflict, Code: "package_ended_already", Message: "This package has ended already."}

// ExpirePackages ends the packages of all tenants whose validity is over, each by itself and once, whoever else is at it: what
// is left in anybody's wallet goes back to where it was issued from, and nothing is refunded. It returns how many it ended;
// one that fails stops no other. Nobody draws on a package after its end, however late this comes: the ledger sees to that.
// For: a periodic job.
func (s *Service) ExpirePackages(ctx context.Context) (int, error) {
	ended := 0
	var failed error
	after := due{}
	for {
		batch, err := s.duePackages(ctx, after)
		if err != nil {
			return ended, errors.Join(failed, err)
		}
		for _, p := range batch {
			switch err := s.expire(ctx, p.tenant, p.id); {
			case errors.Is(err, errEndedAlready):
			case err != nil:
				failed = errors.Join(failed, err)
			default:
				ended++
			}
		}
		if len(batch) < expiryBatch || ctx.Err() != nil {
			return ended, errors.Join(failed, ctx.Err())
		}
		after = batch[len(batch)-1]
	}
}

// due is a package whose validity is over.
type due struct {
	at         time.Time
	tenant, id models.ID
}

func (s *Service) duePackages(ctx context.Context, after due) ([]due, error) {
	var found []due
	err := s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			var d due
			_, err := pgx.ForEachRow(rows, []any{&d.at, &d.tenant, &d.id}, func() error { found = append(found, d); return nil })
			return err
		}, `SELECT expires_at, tenant_id, id FROM packages WHERE expired_at IS NULL AND expires_at <= $1 AND (expires_at, tenant_id, id) > ($2, $3, $4)
			ORDER BY expires_at, tenant_id, id LIMIT $5`, tx.Now, after.at, after.tenant, after.id, expiryBatch)
	})
	return found, err
}

func (s *Service) expire(ctx context.Context, tenant, id models.ID) error {
	_, err := s.store.Change(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		left, err := ledger.ExpireUnits(ctx, tx, id) // locks the wallets, so that a second one waits here
		if err != nil {
			return models.Event{}, err
		}
		p, err := packageByID(tx, id)
		if err != nil {
			return models.Event{}, err
		}
		if p.ExpiredAt != nil {
			return models.Event{}, errEndedAlready
		}
		tx.QueueExactly(errEndedAlready, `UPDATE packages SET expired_at = $3 WHERE tenant_id = $1 AND id = $2 AND expired_at IS NULL`, tenant, id, tx.Now)
		return models.Event{Action: models.PackageExpired, Account: p.Account, Subject: id, Details: map[string]string{"name": p.Name,
			"left": strconv.FormatInt(left.Amount.IntPart(), 10)}}, nil
	})
	return err
}
