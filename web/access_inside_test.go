package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/storetest"
	"offshoot/web"
	"offshoot/web/webtest"
)

// people stands for the users of an account, what they sign in with, and their sessions: for every column of users, and of
// every table that points to a user, those of later steps included.
func people(t *testing.T, p *webtest.Portal, account models.ID) (sum string) {
	t.Helper()
	var query string
	err := p.Raw.QueryRow(t.Context(), `SELECT string_agg(format('SELECT %L || (to_jsonb(x) - ''seen_at'' - ''flash'')::text AS row FROM %I x JOIN users u
			ON u.tenant_id = x.tenant_id AND u.id = x.%I WHERE u.account_id = $1', c.relname, c.relname, a.attname), ' UNION ALL ')
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND (a.attname = 'user_id' OR c.relname = 'users' AND a.attname = 'id')
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('action_log', 'activations')`).Scan(&query)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"users", "login_emails", "sessions", "second_factors", "recovery_codes", "user_invitations", "password_links", "devices"} {
		if !strings.Contains(query, "'"+table+"'") {
			t.Fatalf("%s is not looked at: %s", table, query)
		}
	}
	if err := p.Raw.QueryRow(t.Context(), `SELECT md5(string_agg(row, '|' ORDER BY row)) FROM (`+query+`
		UNION ALL SELECT 'off' || coalesce(staff_access_off::text, '') FROM accounts WHERE id = $1
		UNION ALL SELECT 'consent' || c::text FROM consents c WHERE account_id = $1) all_of_them`, account).Scan(&sum); err != nil {
		t.Fatal(err)
	}
	return sum
}

var pathParameter = regexp.MustCompile(`:[a-z_]+`)

// pathsOf is a path for every way of putting one of the ids where it has a parameter.
func pathsOf(path string, ids []string) []string {
	at := pathParameter.FindStringIndex(path)
	if at == nil {
		return []string{path}
	}
	var all []string
	for _, id := range ids {
		all = append(all, pathsOf(path[:at[0]]+id+path[at[1]:], ids)...)
	}
	return all
}

// ACC-12: whatever somebody sends who is in an account that is not theirs, to whatever route there is: nobody of that
// account is added, changed, disabled or signed out, no password or second factor is another, and nothing is said about
// staff access. A new route is in this test by being a route.
func TestInsideChangesNoPeople(t *testing.T) {
	p := webtest.Open(t)
	ctx := context.Background()
	form := url.Values{"key": {models.NewID().String()}, "reason": {"x"}, "name": {"Mallory"}, "email": {"mallory@evil.example"}, "role": {"admin"},
		"password": {"a password of mallory's own"}, "new_password": {"a password of mallory's own"}, "current_password": {storetest.Passphrase},
		"current": {storetest.Passphrase}, "new": {"a password of mallory's own"}, "code": {"123456"}, "method": {"link"}, "sign_in": {"password"}, "version": {"1"},
		"account_name": {"Mallory"}, "contact_name": {"Mallory"}, "mobile": {"+4915112345699"}, "country": {"DE"}, "time_zone": {"Europe/Berlin"},
		"staff_access": {"off"}, "privilege": {string(models.APIApps)}, "privileges": {string(models.APIApps)}, "funding": {"own"}, "amount": {"1"}, "all": {"yes"}}
	requests := 0
	for name, c := range map[string]struct {
		who     storetest.Person
		account models.Account
		owner   storetest.Person
	}{
		"staff in a parent":         {p.Sam, p.Clinic.Account, p.Clinic.Admin},
		"staff in a sub-account":    {p.Sam, p.Clinic.Own.Account, p.Clinic.Own},
		"a parent in a sub-account": {p.Clinic.Admin, p.Clinic.Own.Account, p.Clinic.Own},
	} {
		theirs, err := p.Identity.SignIn(ctx, identity.SignInOrder{Email: c.owner.Email, Password: storetest.Passphrase})
		if err != nil {
			t.Fatal(err)
		}
		owner, err := p.Identity.Resolve(ctx, theirs.Token)
		if err != nil {
			t.Fatal(err)
		}
		in, err := p.Identity.SignIn(ctx, identity.SignInOrder{Email: c.who.Email, Password: storetest.Passphrase})
		if err != nil {
			t.Fatal(err)
		}
		token := in.Token
		before := people(t, p, c.account.ID)
		for _, r := range web.Routes() {
			if r.Method != http.MethodPost || r.Path == "/sign-in" || r.Path == "/sign-out" || r.Path == "/access/end" {
				continue
			}
			for _, path := range pathsOf(r.Path, []string{c.account.ID.String(), owner.User.ID.String(), owner.ID.String()}) {
				session, err := p.Identity.Resolve(ctx, token)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if session.Actor.Access == nil {
					if token, err = p.Identity.StartAccess(ctx, session, identity.AccessOrder{Tenant: c.account.TenantID, Account: c.account.ID, Reason: "x"}); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
				}
				status, location := ask(t, p, token, http.MethodPost, path, form)
				if status >= 500 {
					t.Errorf("%s: POST %s: %d", name, path, status)
				}
				if after := people(t, p, c.account.ID); after != before {
					t.Errorf("%s: POST %s (%d to %q) changed the people of the account", name, r.Path, status, location)
					before = after
				}
				requests++
			}
		}
	}
	if requests < 300 {
		t.Errorf("only %d requests", requests)
	}
	t.Logf("%d requests", requests)
}

// ACC-12, PRV-1: API Apps is not among what anybody may in an account that they have entered, granted or not.
func TestNoAPIAppsInside(t *testing.T) {
	p := webtest.Open(t)
	granted := p.AddActive(t, p.Clinic, "Keys", "keys@clinic.example", models.APIApps)
	ctx := context.Background()
	for name, c := range map[string]struct {
		who     storetest.Person
		account models.Account
	}{
		"staff in a parent":         {p.Sam, p.Clinic.Account},
		"staff in a sub-account":    {p.Sam, granted.Account},
		"a parent in a sub-account": {p.Clinic.Admin, granted.Account},
	} {
		in, err := p.Identity.SignIn(ctx, identity.SignInOrder{Email: c.who.Email, Password: storetest.Passphrase})
		if err != nil {
			t.Fatal(err)
		}
		home, err := p.Identity.Resolve(ctx, in.Token)
		if err != nil {
			t.Fatal(err)
		}
		token, err := p.Identity.StartAccess(ctx, home, identity.AccessOrder{Tenant: c.account.TenantID, Account: c.account.ID, Reason: "x"})
		if err != nil {
			t.Fatal(err)
		}
		inside, err := p.Identity.Resolve(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		for _, privilege := range models.HomeOnly {
			if inside.Actor.Can(privilege) {
				t.Errorf("%s: may %s", name, privilege)
			}
		}
	}
}
