package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"offshoot/services/audience"
	"offshoot/services/billing"
	"offshoot/services/funding"
	"offshoot/services/identity"
	"offshoot/services/messaging"
	"offshoot/services/notify"
	"offshoot/services/proof"
	"offshoot/services/refill"
	"offshoot/services/store"
	"offshoot/services/usage"
)

// How long what is under way may take to end when the program is asked to stop.
const (
	requestGrace = 20 * time.Second
	jobGrace     = 20 * time.Second
)

// startJobs works on the queue until the returned function is called. That waits for jobs under way; one that takes
// longer than jobGrace is cut off and runs again elsewhere or later.
func startJobs(ctx context.Context, h *house, log *slog.Logger) (stop func(), err error) {
	workers := river.NewWorkers()
	notify.AddWorkers(workers, h.notify)
	usage.AddWorkers(workers, h.usage)
	messaging.AddCarrierWorkers(workers, h.carrier)
	messaging.AddSendWorkers(workers, h.sends)
	river.AddWorker(workers, &partKeeper{house: h, log: log})
	river.AddWorker(workers, &sweeper{house: h, log: log})
	river.AddWorker(workers, &accessCloser{house: h})
	river.AddWorker(workers, &passwordLinks{house: h})
	river.AddWorker(workers, &trialReminder{house: h})
	billing.AddWorkers(workers, h.billing)
	audience.AddWorkers(workers, h.audience)
	refill.AddWorkers(workers, h.refill)
	funding.AddWorkers(workers, h.funding)
	river.AddWorker(workers, &moneyArrived{house: h})
	proof.AddWorkers(workers, h.proof, log)
	jobs, err := river.NewClient(riverpgxv5.New(h.store.Pool()), &river.Config{
		Logger: slog.New(quiet{log.Handler()}),
		Queues: map[string]river.QueueConfig{
			river.QueueDefault:  {MaxWorkers: 4},
			notify.Queue:        {MaxWorkers: notify.QueueWorkers},
			notify.EarlierQueue: {MaxWorkers: notify.QueueWorkers},
			audience.Queue:      {MaxWorkers: audience.QueueWorkers},
			proof.Queue:         {MaxWorkers: 1},
			proof.WholeQueue:    {MaxWorkers: 1},

			messaging.SendQueue:     {MaxWorkers: messaging.SendWorkers},
			messaging.HandOverQueue: {MaxWorkers: messaging.HandOverWorkers},
			messaging.ReportQueue:   {MaxWorkers: messaging.ReportWorkers},
		},
		Workers: workers,
		Test:    jobClock(),
		// A job whose process died is taken up again after this, not after the usual hour: a code is worth 15 minutes.
		RescueStuckJobsAfter: 5 * time.Minute,
		// what failed waits for somebody to look at it (ACC-15)
		DiscardedJobRetentionPeriod: store.FailedJobsKept,
		CancelledJobRetentionPeriod: store.FailedJobsKept,
		PeriodicJobs:                periodic(schedule),
	})
	if err != nil {
		return nil, err
	}
	if err := jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	return func() { stopJobs(jobs, log) }, nil
}

// regular is a job that is done again and again, and also when the program starts.
type regular struct {
	every time.Duration
	job   river.JobArgs
}

// schedule is what nobody asks for. Where several programs work, each of these jobs is made once all the same.
var schedule = []regular{
	{time.Hour, sweep{}},
	{time.Minute, closeAccesses{}},
	{10 * time.Minute, remindOfTrials{}},
	{funding.TurnEvery, funding.Turn{}},
	{time.Minute, refill.Turn{}},
	{time.Hour, refill.Remind{}},
	{proof.CheckEvery, proof.CheckNew{}},
	{time.Minute, billing.Expiry{}},
	{usage.RollEvery, usage.RollJob{}},
	{24 * time.Hour, keepParts{}},
	{time.Minute, messaging.ReconcileMessages{}},
}

func periodic(schedule []regular) []*river.PeriodicJob {
	jobs := make([]*river.PeriodicJob, len(schedule))
	for i, r := range schedule {
		jobs[i] = river.NewPeriodicJob(river.PeriodicInterval(r.every), func() (river.JobArgs, *river.InsertOpts) { return r.job, nil },
			&river.PeriodicJobOpts{RunOnStart: true})
	}
	return jobs
}

func stopJobs(jobs *river.Client[pgx.Tx], log *slog.Logger) {
	patient, cancel := context.WithTimeout(context.Background(), jobGrace)
	defer cancel()
	err := jobs.Stop(patient)
	if errors.Is(err, context.DeadlineExceeded) {
		log.Warn("jobs under way are cut off; they will run again")
		hasty, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err = jobs.StopAndCancel(hasty)
	}
	if err != nil {
		log.Error("the job queue did not end by itself", "error", err)
	}
}

// sweep is the job that throws away what has expired and nobody can use any more.
type sweep struct{}

func (sweep) Kind() string { return "sweep" }

// InsertOpts lets one hour have one sweep, however often the program starts.
func (sweep) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Hour}}
}

type sweeper struct {
	river.WorkerDefaults[sweep]
	house *house
	log   *slog.Logger
}

func (w *sweeper) Timeout(*river.Job[sweep]) time.Duration { return 10 * time.Minute }

func (w *sweeper) Work(ctx context.Context, _ *river.Job[sweep]) error {
	people, store := w.house.people, w.house.store
	for _, old := range []struct {
		what  string
		sweep func(context.Context) (int64, error)
	}{
		{"sessions", people.SweepSessions},
		{"invitations", people.SweepInvitations},
		{"devices", people.SweepDevices},
		{"password links", people.SweepPasswordLinks},
		{"limits", store.SweepLimits},
		{"contact imports", w.house.audience.SweepImports},
		{"idempotency keys", store.SweepKeys},
		{"uploads that were cut off", w.house.sends.SweepUnfinished},
	} {
		n, err := old.sweep(ctx)
		if err != nil {
			return err
		}
		w.log.Info("swept", "what", old.what, "rows", n)
	}
	return nil
}

// passwordLinks mails those who forgot their password.
type passwordLinks struct {
	river.WorkerDefaults[identity.PasswordLinkAsked]
	house *house
}

func (w *passwordLinks) Work(ctx context.Context, job *river.Job[identity.PasswordLinkAsked]) error {
	return w.house.people.SendPasswordLink(ctx, job.Args)
}

// quiet passes on what the job queue warns of; its other lines tell of its inner life.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }
