package migrations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A step that waits for a table, because an export reads it say, makes everybody wait who comes after it. So a step waits
// for lockTimeout only, lets the others pass, and tries again, for patience in all.
const (
	lockTimeout = 2 * time.Second
	pause       = 500 * time.Millisecond
)

var patience = 10 * time.Minute

// brief connects so that no statement waits long for a lock.
func brief(ctx context.Context, dsn string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	config.ConnConfig.RuntimeParams["lock_timeout"] = fmt.Sprint(lockTimeout.Milliseconds())
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return pool, nil
}

// patiently runs work again while it does not get its locks. Steps that are done stay done.
func patiently(ctx context.Context, work func() error) error {
	for began := time.Now(); ; {
		err := work()
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "55P03" || time.Since(began) > patience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
