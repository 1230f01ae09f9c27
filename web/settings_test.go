package web_test

import (
	"net/http"
	"testing"

	"offshoot/web/webtest"
)

// ACC-3, REP-5: everybody reads who they are, how times and figures are written, and who was in their account.
func TestSettings(t *testing.T) {
	p := webtest.Open(t)
	p.As(t, p.Clinic.Admin).Get("/settings").Want(http.StatusOK).Sees("nora@clinic.example", "Your sign-in; it can't be changed.", "Admin", "Europe/Berlin",
		"1.234.567,00 EUR", "Pre-pay, EUR").Click("Who accessed this account").Want(http.StatusOK)
	p.As(t, p.Harbor.Own).Get("/settings").Want(http.StatusOK).Sees("Managed by", "Harbor Media", "Asia/Tokyo", "1,234,567 JPY", "Own balance")
	p.As(t, p.Sam).Get("/staff/settings").Want(http.StatusOK).Sees("sam@offshoot.example", "Staff", "Sub-account feature")
	p.As(t, p.Sam).Get("/settings").Want(http.StatusOK).Sees("sam@offshoot.example").SeesNot("Who accessed this account")
	inside := enter(t, p, p.Sam, staffPath(p.Clinic.ID, p.Clinic.ID)).Get("/settings").Want(http.StatusOK)
	inside.Sees("sam@offshoot.example", "North Clinic Group", "Who accessed this account")
}
