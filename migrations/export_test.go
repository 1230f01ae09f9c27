package migrations

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// UpTo brings an empty database to a step, as an earlier version of the program has left it.
func UpTo(t *testing.T, owner string, step int64) {
	t.Helper()
	ctx := context.Background()
	pool, err := brief(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	ours, err := provider(db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ours.UpTo(ctx, step); err != nil {
		t.Fatal(err)
	}
}

// Impatient shortens the patience until t ends.
func Impatient(t *testing.T, d time.Duration) {
	before := patience
	patience = d
	t.Cleanup(func() { patience = before })
}
