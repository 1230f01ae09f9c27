package reports

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/views/exports"
)

const benchRows = 200_000

// logOf is an action log of benchRows lines, most of them charges, of a tenant with 1,000 sub-accounts.
func logOf(b *testing.B) (*Service, models.Actor) {
	b.Helper()
	ctx := context.Background()
	dsn := storetest.Database(b)
	s, err := store.Open(ctx, dsn, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	raw := storetest.Raw(b, dsn)
	tenant := models.NewID()
	for _, sql := range []string{
		`INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, funding, plan, created_at)
			SELECT $1::uuid, CASE WHEN n = 0 THEN $1::uuid ELSE gen_random_uuid() END, CASE WHEN n = 0 THEN 'parent' ELSE 'sub' END, 'Clinic No. ' || n, '', '', '',
				'DE', 'Europe/Berlin', 'EUR', 'active', CASE WHEN n = 0 THEN '' ELSE 'own' END, CASE WHEN n = 0 THEN 'pre_pay' ELSE '' END, now()
			FROM generate_series(0, 1000) n`,
		fmt.Sprintf(`INSERT INTO action_log (tenant_id, id, at, user_email, action, account_id, other_account_id, asset, amount, balance_after, reference, details)
			SELECT $1, gen_random_uuid(), now() - n * interval '7 seconds', CASE WHEN n %% 3 = 0 THEN 'nora@clinic.example' ELSE '' END, 'usage.charged',
				a.ids[1 + n %% 1000], CASE WHEN n %% 5 = 0 THEN $1::uuid END, 'EUR', 45000 * (1 + n %% 9), 98765432100 - n * 45000::bigint, 'message-' || n,
				jsonb_build_object('kind', 'message', 'country', (ARRAY['DE', 'FR', 'US', 'JO'])[1 + n %% 4])
			FROM generate_series(1, %d) n, (SELECT array_agg(id) AS ids FROM accounts WHERE tenant_id = $1 AND kind = 'sub') a`, benchRows),
	} {
		if _, err := raw.Exec(ctx, sql, tenant); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := raw.Exec(ctx, `VACUUM (ANALYZE) action_log, accounts`); err != nil {
		b.Fatal(err)
	}
	return New(s), models.Actor{Tenant: tenant, Account: tenant, Kind: models.Parent, Privileges: models.PrivilegesOf(models.Parent, models.Admin, nil)}
}

// asCSV writes the file as the page's button does.
func asCSV(b *testing.B, s *Service, actor models.Actor) {
	b.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	sheet := exports.ActionLogCSV(io.Discard, berlin)
	err = s.ExportActionLog(context.Background(), actor, LogFilter{}, func(l models.LogLine) error {
		n++
		return sheet.Write(l)
	})
	if err != nil || sheet.Close() != nil || n != benchRows {
		b.Fatal(n, err)
	}
}

// asCopy has PostgreSQL write the same rows, with the same names and found the same way, as CSV by itself.
func asCopy(b *testing.B, s *Service, actor models.Actor) {
	b.Helper()
	ctx := context.Background()
	sql, args := logQuery{tenant: actor.Tenant}.all()
	sql = strings.Replace(sql, "$1", fmt.Sprintf("'%s'", args[0]), 1)
	tx, err := s.store.Pool().Begin(ctx)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := tx.Exec(ctx, "SELECT set_config('app.tenant', $1, true)", actor.Tenant.String()); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	for _, setting := range slices.Concat(settings, streaming) {
		if _, err := tx.Exec(ctx, setting); err != nil {
			b.Fatal(err)
		}
	}
	tag, err := tx.Conn().PgConn().CopyTo(ctx, io.Discard, "COPY ("+sql+") TO STDOUT WITH (FORMAT csv)")
	if err != nil || tag.RowsAffected() != benchRows {
		b.Fatal(tag, err)
	}
}

func perSecond(b *testing.B, rows int, took time.Duration) {
	b.ReportMetric(float64(rows)/took.Seconds(), "rows/s")
}

// REP-3: how fast the action log's file is written …
func BenchmarkActionLogCSV(b *testing.B) {
	s, actor := logOf(b)
	for b.Loop() {
		asCSV(b, s, actor)
	}
	perSecond(b, benchRows*b.N, b.Elapsed())
}

// … against COPY of the same rows …
func BenchmarkActionLogCopy(b *testing.B) {
	s, actor := logOf(b)
	for b.Loop() {
		asCopy(b, s, actor)
	}
	perSecond(b, benchRows*b.N, b.Elapsed())
}

// … and as a ratio of the two, taking turns on the same machine at the same time: at least 0.8 is the aim.
func BenchmarkActionLogCSVOverCopy(b *testing.B) {
	s, actor := logOf(b)
	var written, copied time.Duration
	timed := func(sum *time.Duration, do func(*testing.B, *Service, models.Actor)) {
		began := time.Now()
		do(b, s, actor)
		*sum += time.Since(began)
	}
	for b.Loop() {
		timed(&written, asCSV)
		timed(&copied, asCopy)
	}
	b.ReportMetric(copied.Seconds()/written.Seconds(), "ratio")
	perSecond(b, benchRows*b.N, written)
}
