package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// ACC-15: staff find any account by part of its name, contact, e-mail or mobile; a sub-account says whose it is.
func TestFindAccounts(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Sam).Get("/staff/accounts").Want(http.StatusOK).Sees("North Clinic Group", "Harbor Media", "Pre-pay", "Post-pay")
	v.SeesNot("Night Ward")
	for search, c := range map[string]struct{ sees, not string }{
		"NIGHT":        {"Night Ward", "Harbor Media"},
		"haru sato":    {"Harbor Media", "North Clinic"},
		"pier@":        {"Pier One", "Lighthouse"},
		"8190123456":   {"Harbor Media", "North Clinic"},
		"<b>%_\\":      {"No account matches", "Harbor Media"},
		"sam@offshoot": {"No account matches", "Harbor Media"},
		"%":            {"No account matches", "Harbor Media"},
		"a\x00b":       {"No account matches", "Harbor Media"},
	} {
		v.Get("/staff/accounts?" + url.Values{"q": {search}}.Encode()).Want(http.StatusOK).Sees(c.sees)
		if list := v.Page.Find("#list").Text(); strings.Contains(list, c.not) {
			t.Errorf("%q finds %s", search, c.not)
		}
		if search != "a\x00b" && v.Page.Find("main input[name=q]").AttrOr("value", "") != search {
			t.Errorf("%q is no longer in the box", search)
		}
	}
	waiting := p.AddPending(t, p.Clinic, "Kiosk", "kiosk@clinic.example")
	v.Get("/staff/accounts?q=clinic").Click("Pending").Want(http.StatusOK).Sees(waiting.Name).SeesNot("Night Ward")
	v.Get("/staff/accounts?status=pending").Sees("No account matches").Click("Clear all").Sees("Harbor Media")
	v.Get("/staff/accounts?status=%27%3B--").Want(http.StatusOK).Sees("Harbor Media")
	v.Get("/staff/accounts?q=night").Click("North Clinic Group").Want(http.StatusOK).Sees("Parent account", "Night Ward")
	v.Click("Night Ward").Want(http.StatusOK).Sees("Sub-account of North Clinic Group", "Spends the balance of North Clinic Group", "1.000,00 EUR").
		SeesNot("Record money", "Deactivate")
}

// ACC-15: a search finds people too, each with their account; a mobile is found however it is written.
func TestFindPeople(t *testing.T) {
	p := webtest.Open(t)
	p.AddUser(t, p.Clinic.Own.Account, "kim@elsewhere.example", models.Member)
	v := p.As(t, p.Sam).Get("/staff/accounts").Want(http.StatusOK).SeesNot("People")
	v.Get("/staff/accounts?q=kim%40else").Sees("No account matches", "People", "Kim Lee", "sub-account of North Clinic Group").Click("North Clinic").Want(http.StatusOK).
		Sees("Sub-account of North Clinic Group")
	v.Get("/staff/accounts?q=0151+123+456+72").Sees("North Clinic", "kim@elsewhere.example").SeesNot("Night Ward")
	v.Get("/staff/accounts?q=kim&status=deactivated").SeesNot("kim@elsewhere.example")
	v.Get("/staff/accounts?q=sam%40").Sees("Offshoot Support", "staff")
	for _, odd := range []string{"x", "%00", "W10", strings.Repeat("9", 5000)} {
		v.Get("/staff/accounts?q=clinic&people=" + odd).Want(http.StatusOK)
	}
}

// ACC-15, Always: the list pages by key, and an address that somebody changed breaks nothing.
func TestFindAccountsPages(t *testing.T) {
	p := webtest.Open(t)
	for i := range 52 {
		_, err := p.Accounts.CreateParent(t.Context(), p.Sam.Actor, accounts.ParentOrder{Details: accounts.Details{AccountName: fmt.Sprintf("Åre %02d", i), ContactName: "Alex",
			Email: fmt.Sprintf("a%d@are.example", i), Mobile: "+46701234567", Country: "SE", TimeZone: "Europe/Stockholm"}, Currency: "SEK", Plan: models.PrePay, Method: models.ByLink})
		if err != nil {
			t.Fatal(err)
		}
	}
	v := p.As(t, p.Sam).Get("/staff/accounts?q=%C3%A5re")
	rows := func() int { return v.Page.Find("main tbody tr").Length() }
	if rows() != 50 {
		t.Fatalf("%d rows", rows())
	}
	if v.Click("Next").Sees("Åre 51").SeesNot("Åre 49"); rows() != 2 {
		t.Errorf("%d rows on the second page", rows())
	}
	if v.Click("First"); rows() != 50 {
		t.Errorf("%d rows on the first page", rows())
	}
	for _, after := range []string{"x", "%00", "eyJLZXkiOiJcdTAwMDAiLCJJRCI6IjAxYTFmZmRhLWJkOGQtNzdlOC05NjAyLTAxNGIxMzFiNGNjYiJ9", strings.Repeat("A", 5000)} {
		v.Get("/staff/accounts?after=" + after).Want(http.StatusOK).Sees("Åre 00")
		v.Get(staffPath(p.Clinic.ID, p.Clinic.ID) + "?after=" + after).Want(http.StatusOK).Get(staffPath(p.Clinic.ID, p.Clinic.ID) + "?before=" + after).Want(http.StatusOK)
	}
	for _, path := range []string{"/staff/accounts/x/y", staffPath(models.NewID(), models.NewID()), staffPath(p.Clinic.ID, p.Harbor.ID),
		staffPath(p.Sam.Account.ID, p.Sam.Account.ID), staffPath(p.Clinic.ID, models.NewID())} {
		v.Get(path).Want(http.StatusNotFound)
	}
}

// ACC-15, ACC-2, ACC-3: what is wrong with a new parent account stands at its fields, all at once; nothing is made.
func TestCreateParentBadInput(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Sam).Get("/staff/accounts/new")
	before := p.Fingerprint(t)
	v.Fill("Account name", " ").Fill("Email", "no address").Fill("Mobile number", "123").Fill("Country", "Germany").Fill("Currency", "JPY").
		Tick("Post-pay").Fill("Credit line", "10.5").Press("Create parent account").Want(http.StatusUnprocessableEntity)
	for label, says := range map[string]string{"Account name": "Enter an account name.", "Contact name": "Enter a contact name.", "Email": "not an e-mail address",
		"Mobile number": "not a mobile number of Germany", "Credit line": "JPY has no decimals."} {
		if !strings.Contains(v.Problem(label), says) {
			t.Errorf("%s says %q", label, v.Problem(label))
		}
	}
	v.Fill("Account name", "<b>Bold</b> & Söhne").Fill("Contact name", "=HYPERLINK(1)").Fill("Email", p.Harbor.Own.Email).
		Fill("Mobile number", "+44 7400 123456").Fill("Credit line", "").Press("Create parent account").Want(http.StatusUnprocessableEntity)
	if says := v.Problem("Mobile number"); !strings.Contains(says, "United Kingdom") {
		t.Errorf("a number of another country says %q", says)
	}
	v.Fill("Mobile number", "01511 2345699").Press("Create parent account").Want(http.StatusUnprocessableEntity)
	if says := v.Problem("Email"); says != "This e-mail is already used for another account." {
		t.Errorf("an e-mail of another tenant says %q", says)
	}
	if v.Value("Account name") != "<b>Bold</b> & Söhne" || strings.Contains(v.Body, "<b>Bold") {
		t.Errorf("a name came back as %q", v.Value("Account name"))
	}
	path, form := v.FormOf("Create parent account")
	for field, value := range map[string]string{"currency": "XXX", "plan": "free", "method": "phone", "country": "ZZ", "time_zone": "Local"} {
		changed := url.Values{}
		for k, v := range form {
			changed[k] = v
		}
		changed.Set(field, value)
		changed.Set("email", "new@bold.example")
		v.Clone().Post(path, changed).Want(http.StatusUnprocessableEntity)
	}
	if p.Fingerprint(t) != before {
		t.Error("something changed")
	}
	v.Fill("Email", "new@bold.example").Press("Create parent account").Want(http.StatusOK).Sees("<b>Bold</b> & Söhne is created.")
	if strings.Contains(v.Body, "<b>Bold</b> &") {
		t.Error("a name became markup")
	}
}

// ACC-15, BAL-9: the form posted fifty times at once makes one account, one user and one activation.
func TestCreateParentOnce(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Sam).Get("/staff/accounts/new").Fill("Account name", "Zebra").Fill("Contact name", "Zoe").Fill("Email", "zoe@zebra.example").
		Fill("Country", "Germany").Fill("Mobile number", "01511 2345698").Fill("Time zone", "Europe/Berlin").Fill("Currency", "EUR").
		Tick("Pre-pay").Fill("Credit line", "5").Tick("One-time password")
	path, form := v.FormOf("Create parent account")
	atOnce(50, func(int) {
		if tab := v.Clone().Post(path, form); tab.Status != http.StatusOK || !strings.HasPrefix(tab.Path, "/staff/accounts/") {
			t.Errorf("status %d at %s: %s", tab.Status, tab.Path, tab.Text())
		}
	})
	for _, rows := range []string{"accounts WHERE name = 'Zebra'", "users WHERE email = 'zoe@zebra.example'", "outbox WHERE recipient = 'zoe@zebra.example'",
		"activations v JOIN accounts a ON a.id = v.account_id WHERE a.name = 'Zebra'"} {
		if n := p.Count(t, rows); n != 1 {
			t.Errorf("%d %s", n, rows)
		}
	}
}

// ACC-15, ACC-4: staff send the activation of a Pending parent again, by the other way if they like; the old ways die.
func TestResendParentActivation(t *testing.T) {
	p := webtest.Open(t)
	email, _, link := linked(t, p)
	id := idOf(t, p, "Zebra")
	v := p.As(t, p.Sam).Get(staffPath(id, id))
	p.Clock.Add(time.Minute)
	v.Tick("One-time password").Press("Resend activation").Want(http.StatusOK).Sees("The activation is sent again.", "one-time password went to zoe@zebra.example")
	p.Visitor(t).Get(link).Press("Continue").Want(http.StatusNotFound)
	p.Visitor(t).SignIn(email, p.OneTimePassword(t, email)).Want(http.StatusOK).Sees("Step 1 of 2")
	before := p.Count(t, "outbox")
	v.Post("/staff/accounts/"+id.String()+"/activation/resend", url.Values{"method": {"pigeon"}}).Want(http.StatusUnprocessableEntity)
	v.Post("/staff/accounts/"+p.Clinic.ID.String()+"/activation/resend", url.Values{"method": {"link"}}).Want(http.StatusUnprocessableEntity).
		Sees("This account is activated already.")
	v.Post("/staff/accounts/"+p.Sam.Account.ID.String()+"/activation/resend", url.Values{"method": {"link"}}).Want(http.StatusNotFound)
	if p.Count(t, "outbox") != before {
		t.Error("something was sent")
	}
}

// ACC-9: a parent that is deactivated stops at once, and with it its sub-accounts; activated again, each is what it was.
func TestDeactivateParent(t *testing.T) {
	p := webtest.Open(t)
	waiting := p.AddPending(t, p.Clinic, "Kiosk", "kiosk@clinic.example")
	parent, sub := p.As(t, p.Clinic.Admin), p.As(t, p.Clinic.Own)
	v := p.As(t, p.Sam).Get(staffPath(p.Clinic.ID, p.Clinic.ID)).Click("Deactivate").Want(http.StatusOK).
		Sees("What happens", "3 sub-accounts stop with it", "1.000,00 EUR")
	before := p.Fingerprint(t)
	for _, reason := range []string{"", "  ", strings.Repeat("x", 201)} {
		v.Fill("Reason", reason).Press("Deactivate").Want(http.StatusUnprocessableEntity)
		if v.Problem("Reason") == "" || v.Value("Reason") != reason {
			t.Errorf("%.5q came back as %q, saying %q", reason, v.Value("Reason"), v.Problem("Reason"))
		}
	}
	if p.Fingerprint(t) != before {
		t.Error("something changed")
	}
	path, form := v.Fill("Reason", "Unpaid <b>invoices</b>").FormOf("Deactivate")
	v.Post(path, form).Want(http.StatusOK).Sees("Deactivated", "North Clinic Group is deactivated: Unpaid <b>invoices</b>").SeesNot("Latest payments Deactivate")
	v.Clone().Post(path, form).Want(http.StatusUnprocessableEntity).Sees("This account is deactivated already.")
	for name, who := range map[string]*webtest.Visitor{"the parent": parent, "its sub-account": sub} {
		if who.Get("/settings"); !strings.HasPrefix(who.Path, "/sign-in") {
			t.Errorf("%s still opens %s", name, who.Path)
		}
	}
	for _, email := range []string{p.Clinic.Admin.Email, p.Clinic.Own.Email} {
		p.Visitor(t).SignIn(email, storetest.Passphrase).Want(http.StatusForbidden)
	}
	p.Visitor(t).SignIn(waiting.Email, p.OneTimePassword(t, waiting.Email)).Want(http.StatusForbidden)
	staff := p.As(t, p.Sam)
	usageForm(t, staff, p.Clinic.Own, "0", "u").Press("Record usage").Want(http.StatusUnprocessableEntity).Sees("The parent account is not active")
	staff.Get(staffPath(p.Clinic.ID, p.Clinic.Own.Account.ID)).Sees("Nobody can sign in here: North Clinic Group is deactivated")

	v.Get(staffPath(p.Clinic.ID, p.Clinic.ID))
	path, form = v.FormOf("Activate")
	v.Post(path, form).Want(http.StatusOK).Sees("The account is activated again.")
	v.Clone().Post(path, form).Want(http.StatusUnprocessableEntity).Sees("This account is not deactivated.")
	p.As(t, p.Clinic.Admin)
	p.As(t, p.Clinic.Own)
	p.Visitor(t).SignIn(waiting.Email, p.OneTimePassword(t, waiting.Email)).Want(http.StatusOK).Sees("Step 1 of 2")
}

// ACC-15: staff see a parent with its sub-accounts, find one among them, and a sub-account with its activation.
func TestStaffAccountPage(t *testing.T) {
	p := webtest.Open(t)
	waiting := p.AddPending(t, p.Clinic, "Kiosk", "kiosk@clinic.example")
	v := p.As(t, p.Sam).Get(staffPath(p.Clinic.ID, p.Clinic.ID)).Want(http.StatusOK).Sees("1.000,00 EUR", "SEPA 1", "North Clinic", "Night Ward", "Kiosk", "Pre-pay, EUR")
	v.Get(staffPath(p.Clinic.ID, p.Clinic.ID) + "?sub=night")
	if list := v.Page.Find("#sub-accounts").Text(); !strings.Contains(list, "Night Ward") || strings.Contains(list, "Kiosk") {
		t.Errorf("looking for night finds %s", list)
	}
	v.Get(staffPath(p.Clinic.ID, p.Clinic.ID) + "?sub=zzz").Sees("No sub-account matches").Click("Clear all").Sees("Night Ward")
	v.Get(staffPath(p.Clinic.ID, waiting.ID)).Want(http.StatusOK).Sees("Pending", "Codes sent", "Not entered yet").SeesNot("Resend activation")
	v.Get(staffPath(p.Clinic.ID, p.Clinic.Own.Account.ID)).Sees("Billing & Payments", "Manage Audience")
}
