package proof_test

import (
	"context"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/proof"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// A whole check of a tenant with a million entries, and a look at a thousand new ones among them.
func BenchmarkChecks(b *testing.B) {
	w := storetest.UncheckedWorld(b)
	fill(b, w, 500_000, w.Clock.Now())
	fill(b, w, 500, w.Clock.Now().Add(24*time.Hour))
	if _, err := w.Raw.Exec(ctx, `VACUUM ANALYZE`); err != nil {
		b.Fatal(err)
	}
	for name, check := range map[string]func(context.Context, *store.Tx) (proof.Report, error){
		"whole": func(ctx context.Context, tx *store.Tx) (proof.Report, error) { return proof.Check(ctx, tx) },
		"new": func(ctx context.Context, tx *store.Tx) (proof.Report, error) {
			return proof.CheckSince(ctx, tx, w.Clock.Now().Add(12*time.Hour))
		},
	} {
		b.Run(name, func(b *testing.B) {
			var rows int64
			for b.Loop() {
				must(b, w.Store.Read(ctx, models.System(w.Clinic.ID), func(ctx context.Context, tx *store.Tx) error {
					r, err := check(ctx, tx)
					rows += r.Rows()
					if len(r.Broken()) > 0 {
						b.Fatal(r.Broken())
					}
					return err
				}))
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
