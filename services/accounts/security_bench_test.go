package accounts_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/notify"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// What row-level security costs the list of a parent with 100,000 sub-accounts: the same pages of the same database as the
// portal's role and as one that no policy binds, in turn.
func BenchmarkListUnderRowSecurity(b *testing.B) {
	w := storetest.WorldOn(b, storetest.Unchecked(b))
	ctx := context.Background()
	if _, err := w.Raw.Exec(ctx, grow, w.Harbor.ID, "many.example", w.Harbor.Currency, 100_000); err != nil {
		b.Fatal(err)
	}
	if _, err := w.Raw.Exec(ctx, "VACUUM ANALYZE"); err != nil {
		b.Fatal(err)
	}
	raw, err := store.Open(ctx, storetest.RawDSN(b, w.DSN), w.Clock.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	unbound := accounts.New(raw, w.Identity, notify.Installation{Name: "Offshoot", PublicURL: "http://127.0.0.1:8080"})
	actor := w.Harbor.Admin.Actor
	took := func(s *accounts.Service, q models.AccountQuery) time.Duration {
		start := time.Now()
		if _, err := s.List(ctx, actor, q); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	deep := models.AccountQuery{Search: "ward 8"}
	page, err := w.Accounts.List(ctx, actor, deep)
	if err != nil {
		b.Fatal(err)
	}
	for name, q := range map[string]models.AccountQuery{
		"first page":                  {},
		"a page far down, by name":    {After: page.Older},
		"sorted by balance":           {Sort: "balance", Desc: true},
		"sorted by last activity":     {Sort: "last_activity", Desc: true},
		"searched, one match":         {Search: "ward77@"},
		"searched, many matches":      {Search: "ward"},
		"searched, sorted by balance": {Search: "nurse 77", Sort: "balance", Desc: true},
		"filtered, sorted by balance": {Status: models.Pending, Sort: "balance"},
	} {
		b.Run(name, func(b *testing.B) {
			var bound, free []time.Duration
			for range 40 {
				bound, free = append(bound, took(w.Accounts, q)), append(free, took(unbound, q))
			}
			slices.Sort(bound)
			slices.Sort(free)
			b.ReportMetric(float64(free[20].Microseconds())/1000, "ms/unbound")
			b.ReportMetric(float64(bound[20].Microseconds())/1000, "ms/bound")
			b.ReportMetric(float64(bound[20])/float64(free[20]), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}
