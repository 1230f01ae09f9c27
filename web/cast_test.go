package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// persona is somebody who asks for every route.
type persona struct {
	name      string
	account   models.Account // their own, or the one they have entered
	signedOut bool
	owes      bool                  // something before the portal opens: an activation, a code, a password of one's own
	open      func() identity.Token // signs in
	token     identity.Token        // while it lasts
}

// sees says whether things of Clinic, or of Harbor, are the persona's to see.
func (who *persona) sees(whose string) bool {
	switch {
	case whose == "nothing":
		return false
	case strings.HasPrefix(who.name, "staff") && !strings.Contains(who.name, " in "):
		return true
	}
	inClinic := slices.Contains([]string{"parent admin", "parent user", "staff in parent"}, who.name)
	return whose == "clinic" && inClinic || whose == "harbor" && who.name == "another parent"
}

// cast is everybody there is. A persona's session lasts until a route ends it; then they sign in again.
func cast(t *testing.T, p *webtest.Portal) []*persona {
	ctx := context.Background()
	signIn := func(email, password string) func() identity.Token {
		return func() identity.Token {
			t.Helper()
			in, err := p.Identity.SignIn(ctx, identity.SignInOrder{Email: email, Password: password})
			if err != nil {
				t.Fatalf("%s: %v", email, err)
			}
			return in.Token
		}
	}
	as := func(who storetest.Person) func() identity.Token { return signIn(who.Email, storetest.Passphrase) }
	inside := func(helper storetest.Person, account models.Account) func() identity.Token {
		return func() identity.Token {
			t.Helper()
			session, err := p.Identity.Resolve(ctx, as(helper)())
			if err != nil {
				t.Fatal(err)
			}
			token, err := p.Identity.StartAccess(ctx, session, identity.AccessOrder{Tenant: account.TenantID, Account: account.ID, Reason: "table"})
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
	}
	p.AddUser(t, p.Sam.Account, "staff-user@offshoot.example", models.Member)
	p.AddUser(t, p.Clinic.Account, "user@clinic.example", models.Member)
	p.AddUser(t, p.Clinic.Shared.Account, "night-user@clinic.example", models.Member)
	pending := p.AddPending(t, p.Clinic, "Pending Ward", "pending@clinic.example")
	oneTime := p.OneTimePassword(t, pending.Email)
	closed := p.AddActive(t, p.Clinic, "Closed Ward", "closed@clinic.example")
	late := as(closed)()
	_, err := p.Accounts.Deactivate(ctx, p.Clinic.Admin.Actor, closed.Account.ID, "closed")
	if err != nil {
		t.Fatal(err)
	}
	coded := p.AddActive(t, p.Clinic, "Coded Ward", "coded@clinic.example")
	setUpApp(t, p, p.As(t, coded))
	handed := p.AddActive(t, p.Clinic, "Handed Ward", "handed@clinic.example")
	if _, err := p.Raw.Exec(ctx, `UPDATE users SET password_temporary = true WHERE id = $1`, handed.Actor.User); err != nil {
		t.Fatal(err)
	}
	all := []*persona{
		{name: "nobody", signedOut: true, open: func() identity.Token { return "" }},
		{name: "staff admin", account: p.Sam.Account, open: as(p.Sam)},
		{name: "staff user", account: p.Sam.Account, open: signIn("staff-user@offshoot.example", storetest.Passphrase)},
		{name: "parent admin", account: p.Clinic.Account, open: as(p.Clinic.Admin)},
		{name: "parent user", account: p.Clinic.Account, open: signIn("user@clinic.example", storetest.Passphrase)},
		{name: "sub, none", account: p.Clinic.Shared.Account, open: as(p.Clinic.Shared)},
		{name: "sub, none, user", account: p.Clinic.Shared.Account, open: signIn("night-user@clinic.example", storetest.Passphrase)},
	}
	for i, g := range models.GrantablePrivileges {
		ward := p.AddActive(t, p.Clinic, fmt.Sprintf("Ward %d", i), fmt.Sprintf("ward%d@clinic.example", i), g.Privilege)
		all = append(all, &persona{name: "sub, " + string(g.Privilege), account: ward.Account, open: as(ward)})
	}
	return append(all,
		&persona{name: "pending", account: pending, owes: true, open: signIn(pending.Email, oneTime)},
		&persona{name: "owes a code", account: coded.Account, owes: true, open: as(coded)},
		&persona{name: "has a handed-over password", account: handed.Account, owes: true, open: as(handed)},
		&persona{name: "deactivated, with an old cookie", account: closed.Account, signedOut: true, open: func() identity.Token { return late }},
		&persona{name: "another parent", account: p.Harbor.Account, open: as(p.Harbor.Admin)},
		&persona{name: "staff in parent", account: p.Clinic.Account, open: inside(p.Sam, p.Clinic.Account)},
		&persona{name: "staff in sub", account: p.Clinic.Shared.Account, open: inside(p.Sam, p.Clinic.Shared.Account)},
		&persona{name: "parent in sub", account: p.Clinic.Shared.Account, open: inside(p.Clinic.Admin, p.Clinic.Shared.Account)},
	)
}

// path fills in a route's parameters with ids of somebody's things.
func (who *persona) path(t *testing.T, p *webtest.Portal, path, whose string) string {
	t.Helper()
	account := map[string]models.Account{"": p.Clinic.Own.Account, "clinic": p.Clinic.Own.Account, "harbor": p.Harbor.Own.Account, "own": who.account}[whose]
	tenant, id, user := account.TenantID, account.ID, models.NewID()
	if whose == "nothing" || who.signedOut && whose == "own" {
		tenant, id = models.NewID(), models.NewID()
	} else if err := p.Raw.QueryRow(t.Context(), `SELECT id FROM users WHERE account_id = $1 AND owner`, id).Scan(&user); err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(":tenant", tenant.String(), ":id", id.String(), ":user", user.String()).Replace(path)
}

// ask sends one request, without following where it leads. header is pairs of names and values.
func (who *persona) ask(t *testing.T, p *webtest.Portal, method, path string, form url.Values, header ...string) (status int, location string) {
	t.Helper()
	who.settle(p)
	status, location, _ = fetch(t, p, who.token, method, path, form, header...)
	return status, location
}

// settle signs in anew where a route has ended the session.
func (who *persona) settle(p *webtest.Portal) {
	if who.token == "" || !who.stillIn(p) {
		who.token = who.open()
	}
}

// stillness holds that what one persona asks for changes nothing. To look at the whole database takes longer than a request, so it
// is looked at after every so many.
type stillness struct {
	p      *webtest.Portal
	who    *persona
	before string
	asked  []string // since then
}

const askedTogether = 20

// next is before a route is asked: it signs in anew where one before has ended the session.
func (s *stillness) next(t *testing.T, asks string) {
	t.Helper()
	if fresh := !s.who.signedOut && (s.who.token == "" || !s.who.stillIn(s.p)); fresh || len(s.asked) == askedTogether {
		s.check(t)
		if fresh {
			s.before = ""
		}
		s.who.settle(s.p)
	}
	if s.before == "" {
		s.before = s.p.Fingerprint(t)
	}
	s.asked = append(s.asked, asks)
}

// check is after the last one too.
func (s *stillness) check(t *testing.T) {
	t.Helper()
	if len(s.asked) == 0 {
		return
	}
	if after := s.p.Fingerprint(t); after != s.before {
		t.Errorf("as %s one of these changed the database: %s", s.who.name, strings.Join(s.asked, ", "))
		s.before = after
	}
	s.asked = nil
}

// stillIn says whether the session still is what it was.
func (who *persona) stillIn(p *webtest.Portal) bool {
	session, err := p.Identity.Resolve(context.Background(), who.token)
	return who.signedOut || err == nil && session.Account.ID == who.account.ID
}

// ask sends one request with a token, without following where it leads.
func ask(t *testing.T, p *webtest.Portal, token identity.Token, method, path string, form url.Values, header ...string) (status int, location string) {
	t.Helper()
	status, location, _ = fetch(t, p, token, method, path, form, header...)
	return status, location
}

// fetch is ask with the page that comes back.
func fetch(t *testing.T, p *webtest.Portal, token identity.Token, method, path string, form url.Values, header ...string) (status int, location, body string) {
	t.Helper()
	request, err := http.NewRequest(method, p.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", p.URL)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	if token != "" {
		request.AddCookie(&http.Cookie{Name: "session", Value: string(token)})
	}
	answer, err := noRedirects.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Location"), string(text)
}

var noRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// everything is a form that any route could make something of, with ids of somebody's things wherever it takes one.
func everything(p *webtest.Portal, whose string) url.Values {
	account := p.Harbor.Own.Account
	if whose == "clinic" {
		account = p.Clinic.Own.Account
	}
	return url.Values{"key": {models.NewID().String()}, "amount": {"1"}, "reason": {"x"}, "name": {account.Name}, "funding": {"own"}, "method": {"link"},
		"version": {"1"}, "all": {"yes"}, "account_name": {"x"}, "contact_name": {"x"}, "mobile": {"+819012345679"}, "country": {"JP"}, "time_zone": {"Asia/Tokyo"},
		"account": {account.ID.String()}, "account_id": {account.ID.String()}, "tenant_id": {account.TenantID.String()}, "id": {account.ID.String()},
		"email": {"x@example.com"}, "role": {"admin"}, "password": {"a long enough passphrase"}}
}
