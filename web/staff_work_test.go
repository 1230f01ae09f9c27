package web_test

import (
	"net/http"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/storetest"
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

// ACC-15: other work that failed can be tried again and given up; staff who are no Admins see it and change nothing.
func TestFailedJobs(t *testing.T) {
	p := webtest.Open(t)
	if _, err := p.Raw.Exec(t.Context(), `INSERT INTO river_job (kind, args, max_attempts, state, finalized_at, attempt, errors, created_at)
		SELECT 'sweep', '{"secret":"hunter2"}', 1, 'discarded', now(), 1, ARRAY['{"at":"2026-11-20T09:00:00Z","attempt":1,"error":"<b>no</b> disk","trace":"goroutine 1"}'::jsonb], now()
		FROM generate_series(1, 2)`); err != nil {
		t.Fatal(err)
	}
	p.AddUser(t, p.Sam.Account, "staff-user@offshoot.example", models.Member)
	user := p.Visitor(t).SignIn("staff-user@offshoot.example", storetest.Passphrase).Get("/staff/background-work").Want(http.StatusOK)
	user.Sees("Clearing away what has expired", "<b>no</b> disk", "tried once").SeesNot("Try again", "Give up")
	v := p.As(t, p.Sam).Get("/staff/background-work").Want(http.StatusOK).SeesNot("hunter2", "goroutine")
	if strings.Contains(v.Body, "<b>no") {
		t.Error("an error became markup")
	}
	path, form := v.FormOf("Give up")
	user.Post(path, form).Want(http.StatusForbidden)
	v.Post(path, form).Want(http.StatusOK).Sees("It is given up, and not tried again.")
	v.Clone().Post(path, form).Want(http.StatusNotFound)
	path, form = v.FormOf("Try again")
	v.Post(path, form).Want(http.StatusOK).Sees("It is being tried again.", "All other work is done")
	v.Clone().Post(path, form).Want(http.StatusUnprocessableEntity).Sees("This work has not failed")
	for _, odd := range []string{"x", "-1", "0", "99999999999999999999", models.NewID().String()} {
		v.Clone().Post("/staff/jobs/"+odd+"/retry", nil).Want(http.StatusNotFound)
	}
	v.Get("/staff/action-log").Sees("Background work given up: Clearing away what has expired", "Clearing away what has expired tried again")
}
