package migrations_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"offshoot/migrations"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// before is the last step of the version before this one.
const before = 6

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// The version before serves while the steps are applied: somebody reads a table for long, and others are not held up behind
// the step that waits for it; what that version writes afterwards is taken.
func TestUpWhileTheVersionBeforeServes(t *testing.T) {
	app := storetest.Empty(t)
	owner := storetest.OwnerDSN(t, app)
	migrations.UpTo(t, owner, before)
	old := connect(t, storetest.RawDSN(t, app))
	tenant := uuid.New()
	exec(t, old, `INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, funding, plan, created_at)
		VALUES ($1, $1, 'parent', 'Acme', 'Ann', 'ann@acme.test', '+4915112345678', 'DE', 'UTC', 'EUR', 'active', '', 'pre_pay', now())`, tenant)
	mail := func() {
		t.Helper()
		exec(t, old, `INSERT INTO outbox (tenant_id, id, channel, account_id, recipient, subject, body, secret, status, created_at)
			VALUES ($1, gen_random_uuid(), 'mail', $1, 'ann@acme.test', 's', 'one-time password', true, 'waiting', now())`, tenant)
	}
	mail()

	reader := connect(t, storetest.RawDSN(t, app))
	exec(t, reader, `BEGIN`)
	exec(t, reader, `SELECT count(*) FROM outbox`) // an export that takes its time

	ended := make(chan error, 1)
	go func() { ended <- migrations.Up(context.Background(), owner, app) }()
	var slowest time.Duration
	for until := time.Now().Add(6 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		began := time.Now()
		mail()
		slowest = max(slowest, time.Since(began))
	}
	if slowest > 4*time.Second {
		t.Errorf("a mail had to wait for %s", slowest)
	}
	select {
	case err := <-ended:
		t.Fatalf("it did not wait for the reader: %v", err)
	default:
	}
	exec(t, reader, `COMMIT`)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	mail()
	exec(t, old, `UPDATE outbox SET status = 'sent', tries = 1, last_error = '', sent_at = now(), body = '' WHERE tenant_id = $1`, tenant)

	var invalid int
	if err := old.QueryRow(t.Context(), `SELECT count(*) FROM pg_index WHERE NOT indisvalid`).Scan(&invalid); err != nil || invalid != 0 {
		t.Errorf("%d indexes are not whole, %v", invalid, err)
	}
}

// Who never lets go is told of: the step gives up and says why, and nothing is half done.
func TestUpGivesUp(t *testing.T) {
	app := storetest.Empty(t)
	owner := storetest.OwnerDSN(t, app)
	migrations.UpTo(t, owner, before)
	reader := connect(t, storetest.RawDSN(t, app))
	exec(t, reader, `BEGIN`)
	exec(t, reader, `LOCK TABLE accounts, users, sessions, accesses, outbox IN ACCESS SHARE MODE`)
	migrations.Impatient(t, time.Second)
	var refused *pgconn.PgError
	if err := migrations.Up(t.Context(), owner, app); !errors.As(err, &refused) || refused.Code != "55P03" {
		t.Errorf("it ends with %v", err)
	}
	exec(t, reader, `COMMIT`)
	if err := migrations.Up(t.Context(), owner, app); err != nil {
		t.Error(err)
	}
}
