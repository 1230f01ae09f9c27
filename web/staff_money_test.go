package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// wrongAmounts are amounts as people and others type them, with what is said about them.
var wrongAmounts = map[string]string{
	"":                         "Enter an amount.",
	"0":                        "Enter an amount above zero.",
	"0.00":                     "Enter an amount above zero.",
	"-5":                       "Enter an amount above zero.",
	"\u22125":                  "Enter an amount above zero.",
	"1e9":                      "Write the amount in digits",
	"٢٥":                       "Write the amount in digits",
	"NaN":                      "Write the amount in digits",
	"0x10":                     "Write the amount in digits",
	"+5":                       "Write the amount in digits",
	"5 000":                    "Write the amount in digits",
	"25,00":                    "Write the amount with a point: 25.00.",
	"25.001":                   "EUR has two decimals.",
	"9999999999999":            "That amount is too large.",
	"<b>5</b>":                 "Write the amount in digits",
	strings.Repeat("9", 1<<20): "That amount is too long.",
}

// ACC-15, BAL-9: a payment that is not right comes back with what was typed and a sentence at the field; nothing moves.
func TestRecordMoneyBadInput(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Sam).Get("/staff/accounts/" + p.Clinic.ID.String() + "/payments/new")
	before := p.Fingerprint(t)
	for typed, says := range wrongAmounts {
		v.Fill("Amount", typed).Fill("Reference", "").Fill("Note", strings.Repeat("n", 201)).Press("Record money").Want(http.StatusUnprocessableEntity)
		if !strings.Contains(v.Problem("Amount"), says) || v.Value("Amount") != typed {
			t.Errorf("%.30q says %q", typed, v.Problem("Amount"))
		}
		if v.Problem("Reference") == "" || v.Problem("Note") == "" {
			t.Errorf("%.30q: not everything that is wrong is said at once", typed)
		}
	}
	v.Fill("Amount", "5").Fill("Reference", strings.Repeat("r", 121)).Fill("Note", "").Press("Record money").Want(http.StatusUnprocessableEntity)
	v.Fill("Reference", "SEPA 1").Press("Record money").Want(http.StatusUnprocessableEntity)
	if !strings.Contains(v.Problem("Reference"), "booked already") {
		t.Errorf("a reference that is booked says %q", v.Problem("Reference"))
	}
	if p.Fingerprint(t) != before {
		t.Error("something changed")
	}
	yen := p.As(t, p.Sam).Get("/staff/accounts/" + p.Harbor.ID.String() + "/payments/new")
	yen.Fill("Amount", "10.5").Fill("Reference", "x").Press("Record money").Want(http.StatusUnprocessableEntity)
	if yen.Problem("Amount") != "JPY has no decimals." {
		t.Errorf("yen say %q", yen.Problem("Amount"))
	}
}

// ACC-15, BIL-4: money received by other means is on the balance at once, in the payment history, and escaped there.
func TestRecordMoney(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Sam).Get(staffPath(p.Clinic.ID, p.Clinic.ID)).Click("Record money").Fill("Amount", "250.50").Fill("Reference", "=1+1").
		Fill("Note", "<script>alert(1)</script>").Press("Record money").Want(http.StatusOK)
	v.Sees("250,50 EUR recorded for North Clinic Group.", "1.250,50 EUR", "=1+1", "<script>alert(1)</script>")
	if strings.Contains(v.Body, "<script>alert") {
		t.Error("a note became markup")
	}
	p.As(t, p.Clinic.Admin).Get("/billing").Want(http.StatusOK).Sees("Payment history", "=1+1", "<script>alert(1)</script>", "250,50 EUR", "1.250,50 EUR")
	if got := p.BalanceOf(t, p.Clinic.Account); got.String() != "1250.50 EUR" {
		t.Errorf("balance %s", got)
	}
}

// BAL-9: the form posted twice, and fifty times at once, books once; a form that was used says so.
func TestRecordMoneyOnce(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Sam).Get("/staff/accounts/"+p.Clinic.ID.String()+"/payments/new").Fill("Amount", "10.00").Fill("Reference", "R 1")
	path, form := v.FormOf("Record money")
	v.Clone().Post(path, form).Want(http.StatusOK)
	v.Clone().Post(path, form).Want(http.StatusOK)

	form2 := url.Values{"key": {models.NewID().String()}, "amount": {"7"}, "reference": {"R 2"}}
	atOnce(50, func(int) {
		if tab := v.Clone().Post(path, form2); tab.Status != http.StatusOK {
			t.Errorf("status %d: %s", tab.Status, tab.Text())
		}
	})
	atOnce(50, func(int) { // one payment, told by fifty forms
		form := url.Values{"key": {models.NewID().String()}, "amount": {"3"}, "reference": {"R 3"}}
		if tab := v.Clone().Post(path, form); tab.Status != http.StatusOK && tab.Status != http.StatusUnprocessableEntity {
			t.Errorf("status %d: %s", tab.Status, tab.Text())
		}
	})
	if got := p.BalanceOf(t, p.Clinic.Account); got.String() != "1020.00 EUR" {
		t.Errorf("balance %s", got)
	}
	form.Set("amount", "11.00")
	v.Clone().Post(path, form).Want(http.StatusUnprocessableEntity).Sees("This form was already used for something else.")
	for what, key := range map[string]string{"no key": "", "another key": "x", "a long key": strings.Repeat("k", 200)} {
		form.Set("key", key)
		if tab := v.Clone().Post(path, form); tab.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", what, tab.Status)
		}
	}
	if got := p.BalanceOf(t, p.Clinic.Account); got.String() != "1020.00 EUR" {
		t.Errorf("balance %s after all", got)
	}
}

// ACC-15, Always: what staff do is refused to everybody else, with a form that would be right, and changes nothing.
func TestStaffRoutesAreStaffs(t *testing.T) {
	p := webtest.Open(t)
	p.AddUser(t, p.Sam.Account, "second@offshoot.example", models.Member)
	tenant, id := p.Clinic.ID, p.Clinic.Own.Account.ID
	at := "/staff/accounts/" + tenant.String()
	form := func(fields ...string) url.Values {
		f := url.Values{"key": {models.NewID().String()}}
		for i := 0; i < len(fields); i += 2 {
			f.Set(fields[i], fields[i+1])
		}
		return f
	}
	posts := map[string]url.Values{
		at + "/payments":                  form("amount", "5", "reference", "mine"),
		staffPath(tenant, id) + "/usage":  form("kind", "message", "country", "DE", "quantity", "1", "amount", "0.1", "reference", "mine"),
		at + "/credit-line":               form("credit", "1000"),
		at + "/activation/resend":         form("method", "link"),
		at + "/deactivation":              form("reason", "none"),
		at + "/activation":                form(),
		"/staff/accounts":                 form("account_name", "X", "contact_name", "X", "email", "x@x.example", "mobile", "+4915112345699", "country", "DE", "time_zone", "UTC", "currency", "EUR", "plan", "pre_pay", "method", "link"),
		staffPath(tenant, id) + "/access": form("reason", "x"),
		"/staff/settings":                 form("mode", "on_request"),
		"/staff/requests/" + tenant.String() + "/" + id.String() + "/approval":     form(),
		"/staff/requests/" + tenant.String() + "/" + id.String() + "/refusal":      form("reason", "x"),
		"/staff/background-work/" + tenant.String() + "/" + id.String() + "/retry": form(),
	}
	second := storetest.Person{Email: "second@offshoot.example"}
	for name, who := range map[string]*webtest.Visitor{
		"a parent": p.As(t, p.Clinic.Admin), "a sub-account": p.As(t, p.Clinic.Own), "another parent": p.As(t, p.Harbor.Admin),
		"staff in a parent": enter(t, p, p.Sam, staffPath(tenant, tenant)), "staff who are no Admins": p.As(t, second),
	} {
		before := p.Fingerprint(t)
		for path, f := range posts {
			if name == "staff who are no Admins" && strings.HasSuffix(path, "/access") {
				continue // entering is for all staff
			}
			if who.Post(path, f); who.Status != http.StatusForbidden {
				t.Errorf("%s posts to %s: %d", name, path, who.Status)
			}
		}
		if p.Fingerprint(t) != before {
			t.Errorf("%s changed something", name)
		}
	}
}

// ACC-15: staff who are no Admins are not offered what they may not do.
func TestStaffSeeWhatTheyMayDo(t *testing.T) {
	p := webtest.Open(t)
	p.AddUser(t, p.Sam.Account, "second@offshoot.example", models.Member)
	v := p.As(t, storetest.Person{Email: "second@offshoot.example"})
	v.Get("/staff/accounts").Sees("Background work").SeesNot("Create parent account")
	v.Get(staffPath(p.Harbor.ID, p.Harbor.ID)).Sees("Access account").SeesNot("Record money", "Record usage", "Deactivate", "Save credit line")
	v.Get("/staff/settings").Want(http.StatusOK).Sees("An Admin of the operator can change this.")
}

// usageForm is the form of usage of an account, filled in.
func usageForm(t *testing.T, staff *webtest.Visitor, who storetest.Person, price, reference string) *webtest.Visitor {
	t.Helper()
	return staff.Get(staffPath(who.Account.TenantID, who.Account.ID)+"/usage/new").Want(http.StatusOK).
		Fill("Kind", "Messages").Fill("Destination country", "Germany").Fill("Quantity", "100").Fill("Parts", "120").Fill("Price", price).Fill("Reference", reference)
}

// REP-1, Always: usage that is not right comes back with what was typed, all that is wrong at once, and nothing is charged.
func TestRecordUsageBadInput(t *testing.T) {
	p := webtest.Open(t)
	staff := p.As(t, p.Sam)
	before := p.Fingerprint(t)
	v := usageForm(t, staff, p.Clinic.Shared, "1", "u")
	for typed := range wrongAmounts {
		if typed == "0" || typed == "0.00" || typed == "25.001" { // usage may be free, and finer than a cent
			continue
		}
		v.Fill("Price", typed).Fill("Quantity", "1.5").Fill("Parts", "-1").Fill("Reference", " ").Press("Record usage").Want(http.StatusUnprocessableEntity)
		for label, want := range map[string]string{"Price": "Write the price in digits", "Quantity": "whole number above zero", "Parts": "whole number", "Reference": "Enter a reference"} {
			if !strings.Contains(v.Problem(label), want) {
				t.Errorf("%.30q: %s says %q", typed, label, v.Problem(label))
			}
		}
		if v.Value("Price") != typed || v.Value("Quantity") != "1.5" || v.Value("Parts") != "-1" {
			t.Errorf("%.30q: what was typed is gone", typed)
		}
	}
	for _, quantity := range []string{"", "0", "-1", "1e3", "١", "+1", "99999999999999999999", "1000000001"} {
		if v.Fill("Quantity", quantity).Press("Record usage").Want(http.StatusUnprocessableEntity); v.Problem("Quantity") == "" {
			t.Errorf("%q messages are taken", quantity)
		}
	}
	path, form := v.FormOf("Record usage")
	for field, values := range map[string][]string{"kind": {"", "sms", "<b>"}, "country": {"", "ZZ", "de", "DEU", "\x00\x00"}} {
		for _, value := range values {
			changed := url.Values{}
			for k, v := range form {
				changed[k] = v
			}
			changed.Set(field, value)
			v.Clone().Post(path, changed).Want(http.StatusUnprocessableEntity)
		}
	}
	usageForm(t, staff, p.Clinic.Own, "0.000001", "u").Press("Record usage").Want(http.StatusUnprocessableEntity).Sees("It costs 0.000001 EUR where only 0.00 EUR is available.")
	usageForm(t, staff, p.Clinic.Shared, "1000.000001", "u").Press("Record usage").Want(http.StatusUnprocessableEntity).Sees("The balance that this account shares with its parent account is not enough.")
	if p.Fingerprint(t) != before {
		t.Error("something changed")
	}
}

// BAL-2, REP-1: usage is paid out of the wallet that funding says, down to exactly what there is, and may be free.
func TestRecordUsage(t *testing.T) {
	p := webtest.Open(t)
	staff := p.As(t, p.Sam)
	usageForm(t, staff, p.Clinic.Shared, "0.84", "u 1").Sees("North Clinic Group pays").Press("Record usage").Want(http.StatusOK).
		Sees("The usage is recorded, 0,84 EUR charged.", "999,16 EUR")
	usageForm(t, staff, p.Clinic.Own, "0", "u 2").Press("Record usage").Want(http.StatusOK).Sees("0,00 EUR charged")
	usageForm(t, staff, p.Clinic.Shared, "999.16", "u 3").Press("Record usage").Want(http.StatusOK)
	if got := p.BalanceOf(t, p.Clinic.Account); !got.IsZero() {
		t.Errorf("%s is left", got)
	}
	if n := p.Count(t, "charges WHERE account_id = $1 AND payer_id = $2 AND quantity = 100 AND parts = 120", p.Clinic.Shared.Account.ID, p.Clinic.ID); n != 2 {
		t.Errorf("%d charges", n)
	}
}

// BAL-9, MSG-8: usage is charged once under its reference, also fifty times at once; other usage under it is refused.
func TestRecordUsageOnce(t *testing.T) {
	p := webtest.Open(t)
	staff := p.As(t, p.Sam)
	v := usageForm(t, staff, p.Clinic.Shared, "10", "once")
	path, form := v.FormOf("Record usage")
	atOnce(50, func(int) {
		if tab := v.Clone().Post(path, form); tab.Status != http.StatusOK {
			t.Errorf("status %d: %s", tab.Status, tab.Text())
		}
	})
	v.Clone().Post(path, form).Want(http.StatusOK).Sees("This usage was recorded before under the same reference. Nothing was charged again.")
	form.Set("amount", "11")
	v.Clone().Post(path, form).Want(http.StatusUnprocessableEntity).Sees("This reference already stands for something else.")
	if got := p.BalanceOf(t, p.Clinic.Account); got.String() != "990.00 EUR" {
		t.Errorf("balance %s", got)
	}
}

// ACC-15: a credit line is set for post-pay accounts only, never below what is in use.
func TestCreditLine(t *testing.T) {
	p := webtest.Open(t)
	staff := p.As(t, p.Sam)
	v := staff.Clone().Get(staffPath(p.Harbor.ID, p.Harbor.ID))
	before := p.Fingerprint(t)
	for _, typed := range []string{"-1", "1e9", "1.5", "٥", strings.Repeat("9", 1<<20), "<b>"} {
		v.Fill("Credit line", typed).Press("Save credit line").Want(http.StatusUnprocessableEntity)
		if v.Problem("Credit line") == "" || v.Value("Credit line") != typed {
			t.Errorf("%.20q says %q", typed, v.Problem("Credit line"))
		}
	}
	staff.Get(staffPath(p.Clinic.ID, p.Clinic.ID)).SeesNot("Save credit line").
		Post("/staff/accounts/"+p.Clinic.ID.String()+"/credit-line", url.Values{"credit": {"5"}}).Want(http.StatusUnprocessableEntity).
		Sees("Only a post-pay account has a credit line.")
	if p.Fingerprint(t) != before {
		t.Error("something changed")
	}
	usageForm(t, staff, p.Harbor.Shared, "40000", "u").Press("Record usage").Want(http.StatusOK)
	v.Get(staffPath(p.Harbor.ID, p.Harbor.ID)).Fill("Credit line", "39999").Press("Save credit line").Want(http.StatusUnprocessableEntity).Sees("It uses 40000 JPY of its credit now.")
	v.Fill("Credit line", "40000").Press("Save credit line").Want(http.StatusOK).Sees("The credit line is saved.", "40.000 JPY")
	usageForm(t, staff, p.Harbor.Shared, "1", "u 2").Press("Record usage").Want(http.StatusUnprocessableEntity).Sees("The balance that this account shares with its parent account is not enough.")
}

// BIL-4, PRV-3: the payment history pages by key; a sub-account with Billing & Payments reads it without the parent's
// balance, one without does not read it at all.
func TestBilling(t *testing.T) {
	p := webtest.Open(t)
	path := "/staff/accounts/" + p.Clinic.ID.String() + "/payments"
	staff := p.As(t, p.Sam)
	p.Clock.Add(time.Minute)
	for i := range 54 { // several of one moment
		staff.Post(path, url.Values{"key": {models.NewID().String()}, "amount": {"1"}, "reference": {fmt.Sprint("P", i)}}).Want(http.StatusOK)
	}
	for name, who := range map[string]storetest.Person{"the parent": p.Clinic.Admin, "a sub-account": p.Clinic.Own} {
		v := p.As(t, who).Get("/billing").Want(http.StatusOK)
		rows := func() int { return v.Page.Find("main tbody tr").Length() }
		if rows() != 50 {
			t.Fatalf("%s sees %d rows", name, rows())
		}
		if v.Click("Older").Sees("SEPA 1"); rows() != 5 {
			t.Errorf("%s sees %d older rows", name, rows())
		}
		if v.Click("Newer").SeesNot("SEPA 1"); rows() != 50 {
			t.Errorf("%s sees %d newer rows", name, rows())
		}
		if parent := name == "the parent"; strings.Contains(v.Text(), "Balance after") != parent || strings.Contains(v.Text(), "1.054,00") != parent {
			t.Errorf("%s: the parent's balance is where it should not be, or not where it should", name)
		}
	}
	for _, bad := range []string{"x", "1.x", "-5." + p.Clinic.ID.String(), "9223372036854775807." + p.Clinic.ID.String(), "%00", "1." + p.Clinic.ID.String()} {
		p.As(t, p.Clinic.Admin).Get("/billing?older=" + bad).Want(http.StatusOK).Get("/billing?newer=" + bad).Want(http.StatusOK)
	}
	p.As(t, p.Clinic.Shared).Get("/billing").Want(http.StatusForbidden)
	p.As(t, p.Harbor.Admin).Get("/billing").Sees("No money received yet")
}
