package ledger_test

import (
	"slices"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// What row-level security and grants cost a transfer: the same transfers on the same durable server as the portal's role and
// as one that neither binds, in turn.
func BenchmarkTransferUnderRowSecurity(b *testing.B) {
	services, server := storetest.Durable(b)
	w := storetest.WorldOn(b, services)
	fund(b, w, w.Clinic)
	raw, err := store.Open(b.Context(), server.AdminDSN(""), w.Clock.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	unbound := ledger.New(raw)
	took := func(s *ledger.Service) time.Duration {
		began := time.Now()
		if _, err := s.Transfer(b.Context(), w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: w.Clinic.Own.Account.ID, Amount: cents(1), Key: models.NewID().String()}); err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
	var bound, free []time.Duration
	for range 1500 {
		bound, free = append(bound, took(w.Ledger)), append(free, took(unbound))
	}
	slices.Sort(bound)
	slices.Sort(free)
	b.ReportMetric(float64(free[750].Microseconds())/1000, "ms/unbound")
	b.ReportMetric(float64(bound[750].Microseconds())/1000, "ms/bound")
	b.ReportMetric(float64(bound[750])/float64(free[750]), "ratio")
	b.ReportMetric(0, "ns/op")
}
