package funding_test

import (
	"testing"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/funding"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

// BAL-2, BAL-3, BAL-4: terms that make no sense are refused at their field, and nothing is changed.
func TestTermsAreRefused(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	shared := func(day, month string) models.FundingTerms {
		return models.FundingTerms{Funding: models.SharedBalance, CapDay: day, CapMonth: month}
	}
	for _, wrong := range []struct {
		name, field string
		terms       models.FundingTerms
	}{
		{"no limit", "limit", monthly("", "")},
		{"a limit of zero", "limit", monthly("0", "")},
		{"a negative limit", "limit", monthly("-5", "")},
		{"a limit with a comma", "limit", monthly("25,50", "")},
		{"a limit beyond the column", "limit", monthly("1000000000000", "")},
		{"a limit that is none", "limit", monthly("NaN", "")},
		{"a limit in half cents", "limit", monthly("1.005", "")},
		{"a priority of zero", "priority", monthly("5", "0")},
		{"a priority beyond the last", "priority", monthly("5", "10000")},
		{"a negative priority", "priority", monthly("5", "-1")},
		{"half a priority", "priority", monthly("5", "1.5")},
		{"a priority that overflows", "priority", monthly("5", "99999999999999999999")},
		{"a cap of zero a day", "cap_day", shared("0", "")},
		{"a cap of zero a month", "cap_month", shared("", "0.00")},
		{"a negative cap", "cap_day", shared("-1", "")},
		{"no funding", "funding", models.FundingTerms{}},
		{"an unknown funding", "funding", models.FundingTerms{Funding: "card"}},
	} {
		t.Run(wrong.name, func(t *testing.T) {
			unchanged(t, w, func() {
				_, err := add(t, w, c, "Ward 9", wrong.terms)
				refused(t, err, models.ErrCheckFields, wrong.field)
				refused(t, fund(w, c, c.Own.Account, wrong.terms), models.ErrCheckFields, wrong.field)
			})
		})
	}
	unchanged(t, w, func() { // BAL-4: nobody gets more than the parent has
		for _, more := range []string{"1000.01", "999999999999.99"} {
			_, err := add(t, w, c, "Ward 9", monthly(more, ""))
			refused(t, err, ledger.ErrInsufficientBalance, "limit")
			refused(t, fund(w, c, c.Own.Account, monthly(more, "")), ledger.ErrInsufficientBalance, "limit")
		}
		refused(t, w.Funding.SetPriority(ctx, c.Admin.Actor, c.Own.Account.ID, "5"), funding.ErrNoLimit, "")
	})
}

// BAL-4: of a pre-pay parent the limit is moved when it is set; a raise moves the difference, a cut takes back at most what is
// unused, and one below what is used is allowed.
func TestLimitOfAPrePayParent(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	ward := limited(t, w, c, "Ward 1", "100", "7")
	has(t, w, ward, "100.00")
	has(t, w, c.Account, "900.00")
	stands(t, w, c, ward, models.MonthFunded, "100.00", "0.00")
	if l := limit(t, w, c, ward); l.Priority != 7 || l.Period != "2026-11" || !l.Amount.Equal(storetest.Euros(t, "100")) {
		t.Errorf("%+v", l)
	}
	if w.Count(t, `transfers WHERE note = 'Monthly limit for November 2026'`) != 1 {
		t.Error("the transfer does not say what it was for")
	}
	use(t, w, ward, "30")
	must(t, fund(w, c, ward, monthly("150", "7")))
	has(t, w, ward, "120.00")
	stands(t, w, c, ward, models.MonthFunded, "150.00", "30.00")
	unchanged(t, w, func() {
		must(t, fund(w, c, ward, monthly("150", "7"))) // changes nothing
		refused(t, fund(w, c, ward, monthly("1000.01", "7")), ledger.ErrInsufficientBalance, "limit")
	})
	must(t, fund(w, c, ward, monthly("80", "7"))) // takes back the difference
	has(t, w, ward, "50.00")
	has(t, w, c.Account, "920.00")
	must(t, fund(w, c, ward, monthly("10", "7"))) // it has used 30: what is unused goes back, and no more
	has(t, w, ward, "0.00")
	has(t, w, c.Account, "970.00")
	stands(t, w, c, ward, models.MonthFunded, "30.00", "30.00")
	must(t, fund(w, c, ward, monthly("25", "7"))) // still below what it has used
	has(t, w, ward, "0.00")
	must(t, fund(w, c, ward, monthly("45", "7")))
	has(t, w, ward, "15.00")
	stands(t, w, c, ward, models.MonthFunded, "45.00", "30.00")
	if w.Count(t, `transfers WHERE note IN ('Monthly limit raised', 'Monthly limit cut')`) != 4 || w.Count(t, `action_log WHERE action = 'limit.changed'`) != 5 {
		t.Error("REP-3: the log or the notes do not tell")
	}
}

// BAL-2: a change of the funding returns what the old way left, once; what was used of a limit counts when it comes back in
// the same month.
func TestFundingIsChangedToAndFromALimit(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	ward := c.Own.Account
	_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: ward.ID, Amount: storetest.Euros(t, "40")})
	must(t, err)
	must(t, fund(w, c, ward, monthly("100", ""))) // 40 back, 100 there
	has(t, w, ward, "100.00")
	has(t, w, c.Account, "900.00")
	use(t, w, ward, "25")
	for _, other := range []models.FundingTerms{{Funding: models.ClientPays}, {Funding: models.OwnBalance}, {Funding: models.SharedBalance, CapDay: "5", CapMonth: "50"}} {
		must(t, fund(w, c, ward, other))
		has(t, w, ward, "0.00")
		has(t, w, c.Account, "975.00")
		if shown, err := w.Funding.Of(ctx, c.Admin.Actor, ward.ID); err != nil || shown.Limit != nil {
			t.Errorf("%s: a limit is left: %+v, %v", other.Funding, shown, err)
		}
		must(t, fund(w, c, ward, monthly("100", "")))
		has(t, w, ward, "75.00")
		has(t, w, c.Account, "900.00")
		stands(t, w, c, ward, models.MonthFunded, "100.00", "25.00")
	}
	if w.Count(t, `wallets WHERE cap_day IS NOT NULL OR cap_month IS NOT NULL`) != 0 {
		t.Error("BAL-3: caps are left that belong to a shared balance")
	}
	must(t, fund(w, c, ward, models.FundingTerms{Funding: models.OwnBalance}))
	must(t, fund(w, c, ward, monthly("20", ""))) // it has used 25 of this month's
	has(t, w, ward, "0.00")
	stands(t, w, c, ward, models.MonthFunded, "25.00", "25.00")
}

// BAL-4: of a post-pay parent a limit caps, and nothing is moved.
func TestLimitOfAPostPayParent(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Harbor
	unchanged(t, w, func() {
		_, err := add(t, w, c, "Dock 9", monthly("1.5", "")) // yen have no decimals
		refused(t, err, models.ErrCheckFields, "limit")
	})
	dock := limited(t, w, c, "Dock 1", "80000", "") // more than its parent's credit line
	has(t, w, dock, "0")
	has(t, w, c.Account, "0")
	stands(t, w, c, dock, models.MonthCapped, "0", "0")
	caps := func(account models.Account, month string) int {
		return w.Count(t, `wallets WHERE account_id = $1 AND kind = 'spent' AND cap_day IS NULL AND cap_month = $2::bigint`, account.ID, month)
	}
	if caps(dock, "80000000000") != 1 {
		t.Error("the limit does not cap")
	}
	must(t, fund(w, c, dock, monthly("500", "3")))
	if caps(dock, "500000000") != 1 {
		t.Error("a cut limit does not cap")
	}
	must(t, fund(w, c, dock, models.FundingTerms{Funding: models.SharedBalance}))
	if w.Count(t, `wallets WHERE cap_month IS NOT NULL`) != 0 {
		t.Error("the cap of the limit is left")
	}
	if w.Count(t, `transfers t JOIN entries e ON e.tenant_id = t.tenant_id AND e.transfer_id = t.id WHERE t.tenant_id = $1`, c.ID) != 0 {
		t.Error("something was moved")
	}
}

// BAL-3: caps go with a shared balance; what changes nothing is not logged.
func TestCapsAreSet(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	night := c.Shared.Account
	must(t, fund(w, c, night, models.FundingTerms{Funding: models.SharedBalance, CapDay: "5", CapMonth: "50"}))
	shown, err := w.Funding.Of(ctx, c.Admin.Actor, night.ID)
	must(t, err)
	if shown.Caps.Day == nil || shown.Caps.Day.Text() != "5.00" || shown.Caps.Month == nil || shown.Caps.Month.Text() != "50.00" {
		t.Errorf("%+v", shown.Caps)
	}
	unchanged(t, w, func() {
		must(t, fund(w, c, night, models.FundingTerms{Funding: models.SharedBalance, CapDay: "5.00", CapMonth: "50"}))
	})
	must(t, fund(w, c, night, models.FundingTerms{Funding: models.SharedBalance, CapMonth: "60"}))
	if w.Count(t, `wallets WHERE account_id = $1 AND cap_day IS NULL AND cap_month = 60000000`, night.ID) != 1 || w.Count(t, `action_log WHERE action = 'caps.changed'`) != 2 {
		t.Error("a cap that was taken away is there, or the log does not tell")
	}
	a, err := add(t, w, c, "Ward 3", models.FundingTerms{Funding: models.SharedBalance, CapDay: "1"})
	must(t, err)
	if w.Count(t, `wallets WHERE account_id = $1 AND cap_day = 1000000 AND cap_month IS NULL`, a.ID) != 1 {
		t.Error("one that was added with a cap has none")
	}
}

// ACC-9, BAL-4: a deactivation returns what is unused, once; who comes back in the same month is given the rest, or waits for it.
func TestLimitOfADeactivatedAccount(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	ward := limited(t, w, c, "Ward 1", "600", "")
	use(t, w, ward, "200")
	off := func() {
		_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, ward.ID, "closed for a week")
		must(t, err)
	}
	off()
	has(t, w, ward, "0.00")
	has(t, w, c.Account, "800.00")
	stands(t, w, c, ward, models.MonthStopped, "200.00", "200.00")
	must(t, w.Accounts.Reactivate(ctx, c.Admin.Actor, ward.ID))
	has(t, w, ward, "400.00")
	stands(t, w, c, ward, models.MonthFunded, "600.00", "200.00")
	off()
	other := limited(t, w, c, "Ward 2", "500", "")
	must(t, w.Accounts.Reactivate(ctx, c.Admin.Actor, ward.ID)) // 300 are there, 400 are missing
	has(t, w, ward, "0.00")
	stands(t, w, c, ward, models.MonthShort, "200.00", "200.00")
	if w.Count(t, `wallets WHERE account_id = $1 AND wakes`, c.ID) != 1 {
		t.Error("the next money wakes nobody")
	}
	unchanged(t, w, func() { refused(t, fund(w, c, ward, monthly("700", "")), ledger.ErrInsufficientBalance, "limit") })
	must(t, fund(w, c, ward, monthly("550", ""))) // less, and still too much: it goes on waiting
	stands(t, w, c, ward, models.MonthShort, "200.00", "200.00")
	must(t, w.Funding.MoneyArrived(ctx, c.ID))
	stands(t, w, c, ward, models.MonthShort, "200.00", "200.00")
	_, err := w.Accounts.Delete(ctx, c.Admin.Actor, other.ID, other.Name)
	must(t, err)
	must(t, w.Funding.MoneyArrived(ctx, c.ID))
	has(t, w, ward, "350.00")
	stands(t, w, c, ward, models.MonthFunded, "550.00", "200.00")
	if w.Count(t, `monthly_limits WHERE account_id = $1`, other.ID) != 0 {
		t.Error("a deleted account has a limit")
	}
	refused(t, fund(w, c, other, monthly("5", "")), accounts.ErrNoSuchAccount, "")
}
