package messaging_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
	"offshoot/services/storetest"
)

// The figure of issue 4: messages a second end to end, through the jobs: accepted and paid from one shared balance, handed
// over, and taken by the simulator. One send, and eight at once.
func BenchmarkSend(b *testing.B) {
	const messages = 20_000
	for _, sends := range []int{1, 8} {
		b.Run(fmt.Sprintf("sends=%d", sends), func(b *testing.B) {
			s, _ := storetest.Durable(b)
			w := storetest.WorldOn(b, s)
			_, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: w.Clinic.ID, Amount: storetest.Euros(b, "1000000"), Reference: "SEPA 2"})
			must(b, err)
			carrier := messaging.NewCarrier(w.Store, &gateways.Simulator{})
			workers := river.NewWorkers()
			messaging.AddSendWorkers(workers, w.Messaging)
			messaging.AddCarrierWorkers(workers, carrier)
			jobs, err := river.NewClient(riverpgxv5.New(w.Store.Pool()), &river.Config{Workers: workers, Queues: map[string]river.QueueConfig{
				messaging.SendQueue:     {MaxWorkers: messaging.SendWorkers},
				messaging.HandOverQueue: {MaxWorkers: messaging.HandOverWorkers},
			}})
			must(b, err)
			var accepted, handed time.Duration
			for range b.N {
				var ids []models.ID
				for i := range sends {
					var numbers strings.Builder
					for m := range messages / sends {
						fmt.Fprintf(&numbers, "+49151%08d\n", 12_000_000+i*100_000+m/9990*10_000+10+m%9990) // none that the simulator treats in a special way
					}
					id := compose(b, w, w.Clinic.Shared, messaging.Draft{Numbers: numbers.String()})
					must(b, start(w, w.Clinic.Shared, id))
					ids = append(ids, id)
				}
				began := time.Now()
				must(b, jobs.Start(context.Background()))
				waiting := func(condition string) int {
					return w.Count(b, "messages WHERE send_id = ANY ($1) AND "+condition, ids)
				}
				for waiting("true") < messages/sends*sends {
					time.Sleep(20 * time.Millisecond)
				}
				accepted += time.Since(began)
				for waiting("status IN ('queued', 'sending')") > 0 {
					time.Sleep(20 * time.Millisecond)
				}
				handed += time.Since(began)
				must(b, jobs.Stop(context.Background()))
			}
			b.ReportMetric(float64(messages*b.N)/accepted.Seconds(), "accepted/s")
			b.ReportMetric(float64(messages*b.N)/handed.Seconds(), "sent/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
