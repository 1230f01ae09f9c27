package notify

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"offshoot/models"
)

// Queue is the job queue of deliveries, apart from all others because a mail server may be slow; QueueWorkers is how many
// of them one process makes at a time. Each holds a database connection while the mail server thinks.
//
// EarlierQueue is the one of the version before this, from which only what that version put there is taken: it does not
// know sealed bodies and, while both versions run, would send such mails empty.
const (
	Queue        = "outbox"
	EarlierQueue = "notify"
	QueueWorkers = 2
)

type deliverArgs struct {
	Tenant models.ID `json:"tenant"`
	ID     models.ID `json:"id"`
}

func (deliverArgs) Kind() string                 { return "notify.deliver" }
func (deliverArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: Queue} }

// AddWorkers registers the deliveries of s. The client has to work on Queue.
func AddWorkers(workers *river.Workers, s *Service) { river.AddWorker(workers, &worker{service: s}) }

type worker struct {
	river.WorkerDefaults[deliverArgs]
	service *Service
}

// Timeout leaves room for a conversation and for the wait behind another one about the same row.
func (*worker) Timeout(*river.Job[deliverArgs]) time.Duration { return 2*conversation + time.Minute }

// Work ends as done when the message is settled, sent or failed: the row tells which, and a failed one is tried again by
// a job of its own. A postponed message sleeps and uses up none of the job's attempts; those are for a database in trouble.
func (w *worker) Work(ctx context.Context, job *river.Job[deliverArgs]) error {
	err := w.service.Deliver(ctx, job.Args.Tenant, job.Args.ID)
	var later *Postponed
	switch {
	case errors.As(err, &later):
		return river.JobSnooze(later.After)
	case errors.Is(err, ErrNoSuchMessage):
		return river.JobCancel(err)
	}
	return err
}
