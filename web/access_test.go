package web_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/storetest"
	"offshoot/web"
	"offshoot/web/webtest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var update = flag.Bool("update", false, "write testdata/access.golden anew")

// persona is somebody who asks for every route: how they come to be signed in.
type persona struct {
	name string
	open func() identity.Token
}

// cast signs everybody in. Each call of open is a fresh session, for some routes end it.
func cast(t *testing.T, p *webtest.Portal) []persona {
	ctx := context.Background()
	signIn := func(email string) func() identity.Token {
		return func() identity.Token {
			t.Helper()
			in, err := p.Identity.SignIn(ctx, identity.SignInOrder{Email: email, Password: storetest.Passphrase})
			if err != nil {
				t.Fatalf("%s: %v", email, err)
			}
			return in.Token
		}
	}
	inside := func(helper storetest.Person, account models.Account) func() identity.Token {
		return func() identity.Token {
			t.Helper()
			session, err := p.Identity.Resolve(ctx, signIn(helper.Email)())
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
	pending := p.AddPending(t, p.Clinic, "Pending Ward", "pending@clinic.example")
	all := []persona{
		{"nobody", func() identity.Token { return "" }},
		{"staff admin", signIn(p.Sam.Email)},
		{"staff user", signIn("staff-user@offshoot.example")},
		{"parent admin", signIn(p.Clinic.Admin.Email)},
		{"parent user", signIn("user@clinic.example")},
		{"sub, none", signIn(p.Clinic.Shared.Email)},
	}
	for i, g := range models.GrantablePrivileges {
		name := fmt.Sprintf("Ward %d", i)
		email := fmt.Sprintf("ward%d@clinic.example", i)
		p.AddActive(t, p.Clinic, name, email, g.Privilege)
		all = append(all, persona{"sub, " + string(g.Privilege), signIn(email)})
	}
	return append(all,
		persona{"pending", func() identity.Token {
			in, err := p.Identity.SignIn(ctx, identity.SignInOrder{Email: pending.Email, Password: p.OneTimePassword(t, pending.Email)})
			if err != nil {
				t.Fatal(err)
			}
			return in.Token
		}},
		persona{"staff in parent", inside(p.Sam, p.Clinic.Account)},
		persona{"staff in sub", inside(p.Sam, p.Clinic.Shared.Account)},
		persona{"parent in sub", inside(p.Clinic.Admin, p.Clinic.Shared.Account)},
	)
}

// ask sends one request and returns its status, without following redirects.
func ask(t *testing.T, p *webtest.Portal, token identity.Token, method, path string, form url.Values) (int, string) {
	t.Helper()
	request, err := http.NewRequest(method, p.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", p.URL)
	}
	if token != "" {
		request.AddCookie(&http.Cookie{Name: "session", Value: string(token)})
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	return answer.StatusCode, answer.Header.Get("Location")
}

// PRV-1, ACC-9, ACC-12: who gets what from every route there is. A POST sends an empty form, so that 422 means
// "permitted, but say what". Run with -update after a deliberate change, and read the difference.
func TestAccessTable(t *testing.T) {
	p := webtest.Open(t)
	personas := cast(t, p)
	var table strings.Builder
	for i, persona := range personas {
		fmt.Fprintf(&table, "# %c  %s\n", 'a'+i, persona.name)
	}
	fmt.Fprintf(&table, "\n%-4s %-60s %-20s", "", "", "needs")
	for i := range personas {
		fmt.Fprintf(&table, "   %c", 'a'+i)
	}
	table.WriteString("\n")
	for _, r := range web.Routes() {
		path := strings.NewReplacer(":tenant", p.Clinic.ID.String(), ":id", p.Clinic.Own.Account.ID.String(), ":user", p.Clinic.Own.Actor.User.String()).Replace(r.Path)
		fmt.Fprintf(&table, "%-4s %-60s %-20s", r.Method, r.Path, r.Needs)
		for _, persona := range personas {
			status, location := ask(t, p, persona.open(), r.Method, path, url.Values{})
			if status >= 500 {
				t.Errorf("%s %s as %s: %d", r.Method, r.Path, persona.name, status)
			}
			if r.Needs != "" && persona.name == "nobody" && (status != http.StatusSeeOther || !strings.HasPrefix(location, "/sign-in")) {
				t.Errorf("%s %s signed out: %d to %q", r.Method, r.Path, status, location)
			}
			fmt.Fprintf(&table, " %d", status)
		}
		table.WriteString("\n")
	}
	const golden = "testdata/access.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(table.String(), "\n") {
		if lines := strings.Split(string(want), "\n"); i >= len(lines) || line != lines[i] {
			t.Errorf("line %d differs from %s:\n%s", i+1, golden, line)
		}
	}
}

// Always: an id of another tenant, or of a sibling, names nothing: in every path, as everybody, and nothing changes.
func TestForeignIDsNameNothing(t *testing.T) {
	p := webtest.Open(t)
	personas := cast(t, p)
	foreign := map[string]struct{ tenant, id, user models.ID }{
		"another tenant's sub-account": {p.Harbor.ID, p.Harbor.Own.Account.ID, p.Harbor.Own.Actor.User},
		"another tenant":               {p.Harbor.ID, p.Harbor.ID, p.Harbor.Admin.Actor.User},
		"nothing at all":               {models.NewID(), models.NewID(), models.NewID()},
	}
	form := url.Values{"key": {models.NewID().String()}, "amount": {"1"}, "reason": {"x"}, "name": {"Pier One"}, "funding": {"own"}, "method": {"link"}, "version": {"1"}, "all": {"yes"},
		"account_name": {"x"}, "contact_name": {"x"}, "mobile": {"+819012345679"}, "country": {"JP"}, "time_zone": {"Asia/Tokyo"},
		"email": {"eve@evil.example"}, "role": {"admin"}, "password": {"four words make one sentence"}}
	checked := 0
	for _, r := range web.Routes() {
		if !strings.Contains(r.Path, ":id") && !strings.Contains(r.Path, ":user") || strings.HasPrefix(r.Path, "/staff") {
			continue
		}
		for _, persona := range personas {
			for what, ids := range foreign {
				token := persona.open()
				before := p.Fingerprint(t)
				path := strings.NewReplacer(":tenant", ids.tenant.String(), ":id", ids.id.String(), ":user", ids.user.String()).Replace(r.Path)
				status, _ := ask(t, p, token, r.Method, path, form)
				if status != http.StatusNotFound && status != http.StatusForbidden && status != http.StatusSeeOther {
					t.Errorf("%s %s with %s as %s: %d", r.Method, r.Path, what, persona.name, status)
				}
				if status == http.StatusSeeOther && persona.name != "nobody" && persona.name != "pending" {
					t.Errorf("%s %s with %s as %s leads on", r.Method, r.Path, what, persona.name)
				}
				if p.Fingerprint(t) != before {
					t.Errorf("%s %s with %s as %s changed the database", r.Method, r.Path, what, persona.name)
				}
				checked++
			}
		}
	}
	if checked < 500 {
		t.Errorf("only %d requests", checked)
	}
	t.Logf("%d requests", checked)
}
