package proof_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/proof"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// Whole checks are due once a night, by the parent's own clock, at a minute of the tenant's own; one that was missed is due
// until it is made.
func TestWholeChecksAreDueOnceANight(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	must(t, err)
	at := func(text string) time.Time {
		t.Helper()
		m, err := time.Parse(time.RFC3339, text)
		must(t, err)
		return m
	}
	first, later := models.ID{}, models.ID{15: 90} // at 01:00 and at 02:30
	for _, c := range []struct {
		tenant    models.ID
		last, now string
		due       bool
	}{
		{first, "2026-11-20T00:00:00Z", "2026-11-20T23:59:59Z", false},
		{first, "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", true},
		{first, "2026-11-21T00:00:00Z", "2026-11-21T00:05:00Z", false},
		{later, "2026-11-20T12:00:00Z", "2026-11-21T01:29:59Z", false},
		{later, "2026-11-20T12:00:00Z", "2026-11-21T01:30:00Z", true},
		{later, "2026-11-20T12:00:00Z", "2026-11-25T00:10:00Z", true},  // down for days
		{first, "2026-10-24T23:30:00Z", "2026-10-26T00:00:00Z", true},  // the night before had clocks go back
		{later, "2027-03-27T12:00:00Z", "2027-03-28T01:30:00Z", true},  // there is no 02:30 that night, but two hours and a half after midnight
		{first, "2026-11-21T02:00:00Z", "2026-11-21T00:30:00Z", false}, // the clock was set back two hours
		{first, "2036-11-21T02:00:00Z", "2026-11-21T00:30:00Z", true},  // it was ten years ahead
	} {
		if due := proof.WholeIsDue(c.tenant, berlin, at(c.last), at(c.now)); due != c.due {
			t.Errorf("%s: last at %s, now %s: due %v", c.tenant, c.last, c.now, due)
		}
	}
	minutes := map[int]int{}
	for range 2400 {
		tenant := models.NewID()
		day := at("2026-11-20T00:00:00Z")
		for m := range 24 * 60 {
			if proof.WholeIsDue(tenant, time.UTC, day.Add(-time.Hour), day.Add(time.Duration(m)*time.Minute)) != proof.WholeIsDue(tenant, time.UTC, day.Add(-time.Hour), day) {
				minutes[m]++
				break
			}
		}
	}
	if len(minutes) < 200 || minutes[0] > 0 {
		t.Errorf("2,400 tenants are spread over %d minutes of the night", len(minutes))
	}
}

// A look at what is new costs in proportion to what is new: 300 transfers among 60,000 entries are found by indexes alone, and
// no table that grows is read beyond them.
func TestCheckOfWhatIsNewUsesIndexes(t *testing.T) {
	w := storetest.UncheckedWorld(t)
	fill(t, w, 30_000, w.Clock.Now())
	fill(t, w, 300, w.Clock.Now().Add(24*time.Hour))
	_, err := w.Raw.Exec(ctx, `ANALYZE`)
	must(t, err)
	queries, args := proof.NewQueries(w.Clinic.ID, w.Clock.Now().Add(12*time.Hour))
	queries["known"] = proof.KnownQuery
	door := w.Store.Read
	for name, query := range queries {
		values := []any{args}
		if name == "known" {
			values, door = []any{w.Clock.Now().Add(24 * time.Hour), 10 * time.Minute, 5 * time.Minute}, w.Store.Survey
		}
		var plan strings.Builder
		must(t, door(ctx, models.System(w.Clinic.ID), func(ctx context.Context, tx *store.Tx) error {
			return tx.Rows(ctx, func(rows pgx.Rows) error {
				var line string
				_, err := pgx.ForEachRow(rows, []any{&line}, func() error { plan.WriteString(line + "\n"); return nil })
				return err
			}, "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, COSTS OFF) "+query, values...)
		}))
		door = w.Store.Read
		for _, table := range []string{"transfers", "entries", "action_log", "wallets"} {
			if strings.Contains(plan.String(), "Seq Scan on "+table) {
				t.Errorf("%s reads all of %s:\n%s", name, table, plan.String())
			}
		}
		if n := removed(plan.String()); n > 3000 {
			t.Errorf("%s reads %d rows for nothing:\n%s", name, n, plan.String())
		}
	}
	must(t, w.Store.Read(ctx, models.System(w.Clinic.ID), func(ctx context.Context, tx *store.Tx) error {
		r, err := proof.CheckSince(ctx, tx, w.Clock.Now().Add(12*time.Hour))
		for _, l := range r.Looked {
			if l.Rows > 2*300 {
				t.Errorf("%s looked at %d rows", l.Rule.Key, l.Rows)
			}
			if l.Faults > 0 {
				t.Error(l)
			}
		}
		return err
	}))
}

// removed is the most rows that one node of a plan read for nothing, all its loops together.
func removed(plan string) int {
	most := 0
	for _, line := range strings.Split(plan, "\n") {
		var n int
		if _, err := fmt.Sscanf(strings.TrimSpace(line), "Rows Removed by Filter: %d", &n); err == nil {
			most = max(most, n)
		}
	}
	return most
}

// fill writes so many transfers from Clinic to a thousand sub-accounts past the services, as they would have done.
func fill(t testing.TB, w *storetest.World, transfers int, at time.Time) {
	t.Helper()
	tx, err := w.Raw.Begin(ctx)
	must(t, err)
	for _, sql := range []string{
		`SET LOCAL session_replication_role = replica`,
		`INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, funding, plan, created_at)
			SELECT $1, md5('a' || n)::uuid, 'sub', 'Sub ' || n, '', '', '', 'DE', 'Europe/Berlin', 'EUR', 'active', 'own', '', $2 FROM generate_series(0, 999) n ON CONFLICT DO NOTHING`,
		`INSERT INTO wallets (tenant_id, id, account_id, kind, asset, floor)
			SELECT $1, md5(kind || n)::uuid, md5('a' || n)::uuid, kind, 'EUR', 0 FROM generate_series(0, 999) n CROSS JOIN (VALUES ('balance'), ('spent')) k (kind)
			ON CONFLICT DO NOTHING`,
		`UPDATE wallets SET floor = -1000000000000 WHERE tenant_id = $1 AND account_id = $1 AND kind = 'balance'`,
		`CREATE TEMP TABLE made ON COMMIT DROP AS SELECT n, (substr(id_floor($2)::text, 1, 14) || '7' || substr(md5($2::text || n), 1, 3) || '-8' || substr(md5($2::text || n), 4, 3) || '-'
			|| substr(md5($2::text || n), 7, 12))::uuid AS id, md5('balance' || n % 1000)::uuid AS sub,
			(SELECT id FROM wallets WHERE tenant_id = $1 AND account_id = $1 AND kind = 'balance') AS parent FROM generate_series(0, $3::int - 1) n`,
		`INSERT INTO transfers (tenant_id, id, kind, posted_at) SELECT $1, id, 'transfer', $2 FROM made`,
		`INSERT INTO entries (tenant_id, wallet_id, number, transfer_id, asset, amount, balance_after, posted_at)
			SELECT $1, x.wallet, w.entries + row_number() OVER own, x.id, 'EUR', x.amount, w.balance + sum(x.amount) OVER own, $2
			FROM (SELECT n, id, sub AS wallet, 1 AS amount FROM made UNION ALL SELECT n, id, parent, -1 FROM made) x
			JOIN wallets w ON w.tenant_id = $1 AND w.id = x.wallet WINDOW own AS (PARTITION BY x.wallet ORDER BY n)`,
		`INSERT INTO action_log (tenant_id, id, at, user_email, action, account_id, asset, amount, transfer_id)
			SELECT $1, id, $2, '', 'transfer.posted', md5('a' || n % 1000)::uuid, 'EUR', 1, id FROM made`,
		`UPDATE wallets w SET balance = e.balance_after, entries = e.number, last_at = e.posted_at, allocated = w.allocated + e.given
			FROM (SELECT DISTINCT ON (wallet_id) wallet_id, balance_after, number, posted_at, sum(amount) OVER (PARTITION BY wallet_id) AS given
				FROM entries WHERE tenant_id = $1 AND transfer_id IN (SELECT id FROM made) ORDER BY wallet_id, number DESC) e
			WHERE w.tenant_id = $1 AND w.id = e.wallet_id`,
	} {
		used := []any{w.Clinic.ID, at, transfers}
		for len(used) > 0 && !strings.Contains(sql, fmt.Sprint("$", len(used))) {
			used = used[:len(used)-1]
		}
		if !strings.Contains(sql, "$1") && len(used) > 0 {
			sql = strings.Replace(sql, "SELECT n, (", "SELECT n, $1::uuid AS tenant, (", 1)
		}
		if _, err := tx.Exec(ctx, sql, used...); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	must(t, tx.Commit(ctx))
}
