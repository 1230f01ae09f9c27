package web_test

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
	"offshoot/web"
	"offshoot/web/webtest"
)

// Always: no page and no file of one tenant says anything of another's, and none of a sub-account anything of its siblings;
// neither does one asked with the other's ids, names and cursors in the query.
func TestNothingForeignIsShown(t *testing.T) {
	p := webtest.Open(t)
	for _, c := range []storetest.Company{p.Clinic, p.Harbor} {
		note := "known to " + c.Name + " alone"
		if _, err := p.Ledger.Transfer(t.Context(), c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Note: note, Key: models.NewID().String(),
			Amount: models.FromMicros(1_000_000, c.Currency)}); err != nil && c.Currency == "EUR" {
			t.Fatal(err)
		}
	}
	ofHarbor := []string{"Harbor", "harbor.example", "Pier One", "Lighthouse", "¥"}
	ofClinic := []string{"Clinic", "clinic.example", "Night Ward"}
	ofSibling := []string{"ward@clinic.example", "alone", "Ward 1", "ward1@"}
	asked := 0
	for _, persona := range cast(t, p) {
		var secrets []string
		switch {
		case strings.HasPrefix(persona.name, "staff") && !strings.Contains(persona.name, " in "):
			continue // see everything
		case persona.signedOut:
			secrets = append(append(secrets, ofHarbor...), ofClinic...)
		case persona.name == "another parent":
			secrets = ofClinic
		case persona.account.Kind == models.Sub && persona.name != "sub, "+string(models.GrantablePrivileges[1].Privilege):
			secrets = append(append(secrets, ofHarbor...), ofSibling...)
		default:
			secrets = ofHarbor
		}
		for _, r := range web.Routes() {
			if r.Method != http.MethodGet || strings.HasPrefix(r.Path, "/dev/") {
				continue
			}
			for whose, other := range map[string]models.Account{"own": p.Harbor.Own.Account, "clinic": p.Clinic.Own.Account, "harbor": p.Harbor.Own.Account} {
				path := persona.path(t, p, r.Path, whose)
				_, body := persona.get(t, p, path+"?"+url.Values{"account": {other.ID.String()}, "tenant": {other.TenantID.String()}, "id": {other.ID.String()},
					"after": {other.ID.String()}, "sub_account": {other.ID.String()}, "status": {"active"}}.Encode())
				asked++
				for _, secret := range secrets {
					if strings.Contains(body, secret) {
						t.Errorf("%s as %s shows %q", path, persona.name, secret)
					}
				}
				for _, never := range []string{"$argon2", "SQLSTATE", "goroutine "} {
					if strings.Contains(body, never) {
						t.Errorf("%s as %s shows %q", path, persona.name, never)
					}
				}
			}
		}
	}
	t.Logf("%d pages and files", asked)
}

// Always: a form sets what it shows and nothing else. Every field of every model is sent along with every form that a
// parent's Admin can send, by its Go name, its column's name and as a path into a structure; rows come out as without.
func TestMassAssignment(t *testing.T) {
	plain, laden := webtest.Open(t), webtest.Open(t)
	for _, p := range []*webtest.Portal{plain, laden} {
		who := &persona{name: "parent admin", account: p.Clinic.Account, open: func() identity.Token {
			in, err := p.Identity.SignIn(context.Background(), identity.SignInOrder{Email: p.Clinic.Admin.Email, Password: storetest.Passphrase})
			if err != nil {
				t.Fatal(err)
			}
			return in.Token
		}}
		sub := "/sub-accounts/" + p.Clinic.Own.Account.ID.String()
		for _, form := range []struct {
			path   string
			values url.Values
		}{
			{"/sub-accounts", url.Values{"account_name": {"New Ward"}, "contact_name": {"Noa"}, "email": {"new@clinic.example"}, "mobile": {"+4915112345999"}, "country": {"DE"},
				"time_zone": {"Europe/Berlin"}, "funding": {"own"}, "method": {"password"}, "key": {models.NewID().String()}, "privileges": nil}},
			{sub, url.Values{"contact_name": {"Edited"}, "mobile": {"+4915112345998"}, "country": {"DE"}, "time_zone": {"Europe/Berlin"}, "version": {"1"}}},
			{sub + "/privileges", url.Values{"privileges": {"billing.use"}, "version": {"2"}}},
			{"/settings/users", url.Values{"name": {"Kim"}, "email": {"kim@clinic.example"}, "role": {"user"}, "time_zone": {"Asia/Tokyo"}, "key": {models.NewID().String()}}},
			{"/settings/profile", url.Values{"name": {"Nora W."}, "time_zone": {"Asia/Tokyo"}}},
			{sub + "/transfers", url.Values{"amount": {"5"}, "note": {"n"}, "key": {models.NewID().String()}}},
			{sub + "/transfers-back", url.Values{"amount": {"2"}, "all": nil, "note": {"n"}, "key": {models.NewID().String()}}},
		} {
			values := form.values
			if p == laden {
				values = withEveryField(p, values)
			}
			who.settle(p)
			if status, _, body := fetch(t, p, who.token, http.MethodPost, form.path, values); status != http.StatusSeeOther {
				t.Fatalf("%s: %d\n%s", form.path, status, body)
			}
		}
	}
	for _, rows := range []string{
		`SELECT (kind, name, contact_name, email, mobile, country, time_zone, currency, status, status_reason, funding, plan, version, tenant_id = (SELECT id FROM accounts WHERE email = 'nora@clinic.example'))::text
			FROM accounts ORDER BY email`,
		`SELECT (email, name, role, owner, time_zone, password_hash = '', password_temporary, disabled_at)::text FROM users ORDER BY email`,
		`SELECT (a.email, p.privilege)::text FROM privileges p JOIN accounts a ON a.id = p.account_id ORDER BY 1`,
		`SELECT (a.email, w.kind, w.asset, w.balance, w.floor, w.allocated, w.entries, w.closed_at)::text FROM wallets w JOIN accounts a ON a.id = w.account_id ORDER BY 1`,
		`SELECT (kind, note, reference, reverses)::text FROM transfers ORDER BY posted_at, 1`,
		`SELECT (action, user_email, as_account_id, access_id, amount, reference)::text FROM action_log WHERE action NOT LIKE 'session%' ORDER BY at, 1`,
	} {
		if without, with := column(t, plain, rows), column(t, laden, rows); without != with {
			t.Errorf("other fields made a difference:\n%s\n%s", without, with)
		}
	}
}

// Always: a form is what was posted. Values of the address are no fields of it, and a field is no part of the address.
func TestTheQueryIsNoForm(t *testing.T) {
	p := webtest.Open(t)
	in, err := p.Identity.SignIn(t.Context(), identity.SignInOrder{Email: p.Clinic.Admin.Email, Password: storetest.Passphrase})
	if err != nil {
		t.Fatal(err)
	}
	sub, shared := p.Clinic.Own.Account, p.Clinic.Shared.Account
	path := "/sub-accounts/" + sub.ID.String()
	form := url.Values{"amount": {"5"}, "key": {models.NewID().String()}, "id": {shared.ID.String()}, "sub_account": {shared.ID.String()}}
	status, _, body := fetch(t, p, in.Token, http.MethodPost, path+"/transfers?amount=7&note=query", form)
	if status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", status, body)
	}
	if got := p.BalanceOf(t, sub).Text(); got != "5.00" || p.Count(t, "transfers WHERE note <> ''") != 0 {
		t.Errorf("the sub-account of the path got %s", got)
	}
	status, _, _ = fetch(t, p, in.Token, http.MethodPost, path+"/transfers?amount=7&key="+models.NewID().String(), url.Values{})
	if status != http.StatusUnprocessableEntity || p.BalanceOf(t, sub).Text() != "5.00" {
		t.Errorf("a form that stands in the address: %d", status)
	}
}

func column(t *testing.T, p *webtest.Portal, rows string) (text string) {
	t.Helper()
	if err := p.Raw.QueryRow(t.Context(), `SELECT coalesce(string_agg(x::text, E'\n'), '') FROM (`+rows+`) r (x)`).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

// withEveryField adds a value for every field of every model that the form does not have.
func withEveryField(p *webtest.Portal, form url.Values) url.Values {
	all := url.Values{}
	for name, values := range form {
		all[name] = values
	}
	for _, model := range []any{models.Account{}, models.User{}, models.Actor{}, models.Access{}, models.Transfer{}, models.Event{}, models.Money{}, models.Balance{},
		models.OpenActivation{}, identity.NewUser{}, identity.Session{}, ledger.TransferOrder{}} {
		for _, field := range reflect.VisibleFields(reflect.TypeOf(model)) {
			value := "true"
			switch field.Type {
			case reflect.TypeFor[models.ID]():
				value = p.Harbor.ID.String()
			case reflect.TypeFor[time.Time](), reflect.TypeFor[*time.Time]():
				value = "1999-12-31T00:00:00Z"
			case reflect.TypeFor[models.AccountStatus]():
				value = "active"
			case reflect.TypeFor[models.AccountKind]():
				value = "operator"
			case reflect.TypeFor[models.Role]():
				value = "admin"
			case reflect.TypeFor[models.Money]():
				value = "987654"
			}
			snake := snakeCase(field.Name)
			for _, name := range []string{field.Name, snake, strings.ToLower(field.Name), "account[" + snake + "]", "user." + snake, "Account." + field.Name} {
				if _, has := form[name]; !has && !all.Has(name) {
					all.Set(name, value)
				}
			}
		}
	}
	return all
}

func snakeCase(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(rune(name[i-1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// ACC-4, ACC-11: what is mailed leads to the installation's own address, whatever a request calls the host.
func TestHostHeaderIsInNoMail(t *testing.T) {
	p := webtest.Open(t)
	who := cast(t, p)[3]
	who.settle(p)
	values := url.Values{"account_name": {"Hosted"}, "contact_name": {"Noa"}, "email": {"hosted@clinic.example"}, "mobile": {"+4915112345999"}, "country": {"DE"},
		"time_zone": {"Europe/Berlin"}, "funding": {"own"}, "method": {"link"}, "key": {models.NewID().String()}}
	request, err := http.NewRequest(http.MethodPost, p.URL+"/sub-accounts", strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "evil.example"
	for name, value := range map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example",
		"X-Original-Host": "evil.example", "Sec-Fetch-Site": "same-origin"} {
		request.Header.Set(name, value)
	}
	request.AddCookie(&http.Cookie{Name: "session", Value: string(who.token)})
	answer, err := noRedirects.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther || strings.Contains(answer.Header.Get("Location"), "evil") {
		t.Errorf("answered with %d to %q", answer.StatusCode, answer.Header.Get("Location"))
	}
	if p.Count(t, "outbox WHERE recipient = 'hosted@clinic.example'") == 0 || p.Sent(t, "", "evil") != 0 ||
		p.Sent(t, "hosted@clinic.example", "http://127.0.0.1:8080/") == 0 {
		t.Error("the mail leads elsewhere, or there is none")
	}
}

// Always: a form sent from another site is refused before it is read, signed in or not.
func TestFormsOfOtherSites(t *testing.T) {
	p := webtest.Open(t)
	who := cast(t, p)[3]
	who.settle(p)
	before := p.Fingerprint(t)
	for _, r := range web.Routes() {
		if r.Method != http.MethodPost {
			continue
		}
		for _, header := range [][]string{{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, {"Origin", "null", "Sec-Fetch-Site", "cross-site"},
			{"Origin", p.URL + ".evil.example"}, {"Sec-Fetch-Site", "same-site", "Origin", "https://sub.example"}} {
			status, _ := ask(t, p, who.token, r.Method, who.path(t, p, r.Path, "clinic"), everything(p, "clinic"), header...)
			if status != http.StatusForbidden {
				t.Errorf("%s with %v: %d", r.Path, header, status)
			}
		}
	}
	if p.Fingerprint(t) != before {
		t.Error("something was changed")
	}
}

// ACC-11: a cookie opens nothing after sign-out, and one that an attacker planted before sign-in is not the one after it.
func TestCookiesAfterSignOutAndBeforeSignIn(t *testing.T) {
	p := webtest.Open(t)
	who := cast(t, p)[3]
	who.settle(p)
	if status, _ := ask(t, p, who.token, http.MethodPost, "/sign-out", nil); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	for _, r := range web.Routes() {
		if r.Needs == "" {
			continue
		}
		if status, location := ask(t, p, who.token, r.Method, who.path(t, p, r.Path, "clinic"), everything(p, "clinic")); status != http.StatusSeeOther || !strings.HasPrefix(location, "/sign-in") {
			t.Errorf("%s %s with the cookie of a session that has ended: %d %s", r.Method, r.Path, status, location)
		}
	}
	planted := identity.Token(strings.Repeat("A", 64))
	_, err := p.Identity.SignIn(t.Context(), identity.SignInOrder{Email: p.Clinic.Admin.Email, Password: storetest.Passphrase, Previous: planted})
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := ask(t, p, planted, http.MethodGet, "/settings", nil); status != http.StatusSeeOther {
		t.Errorf("the planted cookie opens the settings: %d", status)
	}
}
