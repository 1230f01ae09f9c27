package reports

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"offshoot/models"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/services/usage"
	"offshoot/views/exports"
)

// benchMessages names how many messages the benchmarks of reports fill in; without it, a million. The tenth of it is
// measured beside it.
const benchMessages = "OFFSHOOT_BENCH_MESSAGES"

// traffic is a year of messages of a tenant with a thousand sub-accounts, and as many of another tenant's besides as a tenth of
// it; the sums are made of them as usage.Roll makes them.
type traffic struct {
	*Service
	raw       *pgxpool.Pool
	tenant    models.ID
	account   models.ID
	boss, sub models.Actor
	rows      int
}

// trafficEnds is when the year of traffic is over.
var trafficEnds = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func trafficOf(b *testing.B, rows int) *traffic {
	b.Helper()
	ctx := context.Background()
	dsn := storetest.Database(b)
	s, err := store.Open(ctx, dsn, func() time.Time { return trafficEnds })
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	f := &traffic{Service: New(s), raw: storetest.Raw(b, dsn), tenant: models.NewID(), rows: rows}
	other := models.NewID()
	for _, tenant := range []models.ID{f.tenant, other} {
		f.exec(b, `INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, funding, plan, created_at)
			SELECT $1::uuid, CASE WHEN n = 0 THEN $1::uuid ELSE gen_random_uuid() END, CASE WHEN n = 0 THEN 'parent' ELSE 'sub' END, 'Clinic No. ' || n, '', '', '',
				'DE', 'UTC', 'EUR', 'active', CASE WHEN n = 0 THEN '' ELSE 'own' END, CASE WHEN n = 0 THEN 'pre_pay' ELSE '' END, now()
			FROM generate_series(0, 1000) n`, tenant)
		f.exec(b, `INSERT INTO usage_zones VALUES ($1, 'UTC')`, tenant)
	}
	f.exec(b, `SELECT prepare_messages(m::date) FROM generate_series('2025-11-01'::timestamp, '2026-11-01', '1 month') m`)
	began := time.Now()
	f.fill(b, f.tenant, rows)
	f.fill(b, other, rows/10)
	f.exec(b, `VACUUM (ANALYZE) messages`)
	b.Logf("filled in within %s", time.Since(began).Round(time.Second))
	began = time.Now()
	for _, tenant := range []models.ID{f.tenant, other} {
		f.exec(b, `INSERT INTO usage_changes (tenant_id, id, account_id, kind, country, status, quarter, quantity, parts, units, cost, own_cost)
			SELECT tenant_id, (array_agg(id))[1], account_id, 'message', country, status, date_bin('15 minutes', accepted_at, 'epoch'), count(*), sum(parts), 0, sum(amount), sum(amount)
			FROM messages WHERE tenant_id = $1 GROUP BY 1, 3, 5, 6, 7`, tenant)
	}
	var changes int64
	if err := f.raw.QueryRow(ctx, `SELECT count(*) FROM usage_changes`).Scan(&changes); err != nil {
		b.Fatal(err)
	}
	f.exec(b, `VACUUM (ANALYZE) usage_changes`)
	b.Logf("%d changes counted within %s", changes, time.Since(began).Round(time.Second))
	began = time.Now()
	if n, err := usage.New(s).Roll(ctx); err != nil || n != changes {
		b.Fatal(n, err)
	}
	took := time.Since(began)
	b.Logf("added up within %s, %.0f changes a second", took.Round(time.Second), float64(changes)/took.Seconds())
	f.exec(b, `VACUUM (ANALYZE) usage_changes, usage_sums`)
	if err := f.raw.QueryRow(ctx, `SELECT id FROM accounts WHERE tenant_id = $1 AND kind = 'sub' ORDER BY name LIMIT 1`, f.tenant).Scan(&f.account); err != nil {
		b.Fatal(err)
	}
	f.boss = models.Actor{Tenant: f.tenant, Account: f.tenant, Kind: models.Parent, Privileges: models.PrivilegesOf(models.Parent, models.Admin, nil)}
	f.sub = models.Actor{Tenant: f.tenant, Account: f.account, Kind: models.Sub, Privileges: models.PrivilegesOf(models.Sub, models.Admin, nil)}
	return f
}

func (f *traffic) exec(b *testing.B, sql string, args ...any) {
	b.Helper()
	if _, err := f.raw.Exec(context.Background(), sql, args...); err != nil {
		b.Fatal(err)
	}
}

// fill spreads messages evenly over the year, five hundred at a time from one account, to five countries; of 100, 96 arrived, 3
// were sent and one failed; a handful of the last ones is queued. A number is written to ten times.
func (f *traffic) fill(b *testing.B, tenant models.ID, rows int) {
	b.Helper()
	f.exec(b, fmt.Sprintf(`INSERT INTO messages (tenant_id, id, account_id, sender, recipient, country, body, encoding, parts, status, status_at, gateway, gateway_id,
			payer_id, asset, amount, accepted_at)
		SELECT $1, (substr(id_floor(at)::text, 1, 15) || lpad(to_hex(n %% 4096), 3, '0') || '-8000-' || lpad(to_hex(n), 12, '0'))::uuid, ids[1 + (n / 500 * 7919) %% 1000],
			'Clinic', '+49151' || lpad((n / 10)::text, 8, '0'), (ARRAY['DE', 'DE', 'FR', 'US', 'GB'])[1 + n %% 5], 'Your appointment is on Monday at nine. Reply STOP to opt out.',
			'gsm7', 1 + n %% 2, CASE WHEN n > %[1]d - 20 THEN 'queued' WHEN n %% 100 = 7 THEN 'failed' WHEN n %% 100 < 3 THEN 'sent' ELSE 'delivered' END, at, 'simulator', 'sim-' || n,
			ids[1 + (n / 500 * 7919) %% 1000], 'EUR', 75000 * (1 + n %% 2), at
		FROM generate_series(1, %[1]d) n, LATERAL (SELECT $2::timestamptz - interval '365 days' + (n - n %% 500) * (interval '365 days' / %[1]d) + n %% 500 * interval '10 milliseconds' AS at) a,
			(SELECT array_agg(id) AS ids FROM accounts WHERE tenant_id = $1 AND kind = 'sub') s`, rows), tenant, trafficEnds.Add(-time.Hour))
}

func benchSizes(b *testing.B) []int {
	most := 1_000_000
	if text := os.Getenv(benchMessages); text != "" {
		var err error
		if most, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	return []int{most / 10, most}
}

// median is that of several times of the same.
func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}

func timed(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

// REP-1, MSG-4: reports from the sums against a plain GROUP BY of the messages with the right index, in turns; the first pages
// of the message log; its file against COPY, in turns. All as the portal's role, under row-level security. Of what is done in
// turns the figures are medians.
func BenchmarkTraffic(b *testing.B) {
	for _, rows := range benchSizes(b) {
		b.Run(fmt.Sprintf("%d messages", rows), func(b *testing.B) {
			f := trafficOf(b, rows)
			b.Run("report", f.reports)
			b.Run("log", f.pages)
			b.Run("file", f.files)
		})
	}
}

func (f *traffic) reports(b *testing.B) {
	days := func(from, to string, zone *time.Location) models.Days {
		first, _ := models.ParseDay(from)
		last, _ := models.ParseDay(to)
		return models.Days{From: first, To: last, Zone: zone}
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	october, year := days("2026-10-01", "2026-10-31", time.UTC), days("2025-12-01", "2026-11-21", time.UTC)
	abroad := days("2025-12-01", "2026-11-21", berlin)
	for _, r := range []struct {
		what   string
		filter UsageFilter
		plain  string // the columns that the plain query groups by
	}{
		{"a month by account", UsageFilter{Days: october, GroupBy: models.ByMonth, ByAccount: true}, "account_id"},
		{"a month by day", UsageFilter{Days: october, GroupBy: models.ByDay}, "date_trunc('day', accepted_at, 'UTC')"},
		{"a month by country", UsageFilter{Days: october, GroupBy: models.ByCountry}, "country"},
		{"a year by month", UsageFilter{Days: year, GroupBy: models.ByMonth}, "date_trunc('month', accepted_at, 'UTC')"},
		{"a year by status", UsageFilter{Days: year, GroupBy: models.ByStatus}, "status"},
		{"a year by day, read in another zone", UsageFilter{Days: abroad, GroupBy: models.ByDay}, "date_trunc('day', accepted_at, 'Europe/Berlin')"},
		{"one account's year by month", UsageFilter{Days: year, GroupBy: models.ByMonth, Account: f.account}, "date_trunc('month', accepted_at, 'UTC')"},
		{"one account's year by day, read in another zone", UsageFilter{Days: abroad, GroupBy: models.ByDay, Account: f.account}, "date_trunc('day', accepted_at, 'Europe/Berlin')"},
	} {
		ours := func() {
			if _, err := f.Usage(context.Background(), f.boss, r.filter); err != nil {
				b.Fatal(err)
			}
		}
		ours()
		b.Run(r.what, func(b *testing.B) {
			var fast, slow []time.Duration
			for b.Loop() {
				fast, slow = append(fast, timed(ours)), append(slow, timed(func() { f.plain(b, r.filter, r.plain) }))
			}
			b.ReportMetric(median(fast).Seconds()*1000, "ms")
			b.ReportMetric(median(slow).Seconds()*1000, "ms-plain")
			b.ReportMetric(float64(median(slow))/float64(median(fast)), "times")
		})
	}
	b.Run("the parent's dashboard", func(b *testing.B) {
		for b.Loop() {
			if _, err := f.ParentDashboard(context.Background(), f.boss, time.UTC); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// plain adds the same up from the messages.
func (f *traffic) plain(b *testing.B, filter UsageFilter, by string) {
	b.Helper()
	from, until := filter.Days.Bounds()
	sql := `SELECT ` + by + `, count(*), sum(parts), sum(amount), count(*) FILTER (WHERE status = 'delivered') FROM messages WHERE tenant_id = $1 AND id >= $2 AND id < $3`
	args := []any{f.tenant, models.FirstIDAt(from), models.FirstIDAt(until)}
	if filter.Account != models.NoID {
		sql, args = sql+" AND account_id = $4", append(args, filter.Account)
	}
	err := f.read(context.Background(), f.boss, func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			for rows.Next() {
			}
			return rows.Err()
		}, sql+" GROUP BY 1 ORDER BY 1", args...)
	})
	if err != nil {
		b.Fatal(err)
	}
}

func (f *traffic) pages(b *testing.B) {
	last := models.DayOf(trafficEnds.Add(-time.Hour), time.UTC)
	for _, p := range []struct {
		what   string
		actor  models.Actor
		filter MessageFilter
	}{
		{"a sub-account's first page", f.sub, MessageFilter{}},
		{"a sub-account's, failed ones", f.sub, MessageFilter{Status: "failed"}},
		{"a sub-account's, queued ones", f.sub, MessageFilter{Status: "queued"}},
		{"a sub-account's, of one number that it never wrote to", f.sub, MessageFilter{Number: "+4915199999999"}},
		{"a parent's first page", f.boss, MessageFilter{}},
		{"a parent's, of one day long ago", f.boss, MessageFilter{Days: models.Days{From: last.AddDays(-300), To: last.AddDays(-300)}}},
		{"a parent's, delivered ones", f.boss, MessageFilter{Status: "delivered"}},
		{"a parent's, failed ones", f.boss, MessageFilter{Status: "failed"}},
		{"a parent's, cancelled ones, of which there are none", f.boss, MessageFilter{Status: "cancelled"}},
		{"a parent's, queued ones", f.boss, MessageFilter{Status: "queued"}},
		{"a parent's, of one number", f.boss, MessageFilter{Number: "+4915100000042"}},
	} {
		first := func() {
			if _, err := f.Messages(context.Background(), p.actor, p.filter, Page{}); err != nil {
				b.Fatal(err)
			}
		}
		first()
		b.Run(p.what, func(b *testing.B) {
			for b.Loop() {
				first()
			}
		})
	}
}

// files writes about 200,000 messages as CSV, and has COPY do the same, in turns.
func (f *traffic) files(b *testing.B) {
	days := max(1, 200_000*365/f.rows)
	last := models.DayOf(trafficEnds.Add(-25*time.Hour), time.UTC)
	filter := MessageFilter{Days: models.Days{From: last.AddDays(1 - min(days, 364)), To: last}}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	ctx, n := context.Background(), 0
	ours := func() {
		n = 0
		sheet := exports.MessagesCSV(io.Discard, berlin, true)
		err := f.ExportMessages(ctx, f.boss, filter, func(m models.LoggedMessage) error { n++; return sheet.Write(m) })
		if err != nil || sheet.Close() != nil {
			b.Fatal(err)
		}
	}
	theirs := func() {
		sql, args := messageQuery{filter: filter, tenant: f.tenant, cost: wholeCost}.all()
		for i := len(args); i > 0; i-- {
			sql = strings.ReplaceAll(sql, "$"+strconv.Itoa(i), fmt.Sprintf("'%s'", args[i-1]))
		}
		tx, err := f.store.Pool().Begin(ctx)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = tx.Rollback(ctx) }()
		if _, err := tx.Exec(ctx, "SELECT set_config('app.tenant', $1, true)", f.tenant.String()); err != nil {
			b.Fatal(err)
		}
		for _, setting := range slices.Concat(settings, streaming) {
			if _, err := tx.Exec(ctx, setting); err != nil {
				b.Fatal(err)
			}
		}
		if tag, err := tx.Conn().PgConn().CopyTo(ctx, io.Discard, "COPY ("+sql+") TO STDOUT WITH (FORMAT csv)"); err != nil || int(tag.RowsAffected()) != n {
			b.Fatal(tag, err)
		}
	}
	var written, copied []time.Duration
	for b.Loop() {
		written, copied = append(written, timed(ours)), append(copied, timed(theirs))
	}
	b.ReportMetric(float64(n)/median(written).Seconds(), "rows/s")
	b.ReportMetric(float64(n)/median(copied).Seconds(), "rows/s-COPY")
	b.ReportMetric(median(copied).Seconds()/median(written).Seconds(), "ratio")
}

// REP-1: the dashboard of a parent with 100,000 sub-accounts, each of which used something on ten days of the last sixty.
func BenchmarkDashboardOfMany(b *testing.B) {
	ctx := context.Background()
	dsn := storetest.Database(b)
	s, err := store.Open(ctx, dsn, func() time.Time { return trafficEnds })
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	f := &traffic{Service: New(s), raw: storetest.Raw(b, dsn), tenant: models.NewID()}
	for _, sql := range []string{
		`INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, funding, plan, created_at)
			SELECT $1::uuid, CASE WHEN n = 0 THEN $1::uuid ELSE gen_random_uuid() END, CASE WHEN n = 0 THEN 'parent' ELSE 'sub' END, 'Clinic No. ' || n, '', '', '',
				'DE', 'UTC', 'EUR', 'active', CASE WHEN n = 0 THEN '' ELSE 'own' END, CASE WHEN n = 0 THEN 'pre_pay' ELSE '' END, now()
			FROM generate_series(0, 100000) n`,
		`INSERT INTO wallets (tenant_id, id, account_id, kind, asset, balance) SELECT tenant_id, gen_random_uuid(), id, 'balance', 'EUR', 1000000 FROM accounts WHERE tenant_id = $1`,
		`INSERT INTO usage_zones VALUES ($1, 'UTC')`,
		`INSERT INTO usage_sums SELECT tenant_id, 2, (date '2026-11-21' - date '1970-01-01') - (n * 6 + get_byte(uuid_send(id), 15) % 6), id, '', '', '', 3, 3, 0, 0, 3, 0, 225000, 225000
			FROM accounts, generate_series(0, 9) n WHERE tenant_id = $1 AND kind = 'sub'`,
		`INSERT INTO usage_sums SELECT tenant_id, 3, period, '00000000-0000-0000-0000-000000000000', '', '', '', sum(messages), sum(delivered), 0, 0, sum(parts), 0, sum(cost), sum(own_cost)
			FROM usage_account_days WHERE tenant_id = $1 GROUP BY tenant_id, period`,
	} {
		f.exec(b, sql, f.tenant)
	}
	f.exec(b, `VACUUM (ANALYZE) accounts, wallets, usage_sums`)
	boss := models.Actor{Tenant: f.tenant, Account: f.tenant, Kind: models.Parent, Privileges: models.PrivilegesOf(models.Parent, models.Admin, nil)}
	for b.Loop() {
		if _, err := f.ParentDashboard(ctx, boss, time.UTC); err != nil {
			b.Fatal(err)
		}
	}
}
