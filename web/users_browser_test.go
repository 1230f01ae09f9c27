package web_test

import (
	"testing"

	"offshoot/services/storetest"
	"offshoot/views/paths"
	"offshoot/web/webtest"
)

// ACC-10, ACC-5: in a browser: the time zone is found by typing, disabling asks first, the handed-over password can be
// copied; and the pages that no address leads to look right, in light and in the dark on a phone.
func TestUsersInABrowser(t *testing.T) {
	p := webtest.Open(t)
	chromium := p.Chromium(t)
	looks := func(b *webtest.Browser) {
		t.Helper()
		for _, dark := range []bool{false, true} {
			width := int64(1280)
			if dark {
				width = 375
			}
			if over := b.Look(width, dark).Axe().Sideways(); over > 0 {
				t.Errorf("%s is %d px wider than %d", b.Path(), over, width)
			}
		}
		b.Look(1280, false)
	}
	admin := chromium.Person().SignIn(p.Clinic.Admin).Open("/settings/users/new")
	admin.Press("Add user").Sees("Please check the fields marked below.")
	looks(admin)
	admin.Type("Name", "Kim Lee").Type("Email", "kim@clinic.example").Choose("Time zone", "Auckland").Press("Add user").Sees("Kim Lee is added.", "Pacific/Auckland")
	looks(admin)

	kim := chromium.Person().Open(p.Link(t, "kim@clinic.example")).Sees("Welcome to North Clinic Group")
	looks(kim)
	kim.Type("New password", storetest.Passphrase).Type("Repeat the new password", storetest.Passphrase).Press("Set password and sign in").Sees("kim@clinic.example")
	looks(kim.Open("/settings"))

	row := `[...document.querySelectorAll('tbody tr')].find(r => r.innerText.includes('kim@clinic.example'))`
	disable := `(() => { [...` + row + `.querySelectorAll('form button')].find(b => b.textContent.trim() === 'Disable').click(); return true })()`
	admin.Open("/settings/users").Until(disable).Sees("They are signed out everywhere at once").Until(`!!document.querySelector('dialog[open]')`)
	if n := p.Count(t, "users WHERE disabled_at IS NOT NULL"); n != 0 {
		t.Error("disabled before the answer")
	}
	admin.Until(`(() => { [...document.querySelectorAll('dialog[open] button')].find(b => b.textContent.trim() === 'Disable').click(); return true })()`).
		Sees("Kim Lee is disabled and signed out everywhere.")
	looks(admin)
	kim.Open("/settings").Sees("Sign in")

	admin.Open("/sub-accounts/new").Type("Account name", "East Pharmacy").Type("Contact name", "Erik Holm").Type("Email", "erik@pharmacy.example").
		Type("Mobile number", "0151 12345688").Tick("Set the password myself").Press("Add sub-account").Sees("The sub-account is added", "Copy all")
	admin.Until(`[...document.querySelectorAll('[data-copy]')].every(b => !b.hidden)`)
	looks(admin)
	admin.Open(paths.SubAccountUsers(p.Clinic.Own.Account.ID).Password(p.Clinic.Own.Actor.User)).Press("Set password").Sees("The password is set", "This page is shown once.")
	looks(admin.Open("/sub-accounts/privileges"))
}
