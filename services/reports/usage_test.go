package reports_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/reports"
)

var november = models.Days{From: day("2026-11-01"), To: day("2026-11-30")}

// REP-1: bad filters are refused with a sentence at each field; accounts out of sight are not found.
func TestUsageRefuses(t *testing.T) {
	w := newWorld(t)
	nora := w.Clinic.Admin.Actor
	days := func(from, to string) models.Days { return models.Days{From: day(from), To: day(to)} }
	for what, c := range map[string]struct {
		actor  models.Actor
		filter reports.UsageFilter
		want   *models.Error
		fields []string
	}{
		"nobody":               {models.Actor{Tenant: w.Clinic.ID}, reports.UsageFilter{Days: november, GroupBy: models.ByDay}, models.ErrMissingPrivilege, nil},
		"hidden by PRV-4":      {models.Actor{Tenant: w.Clinic.ID, Account: w.Clinic.Own.Account.ID, Privileges: map[models.Privilege]bool{models.ViewAccount: true}}, reports.UsageFilter{Days: november, GroupBy: models.ByDay}, models.ErrMissingPrivilege, nil},
		"nothing":              {nora, reports.UsageFilter{}, models.ErrCheckFields, []string{"from", "to", "group"}},
		"no last day":          {nora, reports.UsageFilter{Days: models.Days{From: day("2026-11-01")}, GroupBy: models.ByDay}, models.ErrCheckFields, []string{"to"}},
		"days the wrong way":   {nora, reports.UsageFilter{Days: days("2026-11-02", "2026-11-01"), GroupBy: models.ByDay}, models.ErrCheckFields, []string{"to"}},
		"too many days":        {nora, reports.UsageFilter{Days: days("2020-01-01", "2023-01-04"), GroupBy: models.ByMonth}, models.ErrCheckFields, []string{"to"}},
		"eight thousand years": {nora, reports.UsageFilter{Days: days("1970-01-01", "9998-12-31"), GroupBy: models.ByDay}, models.ErrCheckFields, []string{"to"}},
		"an unknown grouping":  {nora, reports.UsageFilter{Days: november, GroupBy: "1; DROP TABLE charges"}, models.ErrCheckFields, []string{"group"}},
		"no such country":      {nora, reports.UsageFilter{Days: november, GroupBy: models.ByDay, Country: "XX"}, models.ErrCheckFields, []string{"country"}},
		"a small country":      {nora, reports.UsageFilter{Days: november, GroupBy: models.ByDay, Country: "de"}, models.ErrCheckFields, []string{"country"}},
		"no such status":       {nora, reports.UsageFilter{Days: november, GroupBy: models.ByDay, Status: "lost"}, models.ErrCheckFields, []string{"status"}},
		"no such kind":         {nora, reports.UsageFilter{Days: november, GroupBy: models.ByDay, Kind: "fax"}, models.ErrCheckFields, []string{"kind"}},
		"another tenant's":     {nora, reports.UsageFilter{Days: november, GroupBy: models.ByDay, Account: w.Harbor.Own.Account.ID}, reports.ErrNoSuchAccount, nil},
		"a sibling's":          {w.Clinic.Own.Actor, reports.UsageFilter{Days: november, GroupBy: models.ByDay, Account: w.Clinic.Shared.Account.ID}, reports.ErrNoSuchAccount, nil},
		"its parent's":         {w.Clinic.Own.Actor, reports.UsageFilter{Days: november, GroupBy: models.ByDay, Account: w.Clinic.ID}, reports.ErrNoSuchAccount, nil},
	} {
		_, err := w.reports.Usage(ctx, c.actor, c.filter)
		refused(t, what, err, c.want, c.fields...)
		err = w.reports.ExportUsage(ctx, c.actor, c.filter, func(models.UsageRow) error { t.Errorf("%s: a row came out", what); return nil })
		refused(t, what+", exported", err, c.want, c.fields...)
	}
	_, err := w.reports.PerAccountUsage(ctx, nora, w.Harbor.Own.Account.ID, nil)
	refused(t, "another tenant's months", err, reports.ErrNoSuchAccount)
}

type summed struct {
	what, account    string
	messages, others int64
	cost             string
}

func sum(rows []models.UsageRow) (all []summed) {
	for _, r := range rows {
		s := summed{r.Day.String() + r.Country, r.AccountName, r.Messages, r.Others, "-"}
		if r.Cost != nil {
			s.cost = r.Cost.Text()
		}
		all = append(all, s)
	}
	return all
}

// REP-1: usage by day, month and country, with and without accounts, of one account, country and kind. A parent sees
// what its sub-accounts used, whoever paid; nothing of another tenant's.
func TestUsage(t *testing.T) {
	w := newWorld(t)
	w.give(t, w.Clinic, w.Clinic.Own, "25.00", "")
	own, shared := w.Clinic.Own.Account, w.Clinic.Shared.Account
	w.use(t, own, at("2026-10-31T22:59:59Z"), "DE", 1, "0.045") // 31 October in Berlin
	w.use(t, own, at("2026-10-31T23:00:00Z"), "DE", 2, "0.09")
	w.use(t, shared, at("2026-11-02T10:00:00Z"), "FR", 3, "0.21")
	w.use(t, shared, at("2026-11-02T11:00:00Z"), "DE", 4, "0.18")
	_, err := w.Ledger.Charge(ctx, w.Sam.Actor.In(w.Clinic.ID), ledger.ChargeOrder{Account: own.ID, Kind: "call", Country: "FR", Quantity: 5,
		Amount: models.FromMicros(500_000, "EUR"), Reference: "call 1", At: at("2026-11-02T12:00:00Z")})
	must(t, err)
	w.use(t, w.Harbor.Shared.Account, at("2026-11-02T10:00:00Z"), "FR", 1000, "9000")

	days := models.Days{From: day("2026-10-31"), To: day("2026-11-02"), Zone: zone(t, "Europe/Berlin")}
	for what, c := range map[string]struct {
		filter reports.UsageFilter
		want   []summed
	}{
		"by day": {reports.UsageFilter{Days: days, GroupBy: models.ByDay},
			[]summed{{"2026-10-31", "", 1, 0, "0.045"}, {"2026-11-01", "", 2, 0, "0.09"}, {"2026-11-02", "", 7, 5, "0.89"}}},
		"by day in UTC": {reports.UsageFilter{Days: models.Days{From: days.From, To: days.To}, GroupBy: models.ByDay},
			[]summed{{"2026-10-31", "", 3, 0, "0.135"}, {"2026-11-01", "", 0, 0, "0.00"}, {"2026-11-02", "", 7, 5, "0.89"}}},
		"by month": {reports.UsageFilter{Days: days, GroupBy: models.ByMonth},
			[]summed{{"2026-10-01", "", 1, 0, "0.045"}, {"2026-11-01", "", 9, 5, "0.98"}}},
		"by country": {reports.UsageFilter{Days: days, GroupBy: models.ByCountry},
			[]summed{{"DE", "", 7, 0, "0.315"}, {"FR", "", 3, 5, "0.71"}}},
		"by month and account": {reports.UsageFilter{Days: days, GroupBy: models.ByMonth, ByAccount: true},
			[]summed{{"2026-10-01", "North Clinic", 1, 0, "0.045"}, {"2026-11-01", "Night Ward", 7, 0, "0.39"}, {"2026-11-01", "North Clinic", 2, 5, "0.59"}}},
		"by country and account": {reports.UsageFilter{Days: days, GroupBy: models.ByCountry, ByAccount: true},
			[]summed{{"DE", "Night Ward", 4, 0, "0.18"}, {"DE", "North Clinic", 3, 0, "0.135"}, {"FR", "Night Ward", 3, 0, "0.21"}, {"FR", "North Clinic", 0, 5, "0.50"}}},
		"one account": {reports.UsageFilter{Days: days, GroupBy: models.ByMonth, Account: shared.ID},
			[]summed{{"2026-10-01", "", 0, 0, "0.00"}, {"2026-11-01", "", 7, 0, "0.39"}}},
		"one country": {reports.UsageFilter{Days: days, GroupBy: models.ByMonth, Country: "DE"},
			[]summed{{"2026-10-01", "", 1, 0, "0.045"}, {"2026-11-01", "", 6, 0, "0.27"}}},
		"one kind": {reports.UsageFilter{Days: days, GroupBy: models.ByCountry, Kind: "call"},
			[]summed{{"FR", "", 0, 5, "0.50"}}},
		"the parent's own": {reports.UsageFilter{Days: days, GroupBy: models.ByCountry, Account: w.Clinic.ID}, nil},
		"days to come": {reports.UsageFilter{Days: models.Days{From: day("2026-11-20"), To: day("2026-12-24")}, GroupBy: models.ByDay},
			[]summed{{"2026-11-20", "", 0, 0, "0.00"}}},
	} {
		for _, actor := range []models.Actor{w.Clinic.Admin.Actor, w.Sam.Actor.In(w.Clinic.ID)} {
			report, err := w.reports.Usage(ctx, actor, c.filter)
			must(t, err)
			if got := sum(report.Rows); !reflect.DeepEqual(got, c.want) || !report.ShowsCost || report.Currency != "EUR" {
				t.Errorf("%s: %v", what, got)
			}
		}
	}
}

// BAL-2, REP-1: a sub-account sees its own usage only. What its parent paid for it is no cost that it sees; while it spends
// its parent's balance it sees no costs at all.
func TestUsageOfASubAccount(t *testing.T) {
	w := newWorld(t)
	own, shared := w.Clinic.Own, w.Clinic.Shared
	w.give(t, w.Clinic, own, "25.00", "")
	w.use(t, own.Account, at("2026-11-02T10:00:00Z"), "DE", 2, "0.09")
	w.use(t, shared.Account, at("2026-11-02T10:00:00Z"), "FR", 3, "0.21")
	filter := reports.UsageFilter{Days: november, GroupBy: models.ByCountry, ByAccount: true}
	read := func(actor models.Actor) reports.UsageReport {
		t.Helper()
		report, err := w.reports.Usage(ctx, actor, filter)
		must(t, err)
		return report
	}
	if r := read(own.Actor); !reflect.DeepEqual(sum(r.Rows), []summed{{"DE", "North Clinic", 2, 0, "0.09"}}) || r.Total.Cost.String() != "0.09 EUR" || !r.ShowsCost {
		t.Errorf("with a balance of its own it reads %v", sum(r.Rows))
	}
	if r := read(shared.Actor); !reflect.DeepEqual(sum(r.Rows), []summed{{"FR", "Night Ward", 3, 0, "-"}}) || r.Total.Cost != nil || r.ShowsCost || r.Total.Messages != 3 {
		t.Errorf("with its parent's balance it reads %v and a total of %v", sum(r.Rows), r.Total)
	}
	must(t, w.reports.ExportUsage(ctx, shared.Actor, filter, func(r models.UsageRow) error {
		if r.Cost != nil {
			t.Errorf("with its parent's balance its file has a cost of %v", r.Cost)
		}
		return nil
	}))
	months, err := w.reports.PerAccountUsage(ctx, shared.Actor, models.NoID, nil)
	must(t, err)
	if months[0].Messages != 3 || months[0].Cost != nil {
		t.Errorf("with its parent's balance its month is %+v", months[0])
	}

	must(t, w.Accounts.SetFunding(ctx, w.Clinic.Admin.Actor, shared.Account.ID, 1, models.FundingTerms{Funding: models.OwnBalance}))
	w.give(t, w.Clinic, shared, "1.00", "")
	w.use(t, shared.Account, at("2026-11-03T10:00:00Z"), "FR", 1, "0.07")
	if r := read(shared.Actor); !reflect.DeepEqual(sum(r.Rows), []summed{{"FR", "Night Ward", 4, 0, "0.07"}}) {
		t.Errorf("after it got a balance of its own it reads %v", sum(r.Rows))
	}
	if r := read(w.Clinic.Admin.Actor); !reflect.DeepEqual(sum(r.Rows), []summed{{"DE", "North Clinic", 2, 0, "0.09"}, {"FR", "Night Ward", 4, 0, "0.28"}}) {
		t.Errorf("its parent reads %v", sum(r.Rows))
	}
}

// REP-4: the twelve months of one account, newest first, in the reader's zone.
func TestPerAccountUsage(t *testing.T) {
	w := newWorld(t) // on 20 November 2026
	w.give(t, w.Clinic, w.Clinic.Own, "25.00", "")
	for i, when := range []string{"2026-11-19T10:00:00Z", "2026-10-31T23:30:00Z", "2026-10-31T22:30:00Z", "2025-12-01T00:00:00Z", "2025-11-30T22:00:00Z"} {
		w.use(t, w.Clinic.Own.Account, at(when), "DE", int64(1)<<i, "0.01")
	}
	months, err := w.reports.PerAccountUsage(ctx, w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID, zone(t, "Europe/Berlin"))
	must(t, err)
	if len(months) != 12 {
		t.Fatalf("%d months", len(months))
	}
	for i, want := range []string{"2026-11 3 0.02", "2026-10 4 0.01", "2026-09 0 0.00"} {
		if got := fmt.Sprintf("%s %d %s", months[i].Day.MonthText(), months[i].Messages, months[i].Cost.Text()); got != want {
			t.Errorf("month %d is %s, not %s", i, got, want)
		}
	}
	if got := fmt.Sprintf("%s %d", months[11].Day.MonthText(), months[11].Messages); got != "2025-12 8" {
		t.Errorf("the last month is %s", got)
	}
}

// REP-1: a report shows so many rows and says that there are more; its totals and its file are of all of them.
func TestUsageOfManyAccounts(t *testing.T) {
	books := newBooks(t)
	const accounts = reports.MaxUsageRows + 5
	tenant := books.parent("EUR", "UTC")
	for i := range accounts {
		books.use(tenant, charge{account: books.sub(tenant, "EUR", fmt.Sprintf("Sub %04d", i)), at: at("2026-11-02T10:00:00Z").Add(time.Duration(i) * time.Millisecond),
			country: "DE", kind: "message", quantity: 1, parts: 2, amount: 45_000})
	}
	books.post()
	filter := reports.UsageFilter{Days: november, GroupBy: models.ByDay, ByAccount: true}
	report, err := books.reports.Usage(ctx, books.boss(tenant), filter)
	must(t, err)
	if len(report.Rows) != reports.MaxUsageRows || !report.More || report.Rows[reports.MaxUsageRows-1].AccountName != "Sub 0999" {
		t.Errorf("it shows %d rows, more: %v", len(report.Rows), report.More)
	}
	if report.Total.Messages != accounts || report.Total.Parts != 2*accounts || report.Total.Cost.Micros() != 45_000*accounts {
		t.Errorf("the total is %+v", report.Total)
	}
	n := 0
	must(t, books.reports.ExportUsage(ctx, books.boss(tenant), filter, func(r models.UsageRow) error {
		if n < len(report.Rows) && !reflect.DeepEqual(r, report.Rows[n]) {
			t.Fatalf("row %d of the file is %+v", n, r)
		}
		n++
		return nil
	}))
	if n != accounts {
		t.Errorf("the file has %d rows", n)
	}
}
