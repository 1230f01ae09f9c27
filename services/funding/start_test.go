package funding_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

func starts(t testing.TB, w *storetest.World) {
	t.Helper()
	must(t, w.Funding.StartMonths(ctx))
}

// BAL-4, BAL-5: at the start of a month in the parent's zone what is unused goes back first, and then the limit is moved; once,
// however often somebody looks.
func TestMonthStart(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic // Europe/Berlin
	ward, night := limited(t, w, c, "Ward 1", "300", ""), limited(t, w, c, "Ward 2", "400", "")
	use(t, w, ward, "120")
	at(t, w, "Europe/Berlin", "2026-11-30 23:59")
	unchanged(t, w, func() { starts(t, w) })
	at(t, w, "Europe/Berlin", "2026-12-01 00:00")
	starts(t, w)
	unchanged(t, w, func() { starts(t, w); starts(t, w) })
	has(t, w, ward, "300.00")
	has(t, w, night, "400.00")
	has(t, w, c.Account, "180.00") // 1000 − 120 − 700
	stands(t, w, c, ward, models.MonthFunded, "300.00", "0.00")
	if w.Count(t, `transfers WHERE note = 'Unused of November 2026'`) != 2 || w.Count(t, `transfers WHERE note = 'Monthly limit for December 2026'`) != 2 ||
		w.Count(t, `month_starts WHERE period = '2026-12' AND account_id = $1 AND returned = 180000000`, ward.ID) != 1 {
		t.Error("BAL-4: not one transfer each way")
	}
	if w.Count(t, `action_log WHERE action = 'month.started' AND details @> '{"period": "December 2026", "funded": "2", "short": "0"}'`) != 1 || w.Count(t, `outbox WHERE subject LIKE 'Monthly limits%'`) != 0 {
		t.Error("REP-3: the log does not tell of it once, or somebody was mailed")
	}
}

// BAL-5: whole limits in the parent's order of priority; one that is too large does not stop those after it. Who is short is
// mailed once, and funded when money arrives.
func TestMonthStartWithTooLittle(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	w.AddUser(t, c.Account, "second@clinic.example", models.Admin)
	w.AddUser(t, c.Account, "third@clinic.example", models.Member)
	huge := limited(t, w, c, "Huge", "500", "1")
	first, second, third := limited(t, w, c, "First", "200", "2"), limited(t, w, c, "Second", "200", "2"), limited(t, w, c, "Third", "50", "9")
	for _, a := range []models.Account{huge, first, second, third} {
		use(t, w, a, limit(t, w, c, a).Amount.Text())
	}
	receive(t, w, c, "300") // 350
	at(t, w, "Europe/Berlin", "2026-12-01 00:20")
	starts(t, w)
	has(t, w, huge, "0.00")
	has(t, w, first, "200.00")
	has(t, w, second, "0.00")
	has(t, w, third, "50.00")
	has(t, w, c.Account, "100.00")
	stands(t, w, c, huge, models.MonthShort, "0.00", "0.00")
	starts(t, w)
	if w.Count(t, `outbox WHERE subject = 'Monthly limits for December 2026: 600.00 EUR missing'`) != 2 || w.Sent(t, "nora@clinic.example", "2 sub-accounts were not given") != 1 ||
		w.Sent(t, "second@clinic.example", "/month-start?month=this") != 1 {
		t.Error("not both Admins were mailed, once, with the count, what is missing, and a link")
	}
	if w.Count(t, `wallets WHERE account_id = $1 AND wakes`, c.ID) != 1 {
		t.Error("the next money wakes nobody")
	}
	receive(t, w, c, "150") // 250: enough for the second, and not for the first in the order
	must(t, w.Funding.MoneyArrived(ctx, c.ID))
	has(t, w, second, "200.00")
	has(t, w, c.Account, "50.00")
	must(t, w.Funding.MoneyArrived(ctx, w.Harbor.ID))
	must(t, w.Funding.SetPriority(ctx, c.Admin.Actor, huge.ID, "3"))
	receive(t, w, c, "450")
	must(t, w.Funding.MoneyArrived(ctx, c.ID))
	has(t, w, huge, "500.00")
	has(t, w, c.Account, "0.00")
	stands(t, w, c, huge, models.MonthFunded, "500.00", "0.00")
	if w.Count(t, `outbox WHERE subject LIKE 'Monthly limits%'`) != 2 {
		t.Error("somebody was mailed again")
	}
}

// BAL-5: after three months down one month starts, and those that passed are kept as missed; a clock that goes back starts none.
func TestMonthStartAfterDowntimeAndBackwards(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	ward := limited(t, w, c, "Ward 1", "100", "")
	use(t, w, ward, "10")
	at(t, w, "Europe/Berlin", "2027-02-28 12:00")
	starts(t, w)
	if w.Count(t, `month_starts WHERE account_id = $1 AND state = 'missed' AND period IN ('2026-12', '2027-01')`, ward.ID) != 2 || w.Count(t, `month_starts WHERE account_id = $1`, ward.ID) != 4 {
		t.Error("the months that passed are not kept as missed")
	}
	has(t, w, ward, "100.00")
	at(t, w, "Europe/Berlin", "2027-03-01 00:30")
	starts(t, w)
	w.Clock.Add(-2 * time.Hour)
	unchanged(t, w, func() { starts(t, w) })
	// who gets a limit now gets that of the month that has started, and no second one
	other := limited(t, w, c, "Ward 2", "50", "")
	must(t, fund(w, c, ward, monthly("120", "")))
	_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, ward.ID, "back in time")
	must(t, err)
	must(t, w.Accounts.Reactivate(ctx, c.Admin.Actor, ward.ID))
	has(t, w, ward, "120.00")
	at(t, w, "Europe/Berlin", "2027-03-01 00:31")
	unchanged(t, w, func() { starts(t, w) })
	has(t, w, other, "50.00")
	// a zone further west is in February again, one further east is in the next month earlier
	move := func(zone string) {
		_, err := w.Raw.Exec(ctx, `UPDATE accounts SET time_zone = $2 WHERE id = $1`, c.ID, zone)
		must(t, err)
	}
	move("America/Los_Angeles")
	unchanged(t, w, func() { starts(t, w) })
	at(t, w, "Europe/Berlin", "2027-03-31 23:00")
	move("Pacific/Kiritimati")
	starts(t, w)
	if w.Count(t, `month_starts WHERE period = '2027-04' AND state = 'funded'`) != 2 {
		t.Error("the month of the new zone did not start")
	}
	move("America/Los_Angeles")
	at(t, w, "America/Los_Angeles", "2027-04-01 00:00")
	unchanged(t, w, func() { starts(t, w) })
}

// BAL-5: deactivated accounts and ended trials get nothing until they are in use again; a deactivated parent is left alone, and
// so is one whose books are frozen.
func TestMonthStartOfThoseNotInUse(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	off, trial, ward := limited(t, w, c, "Off", "100", ""), limited(t, w, c, "Trial", "100", ""), limited(t, w, c, "Ward 1", "100", "")
	_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, off.ID, "holiday")
	must(t, err)
	_, err = w.Raw.Exec(ctx, `UPDATE accounts SET trial_ends_at = '2026-11-25' WHERE id = $1`, trial.ID)
	must(t, err)
	at(t, w, "Europe/Berlin", "2026-12-01 08:00")
	must(t, w.Accounts.DeactivateParent(ctx, w.Sam.Actor, c.ID, "unpaid"))
	unchanged(t, w, func() { starts(t, w) })
	must(t, w.Accounts.ReactivateParent(ctx, w.Sam.Actor, c.ID))
	starts(t, w)
	for _, a := range []models.Account{off, trial} {
		has(t, w, a, "0.00")
		stands(t, w, c, a, models.MonthStopped, "0.00", "0.00")
	}
	has(t, w, ward, "100.00")
	has(t, w, c.Account, "900.00")
	unchanged(t, w, func() { starts(t, w) })
	must(t, w.Accounts.Reactivate(ctx, c.Admin.Actor, off.ID))
	has(t, w, off, "100.00")
	must(t, fund(w, c, trial, monthly("100", ""))) // somebody says so
	has(t, w, trial, "100.00")
	// deactivated before the month starts, and back after it should have: the job starts it
	_, err = w.Accounts.Deactivate(ctx, c.Admin.Actor, off.ID, "holiday")
	must(t, err)
	at(t, w, "Europe/Berlin", "2027-01-01 00:10")
	must(t, w.Accounts.Reactivate(ctx, c.Admin.Actor, off.ID))
	has(t, w, off, "0.00")
	starts(t, w)
	has(t, w, off, "100.00")
}

// BAL-5: a parent whose month start fails, or whose books are frozen, stops no other, and is caught up on; frozen books are no
// failure.
func TestOneParentStopsNoOther(t *testing.T) {
	w := storetest.NewWorld(t)
	limited(t, w, w.Clinic, "Ward 1", "300", "")
	limited(t, w, w.Harbor, "Dock 1", "500", "")
	started := func(c storetest.Company, period string) bool {
		return w.Count(t, `month_starts WHERE tenant_id = $1 AND period = $2`, c.ID, period) == 1
	}
	sql := func(s string) {
		t.Helper()
		_, err := w.Raw.Exec(ctx, s)
		must(t, err)
	}
	at(t, w, "UTC", "2026-12-02 12:00")
	sql(`INSERT INTO freezes (tenant_id, frozen_at, reason) VALUES ('` + w.Clinic.ID.String() + `', now(), 'test')`)
	starts(t, w)
	if started(w.Clinic, "2026-12") || !started(w.Harbor, "2026-12") {
		t.Error("frozen books moved, or stopped a neighbour")
	}
	sql(`DELETE FROM freezes`)
	starts(t, w)
	if !started(w.Clinic, "2026-12") {
		t.Error("what was frozen is forgotten")
	}
	sql(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'it fails'; END $$`)
	for i, of := range [][2]storetest.Company{{w.Clinic, w.Harbor}, {w.Harbor, w.Clinic}} { // whichever is looked at first
		period := []string{"2027-01", "2027-02"}[i]
		at(t, w, "UTC", period+"-02 12:00")
		sql(`CREATE TRIGGER fail BEFORE INSERT ON month_starts FOR EACH ROW WHEN (new.tenant_id = '` + of[0].ID.String() + `') EXECUTE FUNCTION fail()`)
		if err := w.Funding.StartMonths(ctx); err == nil || !strings.Contains(err.Error(), "it fails") {
			t.Errorf("the failure is kept quiet: %v", err)
		}
		if started(of[0], period) || !started(of[1], period) {
			t.Errorf("%s stopped %s", of[0].Name, of[1].Name)
		}
		sql(`DROP TRIGGER fail ON month_starts`)
		starts(t, w)
		if !started(of[0], period) {
			t.Errorf("%s is forgotten", of[0].Name)
		}
	}
}

// BAL-4: of a post-pay parent the month starts and nothing is moved.
func TestMonthStartOfAPostPayParent(t *testing.T) {
	w := storetest.NewWorld(t)
	dock := limited(t, w, w.Harbor, "Dock 1", "500", "")
	at(t, w, "Asia/Tokyo", "2026-12-01 00:00")
	starts(t, w)
	stands(t, w, w.Harbor, dock, models.MonthCapped, "0", "0")
	if w.Count(t, `month_starts WHERE period = '2026-12' AND state = 'capped'`) != 1 || w.Count(t, `transfers WHERE tenant_id = $1`, w.Harbor.ID) != 0 {
		t.Error("something was moved, or the month did not start")
	}
}

// BAL-5: four workers, transfers, deactivations, changes of limits and money that arrives at once: every month once, and the
// books hold (which every test asks at its end).
func TestMonthStartRaces(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	var subs []models.Account
	for i := range 8 {
		subs = append(subs, limited(t, w, c, "Ward "+string(rune('A'+i)), "100", ""))
		use(t, w, subs[i], "30")
	}
	at(t, w, "Europe/Berlin", "2026-12-01 00:00")
	var wg sync.WaitGroup
	allowed := func(err error, refusals ...error) {
		for _, r := range refusals {
			if errors.Is(err, r) {
				return
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
	for range 4 {
		wg.Go(func() { allowed(w.Funding.StartMonths(ctx)) })
		wg.Go(func() { allowed(w.Funding.MoneyArrived(ctx, c.ID)) })
		wg.Go(func() {
			_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: storetest.Euros(t, "7")})
			allowed(err, ledger.ErrInsufficientBalance)
		})
	}
	for i, a := range subs[:3] {
		wg.Go(func() {
			_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, a.ID, "race")
			allowed(err)
			if i > 0 {
				allowed(w.Accounts.Reactivate(ctx, c.Admin.Actor, a.ID))
			}
		})
	}
	wg.Go(func() { allowed(fund(w, c, subs[4], monthly("150", "1")), ledger.ErrInsufficientBalance) })
	wg.Go(func() { allowed(fund(w, c, subs[5], models.FundingTerms{Funding: models.OwnBalance})) })
	wg.Go(func() { allowed(w.Funding.SetPriority(ctx, c.Admin.Actor, subs[6].ID, "2")) })
	wg.Wait()
	starts(t, w)
	for i, a := range subs {
		if n := w.Count(t, `transfers t JOIN entries e ON e.tenant_id = t.tenant_id AND e.transfer_id = t.id JOIN wallets w ON w.tenant_id = e.tenant_id AND w.id = e.wallet_id
			WHERE w.account_id = $1 AND t.note = 'Unused of November 2026'`, a.ID); n > 1 {
			t.Errorf("%s gave back %d times", a.Name, n)
		}
		if i == 0 || i == 5 {
			continue
		}
		if w.Count(t, `month_starts WHERE account_id = $1 AND period = '2026-12'`, a.ID) != 1 {
			t.Errorf("the month of %s did not start once", a.Name)
		}
		if l := limit(t, w, c, a); l.State != models.MonthFunded || !w.BalanceOf(t, a).Equal(l.Amount) {
			t.Errorf("%s is %s with %s of %s", a.Name, l.State, w.BalanceOf(t, a), l.Amount)
		}
	}
	has(t, w, subs[0], "0.00")
}
