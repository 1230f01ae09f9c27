package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/notify"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// Always: every table that a tenant owns is isolated, is closed to its owner's writes too, and what is append-only is so by
// grant as well as by trigger. A table that a later step adds is held to the same.
func TestEveryTenantsTableIsIsolated(t *testing.T) {
	w := storetest.NewWorld(t)
	for _, table := range owned(t, w) {
		var enabled, forced, update, remove, appendOnly bool
		var policies string
		err := w.Raw.QueryRow(ctx, `SELECT relrowsecurity, relforcerowsecurity, has_table_privilege($2, c.oid, 'UPDATE'), has_table_privilege($2, c.oid, 'DELETE'),
			EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'append_only'),
			(SELECT coalesce(string_agg(polname, ' ' ORDER BY polname), '') FROM pg_policy WHERE polrelid = c.oid)
			FROM pg_class c WHERE c.oid = $1::regclass`, table, role(t, w)).Scan(&enabled, &forced, &update, &remove, &appendOnly, &policies)
		if err != nil {
			t.Fatal(err)
		}
		if !enabled || !forced || policies != "installation owner tenant" {
			t.Errorf("%s: row-level security %v, forced %v, policies %q: its step must call isolate", table, enabled, forced, policies)
		}
		if appendOnly == update || appendOnly == remove {
			t.Errorf("%s: append-only %v, but UPDATE %v and DELETE %v are granted", table, appendOnly, update, remove)
		}
	}
}

// Always: with every condition on a tenant taken out of the statements, a transaction still finds and touches the rows of
// its own tenant alone. As a role that no policy binds, the same statements reach everybody's: the conditions are gone.
func TestWithoutScopesNothingForeign(t *testing.T) {
	w := storetest.NewWorld(t)
	bound, free := unscoped(t, w, w.DSN), unscoped(t, w, storetest.RawDSN(t, w.DSN))
	actor := w.Clinic.Admin.Actor
	foreign := 0
	for _, table := range owned(t, w) {
		own, all := w.Count(t, table+" WHERE tenant_id = $1", w.Clinic.ID), w.Count(t, table)
		count := `SELECT count(*) FROM ` + table + ` WHERE tenant_id = ?`
		if got := counted(t, bound, actor, count, actor.Tenant); got != own {
			t.Errorf("%s: finds %d of its %d rows, %d in all", table, got, own, all)
		}
		if got := counted(t, free, actor, count, actor.Tenant); got != all {
			t.Errorf("%s: the condition was not taken away: %d of %d", table, got, all)
		}
		if got := counted(t, bound, models.System(models.NoID), count, actor.Tenant); got != 0 {
			t.Errorf("%s: a transaction of no tenant finds %d rows", table, got)
		}
		foreign += all - own
		for _, sql := range []string{"UPDATE " + table + " SET tenant_id = tenant_id WHERE tenant_id = ?", "DELETE FROM " + table + " WHERE tenant_id = ?"} {
			if touched := touches(bound, actor, sql); touched > int64(own) {
				t.Errorf("%s touches %d rows of %d", sql, touched, own)
			}
		}
	}
	if foreign < 30 {
		t.Fatalf("the world has only %d rows of other tenants", foreign)
	}
	if w.Count(t, "accounts WHERE tenant_id = $1", w.Harbor.ID) == 0 {
		t.Error("another tenant's rows are gone")
	}

	// the same through a service
	list := func(s *store.Store) string {
		found, err := accounts.New(s, w.Identity, notify.Installation{Name: "Offshoot", PublicURL: "http://127.0.0.1"}).List(ctx, actor, models.AccountQuery{})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, row := range found.Rows {
			names = append(names, row.Name)
		}
		return strings.Join(names, ", ")
	}
	if got := list(bound); got != "Night Ward, North Clinic" {
		t.Errorf("the list of sub-accounts: %s", got)
	}
	if got := list(free); !strings.Contains(got, "Pier One") {
		t.Errorf("without policies the list holds %s only", got)
	}
}

// Always: a row of another tenant cannot be written, nor one be given away; a survey sees all and writes nothing.
func TestNothingIsWrittenForAnotherTenant(t *testing.T) {
	w := storetest.NewWorld(t)
	for _, sql := range []string{
		`INSERT INTO privileges (tenant_id, account_id, privilege) SELECT $1, $2, 'billing.use'`,
		`UPDATE accounts SET tenant_id = $1, id = $2 WHERE kind = 'sub'`,
	} {
		_, err := w.Store.Change(ctx, w.Clinic.Admin.Actor, func(_ context.Context, tx *store.Tx) (models.Event, error) {
			tx.Queue(sql, w.Harbor.ID, w.Harbor.Own.Account.ID)
			return models.Event{Action: models.SubAccountEdited, Account: w.Clinic.ID}, nil
		})
		if !isCode(err, "42501") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if _, err := w.Store.Note(ctx, w.Clinic.ID, `UPDATE accounts SET contact_name = 'x' WHERE tenant_id <> $1`); err != nil {
		t.Error(err)
	}
	if n := w.Count(t, "accounts WHERE contact_name = 'x'"); n != 0 {
		t.Errorf("%d accounts of other tenants were changed", n)
	}
	for name, actor := range map[string]models.Actor{"a parent's Admin": w.Clinic.Admin.Actor, "a sub-account": w.Clinic.Own.Actor} {
		err := w.Store.Survey(ctx, actor, func(context.Context, *store.Tx) error { return nil })
		if !errors.Is(err, models.ErrMissingPrivilege) {
			t.Errorf("%s surveys: %v", name, err)
		}
	}
	err := w.Store.Survey(ctx, w.Sam.Actor, func(_ context.Context, tx *store.Tx) error {
		var all int
		if err := tx.Raw(`SELECT count(*) FROM accounts`).Scan(&all).Error; err != nil || all != w.Count(t, "accounts") {
			t.Errorf("a survey sees %d accounts, %v", all, err)
		}
		return tx.Rows(ctx, func(pgx.Rows) error { return nil }, `DELETE FROM sessions`)
	})
	if !isCode(err, "25006") {
		t.Errorf("a survey deletes: %v", err)
	}
}

// Running: a store for people is not opened as a role that passes row-level security.
func TestBound(t *testing.T) {
	w := storetest.NewWorld(t)
	if err := w.Store.Bound(ctx); err != nil {
		t.Error(err)
	}
	for name, dsn := range map[string]string{"the owner": storetest.OwnerDSN(t, w.DSN), "one that passes": storetest.RawDSN(t, w.DSN)} {
		s, err := store.Open(ctx, dsn, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Bound(ctx); !errors.Is(err, store.ErrUnbound) {
			t.Errorf("%s: %v", name, err)
		}
		s.Close()
	}
}

// owned are the tables that hold rows of tenants.
func owned(t *testing.T, w *storetest.World) []string {
	t.Helper()
	rows, err := w.Raw.Query(ctx, `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 15 {
		t.Fatal(tables, err)
	}
	return tables
}

func role(t *testing.T, w *storetest.World) string {
	t.Helper()
	config, err := pgx.ParseConfig(w.DSN)
	if err != nil {
		t.Fatal(err)
	}
	return config.User
}

func unscoped(t *testing.T, w *storetest.World, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(ctx, storetest.Unscoped(t, dsn), w.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func counted(t *testing.T, s *store.Store, actor models.Actor, sql string, args ...any) (n int) {
	t.Helper()
	err := s.Read(ctx, actor, func(_ context.Context, tx *store.Tx) error { return tx.Raw(sql, args...).Scan(&n).Error })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var errUndo = errors.New("undo")

// touches is how many rows a statement changes; the change is taken back, and a refused one touches none.
func touches(s *store.Store, actor models.Actor, sql string) (rows int64) {
	_, _ = s.Change(ctx, actor, func(_ context.Context, tx *store.Tx) (models.Event, error) {
		done := tx.Exec(sql, actor.Tenant)
		if done.Error == nil {
			rows = done.RowsAffected
		}
		return models.Event{}, fmt.Errorf("%w: %w", errUndo, done.Error)
	})
	return rows
}

func isCode(err error, code string) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == code
}
