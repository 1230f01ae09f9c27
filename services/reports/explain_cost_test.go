package reports

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// hotWallet is a parent's balance with so many entries, one a minute until now: nine charges, then a transfer to a sub-account.
func hotWallet(t testing.TB, entries int) (*Service, models.Actor, balance) {
	t.Helper()
	ctx := context.Background()
	dsn := storetest.Database(t)
	s, err := store.Open(ctx, dsn, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	raw := storetest.Raw(t, dsn)
	tenant, wallet, spent := models.NewID(), models.NewID(), models.NewID()
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := raw.Exec(ctx, sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, funding, plan, created_at)
		VALUES ($1, $1, 'parent', 'Clinic', '', '', '', 'DE', 'Europe/Berlin', 'EUR', 'active', '', 'pre_pay', now())`, tenant)
	exec(`INSERT INTO wallets (tenant_id, id, account_id, kind, asset, balance, floor, entries, last_at)
		VALUES ($1, $2, $1, 'balance', 'EUR', 0, 0, $4, now()), ($1, $3, $1, 'spent', 'EUR', 0, 0, $4, now())`, tenant, wallet, spent, entries)
	for first := 1; first <= entries; first += 500_000 {
		exec(`WITH made AS (SELECT n, gen_random_uuid() AS id, now() - ($4 - n) * interval '1 minute' AS at, CASE WHEN n % 10 = 0 THEN 'transfer' ELSE 'charge' END AS kind
				FROM generate_series($5::int, $6::int) n),
			posted AS (INSERT INTO transfers (tenant_id, id, kind, posted_at) SELECT $1, id, kind, at FROM made)
			INSERT INTO entries (tenant_id, wallet_id, number, transfer_id, asset, amount, balance_after, posted_at)
			SELECT $1, w.id, n, made.id, 'EUR', w.sign * 45000, w.sign * 45000::bigint * n, at FROM made, (VALUES ($2::uuid, -1), ($3, 1)) w(id, sign)`,
			tenant, wallet, spent, entries, first, min(first+500_000-1, entries))
	}
	exec(`VACUUM (ANALYZE) entries, transfers`)
	actor := models.Actor{Tenant: tenant, Account: tenant, Kind: models.Parent, Privileges: models.PrivilegesOf(models.Parent, models.Admin, nil)}
	return New(s), actor, balance{account: account{ID: tenant, Currency: "EUR"}, wallet: wallet, asset: "EUR", entries: int64(entries)}
}

// blocks is how many blocks PostgreSQL looks at for a query.
func blocksOf(t testing.TB, s *Service, actor models.Actor, sql string, args ...any) (blocks int) {
	t.Helper()
	err := s.read(context.Background(), actor, func(ctx context.Context, tx *store.Tx) error {
		var plan string
		if err := tx.Raw(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) `+unnumbered(sql), args...).Row().Scan(&plan); err != nil {
			return err
		}
		var parsed []struct {
			Plan struct {
				Hit  int `json:"Shared Hit Blocks"`
				Read int `json:"Shared Read Blocks"`
			}
		}
		err := json.Unmarshal([]byte(plan), &parsed)
		blocks = parsed[0].Plan.Hit + parsed[0].Plan.Read
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// unnumbered has ? for $1, $2 … which stand in order.
func unnumbered(sql string) string {
	for i := 9; i > 0; i-- {
		sql = strings.ReplaceAll(sql, "$"+strconv.Itoa(i), "?")
	}
	return sql
}

// BAL-11: a page, a balance as of a moment and an explanation look at the entries they are about, however many there are.
func TestStatementReadsItsSpan(t *testing.T) {
	const entries = 60_000
	s, actor, b := hotWallet(t, entries)
	middle := time.Now().Add(-entries / 2 * time.Minute)
	for what, c := range map[string]struct {
		most int
		sql  string
		args []any
	}{
		"the last entry until a moment": {10, lastUntil("posted_at <= ?"), []any{actor.Tenant, b.wallet, middle}},
		"a page in the middle":          {50 * 40, strings.ReplaceAll(selectEntries, "%o", newestNumber), []any{actor.Tenant, b.wallet, 30_000, 30_050, 51, b.ID}},
		"a sum of 100 entries":          {100 * 6, sumEntries, []any{actor.Tenant, b.wallet, 30_001, 30_100}},
	} {
		if got := blocksOf(t, s, actor, c.sql, c.args...); got > c.most {
			t.Errorf("%s looks at %d blocks, not at most %d", what, got, c.most)
		}
	}
}

// BenchmarkExplain is what an explanation of a hot wallet costs: OFFSHOOT_BENCH_ENTRIES says how many entries it has.
func BenchmarkExplain(b *testing.B) {
	entries := 1_000_000
	if text := os.Getenv("OFFSHOOT_BENCH_ENTRIES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		entries = n
	}
	s, actor, w := hotWallet(b, entries)
	for _, n := range []int64{0, 100, 10_000, 100_000, 500_000} {
		b.Run(fmt.Sprintf("of %d entries", n), func(b *testing.B) {
			for b.Loop() {
				err := s.read(context.Background(), actor, func(ctx context.Context, tx *store.Tx) error {
					last, err := w.lastUntil(tx, "posted_at <= ?", tx.Now)
					if err == nil && n > 0 {
						_, err = w.parts(ctx, tx, numbers{last - n + 1, last})
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
