package web_test

import (
	"context"
	"encoding/base64"
	"net/url"
	"strings"
	"sync"
	"testing"

	"offshoot/models"
	"offshoot/web/webtest"
)

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// filled is the form of a new sub-account with everything in it right.
func filled(t *testing.T, p *webtest.Portal) *webtest.Visitor {
	t.Helper()
	return p.As(t, p.Clinic.Admin).Get("/sub-accounts/new").Want(200).
		Fill("Account name", "East Pharmacy").Fill("Contact name", "Erik Holm").Fill("Email", "erik@pharmacy.example").
		Fill("Mobile number", "0151 12345688").Fill("Country", "DE").Fill("Time zone", "Europe/Berlin")
}

func balances(t *testing.T, p *webtest.Portal, accounts ...models.Account) string {
	t.Helper()
	var all []string
	for _, a := range accounts {
		all = append(all, p.BalanceOf(t, a).String())
	}
	return strings.Join(all, ", ")
}

// ACC-2, ACC-4, PRV-1, BAL-1: a sub-account is added with its privileges and starting amount, and the page says what went where.
func TestAddSubAccount(t *testing.T) {
	p := webtest.Open(t)
	v := filled(t, p)
	if country, zone := v.Value("Country"), v.Value("Time zone"); country != "DE" || zone != "Europe/Berlin" {
		t.Errorf("the form begins with %s, %s", country, zone)
	}
	v.Sees("You have 1.000,00 EUR available.")
	v.Tick("Manage Audience").Tick("Billing & Payments").Tick("Own balance").Fill("Starting amount", "25.00").Press("Add sub-account").Want(200)
	v.Sees("East Pharmacy is added.", "a one-time password went to erik@pharmacy.example", "a 6-digit code to +49 1511 2345688", "Pending", "25,00 EUR")
	if granted := v.Page.Find(".grant:not(.grant--none)").Text(); !strings.Contains(granted, "Manage Audience") || !strings.Contains(granted, "Billing & Payments") || strings.Contains(granted, "API") {
		t.Errorf("granted: %q", granted)
	}
	added := p.Count(t, `accounts WHERE name = 'East Pharmacy' AND status = 'pending' AND mobile = '+4915112345688' AND country = 'DE' AND funding = 'own' AND tenant_id = $1`, p.Clinic.ID)
	mails := p.Count(t, `outbox o JOIN accounts a ON a.tenant_id = o.tenant_id AND a.id = o.account_id WHERE a.name = 'East Pharmacy'`)
	if added != 1 || mails != 2 {
		t.Errorf("%d accounts, %d messages", added, mails)
	}
	if got := balances(t, p, p.Clinic.Account); got != "975.00 EUR" {
		t.Errorf("the parent has %s", got)
	}
}

// ACC-4: the parent may choose a link instead.
func TestAddSubAccountByLink(t *testing.T) {
	p := webtest.Open(t)
	filled(t, p).Tick("Set-your-password link").Tick("Shared balance").Press("Add sub-account").Want(200).
		Sees("A link to set its password went to erik@pharmacy.example", "Shared balance")
	if n := p.Count(t, `activations WHERE method = 'link' AND tenant_id = $1 AND ended_at IS NULL`, p.Clinic.ID); n != 1 {
		t.Errorf("%d links", n)
	}
}

// badAmounts are amounts that no form takes, with the sentence that each gets.
var badAmounts = map[string]string{
	"-5": "Enter an amount above zero.", "\u22125": "Enter an amount above zero.", "0": "Enter an amount above zero.", "0.00": "Enter an amount above zero.",
	"1e9": "Write the amount in digits with a point, like 25.00.", "٢٥": "Write the amount in digits with a point, like 25.00.",
	"+5": "Write the amount in digits with a point, like 25.00.", "0x10": "Write the amount in digits with a point, like 25.00.",
	"1,000.00": "Write the amount in digits with a point, like 25.00.", "2,50": "Write the amount with a point: 2.50.", "NaN": "Write the amount in digits with a point, like 25.00.",
	"1.005": "EUR has two decimals.", strings.Repeat("9", 1_000_000): "That amount is too long.", "1000.01": "Only 1000.00 EUR is available.",
	"999999999999": "Only 1000.00 EUR is available.",
}

// ACC-2, Always, bad input: each wrong field gets its sentence, what was typed stays, and nothing is made.
func TestAddSubAccountBadInput(t *testing.T) {
	p := webtest.Open(t)
	v := filled(t, p)
	path, good := v.FormOf("Add sub-account")
	sentences := map[string]map[string]string{
		"account_name":    {"": "Enter an account name.", "   ": "Enter an account name.", "a\u2028b": "Leave out characters that cannot be seen.", "North\u200bClinic": "Leave out characters that cannot be seen.", strings.Repeat("x", 61): "Keep the name under 60 characters.", "a\u202eb": "Leave out characters that cannot be seen.", "...": "Use at least one letter or digit.", "north CLINIC": "You already have a sub-account of this name."},
		"contact_name":    {"": "Enter a contact name."},
		"email":           {"": "Enter an e-mail address.", "erik": "This is not an e-mail address.", "Erik <erik@pharmacy.example>": "This is not an e-mail address.", "NIGHT@clinic.example": "This e-mail is already used for another account.", "pier@harbor.example": "This e-mail is already used for another account.", "sam@offshoot.example": "This e-mail is already used for another account."},
		"mobile":          {"": "Enter a mobile number.", "12": "This is not a mobile number of Germany.", "+819012345678": "This is a number of Japan. Choose that country, or enter a number of Germany.", "030 901820": "This number cannot receive texts. Enter a mobile number.", strings.Repeat("1", 500): "This is not a mobile number."},
		"country":         {"": "Choose a country from the list.", "ZZ": "Choose a country from the list.", "Germany": "Choose a country from the list."},
		"time_zone":       {"": "Choose a time zone from the list.", "Local": "Choose a time zone from the list.", "../../etc/passwd": "Choose a time zone from the list."},
		"method":          {"": "Choose how the sub-account signs in.", "none": "Choose how the sub-account signs in."},
		"funding":         {"": "Choose how the sub-account is funded.", "free": "Choose how the sub-account is funded."},
		"privileges":      {"sub_accounts.manage": "Choose privileges from the list.", "accounts.support": "Choose privileges from the list."},
		"starting_amount": badAmounts,
	}
	before := p.Count(t, "accounts")
	for field, wrong := range sentences {
		for value, sentence := range wrong {
			form := clone(good)
			form.Set(field, value)
			v.Post(path, form).Want(422)
			at := v.Page.Find("#field-" + field + "-error").Text()
			if !strings.Contains(at, sentence) {
				t.Errorf("%s = %.40q: the sentence at the field is %q, want %q", field, value, at, sentence)
			}
			if v.Page.Find(".error-summary a[href='#field-"+field+"']").Length() != 1 {
				t.Errorf("%s = %.40q: the summary does not lead to the field", field, value)
			}
			if field != "account_name" && v.Value("Account name") != "East Pharmacy" || v.Value("Email") != form.Get("email") {
				t.Errorf("%s = %.40q: what was typed is gone", field, value)
			}
		}
	}
	if after := p.Count(t, "accounts"); after != before {
		t.Errorf("%d accounts were made", after-before)
	}
	if got := balances(t, p, p.Clinic.Account); got != "1000.00 EUR" {
		t.Errorf("the parent has %s", got)
	}
	form := clone(good)
	form.Set("starting_amount", "1000.00") // exactly what there is
	v.Post(path, form).Want(200).Sees("East Pharmacy is added.")
	if got := balances(t, p, p.Clinic.Account); got != "0.00 EUR" {
		t.Errorf("the parent has %s", got)
	}
}

func clone(form url.Values) url.Values {
	c := url.Values{}
	for name, values := range form {
		c[name] = append([]string(nil), values...)
	}
	return c
}

// ACC-2, BAL-9: a form sent twice, one after another or fifty times at once, adds one sub-account and moves its amount once.
func TestAddSubAccountTwice(t *testing.T) {
	p := webtest.Open(t)
	v := filled(t, p).Fill("Starting amount", "10")
	path, form := v.FormOf("Add sub-account")
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if tab := v.Clone().Post(path, form); tab.Status != 200 {
				t.Errorf("status %d: %s", tab.Status, tab.Text())
			}
		})
	}
	wait.Wait()
	v.Post(path, form).Want(200).Sees("East Pharmacy")
	if n := p.Count(t, "accounts WHERE name = 'East Pharmacy'"); n != 1 {
		t.Errorf("%d accounts", n)
	}
	if got := balances(t, p, p.Clinic.Account); got != "990.00 EUR" {
		t.Errorf("the parent has %s", got)
	}
	form.Set("email", "other@pharmacy.example") // the same form, filled in anew in another tab
	v.Post(path, form).Want(422).Sees("This form was already used for something else.")
}

// BAL-9: a money form without the key that it was made with is refused.
func TestAddSubAccountWithoutKey(t *testing.T) {
	p := webtest.Open(t)
	v := filled(t, p)
	path, form := v.FormOf("Add sub-account")
	for _, key := range []string{"", "1", strings.Repeat("k", 5000)} {
		form.Set("key", key)
		v.Post(path, form).Want(422)
	}
	if n := p.Count(t, "accounts WHERE name = 'East Pharmacy'"); n != 0 {
		t.Errorf("%d accounts", n)
	}
}

// ACC-1: with the feature off, a form sent by hand adds nothing.
func TestAddSubAccountOff(t *testing.T) {
	p := webtest.Open(t)
	v := filled(t, p)
	if _, err := p.Raw.Exec(context.Background(), `UPDATE accounts SET sub_accounts_enabled = NULL WHERE id = $1`, p.Clinic.ID); err != nil {
		t.Fatal(err)
	}
	v.Press("Add sub-account").Want(422).Sees("The Sub-account feature is not enabled. Enable it in the Store.")
	if n := p.Count(t, "accounts WHERE name = 'East Pharmacy'"); n != 0 {
		t.Errorf("%d accounts", n)
	}
}
