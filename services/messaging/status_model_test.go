package messaging_test

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/services/usage"
)

// fate is the model of one message.
type fate struct {
	status  models.MessageStatus
	offered bool // to a gateway, as far as we know not taken
	pocket  int
}

// Statuses against a model of them in a few lines of Go: whatever is reported, cancelled, handed over and answered, in whatever order,
// twice or for another tenant, both agree on every status and every balance; what came to nothing is refunded exactly once, the books
// check and usage equals the log.
//
// MSG-2, MSG-3.
func TestStatusesAgainstTheirModel(t *testing.T) {
	w := storetest.NewWorld(t)
	funds(t, w, w.Clinic, w.Clinic.Own, "200.00")
	pkg := w.AddPackage(t, w.Clinic, 5000, 300, "FR")
	_, err := w.Ledger.Transfer(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: w.Clinic.Own.Account.ID, Amount: models.Units(5000, pkg)})
	must(t, err)
	tenant := w.Clinic.ID
	// three pockets: a sub-account's balance, its parent's, and units of a package
	pockets := []struct {
		who     storetest.Person
		numbers string
		price   int64
		wallet  string
	}{
		{w.Clinic.Own, "+4915112%06d\n", 75_000, `account_id = '` + w.Clinic.Own.Account.ID.String() + `' AND kind = 'balance'`},
		{w.Clinic.Shared, "+4915113%06d\n", 75_000, `account_id = '` + tenant.String() + `' AND kind = 'balance'`},
		{w.Clinic.Own, "+33612%06d\n", 1_000_000, `account_id = '` + w.Clinic.Own.Account.ID.String() + `' AND kind = 'units'`},
	}
	holds := func(r *rapid.T, pocket int) (micros int64) {
		if err := w.Raw.QueryRow(ctx, `SELECT sum(balance) FROM wallets WHERE tenant_id = $1 AND `+pockets[pocket].wallet, tenant).Scan(&micros); err != nil {
			r.Fatal(err)
		}
		return micros
	}
	final := func(s models.MessageStatus) bool {
		return s == models.MessageDelivered || s == models.MessageFailed || s == models.MessageCancelled
	}
	carrier := messaging.NewCarrier(w.Store, answers(accepted))
	const each, rounds = 4, 300 // messages of each pocket that a round plays with
	var stock [3][]models.ID
	for pocket, p := range pockets {
		numbers := ""
		for i := range each * rounds {
			numbers += fmt.Sprintf(p.numbers, 500_000+i)
		}
		send := sent(t, w, p.who, messaging.Draft{Numbers: numbers})
		must(t, w.Store.Read(ctx, models.System(tenant), func(_ context.Context, tx *store.Tx) error {
			return tx.Raw(`SELECT id FROM messages WHERE tenant_id = ? AND send_id = ? ORDER BY id`, tenant, send).Scan(&stock[pocket]).Error
		}))
		if len(stock[pocket]) != each*rounds {
			t.Fatalf("%d messages were accepted", len(stock[pocket]))
		}
	}
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		if round == rounds {
			r.Skip("no messages are left")
		}
		fates := map[models.ID]*fate{}
		var ids []models.ID
		var before [3]int64
		for pocket := range pockets {
			before[pocket] = holds(r, pocket) + each*pockets[pocket].price // as it was before these were sent
			for _, id := range stock[pocket][each*round : each*(round+1)] {
				fates[id] = &fate{status: models.MessageQueued, pocket: pocket}
				ids = append(ids, id)
			}
		}
		round++
		some := func(r *rapid.T) []models.ID {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 1, 6, func(id models.ID) models.ID { return id }).Draw(r, "messages")
		}
		became := func(id models.ID, to models.MessageStatus) {
			fates[id].status = to
		}
		r.Repeat(map[string]func(*rapid.T){
			"cancel": func(r *rapid.T) {
				set := some(r)
				_, err := messaging.Moves(ctx, w.Store, tenant, set, models.MessageCancelled, false)
				must(t, err)
				for _, id := range set {
					if fates[id].status == models.MessageQueued {
						became(id, models.MessageCancelled)
					}
				}
			},
			"claim": func(r *rapid.T) {
				set := some(r)
				_, err := messaging.Moves(ctx, w.Store, tenant, set, models.MessageSending, false)
				must(t, err)
				for _, id := range set {
					if fates[id].status == models.MessageQueued {
						became(id, models.MessageSending)
					}
				}
			},
			"answer": func(r *rapid.T) {
				set := some(r)
				to := rapid.SampledFrom([]models.MessageStatus{models.MessageSent, models.MessageFailed, models.MessageQueued, models.MessageUnconfirmed}).Draw(r, "answer")
				for _, id := range set { // an answer comes to who asked, or after others gave up waiting for it
					if s := fates[id].status; s != models.MessageSending && s != models.MessageUnconfirmed && !final(s) {
						return
					}
				}
				_, err := messaging.Moves(ctx, w.Store, tenant, set, to, false)
				must(t, err)
				for _, id := range set {
					f := fates[id]
					switch {
					case f.status == models.MessageSending:
						f.offered = f.offered || to == models.MessageQueued
						became(id, to)
					case f.status == models.MessageUnconfirmed && (to == models.MessageSent || to == models.MessageFailed):
						became(id, to)
					}
				}
			},
			"report": func(r *rapid.T) {
				var reports []gateways.Report
				for _, id := range some(r) {
					for range rapid.IntRange(1, 3).Draw(r, "times") {
						to := rapid.SampledFrom([]models.MessageStatus{models.MessageSent, models.MessageDelivered, models.MessageFailed}).Draw(r, "report")
						reports = append(reports, gateways.Report{Tenant: tenant, Message: id, Status: to})
						f := fates[id]
						switch {
						case final(f.status), f.status == models.MessageQueued && !f.offered:
						case to == models.MessageSent && f.status == models.MessageSent:
						default:
							became(id, to)
						}
					}
				}
				must(t, carrier.Reports(ctx, tenant, reports))
			},
			"forged": func(r *rapid.T) {
				for _, id := range some(r) {
					must(t, carrier.Report(ctx, gateways.Report{Tenant: w.Harbor.ID, Message: id, Status: models.MessageFailed}))
				}
			},
			"": func(r *rapid.T) {
				var rows []struct {
					ID       models.ID
					Status   models.MessageStatus
					RefundID *models.ID
				}
				must(t, w.Store.Read(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
					return tx.Raw(`SELECT id, status, refund_id FROM messages WHERE tenant_id = ? AND id IN ?`, tenant, ids).Scan(&rows).Error
				}))
				spent := [3]int64{}
				for _, row := range rows {
					f := fates[row.ID]
					back := f.status == models.MessageFailed || f.status == models.MessageCancelled
					if row.Status != f.status || (row.RefundID != nil) != back {
						r.Fatalf("a message is %s, refunded %v; the model says %s", row.Status, row.RefundID != nil, f.status)
					}
					if !back {
						spent[f.pocket] += pockets[f.pocket].price
					}
				}
				for i := range pockets {
					if got, want := holds(r, i), before[i]-spent[i]; got != want {
						r.Fatalf("pocket %d holds %d, the model says %d", i, got, want)
					}
				}
			},
		})
	})
	must(t, w.Store.Read(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
		faults, err := usage.Faults(ctx, tx)
		for _, fault := range faults {
			t.Error(fault)
		}
		return err
	}))
}
