package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"offshoot/migrations"
	"offshoot/models"
	"offshoot/services/proof"
	"offshoot/services/store"
)

func restoreCommand() *cobra.Command {
	var hold bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Bring a backup back, into an empty database",
		Long: `Restore brings a backup of offshoot backup back, into an empty database: all of it, or, when anything goes wrong,
nothing. Then it brings the schema up to date, checks the books of every tenant and says what is there. Restore only files
that you made yourself: an archive can hold commands.

Everybody signs in again, as sessions are not in a backup. Mails and texts that were waiting at the moment of the backup are
sent once serve or run works again; some may have been sent by the installation that was lost, and arrive a second time
with the same Message-ID. For a copy beside the installation use --hold-messages: they then count as failed, and staff
can send each of them under Background work.

The keys must be those of the installation (OFFSHOOT_SECRET_KEYS, or secret.keys in the data folder): without them, people
with a second factor cannot sign in.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if err := c.check(); err != nil {
				return err
			}
			return restore(cmd.Context(), c, args[0], hold, cmd.OutOrStdout(), newLog(cmd.ErrOrStderr(), slog.LevelWarn))
		},
	}
	cmd.Flags().BoolVar(&hold, "hold-messages", false, "do not send what waits to be sent: for a copy")
	return cmd
}

func restore(ctx context.Context, c config, path string, hold bool, out io.Writer, log *slog.Logger) error {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return errors.Join(fmt.Errorf("%s is no file that can be restored", path), err)
	}
	if err := unpack(ctx, c, path, log); err != nil {
		return err
	}
	db, err := openDatabase(ctx, c, log) // migrates
	if err != nil {
		return err
	}
	defer db.close(log)
	st, err := store.Open(ctx, pooled(db.dsn), nil)
	if err != nil {
		return err
	}
	defer st.Close()
	if hold {
		if err := holdMessages(ctx, st); err != nil {
			return err
		}
	}
	return inspect(ctx, c, st, out)
}

// unpack fills the database, in one transaction.
func unpack(ctx context.Context, c config, path string, log *slog.Logger) error {
	db, err := maintain(ctx, c, log, false)
	if err != nil {
		return err
	}
	defer db.close()
	if err := db.fits(ctx, path); err != nil {
		return err
	}
	if err := isEmpty(ctx, db.owner); err != nil {
		return err
	}
	entries, err := db.entries(ctx, path)
	if err != nil {
		return err
	}
	defer os.Remove(entries)
	args := []string{"--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--use-list=" + entries}
	named, err := pgx.ParseConfig(db.owner)
	if err != nil {
		return err
	}
	if _, err := db.run(ctx, db.owner, "pg_restore", append(args, "--dbname="+named.Database, path)...); err != nil {
		return fmt.Errorf("%s was not restored, and the database is empty as before: %w", path, err)
	}
	return letOwnerRead(ctx, db.owner)
}

var ownersPolicy = regexp.MustCompile(` POLICY public \w+ owner `)

// entries writes the list of what is to be restored: all but the policies that let the owner read everything, for they name
// a role that need not exist here.
func (m *maintained) entries(ctx context.Context, path string) (string, error) {
	list, err := m.run(ctx, "", "pg_restore", "--list", path)
	if err != nil {
		return "", err
	}
	var kept strings.Builder
	for line := range strings.Lines(list) {
		if !ownersPolicy.MatchString(line) {
			kept.WriteString(line)
		}
	}
	return writtenBeside(filepath.Join(os.TempDir(), "list"), kept.String())
}

// letOwnerRead makes those policies for the role that owns the tables here.
func letOwnerRead(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, `DO $$ DECLARE owned regclass; BEGIN
		FOR owned IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity LOOP
			EXECUTE format('CREATE POLICY owner ON %s FOR SELECT TO CURRENT_USER USING (true)', owned);
		END LOOP; END $$`)
	return err
}

// fits refuses a file that is no backup of Offshoot, or one of a newer version.
func (m *maintained) fits(ctx context.Context, path string) error {
	list, err := m.run(ctx, "", "pg_restore", "--list", path)
	if err != nil {
		return fmt.Errorf("%s is no backup: %w", path, err)
	}
	for _, table := range []string{"accounts", "wallets", "action_log", "goose_db_version"} {
		if !strings.Contains(list, " TABLE DATA public "+table+" ") {
			return fmt.Errorf("%s is no backup of Offshoot: it has no table %s", path, table)
		}
	}
	steps, err := m.run(ctx, "", "pg_restore", "--data-only", "--table=goose_db_version", "--file=-", path)
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", path, err)
	}
	version, err := newestStep(steps)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if version > migrations.Newest() {
		return fmt.Errorf("%s was made by a newer Offshoot: its schema has step %d, and this program knows %d. Restore it with that version or a newer one",
			path, version, migrations.Newest())
	}
	return nil
}

// newestStep reads the rows of goose_db_version as pg_restore prints them.
func newestStep(printed string) (int64, error) {
	var columns []string
	newest := int64(-1)
	for line := range strings.Lines(printed) {
		line = strings.TrimRight(line, "\n")
		if list, isCopy := strings.CutPrefix(line, "COPY public.goose_db_version ("); isCopy {
			list, _, _ = strings.Cut(list, ")")
			columns = strings.Split(list, ", ")
			continue
		}
		values := strings.Split(line, "\t")
		if len(columns) == 0 || len(values) != len(columns) {
			continue
		}
		for i, column := range columns {
			if column == "version_id" {
				if n, err := strconv.ParseInt(values[i], 10, 64); err == nil {
					newest = max(newest, n)
				}
			}
		}
	}
	if newest < 1 {
		return 0, errors.New("it does not say which version of the schema it holds")
	}
	return newest, nil
}

// isEmpty refuses a database with anything in it.
func isEmpty(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var things int64
	var example *string
	err = conn.QueryRow(ctx, `SELECT count(*), min(relname::text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'`).Scan(&things, &example)
	if err != nil {
		return err
	}
	if things > 0 {
		return fmt.Errorf("the database is not empty, it has %s among others: restore into a new one, so that nothing is lost", *example)
	}
	return nil
}

// holdMessages lets nothing leave that was waiting.
func holdMessages(ctx context.Context, st *store.Store) error {
	tenants, err := st.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		if _, err := st.Note(ctx, tenant, `UPDATE outbox SET status = 'failed', last_error = 'Held back when a backup was restored.'
			WHERE tenant_id = $1 AND status = 'waiting'`); err != nil {
			return err
		}
	}
	return nil
}

// inspect checks what was restored and says what it is.
func inspect(ctx context.Context, c config, st *store.Store, out io.Writer) error {
	tenants, err := st.Tenants(ctx)
	if err != nil {
		return err
	}
	var faults []string
	for _, tenant := range tenants {
		err := st.Read(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
			checked, err := proof.Check(ctx, tx)
			for _, fault := range checked.Broken() {
				faults = append(faults, fault.String())
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("the backup is restored, but the books are not right:\n  - %s", strings.Join(faults, "\n  - "))
	}
	held, err := st.Holdings(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Restored %s. The books of all %d tenants are right.\n", held, len(tenants))
	return c.mentionKeys(ctx, st, out)
}

// mentionKeys says so when the keys at hand do not fit what was restored. It is no failure: they may be elsewhere.
func (c config) mentionKeys(ctx context.Context, st *store.Store, out io.Writer) error {
	if c.SecretKeys == "" {
		text, err := c.readKeyFile()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		c.SecretKeys = text
	}
	if err := c.giveKeys(st); err != nil {
		return err
	}
	err := fitsKeys(ctx, st)
	if errors.Is(err, errKeysDoNotFit) {
		fmt.Fprintf(out, "Before it is started: %v.\n", err)
		return nil
	}
	return err
}
