package messaging_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// The issue: a slice is one transaction, crash-safe at every step. Whichever of its writes fails, nothing of it stays; done
// again, everybody is written to once and everything is paid once.
func TestASliceThatDiesLeavesNothing(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	give(t, w, w.Clinic, "100")
	id := compose(t, w, who, messaging.Draft{Numbers: german(600)})
	must(t, start(w, who, id))
	_, err := w.Raw.Exec(ctx, `CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'died here'; END $$`)
	must(t, err)
	before := w.Fingerprint(t)
	for _, step := range []string{"INSERT ON charges", "UPDATE ON wallets", "INSERT ON transfers", "INSERT ON entries", "INSERT ON messages",
		"INSERT ON usage_changes", "INSERT ON river_job", "UPDATE ON sends", "INSERT ON action_log"} {
		table := step[strings.LastIndex(step, " ")+1:]
		_, err := w.Raw.Exec(ctx, fmt.Sprintf(`CREATE TRIGGER die BEFORE %s FOR EACH ROW EXECUTE FUNCTION die()`, step))
		must(t, err)
		if err := w.Messaging.Run(ctx, who.Account.TenantID, id); err == nil || !strings.Contains(err.Error(), "died here") {
			t.Errorf("%s: %v", step, err)
		}
		_, err = w.Raw.Exec(ctx, `DROP TRIGGER die ON `+table)
		must(t, err)
		if w.Fingerprint(t) != before {
			t.Errorf("%s: something stayed", step)
		}
	}
	run(t, w, who, id)
	if got := progress(t, w, who, id); got.Waiting() != 600 || got.Cost.String() != "45.00 EUR" || w.BalanceOf(t, who.Account).String() != "55.00 EUR" {
		t.Errorf("%+v", got)
	}
}

// The issue: several jobs of one send at once, and jobs of an earlier run: each recipient becomes one message, paid once.
func TestManyJobsOfOneSend(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Shared
	id := compose(t, w, who, messaging.Draft{Numbers: german(3000)})
	must(t, start(w, who, id))
	var wait sync.WaitGroup
	for i := range 12 {
		wait.Go(func() {
			err := w.Messaging.Run(context.Background(), who.Account.TenantID, id)
			if i%4 == 0 {
				_, err = w.Messaging.Turn(context.Background(), messaging.Accept{Tenant: who.Account.TenantID, Send: id, Run: 0})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := progress(t, w, who, id); got.Handled != 3000 || got.Waiting() != 3000 || w.Count(t, "(SELECT DISTINCT recipient FROM messages) m") != 3000 {
		t.Errorf("%+v", got)
	}
	if has := w.BalanceOf(t, w.Clinic.Account); has.String() != "775.00 EUR" {
		t.Error(has)
	}
}

// The issue: a big send does not hold up a small one: its job has a turn and then goes behind the others. And it goes no
// further ahead of the gateway than it may.
func TestABigSendTakesTurns(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Shared
	id := compose(t, w, who, messaging.Draft{Numbers: german(2200)})
	must(t, start(w, who, id))
	job := messaging.Accept{Tenant: who.Account.TenantID, Send: id, Run: 1}
	messaging.Paced(w.Messaging, time.Nanosecond, 1200)
	for _, want := range []struct {
		turned  messaging.Turned
		handled int64
	}{{messaging.Going, 500}, {messaging.Going, 1000}, {messaging.Going, 1500}, {messaging.Ahead, 1500}} {
		turned, err := w.Messaging.Turn(ctx, job)
		must(t, err)
		if got := progress(t, w, who, id); turned != want.turned || got.Handled != want.handled {
			t.Errorf("%v after %d, want %v", turned, got.Handled, want)
		}
	}
	handOver(t, w, who)
	if turned, err := w.Messaging.Turn(ctx, job); turned != messaging.Going || err != nil {
		t.Error(turned, err)
	}
}

// MSG-6: a reply is one message, paid like a send's; what the rules refuse leaves nothing.
func TestReply(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	reply := func(o messaging.ReplyOrder) (id models.ID, refused *models.Error) {
		t.Helper()
		must(t, w.Store.Settle(ctx, who.Account.TenantID, func(ctx context.Context, tx *store.Tx) (err error) {
			id, refused, err = messaging.Reply(ctx, tx, o)
			return err
		}))
		return id, refused
	}
	order := messaging.ReplyOrder{Account: who.Account.ID, Inbound: models.NewID(), From: who.Account.Mobile, To: "+4915112505000", Country: "DE", Body: "Thank you"}
	if _, refused := reply(order); refused == nil || refused.Code != ledger.ErrInsufficientBalance.Code {
		t.Error(refused)
	}
	give(t, w, w.Clinic, "1")
	id, refused := reply(order)
	if refused != nil || w.Count(t, "messages WHERE id = $1 AND reply_to = $2 AND status = 'queued'", id, order.Inbound) != 1 || w.BalanceOf(t, who.Account).String() != "0.925 EUR" {
		t.Error(id, refused)
	}
	if _, refused = reply(order); refused == nil || refused.Code != "reference_reused" {
		t.Error("answered twice:", refused)
	}
	for name, change := range map[string]func(*messaging.ReplyOrder){
		"no_price": func(o *messaging.ReplyOrder) { o.Country = "IN" },
		"bad_text": func(o *messaging.ReplyOrder) { o.Body = "\x00" },
	} {
		o := order
		o.Inbound = models.NewID()
		change(&o)
		if _, refused := reply(o); refused == nil || refused.Code != name {
			t.Errorf("%s: %v", name, refused)
		}
	}
	if w.Count(t, "messages") != 1 {
		t.Error("a refusal left a message")
	}
}
