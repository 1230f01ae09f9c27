package migrations_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"offshoot/migrations"
	"offshoot/models"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/services/usage"
)

// REP-1: what was charged before usage was counted, and what the version before charges while the steps are applied, is
// counted once each, in every tenant.
func TestEarlierUsageIsCounted(t *testing.T) {
	app := storetest.Empty(t)
	owner := storetest.OwnerDSN(t, app)
	migrations.UpTo(t, owner, 11)
	old := connect(t, storetest.RawDSN(t, app))
	tenants := []uuid.UUID{uuid.New(), uuid.New()}
	n := 0
	charge := func() {
		t.Helper()
		for _, tenant := range tenants {
			for _, at := range []string{"2026-10-31T23:10:00Z", "2026-10-31T23:14:59Z", "2026-10-31T23:15:00Z"} {
				n++
				exec(t, old, `INSERT INTO charges (tenant_id, id, account_id, payer_id, kind, country, quantity, parts, asset, amount, reference, charged_at)
					VALUES ($1, gen_random_uuid(), $1, $1, 'message', 'DE', 2, 3, 'EUR', 0, $2, $3)`, tenant, fmt.Sprint(n), at)
			}
		}
	}
	for _, tenant := range tenants {
		exec(t, old, `INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, funding, plan, created_at)
			VALUES ($1, $1, 'parent', 'Acme', 'Ann', '', '+4915112345678', 'DE', 'Europe/Berlin', 'EUR', 'active', '', 'pre_pay', now())`, tenant)
	}
	charge()
	migrations.UpTo(t, owner, 17)
	charge()
	if err := migrations.Up(t.Context(), owner, app); err != nil {
		t.Fatal(err)
	}
	charge()

	s, err := store.Open(t.Context(), app, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	check := func(when string) {
		t.Helper()
		for _, tenant := range tenants {
			err := s.Read(t.Context(), models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
				faults, err := usage.Faults(ctx, tx)
				for _, fault := range faults {
					t.Errorf("%s: %s", when, fault)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	check("before it is added up")
	if _, err := usage.New(s).Roll(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("after")
	rows, err := old.Query(t.Context(), `SELECT messages::int FROM usage_account_months`)
	if err != nil {
		t.Fatal(err)
	}
	months, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil || len(months) != 2 || months[0] != 18 || months[1] != 18 {
		t.Errorf("the months are %v, %v", months, err)
	}
}
