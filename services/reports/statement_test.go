package reports_test

import (
	"reflect"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/reports"
	"offshoot/views/wording"
)

// BAL-11: bad filters and links are refused; accounts out of sight are not found, whichever way they are asked for.
func TestStatementRefuses(t *testing.T) {
	w := newWorld(t)
	nora, ward := w.Clinic.Admin.Actor, w.Clinic.Own.Actor
	for what, c := range map[string]struct {
		actor  models.Actor
		filter reports.StatementFilter
		page   reports.Page
		want   *models.Error
		fields []string
	}{
		"nobody":                          {models.Actor{Tenant: w.Clinic.ID, Account: w.Clinic.ID}, reports.StatementFilter{}, reports.Page{}, models.ErrMissingPrivilege, nil},
		"another tenant's sub-account":    {nora, reports.StatementFilter{Account: w.Harbor.Own.Account.ID}, reports.Page{}, reports.ErrNoSuchAccount, nil},
		"another tenant":                  {nora, reports.StatementFilter{Account: w.Harbor.ID}, reports.Page{}, reports.ErrNoSuchAccount, nil},
		"a sub-account about its parent":  {ward, reports.StatementFilter{Account: w.Clinic.ID}, reports.Page{}, reports.ErrNoSuchAccount, nil},
		"a sub-account about its sibling": {ward, reports.StatementFilter{Account: w.Clinic.Shared.Account.ID}, reports.Page{}, reports.ErrNoSuchAccount, nil},
		"staff about another tenant":      {w.Sam.Actor.In(w.Clinic.ID), reports.StatementFilter{Account: w.Harbor.ID}, reports.Page{}, reports.ErrNoSuchAccount, nil},
		"staff about themselves":          {w.Sam.Actor, reports.StatementFilter{}, reports.Page{}, reports.ErrNoSuchAccount, nil},
		"days the wrong way":              {nora, reports.StatementFilter{Days: models.Days{From: day("2026-11-02"), To: day("2026-11-01")}}, reports.Page{}, models.ErrCheckFields, []string{"to"}},
		"a cursor of words":               {nora, reports.StatementFilter{}, reports.Page{Older: "first"}, reports.ErrBadCursor, nil},
		"a cursor below":                  {nora, reports.StatementFilter{}, reports.Page{Newer: "0"}, reports.ErrBadCursor, nil},
		"a cursor with a sign":            {nora, reports.StatementFilter{}, reports.Page{Older: "+1"}, reports.ErrBadCursor, nil},
		"a cursor beyond":                 {nora, reports.StatementFilter{}, reports.Page{Older: "9223372036854775808"}, reports.ErrBadCursor, nil},
	} {
		_, err := w.reports.Statement(ctx, c.actor, c.filter, c.page)
		refused(t, what, err, c.want, c.fields...)
		if c.page != (reports.Page{}) {
			continue
		}
		err = w.reports.ExportStatement(ctx, c.actor, c.filter, func(models.StatementLine) error { t.Errorf("%s: an entry came out", what); return nil })
		refused(t, what+", exported", err, c.want, c.fields...)
		if c.filter.Days == (models.Days{}) {
			_, _, err = w.reports.BalanceAsOf(ctx, c.actor, c.filter.Account, time.Now())
			refused(t, what+", as of", err, c.want, c.fields...)
		}
	}
	if _, err := w.reports.Statement(ctx, nora, reports.StatementFilter{}, reports.Page{Newer: "9223372036854775807"}); err != nil {
		t.Errorf("the last number of all: %v", err)
	}
}

// spend gives the clinic's two sub-accounts a history.
func (w *world) spend(t *testing.T) {
	t.Helper()
	w.give(t, w.Clinic, w.Clinic.Own, "25.00", "for November")
	w.Clock.Add(time.Hour)
	w.use(t, w.Clinic.Own.Account, w.Clock.Now(), "DE", 3, "0.135")
	w.Clock.Add(time.Hour)
	w.use(t, w.Clinic.Shared.Account, w.Clock.Now(), "FR", 1, "0.07")
	w.Clock.Add(time.Hour)
	_, err := w.Ledger.TransferBack(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: w.Clinic.Own.Account.ID, Amount: models.FromMicros(4_000_000, "EUR")})
	must(t, err)
}

type told struct{ what, other, amount, after string }

func tell(lines []models.StatementLine) (all []told) {
	for _, l := range lines {
		all = append(all, told{wording.EntrySentence(l), l.OtherName, l.Amount.Text(), l.BalanceAfter.Text()})
	}
	return all
}

// BAL-11: each account's statement has its own entries with the running balance and what each was for. A parent reads
// its sub-accounts' too, staff everybody's.
func TestStatement(t *testing.T) {
	w := newWorld(t)
	w.spend(t)
	ward := []told{
		{"Transfer back to North Clinic Group", "North Clinic Group", "-4.00", "20.865"},
		{"3 messages to Germany", "", "-0.135", "24.865"},
		{"Transfer from North Clinic Group: for November", "North Clinic Group", "25.00", "25.00"},
	}
	for _, actor := range []models.Actor{w.Clinic.Own.Actor, w.Clinic.Admin.Actor, w.Sam.Actor.In(w.Clinic.ID)} {
		filter := reports.StatementFilter{Account: w.Clinic.Own.Account.ID}
		page, err := w.reports.Statement(ctx, actor, filter, reports.Page{})
		must(t, err)
		if got := tell(page.Lines); !reflect.DeepEqual(got, ward) {
			t.Errorf("%s reads %v", actor.Email, got)
		}
		if page.Balance == nil || page.Balance.String() != "20.865 EUR" || page.Name != "North Clinic" || page.Funding != models.OwnBalance {
			t.Errorf("%s reads of %s: %v", actor.Email, page.Name, page.Balance)
		}
	}
	own, err := w.reports.Statement(ctx, w.Clinic.Own.Actor, reports.StatementFilter{}, reports.Page{})
	must(t, err)
	if own.Account != w.Clinic.Own.Account.ID || len(own.Lines) != 3 || own.Lines[0].Transfer == models.NoID || own.Lines[1].Reference == "" {
		t.Errorf("without an account, a sub-account reads %+v", own)
	}
	parent, err := w.reports.Statement(ctx, w.Clinic.Admin.Actor, reports.StatementFilter{}, reports.Page{})
	must(t, err)
	if got, want := tell(parent.Lines), []told{
		{"Transfer back from North Clinic", "North Clinic", "4.00", "978.93"},
		{"1 message to France by Night Ward", "Night Ward", "-0.07", "974.93"},
		{"Transfer to North Clinic: for November", "North Clinic", "-25.00", "975.00"},
		{"Money received", "", "1000.00", "1000.00"},
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("the parent reads %v", got)
	}
}

// BAL-2, BAL-11: a sub-account that spends its parent's balance is shown no balance, only what its own once had.
func TestStatementOfSharedBalance(t *testing.T) {
	w := newWorld(t)
	w.spend(t)
	page, err := w.reports.Statement(ctx, w.Clinic.Shared.Actor, reports.StatementFilter{}, reports.Page{})
	must(t, err)
	if page.Balance != nil || len(page.Lines) != 0 || page.Funding != models.SharedBalance {
		t.Errorf("it reads a balance of %v and %v", page.Balance, tell(page.Lines))
	}
	must(t, w.Accounts.SetFunding(ctx, w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID, 1, models.FundingTerms{Funding: models.SharedBalance}))
	page, err = w.reports.Statement(ctx, w.Clinic.Own.Actor, reports.StatementFilter{}, reports.Page{})
	must(t, err)
	if page.Balance != nil || len(page.Lines) != 4 || !page.Lines[0].BalanceAfter.IsZero() {
		t.Errorf("after the change it reads a balance of %v and %v", page.Balance, tell(page.Lines))
	}
	had, last, err := w.reports.BalanceAsOf(ctx, w.Clinic.Own.Actor, models.NoID, w.Clock.Now().Add(-time.Hour))
	must(t, err)
	if had.String() != "24.865 EUR" || last == nil || last.Number != 2 {
		t.Errorf("an hour ago it had %s by %+v", had, last)
	}
}

// BAL-11: a balance as of a moment is what the last entry until then left, that moment included, and is explained by it.
func TestBalanceAsOf(t *testing.T) {
	w := newWorld(t)
	began := w.Clock.Now()
	w.spend(t)
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
		{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), "0.00 EUR", 0},
	} {
		had, last, err := w.reports.BalanceAsOf(ctx, w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID, c.at)
		must(t, err)
		var number int64
		if last != nil {
			number = last.Number
		}
		if had.String() != c.had || number != c.number {
			t.Errorf("at %v it had %s by entry %d, not %s by %d", c.at, had, number, c.had, c.number)
		}
	}
}

// BAL-11, REP-5: pages in either direction and the export show every entry of the chosen days once.
func TestStatementPages(t *testing.T) {
	w := newWorld(t)
	amman, ward := zone(t, "Asia/Amman"), w.Clinic.Own
	w.Clock.Set(at("2026-12-01T20:00:00Z"))
	for range 9 { // every quarter of an hour; the fourth comes at midnight in Amman
		w.Clock.Add(15 * time.Minute)
		w.give(t, w.Clinic, ward, "1.00", "")
	}
	for _, c := range []struct {
		days models.Days
		want []int64
	}{
		{models.Days{}, []int64{9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{models.Days{From: day("2026-12-02"), Zone: amman}, []int64{9, 8, 7, 6, 5, 4}},
		{models.Days{To: day("2026-12-01"), Zone: amman}, []int64{3, 2, 1}},
		{models.Days{From: day("2026-12-01"), To: day("2026-12-01")}, []int64{9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{models.Days{From: day("2026-12-03"), To: day("2026-12-04")}, nil},
	} {
		filter := reports.StatementFilter{Days: c.days}
		var all []models.StatementLine
		must(t, w.reports.ExportStatement(ctx, ward.Actor, filter, func(l models.StatementLine) error { all = append(all, l); return nil }))
		var numbers []int64
		for _, l := range all {
			numbers = append(numbers, l.Number)
		}
		if !reflect.DeepEqual(numbers, c.want) {
			t.Errorf("of %v to %v the export has %v, not %v", c.days.From, c.days.To, numbers, c.want)
		}
		for size := 1; size <= len(all); size++ {
			var shown []models.StatementLine
			var pages []reports.StatementPage
			for next := ""; next != "" || len(pages) == 0; {
				page, err := w.reports.Statement(ctx, ward.Actor, filter, reports.Page{Older: next, Size: size})
				must(t, err)
				shown, pages, next = append(shown, page.Lines...), append(pages, page), page.Older
				if len(pages) > len(all) {
					t.Fatalf("pages of %d do not end", size)
				}
			}
			if !reflect.DeepEqual(shown, all) {
				t.Fatalf("pages of %d show %d entries, not the %d of the export", size, len(shown), len(all))
			}
			for i := len(pages) - 1; i > 0; i-- {
				page, err := w.reports.Statement(ctx, ward.Actor, filter, reports.Page{Newer: pages[i].Newer, Size: size})
				must(t, err)
				if !reflect.DeepEqual(page, pages[i-1]) {
					t.Fatalf("back from page %d of size %d is not page %d", i, size, i-1)
				}
			}
		}
	}
}
