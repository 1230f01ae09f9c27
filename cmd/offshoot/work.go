package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"
)

func workCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "work",
		Short: "Do the background work, in production",
		Long: `Work sends mails and texts and does what else happens behind the pages. Any number of it may run on one
PostgreSQL: each piece of work is done by one of them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			return work(cmd.Context(), c, newLog(cmd.ErrOrStderr(), slog.LevelInfo))
		},
	}
}

func work(ctx context.Context, c config, log *slog.Logger) error {
	if err := c.checkProduction(); err != nil {
		return err
	}
	db, err := openDatabase(ctx, c, log)
	if err != nil {
		return err
	}
	defer db.close(log)
	h, err := openHouse(ctx, c, db.dsn, false)
	if err != nil {
		return err
	}
	defer h.close()
	if err := fitsKeys(ctx, h.store); err != nil {
		return err
	}
	gauges, err := c.startMetrics(log)
	if err != nil {
		return err
	}
	defer gauges.stop()
	gauges.watchHouse(h)
	stopJobs, err := startJobs(ctx, h, log)
	if err != nil {
		return err
	}
	log.Info("working", "config", c)
	<-ctx.Done()
	stopJobs()
	log.Info("stopped")
	return nil
}
