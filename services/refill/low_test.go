package refill_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/refill"
	"offshoot/services/storetest"
)

func (w *world) low(account models.ID, below, was string) error {
	return w.Refill.SetLowNotice(ctx, w.Clinic.Admin.Actor, account, models.LowForm{Below: below, Was: was})
}

// told is how many mails of low balances went to an address.
func (w *world) told(email string) int {
	return w.Sent(w.t, email, "low on balance") + w.Sent(w.t, email, "balance is low")
}

// BAL-10, bad input: what is no threshold gets its sentence, and nothing is set.
func TestLowNoticeRefuses(t *testing.T) {
	w := newWorld(t)
	own, admin := w.Clinic.Own.Account.ID, w.Clinic.Admin.Actor
	before := w.Fingerprint(t)
	for typed, sentence := range map[string]string{
		"0": "Enter an amount above zero.", "-1": "Enter an amount above zero.", "1,5": "Write the amount with a point: 1.5.", "1.001": "EUR has two decimals.",
		"few": "Write the amount in digits with a point, like 25.00.", strings.Repeat("1", 70): "That amount is too long.",
	} {
		var refused *models.Error
		if err := w.low(own, typed, ""); !errors.As(err, &refused) || refused.Fields["low_below"] != sentence {
			t.Errorf("%.20q: %v", typed, err)
		}
	}
	for name, c := range map[string]struct {
		actor     models.Actor
		of        models.ID
		was, code string
	}{
		"the sub-account itself": {w.Clinic.Own.Actor, own, "", "missing_privilege"},
		"another parent":         {w.Harbor.Admin.Actor, own, "", "account_not_found"},
		"another parent's own":   {w.Harbor.Admin.Actor, w.Clinic.ID, "", "account_not_found"},
		"one that shares":        {admin, w.Clinic.Shared.Account.ID, "", "no_balance_of_its_own"},
		"a stale form":           {admin, own, "7.00", "stale_form"},
	} {
		if err := w.Refill.SetLowNotice(ctx, c.actor, c.of, models.LowForm{Below: "5", Was: c.was}); code(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
	must(t, w.low(own, "5", ""))
	must(t, w.low(own, "5.00", "5.00"))
	must(t, w.low(own, "", "5.00"))
	if shown := w.shown(); shown.Low != nil || w.Count(t, "action_log WHERE action = 'low_notice.set'") != 2 {
		t.Errorf("%v, %d lines", shown.Low, w.Count(t, "action_log WHERE action = 'low_notice.set'"))
	}
}

// BAL-10: once for a fall, again each day while it stays low, and anew after a refill; to the parent's Admins and the sub-account's owner, who is
// told nothing of the parent's balance.
func TestLowNoticeOncePerFallAndAgainEachDay(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own
	w.AddUser(t, w.Clinic.Account, "second@clinic.example", models.Admin)
	w.AddUser(t, w.Clinic.Account, "user@clinic.example", models.Member)
	w.AddUser(t, own.Account, "colleague@clinic.example", models.Admin)
	w.fund(own, "10")
	must(t, w.low(own.Account.ID, "5", ""))
	wants := func(when string, mails int) {
		t.Helper()
		for _, email := range []string{"nora@clinic.example", "second@clinic.example", "ward@clinic.example"} {
			if n := w.told(email); n != mails {
				t.Errorf("%s: %d mails to %s, not %d", when, n, email, mails)
			}
		}
		if w.told("") != 3*mails {
			t.Errorf("%s: somebody else is told: %d mails", when, w.told(""))
		}
	}
	remind := func(passed time.Duration) {
		t.Helper()
		w.Clock.Add(passed)
		must(t, w.Refill.Remind(ctx))
		must(t, w.Refill.Remind(ctx))
	}
	w.work()
	wants("above it", 0)
	w.use(own, "5")
	w.work()
	wants("at it", 0)
	w.use(own, "1")
	fallen := w.jobs()
	for range 2 {
		for _, j := range fallen {
			must(t, w.do(j))
		}
	}
	wants("fallen", 1)
	w.use(own, "1")
	w.work()
	wants("used on", 1)
	remind(23*time.Hour + 59*time.Minute)
	wants("within a day", 1)
	remind(time.Minute)
	wants("a day later", 2)
	remind(30 * time.Hour) // late by six hours, and yet
	wants("two days later", 3)
	remind(18 * time.Hour)
	wants("three days later", 4)
	remind(10 * 24 * time.Hour)
	wants("after ten days without anybody", 5)
	w.fund(own, "2") // 5.00: refilled
	remind(48 * time.Hour)
	wants("refilled", 5)
	w.use(own, "0.01")
	w.work()
	wants("fallen again", 6)
	must(t, w.low(own.Account.ID, "", "5.00"))
	remind(48 * time.Hour)
	wants("turned off", 6)

	for _, secret := range []string{"990", "988", w.parents()} {
		if w.Sent(t, "ward@clinic.example", secret) != 0 {
			t.Errorf("the sub-account is told of %s", secret)
		}
	}
	if w.Sent(t, "ward@clinic.example", "has 4.00 EUR left, less than 5.00 EUR") != 1 || w.Sent(t, "nora@clinic.example", "/sub-accounts/"+own.Account.ID.String()+"/balance") != 6 {
		t.Error("the mails do not say what they are about")
	}
}

// BAL-10: the parent's own balance, of which its Admins alone are told. Of a post-pay parent it is what is left of its credit line.
func TestLowNoticeOfTheParent(t *testing.T) {
	w := newWorld(t)
	must(t, w.low(w.Clinic.ID, "100", ""))
	w.fund(w.Clinic.Own, "900")
	if w.work(); w.told("") != 0 {
		t.Error("told at the threshold")
	}
	must(t, w.charge(w.Clinic.Shared, storetest.Euros(t, "0.5")))
	w.work()
	if w.told("nora@clinic.example") != 1 || w.told("") != 1 || w.Sent(t, "nora@clinic.example", "has 99.50 EUR left, less than 100.00 EUR") != 1 {
		t.Errorf("%d mails", w.told(""))
	}
	w.Clock.Add(24 * time.Hour)
	must(t, w.Refill.Remind(ctx))
	w.receive("0.50")
	w.Clock.Add(24 * time.Hour)
	must(t, w.Refill.Remind(ctx))
	if w.told("nora@clinic.example") != 2 {
		t.Errorf("%d mails", w.told(""))
	}
	if below, err := w.Refill.LowNotice(ctx, w.Clinic.Admin.Actor); err != nil || below.Text() != "100.00" {
		t.Errorf("%v %v", below, err)
	}
	if _, err := w.Refill.LowNotice(ctx, w.Clinic.Own.Actor); code(err) != "missing_privilege" {
		t.Errorf("a sub-account reads its parent's notice: %v", err)
	}

	must(t, w.Refill.SetLowNotice(ctx, w.Harbor.Admin.Actor, w.Harbor.ID, models.LowForm{Below: "10000"})) // of 50,000 of credit
	w.work()
	_, err := w.Ledger.Transfer(ctx, w.Harbor.Admin.Actor, ledger.TransferOrder{SubAccount: w.Harbor.Own.Account.ID, Amount: storetest.Yen(t, "40000")})
	must(t, err)
	w.work()
	if w.told("haru@harbor.example") != 0 {
		t.Error("told while there is enough of its credit")
	}
	_, err = w.Ledger.Transfer(ctx, w.Harbor.Admin.Actor, ledger.TransferOrder{SubAccount: w.Harbor.Own.Account.ID, Amount: storetest.Yen(t, "1")})
	must(t, err)
	w.work()
	if w.Sent(t, "haru@harbor.example", "has 9999 JPY left") != 1 {
		t.Errorf("%d mails", w.told("haru@harbor.example"))
	}
}

// BAL-10: what is due in a tenant comes in one mail to each Admin, which names twenty; each owner has one of their own. A recharge is a
// refill as any other. Who has not activated yet, or is deactivated, is told nothing.
func TestRemindsInOneMail(t *testing.T) {
	w := newWorld(t)
	admin := w.Clinic.Admin.Actor
	for i := range 23 {
		p := w.AddPending(t, w.Clinic, fmt.Sprint("Ward ", i), fmt.Sprintf("ward%d@clinic.example", i))
		must(t, w.low(p.ID, "5", ""))
	}
	stopped := w.AddActive(t, w.Clinic, "Stopped Ward", "stopped@clinic.example")
	must(t, w.low(stopped.Account.ID, "5", ""))
	must(t, w.low(w.Clinic.Own.Account.ID, "5", ""))
	w.work()
	if w.told("nora@clinic.example") != 25 || w.told("") != 27 {
		t.Errorf("%d and %d mails", w.told("nora@clinic.example"), w.told(""))
	}
	_, err := w.Accounts.Deactivate(ctx, admin, stopped.Account.ID, "Unpaid")
	must(t, err)
	w.Clock.Add(24 * time.Hour)
	must(t, w.Refill.Remind(ctx))
	if w.told("nora@clinic.example") != 26 || w.told("") != 29 || w.Sent(t, "nora@clinic.example", "24 sub-accounts are still low") != 1 || w.Sent(t, "", "- and 4 more") != 1 {
		t.Errorf("%d and %d mails", w.told("nora@clinic.example"), w.told(""))
	}
	w.rule(by20)
	w.work()
	w.Clock.Add(24 * time.Hour)
	must(t, w.Refill.Remind(ctx))
	if w.told("ward@clinic.example") != 2 || w.Sent(t, "nora@clinic.example", "23 sub-accounts are still low") != 1 {
		t.Errorf("%d mails to the owner of one that was recharged", w.told("ward@clinic.example"))
	}
	must(t, w.Accounts.DeactivateParent(ctx, w.Sam.Actor, w.Clinic.ID, "Unpaid"))
	w.Clock.Add(24 * time.Hour)
	before := w.told("")
	must(t, w.Refill.Remind(ctx))
	if w.told("") != before {
		t.Error("a deactivated parent is told")
	}
}

// A mail that cannot be sent keeps nobody from being told, or from being recharged.
func TestAddressThatIsNone(t *testing.T) {
	w := newWorld(t)
	w.AddUser(t, w.Clinic.Account, "second@clinic.example", models.Admin)
	_, err := w.Raw.Exec(ctx, `UPDATE users SET email = 'nobody' WHERE email = 'nora@clinic.example'`)
	must(t, err)
	must(t, w.low(w.Clinic.Own.Account.ID, "5", ""))
	w.work()
	if w.told("second@clinic.example") != 1 {
		t.Errorf("%d mails", w.told(""))
	}
}

// The two periodic jobs run through tenants; one that fails stops no other.
func TestOneTenantStopsNoOther(t *testing.T) {
	w := newWorld(t)
	must(t, w.low(w.Clinic.Own.Account.ID, "5", ""))
	must(t, w.Refill.SetLowNotice(ctx, w.Harbor.Admin.Actor, w.Harbor.Own.Account.ID, models.LowForm{Below: "5"}))
	w.work()
	w.Clock.Add(24 * time.Hour)
	_, err := w.Raw.Exec(ctx, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'it fails'; END $$;
		CREATE TRIGGER fail BEFORE UPDATE ON falls FOR EACH ROW WHEN (old.tenant_id = '`+w.Clinic.ID.String()+`') EXECUTE FUNCTION fail()`)
	must(t, err)
	if err := w.Refill.Remind(ctx); err == nil || !strings.Contains(err.Error(), "it fails") {
		t.Errorf("the failure is kept quiet: %v", err)
	}
	if w.Sent(t, "haru@harbor.example", "still low") != 1 {
		t.Error("the other tenant is not told")
	}
	_, err = w.Raw.Exec(ctx, `DROP TRIGGER fail ON falls`)
	must(t, err)
	must(t, w.Refill.Remind(ctx))
	if w.Sent(t, "nora@clinic.example", "still low") != 1 {
		t.Error("the tenant that failed is forgotten")
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if err := w.Refill.Turn(stopped); err == nil {
		t.Error("a job that is stopped says it is done")
	}
	if refill.Again != 24*time.Hour {
		t.Error("again each day")
	}
}
