package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// newcomer is a parent that has not enabled the Sub-account feature.
func newcomer(t *testing.T, p *webtest.Portal) storetest.Company {
	t.Helper()
	c := p.AddCompany(t, 1)
	if _, err := p.Raw.Exec(t.Context(), `UPDATE accounts SET sub_accounts_enabled = NULL WHERE id = $1`, c.ID); err != nil {
		t.Fatal(err)
	}
	return c
}

// ACC-1: open, the feature is enabled by one click at no price, by an Admin, once.
func TestEnableFeature(t *testing.T) {
	p := webtest.Open(t)
	c := newcomer(t, p)
	p.AddUser(t, c.Account, "user@company1.example", models.Member)
	user := p.Visitor(t).SignIn("user@company1.example", storetest.Passphrase).Get("/store").Want(http.StatusOK).Sees("An Admin of your account can do this.")
	user.Post("/store/sub-accounts", nil).Want(http.StatusForbidden)

	v := p.As(t, c.Admin).Get("/store").Want(http.StatusOK).Sees("Sub-account feature", "Free")
	path, form := v.FormOf("Enable")
	v.Post(path, form).Want(http.StatusOK).Sees("The Sub-account feature is enabled. Add your first sub-account.")
	if v.Path != "/sub-accounts" {
		t.Errorf("it leads to %s", v.Path)
	}
	v.Clone().Post(path, form).Want(http.StatusUnprocessableEntity).Sees("The Sub-account feature is enabled already.")
	v.Get("/store").Sees("Enabled", "Go to Sub-accounts")
	p.As(t, p.Clinic.Own).Get("/store").Want(http.StatusOK).SeesNot("Enable").Post("/store/sub-accounts", nil).Want(http.StatusForbidden)
}

// ACC-1, ACC-15: on request, one request is filed however often it is asked; staff approve it, once, and a mail says so.
func TestRequestFeature(t *testing.T) {
	p := webtest.Open(t)
	c := newcomer(t, p)
	staff := p.As(t, p.Sam).Get("/staff/settings").Tick("On request").Press("Save").Want(http.StatusOK).Sees("The setting is saved.")
	staff.Post("/staff/settings", url.Values{"mode": {"closed"}}).Want(http.StatusUnprocessableEntity).Sees("Choose how parents get the feature.")
	staff.Get("/staff/requests").Sees("No open requests")

	v := p.As(t, c.Admin).Get("/store").Sees("This feature is enabled on request")
	path, form := v.FormOf("Request")
	atOnce(50, func(int) {
		if tab := v.Clone().Post(path, form); tab.Status != http.StatusOK && tab.Status != http.StatusUnprocessableEntity {
			t.Errorf("status %d", tab.Status)
		}
	})
	if n := p.Count(t, "feature_requests"); n != 1 {
		t.Fatalf("%d requests", n)
	}
	v.Get("/store").Sees("Requested", "tell you by e-mail when it is decided").SeesNot("Enable")

	staff.Get("/staff/requests").Sees("Company 1", "alex@company1.example")
	path, form = staff.FormOf("Approve the request of Company 1")
	other := staff.Clone()
	staff.Post(path, form).Want(http.StatusOK).Sees("The request is approved.", "No open requests")
	other.Post(path, form).Want(http.StatusNotFound).Sees("There is no such request, or it is decided already.", "No open requests")
	v.Get("/sub-accounts").Want(http.StatusOK).Sees("Add sub-account")
	if n := p.Count(t, "outbox WHERE recipient = 'alex@company1.example' AND subject LIKE '%enabled%'"); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// ACC-1, ACC-15: a refusal needs a reason, which the parent reads in the Store, and from there it may ask again.
func TestRefuseFeature(t *testing.T) {
	p := webtest.Open(t)
	c := newcomer(t, p)
	if err := p.Accounts.SetMode(t.Context(), p.Sam.Actor, models.OnRequestFeature); err != nil {
		t.Fatal(err)
	}
	v := p.As(t, c.Admin).Get("/store").Press("Request").Want(http.StatusOK)
	staff := p.As(t, p.Sam).Get("/staff/requests")
	before := p.Fingerprint(t)
	for _, reason := range []string{"", " ", strings.Repeat("x", 201)} {
		staff.Fill("Reason for refusing", reason).Press("Refuse the request of Company 1").Want(http.StatusUnprocessableEntity)
		if staff.Problem("Reason for refusing") == "" || staff.Value("Reason for refusing") != reason {
			t.Errorf("%.5q came back as %q, saying %q", reason, staff.Value("Reason for refusing"), staff.Problem("Reason for refusing"))
		}
		link := staff.Page.Find(".error-summary a").AttrOr("href", "")
		if link == "" || staff.Page.Find(link).Length() != 1 {
			t.Errorf("the summary leads to %q", link)
		}
	}
	if p.Fingerprint(t) != before {
		t.Error("something changed")
	}
	staff.Fill("Reason for refusing", "Send us <b>papers</b> first").Press("Refuse the request of Company 1").Want(http.StatusOK).Sees("The request is refused")
	v.Get("/store").Sees("Refused", "Your last request was refused: Send us <b>papers</b> first")
	v.Press("Request again").Want(http.StatusOK).Sees("Requested")
}
