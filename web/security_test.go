package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/pquerna/otp/totp"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/web"
	"offshoot/web/webtest"
)

// appCode is what an authenticator app shows at the portal's time.
func appCode(t *testing.T, p *webtest.Portal, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), p.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// setUpApp walks through the pages that turn the second factor on, and returns the secret and the recovery codes.
func setUpApp(t *testing.T, p *webtest.Portal, v *webtest.Visitor) (secret string, recovery []string) {
	t.Helper()
	v.Get("/settings/security").Press("Set up").Want(http.StatusOK).Sees("Tell your app")
	secret = v.Page.Find(".secret__value").Text()
	v.Fill("Code", appCode(t, p, secret)).Press("Turn on").Want(http.StatusOK).Sees("Your recovery codes")
	recovery = shownCodes(v)
	if len(recovery) != 10 {
		t.Fatalf("recovery codes %q", recovery)
	}
	p.Clock.Add(time.Minute)
	return secret, recovery
}

func shownCodes(v *webtest.Visitor) []string {
	return v.Page.Find(".recovery-codes code").Map(func(_ int, code *goquery.Selection) string { return code.Text() })
}

// ACC-11: setting an app up, with wrong codes first; its secret and the recovery codes are shown once and nowhere else.
func TestSecondFactorPages(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Clinic.Admin)
	v.Get("/settings").Click("Security").Want(http.StatusOK).Sees("Authenticator app", "Off", "Change password")
	v.Get("/settings/security/second-factor").Want(http.StatusOK).SeesNot("Tell your app").Press("Set up")
	secret := v.Page.Find(".secret__value").Text()
	if picture := v.Clone().Get(v.Page.Find("img.qr").AttrOr("src", "")); picture.Header.Get("Content-Type") != "image/png" ||
		picture.Header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(picture.Body, "\x89PNG") {
		t.Errorf("the picture: %v", picture.Header)
	}
	for _, bad := range []string{"", "12345", "000000", "<script>"} {
		v.Fill("Code", bad).Press("Turn on").Want(http.StatusUnprocessableEntity)
		if v.Problem("Code") == "" || v.Value("Code") != bad || v.Page.Find(".secret__value").Text() != secret {
			t.Errorf("%q: %q, %q", bad, v.Problem("Code"), v.Value("Code"))
		}
	}
	path, form := v.Fill("Code", appCode(t, p, secret)).FormOf("Turn on")
	v.Press("Turn on").Want(http.StatusOK).Sees("Your recovery codes", "shown this one time only")
	code := shownCodes(v)[0]
	if file, err := url.PathUnescape(v.Page.Find("a[download]").AttrOr("href", "")); err != nil || !strings.HasPrefix(file, "data:text/plain") || !strings.Contains(file, code) {
		t.Errorf("the file: %q, %v", file, err)
	}
	again := v.Clone().Post(path, form) // the same form once more, as a reloaded page sends it
	if again.Path != "/settings/security" || strings.Contains(again.Body, code) {
		t.Errorf("sent again: %s", again.Path)
	}
	v.Get("/settings/security").Sees("On", "10 left").SeesNot(secret)
	if v.Get("/settings/security/second-factor"); v.Path != "/settings/security" {
		t.Errorf("set up, it leads to %s", v.Path)
	}
	v.Get("/settings/security/second-factor/qr.png").Want(http.StatusConflict)
	for _, table := range []string{"action_log", "outbox"} {
		for _, text := range []string{code, strings.ReplaceAll(secret, " ", "")} {
			if p.Count(t, table+" x WHERE x::text LIKE '%' || $1 || '%'", text) > 0 {
				t.Errorf("%s holds %s", table, text)
			}
		}
	}
}

// ACC-11: between the right password and the code there is one page. The page that was wanted comes after it, and no other
// site ever.
func TestSignInWithCode(t *testing.T) {
	p := webtest.Open(t)
	secret, recovery := setUpApp(t, p, p.As(t, p.Clinic.Admin))
	v := p.Visitor(t).Get("/store").Fill("Email", p.Clinic.Admin.Email).Fill("Password", storetest.Passphrase).Press("Sign in").Want(http.StatusOK)
	v.Sees("Enter your code", p.Clinic.Admin.Email)
	before := v.Cookie()
	for _, r := range web.Routes() {
		if r.Needs == "" || r.Needs == models.EnterSecondFactor {
			continue
		}
		path := strings.NewReplacer(":tenant", p.Clinic.ID.String(), ":id", p.Clinic.Own.Account.ID.String()).Replace(r.Path)
		if status, location := ask(t, p, before, r.Method, path, nil); status != http.StatusSeeOther || !strings.HasPrefix(location, "/sign-in/code") {
			t.Errorf("%s %s before the code: %d to %q", r.Method, r.Path, status, location)
		}
	}
	v.Fill("Code", "000000").Press("Continue").Want(http.StatusUnprocessableEntity)
	if v.Problem("Code") == "" || v.Value("Code") != "" {
		t.Errorf("refused with %q, keeps %q", v.Problem("Code"), v.Value("Code"))
	}
	v.Fill("Code", appCode(t, p, secret)).Press("Continue").Want(http.StatusOK)
	if v.Path != "/store" || v.Cookie() == before {
		t.Errorf("leads to %s, another token: %v", v.Path, v.Cookie() != before)
	}
	if status, location := ask(t, p, before, http.MethodGet, "/store", nil); status != http.StatusSeeOther || !strings.HasPrefix(location, "/sign-in?") {
		t.Errorf("the token from before the code: %d to %q", status, location)
	}

	p.Clock.Add(time.Minute)
	v = p.Visitor(t).SignIn(p.Clinic.Admin.Email, storetest.Passphrase).Click("No phone at hand? Use a recovery code")
	v.Fill("Recovery code", "abcde-abcde-abcde").Press("Continue").Want(http.StatusUnprocessableEntity).Sees("Enter a recovery code")
	v.Fill("Recovery code", recovery[3]).Press("Continue").Want(http.StatusOK).Sees("This recovery code is used up; 9 are left.")
	v = p.Visitor(t).SignIn(p.Clinic.Admin.Email, storetest.Passphrase).Get("/sign-in/code?by=recovery&next=//evil.example")
	v.Fill("Recovery code", recovery[3]).Press("Continue").Want(http.StatusUnprocessableEntity)
	if v.Fill("Recovery code", recovery[4]).Press("Continue"); v.Path != "/" {
		t.Errorf("leads to %s", v.Path)
	}

	v = p.Visitor(t).SignIn(p.Clinic.Admin.Email, storetest.Passphrase)
	for range 4 {
		v.Fill("Code", "000000").Press("Continue").Want(http.StatusUnprocessableEntity).Sees("Enter your code")
	}
	v.Fill("Code", "000000").Press("Continue").Want(http.StatusUnprocessableEntity).Sees("you are signed out", "Sign in")
	if v.Fill("Email", p.Clinic.Admin.Email).Fill("Password", storetest.Passphrase).Press("Sign in"); !strings.HasPrefix(v.Path, "/sign-in/code") {
		t.Errorf("signing in again leads to %s", v.Path)
	}
}

// ACC-11: the same code from many browsers at once lets one in.
func TestSameCodeFromManyBrowsers(t *testing.T) {
	p := webtest.Open(t)
	_, recovery := setUpApp(t, p, p.As(t, p.Clinic.Own))
	visitors := make([]*webtest.Visitor, 10)
	for i := range visitors {
		visitors[i] = p.Visitor(t).SignIn(p.Clinic.Own.Email, storetest.Passphrase)
	}
	var in atomic.Int64
	atOnce(len(visitors), func(i int) {
		if visitors[i].Post("/sign-in/code", url.Values{"code": {recovery[0]}}); visitors[i].Path == "/" {
			in.Add(1)
		}
	})
	if in.Load() != 1 {
		t.Errorf("%d got in", in.Load())
	}
}

// ACC-11: turning the app off and making new recovery codes, from the pages.
func TestTurnOffAndNewCodes(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Clinic.Own)
	for _, path := range []string{"/settings/security/second-factor/removal", "/settings/security/recovery-codes"} {
		if v.Get(path); v.Path != "/settings/security" {
			t.Errorf("without an app, %s leads to %s", path, v.Path)
		}
		if v.Post(path, nil); v.Path != "/settings/security" {
			t.Errorf("without an app, posting to %s leads to %s", path, v.Path)
		}
	}
	_, old := setUpApp(t, p, v)
	v.Click("I have kept them").Click("New recovery codes").Sees("You have 10 left").Press("Make new codes").Want(http.StatusOK).SeesNot(old[0])
	p.Visitor(t).SignIn(p.Clinic.Own.Email, storetest.Passphrase).Get("/sign-in/code?by=recovery").Fill("Recovery code", old[0]).Press("Continue").
		Want(http.StatusUnprocessableEntity)
	v.Get("/settings/security").Click("Turn off").Sees("Your password alone lets you in").Press("Turn off").Want(http.StatusOK).Sees("is turned off")
	p.As(t, p.Clinic.Own)
}

// ACC-11: a changed password, with everything that is wrong first.
func TestChangePasswordPage(t *testing.T) {
	p := webtest.Open(t)
	const fresh = "three blue kites over the harbour"
	elsewhere, v := p.As(t, p.Clinic.Own), p.As(t, p.Clinic.Own)
	v.Get("/settings/security").Click("Change password")
	for _, c := range []struct{ current, password, repeated, field string }{
		{storetest.Passphrase, fresh, "something else altogether", "Repeat the new password"},
		{"wrong", fresh, fresh, "Current password"},
		{storetest.Passphrase, "short", "short", "New password"},
		{storetest.Passphrase, storetest.Passphrase, storetest.Passphrase, "New password"},
	} {
		v.Fill("Current password", c.current).Fill("New password", c.password).Fill("Repeat the new password", c.repeated).Press("Change password").
			Want(http.StatusUnprocessableEntity)
		if v.Problem(c.field) == "" || strings.Contains(v.Body, fresh) || strings.Contains(v.Body, storetest.Passphrase) {
			t.Errorf("%+v: %q", c, v.Problem(c.field))
		}
	}
	before := v.Cookie()
	v.Fill("Current password", storetest.Passphrase).Fill("New password", fresh).Fill("Repeat the new password", fresh).Press("Change password").
		Want(http.StatusOK).Sees("Your password is changed")
	if v.Cookie() == before {
		t.Error("the token is the same")
	}
	if elsewhere.Get("/statement"); !strings.HasPrefix(elsewhere.Path, "/sign-in") {
		t.Errorf("elsewhere it leads to %s", elsewhere.Path)
	}
	p.Visitor(t).SignIn(p.Clinic.Own.Email, storetest.Passphrase).Want(http.StatusUnprocessableEntity)
	p.Visitor(t).SignIn(p.Clinic.Own.Email, fresh).Want(http.StatusOK)
}

// handOver gives one of the cast a password that somebody else chose.
func handOver(t *testing.T, p *webtest.Portal, who storetest.Person, password string) {
	t.Helper()
	hash, err := p.Identity.HashPassword(t.Context(), password)
	if err == nil {
		_, err = p.Store.Change(t.Context(), models.System(who.Actor.Tenant), func(_ context.Context, tx *store.Tx) (models.Event, error) {
			identity.SetPassword(tx, who.Actor.User, hash, true)
			return models.Event{Action: models.PasswordSet, Account: who.Account.ID}, nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// ACC-5, ACC-11: whoever was handed a password chooses one before anything else.
func TestHandedOverPasswordPage(t *testing.T) {
	p := webtest.Open(t)
	const fresh = "three blue kites over the harbour"
	handOver(t, p, p.Clinic.Own, "abcde-fghij-kmnpq-rstuv")
	v := p.Visitor(t).Get("/statement").Fill("Email", p.Clinic.Own.Email).Fill("Password", "abcde-fghij-kmnpq-rstuv").Press("Sign in").Want(http.StatusOK)
	v.Sees("Choose your password")
	if v.Get("/"); !strings.HasPrefix(v.Path, "/new-password") {
		t.Errorf("the start page leads to %s", v.Path)
	}
	v.Get("/new-password?next=/statement")
	v.Fill("New password", "abcde-fghij-kmnpq-rstuv").Fill("Repeat the new password", "abcde-fghij-kmnpq-rstuv").Press("Continue").Want(http.StatusUnprocessableEntity)
	if !strings.Contains(v.Problem("New password"), "you were given") {
		t.Errorf("says %q", v.Problem("New password"))
	}
	v.Fill("New password", fresh).Fill("Repeat the new password", "x").Press("Continue").Want(http.StatusUnprocessableEntity)
	v.Fill("New password", fresh).Fill("Repeat the new password", fresh).Press("Continue").Want(http.StatusOK).Sees("From now on you sign in with")
	if v.Path != "/statement" {
		t.Errorf("leads to %s", v.Path)
	}
}

// ACC-11: everybody sees their own sessions, and signs out of them; another's id names nothing.
func TestSessionsPage(t *testing.T) {
	p := webtest.Open(t)
	v, elsewhere, third := p.As(t, p.Clinic.Own), p.As(t, p.Clinic.Own), p.As(t, p.Clinic.Own)
	admin, harbor := p.As(t, p.Clinic.Admin), p.As(t, p.Harbor.Own)
	v.Get("/settings").Click("Sessions").Want(http.StatusOK).Sees("This session", "127.0.0.1", "Sign out everywhere else")
	if rows := v.Page.Find("tbody tr").Length(); rows != 3 {
		t.Errorf("%d sessions", rows)
	}
	for name, email := range map[string]string{"of the parent": p.Clinic.Admin.Email, "of another tenant": p.Harbor.Own.Email} {
		var id models.ID
		if err := p.Raw.QueryRow(t.Context(), `SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = $1`, email).Scan(&id); err != nil {
			t.Fatal(err)
		}
		v.Clone().Post("/settings/sessions/"+id.String()+"/sign-out", nil).Want(http.StatusNotFound)
		if p.Count(t, "sessions WHERE id = $1", id) != 1 {
			t.Errorf("%s has ended", name)
		}
	}
	v.Clone().Post("/settings/sessions/all/sign-out", nil).Want(http.StatusNotFound)
	admin.Get("/statement").Want(http.StatusOK)
	harbor.Get("/statement").Want(http.StatusOK)

	path, _ := v.Page.Find("tbody tr").Eq(2).Find("form").Attr("action")
	v.Clone().Post(path, nil).Want(http.StatusOK).Sees("You are signed out there.")
	if p.Count(t, "sessions s JOIN users u ON u.id = s.user_id WHERE u.email = $1", p.Clinic.Own.Email) != 2 {
		t.Error("not one of them has ended")
	}
	v.Get("/settings/sessions").Press("Sign out everywhere else").Sees("You are signed out everywhere else.").SeesNot("Sign out everywhere else")
	for _, other := range []*webtest.Visitor{elsewhere, third} {
		if other.Get("/statement"); !strings.HasPrefix(other.Path, "/sign-in") {
			t.Errorf("elsewhere it leads to %s", other.Path)
		}
	}
	if v.Get("/settings/sessions").Press("Sign out"); v.Path != "/sign-in" {
		t.Errorf("signing out of this one leads to %s", v.Path)
	}
}

// ACC-12: in an account that is not theirs, nobody sees or changes anything of anybody's sign-in.
func TestNoSecurityWhileAccessing(t *testing.T) {
	p := webtest.Open(t)
	p.As(t, p.Clinic.Own)
	inside := enter(t, p, p.Sam, staffPath(p.Clinic.ID, p.Clinic.Own.Account.ID))
	inside.Get("/settings").Want(http.StatusOK).SeesNot("Sessions", "Security")
	checked := 0
	for _, r := range web.Routes() {
		if r.Needs == models.ManageOwnSignIn {
			path := strings.ReplaceAll(r.Path, ":id", models.NewID().String())
			if r.Method == http.MethodGet {
				inside.Clone().Get(path).Want(http.StatusForbidden)
			} else {
				inside.Clone().Post(path, nil).Want(http.StatusForbidden)
			}
			checked++
		}
	}
	if checked < 10 {
		t.Errorf("only %d routes", checked)
	}
}

// ACC-11: a sensitive act asks for the password when it was given a while ago, says why, and leads back to its page.
func TestFreshPassword(t *testing.T) {
	p := webtest.Open(t)
	deletion := "/sub-accounts/" + p.Clinic.Own.Account.ID.String() + "/deletion"
	v := p.As(t, p.Clinic.Admin).Get(deletion).Want(http.StatusOK)
	path, form := v.FormOf("Delete")
	form.Set("name", p.Clinic.Own.Account.Name)

	p.Clock.Add(10 * time.Minute) // the page asks, its form may still be sent
	if page := v.Clone().Get(deletion); !strings.HasPrefix(page.Path, "/confirm-password") {
		t.Errorf("after ten minutes: %s", page.Path)
	}
	wrong := url.Values{"name": {"not its name"}}
	v.Clone().Post(path, wrong).Want(http.StatusUnprocessableEntity)
	p.Clock.Add(10 * time.Minute)
	before := p.Fingerprint(t)
	v.Post(path, form).Want(http.StatusOK).Sees("Is it still you?", "was not carried out")
	if p.Fingerprint(t) != before {
		t.Fatal("it was carried out")
	}
	v.Fill("Your password", "wrong").Press("Confirm").Want(http.StatusUnprocessableEntity)
	if v.Problem("Your password") == "" {
		t.Error("no sentence at the field")
	}
	v.Fill("Your password", storetest.Passphrase).Press("Confirm").Want(http.StatusOK)
	if v.Path != deletion {
		t.Errorf("leads to %s", v.Path)
	}
	v.Post(path, form).Want(http.StatusOK)
	if p.Fingerprint(t) == before {
		t.Error("it was not carried out")
	}

	p.Clock.Add(time.Hour)
	for _, r := range web.Routes() { // all that is marked, and the page that it leads back to
		if !r.Fresh || r.Needs == models.ManageSubAccounts || r.Needs == models.ManageParents {
			continue
		}
		status, location := ask(t, p, v.Cookie(), r.Method, r.Path, nil)
		if next, _ := url.Parse(location); status != http.StatusSeeOther || next.Path != "/confirm-password" || !strings.HasPrefix(r.Path, next.Query().Get("next")) {
			t.Errorf("%s %s: %d to %q", r.Method, r.Path, status, location)
		}
	}
	for _, next := range []string{"//evil.example", "https://evil.example", "/\\evil.example"} {
		form := url.Values{"password": {storetest.Passphrase}, "next": {next}}
		if _, location := ask(t, p, v.Cookie(), http.MethodPost, "/confirm-password", form); location != "/" {
			t.Errorf("%s leads to %s", next, location)
		}
	}
}

// ACC-11: staff without an app are asked to set one up, on every page, until they have.
func TestStaffAreAskedForAnApp(t *testing.T) {
	p := webtest.Open(t)
	const asks = "Protect your sign-in with an authenticator app."
	v := p.As(t, p.Sam).Get("/staff/requests").Sees(asks)
	v.Click("Set it up").Want(http.StatusOK).SeesNot(asks)
	setUpApp(t, p, v)
	v.Get("/staff/requests").SeesNot(asks)
	p.As(t, p.Clinic.Admin).SeesNot(asks)
}
