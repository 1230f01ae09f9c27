package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

const freshPassphrase = "umbrella kirschkern tuesday"

// ACC-11: from the link on the sign-in page through the mail to the new sign-in. The page of the link says the same to a
// mail scanner as often as it likes, tells its address nobody, and signs nobody in.
func TestForgottenPasswordPages(t *testing.T) {
	p := webtest.Open(t)
	who := p.Clinic.Own
	elsewhere := p.As(t, who)
	v := p.Visitor(t).Get("/sign-in").Click("Forgotten password?").Want(http.StatusOK)
	v.Fill("Email", "clinic").Press("Send link").Want(http.StatusUnprocessableEntity)
	if v.Problem("Email") == "" || v.Value("Email") != "clinic" {
		t.Errorf("says %q next to %q", v.Problem("Email"), v.Value("Email"))
	}
	v.Fill("Email", who.Email).Press("Send link").Want(http.StatusOK).Sees("Look into your mail", "30 minutes")

	path := p.PasswordLink(t, who.Email)
	for range 3 {
		v.Get(path).Want(http.StatusOK).Sees("Choose a new password", who.Email)
	}
	if got := v.Header.Get("Referrer-Policy"); got != "strict-origin" {
		t.Errorf("the link's address goes to others: %s", got)
	}
	v.Fill("New password", freshPassphrase).Fill("Repeat the new password", freshPassphrase+"s").Press("Set password").Want(http.StatusUnprocessableEntity)
	if v.Problem("Repeat the new password") == "" || v.Value("New password") != "" || strings.Contains(v.Body, freshPassphrase) {
		t.Error("two different passwords are taken, or come back")
	}
	v.Fill("New password", "passwordpassword").Fill("Repeat the new password", "passwordpassword").Press("Set password").Want(http.StatusUnprocessableEntity)
	if problem := v.Problem("New password"); !strings.Contains(problem, "one of the first that somebody would guess") {
		t.Errorf("says %q", problem)
	}
	v.Fill("New password", freshPassphrase).Fill("Repeat the new password", freshPassphrase)
	action, form := v.FormOf("Set password")
	if strings.Contains(action, "token") {
		t.Errorf("the form is sent to %s", action)
	}
	v.Press("Set password").Want(http.StatusOK).Sees("Sign in", "Your password was changed.")
	if v.Get("/").Path != "/sign-in" {
		t.Error("the link signs in")
	}
	if elsewhere.Get("/").Path != "/sign-in" {
		t.Error("an old session lives on")
	}
	v.Post(action, form).Want(http.StatusNotFound).Sees("This link no longer works", "Ask for a new link")
	v.Get(path).Want(http.StatusNotFound).Sees("This link no longer works")
	v.SignIn(who.Email, storetest.Passphrase).Want(http.StatusUnprocessableEntity)
	if v.SignIn(who.Email, freshPassphrase).Want(http.StatusOK); v.Path != "/" {
		t.Errorf("signing in leads to %s", v.Path)
	}
}

// ACC-11: the answer to a forgotten password is one for every e-mail, byte by byte.
func TestForgottenPasswordEnumeration(t *testing.T) {
	p := webtest.Open(t)
	p.AddPending(t, p.Clinic, "Pending Ward", "pending@clinic.example")
	answers := map[string]string{}
	for _, email := range []string{p.Clinic.Own.Email, "eve@evil.example", "pending@clinic.example", p.Sam.Email} {
		v := p.Visitor(t).Get("/forgotten-password").Fill("Email", email).Press("Send link").Want(http.StatusOK)
		answers[v.Path+v.Body] = email
	}
	if len(answers) != 1 {
		t.Errorf("%d different answers: %v", len(answers), len(answers))
	}
}

// ACC-11: a mailed link leads to the address that the configuration names, whatever Host and X-Forwarded-Host say.
func TestForgottenPasswordHost(t *testing.T) {
	p := webtest.Open(t)
	form := url.Values{"email": {p.Clinic.Own.Email}}
	request, err := http.NewRequest(http.MethodPost, p.URL+"/forgotten-password", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "evil.example"
	for name, value := range map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-Host": "evil.example",
		"X-Host": "evil.example", "Forwarded": "host=evil.example", "X-Forwarded-Proto": "https", "Sec-Fetch-Site": "same-origin"} {
		request.Header.Set(name, value)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(answer.Header.Get("Location"), "/") {
		t.Fatalf("%d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
	p.DoPasswordLinks(t)
	sent, err := p.Notify.Outbox(t.Context(), 200, "")
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, mail := range sent.Messages {
		if strings.Contains(mail.Body, "evil") {
			t.Errorf("a mail names the attacker's host: %s", mail.Body)
		}
		links += strings.Count(mail.Body, "http://127.0.0.1:8080/forgotten-password/link?token=")
	}
	if links != 1 {
		t.Errorf("%d links lead to the right host", links)
	}
}

// ACC-11: whoever is signed in in the browser is not who the link is for: they are told, and signed out by it.
func TestForgottenPasswordOverAnothersSession(t *testing.T) {
	p := webtest.Open(t)
	p.Visitor(t).Get("/forgotten-password").Fill("Email", p.Clinic.Own.Email).Press("Send link").Want(http.StatusOK)
	v := p.As(t, p.Clinic.Admin)
	v.Get(p.PasswordLink(t, p.Clinic.Own.Email)).Want(http.StatusOK).Sees("In this browser " + p.Clinic.Admin.Email + " is signed in.")
	v.Fill("New password", freshPassphrase).Fill("Repeat the new password", freshPassphrase).Press("Set password").Want(http.StatusOK)
	if v.Get("/").Path != "/sign-in" {
		t.Error("the other one is still signed in")
	}
	v.SignIn(p.Clinic.Own.Email, freshPassphrase).Want(http.StatusOK)
}
