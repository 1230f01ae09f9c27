package web_test

import (
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/web/webtest"
)

// shownPassword is what a page hands over, empty when it shows none.
func shownPassword(v *webtest.Visitor) string {
	if v.Page.Find(".secret__value").Length() != 3 {
		return ""
	}
	return v.Page.Find(".secret__value").Last().Text()
}

// ACC-5: the parent sets the password itself: the three values, each and all with a copy button, are shown once, in the
// answer to the form, which nobody keeps; the form sent again shows that it was done and no password.
func TestAddSubAccountByHand(t *testing.T) {
	p := webtest.Open(t)
	v := filled(t, p).Tick("Set the password myself")
	path, form := v.FormOf("Add sub-account")
	short := url.Values{}
	for name, values := range form {
		short[name] = values
	}
	short["password"] = []string{"too short"}
	v.Post(path, short).Want(422)
	if v.Problem("Password") == "" || v.Value("Password") != "" || v.Value("Email") != "erik@pharmacy.example" || strings.Contains(v.Body, "too short") {
		t.Errorf("a short one: %q, %q", v.Problem("Password"), v.Value("Password"))
	}
	mails := p.Count(t, "outbox")
	v.Post(path, form).Want(200).Sees("The sub-account is added", "This page is shown once.", "http://127.0.0.1:8080/sign-in", "erik@pharmacy.example")
	password := shownPassword(v)
	if len(password) < 20 || v.Path != path || v.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("shows %q at %s, %s", password, v.Path, v.Header.Get("Cache-Control"))
	}
	var copied []string
	v.Page.Find("[data-copy]").Each(func(_ int, b *goquery.Selection) { copied = append(copied, b.AttrOr("data-copy", "")) })
	if len(copied) != 4 || copied[2] != password || copied[3] != "Sign-in address: http://127.0.0.1:8080/sign-in\nEmail: erik@pharmacy.example\nPassword: "+password {
		t.Errorf("copies %q", copied)
	}
	v.Post(path, form).Want(200).Sees("This was done before.")
	if strings.Contains(v.Body, password) {
		t.Error("shown twice")
	}
	v.Click("Done").Want(200).Sees("East Pharmacy", "Active")
	if strings.Contains(v.Body, password) {
		t.Error("shown on the account's page")
	}
	if p.Count(t, "outbox") != mails {
		t.Error("something was sent")
	}
	if n := p.Count(t, "sessions s WHERE strpos(s::text, $1) > 0", password); n != 0 {
		t.Error("the password waits in a session")
	}
}

// ACC-11: a parent sets a new password of a sub-account's user: shown once, also of fifty forms at once, and the user's
// sessions end.
func TestSetPasswordOfSubAccount(t *testing.T) {
	p := webtest.Open(t)
	ward := p.As(t, p.Clinic.Own)
	v := p.As(t, p.Clinic.Admin).Get(paths.SubAccountUsers(p.Clinic.Own.Account.ID).All()).Click("Set a new password").Want(200)
	v.Fill("Password", "short").Press("Set password").Want(422)
	if v.Problem("Password") == "" {
		t.Error("no sentence at the field")
	}
	path, form := v.Fill("Password", "").FormOf("Set password")
	var shown atomic.Int64
	atOnce(50, func(int) {
		tab := v.Clone().Post(path, form)
		if tab.Status != 200 {
			t.Errorf("status %d: %s", tab.Status, tab.Text())
		}
		if shownPassword(tab) != "" {
			shown.Add(1)
		}
	})
	if shown.Load() != 1 {
		t.Errorf("shown %d times", shown.Load())
	}
	if ward.Get("/settings"); !strings.HasPrefix(ward.Path, "/sign-in") {
		t.Errorf("the user is still signed in, at %s", ward.Path)
	}
	form.Set("key", "")
	v.Post(path, form).Want(422)
}

// ACC-11, attack: nobody sets a password upward, sideways, of their own account, or inside the account.
func TestSetPasswordOnlyDownward(t *testing.T) {
	p := webtest.Open(t)
	form := url.Values{"key": {models.NewID().String()}, "password": {"four words make one sentence"}}
	at := func(account, user models.ID) string { return paths.SubAccountUsers(account).Password(user) }
	ward, night := p.Clinic.Own, p.Clinic.Shared
	inside := enter(t, p, p.Clinic.Admin, paths.SubAccount(ward.Account.ID))
	staffInside := enter(t, p, p.Sam, staffPath(p.Clinic.ID, ward.Account.ID))
	before := p.Count(t, "users WHERE password_temporary")
	p.As(t, ward).Post(at(ward.Account.ID, ward.Actor.User), form).Want(403)
	p.As(t, ward).Post(at(night.Account.ID, night.Actor.User), form).Want(403)
	p.As(t, p.Clinic.Admin).Post(at(p.Clinic.ID, p.Clinic.Admin.Actor.User), form).Want(404)
	p.As(t, p.Clinic.Admin).Post(at(ward.Account.ID, p.Clinic.Admin.Actor.User), form).Want(404)
	p.As(t, p.Clinic.Admin).Post(at(ward.Account.ID, night.Actor.User), form).Want(404)
	p.As(t, p.Harbor.Admin).Post(at(ward.Account.ID, ward.Actor.User), form).Want(404)
	inside.Post(at(ward.Account.ID, ward.Actor.User), form).Want(403)
	staffInside.Post(at(ward.Account.ID, ward.Actor.User), form).Want(403)
	if p.Count(t, "users WHERE password_temporary") != before {
		t.Error("a password was set")
	}
}
