package reports_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/reports"
)

// REP-1: each dashboard is for its own kind of account, within its own tenant.
func TestDashboardsRefuse(t *testing.T) {
	w := newWorld(t)
	for what, c := range map[string]struct {
		actor models.Actor
		want  *models.Error
	}{
		"nobody":            {models.Actor{Tenant: w.Clinic.ID, Account: w.Clinic.ID}, models.ErrMissingPrivilege},
		"a sub-account":     {w.Clinic.Own.Actor, models.ErrMissingPrivilege},
		"staff at home":     {w.Sam.Actor, reports.ErrNoSuchAccount},
		"staff in no place": {w.Sam.Actor.In(models.NewID()), reports.ErrNoSuchAccount},
	} {
		_, err := w.reports.ParentDashboard(ctx, c.actor, nil)
		refused(t, what, err, c.want)
	}
	for what, actor := range map[string]models.Actor{"nobody": {Tenant: w.Clinic.ID, Account: w.Clinic.ID}, "a parent": w.Clinic.Admin.Actor, "staff": w.Sam.Actor.In(w.Clinic.ID)} {
		_, err := w.reports.SubAccountDashboard(ctx, actor, nil)
		refused(t, what, err, models.ErrMissingPrivilege)
	}
}

// BAL-1, REP-1: what a parent sees at a glance: its funds and where they are, what needs attention, usage day by day with
// the thirty days before, who used most, what happened last.
func TestParentDashboard(t *testing.T) {
	w := newWorld(t) // at 10:30 in Berlin on 20 November 2026
	berlin, own, shared := zone(t, "Europe/Berlin"), w.Clinic.Own, w.Clinic.Shared
	w.give(t, w.Clinic, own, "25.00", "")
	w.use(t, own.Account, at("2026-11-19T23:30:00Z"), "DE", 1, "1.00")    // the 20th in Berlin
	w.use(t, own.Account, at("2026-11-19T22:30:00Z"), "DE", 2, "2.00")    // the 19th
	w.use(t, shared.Account, at("2026-10-21T22:30:00Z"), "DE", 4, "4.00") // the 22nd of October, the first of the 30 days
	w.use(t, shared.Account, at("2026-10-21T21:30:00Z"), "DE", 8, "8.00") // the day before, the last of the 30 before
	w.use(t, own.Account, at("2026-09-21T22:30:00Z"), "DE", 16, "16.00")  // the first of those
	w.use(t, w.Clinic.Account, at("2026-11-18T12:00:00Z"), "DE", 32, "32.00")
	pending, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, accounts.SubAccountOrder{Details: accounts.Details{AccountName: "New Ward",
		ContactName: "Nils", Email: "new@clinic.example", Mobile: "+4915112345699", Country: "DE", TimeZone: "Europe/Berlin"},
		Funding: models.OwnBalance, Method: models.ByLink})
	must(t, err)

	for _, actor := range []models.Actor{w.Clinic.Admin.Actor, w.Sam.Actor.In(w.Clinic.ID)} {
		d, err := w.reports.ParentDashboard(ctx, actor, berlin)
		must(t, err)
		if got := fmt.Sprint(d.Available, d.Balance, d.Credit, d.Held, d.Total); got != "931.00 EUR 931.00 EUR 0.00 EUR 6.00 EUR 937.00 EUR" {
			t.Errorf("the funds are %s", got)
		}
		if len(d.Days) != 30 || d.Days[29].Day != day("2026-11-20") || d.Days[0].Day != day("2026-10-22") {
			t.Fatalf("the chart has %d days", len(d.Days))
		}
		for i, want := range map[int]string{29: "1 for 1.00, 8 for 8.00", 28: "2 for 2.00, 0 for 0.00", 27: "32 for 32.00, 0 for 0.00",
			1: "0 for 0.00, 0 for 0.00", 0: "4 for 4.00, 16 for 16.00"} {
			l := d.Days[i]
			if got := fmt.Sprintf("%d for %s, %d for %s", l.Now.Messages, l.Now.Cost.Text(), l.Before.Messages, l.Before.Cost.Text()); got != want {
				t.Errorf("%s has %s, not %s", l.Day, got, want)
			}
		}
		if d.Used.Messages != 39 || d.Used.Cost.Text() != "39.00" || d.UsedBefore.Messages != 24 || d.UsedBefore.Cost.Text() != "24.00" {
			t.Errorf("used %+v, before %+v", d.Used, d.UsedBefore)
		}
		var top []string
		for _, a := range d.TopAccounts {
			top = append(top, fmt.Sprintf("%s %s for %d messages, %d parts", a.Name, a.Cost.Text(), a.Messages, a.Parts))
		}
		if !reflect.DeepEqual(top, []string{"Night Ward 4.00 for 4 messages, 8 parts", "North Clinic 3.00 for 3 messages, 6 parts"}) {
			t.Errorf("most was used by %v", top)
		}
		if a := d.Attention; a.PendingCount != 1 || len(a.Pending) != 1 || a.Pending[0].Account != pending.ID || a.Pending[0].Email != "new@clinic.example" || a.LowCount != 0 || a.Requests != 0 {
			t.Errorf("attention: %+v", a)
		}
		if len(d.Latest) != 8 || d.Latest[0].Tenant != w.Clinic.ID {
			t.Errorf("%d latest actions", len(d.Latest))
		}
	}
	harbor, err := w.reports.ParentDashboard(ctx, w.Harbor.Admin.Actor, nil)
	must(t, err)
	if got := fmt.Sprint(harbor.Available, harbor.Credit, harbor.Total); got != "50000 JPY 50000 JPY 0 JPY" || harbor.Used.Messages != 0 || len(harbor.TopAccounts) != 0 || harbor.Attention.PendingCount != 0 {
		t.Errorf("the harbor has %s, used %+v, %v", got, harbor.Used, harbor.TopAccounts)
	}
}

// BAL-1: a balance is low when it will not last a week of what was used; not because it is small, unused, or spent by its
// parent.
func TestLowBalances(t *testing.T) {
	w := newWorld(t)
	now, own := w.Clock.Now(), w.Clinic.Own
	low := func() []models.LowBalance {
		t.Helper()
		d, err := w.reports.ParentDashboard(ctx, w.Clinic.Admin.Actor, nil)
		must(t, err)
		if d.Attention.LowCount != len(d.Attention.Low) {
			t.Errorf("%d are low, %d shown", d.Attention.LowCount, len(d.Attention.Low))
		}
		return d.Attention.Low
	}
	w.give(t, w.Clinic, own, "37.00", "")
	w.use(t, own.Account, now.AddDate(0, 0, -31), "DE", 1, "0.01")
	if got := low(); len(got) != 0 {
		t.Errorf("unused for a month, it is low: %+v", got)
	}
	w.use(t, own.Account, now.AddDate(0, 0, -29), "DE", 1, "29.99") // 7.00 are left, 6.9976 a week
	if got := low(); len(got) != 0 {
		t.Errorf("with enough for a week, it is low: %+v", got)
	}
	w.use(t, w.Clinic.Shared.Account, now, "DE", 1, "500.00")
	w.use(t, own.Account, now, "DE", 1, "0.01") // 6.99 are left
	got := low()
	if len(got) != 1 || got[0].Account != own.Account.ID || got[0].Name != "North Clinic" || got[0].Balance.String() != "6.99 EUR" || got[0].Weekly.Text() != "7.00" {
		t.Errorf("low are %+v", got)
	}
	w.give(t, w.Clinic, own, "0.01", "")
	if got := low(); len(got) != 0 {
		t.Errorf("with exactly enough, it is low: %+v", got)
	}
	must(t, w.Accounts.SetFunding(ctx, w.Clinic.Admin.Actor, own.Account.ID, 1, models.FundingTerms{Funding: models.SharedBalance}))
	must(t, w.Accounts.SetFunding(ctx, w.Clinic.Admin.Actor, w.Clinic.Shared.Account.ID, 1, models.FundingTerms{Funding: models.OwnBalance}))
	if got := low(); len(got) != 0 {
		t.Errorf("with nothing, of which nothing is used any more, or was not its own, it is low: %+v", got)
	}
}

// BAL-2, REP-1: what a sub-account sees at a glance is about itself; one that spends its parent's balance sees neither a
// balance nor a cost.
func TestSubAccountDashboard(t *testing.T) {
	w := newWorld(t)
	w.spend(t)
	d, err := w.reports.SubAccountDashboard(ctx, w.Clinic.Own.Actor, zone(t, "Asia/Amman"))
	must(t, err)
	if d.Balance == nil || d.Balance.String() != "20.865 EUR" || d.Used.Messages != 3 || d.Used.Cost.Text() != "0.135" || len(d.Days) != 30 ||
		d.Days[29].Now.Messages != 3 || len(d.Latest) != 3 || d.Latest[0].Number != 3 || d.UsedBefore.Messages != 0 {
		t.Errorf("with a balance of its own: %+v", d)
	}
	d, err = w.reports.SubAccountDashboard(ctx, w.Clinic.Shared.Actor, nil)
	must(t, err)
	if d.Balance != nil || d.Used.Messages != 1 || d.Used.Cost != nil || d.Days[29].Now.Messages != 1 || d.Days[29].Now.Cost != nil || len(d.Latest) != 0 {
		t.Errorf("with its parent's balance: %+v", d)
	}
	w.Clock.Add(30 * 24 * time.Hour)
	d, err = w.reports.SubAccountDashboard(ctx, w.Clinic.Own.Actor, nil)
	must(t, err)
	if d.Used.Messages != 0 || d.UsedBefore.Messages != 3 || d.Days[29].Before.Messages != 3 {
		t.Errorf("thirty days later: used %+v, before %+v", d.Used, d.UsedBefore)
	}
}
