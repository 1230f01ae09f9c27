package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"offshoot/services/messaging"
)

// keepParts is the job that makes room for the messages of the months to come.
type keepParts struct{}

func (keepParts) Kind() string { return "messages.keep_parts" }

// InsertOpts lets one day have one, however often the program starts.
func (keepParts) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: 24 * time.Hour}}
}

type partKeeper struct {
	river.WorkerDefaults[keepParts]
	house *house
	log   *slog.Logger
}

func (w *partKeeper) Work(ctx context.Context, _ *river.Job[keepParts]) error {
	made, err := messaging.PrepareMonths(ctx, w.house.store)
	for _, month := range made {
		w.log.Info("made the part of a month's messages", "month", month.MonthText())
	}
	return err
}
