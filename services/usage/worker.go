package usage

import (
	"context"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// RollEvery is how often usage is added up. Reports are right without it; it keeps them fast.
const RollEvery = 10 * time.Second

// RollJob is the job that adds usage up.
type RollJob struct{}

// Kind is the job's name in the queue.
func (RollJob) Kind() string { return "usage.roll" }

// InsertOpts lets one wait or run at a time, however many processes ask for it.
func (RollJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending,
		rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}}
}

// AddWorkers registers the job of s.
func AddWorkers(workers *river.Workers, s *Service) { river.AddWorker(workers, &roller{service: s}) }

type roller struct {
	river.WorkerDefaults[RollJob]
	service *Service
}

// Timeout leaves room for the first time after an upgrade, when all earlier usage is added up. What is done stays done.
func (*roller) Timeout(*river.Job[RollJob]) time.Duration { return 30 * time.Minute }

func (w *roller) Work(ctx context.Context, _ *river.Job[RollJob]) error {
	_, err := w.service.Roll(ctx)
	return err
}
