package messaging_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/billing"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
	"offshoot/services/senders"
	"offshoot/services/sharing"
	"offshoot/services/storetest"
)

// MSG-2: what can be paid is accepted, in the order of the list; then the send is blocked by the rule, in words that say who
// can change it, and goes on after a top-up. Nobody is written to twice.
func TestBlockedByMoneyAndContinued(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	give(t, w, w.Clinic, "1")
	id := sent(t, w, who, messaging.Draft{Numbers: german(20)})
	got := progress(t, w, who, id)
	if got.Status != models.SendBlocked || got.Handled != 13 || got.Waiting() != 13 || got.Problem != "insufficient_balance" ||
		!strings.Contains(got.Reason, "The balance of North Clinic has 0.025 EUR, and this takes 0.075 EUR. An Admin of North Clinic Group can transfer") {
		t.Fatalf("%+v", got)
	}
	if err := w.Messaging.Continue(ctx, who.Actor, id); err == nil || !strings.Contains(err.Error(), "insufficient_balance") {
		t.Error(err)
	}
	give(t, w, w.Clinic, "9")
	must(t, w.Messaging.Continue(ctx, who.Actor, id))
	run(t, w, who, id)
	handOver(t, w, who)
	run(t, w, who, id)
	if got = progress(t, w, who, id); got.Status != models.SendDone || got.ByStatus[models.MessageDelivered] != 20 || w.Count(t, "(SELECT DISTINCT recipient FROM messages) m") != 20 {
		t.Errorf("%+v", got)
	}
	if has := w.BalanceOf(t, who.Account); has.String() != "8.50 EUR" {
		t.Error(has)
	}
}

// BAL-2, MSG-2: a sub-account that spends its parent's balance is told what refused and who can change it, and no figure.
func TestSharedBalanceSeesNoFigures(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Shared
	id := compose(t, w, who, messaging.Draft{Numbers: german(20_000)})
	p, err := w.Messaging.Quote(ctx, who.Actor, id)
	must(t, err)
	if !p.Quote.NoPrices || !p.Quote.Missing || p.Quoted != "" || !p.Quote.Money.IsZero() || len(p.Quote.Pockets) != 0 || p.Quote.Countries[0].Price.IsPositive() {
		t.Errorf("%+v", p)
	}
	must(t, start(w, who, id))
	run(t, w, who, id)
	got := progress(t, w, who, id)
	if got.Status != models.SendBlocked || got.Handled != 13_333 || strings.ContainsAny(got.Reason, "0123456789") || !strings.Contains(got.Reason, "North Clinic Group can add balance") {
		t.Errorf("%+v", got)
	}
	x, err := w.Messaging.Why(ctx, who.Actor, messaging.Asked{})
	must(t, err)
	broken, is := x.Verdict.Broken()
	if !is || broken.Code != "insufficient_balance" || strings.ContainsAny(broken.Says, "0123456789") {
		t.Errorf("%+v", x.Verdict)
	}
	x, err = w.Messaging.Why(ctx, w.Clinic.Admin.Actor, messaging.Asked{Account: who.Account.ID})
	must(t, err)
	if broken, is = x.Verdict.Broken(); !is || !strings.Contains(broken.Says, "has 0.025 EUR") {
		t.Errorf("%+v", x.Verdict)
	}
}

// Bad input: two sends race for the last unit, and exactly one gets it.
func TestTwoSendsRaceForTheLastUnit(t *testing.T) {
	w := storetest.NewWorld(t)
	pkg := w.AddPackage(t, w.Clinic, 1, 30, "DE")
	sub := w.AddActive(t, w.Clinic, "Lab", "lab@clinic.example")
	must(t, w.Billing.ShareUnits(ctx, w.Clinic.Admin.Actor, billing.UnitsOrder{Package: pkg, SubAccount: sub.Account.ID, Units: 1}))
	var ids []models.ID
	for range 2 {
		id := compose(t, w, sub, messaging.Draft{Numbers: german(1)})
		must(t, start(w, sub, id))
		ids = append(ids, id)
	}
	var wait sync.WaitGroup
	for _, id := range ids {
		for range 5 {
			wait.Go(func() {
				if err := w.Messaging.Run(context.Background(), sub.Account.TenantID, id); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wait.Wait()
	a, b := progress(t, w, sub, ids[0]), progress(t, w, sub, ids[1])
	if a.Waiting()+b.Waiting() != 1 || a.Status == b.Status || a.Units+b.Units != 1 {
		t.Errorf("%+v\n%+v", a, b)
	}
}

// Bad input: the price changes between preview and send: nothing is sent, and old and new are told.
func TestPriceChangesBeforeStart(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	give(t, w, w.Clinic, "10")
	id := compose(t, w, who, messaging.Draft{Numbers: german(2) + "+436641234567"})
	p, err := w.Messaging.Quote(ctx, who.Actor, id)
	must(t, err)
	w.Clock.Add(3600e9)
	price, err := models.ParsePrice("0.08", "EUR")
	must(t, err)
	_, err = w.Billing.SetRate(ctx, w.Sam.Actor, billing.RateOrder{Currency: "EUR", Country: "DE", Price: price})
	must(t, err)
	changes, err := w.Messaging.Start(ctx, who.Actor, messaging.StartOrder{Send: id, Quoted: p.Quoted, Key: models.NewID().String()})
	if !errors.Is(err, messaging.ErrPricesChanged) || len(changes) != 1 || changes[0].Country != "DE" || changes[0].Old.String() != "0.075 EUR" || changes[0].New.String() != "0.08 EUR" {
		t.Fatalf("%+v %v", changes, err)
	}
	for _, quoted := range []string{"", "{}", "nonsense"} {
		if _, err := w.Messaging.Start(ctx, who.Actor, messaging.StartOrder{Send: id, Quoted: quoted, Key: models.NewID().String()}); !errors.Is(err, messaging.ErrPricesChanged) {
			t.Errorf("%q: %v", quoted, err)
		}
	}
	must(t, start(w, who, id)) // having looked again
	price, err = models.ParsePrice("0.5", "EUR")
	must(t, err)
	w.Clock.Add(3600e9)
	_, err = w.Billing.SetRate(ctx, w.Sam.Actor, billing.RateOrder{Currency: "EUR", Country: "DE", Price: price})
	must(t, err)
	run(t, w, who, id)
	if got := progress(t, w, who, id); got.Cost.String() != "0.22 EUR" { // the price is that of the start
		t.Errorf("%+v", got)
	}
}

// Bad input: units that the quote counted on are gone before the start: more from the balance is not taken unasked.
func TestUnitsTakenBackBeforeStart(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	give(t, w, w.Clinic, "10")
	pkg := w.AddPackage(t, w.Clinic, 10, 30, "DE")
	order := billing.UnitsOrder{Package: pkg, SubAccount: who.Account.ID, Units: 10}
	must(t, w.Billing.ShareUnits(ctx, w.Clinic.Admin.Actor, order))
	id := compose(t, w, who, messaging.Draft{Numbers: german(10)})
	p, err := w.Messaging.Quote(ctx, who.Actor, id)
	must(t, err)
	if p.Quote.Units != 10 || !p.Quote.Money.IsZero() || len(p.Quote.Pockets) != 1 {
		t.Fatalf("%+v", p.Quote)
	}
	_, err = w.Ledger.TransferBack(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: who.Account.ID, Amount: models.Units(4, pkg)})
	must(t, err)
	_, err = w.Messaging.Start(ctx, who.Actor, messaging.StartOrder{Send: id, Quoted: p.Quoted, Key: models.NewID().String()})
	if !errors.Is(err, messaging.ErrPricesChanged) || !strings.Contains(err.Error(), "0.30 EUR would come from the balance") {
		t.Error(err)
	}
	if got := progress(t, w, who, id); got.Status != models.SendReady {
		t.Errorf("%+v", got)
	}
}

// MSG-2: units first, as far as they go, then the balance; the quote says what is then taken.
func TestQuoteIsWhatIsTaken(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	give(t, w, w.Clinic, "10")
	de := w.AddPackage(t, w.Clinic, 7, 10, "DE")
	at := w.AddPackage(t, w.Clinic, 5, 5, "AT", "DE")
	for _, pkg := range []models.ID{de, at} {
		must(t, w.Billing.ShareUnits(ctx, w.Clinic.Admin.Actor, billing.UnitsOrder{Package: pkg, SubAccount: who.Account.ID, Units: 5}))
	}
	id := compose(t, w, who, messaging.Draft{Text: strings.Repeat("ж", 71), Numbers: german(6) + "+436641234567\n+41791234567"})
	p, err := w.Messaging.Quote(ctx, who.Actor, id)
	must(t, err)
	must(t, start(w, who, id))
	run(t, w, who, id)
	got := progress(t, w, who, id)
	if got.Units != p.Quote.Units || !got.Cost.Equal(p.Quote.Money) || got.Units != 8 || got.Handled != 8 {
		t.Errorf("quoted %+v, taken %d units and %s", p.Quote, got.Units, got.Cost)
	}
}

// Bad input: a shared Sender ID is withdrawn while a send runs: the send is blocked by that rule, and what is accepted is held.
func TestSenderWithdrawnWhileItRuns(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	give(t, w, w.Clinic, "100")
	sender, err := w.Senders.Request(ctx, w.Clinic.Admin.Actor, senders.Request{Name: "CLINIC", Purpose: "Appointments"})
	must(t, err)
	must(t, w.Senders.Approve(ctx, w.Sam.Actor, w.Clinic.ID, sender))
	must(t, w.Sharing.Share(ctx, w.Clinic.Admin.Actor, sharing.Order{Kind: models.SharedSenderID, ID: sender, Setting: models.Public}))
	id := compose(t, w, who, messaging.Draft{Numbers: german(700), Sender: sender})
	must(t, start(w, who, id))
	messaging.TakeSlice(t, w.Messaging, who.Account.TenantID, id)
	must(t, w.Senders.Withdraw(ctx, w.Clinic.Admin.Actor, sender))
	run(t, w, who, id)
	handOver(t, w, who)
	got := progress(t, w, who, id)
	if got.Status != models.SendBlocked || got.Problem != "sender_not_usable" || got.Handled != 500 || got.Waiting() != 500 {
		t.Errorf("%+v", got)
	}
	if err := w.Messaging.Continue(ctx, who.Actor, id); !errors.Is(err, senders.ErrSenderNotUsable) {
		t.Error(err)
	}
	must(t, w.Messaging.Cancel(ctx, who.Actor, id))
	must(t, w.Messaging.CancelQueued(ctx, messaging.CancelRest{Tenant: who.Account.TenantID, Send: id}))
	if got = progress(t, w, who, id); got.ByStatus[models.MessageCancelled] != 500 || w.BalanceOf(t, who.Account).String() != "100.00 EUR" {
		t.Errorf("%+v", got)
	}
}

// Bad input: units are taken back, the balance goes, the sub-account is deactivated while a send runs: blocked each time by
// its rule, and continued when that is mended.
func TestRulesBreakWhileItRuns(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	pkg := w.AddPackage(t, w.Clinic, 1000, 30, "DE")
	must(t, w.Billing.ShareUnits(ctx, w.Clinic.Admin.Actor, billing.UnitsOrder{Package: pkg, SubAccount: who.Account.ID, Units: 700}))
	id := compose(t, w, who, messaging.Draft{Numbers: german(1500)})
	must(t, start(w, who, id))
	messaging.TakeSlice(t, w.Messaging, who.Account.TenantID, id)
	_, err := w.Ledger.TransferBack(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: who.Account.ID, Amount: models.Units(150, pkg)})
	must(t, err)
	run(t, w, who, id)
	got := progress(t, w, who, id)
	if got.Status != models.SendBlocked || got.Handled != 550 || got.Units != 550 || got.Problem != "insufficient_balance" {
		t.Fatalf("%+v", got)
	}
	give(t, w, w.Clinic, "100")
	must(t, w.Messaging.Continue(ctx, who.Actor, id))
	messaging.TakeSlice(t, w.Messaging, who.Account.TenantID, id)
	_, err = w.Accounts.Deactivate(ctx, w.Clinic.Admin.Actor, who.Account.ID, "unpaid")
	must(t, err)
	run(t, w, who, id)
	handOver(t, w, who)
	if got = progress(t, w, who, id); got.Status != models.SendBlocked || got.Problem != "own_state" || got.Handled != 1050 || got.Waiting() != 1050 {
		t.Fatalf("%+v", got)
	}
	must(t, w.Accounts.Reactivate(ctx, w.Clinic.Admin.Actor, who.Account.ID))
	give(t, w, w.Clinic, "100")
	must(t, w.Messaging.Continue(ctx, who.Actor, id))
	run(t, w, who, id)
	if got = progress(t, w, who, id); got.Handled != 1500 || got.Waiting() != 1500 {
		t.Errorf("%+v", got)
	}
}

// MSG-5: who opted out, also after the preview, gets nothing and costs nothing; countries without a price likewise.
func TestOptedOutAndUnserved(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	give(t, w, w.Clinic, "10")
	people := audience.New(w.Store)
	_, err := people.AddOptOut(ctx, who.Actor, "+4915112505000")
	must(t, err)
	id := compose(t, w, who, messaging.Draft{Numbers: german(3) + "+919812345678"})
	p, err := w.Messaging.Quote(ctx, who.Actor, id)
	must(t, err)
	if p.Quote.OptedOut != 1 || p.Quote.Recipients != 2 || len(p.Quote.Unserved) != 1 || p.Quote.Unserved[0].Country != "IN" {
		t.Fatalf("%+v", p.Quote)
	}
	must(t, start(w, who, id))
	_, err = people.AddOptOut(ctx, who.Actor, "+4915112505001")
	must(t, err)
	run(t, w, who, id)
	got := progress(t, w, who, id)
	list, err := w.Messaging.Skipped(ctx, who.Actor, id, 0)
	must(t, err)
	if got.Handled != 4 || got.Skipped != 3 || got.Waiting() != 1 || got.Cost.String() != "0.075 EUR" || len(list.Skips) != 3 {
		t.Errorf("%+v %+v", got, list.Skips)
	}
	x, err := w.Messaging.Why(ctx, who.Actor, messaging.Asked{To: "0151 12505001", Parts: 1})
	must(t, err)
	if broken, _ := x.Verdict.Broken(); broken.Code != "opted_out" {
		t.Errorf("%+v", x.Verdict)
	}
	if err := start(w, who, compose(t, w, who, messaging.Draft{Numbers: "+919812345678"})); !errors.Is(err, messaging.ErrNobody) {
		t.Error(err)
	}
}

// MSG-1, MSG-5: a group is collected in chunks, each of its members once, also by several jobs at once.
func TestGroupIsCollectedOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	people := audience.New(w.Store)
	group, err := people.AddGroup(ctx, who.Actor, audience.GroupOrder{Name: "Patients"})
	must(t, err)
	_, err = w.Raw.Exec(ctx, `WITH c AS (INSERT INTO contacts (tenant_id, id, account_id, number, country, created_at)
			SELECT $1, gen_random_uuid(), $2, '+4915112' || (600000 + n), 'DE', now() FROM generate_series(1, 9000) n RETURNING tenant_id, id)
		INSERT INTO group_members (tenant_id, group_id, contact_id) SELECT tenant_id, $3, id FROM c`, who.Account.TenantID, who.Account.ID, group)
	must(t, err)
	id := compose(t, w, who, messaging.Draft{Group: group, Numbers: "+4915112600001"})
	if got := progress(t, w, who, id); got.Status != models.SendCollecting || got.Recipients < 2000 {
		t.Errorf("%+v", got)
	}
	if _, err := w.Messaging.Quote(ctx, who.Actor, id); !errors.Is(err, messaging.ErrNotReady) {
		t.Error(err)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if err := w.Messaging.CollectAll(ctx, messaging.Collect{Tenant: who.Account.TenantID, Send: id}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	got := progress(t, w, who, id)
	if got.Status != models.SendReady || got.Recipients != 9000 || got.Duplicates != 1 || w.Count(t, "send_recipients") != 9000 {
		t.Errorf("%+v", got)
	}
}

// MSG-1: paused, nothing more is accepted and nothing handed over; continued, it goes on; cancelled, what waits is given back once.
func TestPauseContinueCancel(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	give(t, w, w.Clinic, "100")
	id := compose(t, w, who, messaging.Draft{Numbers: german(1200)})
	must(t, start(w, who, id))
	messaging.TakeSlice(t, w.Messaging, who.Account.TenantID, id)
	must(t, w.Messaging.Pause(ctx, who.Actor, id))
	run(t, w, who, id)
	handOver(t, w, who)
	if got := progress(t, w, who, id); got.Status != models.SendPaused || got.Handled != 500 || got.Waiting() != 500 {
		t.Fatalf("%+v", got)
	}
	if err := w.Messaging.Pause(ctx, who.Actor, id); !errors.Is(err, messaging.ErrNotRunning) {
		t.Error(err)
	}
	must(t, w.Messaging.Continue(ctx, who.Actor, id))
	handOver(t, w, who)
	messaging.TakeSlice(t, w.Messaging, who.Account.TenantID, id)
	must(t, w.Messaging.Cancel(ctx, who.Actor, id))
	run(t, w, who, id)
	handOver(t, w, who)
	job := messaging.CancelRest{Tenant: who.Account.TenantID, Send: id}
	var wait sync.WaitGroup
	for range 5 {
		wait.Go(func() {
			if err := w.Messaging.CancelQueued(ctx, job); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	got := progress(t, w, who, id)
	if got.Status != models.SendCancelled || got.Handled != 1000 || got.ByStatus[models.MessageCancelled] != 500 || got.ByStatus[models.MessageDelivered] != 500 ||
		got.Refunded.String() != "37.50 EUR" || w.BalanceOf(t, who.Account).String() != "62.50 EUR" {
		t.Errorf("%+v %s", got, w.BalanceOf(t, who.Account))
	}
	for name, err := range map[string]error{"cancel": w.Messaging.Cancel(ctx, who.Actor, id), "continue": w.Messaging.Continue(ctx, who.Actor, id), "start": start(w, who, id)} {
		if err == nil {
			t.Error(name, "after the end")
		}
	}
}

// Always: a send belongs to its account. Others do not see it; its parent sees it and changes nothing.
func TestWhoMayDoWhat(t *testing.T) {
	w := storetest.NewWorld(t)
	give(t, w, w.Clinic, "10")
	id := compose(t, w, w.Clinic.Own, messaging.Draft{Numbers: german(1)})
	for name, who := range map[string]storetest.Person{"a sibling": w.Clinic.Shared, "another parent": w.Harbor.Admin, "another tenant's": w.Harbor.Own} {
		if _, err := w.Messaging.Progress(ctx, who.Actor, id); !errors.Is(err, messaging.ErrNoSuchSend) {
			t.Errorf("%s sees it: %v", name, err)
		}
		if err := w.Messaging.Cancel(ctx, who.Actor, id); !errors.Is(err, messaging.ErrNoSuchSend) {
			t.Errorf("%s cancels it: %v", name, err)
		}
	}
	if _, err := w.Messaging.Progress(ctx, w.Clinic.Admin.Actor, id); err != nil {
		t.Error(err)
	}
	if err := w.Messaging.Cancel(ctx, w.Clinic.Admin.Actor, id); !errors.Is(err, messaging.ErrNoSuchSend) {
		t.Errorf("its parent cancels it: %v", err)
	}
	viewer := w.Clinic.Own.Actor
	viewer.Privileges = map[models.Privilege]bool{models.ViewMessages: true}
	_, err := w.Messaging.Compose(ctx, viewer, messaging.Draft{Numbers: german(1), Text: "a"})
	for _, err := range []error{err, w.Messaging.Pause(ctx, viewer, id), w.Messaging.Continue(ctx, viewer, id), w.Messaging.Cancel(ctx, viewer, id)} {
		if !errors.Is(err, models.ErrMissingPrivilege) {
			t.Errorf("with view only: %v", err)
		}
	}
}

// PRV-4, ACC-9: the rules in their order; the first that is broken is named.
func TestVerdictNamesTheFirstBrokenRule(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	why := func() models.Rule {
		t.Helper()
		x, err := w.Messaging.Why(ctx, w.Clinic.Admin.Actor, messaging.Asked{Account: who.Account.ID, To: "+4915112505000", Parts: 1})
		must(t, err)
		r, _ := x.Verdict.Broken()
		return r
	}
	if r := why(); r.Code != "insufficient_balance" || !strings.Contains(r.Who, "North Clinic Group") {
		t.Errorf("%+v", r)
	}
	give(t, w, w.Clinic, "1")
	if r := why(); r.Code != "" {
		t.Errorf("%+v", r)
	}
	_, err := w.Raw.Exec(ctx, `INSERT INTO feature_access (tenant_id, account_id, feature, access) VALUES ($1, $2, 'messages', 'view')`, who.Account.TenantID, who.Account.ID)
	must(t, err)
	if r := why(); r.Code != "feature_access" || !strings.Contains(r.Who, "North Clinic Group") {
		t.Errorf("%+v", r)
	}
	_, err = w.Accounts.Deactivate(ctx, w.Clinic.Admin.Actor, who.Account.ID, "unpaid")
	must(t, err)
	if r := why(); r.Code != "own_state" {
		t.Errorf("%+v", r)
	}
	for to, parts := range map[string]int64{"": 1, "nonsense": 1, "+4915112505000": 11} {
		if _, err := w.Messaging.Why(ctx, w.Clinic.Admin.Actor, messaging.Asked{Account: who.Account.ID, To: to, Parts: parts}); to != "" && !errors.Is(err, models.ErrCheckFields) {
			t.Errorf("%q %d: %v", to, parts, err)
		}
	}
	if _, err := w.Messaging.Why(ctx, w.Harbor.Admin.Actor, messaging.Asked{Account: who.Account.ID}); !errors.Is(err, ledger.ErrNoSuchAccount) {
		t.Error(err)
	}
}
