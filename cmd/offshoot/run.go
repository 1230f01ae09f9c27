package main

import (
	"context"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"offshoot/static"
)

func runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run everything in one process, with a demo world at the first start",
		Long: `Run starts the portal and the workers in one process. Without DATABASE_URL it starts a PostgreSQL of its own in
the data folder, from the server that is installed on this machine. An empty database is filled with a demo world, whose
sign-ins are printed; what it mails and texts can be read at /dev/outbox. To look around and to develop; in production,
use serve and work.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			return run(cmd.Context(), c, cmd.OutOrStdout(), newLog(cmd.ErrOrStderr(), slog.LevelWarn))
		},
	}
}

// run ends things in the reverse order of their start: requests, jobs, connections, the private PostgreSQL.
func run(ctx context.Context, c config, out io.Writer, log *slog.Logger) error {
	if err := c.check(); err != nil {
		return err
	}
	if err := static.Check(); err != nil {
		return err
	}
	db, err := openDatabase(ctx, c, log)
	if err != nil {
		return err
	}
	defer db.close(log)
	if c.SecretKeys, err = c.keysInFile(); err != nil {
		return err
	}
	listener, err := listen(c.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	c.Addr = listening(c.Addr, listener)
	isDemo, err := loadWorld(ctx, c, db.dsn, out)
	if err != nil {
		return err
	}

	pages, err := openHouse(ctx, c, db.dsn, isDemo)
	if err != nil {
		return err
	}
	defer pages.close()
	back, err := openHouse(ctx, c, db.dsn, isDemo) // connections of its own: mail on its way must not hold up a page
	if err != nil {
		return err
	}
	defer back.close()
	if err := fitsKeys(ctx, back.store); err != nil {
		return err
	}
	gauges, err := c.startMetrics(log)
	if err != nil {
		return err
	}
	defer gauges.stop()
	gauges.watchHouse(pages)
	back.store.OnAction(gauges.action)
	portal, err := newPortal(c, pages, isDemo, gauges.request, log)
	if err != nil {
		return err
	}
	stopJobs, err := startJobs(ctx, back, log)
	if err != nil {
		return err
	}
	defer stopJobs()
	welcome(out, c, db, isDemo)
	return servePortal(ctx, portal, listener, c.drain(0), log)
}
