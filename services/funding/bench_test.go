package funding_test

import (
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/storetest"
)

// grow gives a company many sub-accounts with a limit of 10.00 at once, past the services, of which each has used some.
const grow = `WITH made AS (
		INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, funding, created_at)
		SELECT $1, gen_random_uuid(), 'sub', 'Ward ' || n, 'Nurse', 'ward' || n || '@many.example', '+4915' || (100000000 + n), 'DE', 'Europe/Berlin', 'EUR', 'active', 'limit', now()
		FROM generate_series(1, $2::int) n RETURNING id),
	balances AS (INSERT INTO wallets (tenant_id, id, account_id, kind, asset, balance, floor) SELECT $1, gen_random_uuid(), id, 'balance', 'EUR', 4000000, 0 FROM made),
	spent AS (INSERT INTO wallets (tenant_id, id, account_id, kind, asset, floor) SELECT $1, gen_random_uuid(), id, 'spent', 'EUR', 0 FROM made)
	INSERT INTO monthly_limits (tenant_id, account_id, asset, amount, priority, period, set_at) SELECT $1, id, 'EUR', 10000000, 100, '2026-11', now() FROM made`

// Month starts a second, and how long a parent with 100,000 sub-accounts takes; and its rehearsal page, first and for short ones.
func BenchmarkMonthStart(b *testing.B) {
	const many = 100_000
	w := storetest.WorldOn(b, storetest.Unchecked(b))
	c := w.Clinic
	for _, sql := range []string{`INSERT INTO month_starts (tenant_id, account_id, period, state, asset, amount, most, priority, set_at, granted, started_at)
			SELECT tenant_id, account_id, period, 'funded', asset, amount, amount, priority, set_at, amount, set_at FROM monthly_limits`,
		`UPDATE wallets SET balance = 2000000000000 WHERE account_id = tenant_id AND kind = 'balance' AND asset = 'EUR'`, `ANALYZE`} {
		if sql[0] == 'I' {
			_, err := w.Raw.Exec(ctx, grow, c.ID, many)
			must(b, err)
		}
		_, err := w.Raw.Exec(ctx, sql)
		must(b, err)
	}
	took := func(name string, work func() error) {
		start := time.Now()
		must(b, work())
		b.ReportMetric(time.Since(start).Seconds(), name)
	}
	took("s/rehearsal", func() error {
		r, err := w.Funding.Rehearse(ctx, c.Admin.Actor, models.MonthQuery{})
		if r.Funded != many {
			b.Errorf("%d would be funded, %d short", r.Funded, r.Short)
		}
		return err
	})
	at(b, w, "Europe/Berlin", "2026-12-01 00:00")
	start := time.Now()
	must(b, w.Funding.StartMonths(ctx))
	seconds := time.Since(start).Seconds()
	b.ReportMetric(seconds, "s/100,000")
	b.ReportMetric(many/seconds, "starts/s")
	b.ReportMetric(0, "ns/op")
	took("s/this_month", func() error {
		now, err := w.Funding.ThisMonth(ctx, c.Admin.Actor, models.MonthQuery{})
		if now.Counts[models.MonthFunded] != many {
			b.Errorf("%v", now.Counts)
		}
		return err
	})
}
