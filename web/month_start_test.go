package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// BAL-2, BAL-3, BAL-4: a sub-account is added with a monthly limit, which is changed on its Balance tab; what is wrong comes back
// beside its field with what was typed.
func TestMonthlyLimitByPage(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Clinic.Admin).Get("/sub-accounts/new").Want(200)
	v.Sees("Client pays").Fill("Account name", "Day Ward").Fill("Contact name", "Dana Stein").Fill("Email", "day@clinic.example").Fill("Mobile number", "0151 12345679")
	v.Tick("Monthly limit").Fill("Limit per month", "1000.01").Fill("Priority", "7").Press("Add sub-account").Want(422).Sees("Only 1000.00 EUR is available.")
	v.Fill("Limit per month", "0").Press("Add sub-account").Want(422).Sees("Enter an amount above zero.")
	v.Fill("Limit per month", "200").Press("Add sub-account").Want(200).Sees("Day Ward is added.")
	v.Click("Balance").Want(200).Sees("0,00 of 200,00 EUR").Sees("Used in November 2026.")
	if v.Value("Limit per month") != "200.00" || v.Value("Priority") != "7" {
		t.Errorf("the form has %q, %q", v.Value("Limit per month"), v.Value("Priority"))
	}
	v.Fill("Limit per month", "300").Press("Save funding").Want(200).Sees("0,00 of 300,00 EUR")
	v.Tick("Shared balance").Fill("Cap per day", "0").Press("Save funding").Want(422).Sees("Leave it empty for no cap.")
	v.Fill("Cap per day", "5").Press("Save funding").Want(200).Sees("0,00 of 5,00 EUR").SeesNot("of 300,00 EUR")
	v.Tick("Client pays").Press("Save funding").Want(200).Sees("The funding is saved.")
	if got := balances(t, p, p.Clinic.Account); got != "1000.00 EUR" {
		t.Error(got)
	}
}

// BAL-6: the rehearsal says what the next month start moves, what the parent needs and what is missing; priorities are changed
// there, and this month's tab says who waits.
func TestMonthStartPage(t *testing.T) {
	p := webtest.Open(t)
	c := p.Clinic
	v := p.As(t, c.Admin).Get("/sub-accounts").Want(200).Click("Month start").Want(200).Sees("No monthly limits yet")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	first, second := limitedWard(t, p, "Day Ward", "day@clinic.example", "300", "1"), limitedWard(t, p, "Late Ward", "late@clinic.example", "500", "2")
	for i, a := range []models.Account{first, second} {
		_, err := p.Ledger.Charge(ctx, p.Sam.Actor.In(c.ID), ledger.ChargeOrder{Account: a.ID, Amount: storetest.Euros(t, "250"), Kind: "call", Country: "DE", Quantity: 1, Reference: "use " + string(rune('a'+i))})
		must(err)
	}
	before := p.Fingerprint(t)
	v.Get("/month-start").Want(200).Sees("December 2026 starts on 1 December 2026, 00:00 (Europe/Berlin)").Sees("1 sub-account would not be funded. Have 300,00 EUR more").
		Sees("Day Ward").Sees("Short")
	v.Get("/month-start.csv").Want(200)
	if file := v.Body; !strings.Contains(file, "Day Ward,1,50.00,300.00,EUR,Funded\r\nLate Ward,2,250.00,500.00,EUR,Short\r\n") {
		t.Error(file)
	}
	v.Get("/month-start?show=short").Want(200).Sees("Late Ward").SeesNot("Day Ward")
	v.Get("/month-start?after=nonsense&show=x").Want(200).Sees("Day Ward")
	v.Get("/month-start?after=" + second.ID.String()).Want(200)
	if p.Fingerprint(t) != before {
		t.Error("a rehearsal moved something")
	}
	page := "/sub-accounts/" + second.ID.String() + "/priority"
	for _, wrong := range []string{"", "0", "x", "10000", "1;DROP"} {
		v.Post(page, url.Values{"priority": {wrong}}).Want(422).Sees("Enter a whole number from 1 to 9999.")
	}
	v.Post("/sub-accounts/"+c.Own.Account.ID.String()+"/priority", url.Values{"priority": {"1"}}).Want(404)
	p.As(t, c.Own).Get("/month-start").Want(403)
	p.As(t, p.Harbor.Admin).Get("/month-start").Want(200).SeesNot("Day Ward").Sees("You pay after use")
	v.Get("/month-start").Want(200).Fill("Priority of Late Ward", "1").Press("Save priority of Late Ward").Want(200).Sees("The priority is saved.")
	p.Clock.Set(time.Date(2026, 11, 30, 23, 5, 0, 0, time.UTC))
	must(p.Funding.StartMonths(ctx))
	v = p.As(t, c.Admin).Get("/month-start?month=this").Want(200).Sees("December 2026").Sees("1 sub-account not funded: 500,00 EUR of limits wait.").Sees("When 300,00 EUR more is on your balance")
	v.Get("/month-start?month=this&show=short").Want(200).Sees("Late Ward").SeesNot("Day Ward")
}

// limitedWard is one more sub-account of the clinic's, Active, with a monthly limit.
func limitedWard(t *testing.T, p *webtest.Portal, name, email, limit, priority string) models.Account {
	t.Helper()
	given, err := p.Accounts.AddAndHandOver(context.Background(), p.Clinic.Admin.Actor, accounts.SubAccountOrder{Details: accounts.Details{AccountName: name,
		ContactName: "Dana Stein", Email: email, Mobile: "+4915112345679", Country: "DE", TimeZone: "Europe/Berlin"}, Funding: models.MonthlyLimit, Limit: limit,
		Priority: priority, Method: models.ByHand}, "")
	if err != nil {
		t.Fatal(err)
	}
	return given.Account
}
