package store

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// Violates says whether err is PostgreSQL refusing a row because of the named constraint or unique index.
func Violates(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.ConstraintName == constraint
}

// isConcurrency says whether PostgreSQL gave up for a reason that running again cures.
func isConcurrency(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}
