// Package migrations holds the database's schema as numbered steps, up only. A step is never edited after it landed.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed *.sql
var files embed.FS

// ErrNotCurrent says that the database's schema is older than this program.
var ErrNotCurrent = errors.New("the database's schema is older than this program: run offshoot migrate")

// Up brings the database to the newest schema: our steps first, then those of the job queue; then it grants the
// application's role what it needs, and no more. owner connects as the role that is to own the tables, application as the
// one that the portal works as, which is made if there is none and owner may make roles. Any number of processes may call
// it at once; a session lock lets one work while the others wait. The version before may serve meanwhile: see patient.go.
func Up(ctx context.Context, owner, application string) error {
	return patiently(ctx, func() error { return up(ctx, owner, application) })
}

func up(ctx context.Context, owner, application string) error {
	pool, err := brief(ctx, owner)
	if err != nil {
		return err
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()

	ours, err := provider(db)
	if err != nil {
		return err
	}
	if _, err := ours.Up(ctx); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return locked(ctx, pool, func(ctx context.Context, conn *pgxpool.Conn) error {
		if err := jobs(ctx, pool); err != nil {
			return err
		}
		return admit(ctx, conn.Conn(), application)
	})
}

// Check refuses with ErrNotCurrent a database that Up has still to work on. It may be called as any role.
func Check(ctx context.Context, db *sql.DB) error {
	ours, err := provider(db)
	if err != nil {
		return err
	}
	var version int64
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrNotCurrent, err)
	}
	sources := ours.ListSources()
	if version < sources[len(sources)-1].Version {
		return ErrNotCurrent
	}
	return nil
}

func provider(db *sql.DB) (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	ours, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return ours, nil
}

// locked makes others wait, for River takes no lock of its own and neither do grants.
func locked(ctx context.Context, pool *pgxpool.Pool, work func(context.Context, *pgxpool.Conn) error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	defer conn.Release()
	const key = 0x0ff5_4007
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", key) }()
	return work(ctx, conn)
}

// jobs brings the tables of the job queue up.
func jobs(ctx context.Context, pool *pgxpool.Pool) error {
	river, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := river.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrations of the job queue: %w", err)
	}
	return nil
}
