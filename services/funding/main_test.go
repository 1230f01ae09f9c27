package funding_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if rule := (*models.Error)(nil); errors.As(err, &rule) {
		t.Fatal(err, rule.Fields)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// refused fails the test unless err is the named refusal and, where a field is given, says something next to it.
func refused(t testing.TB, err, want error, field string) {
	t.Helper()
	var rule *models.Error
	switch {
	case !errors.Is(err, want):
		t.Errorf("got %v, want %v", err, want)
	case field != "" && (!errors.As(err, &rule) || rule.Fields[field] == ""):
		t.Errorf("nothing is said next to %s: %v", field, rule)
	}
}

// unchanged runs work and fails the test when anything in the database is another than before.
func unchanged(t testing.TB, w *storetest.World, work func()) {
	t.Helper()
	before := w.Fingerprint(t)
	work()
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
}

var numbered int

// add gives a company one more sub-account, Active at once, funded on some terms.
func add(t testing.TB, w *storetest.World, c storetest.Company, name string, terms models.FundingTerms) (models.Account, error) {
	t.Helper()
	numbered++
	given, err := w.Accounts.AddAndHandOver(ctx, c.Admin.Actor, accounts.SubAccountOrder{
		Details: accounts.Details{AccountName: name, ContactName: "Robin Frey", Email: fmt.Sprintf("robin%d@limits.example", numbered),
			Mobile: c.Mobile, Country: c.Country, TimeZone: c.TimeZone},
		Funding: terms.Funding, StartingAmount: terms.Start, Limit: terms.Limit, Priority: terms.Priority, CapDay: terms.CapDay, CapMonth: terms.CapMonth,
		Method: models.ByHand}, "")
	return given.Account, err
}

// limited is add with a monthly limit.
func limited(t testing.TB, w *storetest.World, c storetest.Company, name, limit, priority string) models.Account {
	t.Helper()
	a, err := add(t, w, c, name, monthly(limit, priority))
	must(t, err)
	return a
}

func monthly(limit, priority string) models.FundingTerms {
	return models.FundingTerms{Funding: models.MonthlyLimit, Limit: limit, Priority: priority}
}

func fund(w *storetest.World, c storetest.Company, sub models.Account, terms models.FundingTerms) error {
	shown, err := w.Accounts.Show(ctx, c.Admin.Actor, sub.ID)
	if err != nil {
		return err
	}
	return w.Accounts.SetFunding(ctx, c.Admin.Actor, sub.ID, shown.Version, terms)
}

// use charges a sub-account for something.
func use(t testing.TB, w *storetest.World, sub models.Account, amount string) {
	t.Helper()
	numbered++
	_, err := w.Ledger.Charge(ctx, w.Sam.Actor.In(sub.TenantID), ledger.ChargeOrder{Account: sub.ID, Amount: storetest.Euros(t, amount), Kind: "call", Country: "DE",
		Quantity: 1, Reference: fmt.Sprint("use ", numbered)})
	must(t, err)
}

// receive books money from outside into a parent's balance.
func receive(t testing.TB, w *storetest.World, c storetest.Company, amount string) {
	t.Helper()
	numbered++
	_, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: c.ID, Amount: storetest.Euros(t, amount), Reference: fmt.Sprint("SEPA more ", numbered)})
	must(t, err)
}

// has fails the test unless an account's balance is that.
func has(t testing.TB, w *storetest.World, a models.Account, want string) {
	t.Helper()
	if got := w.BalanceOf(t, a).Text(); got != want {
		t.Errorf("%s has %s, not %s", a.Name, got, want)
	}
}

// limit is what the page of a sub-account shows of its limit.
func limit(t testing.TB, w *storetest.World, c storetest.Company, sub models.Account) models.Limit {
	t.Helper()
	shown, err := w.Funding.Of(ctx, c.Admin.Actor, sub.ID)
	must(t, err)
	if shown.Limit == nil {
		t.Fatalf("%s has no limit", sub.Name)
	}
	return *shown.Limit
}

// stands fails the test unless a limit is in a state, with so much used and granted.
func stands(t testing.TB, w *storetest.World, c storetest.Company, sub models.Account, state models.MonthStartState, granted, used string) {
	t.Helper()
	if l := limit(t, w, c, sub); l.State != state || l.Granted.Text() != granted || l.Used.Text() != used {
		t.Errorf("%s is %s, granted %s, used %s; not %s, %s, %s", sub.Name, l.State, l.Granted.Text(), l.Used.Text(), state, granted, used)
	}
}

// at moves the clock to a moment of a zone: "2026-12-01 00:00".
func at(t testing.TB, w *storetest.World, zone, moment string) {
	t.Helper()
	in, err := time.LoadLocation(zone)
	must(t, err)
	when, err := time.ParseInLocation("2006-01-02 15:04", moment, in)
	must(t, err)
	w.Clock.Set(when)
}
