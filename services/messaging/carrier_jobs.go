package messaging

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
)

// AddCarrierWorkers registers the jobs of c. The client has to work on HandOverQueue and ReportQueue.
func AddCarrierWorkers(workers *river.Workers, c *Carrier) {
	river.AddWorker(workers, &handOverWorker{carrier: c})
	river.AddWorker(workers, &simulatedReportsWorker{carrier: c})
	river.AddWorker(workers, &reconcileWorker{carrier: c})
}

type handOverWorker struct {
	river.WorkerDefaults[HandOver]
	carrier *Carrier
}

// Timeout leaves room for a turn, for a last set that nobody answers, and for noting what came of it.
func (*handOverWorker) Timeout(*river.Job[HandOver]) time.Duration { return turn + 5*time.Minute }

// Work sleeps while the gateway is not to be asked. That uses up none of the job's attempts; those are for a database in trouble.
func (w *handOverWorker) Work(ctx context.Context, job *river.Job[HandOver]) error {
	err := w.carrier.HandOver(ctx, job.Args)
	var later *Postponed
	if errors.As(err, &later) {
		return river.JobSnooze(later.After)
	}
	return err
}

type simulatedReportsWorker struct {
	river.WorkerDefaults[SimulatedReports]
	carrier *Carrier
}

func (w *simulatedReportsWorker) Work(ctx context.Context, job *river.Job[SimulatedReports]) error {
	return w.carrier.Reports(ctx, job.Args.Tenant, job.Args.Reports)
}

// ReconcileMessages is the job that looks after messages which nobody works on any more.
type ReconcileMessages struct{}

func (ReconcileMessages) Kind() string { return "messages.reconcile" }

// InsertOpts lets one minute have one, however many processes there are.
func (ReconcileMessages) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Minute}}
}

type reconcileWorker struct {
	river.WorkerDefaults[ReconcileMessages]
	carrier *Carrier
}

func (*reconcileWorker) Timeout(*river.Job[ReconcileMessages]) time.Duration { return 10 * time.Minute }

func (w *reconcileWorker) Work(ctx context.Context, _ *river.Job[ReconcileMessages]) error {
	return w.carrier.Reconcile(ctx)
}
