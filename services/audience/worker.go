package audience

import (
	"context"
	"time"

	"github.com/riverqueue/river"
)

// Queue is the job queue of files and deleted groups, apart from all others because they take their time; QueueWorkers is how
// many of them one process does at once.
const (
	Queue        = "audience"
	QueueWorkers = 2
)

// Kind is how the queue knows the job.
func (RunImport) Kind() string  { return "audience.import" }
func (PurgeGroup) Kind() string { return "audience.purge_group" }

// InsertOpts puts the job into its queue.
func (RunImport) InsertOpts() river.InsertOpts  { return river.InsertOpts{Queue: Queue} }
func (PurgeGroup) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: Queue} }

// AddWorkers registers the jobs of s. The client has to work on Queue.
func AddWorkers(workers *river.Workers, s *Service) {
	river.AddWorker(workers, &importer{service: s})
	river.AddWorker(workers, &purger{service: s})
}

type importer struct {
	river.WorkerDefaults[RunImport]
	service *Service
}

// A large file is applied turn by turn: a job that runs for longer would be taken for one whose process died.
const turn = time.Minute

func (*importer) Timeout(*river.Job[RunImport]) time.Duration { return 2 * turn }

func (w *importer) Work(ctx context.Context, job *river.Job[RunImport]) error {
	more, err := w.service.runFor(ctx, job.Args, turn)
	if err == nil && more {
		return river.JobSnooze(0)
	}
	return err
}

type purger struct {
	river.WorkerDefaults[PurgeGroup]
	service *Service
}

func (*purger) Timeout(*river.Job[PurgeGroup]) time.Duration { return 4 * turn }

func (w *purger) Work(ctx context.Context, job *river.Job[PurgeGroup]) error {
	return w.service.Purge(ctx, job.Args)
}
