package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

// ACC-11: after signing in one goes where one wanted to, and never to another site.
func TestNextStaysHere(t *testing.T) {
	p := webtest.Open(t)
	for next, want := range map[string]string{
		"/store?x=1":           "/store?x=1",
		"":                     "/",
		"store":                "/",
		"//evil.example":       "/",
		"///evil.example":      "/",
		"/\\evil.example":      "/",
		"\\\\evil.example":     "/",
		"/\t/evil.example":     "/",
		"/\n/evil.example":     "/",
		"https://evil.example": "/",
		"javascript:alert(1)":  "/",
		"http:evil.example":    "/",
		"@evil.example":        "/",
		" //evil.example":      "/",
	} {
		form := url.Values{"email": {p.Clinic.Admin.Email}, "password": {storetest.Passphrase}, "next": {next}}
		if status, location := ask(t, p, "", http.MethodPost, "/sign-in", form); status != http.StatusSeeOther || location != want {
			t.Errorf("%q: %d to %q", next, status, location)
		}
	}
	v := p.Visitor(t).Get("/store").Want(http.StatusOK)
	if !strings.HasPrefix(v.Path, "/sign-in?next=") {
		t.Fatalf("a page inside leads to %s", v.Path)
	}
	v.Fill("Email", p.Clinic.Admin.Email).Fill("Password", "wrong").Press("Sign in").Want(http.StatusUnprocessableEntity)
	if v.Fill("Email", p.Clinic.Admin.Email).Fill("Password", storetest.Passphrase).Press("Sign in"); v.Path != "/store" {
		t.Errorf("signing in leads to %s", v.Path)
	}
}
