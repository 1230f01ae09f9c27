package web_test

import (
	"net/http"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/web/webtest"
)

// ACC-15: staff see which mails and texts failed, never what stands in them, and try them again, once.
func TestFailedWork(t *testing.T) {
	p := webtest.Open(t)
	account := p.AddPending(t, p.Clinic, "Kiosk", "kiosk@clinic.example")
	code := p.Code(t, account.Mobile)
	v := p.As(t, p.Sam).Get("/staff/background-work").Want(http.StatusOK).Sees("Nothing has failed")
	if _, err := p.Raw.Exec(t.Context(), `UPDATE outbox SET status = 'failed', tries = 8, last_error = '550 <b>no such</b> mailbox' WHERE account_id = $1`, account.ID); err != nil {
		t.Fatal(err)
	}
	v.Get("/staff/background-work").Sees("Mail", "Text", "kiosk@clinic.example", account.Mobile, "550 <b>no such</b> mailbox", "tried 8 times", "Kiosk")
	if strings.Contains(v.Body, code) || strings.Contains(v.Body, "<b>no such") {
		t.Error("the page tells a secret, or takes an error for markup")
	}
	path, form := v.FormOf("Try again")
	other := v.Clone()
	v.Post(path, form).Want(http.StatusOK).Sees("It is being tried again.")
	if n := v.Page.Find("main tbody tr").Length(); n != 1 {
		t.Errorf("%d are left", n)
	}
	other.Post(path, form).Want(http.StatusUnprocessableEntity).Sees("This message has not failed")
	if n := p.Count(t, "action_log WHERE action = 'job.retried' AND user_email = $1", p.Sam.Email); n != 1 {
		t.Errorf("logged %d times", n)
	}
	v.Post(strings.Replace(path, account.TenantID.String(), p.Harbor.ID.String(), 1), form).Want(http.StatusNotFound)
	for _, before := range []string{"x", "9223372036854775807." + account.ID.String(), "-9223372036854775807." + account.ID.String(), "%00", "1." + models.NewID().String()} {
		v.Get("/staff/background-work?before=" + before).Want(http.StatusOK)
	}
}
