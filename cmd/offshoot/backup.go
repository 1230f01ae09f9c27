package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"offshoot/services/store"
)

func backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write the whole database into a file, while the portal serves",
		Long: `Backup writes the whole database, as it was at one moment, into a file that only its owner may read: PostgreSQL's own
archive format, made by pg_dump. The portal may serve meanwhile, offshoot run too. An earlier backup of that name is
replaced when the new one is whole.

Sessions are left out: after a restore everybody signs in again. Secrets are in the file as they are in the database,
sealed; keep the keys (OFFSHOOT_SECRET_KEYS, or secret.keys in the data folder) somewhere else than the backups.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if err := c.check(); err != nil {
				return err
			}
			return backup(cmd.Context(), c, args[0], cmd.OutOrStdout(), newLog(cmd.ErrOrStderr(), slog.LevelWarn))
		},
	}
}

func backup(ctx context.Context, c config, path string, out io.Writer, log *slog.Logger) error {
	if err := mayReplace(path); err != nil {
		return err
	}
	db, err := maintain(ctx, c, log, true)
	if err != nil {
		return err
	}
	defer db.close()
	conn, err := pgx.Connect(ctx, with(db.reader, "application_name", "offshoot backup"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	// One snapshot for the archive and for what is said of it.
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	snapshot, args, err := readsAll(ctx, tx)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, store.CountHoldings)
	if err != nil {
		return err
	}
	held, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[store.Holdings])
	if err != nil {
		return err
	}
	made, err := writtenBeside(path, "")
	if err != nil {
		return fmt.Errorf("the backup: %w", err)
	}
	defer os.Remove(made)
	args = append(args, "--format=custom", "--snapshot="+snapshot, "--exclude-table-data=public.sessions", "--file="+made)
	if _, err := db.run(ctx, db.reader, "pg_dump", args...); err != nil {
		return fmt.Errorf("the backup: %w", err)
	}
	if err := settle(made, path); err != nil {
		return fmt.Errorf("the backup: %w", err)
	}
	fmt.Fprintf(out, "%s holds %s.\n", path, held)
	return nil
}

// readsAll names the transaction's snapshot, and returns with which arguments pg_dump reads all rows in it. Refuses a
// database that is not Offshoot's, and one with rows that it would leave out unsaid.
func readsAll(ctx context.Context, tx pgx.Tx) (snapshot string, args []string, err error) {
	var ours, passes bool
	err = tx.QueryRow(ctx, `SELECT pg_export_snapshot(), to_regclass('goose_db_version') IS NOT NULL AND to_regclass('action_log') IS NOT NULL,
		rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user`).Scan(&snapshot, &ours, &passes)
	switch {
	case err != nil:
		return "", nil, err
	case !ours:
		return "", nil, errors.New("this database is not one of Offshoot: there is nothing to back up")
	case passes:
		return snapshot, nil, nil
	}
	rows, err := tx.Query(ctx, `SELECT relname::text FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relrowsecurity
		AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polname = 'owner' AND current_user::regrole = ANY (polroles))`)
	if err != nil {
		return "", nil, err
	}
	hidden, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(hidden) > 0 {
		err = fmt.Errorf("this role cannot read all of %s: DATABASE_OWNER_URL must name the one that owns them", strings.Join(hidden, ", "))
	}
	return snapshot, []string{"--enable-row-security"}, err
}

// archive is how PostgreSQL's archives begin.
const archive = "PGDMP"

// mayReplace refuses to put a backup where something else is.
func mayReplace(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	begin := make([]byte, len(archive))
	if _, err := io.ReadFull(file, begin); err != nil || string(begin) != archive {
		return fmt.Errorf("%s exists and is no backup: choose another name", path)
	}
	return nil
}

// settle gives a finished file its name, so that it is there after a loss of power as well.
func settle(made, path string) error {
	if err := syncPath(made); err != nil {
		return err
	}
	if err := os.Rename(made, path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

func syncPath(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
