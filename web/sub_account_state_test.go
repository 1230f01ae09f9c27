package web_test

import (
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// ACC-9: deactivating says what it returns, asks for a reason, ends sessions at once, returns the balance with it, and can
// be taken back.
func TestDeactivate(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	give(t, p, own, "12.50")
	sub := p.As(t, p.Clinic.Own)
	v := p.As(t, p.Clinic.Admin).Get(pageOf(own)+"/deactivation").Want(200).Sees("12,50 EUR", "goes back to you", "1.000,00 EUR", "signed out at once")
	if got := balances(t, p, p.Clinic.Account, own); got != "987.50 EUR, 12.50 EUR" {
		t.Errorf("looking at the page moved something: %s", got)
	}
	for _, reason := range []string{"", "   ", strings.Repeat("x", 201)} {
		v.Fill("Reason", reason).Press("Deactivate").Want(422)
		if got := v.Problem("Reason"); got != "Give a reason, up to 200 characters." {
			t.Errorf("reason %.10q: %q", reason, got)
		}
	}
	sub.Get("/").Want(200).SeesNot("Sign in")
	v.Fill("Reason", "Contract ended <b>").Press("Deactivate").Want(200).
		Sees("The account is deactivated. 12,50 EUR came back to you.", "Deactivated: Contract ended <b>")
	if sub.Get("/").Want(200); sub.Path != "/sign-in" {
		t.Errorf("the session goes on at %s", sub.Path)
	}
	if sub.SignIn(p.Clinic.Own.Email, storetest.Passphrase); sub.Path != "/sign-in" {
		t.Errorf("it can sign in again: %s", sub.Path)
	}
	if got := balances(t, p, p.Clinic.Account, own); got != "1000.00 EUR, 0.00 EUR" {
		t.Error(got)
	}
	v.Get(pageOf(own) + "/deactivation").Want(409).Sees("This account is deactivated already.")

	v.Get(pageOf(own)).Press("Activate").Want(200).Sees("The account has its earlier state again.", "Active")
	if got := balances(t, p, p.Clinic.Account, own); got != "1000.00 EUR, 0.00 EUR" {
		t.Errorf("activating moved something: %s", got)
	}
	v.Post(pageOf(own)+"/activation", nil).Want(409).Sees("This account is not deactivated.")
	if sub.SignIn(p.Clinic.Own.Email, storetest.Passphrase); sub.Path == "/sign-in" {
		t.Error("it cannot sign in")
	}
}

// ACC-9: a Pending account that is deactivated and activated again is Pending.
func TestDeactivatePending(t *testing.T) {
	p := webtest.Open(t)
	pending := addSub(t, p, "East Pharmacy", models.OwnBalance)
	v := p.As(t, p.Clinic.Admin).Get(pageOf(pending)+"/deactivation").Sees("nothing goes back to you").Fill("Reason", "Mistake").Press("Deactivate").Want(200)
	v.Press("Activate").Want(200)
	if badge := v.Page.Find(".page-head .badge").Text(); badge != "Pending" {
		t.Errorf("it is %s", badge)
	}
}

// ACC-9: deleting shows what will be returned and asks for the name; then the account is gone, its e-mail free, its history kept.
func TestDelete(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	posted := give(t, p, own, "12.50")
	sub := p.As(t, p.Clinic.Own)
	v := p.As(t, p.Clinic.Admin).Get(pageOf(own)+"/deletion").Want(200).Sees("12,50 EUR", "goes back to you", "cannot be undone")
	for _, name := range []string{"", "north clinic", "North Clinic Group", "North  Clinic"} {
		v.Fill("Account name", name).Press("Delete").Want(422)
		if got := v.Problem("Account name"); got != "Type the account's name exactly as it stands above." {
			t.Errorf("%q: %q", name, got)
		}
	}
	if got := balances(t, p, p.Clinic.Account, own); got != "987.50 EUR, 12.50 EUR" {
		t.Error(got)
	}
	v.Fill("Account name", "North Clinic ").Press("Delete").Want(200).Sees("North Clinic is deleted. 12,50 EUR came back to you.")
	if v.Path != "/sub-accounts" {
		t.Errorf("it leads to %s", v.Path)
	}
	same(t, "the list", names(v), []string{"Night Ward"})
	for _, path := range []string{"", "/balance", "/edit", "/deletion", "/transfers/new"} {
		v.Get(pageOf(own) + path).Want(404)
	}
	if sub.Get("/").Want(200); sub.Path != "/sign-in" {
		t.Errorf("the session goes on at %s", sub.Path)
	}
	if got := balances(t, p, p.Clinic.Account); got != "1000.00 EUR" {
		t.Error(got)
	}
	v.Get("/transfers/"+posted.ID.String()).Want(200).Sees("Transfer to North Clinic", "12,50 EUR")
	v.Get("/statement").Want(200).Sees("Transfer to North Clinic", "Transfer back from North Clinic")

	v.Get("/sub-accounts/new").Fill("Account name", "North Clinic").Fill("Contact name", "Again").Fill("Email", p.Clinic.Own.Email).
		Fill("Mobile number", "+4915112345699").Press("Add sub-account").Want(200).Sees("North Clinic is added.")
}

// ACC-9: a deactivated account can be deleted; there is nothing left to return.
func TestDeleteDeactivated(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	give(t, p, own, "5.00")
	v := p.As(t, p.Clinic.Admin).Get(pageOf(own)+"/deactivation").Fill("Reason", "Over").Press("Deactivate").Want(200)
	v.Get(pageOf(own)+"/deletion").Want(200).Sees("nothing goes back to you").Fill("Account name", "North Clinic").Press("Delete").Want(200).
		Sees("North Clinic is deleted.").SeesNot("came back")
}
