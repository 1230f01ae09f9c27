package web_test

import (
	"context"
	"testing"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/web/webtest"
)

// furnishCatalogue gives the pages of packages something to show: units given, an end that has come, a price that is planned.
func furnishCatalogue(t *testing.T, p *webtest.Portal) models.ID {
	t.Helper()
	ctx := context.Background()
	pkg := p.AddPackage(t, p.Clinic, 1000, 30, "DE", "AT", "CH", "FR")
	err := p.Billing.ShareUnits(ctx, p.Clinic.Admin.Actor, billing.UnitsOrder{Package: pkg, SubAccount: p.Clinic.Own.Account.ID, Units: 250})
	if err != nil {
		t.Fatal(err)
	}
	public := p.AddPackage(t, p.Clinic, 70, 10)
	if err := p.Billing.SetSharing(ctx, p.Clinic.Admin.Actor, public, models.Public, 0); err != nil {
		t.Fatal(err)
	}
	price, err := models.ParsePrice("0.0815", "EUR")
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Billing.SetRate(ctx, p.Sam.Actor, billing.RateOrder{Currency: "EUR", Country: "DE", Price: price, From: models.DayOf(p.Clock.Now(), p.Sam.Account.Zone()).AddDays(11)})
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

// SHR-2, SHR-3, BIL-5: buy a package, share units with a name that completes itself while it is typed, take them back; on a phone too.
func TestBuyShareTakeBackInABrowser(t *testing.T) {
	p := webtest.Open(t)
	addOffer(t, p)
	admin := p.Chromium(t).Person().SignIn(p.Clinic.Admin).Look(375, true)
	admin.Open("/store").Click("Buy SMS 1000").Sees("960,00 EUR").Press("Buy for 40,00 EUR").Sees("is bought for 40,00 EUR")
	admin.Click("Share SMS 1000").Axe()
	admin.Type("Sub-account", "night")
	admin.Until(`[...document.querySelectorAll('#field-account-list option')].map(o => o.value).join() === 'Night Ward'`)
	admin.Type("Sub-account", "Night Ward").Type("Number of units", "300").Press("Share").Sees("300 units shared with Night Ward.")
	admin.Value(`document.querySelector('[aria-label="Take back 300 units from Night Ward"]').click()`, nil)
	admin.Until(`!!document.querySelector('dialog[open]')`).Axe()
	admin.Value(`document.querySelector('dialog[open] button[value=yes]').click()`, nil)
	admin.Until(`document.readyState === 'complete' && document.body.innerText.includes('300 units taken back.')`)
	if over := admin.Sideways(); over > 0 {
		t.Errorf("%d px too wide", over)
	}
}
