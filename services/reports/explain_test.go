package reports_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/ledger"
	"offshoot/services/reports"
)

func (w *world) explain(t failer, actor models.Actor, filter reports.StatementFilter) *models.Explained {
	t.Helper()
	page, err := w.reports.Statement(ctx, actor, filter, reports.Page{Size: 1})
	must(t, err)
	if page.Explained == nil {
		t.Fatal("nothing is explained")
	}
	return page.Explained
}

// BAL-11: a balance as of a moment is what the last entry until then left, that moment included, and that entry is named.
func TestBalanceAsOf(t *testing.T) {
	w := newWorld(t)
	began := w.Clock.Now()
	w.spend(t)
	w.Clock.Add(1000 * time.Hour)
	for _, c := range []struct {
		at     time.Time
		had    string
		number int64
	}{
		{began.Add(-time.Microsecond), "0.00 EUR", 0},
		{began, "25.00 EUR", 1},
		{began.Add(time.Hour - time.Microsecond), "25.00 EUR", 1},
		{began.Add(time.Hour), "24.865 EUR", 2},
		{began.Add(2 * time.Hour), "24.865 EUR", 2},
		{began.Add(1000 * time.Hour), "20.865 EUR", 3},
		{time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), "0.00 EUR", 0},
	} {
		e := w.explain(t, w.Clinic.Admin.Actor, reports.StatementFilter{Account: w.Clinic.Own.Account.ID, At: c.at})
		var number int64
		if e.Last != nil {
			number = e.Last.Number
		}
		if e.Closing.String() != c.had || number != c.number || !e.Unexplained().IsZero() {
			t.Errorf("at %v it had %s by entry %d, not %s by %d; unexplained %s", c.at, e.Closing, number, c.had, c.number, e.Unexplained())
		}
	}
}

func partsOf(e *models.Explained) (told []string) {
	for _, p := range e.Parts {
		told = append(told, fmt.Sprintf("%d %s %s", p.Count, p.Kind, p.Amount.Text()))
	}
	return told
}

// BAL-11: a balance is the one before, what came by kind and what went by kind: of a moment since its month began, or of the
// days that are asked for. Without days or a moment nothing is explained.
func TestBalanceExplained(t *testing.T) {
	w := newWorld(t) // 20 November 2026, 10:30 in Berlin
	berlin, own := zone(t, "Europe/Berlin"), w.Clinic.Own
	w.give(t, w.Clinic, own, "5.00", "Starting amount")
	w.Clock.Set(at("2026-11-30T22:59:59Z")) // the last second of November in Berlin
	w.use(t, own.Account, w.Clock.Now(), "DE", 1, "0.50")
	w.Clock.Add(time.Second)
	w.give(t, w.Clinic, own, "20.00", "")
	w.Clock.Add(time.Hour)
	w.give(t, w.Clinic, own, "1.00", "")
	w.use(t, own.Account, w.Clock.Now(), "DE", 2, "0.10")
	w.Clock.Add(time.Hour)
	_, err := w.Ledger.TransferBack(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: own.Account.ID, Amount: models.FromMicros(4_000_000, "EUR")})
	must(t, err)
	now := w.Clock.Now()
	for what, c := range map[string]struct {
		filter                 reports.StatementFilter
		from, opening, closing string
		parts                  []string
		last                   int64
	}{
		"now, since the month began": {reports.StatementFilter{At: now, Days: models.Days{Zone: berlin}}, "2026-11-30T23:00:00Z", "4.50", "21.40",
			[]string{"2 transfer 21.00", "1 transfer_back -4.00", "1 charge -0.10"}, 6},
		"an hour ago": {reports.StatementFilter{At: now.Add(-time.Hour), Days: models.Days{Zone: berlin}}, "2026-11-30T23:00:00Z", "4.50", "25.40",
			[]string{"2 transfer 21.00", "1 charge -0.10"}, 5},
		"at the turn of the month": {reports.StatementFilter{At: at("2026-11-30T23:00:00Z"), Days: models.Days{Zone: berlin}}, "2026-11-30T23:00:00Z", "4.50", "24.50",
			[]string{"1 transfer 20.00"}, 3},
		"the second before": {reports.StatementFilter{At: at("2026-11-30T22:59:59Z"), Days: models.Days{Zone: berlin}}, "2026-10-31T23:00:00Z", "0.00", "4.50",
			[]string{"1 transfer 5.00", "1 charge -0.50"}, 2},
		"November": {reports.StatementFilter{Days: models.Days{From: day("2026-11-01"), To: day("2026-11-30"), Zone: berlin}}, "2026-10-31T23:00:00Z", "0.00", "4.50",
			[]string{"1 transfer 5.00", "1 charge -0.50"}, 2},
		"from a day on": {reports.StatementFilter{Days: models.Days{From: day("2026-11-21"), Zone: berlin}}, "2026-11-20T23:00:00Z", "5.00", "21.40",
			[]string{"2 transfer 21.00", "1 transfer_back -4.00", "2 charge -0.60"}, 6},
		"up to a day": {reports.StatementFilter{Days: models.Days{To: day("2026-11-30"), Zone: berlin}}, "", "0.00", "4.50",
			[]string{"1 transfer 5.00", "1 charge -0.50"}, 2},
		"days with nothing": {reports.StatementFilter{Days: models.Days{From: day("2026-11-22"), To: day("2026-11-23"), Zone: berlin}}, "2026-11-21T23:00:00Z", "5.00", "5.00", nil, 1},
		"from a day to a moment": {reports.StatementFilter{At: at("2026-11-30T23:00:00Z"), Days: models.Days{From: day("2026-11-30"), Zone: berlin}}, "2026-11-29T23:00:00Z", "5.00", "24.50",
			[]string{"1 transfer 20.00", "1 charge -0.50"}, 3},
	} {
		e := w.explain(t, own.Actor, c.filter)
		from := ""
		if !e.From.IsZero() {
			from = e.From.Format(time.RFC3339)
		}
		if from != c.from || e.Opening.Text() != c.opening || e.Closing.Text() != c.closing || !reflect.DeepEqual(partsOf(e), c.parts) || e.Last.Number != c.last || !e.Unexplained().IsZero() {
			t.Errorf("%s: from %s %s and %v make %s, last by entry %d", what, from, e.Opening.Text(), partsOf(e), e.Closing.Text(), e.Last.Number)
		}
	}
	page, err := w.reports.Statement(ctx, own.Actor, reports.StatementFilter{}, reports.Page{})
	must(t, err)
	if page.Explained != nil {
		t.Errorf("unasked it explains %+v", page.Explained)
	}
}

// BAL-11: whatever moved, for any days of any reader what is explained is the sum of the lines of the file, and joins on to
// what stands before and after.
func TestExplainedIsTheFile(t *testing.T) {
	w := newWorld(t)
	zones := []string{"Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "UTC"}
	first := w.Clock.Now()
	rapid.Check(t, func(r *rapid.T) {
		for range rapid.IntRange(1, 8).Draw(r, "movements") {
			w.Clock.Add(time.Duration(rapid.IntRange(0, 40).Draw(r, "hours")) * time.Hour)
			switch rapid.IntRange(0, 3).Draw(r, "what") {
			case 0:
				_, err := w.Ledger.Transfer(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: w.Clinic.Own.Account.ID, Amount: models.FromMicros(int64(rapid.IntRange(1, 90).Draw(r, "cents"))*10_000, "EUR")})
				must(r, err)
			case 1:
				_, _ = w.Ledger.TransferBack(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: w.Clinic.Own.Account.ID, Amount: models.FromMicros(100_000, "EUR")})
			default:
				by := []models.Account{w.Clinic.Own.Account, w.Clinic.Shared.Account}[rapid.IntRange(0, 1).Draw(r, "who")]
				w.used++
				_, _ = w.Ledger.Charge(ctx, w.Sam.Actor.In(by.TenantID), ledger.ChargeOrder{Account: by.ID, Kind: "message", Country: "DE",
					Quantity: 1, Parts: 1, Amount: models.FromMicros(int64(rapid.IntRange(1, 200_000).Draw(r, "micros")), "EUR"), Reference: fmt.Sprintf("used %d", w.used), At: w.Clock.Now()})
			}
		}
		passed := int(w.Clock.Now().Sub(first).Hours()/24) + 1
		from := rapid.IntRange(-1, passed).Draw(r, "from")
		days := models.Days{Zone: zone(t, rapid.SampledFrom(zones).Draw(r, "zone"))}
		days.From = models.DayOf(first, days.Zone).AddDays(from)
		if rapid.Bool().Draw(r, "ends") {
			days.To = days.From.AddDays(rapid.IntRange(0, 3).Draw(r, "days"))
		}
		account := []models.ID{models.NoID, w.Clinic.Own.Account.ID}[rapid.IntRange(0, 1).Draw(r, "whose")]
		filter := reports.StatementFilter{Account: account, Days: days}
		e := w.explain(r, w.Clinic.Admin.Actor, filter)
		total, n := e.Opening, int64(0)
		by := map[string]models.Money{}
		must(r, w.reports.ExportStatement(ctx, w.Clinic.Admin.Actor, filter, func(l models.StatementLine) error {
			total, n = total.Add(l.Amount), n+1
			key := fmt.Sprint(l.Kind, l.Amount.IsPositive())
			if _, is := by[key]; !is {
				by[key] = models.Zero("EUR")
			}
			by[key] = by[key].Add(l.Amount)
			return nil
		}))
		if !total.Equal(e.Closing) || n != e.Entries || !e.Unexplained().IsZero() || len(by) != len(e.Parts) {
			r.Fatalf("%d lines of the file lead from %s to %s, %d explained ones to %s: %v", n, e.Opening, total, e.Entries, e.Closing, partsOf(e))
		}
		for _, p := range e.Parts {
			if in := by[fmt.Sprint(p.Kind, p.Amount.IsPositive())]; !in.Equal(p.Amount) {
				r.Fatalf("%s is %s in the file, explained as %s", p.Kind, in, p.Amount)
			}
		}
	})
}

// BAL-11, SHR-2: units of a package have a statement as a balance has: what was added, given, used and what is left.
func TestStatementOfUnits(t *testing.T) {
	w := newWorld(t)
	pkg, own := w.AddPackage(t, w.Clinic, 100, 10), w.Clinic.Own
	must(t, w.Billing.ShareUnits(ctx, w.Clinic.Admin.Actor, billing.UnitsOrder{Package: pkg, SubAccount: own.Account.ID, Units: 30}))
	w.Clock.Add(time.Hour)
	_, err := w.Ledger.TransferBack(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: own.Account.ID, Amount: models.Units(10, pkg)})
	must(t, err)
	for what, c := range map[string]struct {
		actor models.Actor
		of    models.ID
		want  []told
	}{
		"the parent's": {w.Clinic.Admin.Actor, models.NoID, []told{{"Transfer back from North Clinic", "North Clinic", "10", "80"}, {"Transfer to North Clinic", "North Clinic", "-30", "70"},
			{"Units added", "", "100", "100"}}},
		"a sub-account's, to itself":     {own.Actor, models.NoID, []told{{"Transfer back to North Clinic Group", "North Clinic Group", "-10", "20"}, {"Transfer from North Clinic Group", "North Clinic Group", "30", "30"}}},
		"a sub-account's, to its parent": {w.Clinic.Admin.Actor, own.Account.ID, []told{{"Transfer back to North Clinic Group", "North Clinic Group", "-10", "20"}, {"Transfer from North Clinic Group", "North Clinic Group", "30", "30"}}},
	} {
		filter := reports.StatementFilter{Account: c.of, Package: pkg, At: w.Clock.Now()}
		page, err := w.reports.Statement(ctx, c.actor, filter, reports.Page{})
		must(t, err)
		if got := tell(page.Lines); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s reads %v", what, got)
		}
		if page.Package != "Parcel" || page.Balance == nil || page.Balance.Text() != c.want[0].after || !page.Explained.Closing.Equal(*page.Balance) || !page.Explained.Unexplained().IsZero() {
			t.Errorf("%s of %q has %v, explained %+v", what, page.Package, page.Balance, page.Explained)
		}
		if len(page.Packages) != 1 || page.Packages[0] != (models.StatementOf{ID: pkg, Name: "Parcel"}) {
			t.Errorf("%s can choose %v", what, page.Packages)
		}
	}
	_, err = w.reports.Statement(ctx, w.Clinic.Shared.Actor, reports.StatementFilter{Package: pkg}, reports.Page{})
	refused(t, "a package that it never had", err, reports.ErrNoSuchPackage)
	_, err = w.reports.Statement(ctx, w.Harbor.Admin.Actor, reports.StatementFilter{Package: pkg}, reports.Page{})
	refused(t, "another tenant's package", err, reports.ErrNoSuchPackage)
}
