package funding

import (
	"context"
	"time"

	"github.com/riverqueue/river"
)

// TurnEvery is how often somebody asks whose month has turned, and so how late a month start is at most when all is well.
const TurnEvery = 10 * time.Minute

// Turn is the job that starts the month of every parent whose calendar shows a new one.
type Turn struct{}

func (Turn) Kind() string { return "funding.month_start" }

// InsertOpts lets a span have one, however many processes there are.
func (Turn) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: TurnEvery}}
}

// AddWorkers registers the job of s. That of ledger.MoneyArrived has a worker elsewhere, for others wait for money too.
func AddWorkers(workers *river.Workers, s *Service) { river.AddWorker(workers, &turner{service: s}) }

type turner struct {
	river.WorkerDefaults[Turn]
	service *Service
}

// Timeout leaves room for many parents with many sub-accounts, all in one zone. What is done stays done.
func (*turner) Timeout(*river.Job[Turn]) time.Duration { return 50 * time.Minute }

func (w *turner) Work(ctx context.Context, _ *river.Job[Turn]) error {
	return w.service.StartMonths(ctx)
}
