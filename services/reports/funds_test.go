package reports_test

import (
	"fmt"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/funding"
	"offshoot/services/reports"
	"offshoot/services/storetest"
)

func (w *world) attention(t testing.TB, c storetest.Company) models.Attention {
	t.Helper()
	d, err := w.reports.ParentDashboard(ctx, c.Admin.Actor, nil)
	must(t, err)
	return d.Attention
}

func (w *world) fund(t testing.TB, c storetest.Company, sub models.Account, terms models.FundingTerms) {
	t.Helper()
	shown, err := w.Accounts.Show(ctx, c.Admin.Actor, sub.ID)
	must(t, err)
	must(t, w.Accounts.SetFunding(ctx, c.Admin.Actor, sub.ID, shown.Version, terms))
}

// BAL-5, BAL-6: the dashboard says what the next month start will lack, as the rehearsal does, and afterwards who was short and of
// how much.
func TestAttentionToMonths(t *testing.T) {
	w := newWorld(t) // 20 November 2026 in Berlin, 1,000.00 there
	c, own := w.Clinic, w.Clinic.Own
	day, gone := w.AddActive(t, c, "Day Ward", "day@clinic.example"), w.AddActive(t, c, "Old Ward", "old@clinic.example")
	w.fund(t, c, own.Account, models.FundingTerms{Funding: models.MonthlyLimit, Limit: "500", Priority: "1"})
	w.fund(t, c, day.Account, models.FundingTerms{Funding: models.MonthlyLimit, Limit: "300"})
	w.fund(t, c, gone.Account, models.FundingTerms{Funding: models.MonthlyLimit, Limit: "100"})
	_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, gone.Account.ID, "Moved")
	must(t, err)
	lacks := func(short int, missing, next string) {
		t.Helper()
		a := w.attention(t, c)
		if a.ShortCount != short || a.ShortMissing.Text() != missing || a.NextMissing.Text() != next {
			t.Errorf("short are %d for %s, next month lacks %s; not %d, %s, %s", a.ShortCount, a.ShortMissing.Text(), a.NextMissing.Text(), short, missing, next)
		}
		r, err := w.Funding.Rehearse(ctx, c.Admin.Actor, models.MonthQuery{})
		must(t, err)
		now, err := w.Funding.ThisMonth(ctx, c.Admin.Actor, models.MonthQuery{})
		must(t, err)
		if !now.Missing.Equal(a.ShortMissing) || now.Counts[models.MonthShort] != a.ShortCount {
			t.Errorf("the page of the month lacks %s for %d, the dashboard %s", now.Missing, now.Counts[models.MonthShort], a.ShortMissing)
		}
		if !r.Missing.Equal(a.NextMissing) || r.Period != a.NextMonth.MonthText() {
			t.Errorf("the rehearsal of %s lacks %s, the dashboard's of %s %s", r.Period, r.Missing, a.NextMonth, a.NextMissing)
		}
	}
	lacks(0, "0.00", "0.00")
	w.use(t, own.Account, w.Clock.Now(), "DE", 1, "450.00")
	lacks(0, "0.00", "250.00") // 800 are needed; 350 are unused, 200 available
	w.Clock.Set(at("2026-11-30T23:00:00Z"))
	must(t, w.Funding.StartMonths(ctx))
	lacks(1, "250.00", "250.00")
	if a := w.attention(t, w.Harbor); a.ShortCount != 0 || a.NextMissing.IsPositive() {
		t.Errorf("of another parent it says %+v", a)
	}
}

// BAL-8, BAL-10, ACC-13: what stands open is counted, the first of it named: paused recharges but for those that a person paused,
// balances under their threshold before those that will not last, requests for credit, trials at their end.
func TestAttentionToWhatIsOpen(t *testing.T) {
	w := &world{World: storetest.WorldOn(t, storetest.Unchecked(t))}
	w.reports = reports.New(w.Store)
	c, now := w.Clinic, w.Clock.Now()
	own, shared := c.Own, c.Shared
	day, gone := w.AddActive(t, c, "Day Ward", "day@clinic.example"), w.AddActive(t, c, "Old Ward", "old@clinic.example")
	exec := func(sql string, args ...any) {
		t.Helper()
		_, err := w.Raw.Exec(ctx, sql, args...)
		must(t, err)
	}
	if got := w.attention(t, c); got.LowCount != 0 || got.OwnLow != nil || got.PausedCount != 0 || got.CreditCount != 0 || got.TrialCount != 0 {
		t.Errorf("with nothing open: %+v", got)
	}
	w.give(t, c, own, "5.00", "")
	w.give(t, c, day, "7.00", "")
	w.use(t, own.Account, now, "DE", 1, "4.90")
	w.use(t, day.Account, now, "DE", 1, "6.80")
	if got := w.attention(t, c); got.LowCount != 2 || got.Low[0].Name != "North Clinic" || got.Low[0].Below != nil || got.Low[0].Weekly.Text() != "1.14" {
		t.Errorf("of those that will not last: %+v", got.Low)
	}
	for account, below := range map[models.ID]int64{c.ID: 9_000_000, day.Account.ID: 3_000_000} {
		exec(`INSERT INTO falls (tenant_id, id, account_id, kind, asset, threshold, balance, fell_at) VALUES ($1, $2, $3, 'low', 'EUR', $4, 1, now()), ($1, $5, $3, 'recharge', 'EUR', $4, 1, now())`,
			c.ID, models.NewID(), account, below, models.NewID())
	}
	exec(`INSERT INTO falls (tenant_id, id, account_id, kind, asset, threshold, balance, fell_at, ended_at) VALUES ($1, $2, $3, 'low', 'EUR', 5, 1, now(), now())`, c.ID, models.NewID(), own.Account.ID)
	for i, reason := range []string{"short", "person", "times"} {
		exec(`INSERT INTO recharge_rules (tenant_id, account_id, asset, below, amount, up_to, most_times, most_amount, paused_at, paused_reason, set_at)
			VALUES ($1, $2, 'EUR', 1, 1, false, 1, 1, $3, $4, now())`, c.ID, []models.ID{own.Account.ID, shared.Account.ID, day.Account.ID}[i], now.Add(time.Duration(i)*time.Minute), reason)
	}
	must(t, w.Funding.RequestCredit(ctx, own.Actor, funding.CreditForm{Amount: "20", Note: "For December"}))
	for account, ends := range map[models.ID]time.Time{own.Account.ID: now.Add(7 * 24 * time.Hour), day.Account.ID: now.Add(8 * 24 * time.Hour), shared.Account.ID: now.Add(-time.Hour),
		gone.Account.ID: now.Add(time.Hour)} {
		exec(`UPDATE accounts SET trial_ends_at = $2 WHERE id = $1`, account, ends)
	}
	_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, gone.Account.ID, "Moved")
	must(t, err)

	a := w.attention(t, c)
	if a.OwnLow == nil || a.OwnLow.Balance.Text() != "988.00" || a.OwnLow.Below.Text() != "9.00" {
		t.Errorf("the parent's own: %+v", a.OwnLow)
	}
	said := ""
	for _, l := range a.Low {
		said += fmt.Sprint(l.Name, " ", l.Balance.Text(), " ", l.Below, " ", l.Weekly, "; ")
	}
	if said != "Day Ward 0.20 3.00 EUR <nil>; North Clinic 0.10 <nil> 1.14 EUR; " || a.LowCount != 2 {
		t.Errorf("low are %d: %s", a.LowCount, said)
	}
	said = ""
	for _, p := range a.Paused {
		said += p.Name + " " + p.Reason + "; "
	}
	if said != "North Clinic short; Day Ward times; " || a.PausedCount != 2 {
		t.Errorf("paused are %d: %s", a.PausedCount, said)
	}
	if len(a.Credit) != 1 || a.CreditCount != 1 || a.Credit[0].Name != "North Clinic" || a.Credit[0].Amount.Text() != "20.00" || a.Credit[0].Note != "For December" {
		t.Errorf("%d ask for credit: %+v", a.CreditCount, a.Credit)
	}
	said = ""
	for _, p := range a.Trials {
		said += fmt.Sprint(p.Name, " ", p.Ended, "; ")
	}
	if said != "Night Ward true; North Clinic false; " || a.TrialCount != 2 {
		t.Errorf("trials are %d: %s", a.TrialCount, said)
	}

	exec(`UPDATE recharge_rules SET paused_at = NULL, paused_reason = '' WHERE account_id = $1`, own.Account.ID)
	w.Clock.Add(time.Hour)
	exec(`UPDATE wallets SET credited_at = $2 WHERE account_id = $1 AND kind = 'balance'`, shared.Account.ID, w.Clock.Now()) // after its end: it is in use again
	a = w.attention(t, c)
	if len(a.Low) != 1 || a.Low[0].Name != "Day Ward" || a.TrialCount != 1 {
		t.Errorf("recharged by itself: %+v; trials %+v", a.Low, a.Trials)
	}
	if other := w.attention(t, w.Harbor); other.OwnLow != nil || other.LowCount+other.PausedCount+other.CreditCount+other.TrialCount != 0 {
		t.Errorf("of another parent it says %+v", other)
	}
}

// BAL-3, BAL-4, ACC-13: a sub-account sees how much of its limit is used; of caps on its parent's balance how much, where it is
// shown no prices; and until when it is on trial.
func TestSubAccountLimits(t *testing.T) {
	w := newWorld(t)
	own, shared := w.Clinic.Own, w.Clinic.Shared
	see := func(p storetest.Person) models.SubAccountDashboard {
		t.Helper()
		d, err := w.reports.SubAccountDashboard(ctx, p.Actor, nil)
		must(t, err)
		return d
	}
	if d := see(own); len(d.Limits) != 0 || d.TrialEndsAt != nil || d.HidesPrices {
		t.Errorf("with a balance of its own it sees %+v until %v", d.Limits, d.TrialEndsAt)
	}
	w.fund(t, w.Clinic, own.Account, models.FundingTerms{Funding: models.MonthlyLimit, Limit: "50"})
	w.use(t, own.Account, w.Clock.Now(), "DE", 1, "12.50")
	if d := see(own); len(d.Limits) != 1 || d.Limits[0].Used.Text() != "12.50" || d.Limits[0].Amount.Text() != "50.00" || d.Limits[0].Cap || d.HidesPrices || d.Balance.Text() != "37.50" {
		t.Errorf("with a limit it sees %+v and a balance of %v", d.Limits, d.Balance)
	}
	w.fund(t, w.Clinic, shared.Account, models.FundingTerms{Funding: models.SharedBalance, CapDay: "5", CapMonth: "20"})
	if d := see(shared); len(d.Limits) != 2 || !d.Limits[0].Cap || !d.Limits[1].Daily || !d.HidesPrices || d.Balance != nil {
		t.Errorf("with caps it sees %+v", d)
	}
	w.fund(t, w.Harbor, w.Harbor.Own.Account, models.FundingTerms{Funding: models.MonthlyLimit, Limit: "500"})
	if d := see(w.Harbor.Own); len(d.Limits) != 1 || d.Limits[0].Amount.Text() != "500" || d.Balance != nil || d.HidesPrices {
		t.Errorf("of a post-pay parent it sees %+v and a balance of %v", d.Limits, d.Balance)
	}
}
