// Package store is the database as the other services see it: two doors and a rehearsal.
//
// Read is one read-only snapshot, Change is one transaction that ends with its lines in the action log, Preview is a Change
// that never commits. What the doors guard, PostgreSQL guards too: a Read's transaction is read-only, a log line is
// written in the transaction of what it tells of, and every transaction carries its tenant, outside of which row-level
// security lets it see and touch nothing.
//
// Beside them are four narrow ways in: Survey reads over all tenants, for staff; Note writes one statement that nobody is
// told of, such as when a session was seen; Settle is a change of the installation itself that stands in its own rows, such
// as what became of messages; Sweep throws old rows away, tenant by tenant.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"offshoot/migrations"
	"offshoot/models"
	"offshoot/services/secrets"
)

// Store is one pool of connections, lent to GORM, to River and to hand-written SQL alike.
type Store struct {
	pool *pgxpool.Pool
	sql  *sql.DB
	orm  *gorm.DB
	jobs *river.Client[pgx.Tx]
	now  func() time.Time
	keys *secrets.Keys

	onAction func(models.Action)
}

// Work is what happens inside one Change. It returns the line for the action log; more lines go to tx.Log. It may run
// more than once when PostgreSQL asks for a retry, so it sets results, it does not add to them.
type Work func(ctx context.Context, tx *Tx) (models.Event, error)

// Current refuses with migrations.ErrNotCurrent a database whose schema is older than this program. For: the start of a
// process, and whoever asks whether it is ready.
func (s *Store) Current(ctx context.Context) error { return migrations.Check(ctx, s.sql) }

// ErrUnbound says that the database's role passes row-level security.
var ErrUnbound = errors.New("row-level security does not bind this role of the database")

// Programming errors; no request can cause them.
var (
	ErrNoEvent      = errors.New("store: change without an event")
	ErrNested       = errors.New("store: a door opened inside another; use tx")
	ErrReadOnly     = errors.New("store: change asked of a Read")
	errPreviewEnded = errors.New("store: preview ended")
)

// connections is how many a process opens unless pool_max_conns in its address says otherwise: more than a small machine's
// cores, since a connection that commits waits for the disk.
const connections = 24

// Open connects to the migrated database at dsn. now is the clock that every change reads once; nil is the machine's.
func Open(ctx context.Context, dsn string, now func() time.Time) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if !strings.Contains(dsn, "pool_max_conns") {
		cfg.MaxConns = connections
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	orm, err := gorm.Open(postgres.New(postgres.Config{Conn: db}), &gorm.Config{
		Logger: logger.Discard, SkipDefaultTransaction: true, DisableAutomaticPing: true,
	})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("store: %w", err)
	}
	// it only inserts, and what goes wrong there comes back as the change's error
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("store: %w", err)
	}
	if now == nil {
		now = time.Now
	}
	return &Store{pool: pool, sql: db, orm: orm, jobs: jobs, now: now}, nil
}

// Close gives all connections back. Work under way fails.
func (s *Store) Close() {
	_ = s.sql.Close()
	s.pool.Close()
}

// Pool is for those who bring their own transactions: the job queue and readiness checks.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Bound refuses a database role that row-level security does not bind: a superuser, one that passes it, or the owner of the
// tables. For: whoever opens a store to serve people.
func (s *Store) Bound(ctx context.Context) error {
	var role string
	var passes, owns bool
	err := s.pool.QueryRow(ctx, `SELECT current_user::text, rolsuper OR rolbypassrls, pg_has_role(current_user, relowner, 'MEMBER')
		FROM pg_roles, pg_class WHERE rolname = current_user AND pg_class.oid = 'accounts'::regclass`).Scan(&role, &passes, &owns)
	switch {
	case err != nil:
		return fmt.Errorf("store: %w", err)
	case passes || owns:
		return fmt.Errorf("%w: %s", ErrUnbound, role)
	}
	return nil
}

// Now is the store's clock, in UTC and whole microseconds, which is what the database keeps.
func (s *Store) Now() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// Read runs work in one read-only snapshot, so that the figures it finds agree with each other.
func (s *Store) Read(ctx context.Context, actor models.Actor, work func(ctx context.Context, tx *Tx) error) error {
	return s.read(ctx, actor, reading, work)
}

// Survey is a Read that sees the rows of all tenants and can write none. For staff who are not in an account, and for the
// installation itself; refuses everyone else with models.ErrMissingPrivilege.
func (s *Store) Survey(ctx context.Context, actor models.Actor, work func(ctx context.Context, tx *Tx) error) error {
	if actor.User != models.NoID {
		if err := actor.Require(models.SupportAccounts); err != nil {
			return err
		}
	}
	return s.read(ctx, actor, surveying, work)
}

func (s *Store) read(ctx context.Context, actor models.Actor, d door, work func(ctx context.Context, tx *Tx) error) error {
	return s.within(ctx, actor, d, nil, func(ctx context.Context, tx *Tx) error {
		if err := work(ctx, tx); err != nil {
			return err
		}
		return tx.rollback(ctx)
	})
}

// Change runs work in one transaction and writes the lines it returns into the action log before it commits. When
// PostgreSQL reports a deadlock or a serialization failure, all of it runs again, a few times.
//
// With Once, a repetition of an earlier change does nothing and returns that change's event, marked Repeated.
func (s *Store) Change(ctx context.Context, actor models.Actor, work Work, options ...Option) (Done, error) {
	var o changeOptions
	for _, set := range options {
		set(&o)
	}
	var done Done
	err := s.retry(ctx, func() error {
		err := s.within(ctx, actor, changing, o.claim, func(ctx context.Context, tx *Tx) error {
			event, err := work(ctx, tx)
			if err != nil {
				return err
			}
			if event.Action == "" {
				return ErrNoEvent
			}
			if err := tx.logFirst(event); err != nil {
				return err
			}
			done = Done{Event: event}
			return tx.commit(ctx)
		})
		if errors.Is(err, errClaimed) {
			done, err = s.repeated(ctx, actor, o.claim)
		}
		return err
	})
	return done, err
}

// Preview runs work as Change would, log lines and all, and takes everything back. Sentences, confirmation pages and
// rehearsals are made of what work found, so there is no second implementation of a rule.
func (s *Store) Preview(ctx context.Context, actor models.Actor, work Work) error {
	return s.retry(ctx, func() error {
		err := s.within(ctx, actor, changing, nil, func(ctx context.Context, tx *Tx) error {
			event, err := work(ctx, tx)
			if err != nil {
				return err
			}
			if event.Action == "" {
				return ErrNoEvent
			}
			if err := tx.logFirst(event); err != nil {
				return err
			}
			if err := tx.checkConstraints(ctx); err != nil {
				return err
			}
			return errPreviewEnded
		})
		if errors.Is(err, errPreviewEnded) {
			return nil
		}
		return err
	})
}

// inside marks the context of an open door.
type inside struct{}

func (s *Store) within(ctx context.Context, actor models.Actor, d door, claim *claim, work func(context.Context, *Tx) error) (err error) {
	if ctx.Value(inside{}) != nil {
		return ErrNested
	}
	conn, err := s.sql.Conn(ctx)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer func() { _ = conn.Close() }()
	tx := &Tx{Actor: actor, Now: s.Now(), store: s, conn: conn, writable: d.writable}
	if err := tx.begin(ctx, d, claim); err != nil {
		return err
	}
	defer func() {
		if !tx.ended { // an error or a panic
			if undo := tx.rollback(context.WithoutCancel(ctx)); undo != nil && err == nil {
				err = undo
			}
		}
	}()
	ctx = context.WithValue(ctx, inside{}, true)
	tx.DB = s.orm.Session(&gorm.Session{NewDB: true, Context: ctx})
	tx.Statement.ConnPool = connPool{tx}
	return work(ctx, tx)
}

const tries = 10

// retry runs once again what PostgreSQL gave up on for reasons of concurrency.
func (s *Store) retry(ctx context.Context, run func() error) error {
	for try := 1; ; try++ {
		err := run()
		if err == nil || try == tries || !isConcurrency(err) {
			return err
		}
		pause := time.Duration(rand.Int64N(int64(try*try) * int64(5*time.Millisecond)))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
