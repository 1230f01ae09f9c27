package audience_test

import (
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/storetest"
)

// A million rows: how many a second are read and applied, and how much memory that takes.
func BenchmarkImport(b *testing.B) {
	w, _ := storetest.Durable(b)
	world := storetest.WorldOn(b, w)
	s, nora := audience.New(w.Store), world.Clinic.Admin.Actor
	for range b.N {
		measureImport(b, s, nora)
	}
}

const benchRows = 1_000_000

// measureImport puts a file of a million rows into a new group.
func measureImport(b *testing.B, s *audience.Service, actor models.Actor) {
	b.Helper()
	group := addGroup(b, s, actor, fmt.Sprint("Bench ", time.Now().UnixNano()))
	file, end := io.Pipe()
	go func() {
		fmt.Fprint(end, "number,name,City\n")
		for i := range benchRows {
			fmt.Fprintf(end, "+49151%08d,Person %d,Bonn\n", 10_000_000+i, i)
		}
		_ = end.Close()
	}()
	var peak atomic.Uint64
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), m.HeapInuse))
			}
		}
	}()
	began := time.Now()
	id, err := s.ReadImport(ctx, actor, group, "list.csv", file)
	must(b, err)
	read := time.Since(began)
	must(b, s.StartImport(ctx, actor, group, id))
	began = time.Now()
	must(b, s.Run(ctx, audience.RunImport{Tenant: actor.Tenant, Group: group, Import: id}))
	applied := time.Since(began)
	close(stop)
	b.ReportMetric(benchRows/read.Seconds(), "read/s")
	b.ReportMetric(benchRows/applied.Seconds(), "applied/s")
	b.ReportMetric(float64(peak.Load()>>20), "peak-MiB")
}
