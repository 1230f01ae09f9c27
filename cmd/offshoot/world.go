package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"offshoot/services/demo"
	"offshoot/services/store"
)

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Fill an empty database with the demo world",
		Long: `Demo fills an empty database with the demo world: an operator, companies in several countries and currencies, their
sub-accounts, and two months of what they did. offshoot run does so at its first start. A database with an operator is
left alone.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if err := c.check(); err != nil {
				return err
			}
			log := newLog(cmd.ErrOrStderr(), slog.LevelWarn)
			db, err := openDatabase(cmd.Context(), c, log)
			if err != nil {
				return err
			}
			defer db.close(log)
			if c.SecretKeys, err = c.keysInFile(); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			isDemo, err := loadWorld(cmd.Context(), c, db.dsn, out)
			if err != nil {
				return err
			}
			if !isDemo {
				return errors.New("this database has an operator of its own already: the demo world needs an empty one")
			}
			fmt.Fprintf(out, "The demo world is in the %s.\n\n", db.where())
			printSignIns(out)
			return nil
		},
	}
}

func loadWorld(ctx context.Context, c config, dsn string, out io.Writer) (isDemo bool, err error) {
	isDemo, err = demo.Load(ctx, demo.Options{
		Open: func(ctx context.Context, now func() time.Time) (*store.Store, error) {
			// Thousands of commits that nobody waits for. After a crash the world is finished where it stopped.
			st, err := store.Open(ctx, with(dsn, "synchronous_commit", "off"), now)
			if err != nil {
				return nil, err
			}
			return st, c.giveKeys(st)
		},
		Installation: c.installation(),
		Making:       func() { fmt.Fprintln(out, "Making the demo world: two months of a few companies. This happens once.") },
	})
	if err != nil {
		return false, fmt.Errorf("the demo world: %w", err)
	}
	return isDemo, nil
}

// welcome says where everything is.
func welcome(out io.Writer, c config, db *database, isDemo bool) {
	address := c.installation().PublicURL
	fmt.Fprintf(out, "\n%s is at %s\n\n", c.Name, address)
	if isDemo {
		printSignIns(out)
		fmt.Fprintf(out, "\n  Mails and texts  %s/dev/outbox\n", address)
		if host, _, err := net.SplitHostPort(c.Addr); err == nil && !isLoopback(host) {
			fmt.Fprintf(out, "  Note             %s is open to the network, and everybody knows these passwords\n", c.Addr)
		}
	}
	fmt.Fprintf(out, "  Data             %s\n\nCtrl-C stops it. Nothing is lost.\n", db.where())
}

func printSignIns(out io.Writer) {
	for _, s := range demo.SignIns() {
		fmt.Fprintf(out, "  %-15s  %-28s %s\n", s.As, s.Email, s.Password)
	}
}
