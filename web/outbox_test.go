package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"offshoot/services/reports"
	"offshoot/web"
	"offshoot/web/webtest"
)

// ACC-4: the demo shows what was mailed and texted to whoever looks, newest first, with codes and passwords to copy.
func TestOutbox(t *testing.T) {
	p := webtest.Open(t)
	account := p.AddPending(t, p.Clinic, "<b>Kiosk</b>", "kiosk@clinic.example")
	v := p.Visitor(t).Get("/dev/outbox").Want(http.StatusOK).Sees("Outbox", "Your account <b>Kiosk</b> at Offshoot", p.Code(t, account.Mobile),
		p.OneTimePassword(t, account.Email), "Waiting")
	if got := v.Page.Find(".secret__value").First().Text(); got != p.Code(t, account.Mobile) {
		t.Errorf("the first to copy is %q", got)
	}
	if v.Page.Find("article a[href$='/sign-in']").Length() == 0 {
		t.Error("the sign-in address is no link")
	}
	p.As(t, p.Clinic.Admin).Get("/dev/outbox").Want(http.StatusOK).Sees("Sub-accounts", "Outbox")
	for _, before := range []string{"x", "9223372036854775807." + account.ID.String(), "-9223372036854775807." + account.ID.String(), "%00"} {
		v.Get("/dev/outbox?before=" + before).Want(http.StatusOK)
	}
}

// Always: outside the demo there is no such page, whatever is configured.
func TestNoOutboxInProduction(t *testing.T) {
	p := webtest.Open(t)
	server, err := web.New(web.Config{Store: p.Store, Identity: p.Identity, Accounts: p.Accounts, Ledger: p.Ledger, Reports: reports.New(p.Store),
		Notify: p.Notify, Installation: "Offshoot", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/dev/outbox", "/dev/outbox?before=1"} {
		answer := httptest.NewRecorder()
		server.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		if answer.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}
	answer := httptest.NewRecorder()
	server.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/sign-in", nil))
	if answer.Code != http.StatusOK || len(answer.Body.String()) == 0 || contains(answer.Body.String(), "/dev/outbox") {
		t.Errorf("the sign-in page: %d, or it names the outbox", answer.Code)
	}
}
