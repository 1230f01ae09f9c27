package main

import (
	"testing"
	"time"

	"github.com/riverqueue/river"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

// What nobody asks for is done, and as often as it has to be: a month starts within the hour in which it turns (BAL-5), what waits
// for a new day is recharged with it (BAL-8), who is low is told again each day (BAL-10), trials end (ACC-13), packages too
// (SHR-2), and the books are looked at every five minutes.
func TestSchedule(t *testing.T) {
	atLeast := map[string]time.Duration{
		"funding.month_start": time.Hour,
		"refill.turn":         5 * time.Minute,
		"refill.remind":       time.Hour,
		"trials.remind":       time.Hour,
		"books.check_new":     5 * time.Minute,
		"packages.expire":     time.Minute,
		"access.close":        time.Minute,
		"messages.reconcile":  time.Minute,
		"messages.keep_parts": 24 * time.Hour,
		"usage.roll":          10 * time.Minute,
		"sweep":               time.Hour,
	}
	for _, r := range schedule {
		most, known := atLeast[r.job.Kind()]
		if !known || r.every > most || r.every <= 0 {
			t.Errorf("%s is done every %s, not at least every %s", r.job.Kind(), r.every, most)
		}
		delete(atLeast, r.job.Kind())
	}
	for kind, most := range atLeast {
		t.Errorf("nothing does %s, which has to be done at least every %s", kind, most)
	}
}

// BAL-5, BAL-8: money that arrives goes to everybody who waits for it: to whoever is short of the month's limit, and to whose
// recharge is paused.
func TestMoneyArrivedGoesToAll(t *testing.T) {
	w := storetest.NewWorld(t)
	c, ctx := w.Clinic, t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.Refill.SetRule(ctx, c.Admin.Actor, c.Own.Account.ID, models.RechargeForm{Below: "5", Way: models.WayAmount, Amount: "20", MostTimes: "3", MostAmount: "60"}))
	ward := w.AddActive(t, c, "Ward 2", "ward2@clinic.example").Account
	must(w.Accounts.SetFunding(ctx, c.Admin.Actor, ward.ID, version(t, w, ward.ID), models.FundingTerms{Funding: models.MonthlyLimit, Limit: "30"}))
	spend := func(of models.ID, amount, reference string) {
		t.Helper()
		_, err := w.Ledger.Charge(ctx, w.Sam.Actor.In(c.ID), ledger.ChargeOrder{Account: of, Kind: ledger.CallUsage, Country: "DE", Quantity: 1,
			Amount: storetest.Euros(t, amount), Reference: reference})
		must(err)
	}
	spend(ward.ID, "30", "all of its limit")
	spend(c.Shared.Account.ID, w.BalanceOf(t, c.Account).Text(), "all that the parent has")
	w.Clock.Set(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC))
	must(w.Funding.StartMonths(ctx))
	must(w.Refill.Fell(ctx, ledger.Fell{Tenant: c.ID, Account: c.Own.Account.ID, Of: ledger.RechargeFall}))
	if w.Count(t, "month_starts WHERE state = 'short'") != 1 || w.Count(t, "recharge_rules WHERE paused_reason = 'short'") != 1 {
		t.Fatal("not both wait")
	}
	_, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: c.ID, Amount: storetest.Euros(t, "50"), Reference: "SEPA 9"})
	must(err)
	arrived := &moneyArrived{house: &house{funding: w.Funding, refill: w.Refill}}
	must(arrived.Work(ctx, &river.Job[ledger.MoneyArrived]{Args: ledger.MoneyArrived{Tenant: c.ID}}))
	if got := w.BalanceOf(t, ward).Text() + " " + w.BalanceOf(t, c.Own.Account).Text(); got != "30.00 20.00" {
		t.Errorf("they have %s", got)
	}
}

func version(t *testing.T, w *storetest.World, sub models.ID) int {
	t.Helper()
	shown, err := w.Accounts.Show(t.Context(), w.Clinic.Admin.Actor, sub)
	if err != nil {
		t.Fatal(err)
	}
	return shown.Version
}
