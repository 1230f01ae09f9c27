package accounts_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/storetest"
)

// grow gives a company many sub-accounts at once, past the services, with balances and names spread over them.
const grow = `WITH made AS (
		INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, funding, created_at)
		SELECT $1, gen_random_uuid(), 'sub', 'Ward ' || n, 'Nurse ' || (n * 7919 % 100003), 'ward' || n || '@' || $2, '+4915' || (100000000 + n), 'DE', 'Europe/Berlin', $3,
			CASE WHEN n % 10 = 0 THEN 'pending' ELSE 'active' END, CASE WHEN n % 3 = 0 THEN 'shared' ELSE 'own' END, now()
		FROM generate_series(1, $4::int) n RETURNING id, name, email),
	balances AS (INSERT INTO wallets (tenant_id, id, account_id, kind, asset, balance)
		SELECT $1, gen_random_uuid(), id, 'balance', $3, (random() * 1e9)::bigint FROM made),
	spent AS (INSERT INTO wallets (tenant_id, id, account_id, kind, asset) SELECT $1, gen_random_uuid(), id, 'spent', $3 FROM made)
	INSERT INTO users (tenant_id, id, account_id, name, email, role, owner, created_at)
	SELECT $1, gen_random_uuid(), id, name, email, 'admin', true, now() FROM made`

// The list of sub-accounts of a parent with 100,000 of them against that of one with 100, in the same database, in turn
// (ACC-8): the first page, searched, sorted by balance, and both.
func BenchmarkListOfManyAgainstFew(b *testing.B) {
	w := storetest.WorldOn(b, storetest.Unchecked(b))
	ctx := context.Background()
	for _, c := range []struct {
		storetest.Company
		domain string
		n      int
	}{{w.Clinic, "few.example", 100}, {w.Harbor, "many.example", 100_000}} {
		if _, err := w.Raw.Exec(ctx, grow, c.ID, c.domain, c.Currency, c.n); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := w.Raw.Exec(ctx, "VACUUM ANALYZE"); err != nil {
		b.Fatal(err)
	}
	took := func(c storetest.Company, q models.AccountQuery) time.Duration {
		start := time.Now()
		if _, err := w.Accounts.List(ctx, c.Admin.Actor, q); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	for name, q := range map[string]models.AccountQuery{
		"first page":                    {},
		"sorted by balance":             {Sort: "balance", Desc: true},
		"sorted by last activity":       {Sort: "last_activity", Desc: true},
		"searched, one match":           {Search: "ward77@"},
		"searched, many matches":        {Search: "ward"},
		"searched, sorted by balance":   {Search: "nurse 77", Sort: "balance", Desc: true},
		"filtered, sorted by balance":   {Status: models.Pending, Sort: "balance"},
		"many matches, sorted, by name": {Search: "ward", Sort: "name", Desc: true},
	} {
		b.Run(name, func(b *testing.B) {
			var few, many []time.Duration
			for range 60 {
				few, many = append(few, took(w.Clinic, q)), append(many, took(w.Harbor, q))
			}
			slices.Sort(few)
			slices.Sort(many)
			b.ReportMetric(float64(few[30].Microseconds())/1000, "ms/100")
			b.ReportMetric(float64(many[30].Microseconds())/1000, "ms/100,000")
			b.ReportMetric(float64(many[30])/float64(few[30]), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}
