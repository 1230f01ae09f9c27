package messaging

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"offshoot/models"
)

// SendQueue is the job queue of sends, and SendWorkers how many of them one process works on at a time. Each has a turn and
// then goes behind the others, so that a small send does not wait for a big one.
const (
	SendQueue   = "sends"
	SendWorkers = 2
)

// Accept is the job that accepts the recipients of a send since one start or continuation of it.
type Accept struct {
	Tenant models.ID `json:"tenant"`
	Send   models.ID `json:"send"`
	Run    int       `json:"run"`
}

func (Accept) Kind() string                 { return "sends.accept" }
func (Accept) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: SendQueue} }

// CancelRest is the job that cancels what a cancelled send has queued.
type CancelRest struct {
	Tenant models.ID `json:"tenant"`
	Send   models.ID `json:"send"`
}

func (CancelRest) Kind() string                 { return "sends.cancel_rest" }
func (CancelRest) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: SendQueue} }

// AddSendWorkers registers the jobs of sends. The client has to work on SendQueue.
func AddSendWorkers(workers *river.Workers, s *Service) {
	river.AddWorker(workers, &acceptor{service: s})
	river.AddWorker(workers, &collecting{service: s})
	river.AddWorker(workers, &canceller{service: s})
}

type acceptor struct {
	river.WorkerDefaults[Accept]
	service *Service
}

// How long a send that has nothing to accept right now waits: while it is handed over, and to hear whether it was.
const handedOverIn = time.Second

// Work is one turn. A job that comes again for its next turn uses up none of its attempts: those are for a database in trouble.
func (w *acceptor) Work(ctx context.Context, job *river.Job[Accept]) error {
	turned, err := w.service.Turn(ctx, job.Args)
	switch {
	case err != nil:
		return err
	case turned == Going:
		return river.JobSnooze(0)
	case turned == Ahead:
		return river.JobSnooze(handedOverIn)
	}
	return nil
}

type collecting struct {
	river.WorkerDefaults[Collect]
	service *Service
}

// Timeout leaves room for a group of some millions.
func (*collecting) Timeout(*river.Job[Collect]) time.Duration { return time.Hour }

func (w *collecting) Work(ctx context.Context, job *river.Job[Collect]) error {
	return w.service.CollectAll(ctx, job.Args)
}

type canceller struct {
	river.WorkerDefaults[CancelRest]
	service *Service
}

func (w *canceller) Work(ctx context.Context, job *river.Job[CancelRest]) error {
	return w.service.CancelQueued(ctx, job.Args)
}
