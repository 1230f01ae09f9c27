package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"offshoot/services/storetest"
)

// post sends a form as a browser does.
func post(t *testing.T, client *http.Client, address, path string, form url.Values) (status int, page string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", address)
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, answer)
}

// What people type and are sent to get in is nowhere but with them: not in the log of portal or worker, whatever goes wrong,
// not in the action log, not in a job, and not in any other row in a form that opens something (ACC-4, ACC-11).
func TestSecretsAreNowhere(t *testing.T) {
	inbox, smtpURL := newMailbox(t)
	database := storetest.Database(t)
	insider := process(t, database, ownKeys()) // who has the keys
	install(t, insider)
	portal, address := serving(t, database, "SMTP_URL="+smtpURL, "OFFSHOOT_DRAIN=0s")
	worker := start(t, []string{"DATABASE_URL=" + database, "SMTP_URL=" + smtpURL, "OFFSHOOT_MAIL_FROM=portal@acme.test", "OFFSHOOT_PUBLIC_URL=http://localhost:8080",
		"OFFSHOOT_SECRET_KEYS=" + ownKeys(), "GATEWAY_URL=simulator:in-production"}, "", "work")
	worker.await(`"msg":"working"`)

	secrets := map[string]string{"the staff's password": "correct horse battery staple", "a wrong password": "hunter2 hunter2 hunter2",
		"a chosen password": "purple monkey dishwasher", "a password in the wrong field": "mistyped into the e-mail"}
	createParent(t, database)
	var mail string
	select {
	case mail = <-inbox.mails:
	case <-time.After(patience):
		t.Fatal("no mail arrives")
	}
	link := regexp.MustCompile(`/activate/link\?token=([\w-]+)`).FindStringSubmatch(strings.ReplaceAll(strings.ReplaceAll(mail, "=\r\n", ""), "=3D", "="))
	if link == nil {
		t.Fatalf("no link in\n%s", mail)
	}
	secrets["an activation link"] = link[1]

	nora := browser(t)
	if status, _ := get(t, nora, address+link[0]); status != http.StatusOK {
		t.Fatalf("the link: %d", status)
	}
	if status, page := post(t, nora, address, "/activate/link", url.Values{"token": {link[1]}}); status != http.StatusOK || !strings.Contains(page, "code") {
		t.Fatalf("the link: %d", status)
	}
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	remember := func(name string, client *http.Client) {
		t.Helper()
		cookies := client.Jar.Cookies(at)
		if len(cookies) == 0 {
			t.Fatalf("%s: no cookie", name)
		}
		for _, c := range cookies {
			secrets[name+"'s cookie "+c.Name] = c.Value
		}
	}
	remember("activation", nora)
	page, err := insider.notify.Outbox(t.Context(), 10, "")
	if err != nil {
		t.Fatal(err)
	}
	var code string
	for _, m := range page.Messages {
		if code == "" && m.Channel == "text" {
			code = regexp.MustCompile(`\b[0-9]{6}\b`).FindString(m.Body)
		}
	}
	if code == "" {
		t.Fatalf("no code in %+v", page.Messages)
	}
	secrets["a code"] = code
	post(t, nora, address, "/activate/code", url.Values{"code": {"not " + code}})
	post(t, nora, address, "/activate/code", url.Values{"code": {code}})
	chosen := url.Values{"password": {secrets["a chosen password"]}, "repeated": {secrets["a chosen password"]}}
	if status, page := post(t, nora, address, "/activate/password", chosen); status != http.StatusOK || !strings.Contains(page, "is active") {
		t.Fatalf("the password: %d", status)
	}
	remember("session", nora)
	kim, _ := signIn(t, address, "kim@acme.test", secrets["the staff's password"])
	remember("staff", kim)
	post(t, browser(t), address, "/sign-in", url.Values{"email": {"kim@acme.test"}, "password": {secrets["a wrong password"]}})
	post(t, browser(t), address, "/sign-in", url.Values{"email": {"nobody@acme.test"}, "password": {secrets["a wrong password"]}})
	post(t, browser(t), address, "/sign-in", url.Values{"email": {secrets["a password in the wrong field"]}, "password": {"x"}})
	get(t, kim, address+"/nowhere?token="+link[1]+"&password="+url.QueryEscape(secrets["a wrong password"]))
	post(t, nora, address, "/activate/link", url.Values{"token": {link[1]}}) // a second time

	raw := storetest.RawDSN(t, database)
	kept := map[string]string{
		"the action log": lines(t, raw, `SELECT x::text FROM action_log x`),
		"the job queue":  lines(t, raw, `SELECT x::text FROM river_job x`),
		"the outbox":     lines(t, raw, `SELECT x::text FROM outbox x`),
		"the users":      lines(t, raw, `SELECT x::text FROM users x`),
		"the sessions":   lines(t, raw, `SELECT x::text FROM sessions x`),
		"activations":    lines(t, raw, `SELECT x::text FROM activations x`),
	}
	for name, p := range map[string]*program{"the portal's log": portal, "the worker's log": worker} {
		p.signal(syscall.SIGTERM)
		p.ends()
		kept[name] = p.said()
	}
	for where, text := range kept {
		if text == "" {
			t.Errorf("%s is empty: this test looks in the wrong place", where)
		}
		for what, secret := range secrets {
			found := strings.Contains(text, secret)
			if len(secret) == 6 { // a code may be part of any number
				found = regexp.MustCompile(`(^|[^0-9.])` + secret + `($|[^0-9])`).MatchString(text)
			}
			if found {
				t.Errorf("%s is in %s", what, where)
			}
		}
	}
}
