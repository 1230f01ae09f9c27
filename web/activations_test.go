package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/web/webtest"
)

const ownWords = "four words make a sentence"

// pending is a sub-account that waits for its user, and that user, signed in with the one-time password.
func pending(t *testing.T, p *webtest.Portal) (models.Account, *webtest.Visitor) {
	t.Helper()
	account := p.AddPending(t, p.Clinic, "Kiosk", "kiosk@clinic.example")
	v := p.Visitor(t).SignIn(account.Email, p.OneTimePassword(t, account.Email)).Want(http.StatusOK)
	if v.Path != "/activate" {
		t.Fatalf("the one-time password leads to %s", v.Path)
	}
	return account, v
}

// another is a code that is not the right one.
func another(code string) string {
	last := code[5]
	return code[:5] + string('0'+(last-'0'+1)%10)
}

// ACC-4: a wrong code is counted, says how often one can still try, and is never the last word: what was typed stays.
func TestWrongCode(t *testing.T) {
	p := webtest.Open(t)
	account, v := pending(t, p)
	code := p.Code(t, account.Mobile)
	for _, typed := range []string{"", "12345", "1234567", "٠١٢٣٤٥", "<b>", another(code)} {
		left := 5 - p.Count(t, "action_log WHERE action = 'code.refused'")
		v.Fill("Code", typed).Press("Continue").Want(http.StatusUnprocessableEntity)
		if got := v.Value("Code"); got != typed {
			t.Errorf("%q came back as %q", typed, got)
		}
		want := map[int]string{5: "4 more times", 4: "3 more times", 3: "2 more times", 2: "once more", 1: "tried too often", 0: "tried too often"}[left]
		if !strings.Contains(v.Problem("Code"), want) {
			t.Errorf("%q with %d tries left says %q", typed, left, v.Problem("Code"))
		}
	}
	v.Fill("Code", code).Press("Continue").Want(http.StatusUnprocessableEntity).Sees("This code was tried too often. Ask for a new one.")
}

// ACC-4: fifty wrong codes at once are five tries, and after them the right one is too late as well.
func TestFiftyWrongCodesAtOnce(t *testing.T) {
	p := webtest.Open(t)
	account, v := pending(t, p)
	code := p.Code(t, account.Mobile)
	path, form := v.FormOf("Continue")
	form.Set("code", another(code))
	atOnce(50, func(int) {
		if tab := v.Clone().Post(path, form); tab.Status != http.StatusUnprocessableEntity {
			t.Errorf("status %d", tab.Status)
		}
	})
	if n := p.Count(t, "activations WHERE code_tries = 5 AND account_id = $1", account.ID); n != 1 {
		t.Error("the tries were not counted to five")
	}
	if n := p.Count(t, "action_log WHERE action = 'code.refused'"); n != 5 {
		t.Errorf("%d refused codes in the action log", n)
	}
	v.Get("/activate").Fill("Code", code).Press("Continue").Want(http.StatusUnprocessableEntity).Sees("tried too often")
}

// ACC-4: a code expires; a new one can be asked for after half a minute, ten in all, and the old one dies.
func TestNewCode(t *testing.T) {
	p := webtest.Open(t)
	account, v := pending(t, p)
	first := p.Code(t, account.Mobile)
	v.Press("Resend code").Want(http.StatusUnprocessableEntity).Sees("Wait half a minute")
	p.Clock.Add(16 * time.Minute)
	v.Get("/activate").Fill("Code", first).Press("Continue").Want(http.StatusUnprocessableEntity).Sees("This code has expired. Ask for a new one.")

	v.Press("Resend code").Want(http.StatusOK).Sees("A new code is on its way to your mobile.")
	second := p.Code(t, account.Mobile)
	if first == second { // one time in a million
		t.Skip("the codes are the same by chance")
	}
	v.Fill("Code", first).Press("Continue").Want(http.StatusUnprocessableEntity).Sees("This is not the code that we sent.")
	v.Fill("Code", second[:3]+" "+second[3:]).Press("Continue").Want(http.StatusOK).Sees("Step 2 of 2")

	other := p.AddPending(t, p.Clinic, "Depot", "depot@clinic.example")
	w := p.Visitor(t).SignIn(other.Email, p.OneTimePassword(t, other.Email))
	for range 9 {
		p.Clock.Add(31 * time.Second)
		w.Press("Resend code").Want(http.StatusOK)
	}
	p.Clock.Add(31 * time.Second)
	w.Press("Resend code").Want(http.StatusUnprocessableEntity).Sees("No more codes can be sent.")
}

// ACC-4, Always: the one-time password opens the activation and nothing else, whatever is asked for, and changes nothing.
func TestActivationOpensNothingElse(t *testing.T) {
	p := webtest.Open(t)
	_, v := pending(t, p)
	before := p.Fingerprint(t)
	for _, path := range []string{"/", "/statement", "/sub-accounts", "/settings", "/access-log", "/staff/accounts", "/sign-in"} {
		if v.Get(path).Want(http.StatusOK); v.Path != "/activate" {
			t.Errorf("%s leads to %s", path, v.Path)
		}
	}
	for _, path := range []string{"/store/sub-accounts", "/sub-accounts", "/access/end", "/staff/settings"} {
		if v.Post(path, url.Values{"mode": {"open"}}).Want(http.StatusOK); v.Path != "/activate" {
			t.Errorf("posting to %s leads to %s", path, v.Path)
		}
	}
	v.Post("/activate/password", url.Values{"password": {ownWords}, "repeated": {ownWords}}).Want(http.StatusUnprocessableEntity).
		Sees("Enter the code from the text message first.", "Step 1 of 2")
	if p.Fingerprint(t) != before {
		t.Error("something changed")
	}
	v.Get("/no-such-page").Want(http.StatusNotFound)
	if v.Page.Find("nav[aria-label='Main menu']").Length() > 0 {
		t.Error("an error page of an activation has the portal's menu")
	}
}

// ACC-4, ACC-11: from the one-time password over the code to a password of one's own, and what is refused on the way.
func TestActivateWithPassword(t *testing.T) {
	p := webtest.Open(t)
	account, v := pending(t, p)
	oneTime := p.OneTimePassword(t, account.Email)
	v.Sees("Step 1 of 2", "Activate Kiosk", "+49 •••• 78")
	if strings.Contains(v.Text(), account.Mobile) {
		t.Error("the page tells the mobile number")
	}
	v.Fill("Code", p.Code(t, account.Mobile)).Press("Continue").Want(http.StatusOK).Sees("Step 2 of 2")
	for _, c := range []struct{ password, repeated, label, says string }{
		{"", "", "New password", "Choose a password."},
		{"short", "short", "New password", "Use at least 15 characters."},
		{strings.Repeat("x", 129), strings.Repeat("x", 129), "New password", "Use at most 128 characters."},
		{"kiosk@clinic.example", "kiosk@clinic.example", "New password", "not made of your e-mail or name"},
		{oneTime, oneTime, "New password", "another password than the one in the e-mail"},
		{ownWords, ownWords + " ", "Repeat the new password", "This is not what you typed above."},
	} {
		v.Fill("New password", c.password).Fill("Repeat the new password", c.repeated).Press("Activate").Want(http.StatusUnprocessableEntity)
		if !strings.Contains(v.Problem(c.label), c.says) {
			t.Errorf("%q: %q says %q", c.password, c.label, v.Problem(c.label))
		}
		if v.Value("New password") != "" || c.password != "" && strings.Contains(v.Body, c.password+`"`) && c.password != account.Email {
			t.Errorf("%q came back in the page", c.password)
		}
	}
	v.Fill("New password", ownWords).Fill("Repeat the new password", ownWords).Press("Activate").Want(http.StatusOK).
		Sees("Kiosk is active. From now on you sign in with kiosk@clinic.example and your new password.")
	if v.Path != "/" {
		t.Errorf("it leads to %s", v.Path)
	}
	if v.Get("/activate").Want(http.StatusOK); v.Path != "/" {
		t.Errorf("the activation can still be seen, at %s", v.Path)
	}
	if w := p.Visitor(t).SignIn(account.Email, oneTime); w.Status != http.StatusUnprocessableEntity {
		t.Errorf("the one-time password still opens %s", w.Path)
	}
	if w := p.Visitor(t).SignIn(account.Email, ownWords).Want(http.StatusOK); w.Path != "/" {
		t.Errorf("the new password leads to %s", w.Path)
	}
}

// ACC-4: the form with the password posted twenty times at once activates once; nobody sees an error of ours.
func TestFirstPasswordPostedTwentyTimes(t *testing.T) {
	p := webtest.Open(t)
	account, v := pending(t, p)
	path, form := v.Fill("Code", p.Code(t, account.Mobile)).Press("Continue").FormOf("Activate")
	form.Set("password", ownWords)
	form.Set("repeated", ownWords)
	atOnce(20, func(int) {
		if tab := v.Clone().Post(path, form); tab.Status >= 500 {
			t.Errorf("status %d: %s", tab.Status, tab.Text())
		}
	})
	if n := p.Count(t, "action_log WHERE action = 'sub_account.activated' AND account_id = $1", account.ID); n != 1 {
		t.Errorf("activated %d times", n)
	}
	p.Visitor(t).SignIn(account.Email, ownWords).Want(http.StatusOK)
}

// ACC-4: a one-time password is over after seven days, and at once when the activation is sent again.
func TestOneTimePasswordEnds(t *testing.T) {
	p := webtest.Open(t)
	account, v := pending(t, p)
	old := p.OneTimePassword(t, account.Email)
	p.Clock.Add(time.Second)
	if err := p.Accounts.Resend(t.Context(), p.Clinic.Admin.Actor, account.ID, models.ByPassword); err != nil {
		t.Fatal(err)
	}
	if v.Get("/activate").Want(http.StatusOK); !strings.HasPrefix(v.Path, "/sign-in") {
		t.Errorf("the activation that was replaced still opens %s", v.Path)
	}
	v.SignIn(account.Email, old).Want(http.StatusUnprocessableEntity)
	p.Clock.Add(8 * 24 * time.Hour)
	v.SignIn(account.Email, p.OneTimePassword(t, account.Email)).Want(http.StatusUnprocessableEntity).Sees("This one-time password has expired.")
}

// linked is a parent account whose activation came with a link.
func linked(t *testing.T, p *webtest.Portal) (email, mobile, link string) {
	t.Helper()
	email, mobile = "zoe@zebra.example", "+4915112345698"
	staff := p.As(t, p.Sam).Get("/staff/accounts/new").Fill("Account name", "Zebra").Fill("Contact name", "Zoe").Fill("Email", email).
		Fill("Country", "Germany").Fill("Mobile number", "01511 2345698").Fill("Time zone", "Europe/Berlin").Fill("Currency", "EUR").
		Tick("Set-your-password link").Press("Create parent account").Want(http.StatusOK)
	staff.Sees("Zebra is created. A link to set its password went to zoe@zebra.example, a 6-digit code to +49 1511 2345698.", "Pending")
	return email, mobile, p.Link(t, email)
}

// ACC-4: programs that look through mails may open the link as often as they like: nothing happens before its button is
// pressed, and the address is told to nobody.
func TestLinkIsOpenedByAButton(t *testing.T) {
	p := webtest.Open(t)
	email, mobile, link := linked(t, p)
	before, sessions := p.Fingerprint(t), p.Count(t, "sessions")
	scanner := p.Visitor(t)
	for range 3 {
		scanner.Get(link).Want(http.StatusOK)
	}
	if p.Fingerprint(t) != before || p.Count(t, "sessions") != sessions {
		t.Error("opening the link changed something")
	}
	if got := scanner.Header.Get("Referrer-Policy"); got != "strict-origin" {
		t.Errorf("Referrer-Policy: %s", got)
	}
	if n := scanner.Page.Find("meta[name=referrer]").Length(); n > 0 {
		t.Error("the page overrules its Referrer-Policy")
	}
	secret := strings.TrimPrefix(link, "/activate/link?token=")
	if scanner.Page.Find("main a[href*='"+secret+"'], main img, main form[action*='"+secret+"']").Length() > 0 {
		t.Error("the page names the secret in an address")
	}

	v := scanner.Press("Continue").Want(http.StatusOK).Sees("Step 1 of 2", "Activate Zebra")
	p.Visitor(t).Get(link).Press("Continue").Want(http.StatusOK).Sees("Step 1 of 2") // not used up by looking
	v.Fill("Code", p.Code(t, mobile)).Press("Continue").Fill("New password", ownWords).Fill("Repeat the new password", ownWords).
		Press("Activate").Want(http.StatusOK).Sees("Zebra is active.")
	p.Visitor(t).Get(link).Press("Continue").Want(http.StatusNotFound).Sees("This link no longer works")
	p.Visitor(t).SignIn(email, ownWords).Want(http.StatusOK)
}

// ACC-4: a link that expired, was replaced, or was made up opens nothing, and all of them look the same.
func TestLinkThatOpensNothing(t *testing.T) {
	p := webtest.Open(t)
	_, _, link := linked(t, p)
	sessions := p.Count(t, "sessions")
	var seen string
	refused := func(what, token string) {
		t.Helper()
		v := p.Visitor(t).Post("/activate/link", url.Values{"token": {token}}).Want(http.StatusNotFound)
		v.Sees("This link no longer works", "This link has expired or was used.")
		if seen == "" {
			seen = v.Body
		}
		if v.Body != seen {
			t.Errorf("%s looks different", what)
		}
	}
	token := strings.TrimPrefix(link, "/activate/link?token=")
	refused("nothing", "")
	refused("too short", token[:len(token)-2])
	refused("not base64", strings.Repeat("!", len(token)))
	refused("another secret", token[:len(token)-2]+"AA")
	refused("a megabyte", strings.Repeat("A", 1<<20))
	p.Clock.Add(time.Second)
	if err := p.Accounts.ResendToParent(t.Context(), p.Sam.Actor, idOf(t, p, "Zebra"), models.ByLink); err != nil {
		t.Fatal(err)
	}
	refused("replaced", token)
	fresh := strings.TrimPrefix(p.Link(t, "zoe@zebra.example"), "/activate/link?token=")
	p.Clock.Add(7*24*time.Hour + time.Second)
	refused("expired", fresh)
	if got := p.Count(t, "sessions"); got != sessions {
		t.Errorf("%d sessions, %d before", got, sessions)
	}
}

// ACC-4, ACC-11: whoever was signed in in the browser is told, and signed out when the link is used.
func TestLinkInABusyBrowser(t *testing.T) {
	p := webtest.Open(t)
	_, _, link := linked(t, p)
	v := p.As(t, p.Clinic.Admin)
	v.Get(link).Sees("In this browser nora@clinic.example is signed in.").Press("Continue").Want(http.StatusOK).Sees("Activate Zebra")
	if n := p.Count(t, "sessions WHERE tenant_id = $1", p.Clinic.ID); n != 0 {
		t.Errorf("%d sessions of the other person are left", n)
	}
}
