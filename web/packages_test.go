package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// addOffer puts a package into the catalogue: 1,000 units for 30 days in Germany and Austria, for 40.00 EUR.
func addOffer(t *testing.T, p *webtest.Portal) models.ID {
	t.Helper()
	id, err := p.Billing.AddOffer(context.Background(), p.Sam.Actor, billing.OfferOrder{Name: "SMS 1000", Units: 1000, ValidityDays: 30,
		Countries: []string{"DE", "AT"}, OnSale: true, Prices: []models.Money{storetest.Euros(t, "40")}})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// BIL-1: staff keep the catalogue of packages: what is wrong stands at its field, with what was typed.
func TestStaffKeepPackages(t *testing.T) {
	p := webtest.Open(t)
	staff := p.As(t, p.Sam).Get("/staff/rates").Click("Packages").Sees("No packages yet").Click("Add package")
	before := p.Fingerprint(t)
	staff.Fill("Units", "1.5").Fill("Validity", "0").Fill("Countries", "Germany, Atlantis").Fill("Price in EUR", "40,00").Press("Add package").Want(http.StatusUnprocessableEntity)
	for label, says := range map[string]string{"Name": "Enter a name", "Units": "whole number", "Validity": "number of days", "Countries": "no country “Atlantis”",
		"Price in EUR": "with a point: 40.00"} {
		if !strings.Contains(staff.Problem(label), says) {
			t.Errorf("%s says %q", label, staff.Problem(label))
		}
	}
	if staff.Value("Countries") != "Germany, Atlantis" || staff.Value("Price in EUR") != "40,00" {
		t.Error("what was typed is gone")
	}
	staff.Fill("Name", "SMS 1000").Fill("Units", "1000").Fill("Validity", "30").Fill("Countries", "Germany, at").Fill("Price in EUR", "").Press("Add package").Want(http.StatusUnprocessableEntity)
	if !strings.Contains(staff.Problem("Price in EUR"), "one currency at least") || p.Fingerprint(t) != before {
		t.Error(staff.Problem("Price in EUR"))
	}
	staff.Fill("Price in EUR", "40").Fill("Price in JPY", "6000").Press("Add package").Sees("The package is in the catalogue.", "SMS 1000", "40,00 EUR", "6.000 JPY", "Austria", "On sale")
	other := p.As(t, p.Sam).Get("/staff/rates/packages").Click("SMS 1000")
	staff.Click("SMS 1000").Untick("On sale").Press("Save").Sees("The package is saved.", "Off sale")
	other.Fill("Name", "Late").Press("Save").Want(http.StatusUnprocessableEntity).Sees("Somebody changed this package")
	if other.Value("Name") != "SMS 1000" {
		t.Error("the stale form still says what it said")
	}
	p.As(t, p.Clinic.Admin).Get("/store").Sees("No packages on sale")

	staff.Get("/staff/accounts/" + p.Clinic.ID.String() + "/" + p.Clinic.ID.String()).Click("Grant package").Press("Grant package").Want(http.StatusUnprocessableEntity)
	if staff.Problem("Package") == "" || staff.Problem("Reason") == "" {
		t.Error("what is missing is not said")
	}
	offers, err := p.Billing.Offers(context.Background(), p.Sam.Actor)
	if err != nil {
		t.Fatal(err)
	}
	staff.Fill("Package", offers[0].ID.String()).Fill("Reason", "For the outage").Press("Grant package").Sees("SMS 1000 is granted to North Clinic Group.")
	p.As(t, p.Clinic.Admin).Get("/usage").Sees("SMS 1000", "1.000 units", "Only me")
	p.As(t, p.Clinic.Admin).Get("/action-log").Sees("Package “SMS 1000” of 1000 units granted to North Clinic Group: For the outage")
}

// SHR-2, PRV-3: a parent's Admin and a sub-account with Billing & Payments buy; nobody else sees the page, posts or finds the
// menu. A price that changed is shown and nothing is bought; so with a short balance.
func TestBuyPackage(t *testing.T) {
	p := webtest.Open(t)
	id := addOffer(t, p)
	page := "/store/packages/" + id.String()
	p.As(t, p.Clinic.Shared).SeesNot("Store").Get("/store").Want(http.StatusForbidden)
	p.As(t, p.Clinic.Shared).Get(page).Want(http.StatusForbidden)
	p.As(t, p.Clinic.Shared).Post(page+"/purchases", nil).Want(http.StatusForbidden)
	p.As(t, p.Harbor.Admin).Get("/store").Sees("No packages on sale").Get(page).Want(http.StatusConflict)
	broke := p.AddParent(t)
	dear := p.As(t, p.Sam).Get("/staff/rates/packages/" + id.String())

	admin := p.As(t, p.Clinic.Admin).Get("/store").Sees("SMS 1000", "40,00 EUR", "0,04 EUR", "30 days").Get(page).Sees("1.000,00 EUR", "960,00 EUR", "Austria")
	dear.Fill("Price in EUR", "45").Press("Save").Want(http.StatusOK)
	admin.Press("Buy for 40,00 EUR").Want(http.StatusUnprocessableEntity).Sees("it is 45.00 EUR now. Nothing was bought.", "955,00 EUR")
	if p.Count(t, "packages") != 0 {
		t.Error("bought at another price")
	}
	twice, fields := admin.FormOf("Buy for 45,00 EUR")
	admin.Press("Buy for 45,00 EUR").Sees("SMS 1000 is bought for 45,00 EUR", "Account usage", "1.000")
	admin.Post(twice, fields).Want(http.StatusOK)
	if p.Count(t, "packages") != 1 || p.BalanceOf(t, p.Clinic.Account).Text() != "955.00" {
		t.Error("bought twice, or not at all")
	}
	p.As(t, p.Clinic.Own).Click("Store").Sees("belongs to North Clinic Group", "SMS 1000").SeesNot("Sub-account feature").Click("SMS 1000").Sees("You buy on behalf of North Clinic Group").
		Press("Buy for 45,00 EUR").Sees("SMS 1000 is bought for 45,00 EUR").SeesNot("1.000")
	p.As(t, p.Clinic.Admin).Get("/statement").Sees("910,00 EUR", "SMS 1000")

	dear.Get("/staff/rates/packages/"+id.String()).Fill("Price in EUR", "100.5").Press("Save").Want(http.StatusOK)
	p.As(t, broke.Admin).Get(page).Sees("0.50 EUR is missing")
}

// SHR-2, SHR-3: both ways to share units and to take them back; bad input comes back with what was typed.
func TestShareUnits(t *testing.T) {
	p := webtest.Open(t)
	pkg, theirs := p.AddPackage(t, p.Clinic, 1000, 30, "DE"), p.AddPackage(t, p.Harbor, 10, 30)
	page := "/usage/packages/" + pkg.String()
	p.As(t, p.Clinic.Own).Get("/usage").Sees("No packages yet").Get(page).Want(http.StatusForbidden)
	admin := p.As(t, p.Clinic.Admin).Click("Account usage").Sees("Parcel", "Only me", "1.000").Click("Share Parcel")
	admin.Get("/usage/packages/" + theirs.String()).Want(http.StatusNotFound)
	admin.Get("/usage/packages/none").Want(http.StatusNotFound)
	admin.Get(page).Press("Share").Want(http.StatusUnprocessableEntity)
	before := p.Fingerprint(t)
	for typed, says := range map[string]string{"": "Enter a whole number", "0": "Enter a whole number", "-1": "Enter a whole number", "1.5": "Enter a whole number",
		"1e3": "Enter a whole number", "٢٥": "Enter a whole number", "1001": "1000", "99999999999999999999": "Enter a whole number"} {
		admin.Fill("Sub-account", "North Clinic").Fill("Number of units", typed).Press("Share").Want(http.StatusUnprocessableEntity)
		if !strings.Contains(admin.Problem("Number of units"), says) || admin.Value("Number of units") != typed {
			t.Errorf("%q says %q", typed, admin.Problem("Number of units"))
		}
	}
	admin.Fill("Sub-account", "night").Fill("Number of units", "10").Press("Share").Want(http.StatusUnprocessableEntity)
	if !strings.Contains(admin.Problem("Sub-account"), "no sub-account of this name") || p.Fingerprint(t) != before {
		t.Errorf("an unknown name says %q", admin.Problem("Sub-account"))
	}
	admin.Click("Night Ward") // the only one that has what was typed
	if admin.Value("Sub-account") != "Night Ward" {
		t.Error("the name that was chosen is not filled in")
	}
	admin.Fill("Number of units", "250").Press("Share").Want(http.StatusOK).Sees("250 units shared with Night Ward.", "Night Ward", "750")
	p.As(t, p.Clinic.Shared).Get("/usage").Sees("Given by North Clinic Group", "250").SeesNot("1.000", "750")
	admin.Get("/action-log").Sees("250 units of package “Parcel” shared with Night Ward").SeesNot("units:")

	// the other way
	tab := "/sub-accounts/" + p.Clinic.Own.Account.ID.String() + "/balance"
	admin.Get(tab).Sees("Units and packages").Press("Save").Want(http.StatusUnprocessableEntity)
	if admin.Problem("Package") == "" || admin.Problem("Number of units") == "" {
		t.Error("what is missing is not said")
	}
	admin.Fill("Package", pkg.String()).Fill("Number of units", "751").Press("Save").Want(http.StatusUnprocessableEntity)
	if !strings.Contains(admin.Problem("Number of units"), "750") {
		t.Errorf("too many say %q", admin.Problem("Number of units"))
	}
	admin.Fill("Number of units", "50").Press("Save").Want(http.StatusOK).Sees("50 units given.")
	admin.Press("Take back 50 units of Parcel").Want(http.StatusOK).Sees("50 units taken back.")

	// the setting
	admin.Get(page).Tick("Only me").Press("Save setting").Want(http.StatusUnprocessableEntity).Sees("have 250 units of it")
	admin.Get(page).Tick("Public").Press("Save setting").Sees("The sharing setting is saved.")
	p.As(t, p.Clinic.Own).Get("/usage").Sees("Shared with everybody").SeesNot("750", "1.000")
	admin.Get(page).Press("Take back 250 units from Night Ward").Want(http.StatusOK).Sees("250 units taken back.", "Nobody has units of it")
}
