package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

func staffPath(tenant, id models.ID) string {
	return "/staff/accounts/" + tenant.String() + "/" + id.String()
}

func subPath(id models.ID) string { return "/sub-accounts/" + id.String() }

// enter is somebody who has gone into an account with a reason.
func enter(t *testing.T, p *webtest.Portal, who storetest.Person, page string) *webtest.Visitor {
	t.Helper()
	return p.As(t, who).Get(page+"/access").Want(http.StatusOK).Fill("Reason", "Ticket 4711").Press("Access account").Want(http.StatusOK)
}

// exchange sends one form with a cookie, follows nothing, and returns the status and the cookie that the browser then has.
func exchange(t *testing.T, p *webtest.Portal, token, path string, form url.Values) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, p.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.AddCookie(&http.Cookie{Name: "session", Value: token})
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	for _, c := range answer.Cookies() {
		if c.Name == "session" {
			token = c.Value
		}
	}
	return answer.StatusCode, token
}

// ACC-12: nobody enters an account without a reason that can be read; the form keeps what was typed.
func TestAccessNeedsAReason(t *testing.T) {
	p := webtest.Open(t)
	for page, v := range map[string]*webtest.Visitor{
		subPath(p.Clinic.Own.Account.ID):    p.As(t, p.Clinic.Admin),
		staffPath(p.Clinic.ID, p.Clinic.ID): p.As(t, p.Sam),
	} {
		before := p.Fingerprint(t)
		for reason, says := range map[string]string{"": "Say why you enter this account.", " \t ": "Say why", "two\nlines": "on one line",
			strings.Repeat("x", 301): "at most 300"} {
			v.Get(page+"/access").Want(http.StatusOK).Fill("Reason", reason).Press("Access account").Want(http.StatusUnprocessableEntity)
			if !strings.Contains(v.Problem("Reason"), says) || v.Value("Reason") != reason {
				t.Errorf("%q came back as %q, saying %q", reason, v.Value("Reason"), v.Problem("Reason"))
			}
		}
		if p.Fingerprint(t) != before {
			t.Errorf("%s: something changed", page)
		}
		v.Fill("Reason", "<script>alert(1)</script> & more").Press("Access account").Want(http.StatusOK)
		if strings.Contains(v.Body, "<script>alert") {
			t.Errorf("%s: a reason became markup", page)
		}
	}
}

// ACC-12: the bar says who is where as whom, why and for how long; Return leads back to the account's page.
func TestStaffAccessAndReturn(t *testing.T) {
	p := webtest.Open(t)
	page := staffPath(p.Clinic.ID, p.Clinic.Own.Account.ID)
	v := enter(t, p, p.Sam, page)
	if v.Path != "/" {
		t.Errorf("it leads to %s", v.Path)
	}
	for _, path := range []string{"/", "/settings", "/statement", "/access-log", "/no-such-page"} {
		v.Get(path).Sees("You (sam@offshoot.example) are in North Clinic as support", "30:00 left", "Ticket 4711", "Return")
	}
	v.Get("/").Press("Return").Want(http.StatusOK).Sees("You have left North Clinic and are in your own account again.")
	v.SeesNot("as support · ")
	if v.Path != page {
		t.Errorf("Return leads to %s", v.Path)
	}
	v.Sees("Who accessed this account", "Ticket 4711")

	w := enter(t, p, p.Clinic.Admin, subPath(p.Clinic.Own.Account.ID)).Sees("You (nora@clinic.example) are in North Clinic as Admin of North Clinic Group")
	if w.Press("Return").Want(http.StatusOK); w.Path != subPath(p.Clinic.Own.Account.ID) {
		t.Errorf("Return leads to %s", w.Path)
	}
}

// ACC-12, ACC-11: entering and returning change the cookie, and what the browser held before opens nothing.
func TestAccessChangesTheCookie(t *testing.T) {
	p := webtest.Open(t)
	in, err := p.Identity.SignIn(t.Context(), identity.SignInOrder{Email: p.Sam.Email, Password: storetest.Passphrase})
	if err != nil {
		t.Fatal(err)
	}
	home := string(in.Token)
	status, inside := exchange(t, p, home, staffPath(p.Clinic.ID, p.Clinic.ID)+"/access", url.Values{"reason": {"x"}})
	if status != http.StatusSeeOther || inside == home {
		t.Fatalf("status %d, the same cookie: %t", status, inside == home)
	}
	status, after := exchange(t, p, inside, "/access/end", nil)
	if status != http.StatusSeeOther || after == inside || after == home {
		t.Fatalf("status %d, an old cookie: %t", status, after == inside || after == home)
	}
	for what, old := range map[string]string{"before": home, "inside": inside} {
		if status, location := ask(t, p, identity.Token(old), http.MethodGet, "/settings", nil); status != http.StatusSeeOther || !strings.HasPrefix(location, "/sign-in") {
			t.Errorf("the cookie of %s opens %d", what, status)
		}
	}
	if status, _ := ask(t, p, identity.Token(after), http.MethodGet, "/settings", nil); status != http.StatusOK {
		t.Errorf("the new cookie opens %d", status)
	}
}

// ACC-12: no going on from an entered account, no way up, none sideways, none into the operator.
func TestAccessRules(t *testing.T) {
	p := webtest.Open(t)
	p.AddUser(t, p.Clinic.Account, "user@clinic.example", models.Member)
	operator := p.Sam.Account
	own, shared := p.Clinic.Own.Account.ID, p.Clinic.Shared.Account.ID
	staffIn := enter(t, p, p.Sam, staffPath(p.Clinic.ID, p.Clinic.ID))
	parentIn := enter(t, p, p.Clinic.Admin, subPath(own))
	user := p.Visitor(t).SignIn("user@clinic.example", storetest.Passphrase)
	for what, c := range map[string]struct {
		who    *webtest.Visitor
		path   string
		status int
	}{
		"staff in a parent, on into its sub-account":            {staffIn, subPath(own) + "/access", 403},
		"staff in a parent, on as staff":                        {staffIn, staffPath(p.Harbor.ID, p.Harbor.ID) + "/access", 403},
		"a parent in a sub-account, on into another":            {parentIn, subPath(shared) + "/access", 403},
		"a parent's user":                                       {user, subPath(own) + "/access", 403},
		"a sub-account up into its parent":                      {p.As(t, p.Clinic.Own), subPath(p.Clinic.ID) + "/access", 403},
		"a sub-account as staff":                                {p.As(t, p.Clinic.Own), staffPath(p.Clinic.ID, p.Clinic.ID) + "/access", 403},
		"a parent into itself":                                  {p.As(t, p.Clinic.Admin), subPath(p.Clinic.ID) + "/access", 404},
		"a parent into another's sub-account":                   {p.As(t, p.Clinic.Admin), subPath(p.Harbor.Own.Account.ID) + "/access", 404},
		"a parent as staff":                                     {p.As(t, p.Clinic.Admin), staffPath(p.Clinic.ID, own) + "/access", 403},
		"staff into the operator":                               {p.As(t, p.Sam), staffPath(operator.ID, operator.ID) + "/access", 404},
		"staff into an account under another tenant's name":     {p.As(t, p.Sam), staffPath(p.Harbor.ID, own) + "/access", 404},
		"staff by the parents' way into a parent's sub-account": {p.As(t, p.Sam), subPath(own) + "/access", 403},
	} {
		before := p.Fingerprint(t)
		c.who.Get(c.path)
		if c.who.Status != c.status {
			t.Errorf("%s: asking is %d, want %d", what, c.who.Status, c.status)
		}
		c.who.Post(c.path, url.Values{"reason": {"Let me in"}})
		if c.who.Status != c.status {
			t.Errorf("%s: going is %d, want %d", what, c.who.Status, c.status)
		}
		if p.Fingerprint(t) != before {
			t.Errorf("%s: something changed", what)
		}
	}
	if n := p.Count(t, "accesses"); n != 2 {
		t.Errorf("%d accesses", n)
	}
}

// ACC-12: after 30 minutes the person is in their own account again and is told so; pressing Return too late is no error.
func TestAccessRunsOut(t *testing.T) {
	p := webtest.Open(t)
	v := enter(t, p, p.Clinic.Admin, subPath(p.Clinic.Own.Account.ID))
	late := v.Clone().Get("/settings")
	p.Clock.Add(29*time.Minute + 50*time.Second)
	v.Get("/settings").Sees("0:10 left")
	p.Clock.Add(11 * time.Second)
	v.Get("/settings").Want(http.StatusOK).Sees("Your access to North Clinic has ended. You are in your own account again.").SeesNot("left ·")
	if late.Press("Return").Want(http.StatusOK); late.Path != "/" {
		t.Errorf("a late Return leads to %s", late.Path)
	}
}

// ACC-12, REP-3: whatever is done inside carries both identities, and the entered account reads who was there.
func TestAccessIsLogged(t *testing.T) {
	p := webtest.Open(t)
	v := enter(t, p, p.Sam, staffPath(p.Clinic.ID, p.Clinic.ID))
	path, form := v.Get(subPath(p.Clinic.Own.Account.ID)+"/transfers/new").Fill("Amount", "25.00").FormOf("Transfer balance")
	v.Post(path, form).Want(http.StatusOK)
	if n := p.Count(t, `action_log WHERE action = 'transfer.posted' AND tenant_id = $1 AND user_email = $2 AND as_account_id = $1 AND access_id IS NOT NULL`,
		p.Clinic.ID, p.Sam.Email); n != 1 {
		t.Errorf("%d transfers logged under both names", n)
	}
	parent := p.As(t, p.Clinic.Admin)
	parent.Get("/access-log").Want(http.StatusOK).Sees("Who accessed this account", "sam@offshoot.example", "Support", "Ticket 4711", "In the account")
	v.Press("Return")
	parent.Get("/access-log").SeesNot("In the account")

	enter(t, p, p.Clinic.Admin, subPath(p.Clinic.Own.Account.ID))
	p.As(t, p.Clinic.Own).Get("/access-log").Sees("nora@clinic.example", "Admin of North Clinic Group").SeesNot("sam@offshoot.example")
	p.As(t, p.Clinic.Shared).Get("/access-log").Sees("Nobody has accessed this account").SeesNot("nora@clinic.example")
	p.As(t, p.Harbor.Admin).Get("/access-log").Sees("Nobody has accessed this account")
}

// ACC-12, Always: the list pages by key; an id that is none of its own, or none at all, starts nothing and breaks nothing.
func TestAccessLogPages(t *testing.T) {
	p := webtest.Open(t)
	for range 53 {
		p.Clock.Add(time.Minute)
		enter(t, p, p.Clinic.Admin, subPath(p.Clinic.Own.Account.ID)).Press("Return")
	}
	v := p.As(t, p.Clinic.Own).Get("/access-log")
	rows := func() int { return v.Page.Find("main tbody tr").Length() }
	if rows() != 50 {
		t.Fatalf("%d rows", rows())
	}
	if v.Click("Older").Want(http.StatusOK); rows() != 3 {
		t.Errorf("%d older rows", rows())
	}
	if v.Click("First").Want(http.StatusOK); rows() != 50 {
		t.Errorf("%d rows at first", rows())
	}
	for _, after := range []string{"x", "%00", models.NewID().String(), strings.Repeat("9", 5000)} {
		v.Get("/access-log?after=" + after).Want(http.StatusOK)
	}
}
