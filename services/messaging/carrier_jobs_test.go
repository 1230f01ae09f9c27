package messaging_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/services/messaging"
	"offshoot/services/storetest"
)

// MSG-1, MSG-3: with the job queue at work, a send is accepted, handed over and reported without anybody's doing; what the simulator
// will report survives whoever handed over.
func TestJobsCarryASend(t *testing.T) {
	w := storetest.NewWorld(t)
	carrier := messaging.NewCarrier(w.Store, &gateways.Simulator{})
	workers := river.NewWorkers()
	messaging.AddCarrierWorkers(workers, carrier)
	send := sent(t, w, w.Clinic.Shared, messaging.Draft{Numbers: plainNumbers(20) + "+4915112340001\n+4915112340002\n+4915112340008\n+4915112340009"})
	begin := func(queues ...string) (stop func()) {
		t.Helper()
		o := &river.Config{Queues: map[string]river.QueueConfig{}, Workers: workers, Logger: slog.New(slog.DiscardHandler), TestOnly: true}
		for _, queue := range queues {
			o.Queues[queue] = river.QueueConfig{MaxWorkers: 2}
		}
		jobs, err := river.NewClient(riverpgxv5.New(w.Store.Pool()), o)
		must(t, err)
		must(t, jobs.Start(ctx))
		return func() { must(t, jobs.Stop(ctx)) }
	}
	becomes := func(status string, n int) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); w.Count(t, `messages WHERE send_id = $1 AND status = $2`, send, status) != n; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d messages are %s, want %d", w.Count(t, `messages WHERE send_id = $1 AND status = $2`, send, status), status, n)
			}
		}
	}
	stop := begin(messaging.HandOverQueue)
	becomes("sent", 23)
	becomes("failed", 1)
	stop()
	stop = begin(messaging.ReportQueue) // another process
	defer stop()
	becomes("delivered", 21)
	becomes("failed", 2)
	becomes("sent", 1)
	if n := w.Count(t, `messages WHERE refund_id IS NOT NULL`); n != 2 {
		t.Errorf("%d messages are refunded", n)
	}
}

// plainNumbers are n numbers that the simulator does nothing special with.
func plainNumbers(n int) string {
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "+4915112%06d\n", 601_000+i)
	}
	return lines.String()
}

// How many reports a second are taken: one by one, and as a gateway brings them, 64 at a time. MSG-3.
func BenchmarkReports(b *testing.B) {
	s, _ := storetest.Durable(b)
	w := storetest.WorldOn(b, s)
	funds(b, w, w.Clinic, w.Clinic.Own, "900.00")
	tr := &traffic{World: w, who: w.Clinic.Own}
	for name, callers := range map[string]int{"one": 1, "sixty-four": 64} {
		b.Run(name, func(b *testing.B) {
			const n = 2000
			tr.send, tr.n = sent(b, w, w.Clinic.Own, messaging.Draft{Numbers: plainNumbers(n)}), n
			carrier := messaging.NewCarrier(w.Store, answers(accepted))
			must(b, carrier.HandOver(ctx, tr.job()))
			ids := tr.ids(b)
			b.ResetTimer()
			for range b.N {
				at := make(chan int, n)
				for i := range n {
					at <- i
				}
				close(at)
				began := time.Now()
				var all sync.WaitGroup
				for range callers {
					all.Go(func() {
						for i := range at {
							if err := carrier.Report(ctx, gateways.Report{Tenant: tr.tenant(), Message: ids[i], Status: models.MessageDelivered}); err != nil {
								b.Error(err)
							}
						}
					})
				}
				all.Wait()
				b.ReportMetric(n/time.Since(began).Seconds(), "reports/s")
			}
		})
	}
}

// How many messages a second are handed over, with everything that comes of it. MSG-1, MSG-3.
func BenchmarkHandOver(b *testing.B) {
	s, _ := storetest.Durable(b)
	w := storetest.WorldOn(b, s)
	funds(b, w, w.Clinic, w.Clinic.Own, "900.00")
	const n = 3000
	tr := &traffic{World: w, who: w.Clinic.Own, n: n, send: sent(b, w, w.Clinic.Own, messaging.Draft{Numbers: plainNumbers(n)})}
	carrier := messaging.NewCarrier(w.Store, &gateways.Simulator{})
	for range b.N {
		began := time.Now()
		must(b, carrier.HandOver(ctx, tr.job()))
		b.ReportMetric(n/time.Since(began).Seconds(), "messages/s")
	}
}
