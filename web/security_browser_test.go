package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// ACC-11: the second factor in a browser: set up, signed in with a code and with recovery codes, none of them twice, on all
// the pages on the way, in both themes, on a desk and on a phone. Signing out elsewhere ends the other browser at its next
// step.
func TestSecondFactorInABrowser(t *testing.T) {
	p := webtest.Open(t)
	chromium := p.Chromium(t)
	b, phone := chromium.Person(), chromium.Person().Look(375, true)
	look := func(who *webtest.Browser) {
		t.Helper()
		if over := who.Axe().Sideways(); over > 0 {
			t.Errorf("%s is %d px too wide", who.Path(), over)
		}
	}
	both := func() { // the page at hand, without leaving it
		t.Helper()
		b.Look(375, true)
		look(b)
		b.Look(1280, false)
		look(b)
	}
	phone.SignIn(p.Clinic.Admin)

	b.SignIn(p.Clinic.Admin).Open("/settings").Click("Security").Press("Set up").Sees("Tell your app").
		Until(`document.querySelector('img.qr').complete && document.querySelector('img.qr').naturalWidth === 232`)
	both()
	var secret string
	b.Value(`document.querySelector('.secret__value').textContent`, &secret)
	code := func() string {
		t.Helper()
		now, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), p.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	b.Type("Code", "000000").Press("Turn on").Sees("This code is not right")
	both()
	b.Type("Code", code()).Press("Turn on").Sees("Your recovery codes", "Copy the codes")
	both()
	var recovery []string
	b.Value(`[...document.querySelectorAll('.recovery-codes code')].map(c => c.textContent)`, &recovery)
	if file := b.Save("Download as text", "recovery-codes.txt"); !strings.Contains(file, recovery[9]) {
		t.Errorf("the file is %q", file)
	}
	phone.Open("/sub-accounts").Sees("Sign in") // signed out by it

	b.Click("I have kept them").Sees("10 left")
	both()
	p.Clock.Add(time.Minute)
	signIn := func(who *webtest.Browser) {
		who.Open("/sign-in").Type("Email", p.Clinic.Admin.Email).Type("Password", storetest.Passphrase).Press("Sign in").Sees("Enter your code")
	}
	signIn(phone)
	look(phone)
	used := code()
	phone.Type("Code", used).Press("Continue").Sees("Dashboard")

	other := chromium.Person()
	signIn(other)
	look(other)
	other.Type("Code", used).Press("Continue").Sees("was used before")
	look(other)
	other.Click("No phone at hand? Use a recovery code").Sees("Enter a recovery code")
	look(other)
	other.Type("Recovery code", recovery[0]).Press("Continue").Sees("9 are left")
	again := chromium.Person()
	signIn(again)
	again.Click("No phone at hand? Use a recovery code").Type("Recovery code", recovery[0]).Press("Continue").Sees("Enter a recovery code", "is not right")

	b.Open("/settings/sessions").Sees("This session", "Chrome")
	both()
	b.Press("Sign out everywhere else").Sees("You are signed out everywhere else.")
	phone.Open("/settings").Sees("Sign in")
	other.Open("/settings").Sees("Sign in")
	b.Open("/settings/security/recovery-codes").Sees("You have 9 left")
	p.Clock.Add(11 * time.Minute)
	b.Open("/settings/security/second-factor/removal").Sees("Is it still you?")
	both()
	b.Type("Your password", storetest.Passphrase).Press("Confirm").Sees("What happens").Press("Turn off").Sees("is turned off")

	handOver(t, p, p.Clinic.Own, "abcde-fghij-kmnpq-rstuv")
	phone.Open("/sign-in").Type("Email", p.Clinic.Own.Email).Type("Password", "abcde-fghij-kmnpq-rstuv").Press("Sign in").Sees("Choose your password")
	look(phone)
}
