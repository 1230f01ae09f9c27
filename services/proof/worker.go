package proof

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"offshoot/models"
)

// Queue is that of checks of what is new, WholeQueue that of whole ones: neither waits for the other, nor for other work.
const (
	Queue      = "books"
	WholeQueue = "books_whole"
)

// CheckNew is the job that looks at what is new.
type CheckNew struct{}

func (CheckNew) Kind() string { return "books.check_new" }

// InsertOpts lets one wait or run at a time, however many processes ask for it.
func (CheckNew) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: Queue, UniqueOpts: river.UniqueOpts{ByState: unfinished}}
}

// WholeCheck is the job that looks at all of a tenant's books.
type WholeCheck struct {
	Tenant models.ID `json:"tenant"`
}

func (WholeCheck) Kind() string { return "books.check_whole" }

// InsertOpts lets a tenant have one at a time.
func (WholeCheck) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: WholeQueue, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
}

// TellStaff is the job that mails staff Admins of a tenant that was frozen, made by the transaction that froze it.
type TellStaff struct {
	Tenant   models.ID `json:"tenant"`
	FrozenAt time.Time `json:"frozen_at"`
}

func (TellStaff) Kind() string { return "books.tell_staff" }

var unfinished = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
	rivertype.JobStateRunning, rivertype.JobStateScheduled}

// AddWorkers registers the jobs of s. The client has to work on Queue and WholeQueue, one job of each at a time.
func AddWorkers(workers *river.Workers, s *Service, log *slog.Logger) {
	river.AddWorker(workers, &newChecker{service: s, log: log})
	river.AddWorker(workers, &wholeChecker{service: s, log: log})
	river.AddWorker(workers, &teller{service: s})
}

type newChecker struct {
	river.WorkerDefaults[CheckNew]
	service *Service
	log     *slog.Logger
}

func (*newChecker) Timeout(*river.Job[CheckNew]) time.Duration { return 20 * time.Minute }

func (w *newChecker) Work(ctx context.Context, _ *river.Job[CheckNew]) error {
	round, err := w.service.CheckNew(ctx)
	for _, tenant := range round.Frozen {
		w.log.Error("the books of a tenant have a fault: its money is frozen", "tenant", tenant)
	}
	w.log.Info("books checked", "tenants", round.Tenants, "with_news", round.Looked, "rows", round.Rows, "whole_checks_due", round.Whole)
	return err
}

type wholeChecker struct {
	river.WorkerDefaults[WholeCheck]
	service *Service
	log     *slog.Logger
}

// Timeout leaves room for a tenant with hundreds of millions of entries.
func (*wholeChecker) Timeout(*river.Job[WholeCheck]) time.Duration { return 3 * time.Hour }

func (w *wholeChecker) Work(ctx context.Context, job *river.Job[WholeCheck]) error {
	r, froze, err := w.service.CheckWhole(ctx, job.Args.Tenant)
	for _, l := range r.Broken() {
		w.log.Error("the books of a tenant have a fault", "tenant", job.Args.Tenant, "rule", l.Rule.Key, "faults", l.Faults, "fault", l.String())
	}
	if froze {
		w.log.Error("the books of a tenant have a fault: its money is frozen", "tenant", job.Args.Tenant)
	}
	w.log.Info("all books of a tenant checked", "tenant", job.Args.Tenant, "rows", r.Rows(), "took", r.Took.String())
	return err
}

type teller struct {
	river.WorkerDefaults[TellStaff]
	service *Service
}

func (w *teller) Work(ctx context.Context, job *river.Job[TellStaff]) error {
	return w.service.tellStaff(ctx, job.Args)
}
