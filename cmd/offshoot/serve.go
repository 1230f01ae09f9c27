package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"offshoot/static"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve the portal's pages, in production",
		Long: `Serve answers requests. It keeps nothing but in PostgreSQL, so that any number of it may run; mails, texts and other
background work are done by offshoot work. It refuses to start with an unsafe configuration, with a schema that is older
than the program, and as a role of the database that row-level security does not bind.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), c, newLog(cmd.ErrOrStderr(), slog.LevelInfo))
		},
	}
}

func serve(ctx context.Context, c config, log *slog.Logger) error {
	if err := c.checkProduction(); err != nil {
		return err
	}
	if err := static.Check(); err != nil {
		return err
	}
	listener, err := listen(c.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
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
	portal, err := newPortal(c, h, false, gauges.request, log)
	if err != nil {
		return err
	}
	log.Info("serving", "address", listener.Addr().String(), "config", c)
	defer log.Info("stopped")
	return servePortal(ctx, portal, listener, c.drain(drain), log)
}
