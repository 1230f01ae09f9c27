package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"offshoot/services/reports"
	"offshoot/services/storetest"
	"offshoot/web"
	"offshoot/web/webtest"
)

// Always: every answer there is, pages, files, refusals and redirects, to everybody, is kept by nobody, framed by nobody,
// and loads nothing from elsewhere.
func TestHeadersOfEveryAnswer(t *testing.T) {
	p := webtest.Open(t)
	personas := cast(t, p)
	for _, who := range []*persona{personas[0], personas[1], personas[3], personas[5]} {
		for _, r := range append(web.Routes(), web.Route{Method: "GET", Path: "/no-such-page"}, web.Route{Method: "GET", Path: "/static/no-such-file"}, web.Route{Method: "PUT", Path: "/"}) {
			who.settle(p)
			request, err := http.NewRequest(r.Method, p.URL+who.path(t, p, r.Path, "clinic"), nil)
			if err != nil {
				t.Fatal(err)
			}
			request.AddCookie(&http.Cookie{Name: "session", Value: string(who.token)})
			answer, err := noRedirects.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			h := answer.Header
			policy := h.Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'self'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") ||
				h.Get("X-Frame-Options") != "DENY" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Cache-Control"), "no-store") ||
				h.Get("Referrer-Policy") == "" || h.Get("Cross-Origin-Opener-Policy") != "same-origin" {
				t.Errorf("%s %s as %s: %v", r.Method, r.Path, who.name, h)
			}
		}
	}
}

// ACC-11: over https every cookie is this host's alone, closed to scripts and to other sites, and sent in the open never.
func TestCookiesOverHTTPS(t *testing.T) {
	w := storetest.NewWorld(t)
	server, err := web.New(web.Config{Store: w.Store, Identity: w.Identity, Accounts: w.Accounts, Ledger: w.Ledger, Reports: reports.New(w.Store), Notify: w.Notify, Sharing: w.Sharing, Senders: w.Senders,
		Installation: "Offshoot", Secure: true, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewTLSServer(server.Handler())
	defer listener.Close()
	client := listener.Client()
	client.CheckRedirect = noRedirects.CheckRedirect
	answer, err := client.PostForm(listener.URL+"/sign-in", url.Values{"email": {w.Clinic.Admin.Email}, "password": {storetest.Passphrase}})
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	cookies := answer.Cookies()
	if len(cookies) != 2 {
		t.Fatalf("cookies %v", cookies)
	}
	for _, c := range cookies {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("%s: %+v", c.Name, c)
		}
	}
	if hsts := answer.Header.Get("Strict-Transport-Security"); !strings.Contains(hsts, "max-age=") {
		t.Errorf("Strict-Transport-Security: %q", hsts)
	}
}

// ACC-11: after signing out the back button shows no page of the account.
func TestBackButtonAfterSignOut(t *testing.T) {
	p := webtest.Open(t)
	b := p.Chromium(t).Person().SignIn(p.Clinic.Own)
	b.Open("/statement").Sees("Statement")
	b.Open("/settings").Sees(p.Clinic.Own.Email)
	b.Value(`void setTimeout(() => document.querySelector('form[action="/sign-out"]').requestSubmit(), 0)`, nil).Until(`location.pathname === '/sign-in'`)
	for range 3 {
		b.Value(`window.before = true; void setTimeout(() => history.back(), 0)`, nil)
		b.Until(`!window.before && document.readyState === 'complete' && location.pathname === '/sign-in'`)
		b.SeesNot(p.Clinic.Own.Email, "Statement", "Balance")
	}
}
