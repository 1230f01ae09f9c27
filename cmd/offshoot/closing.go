package main

import (
	"context"
	"time"

	"github.com/riverqueue/river"
)

// closeAccesses is the job that writes the end of accesses which nobody is in any more (ACC-12).
type closeAccesses struct{}

func (closeAccesses) Kind() string { return "access.close" }

// InsertOpts lets one minute have one of them, however many processes work.
func (closeAccesses) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Minute}}
}

type accessCloser struct {
	river.WorkerDefaults[closeAccesses]
	house *house
}

func (w *accessCloser) Work(ctx context.Context, _ *river.Job[closeAccesses]) error {
	_, err := w.house.people.CloseAccesses(ctx)
	return err
}
