package web_test

import (
	"testing"

	"offshoot/models"
	"offshoot/web/webtest"
)

// ACC-15: with scripts the accounts follow the typing, and a payment shows what the balance will be.
func TestStaffInABrowser(t *testing.T) {
	p := webtest.Open(t)
	b := p.Chromium(t).Person().SignIn(p.Sam)
	typing := `(text => { const box = document.querySelector('main [data-search]'); box.focus(); box.value = text; box.dispatchEvent(new Event('input', {bubbles: true})); return true })`
	b.Open("/staff/accounts").Sees("Harbor Media").Until(typing + `('night')`).Sees("Night Ward").Until(`!document.querySelector('#list').innerText.includes('Harbor')`).
		Until(`location.search.includes('q=night')`)
	b.Until(typing + `('nobody')`).Sees("No account matches").Click("Clear all").Sees("Harbor Media")

	after := `document.querySelector('.before-after [data-after]').textContent.replace(/\s/g, ' ')`
	b.Open("/staff/accounts/"+p.Clinic.ID.String()+"/payments/new").Type("Amount", "250.50").Until(after + ` === '1.250,50 EUR'`)
	b.Type("Amount", "1e3").Until(after + ` === '—'`)
	b.Type("Amount", "250.50").Type("Reference", "SEPA 2").Press("Record money").Sees("250,50 EUR recorded for North Clinic Group.")
	b.Open(staffPath(p.Clinic.ID, p.Clinic.Shared.Account.ID)+"/usage/new").Choose("Destination country", "Japan").Type("Price", "0.000001").
		Until(after + ` === '1.250,499999 EUR'`)
}

// Always: states that pages of staff and activations come into, in both themes, on a desk and on a phone.
func TestStaffStatesInABrowser(t *testing.T) {
	p := webtest.Open(t)
	linked(t, p)
	zebra := idOf(t, p, "Zebra")
	kiosk := p.AddPending(t, p.Clinic, "<b>Kiosk</b> by the Lake and Rehabilitation Centre", "kiosk@clinic.example")
	if err := p.Accounts.DeactivateParent(t.Context(), p.Sam.Actor, p.Harbor.ID, "Unpaid"); err != nil {
		t.Fatal(err)
	}
	c := newcomer(t, p)
	if err := p.Accounts.SetMode(t.Context(), p.Sam.Actor, models.OnRequestFeature); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Accounts.EnableSubAccounts(t.Context(), c.Admin.Actor); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Raw.Exec(t.Context(), `UPDATE outbox SET status = 'failed', last_error = '550 no such mailbox' WHERE recipient = 'kiosk@clinic.example'`); err != nil {
		t.Fatal(err)
	}
	chromium := p.Chromium(t)
	for _, look := range []struct {
		width int64
		dark  bool
	}{{1280, false}, {375, true}} {
		staff, user, guest := chromium.Person().Look(look.width, look.dark), chromium.Person().Look(look.width, look.dark), chromium.Person().Look(look.width, look.dark)
		check := func(b *webtest.Browser) {
			t.Helper()
			if over := b.Axe().Sideways(); over > 0 {
				t.Errorf("%s is %d px too wide", b.Path(), over)
			}
		}
		staff.SignIn(p.Sam)
		for _, path := range []string{staffPath(zebra, zebra), staffPath(p.Harbor.ID, p.Harbor.ID), staffPath(p.Harbor.ID, p.Harbor.Own.Account.ID),
			staffPath(p.Clinic.ID, kiosk.ID), "/staff/accounts?q=zzz", "/staff/background-work"} {
			check(staff.Open(path))
		}
		check(staff.Open("/staff/accounts/new").Press("Create parent account").Sees("Please check"))
		check(staff.Open("/staff/accounts/" + p.Clinic.ID.String() + "/payments/new").Press("Record money").Sees("Please check"))
		check(staff.Open("/staff/requests").Press("Refuse the request of Company 1").Sees("Please check"))
		check(staff.Open(staffPath(p.Clinic.ID, p.Clinic.ID) + "/access").Press("Access account").Sees("Please check"))

		user.Open("/sign-in").Type("Email", kiosk.Email).Type("Password", p.OneTimePassword(t, kiosk.Email)).Press("Sign in").Sees("Step 1 of 2")
		check(user.Press("Continue").Sees("This is not the code that we sent."))
		check(guest.Open("/dev/outbox"))
		check(guest.Open("/activate/link?token=x").Press("Continue").Sees("This link no longer works"))
	}
}
