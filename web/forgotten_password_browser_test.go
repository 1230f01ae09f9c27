package web_test

import (
	"testing"

	"offshoot/web/webtest"
)

// ACC-11: in a real browser: what one types can be shown and hidden again, the way through a forgotten password is walked, and
// a browser in which the mail was used may sign in.
func TestForgottenPasswordInABrowser(t *testing.T) {
	p := webtest.Open(t)
	who := p.Clinic.Own
	b := p.Chromium(t).Person().Look(375, true).Open("/sign-in")
	b.Type("Email", who.Email).Type("Password", "not remembered")
	is := func(kind string) string {
		return `document.querySelector("input[name=password]").type === "` + kind + `"`
	}
	press := func(label string) {
		b.Until(`document.querySelector("[aria-label='` + label + `']").click() === undefined`)
	}
	press("Show password")
	b.Until(is("text"))
	press("Hide password")
	b.Until(is("password"))
	press("Show password")
	b.Press("Sign in").Sees("The e-mail or the password is not right.").Until(is("password"))
	b.Click("Forgotten password?").Type("Email", who.Email).Press("Send link").Sees("Look into your mail")
	b.Open(p.PasswordLink(t, who.Email)).Type("New password", freshPassphrase).Type("Repeat the new password", freshPassphrase).Press("Set password")
	b.Sees("Your password was changed. Sign in with the new one.")
	b.Type("Email", who.Email).Type("Password", freshPassphrase).Press("Sign in").Sees("Dashboard")
	if b.Path() != "/" {
		t.Errorf("signing in leads to %s", b.Path())
	}
}
