package main

import (
	"context"
	"time"

	"github.com/riverqueue/river"
)

// remindOfTrials is the job that tells people of trials that end.
type remindOfTrials struct{}

func (remindOfTrials) Kind() string { return "trials.remind" }

// InsertOpts lets ten minutes have one look, however many programs ask for it.
func (remindOfTrials) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: 10 * time.Minute}}
}

type trialReminder struct {
	river.WorkerDefaults[remindOfTrials]
	house *house
}

func (w *trialReminder) Timeout(*river.Job[remindOfTrials]) time.Duration { return 10 * time.Minute }

func (w *trialReminder) Work(ctx context.Context, _ *river.Job[remindOfTrials]) error {
	_, err := w.house.accounts.RemindOfTrials(ctx)
	return err
}
