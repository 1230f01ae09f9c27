package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// BAL-11: a date and a time that the statement cannot explain comes back with a sentence and what was typed.
func TestStatementRefusesMoments(t *testing.T) {
	p := webtest.Open(t) // 20 November 2026, 10:30 in Berlin
	v := p.As(t, p.Clinic.Own)
	for typed, sentence := range map[string]string{
		"yesterday":                        "Choose a date and a time.",
		"1969-12-31T23:59":                 "Choose a date and a time.",
		"2026-11-20T10:31":                 "Choose a moment that has passed.",
		"2027-01-01T00:00":                 "Choose a moment that has passed.",
		"2026-11-19T23:59&from=2026-11-20": "Choose a moment that is not before 2026-11-20.",
	} {
		v.Get("/statement?at=" + typed).Want(http.StatusUnprocessableEntity)
		if got := v.Problem("Balance on"); got != sentence {
			t.Errorf("%s: %q", typed, got)
		}
		if at, _, _ := strings.Cut(typed, "&"); v.Value("Balance on") != at {
			t.Errorf("%s came back as %q", typed, v.Value("Balance on"))
		}
	}
	v.Get("/statement?of=nothing").Want(http.StatusNotFound)
	v.Get("/statement.csv?of=" + models.NewID().String()).Want(http.StatusNotFound)
}

// BAL-11: the page explains the balance of a moment as the sum of what led to it, and names the entry that last changed it. So
// it does with days, on the account's own page and on its parent's.
func TestStatementExplains(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	give(t, p, own, "25.00")
	p.Clock.Set(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC))
	give(t, p, own, "5.00")
	p.Clock.Add(time.Hour)
	give(t, p, own, "1.00")
	p.Clock.Add(time.Hour)
	for _, page := range []struct {
		who  storetest.Person
		path string
	}{{p.Clinic.Own, "/statement"}, {p.Clinic.Admin, "/sub-accounts/" + own.ID.String() + "/balance"}} {
		v := p.As(t, page.who)
		v.Get(page.path + "?at=2026-12-01T10:30").Want(200)
		v.Sees("Balance on 1 Dec 2026, 10:30", "On 1 Dec 2026, 00:00", "25,00 EUR", "Transfers from the parent account", "2 entries", "+6,00 EUR", "31,00 EUR",
			"Last changed by entry 3")
		v.Get(page.path+"?from=2026-11-20&to=2026-11-30").Want(200).Sees("Balance on 30 Nov 2026, 23:59", "1 entry", "+25,00 EUR")
		v.Get(page.path+"?at=2020-01-01T00:00").Want(200).Sees("Balance on 1 Jan 2020, 00:00", "0,00 EUR", "This was before the account was added")
		v.Get(page.path).Want(200).SeesNot("Balance on 1 Dec")
	}
	p.As(t, p.Clinic.Own).Get("/statement?at=2026-12-01T10:30").Click("Transfer from North Clinic Group").Want(200).Sees("Transfer to North Clinic")
}

// BAL-11, REP-5: of a time that came twice in a night the second is shown, with a way to the first; for one that was left out the
// moment of the change.
func TestStatementOfOddTimes(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	p.Clock.Set(time.Date(2027, 10, 31, 0, 45, 0, 0, time.UTC)) // 02:45 in Berlin, for the first time
	give(t, p, own, "10.00")
	p.Clock.Add(time.Hour)
	give(t, p, own, "10.00")
	p.Clock.Set(time.Date(2028, 10, 31, 0, 0, 0, 0, time.UTC))
	v := p.As(t, p.Clinic.Own)
	v.Get("/statement?at=2027-10-31T02:50").Want(200).Sees("this time came twice. Shown is the second", "Balance on 31 Oct 2027, 02:50\u00a0CET: 20,00")
	v.Click("Show the first").Want(200).Sees("Shown is the first", "Balance on 31 Oct 2027, 02:50\u00a0CEST: 10,00")
	v.Click("Show the second").Want(200).Sees("Shown is the second")
	v.Get("/statement?at=2028-03-26T02:30").Want(200).Sees("left this time out", "Balance on 26 Mar 2028, 03:00\u00a0CEST: 20,00")
}

// BAL-11, SHR-2: Account usage leads to the statement of a package's units, which can be chosen there too, and has a file.
func TestUnitsStatement(t *testing.T) {
	p := webtest.Open(t)
	pkg := p.AddPackage(t, p.Clinic, 100, 10)
	if err := p.Billing.ShareUnits(t.Context(), p.Clinic.Admin.Actor, billing.UnitsOrder{Package: pkg, SubAccount: p.Clinic.Own.Account.ID, Units: 30}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		who        storetest.Person
		path       string
		sees, file string
	}{
		{p.Clinic.Admin, "/usage", "Units added", "100"},
		{p.Clinic.Own, "/usage", "Transfer from North Clinic Group", "30"},
		{p.Clinic.Admin, "/sub-accounts/" + p.Clinic.Own.Account.ID.String() + "/balance", "Transfer from North Clinic Group", "30"},
	} {
		v := p.As(t, c.who).Get(c.path).Want(200).Click("Statement of Parcel").Want(200).Sees(c.sees, "+"+c.file)
		if v.Value("Of") != pkg.String() {
			t.Errorf("%s chooses %q", c.path, v.Value("Of"))
		}
		v.Click("Export CSV").Want(200)
		rows := rowsOf(t, v)
		if last := rows[len(rows)-1]; last[5] != c.file || !strings.Contains(v.Header.Get("Content-Disposition"), "units-statement") {
			t.Errorf("%s has %v as %s", c.path, rows, v.Header.Get("Content-Disposition"))
		}
	}
}
