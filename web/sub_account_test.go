package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

func pageOf(a models.Account) string { return "/sub-accounts/" + a.ID.String() }

// Always, ids of another tenant: in every path they are not found, whatever is asked for, and nothing changes there. The
// parent's own ID and made up ones are no sub-account either.
func TestSubAccountsOfOthers(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Clinic.Admin)
	before := p.Count(t, "action_log WHERE tenant_id = $1", p.Harbor.ID)
	form := url.Values{"key": {models.NewID().String()}, "amount": {"1"}, "all": {"yes"}, "version": {"1"}, "funding": {"shared"}, "method": {"link"},
		"reason": {"because"}, "name": {"Pier One"}, "privileges": {"billing.use"}, "account_name": {"Taken over"}, "contact_name": {"Me"},
		"country": {"DE"}, "mobile": {"+4915112345699"}, "time_zone": {"Europe/Berlin"}, "id": {p.Clinic.Own.Account.ID.String()}}
	for _, id := range []string{p.Harbor.Own.Account.ID.String(), p.Harbor.ID.String(), p.Clinic.ID.String(), models.NewID().String(), "1", "../x", "%00", strings.Repeat("a", 36)} {
		page := "/sub-accounts/" + url.PathEscape(id)
		for _, tab := range []string{"", "/balance", "/balance.csv", "/privileges", "/activity", "/edit", "/transfers/new", "/transfers-back/new", "/deactivation", "/deletion", "/access"} {
			v.Get(page + tab).Want(404)
		}
		for _, to := range []string{"", "/privileges", "/funding", "/transfers", "/transfers-back", "/activation/resend", "/deactivation", "/activation", "/deletion", "/access"} {
			v.Post(page+to, form)
			if v.Status != 404 {
				t.Errorf("POST %s: %d %s", page+to, v.Status, v.Text())
			}
		}
	}
	if after := p.Count(t, "action_log WHERE tenant_id = $1", p.Harbor.ID); after != before {
		t.Errorf("%d lines in the other tenant's log", after-before)
	}
	if got := balances(t, p, p.Clinic.Account, p.Clinic.Own.Account); got != "1000.00 EUR, 0.00 EUR" {
		t.Error(got)
	}
}

// PRV-1: privileges are granted and taken away, and reach an open session with its next request.
func TestPrivileges(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own
	sub := p.As(t, own)
	sub.Get("/billing").Want(200)
	v := p.As(t, p.Clinic.Admin).Get(pageOf(own.Account) + "/privileges").Want(200)
	v.Untick("Billing & Payments").Tick("API Apps").Press("Save").Want(200).Sees("The privileges are saved.")
	sub.Get("/billing").Want(403)
	sub.Get("/").Want(200).SeesNot("Billing")
	v.Get(pageOf(own.Account)).Want(200)
	if granted := v.Page.Find(".grant:not(.grant--none)").Text(); !strings.Contains(granted, "API Apps") || !strings.Contains(granted, "Manage Audience") || strings.Contains(granted, "Billing") {
		t.Errorf("granted: %q", granted)
	}
	path, form := v.Get(pageOf(own.Account) + "/privileges").FormOf("Save")
	for _, wrong := range []string{"sub_accounts.manage", "operator.manage", "'", ""} {
		form["privileges"] = []string{"api_apps.edit", wrong}
		v.Post(path, form).Want(422).Sees("Choose privileges from the list.")
	}
	logged := p.Count(t, "action_log WHERE action = 'privileges.changed'")
	v.Get(pageOf(own.Account) + "/privileges").Press("Save").Want(200) // nothing to save is nothing to log
	if n := p.Count(t, "action_log WHERE action = 'privileges.changed'"); n != logged || n != 1 {
		t.Errorf("%d lines", n)
	}
}

// PRV-1, a stale form: it is told, shows what is granted now, and can then be saved.
func TestPrivilegesStale(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	v := p.As(t, p.Clinic.Admin).Get(pageOf(own) + "/privileges")
	other := v.Clone().Get(pageOf(own) + "/privileges").Tick("Add Sender IDs").Press("Save").Want(200)
	v.Tick("API Apps").Untick("Manage Audience").Press("Save").Want(422).Sees("Somebody changed this account after you opened the form.")
	for label, ticked := range map[string]bool{"Add Sender IDs": true, "API Apps": false, "Manage Audience": true} {
		if _, is := v.Page.Find("input[id='" + v.Page.Find("label:contains('"+label+"')").AttrOr("for", "") + "']").Attr("checked"); is != ticked {
			t.Errorf("%s is ticked: %t", label, is)
		}
	}
	v.Tick("API Apps").Press("Save").Want(200)
	other.Get(pageOf(own)).Want(200)
	if granted := other.Page.Find(".grant:not(.grant--none)").Length(); granted != 4 {
		t.Errorf("%d granted", granted)
	}
}

// BAL-2: changing the funding returns what the old way left; a stale form changes nothing.
func TestFunding(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	give(t, p, own, "40.00")
	v := p.As(t, p.Clinic.Admin).Get(pageOf(own) + "/balance").Want(200).Sees("its 40,00 EUR goes back to you at once.")
	stale := v.Clone().Get(pageOf(own) + "/balance").Tick("Shared balance")
	v.Tick("Shared balance").Press("Save funding").Want(200).Sees("The funding is saved.", "it spends your balance")
	if got := balances(t, p, p.Clinic.Account, own); got != "1000.00 EUR, 0.00 EUR" {
		t.Error(got)
	}
	stale.Press("Save funding").Want(422).Sees("Somebody changed this account after you opened the form.")
	v.Tick("Own balance").Press("Save funding").Want(200).Sees("its own balance")

	path, form := v.FormOf("Save funding")
	for _, wrong := range []string{"", "free", "OWN"} {
		form.Set("funding", wrong)
		v.Post(path, form).Want(422).Sees("Choose how the sub-account is funded.")
	}
	for _, version := range []string{"", "-1", "x", "99999999999999999999"} {
		form.Set("funding", "shared")
		form.Set("version", version)
		v.Post(path, form).Want(422).Sees("Somebody changed this account")
	}
	v.Get(pageOf(own)+"/deactivation").Fill("Reason", "Over").Press("Deactivate").Want(200).Get(pageOf(own) + "/balance").Sees("Activate the account to change this.")
	form.Set("version", v.Get(pageOf(own)+"/privileges").Page.Find("input[name=version]").AttrOr("value", ""))
	v.Post(path, form).Want(422).Sees("This account is deactivated: nothing can be moved in or out.")
	if n := p.Count(t, "action_log WHERE action = 'funding.changed'"); n != 2 {
		t.Errorf("%d changes in the log", n)
	}
}

// ACC-3: e-mail and, after activation, the account name are text with the reason, and stay whatever is sent.
func TestEditSubAccount(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	v := p.As(t, p.Clinic.Admin).Get(pageOf(own)+"/edit").Want(200).
		Sees("The name cannot be changed after activation.", "The e-mail is its sign-in and cannot be changed.")
	path, form := v.Fill("Contact name", "Zoë O'Neil").Fill("Time zone", "Europe/Paris").FormOf("Save")
	if form.Has("account_name") || form.Has("email") {
		t.Errorf("the form has fields for what is fixed: %v", form)
	}
	form.Set("account_name", "Another")
	form.Set("email", "another@clinic.example")
	v.Post(path, form).Want(200).Sees("The account details are saved.", "Zoë O'Neil", "Europe/Paris", "ward@clinic.example").SeesNot("Another")

	for field, wrong := range map[string]map[string]string{
		"contact_name": {"": "Enter a contact name."},
		"mobile":       {"0033612345678": "This is a number of France. Choose that country, or enter a number of Germany."},
		"country":      {"XX": "Choose a country from the list."},
		"time_zone":    {"Mars/Base": "Choose a time zone from the list."},
	} {
		path, good := v.Get(pageOf(own) + "/edit").FormOf("Save")
		for value, sentence := range wrong {
			bad := clone(good)
			bad.Set(field, value)
			v.Post(path, bad).Want(422)
			if at := v.Page.Find("#field-" + field + "-error").Text(); !strings.Contains(at, sentence) {
				t.Errorf("%s = %q: %q", field, value, at)
			}
		}
	}

	pending := addSub(t, p, "East Pharmacy", models.OwnBalance)
	v.Get(pageOf(pending)+"/edit").Fill("Account name", "North clinic").Press("Save").Want(422)
	if got := v.Problem("Account name"); got != "You already have a sub-account of this name." {
		t.Error(got)
	}
	v.Fill("Account name", "West Pharmacy").Press("Save").Want(200).Sees("West Pharmacy")
}

// Always, a stale form: it shows what stands there now and, beside it, what was typed.
func TestEditSubAccountStale(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	v := p.As(t, p.Clinic.Admin).Get(pageOf(own)+"/edit").Fill("Contact name", "Typed later")
	v.Clone().Get(pageOf(own)+"/edit").Fill("Contact name", "Saved first").Press("Save").Want(200)
	v.Press("Save").Want(422).Sees("Somebody changed this account after you opened the form.")
	if got := v.Value("Contact name"); got != "Saved first" {
		t.Errorf("the field holds %q", got)
	}
	if got := v.Problem("Contact name"); got != "You entered “Typed later”." {
		t.Error(got)
	}
	v.Fill("Contact name", "Typed later").Press("Save").Want(200).Sees("Typed later")
}

// ACC-4: the activation is sent again, by the way chosen; what was sent before dies with it.
func TestResendActivation(t *testing.T) {
	p := webtest.Open(t)
	pending := addSub(t, p, "East Pharmacy", models.OwnBalance)
	v := p.As(t, p.Clinic.Admin).Get(pageOf(pending)).Want(200).Sees("Activation", "not entered yet")
	v.Tick("One-time password").Press("Send again").Want(200).Sees("Sent again. Its sign-in address and a one-time password went to "+pending.Email, "What was sent before no longer works.")
	if n := p.Count(t, "activations WHERE account_id = $1 AND ended_at IS NULL AND method = 'password'", pending.ID); n != 1 {
		t.Errorf("%d open activations", n)
	}
	path, form := v.FormOf("Send again")
	for _, wrong := range []string{"", "pigeon"} {
		form.Set("method", wrong)
		v.Post(path, form).Want(422).Sees("Choose how the account signs in.")
	}
	form.Set("method", "link")
	v.Post("/sub-accounts/"+p.Clinic.Own.Account.ID.String()+"/activation/resend", form).Want(422).Sees("This account is activated already.")

	p.Clock.Add(accounts.ActivationTTL)
	p.As(t, p.Clinic.Admin).Get(pageOf(pending)).Want(200).Sees("The one-time password has expired. Send the activation again.")
}

// REP-3, REP-4: the Activity tab has what happened to the account, and its messages and cost by month.
func TestSubAccountActivity(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	v := p.As(t, p.Clinic.Admin).Get(pageOf(own)+"/activity").Want(200).Sees("Nothing was used in the last twelve months.", "Sub-account North Clinic added")
	give(t, p, own, "40.00")
	for i, amount := range []string{"1.25", "2.00"} {
		_, err := p.Ledger.Charge(context.Background(), p.Sam.Actor.In(p.Clinic.ID), ledger.ChargeOrder{Account: own.ID, Kind: ledger.MessageUsage, Country: "DE",
			Quantity: 10, Parts: 12, Amount: storetest.Euros(t, amount), Reference: amount, At: p.Clock.Now().AddDate(0, -i, 0)})
		if err != nil {
			t.Fatal(err)
		}
	}
	v.Get(pageOf(own)+"/activity").Want(200).Sees("North Clinic charged for messages to Germany", "Balance transferred from North Clinic Group to North Clinic",
		"November 20261,2510", "October 20262,0010", "sam@offshoot.example")
	v.Get(pageOf(own) + "/activity?older=made-up").Want(422)
	p.As(t, p.Harbor.Admin).Get(pageOf(p.Harbor.Own.Account)+"/activity").Want(200).SeesNot("North Clinic", "nora@")
}
