package refill_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/funding"
	"offshoot/services/refill"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// by20 is below 5.00 a transfer of 20.00, three times and 60.00 a day.
var by20 = models.RechargeForm{Below: "5", Way: models.WayAmount, Amount: "20", MostTimes: "3", MostAmount: "60"}

// BAL-8, bad input: every field that is wrong gets its sentence, and nothing is set.
func TestRuleRefusesWhatIsNoRule(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own.Account.ID
	before := w.Fingerprint(t)
	for _, c := range []struct {
		field, typed, sentence string
	}{
		{"below", "", "Enter an amount."},
		{"below", "0", "Enter an amount above zero."},
		{"below", "-5", "Enter an amount above zero."},
		{"below", "5,00", "Write the amount with a point: 5.00."},
		{"below", "5.001", "EUR has two decimals."},
		{"below", "five", "Write the amount in digits with a point, like 25.00."},
		{"below", "9999999999999", "That amount is too large."},
		{"below", strings.Repeat("9", 100), "That amount is too long."},
		{"amount", "4.99", "Enter at least 5.00 EUR: with less, it could still be low after a recharge."},
		{"amount", "", "Enter an amount."},
		{"amount", "9223372036854775807", "That amount is too large."},
		{"amount", "1e3", "Write the amount in digits with a point, like 25.00."},
		{"most", "19.99", "Enter at least 20.00 EUR: with less, not one recharge a day would be possible."},
		{"most", "0", "Enter an amount above zero."},
		{"most", "1000000000000", "That amount is too large."},
		{"times", "0", "Enter a whole number from 1 to 1000."},
		{"times", "-1", "Enter a whole number from 1 to 1000."},
		{"times", "1001", "Enter a whole number from 1 to 1000."},
		{"times", "2.5", "Enter a whole number from 1 to 1000."},
		{"times", "", "Enter a whole number from 1 to 1000."},
		{"times", "99999999999999999999", "Enter a whole number from 1 to 1000."},
		{"way", "", "Choose what is transferred."},
		{"way", "everything", "Choose what is transferred."},
	} {
		form := by20
		*map[string]*string{"below": &form.Below, "amount": &form.Amount, "most": &form.MostAmount, "times": &form.MostTimes, "way": &form.Way}[c.field] = c.typed
		err := w.Refill.SetRule(ctx, w.Clinic.Admin.Actor, own, form)
		var refused *models.Error
		if !errors.As(err, &refused) || refused.Fields["recharge_"+c.field] != c.sentence {
			t.Errorf("%s %.30q: %v %v", c.field, c.typed, err, refused)
		}
	}
	yen := by20
	yen.Below, yen.Amount, yen.MostAmount = "100", "1000.5", "5000"
	var refused *models.Error
	if err := w.Refill.SetRule(ctx, w.Harbor.Admin.Actor, w.Harbor.Own.Account.ID, yen); !errors.As(err, &refused) || refused.Fields["recharge_amount"] != "JPY has no decimals." {
		t.Errorf("yen with decimals: %v", err)
	}
	for name, c := range map[string]struct {
		actor models.Actor
		of    models.ID
		form  models.RechargeForm
		code  string
	}{
		"a User":               {w.Clinic.Own.Actor, own, by20, "missing_privilege"},
		"another parent":       {w.Harbor.Admin.Actor, own, by20, "account_not_found"},
		"the parent itself":    {w.Clinic.Admin.Actor, w.Clinic.ID, by20, "account_not_found"},
		"nobody's":             {w.Clinic.Admin.Actor, models.NewID(), by20, "account_not_found"},
		"one that shares":      {w.Clinic.Admin.Actor, w.Clinic.Shared.Account.ID, by20, "not_recharged"},
		"a rule that is gone":  {w.Clinic.Admin.Actor, own, func() models.RechargeForm { f := by20; f.Version = 3; return f }(), "stale_form"},
		"staff without rights": {w.Sam.Actor.In(w.Clinic.ID), own, by20, "missing_privilege"},
	} {
		if err := w.Refill.SetRule(ctx, c.actor, c.of, c.form); code(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(context.Context, models.Actor, models.ID) error{"stop": w.Refill.StopRule, "pause": w.Refill.Pause, "resume": w.Refill.Resume} {
		if err := change(ctx, w.Harbor.Admin.Actor, own); code(err) != "account_not_found" {
			t.Errorf("%s in another tenant: %v", name, err)
		}
		if err := change(ctx, w.Clinic.Own.Actor, own); code(err) != "missing_privilege" {
			t.Errorf("%s by its own: %v", name, err)
		}
		if err := change(ctx, w.Clinic.Admin.Actor, own); name != "stop" && code(err) != "no_recharge_rule" {
			t.Errorf("%s where there is no rule: %v", name, err)
		}
	}
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
}

// BAL-8: the use that crosses the threshold has the balance recharged, once, with a transfer that both statements and the log tell of.
func TestRechargedOncePerFall(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own
	w.fund(own, "10")
	w.rule(by20)
	if n := w.work(); w.recharges() != 0 || w.balance() != "10.00" {
		t.Fatalf("recharged above the threshold, by %d jobs", n)
	}
	w.use(own, "5")
	if w.work(); w.recharges() != 0 {
		t.Error("recharged at the threshold")
	}
	w.use(own, "0.01")
	fallen := w.jobs()
	if len(fallen) != 1 {
		t.Fatalf("%d jobs of a fall", len(fallen))
	}
	for range 3 { // run twice, and once more
		must(t, w.do(fallen[0]))
	}
	if got := w.balance() + " " + w.parents(); w.recharges() != 1 || got != "24.99 970.00" {
		t.Errorf("%d recharges: %s", w.recharges(), got)
	}
	shown := w.shown()
	if shown.Times != 1 || shown.Amount.Text() != "20.00" || len(shown.Latest) != 1 || shown.Latest[0].Amount.Text() != "20.00" || shown.Waits || shown.Rule.Paused != "" {
		t.Errorf("%+v", shown)
	}
	if n := w.Count(t, "transfers t JOIN action_log l ON l.tenant_id = t.tenant_id AND l.transfer_id = t.id WHERE t.id = $1 AND t.note = $2 AND l.action = 'transfer.posted'",
		shown.Latest[0].Transfer, refill.Note); n != 1 {
		t.Errorf("%d log lines of the transfer", n)
	}
	must(t, w.back(own, "24.99")) // a parent that takes it back does not give it again at once
	if w.work(); w.balance() != "0.00" || w.recharges() != 1 {
		t.Error("what was taken back came back")
	}
}

// BAL-8: up to Y, it is the balance that Y is of.
func TestRechargedUpTo(t *testing.T) {
	w := newWorld(t)
	w.fund(w.Clinic.Own, "6")
	w.rule(models.RechargeForm{Below: "5", Way: models.WayUpTo, Amount: "25", MostTimes: "5", MostAmount: "40"})
	w.use(w.Clinic.Own, "2.5")
	w.work()
	if w.balance() != "25.00" || w.shown().Amount.Text() != "21.50" {
		t.Errorf("%s, %s today", w.balance(), w.shown().Amount.Text())
	}
	w.use(w.Clinic.Own, "20.01") // needs 20.01, of which 18.50 is allowed today
	w.work()
	if w.paused() != models.PausedAmount || w.balance() != "4.99" {
		t.Errorf("%s: %s", w.paused(), w.balance())
	}
}

// BAL-8: a rule for a balance that is below already recharges at once; one that is changed or turned off and on counts the day on.
func TestRuleBelowAlready(t *testing.T) {
	w := newWorld(t)
	w.rule(by20)
	w.work()
	if w.balance() != "20.00" {
		t.Fatal(w.balance())
	}
	higher := by20
	higher.Below, higher.Amount = "20.01", "30"
	w.rule(higher)
	w.work()
	if w.balance() != "50.00" || w.shown().Times != 2 {
		t.Errorf("%s, %d times", w.balance(), w.shown().Times)
	}
	must(t, w.Refill.StopRule(ctx, w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID))
	w.use(w.Clinic.Own, "49")
	if w.work(); w.recharges() != 2 {
		t.Error("recharged while it was off")
	}
	w.rule(by20) // 20 of 60 would go beyond the day's: 20 + 30 + 20
	if w.work(); w.recharges() != 2 || w.paused() != models.PausedAmount {
		t.Errorf("%d recharges, paused %q", w.recharges(), w.paused())
	}
	if n := w.Count(t, "action_log WHERE action LIKE 'recharge.%'"); n != 5 { // set three times, stopped, paused
		t.Errorf("%d lines", n)
	}
	must(t, w.Refill.StopRule(ctx, w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID))
	must(t, w.Refill.StopRule(ctx, w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID)) // is off
	if n := w.Count(t, "action_log WHERE action = 'recharge.stopped'"); n != 2 {
		t.Errorf("%d stops", n)
	}
}

// BAL-8: as often as it may in a day of the parent's calendar, then it is paused with one mail to each Admin, and goes on by itself when
// the day turns where the parent is.
func TestPausedForTheDay(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own
	w.Clock.Set(at("2026-11-20 22:00"))
	w.AddUser(t, w.Clinic.Account, "second@clinic.example", models.Admin)
	w.AddUser(t, w.Clinic.Account, "user@clinic.example", models.Member)
	w.fund(own, "5")
	w.rule(models.RechargeForm{Below: "5", Way: models.WayAmount, Amount: "5", MostTimes: "2", MostAmount: "100"})
	for range 3 {
		w.use(own, "5")
		w.work()
	}
	if w.recharges() != 2 || w.balance() != "0.00" || w.paused() != models.PausedTimes || !w.shown().Waits {
		t.Fatalf("%d recharges, %s, paused %q", w.recharges(), w.balance(), w.paused())
	}
	w.fund(own, "6") // ends the fall, not the pause
	w.use(own, "2")
	w.work()
	told := func() int { return w.Sent(t, "", "Auto-recharge of North Clinic is paused") }
	if told() != 2 || w.Sent(t, "nora@clinic.example", "It was recharged 2 times today, as often as you allow.") != 1 || w.Sent(t, "second@clinic.example", "/balance") != 1 {
		t.Errorf("%d mails", told())
	}
	if err := w.Refill.Resume(ctx, w.Clinic.Admin.Actor, own.Account.ID); code(err) != "still_paused" || !strings.Contains(err.Error(), "tomorrow") {
		t.Errorf("resumed on the same day: %v", err)
	}
	w.Clock.Set(at("2026-11-20 23:59"))
	must(t, w.Refill.Turn(ctx))
	if w.recharges() != 2 {
		t.Error("recharged before the day had turned")
	}
	w.Clock.Set(at("2026-11-21 00:00")) // 23:00 UTC
	must(t, w.Refill.Turn(ctx))
	must(t, w.Refill.Turn(ctx))
	if w.recharges() != 3 || w.paused() != "" || w.balance() != "9.00" || w.shown().Times != 1 {
		t.Errorf("%d recharges, paused %q, %s", w.recharges(), w.paused(), w.balance())
	}
	for range 2 {
		w.use(own, "5")
		w.work()
	}
	if told() != 4 || w.shown().Times != 2 || w.paused() != models.PausedTimes {
		t.Errorf("%d mails after the second day, %+v", told(), w.shown())
	}
	w.fund(own, "100")
	w.Clock.Add(24 * time.Hour)
	must(t, w.Refill.Turn(ctx)) // nothing waits: only the pause ends
	if w.paused() != "" || w.recharges() != 4 {
		t.Errorf("%q, %d recharges", w.paused(), w.recharges())
	}
	if n := w.Count(t, "action_log WHERE action IN ('recharge.paused', 'recharge.resumed')"); n != 4 {
		t.Errorf("%d lines", n)
	}
}

// BAL-8: a clock that goes back gives no day anew.
func TestDayCountsOnWhenTheClockGoesBack(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own
	w.Clock.Set(at("2026-11-20 23:30"))
	w.rule(models.RechargeForm{Below: "5", Way: models.WayAmount, Amount: "5", MostTimes: "1", MostAmount: "5"})
	w.work()
	w.Clock.Set(at("2026-11-21 00:30"))
	w.use(own, "5")
	w.work()
	w.Clock.Set(at("2026-11-20 23:45"))
	w.use(own, "5")
	w.work()
	must(t, w.Refill.Turn(ctx))
	if w.recharges() != 2 || w.paused() != models.PausedTimes {
		t.Errorf("%d recharges, paused %q", w.recharges(), w.paused())
	}
	w.Clock.Set(at("2026-11-21 00:45")) // that day's was made before the clock went back
	must(t, w.Refill.Turn(ctx))
	if w.recharges() != 2 {
		t.Errorf("%d recharges", w.recharges())
	}
}

// BAL-8: a parent that is short pauses the rule and mails once; money that comes in, from wherever, has it go on.
func TestPausedWhileTheParentIsShort(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own
	w.fund(own, "10")
	w.rule(by20)
	must(t, w.charge(w.Clinic.Shared, models.FromMicros(970_020_000, "EUR"))) // leaves 19.98
	w.use(own, "6")
	w.work()
	if w.recharges() != 0 || w.paused() != models.PausedShort {
		t.Fatalf("%d recharges, paused %q", w.recharges(), w.paused())
	}
	w.use(own, "1")
	w.receive("0.01")
	w.work()
	if w.recharges() != 0 || w.Sent(t, "", "Auto-recharge of North Clinic is paused") != 1 || w.Sent(t, "", "Your balance is not enough") != 1 {
		t.Errorf("%d recharges, %d mails", w.recharges(), w.Sent(t, "", "is paused"))
	}
	if err := w.Refill.Resume(ctx, w.Clinic.Admin.Actor, own.Account.ID); code(err) != "still_paused" || !strings.Contains(err.Error(), "money comes in") {
		t.Errorf("resumed without money: %v", err)
	}
	w.receive("1")
	if len(w.jobs()) != 1 { // lost: Turn finds it
		t.Error("money came in unseen")
	}
	w.Clock.Add(3 * time.Minute)
	must(t, w.Refill.Turn(ctx))
	if w.recharges() != 1 || w.paused() != "" || w.balance() != "23.00" {
		t.Errorf("%d recharges, paused %q, %s", w.recharges(), w.paused(), w.balance())
	}
	w.use(own, "20")
	w.work()
	must(t, w.Refill.Turn(ctx))
	if w.paused() != models.PausedShort {
		t.Fatal(w.paused())
	}
	w.receive("100")
	w.work()
	if w.recharges() != 2 || w.paused() != "" {
		t.Errorf("%d recharges, paused %q", w.recharges(), w.paused())
	}
	w.receive("1")
	if n := w.work(); n != 0 {
		t.Errorf("%d jobs though nobody waits", n)
	}
}

// BAL-8: money goes to those who wait longest; one that does not fit stops nobody behind it.
func TestMoneyArrivesForMany(t *testing.T) {
	w := newWorld(t)
	must(t, w.charge(w.Clinic.Shared, storetest.Euros(t, "1000")))
	for i, amount := range []string{"30", "500", "20"} {
		p := w.AddActive(t, w.Clinic, fmt.Sprint("Ward ", i), fmt.Sprintf("ward%d@clinic.example", i))
		must(t, w.Refill.SetRule(ctx, w.Clinic.Admin.Actor, p.Account.ID, models.RechargeForm{Below: "5", Way: models.WayAmount, Amount: amount, MostTimes: "3", MostAmount: "1000"}))
		w.Clock.Add(time.Second)
		w.work()
	}
	if w.Count(t, "recharge_rules WHERE paused_reason = 'short'") != 3 {
		t.Fatal("not all wait")
	}
	w.receive("60")
	w.work()
	if w.Count(t, "recharges") != 2 || w.Count(t, "recharge_rules WHERE paused_reason = 'short' AND amount = 500000000") != 1 || w.parents() != "10.00" {
		t.Errorf("%d recharges, %s left", w.Count(t, "recharges"), w.parents())
	}
	w.receive("490")
	w.work()
	if w.Count(t, "recharges") != 3 || w.parents() != "0.00" {
		t.Errorf("%d recharges, %s left", w.Count(t, "recharges"), w.parents())
	}
}

// BAL-8: what a person paused goes on when a person resumes it, and at once.
func TestPauseAndResume(t *testing.T) {
	w := newWorld(t)
	own, admin := w.Clinic.Own, w.Clinic.Admin.Actor
	w.fund(own, "10")
	w.rule(by20)
	must(t, w.Refill.Pause(ctx, admin, own.Account.ID))
	must(t, w.Refill.Pause(ctx, admin, own.Account.ID))
	w.use(own, "7")
	w.work()
	w.Clock.Add(48 * time.Hour)
	must(t, w.Refill.Turn(ctx))
	must(t, w.Refill.MoneyArrived(ctx, w.Clinic.ID))
	if w.recharges() != 0 || w.paused() != models.PausedByPerson || w.Sent(t, "", "is paused") != 0 {
		t.Errorf("%d recharges, paused %q", w.recharges(), w.paused())
	}
	higher := by20
	higher.Amount = "21"
	w.rule(higher) // other figures do not resume it
	if w.work(); w.recharges() != 0 || w.paused() != models.PausedByPerson {
		t.Errorf("%d recharges, paused %q", w.recharges(), w.paused())
	}
	must(t, w.Refill.Resume(ctx, admin, own.Account.ID))
	if w.recharges() != 1 || w.balance() != "24.00" || w.paused() != "" {
		t.Errorf("%d recharges, %s, paused %q", w.recharges(), w.balance(), w.paused())
	}
	must(t, w.Refill.Resume(ctx, admin, own.Account.ID)) // is not paused
	if n := w.Count(t, "action_log WHERE action IN ('recharge.paused', 'recharge.resumed')"); n != 2 {
		t.Errorf("%d lines", n)
	}

	must(t, w.Refill.Pause(ctx, admin, own.Account.ID)) // resumed without money it is paused for want of it, and says so
	w.use(own, "20")
	must(t, w.charge(w.Clinic.Shared, storetest.Euros(t, "960")))
	must(t, w.Refill.Resume(ctx, admin, own.Account.ID))
	if w.paused() != models.PausedShort || w.Sent(t, "", "is paused") != 1 {
		t.Errorf("paused %q, %d mails", w.paused(), w.Sent(t, "", "is paused"))
	}
}

// BAL-8: of two who change a rule, the second is told; also where the rule was turned off and on meanwhile.
func TestStaleRule(t *testing.T) {
	w := newWorld(t)
	own, admin := w.Clinic.Own.Account.ID, w.Clinic.Admin.Actor
	w.rule(by20)
	if err := w.Refill.SetRule(ctx, admin, own, by20); !errors.Is(err, refill.ErrStale) {
		t.Errorf("a form that shows no rule: %v", err)
	}
	old := by20
	old.Version = w.shown().Rule.Version
	must(t, w.Refill.StopRule(ctx, admin, own))
	w.rule(by20)
	if err := w.Refill.SetRule(ctx, admin, own, old); !errors.Is(err, refill.ErrStale) {
		t.Errorf("a form from before it was turned off: %v", err)
	}
	lines := w.Count(t, "action_log")
	w.rule(by20)
	if w.Count(t, "action_log") != lines {
		t.Error("what changes nothing is logged")
	}
}

// BAL-2, BAL-8, BAL-10: with a funding that has no balance of its own, rule and notice end, within the change and once.
func TestFundingEndsTheRule(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own.Account.ID
	w.fund(w.Clinic.Own, "10")
	w.rule(by20)
	must(t, w.Refill.SetLowNotice(ctx, w.Clinic.Admin.Actor, own, models.LowForm{Below: "3"}))
	for to, want := range map[models.Funding]string{models.ClientPays: "true true", models.OwnBalance: "true true"} {
		must(t, w.change(func(ctx context.Context, tx *store.Tx) error {
			return refill.FundingChanged(ctx, tx, own, to, models.PrePay)
		}))
		if got := fmt.Sprint(w.shown().Rule.StoppedAt == nil, w.shown().Low != nil); got != want {
			t.Errorf("%s: %s", to, got)
		}
	}
	for range 2 {
		must(t, w.change(func(ctx context.Context, tx *store.Tx) error {
			return refill.FundingChanged(ctx, tx, own, models.MonthlyLimit, models.PrePay)
		}))
	}
	if w.shown().Rule.StoppedAt == nil || w.shown().Low == nil || w.Count(t, "action_log WHERE action = 'recharge.stopped'") != 1 {
		t.Errorf("a monthly limit: %+v", w.shown())
	}
	must(t, w.change(func(ctx context.Context, tx *store.Tx) error {
		return refill.FundingChanged(ctx, tx, own, models.SharedBalance, models.PrePay)
	}))
	if w.shown().Low != nil {
		t.Error("the notice of a balance that is not used any more stays")
	}
	w.use(w.Clinic.Own, "9")
	if w.work(); w.recharges() != 0 {
		t.Error("recharged though its rule has ended")
	}
}

// BAL-8, ACC-9: a deactivated account is left alone, whatever jobs there still are, and is recharged when it is back.
func TestDeactivatedIsNotRecharged(t *testing.T) {
	w := newWorld(t)
	own, admin := w.Clinic.Own, w.Clinic.Admin.Actor
	w.fund(own, "10")
	w.rule(by20)
	w.use(own, "6")
	fallen := w.jobs()
	_, err := w.Accounts.Deactivate(ctx, admin, own.Account.ID, "Unpaid")
	must(t, err)
	for _, j := range fallen {
		must(t, w.do(j))
	}
	w.work()
	w.Clock.Add(time.Hour)
	must(t, w.Refill.Turn(ctx))
	must(t, w.Refill.MoneyArrived(ctx, w.Clinic.ID))
	if w.recharges() != 0 || w.parents() != "994.00" {
		t.Errorf("%d recharges, %s", w.recharges(), w.parents())
	}
	must(t, w.Accounts.Reactivate(ctx, admin, own.Account.ID))
	w.work()
	if w.recharges() != 1 || w.balance() != "20.00" {
		t.Errorf("%d recharges, %s", w.recharges(), w.balance())
	}
	_, err = w.Accounts.Delete(ctx, admin, own.Account.ID, own.Account.Name)
	must(t, err)
	w.work()
	must(t, w.Refill.Turn(ctx))
	if w.recharges() != 1 || w.parents() != "994.00" {
		t.Errorf("a deleted account: %d recharges, %s", w.recharges(), w.parents())
	}
	if _, err := w.Refill.Shown(ctx, admin, own.Account.ID); code(err) != "account_not_found" {
		t.Errorf("a deleted account is shown: %v", err)
	}
}

// BAL-8, ACC-9: what a parent that is not in use leaves waiting goes on when it is back, and so it is with a tenant whose books are frozen.
func TestParentThatIsAway(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own
	w.fund(own, "10")
	w.rule(by20)
	w.use(own, "6")
	must(t, w.Accounts.DeactivateParent(ctx, w.Sam.Actor, w.Clinic.ID, "Unpaid"))
	w.work()
	w.Clock.Add(time.Hour)
	must(t, w.Refill.Turn(ctx))
	if w.recharges() != 0 || w.paused() != "" {
		t.Errorf("%d recharges, paused %q", w.recharges(), w.paused())
	}
	must(t, w.Accounts.ReactivateParent(ctx, w.Sam.Actor, w.Clinic.ID))
	must(t, w.Refill.Turn(ctx))
	if w.recharges() != 1 {
		t.Errorf("%d recharges", w.recharges())
	}

	w.use(own, "20")
	_, err := w.Raw.Exec(ctx, `INSERT INTO freezes (tenant_id, frozen_at, reason) VALUES ($1, now(), 'test')`, w.Clinic.ID)
	must(t, err)
	w.work()
	w.Clock.Add(time.Hour)
	must(t, w.Refill.Turn(ctx))
	must(t, w.Refill.MoneyArrived(ctx, w.Clinic.ID))
	if w.recharges() != 1 || w.paused() != "" {
		t.Errorf("frozen: %d recharges, paused %q", w.recharges(), w.paused())
	}
	_, err = w.Raw.Exec(ctx, `DELETE FROM freezes`)
	must(t, err)
	must(t, w.Refill.Turn(ctx))
	if w.recharges() != 2 {
		t.Errorf("%d recharges", w.recharges())
	}
}

// ACC-13, BAL-8: an ended trial is not ended by a recharge: the first credit that activates it is somebody's.
func TestTrialThatIsOverIsNotRecharged(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own
	w.rule(by20)
	_, err := w.Raw.Exec(ctx, `UPDATE accounts SET trial_ends_at = $2 WHERE id = $1`, own.Account.ID, w.Clock.Now())
	must(t, err)
	if w.work(); w.recharges() != 0 || w.paused() != "" {
		t.Errorf("%d recharges, paused %q", w.recharges(), w.paused())
	}
	w.Clock.Add(time.Minute)
	w.fund(own, "1")
	w.Clock.Add(time.Hour)
	must(t, w.Refill.Turn(ctx))
	if w.recharges() != 1 || w.balance() != "21.00" {
		t.Errorf("%d recharges, %s", w.recharges(), w.balance())
	}
}

// A fall whose job does not come is not forgotten.
func TestTurnFindsWhatWasLost(t *testing.T) {
	w := newWorld(t)
	w.fund(w.Clinic.Own, "10")
	w.rule(by20)
	w.use(w.Clinic.Own, "6")
	if len(w.jobs()) != 1 {
		t.Fatal("no job to lose")
	}
	must(t, w.Refill.Turn(ctx))
	if w.recharges() != 0 {
		t.Error("Turn does not leave it to the job")
	}
	w.Clock.Add(3 * time.Minute)
	must(t, w.Refill.Turn(ctx))
	if w.recharges() != 1 {
		t.Error("it is forgotten")
	}
}

// BAL-2, BAL-8, BAL-10: changing the funding returns what there is, and ends rule and notice in the same change, so that no fall is left of it.
func TestChangeOfFundingEndsTheRule(t *testing.T) {
	w := newWorld(t)
	own, admin := w.Clinic.Own.Account.ID, w.Clinic.Admin.Actor
	w.fund(w.Clinic.Own, "10")
	w.rule(by20)
	must(t, w.Refill.SetLowNotice(ctx, admin, own, models.LowForm{Below: "7"}))
	w.use(w.Clinic.Own, "6")
	a, err := w.Accounts.Account(ctx, admin, own)
	must(t, err)
	must(t, w.Accounts.SetFunding(ctx, admin, own, a.Version, models.FundingTerms{Funding: models.SharedBalance}))
	w.work()
	if shown := w.shown(); shown.Rule.StoppedAt == nil || shown.Low != nil || shown.Rechargeable || shown.Watchable {
		t.Errorf("%+v", shown)
	}
	if w.recharges() != 0 || w.balance() != "0.00" || w.Count(t, "falls WHERE ended_at IS NULL") != 0 || w.told("") != 0 {
		t.Errorf("%d recharges, %s, %d open falls, %d mails", w.recharges(), w.balance(), w.Count(t, "falls WHERE ended_at IS NULL"), w.told(""))
	}
	if n := w.Count(t, "action_log WHERE action = 'recharge.stopped'"); n != 1 {
		t.Errorf("%d lines", n)
	}
}

// BAL-8, ACC-13: an auto-recharge is no answer to a request for credit: a transfer is.
func TestARechargeAnswersNoRequest(t *testing.T) {
	w := newWorld(t)
	c := w.Clinic
	w.fund(c.Own, "12")
	w.rule(models.RechargeForm{Below: "10", Way: models.WayAmount, Amount: "10", MostTimes: "3", MostAmount: "30"})
	must(t, w.Funding.RequestCredit(ctx, c.Own.Actor, funding.CreditForm{Amount: "25"}))
	w.Clock.Add(time.Minute)
	w.use(c.Own, "5")
	if w.work(); w.recharges() != 1 {
		t.Fatalf("%d recharges", w.recharges())
	}
	open := func() bool {
		t.Helper()
		r, err := w.Funding.CreditRequest(ctx, c.Admin.Actor, c.Own.Account.ID)
		must(t, err)
		return r.Open()
	}
	if !open() {
		t.Error("a recharge has answered it")
	}
	if w.fund(c.Own, "25"); open() {
		t.Error("a transfer has not answered it")
	}
}
