package messaging_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/services/usage"
)

// scripted is a gateway that answers as a test says, and remembers what it was asked.
type scripted struct {
	mutex  sync.Mutex
	asked  map[models.ID]int
	answer func(gateways.Message) gateways.Answer
}

func answers(a gateways.Answer) *scripted {
	return &scripted{answer: func(gateways.Message) gateways.Answer { return a }}
}

func (*scripted) Name() string { return "scripted" }

func (g *scripted) Send(_ context.Context, m gateways.Message) gateways.Answer {
	g.mutex.Lock()
	if g.asked == nil {
		g.asked = map[models.ID]int{}
	}
	g.asked[m.ID]++
	answer := g.answer
	g.mutex.Unlock()
	return answer(m)
}

func (*scripted) Report(*http.Request) (gateways.Report, error) {
	return gateways.Report{}, gateways.ErrNoNews
}
func (*scripted) Inbound(*http.Request) (gateways.Inbound, error) {
	return gateways.Inbound{}, gateways.ErrNoNews
}

func (g *scripted) becomes(answer func(gateways.Message) gateways.Answer) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.answer = answer
}

// times is how often the gateway was asked, and for how many messages.
func (g *scripted) times() (asked, messages int) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for _, n := range g.asked {
		asked += n
	}
	return asked, len(g.asked)
}

var (
	accepted = gateways.Answer{Outcome: gateways.Accepted, ID: "g-1"}
	refused  = gateways.Answer{Outcome: gateways.Refused, Problem: "The gateway refused it."}
	busy     = gateways.Answer{Outcome: gateways.Later, Problem: "The gateway cannot be reached."}
	silent   = gateways.Answer{Outcome: gateways.Unknown, Problem: "The gateway did not answer."}
)

// traffic is a send of n messages of an account that pays by itself, all accepted, and what its balance was before. A message costs 0.075.
type traffic struct {
	*storetest.World
	who    storetest.Person
	send   models.ID
	n      int
	before models.Money
}

func newTraffic(t testing.TB, n int) *traffic {
	t.Helper()
	w := storetest.NewWorld(t)
	funds(t, w, w.Clinic, w.Clinic.Own, "100.00")
	tr := &traffic{World: w, who: w.Clinic.Own, n: n, before: w.BalanceOf(t, w.Clinic.Own.Account)}
	tr.send = sent(t, w, w.Clinic.Own, messaging.Draft{Numbers: german(n)})
	return tr
}

func (tr *traffic) tenant() models.ID { return tr.who.Account.TenantID }

func (tr *traffic) job() messaging.HandOver {
	return messaging.HandOver{Tenant: tr.tenant(), Send: tr.send, Last: messaging.LastID, Since: tr.Clock.Now()}
}

func (tr *traffic) ids(t testing.TB) (ids []models.ID) {
	t.Helper()
	must(t, tr.Store.Read(ctx, models.System(tr.tenant()), func(_ context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT id FROM messages WHERE tenant_id = ? AND send_id = ? ORDER BY id`, tr.tenant(), tr.send).Scan(&ids).Error
	}))
	return ids
}

// are checks how many messages have each status, that what failed or was cancelled was refunded, once, and that usage says the same as the log.
func (tr *traffic) are(t testing.TB, what string, want map[models.MessageStatus]int) {
	t.Helper()
	back := 0
	for _, status := range models.MessageStatuses {
		if got := tr.Count(t, `messages WHERE send_id = $1 AND status = $2`, tr.send, string(status)); got != want[status] {
			t.Errorf("%s: %d messages are %s, want %d", what, got, status, want[status])
		}
		if status == models.MessageFailed || status == models.MessageCancelled {
			back += want[status]
		}
	}
	if got := tr.Count(t, `messages WHERE send_id = $1 AND refund_id IS NOT NULL`, tr.send); got != back {
		t.Errorf("%s: %d messages are refunded, want %d", what, got, back)
	}
	cost := models.FromMicros(75_000*int64(tr.n-back), "EUR")
	if got := tr.BalanceOf(t, tr.who.Account); !got.Equal(tr.before.Sub(cost)) {
		t.Errorf("%s: the balance is %s, want %s less %s", what, got, tr.before, cost)
	}
	must(t, tr.Store.Read(ctx, models.System(tr.tenant()), func(ctx context.Context, tx *store.Tx) error {
		faults, err := usage.Faults(ctx, tx)
		for _, fault := range faults {
			t.Errorf("%s: %s", what, fault)
		}
		return err
	}))
}

func funds(t testing.TB, w *storetest.World, c storetest.Company, sub storetest.Person, amount string) {
	t.Helper()
	_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, transferOf(t, sub, amount))
	must(t, err)
}

// after runs a hand-over again and again when it asks for it, moving the clock on, until it is done or a time is over. It returns how often.
func (tr *traffic) after(t testing.TB, c *messaging.Carrier, job messaging.HandOver, most time.Duration) (runs int) {
	t.Helper()
	for end := tr.Clock.Now().Add(most); tr.Clock.Now().Before(end); runs++ {
		err := c.HandOver(ctx, job)
		var later *messaging.Postponed
		if !errors.As(err, &later) {
			must(t, err)
			return runs + 1
		}
		tr.Clock.Add(max(later.After, time.Millisecond))
	}
	return runs
}

// MSG-3, bad input: the gateway is down for an hour. Nothing is lost, nothing is sent twice, and it is not asked all the time.
func TestGatewayDownForAnHour(t *testing.T) {
	tr := newTraffic(t, 250)
	g := answers(busy)
	c := messaging.NewCarrier(tr.Store, g)
	job := tr.job()
	began := tr.Clock.Now()
	tr.after(t, c, job, time.Hour)
	if asked, _ := g.times(); asked < 30 || asked > 150 {
		t.Errorf("in an hour a gateway that is down was asked %d times", asked)
	}
	if down := tr.Clock.Now().Sub(began); down < time.Hour {
		t.Fatalf("the hand-over ended after %s", down)
	}
	tr.are(t, "down", map[models.MessageStatus]int{models.MessageQueued: 250})

	tries, _ := g.times()
	g.becomes(func(gateways.Message) gateways.Answer { return accepted })
	tr.after(t, c, job, time.Hour)
	tr.are(t, "up again", map[models.MessageStatus]int{models.MessageSent: 250})
	if asked, messages := g.times(); messages != 250 || asked-tries != 250 {
		t.Errorf("%d messages were offered %d times after it came back", messages, asked-tries)
	}
}

// MSG-2, MSG-3: what could not be handed over for a day fails and is refunded, once; so does what waited behind it unasked.
func TestGatewayDownForADay(t *testing.T) {
	tr := newTraffic(t, 120)
	g := answers(busy)
	c := messaging.NewCarrier(tr.Store, g)
	job := tr.job()
	tr.after(t, c, job, 25*time.Hour)
	tr.are(t, "a day later", map[models.MessageStatus]int{models.MessageFailed: 120})
	if n := tr.Count(t, `messages WHERE send_id = $1 AND problem = 'The gateway could not be reached within 24 hours.'`, tr.send); n != 120 {
		t.Errorf("%d messages say why", n)
	}
	must(t, c.HandOver(ctx, job))
	must(t, c.Reports(ctx, tr.tenant(), []gateways.Report{{Tenant: tr.tenant(), Message: tr.ids(t)[0], Status: models.MessageDelivered}}))
	tr.are(t, "for ever", map[models.MessageStatus]int{models.MessageFailed: 120})
}

// MSG-2, MSG-3, bad input: the gateway times out, perhaps after it took the message. Such a message is never offered again: its report
// settles it, or else three days do, with a refund; a report after that changes nothing.
func TestGatewayTimesOutAfterAccepting(t *testing.T) {
	tr := newTraffic(t, 4)
	g := answers(silent)
	c := messaging.NewCarrier(tr.Store, g)
	must(t, c.HandOver(ctx, tr.job()))
	tr.are(t, "silence", map[models.MessageStatus]int{models.MessageUnconfirmed: 4})
	g.becomes(func(gateways.Message) gateways.Answer { return accepted })
	tr.Clock.Add(time.Hour)
	must(t, c.HandOver(ctx, tr.job()))
	must(t, c.Reconcile(ctx))
	if asked, _ := g.times(); asked != 4 {
		t.Errorf("4 messages were offered %d times", asked)
	}
	ids := tr.ids(t)
	report := func(i int, status models.MessageStatus) {
		t.Helper()
		must(t, c.Report(ctx, gateways.Report{Tenant: tr.tenant(), Message: ids[i], Status: status, Problem: map[bool]string{true: "No such number."}[status == models.MessageFailed]}))
	}
	report(0, models.MessageDelivered)
	report(1, models.MessageFailed)
	report(2, models.MessageSent)
	tr.are(t, "reported", map[models.MessageStatus]int{models.MessageDelivered: 1, models.MessageFailed: 1, models.MessageSent: 1, models.MessageUnconfirmed: 1})
	tr.Clock.Add(71 * time.Hour)
	must(t, c.Reconcile(ctx))
	tr.Clock.Add(2 * time.Hour)
	must(t, c.Reconcile(ctx))
	settled := map[models.MessageStatus]int{models.MessageDelivered: 1, models.MessageFailed: 2, models.MessageSent: 1}
	tr.are(t, "three days later", settled)
	report(3, models.MessageDelivered)
	report(3, models.MessageFailed)
	must(t, c.Reconcile(ctx))
	tr.are(t, "too late", settled)
}

// MSG-3: a process that dies while it hands messages over. Nobody can tell how far it came: they become unconfirmed and are never offered
// again; what it had not claimed is.
func TestDiesWhileHandingOver(t *testing.T) {
	tr := newTraffic(t, 150)
	g := answers(accepted)
	c := messaging.NewCarrier(tr.Store, g)
	if n, err := c.Claim(ctx, tr.job(), 100); err != nil || n != 100 {
		t.Fatalf("%d claimed, %v", n, err)
	}
	must(t, c.HandOver(ctx, tr.job())) // the queue runs the job again
	tr.are(t, "died", map[models.MessageStatus]int{models.MessageSending: 100, models.MessageSent: 50})
	tr.Clock.Add(9 * time.Minute)
	must(t, c.Reconcile(ctx))
	tr.are(t, "perhaps it lives", map[models.MessageStatus]int{models.MessageSending: 100, models.MessageSent: 50})
	tr.Clock.Add(2 * time.Minute)
	must(t, c.Reconcile(ctx))
	must(t, c.HandOver(ctx, tr.job()))
	tr.are(t, "found", map[models.MessageStatus]int{models.MessageUnconfirmed: 100, models.MessageSent: 50})
	if asked, _ := g.times(); asked != 50 {
		t.Errorf("%d messages were offered, of which 100 nobody knows about", asked)
	}
}

// MSG-3, bad input: reports that come before the answer, twice, out of order, and of a message that went back to the queue.
func TestReportsOutOfOrder(t *testing.T) {
	tr := newTraffic(t, 5)
	g := answers(accepted)
	c := messaging.NewCarrier(tr.Store, g)
	ids := tr.ids(t)
	report := func(i int, status models.MessageStatus) {
		t.Helper()
		must(t, c.Report(ctx, gateways.Report{Tenant: tr.tenant(), Message: ids[i], Status: status}))
	}
	report(4, models.MessageDelivered) // before it was ever offered: that cannot be
	tr.are(t, "nobody was asked", map[models.MessageStatus]int{models.MessageQueued: 5})

	g.becomes(func(m gateways.Message) gateways.Answer {
		switch m.ID {
		case ids[0]: // delivered before it is accepted
			report(0, models.MessageDelivered)
		case ids[1]: // failed before it is accepted
			report(1, models.MessageFailed)
		case ids[2]: // it says that it is busy, and has it
			report(2, models.MessageSent)
			return busy
		case ids[3]: // it says that it is busy, and has it; that is told when it is queued again
			return busy
		}
		return accepted
	})
	var later *messaging.Postponed
	if err := c.HandOver(ctx, tr.job()); !errors.As(err, &later) {
		t.Fatalf("what the gateway did not take is not to be offered again: %v", err)
	}
	tr.are(t, "told before", map[models.MessageStatus]int{models.MessageDelivered: 1, models.MessageFailed: 1, models.MessageSent: 2, models.MessageQueued: 1})
	report(3, models.MessageDelivered)
	report(0, models.MessageFailed)
	report(0, models.MessageSent)
	report(1, models.MessageDelivered)
	report(1, models.MessageFailed)
	report(4, models.MessageFailed)
	report(4, models.MessageFailed)
	report(4, models.MessageDelivered)
	tr.Clock.Add(time.Hour)
	must(t, c.HandOver(ctx, tr.job()))
	tr.are(t, "told again", map[models.MessageStatus]int{models.MessageDelivered: 2, models.MessageFailed: 2, models.MessageSent: 1})
	if asked, _ := g.times(); asked != 5 {
		t.Errorf("5 messages were offered %d times", asked)
	}
	must(t, c.Report(ctx, gateways.Report{Tenant: tr.Harbor.ID, Message: ids[2], Status: models.MessageFailed}))
	must(t, c.Report(ctx, gateways.Report{Tenant: tr.tenant(), Message: models.NewID(), Status: models.MessageFailed}))
	must(t, c.Report(ctx, gateways.Report{Tenant: tr.tenant(), Message: ids[2], Status: models.MessageQueued}))
	must(t, c.Report(ctx, gateways.Report{Tenant: tr.tenant(), Message: ids[2], Status: "happy"}))
	tr.are(t, "another tenant's, nobody's, and no status", map[models.MessageStatus]int{models.MessageDelivered: 2, models.MessageFailed: 2, models.MessageSent: 1})
}

// MSG-2: a message that the gateway refuses is refunded, once, and says why.
func TestRefusedByTheGateway(t *testing.T) {
	tr := newTraffic(t, 3)
	must(t, messaging.NewCarrier(tr.Store, answers(refused)).HandOver(ctx, tr.job()))
	tr.are(t, "refused", map[models.MessageStatus]int{models.MessageFailed: 3})
	if n := tr.Count(t, `messages WHERE send_id = $1 AND problem = 'The gateway refused it.' AND gateway = 'scripted' AND tries = 1`, tr.send); n != 3 {
		t.Errorf("%d messages say why", n)
	}
}

// MSG-1, MSG-3: eight workers at the same slice, while the send is cancelled: each message is offered once, or cancelled and refunded,
// never both.
func TestHandOverAndCancelRace(t *testing.T) {
	tr := newTraffic(t, 400)
	g := answers(accepted)
	c := messaging.NewCarrier(tr.Store, g)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := c.HandOver(ctx, tr.job()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		for set := range slices.Chunk(tr.ids(t), 40) {
			if _, err := messaging.Moves(ctx, tr.Store, tr.tenant(), set, models.MessageCancelled, false); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	asked, messages := g.times()
	if asked != messages {
		t.Errorf("%d messages were offered %d times", messages, asked)
	}
	tr.are(t, "raced", map[models.MessageStatus]int{models.MessageSent: messages, models.MessageCancelled: 400 - messages})
	t.Logf("%d of 400 were handed over", messages)
}

// MSG-1: what is held is not handed over; the end of a pause hands it over, also what came back to the queue.
func TestHeldSendsWait(t *testing.T) {
	tr := newTraffic(t, 20)
	g := answers(accepted)
	c := messaging.NewCarrier(tr.Store, g)
	_, err := tr.Raw.Exec(ctx, `UPDATE sends SET held = true WHERE id = $1`, tr.send)
	must(t, err)
	must(t, c.HandOver(ctx, tr.job()))
	if asked, _ := g.times(); asked != 0 {
		t.Errorf("%d messages of a held send were offered", asked)
	}
	tr.are(t, "held", map[models.MessageStatus]int{models.MessageQueued: 20})
	_, err = tr.Raw.Exec(ctx, `UPDATE sends SET held = false WHERE id = $1`, tr.send)
	must(t, err)
	must(t, c.HandOver(ctx, tr.job()))
	tr.are(t, "going on", map[models.MessageStatus]int{models.MessageSent: 20})
}

// MSG-3: a gateway that does not answer is left alone after some messages: the others wait in the queue, not in doubt.
func TestSilentGatewayIsLeftAlone(t *testing.T) {
	tr := newTraffic(t, 300)
	g := answers(silent)
	c := messaging.NewCarrier(tr.Store, g)
	tr.after(t, c, tr.job(), 10*time.Minute)
	if asked, _ := g.times(); asked > 32+5+20 {
		t.Errorf("in ten minutes %d messages went into the dark", asked)
	}
	g.becomes(func(gateways.Message) gateways.Answer { return accepted })
	tr.after(t, c, tr.job(), time.Hour)
	asked, messages := g.times()
	if asked != 300 || messages != 300 {
		t.Errorf("%d messages were offered %d times", messages, asked)
	}
}

func transferOf(t testing.TB, sub storetest.Person, amount string) ledger.TransferOrder {
	return ledger.TransferOrder{SubAccount: sub.Account.ID, Amount: storetest.Euros(t, amount)}
}
