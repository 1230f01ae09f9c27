package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"offshoot/services/identity"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// ACC-12: the whole way in where a parent asks for consent: staff ask, an Admin finds it on the dashboard and gives it,
// staff enter once, and the account reads by whose consent.
func TestConsentFromEndToEnd(t *testing.T) {
	p := webtest.Open(t)
	parent, staff := p.As(t, p.Clinic.Admin), p.As(t, p.Sam)
	page := staffPath(p.Clinic.ID, p.Clinic.Own.Account.ID)
	parent.Get("/settings").Click("Staff access").Want(http.StatusOK).Sees("On.", "Nobody has asked").Press("Turn staff access off").Want(http.StatusOK)
	parent.Sees("Staff access is turned off.", "Off since 20 Nov")
	p.As(t, p.Clinic.Own).Get("/settings").Sees("support needs consent each time").SeesNot("Staff access")

	staff.Get(page + "/access").Want(http.StatusOK).Sees("asks for consent").Press("Ask for consent").Want(http.StatusUnprocessableEntity)
	if !strings.Contains(staff.Problem("Reason"), "Say why") {
		t.Errorf("the problem is %q", staff.Problem("Reason"))
	}
	staff.Fill("Reason", "Ticket <b>4711</b>").Press("Ask for consent").Want(http.StatusOK).Sees("You have asked for consent.")
	staff.Get(page+"/access").Sees("have not answered yet", "Ticket <b>4711</b>")
	staff.Post(page+"/access", url.Values{"reason": {"let me in"}}).Want(http.StatusUnprocessableEntity).Sees("asks for consent before support enters it")

	parent.Get("/").Sees("Support asks to enter North Clinic", "sam@offshoot.example: Ticket <b>4711</b>").Click("Decide").Want(http.StatusOK)
	path, form := parent.FormOf("Give consent")
	parent.Press("Give consent").Want(http.StatusOK).Sees("You have given consent.", "Consent given").SeesNot("Refuse")
	parent.Clone().Post(path, form).Want(http.StatusNotFound).Sees("decided, used or expired", "Consent given")

	staff.Get(page+"/access").Sees("nora@clinic.example gave you consent", "Ticket <b>4711</b>")
	path, form = staff.FormOf("Access account")
	again := staff.Clone()
	staff.Post(path, form).Want(http.StatusOK).Sees("You (sam@offshoot.example) are in North Clinic as support", "Ticket <b>4711</b>")
	parent.Get("/settings/staff-access").Sees("In the account", "Withdraw")
	staff.Press("Return")
	again.Post(path, form).Want(http.StatusNotFound).Sees("decided, used or expired", "Ask for consent")
	p.As(t, p.Clinic.Own).Get("/access-log").Sees("Ticket <b>4711</b>", "with the consent of nora@clinic.example")
	parent.Get(subPath(p.Clinic.Own.Account.ID) + "/activity").Click("Who accessed this account").Want(http.StatusOK).Sees("with the consent of nora@clinic.example")
	parent.Get("/settings/staff-access").Sees("Used").SeesNot("Withdraw")
	parent.Get("/").SeesNot("Support asks to enter")
	for _, body := range []string{parent.Body, staff.Body} {
		if strings.Contains(body, "<b>4711") {
			t.Error("a reason became markup")
		}
	}
}

// ACC-12: whoever is in an entered account neither sees nor changes what its people say about staff access, and has no
// other way to it; a form that says neither on nor off changes nothing.
func TestStaffAccessIsDecidedAtHome(t *testing.T) {
	p := webtest.Open(t)
	inside := enter(t, p, p.Sam, staffPath(p.Clinic.ID, p.Clinic.ID))
	p.As(t, p.Clinic.Admin).Post("/settings/staff-access", url.Values{"staff_access": {"maybe"}}).Want(http.StatusUnprocessableEntity).Sees("Choose whether")
	others := []*webtest.Visitor{inside, p.As(t, p.Sam), p.As(t, p.Clinic.Own)}
	before := p.Fingerprint(t)
	inside.Get("/settings").Want(http.StatusOK).SeesNot("Staff access")
	for _, v := range others {
		v.Clone().Get("/settings/staff-access").Want(http.StatusForbidden)
		v.Clone().Post("/settings/staff-access", url.Values{"staff_access": {"off"}}).Want(http.StatusForbidden)
	}
	if p.Fingerprint(t) != before {
		t.Error("something changed")
	}
}

// ACC-12: turned off, staff who are in are out with their next request, in every tab, and a form that they had open does
// nothing.
func TestStaffAccessOffEndsInside(t *testing.T) {
	p := webtest.Open(t)
	v := enter(t, p, p.Sam, staffPath(p.Clinic.ID, p.Clinic.ID)).Get(subPath(p.Clinic.Own.Account.ID)+"/transfers/new").Fill("Amount", "25.00")
	tab := v.Clone()
	path, form := v.FormOf("Transfer balance")
	p.As(t, p.Clinic.Admin).Get("/settings/staff-access").Press("Turn staff access off").Want(http.StatusOK)
	tab.Post(path, form)
	if tab.Status != http.StatusConflict && tab.Status != http.StatusForbidden {
		t.Errorf("a form of the entered account: %d", tab.Status)
	}
	v.Get("/settings").Want(http.StatusOK).Sees("Your access to North Clinic Group has ended.").SeesNot("left, until")
	if n := p.Count(t, "transfers WHERE kind = 'transfer'"); n != 0 {
		t.Errorf("%d transfers", n)
	}
}

// ACC-12: what was opened in an entered account does nothing at home, and what was opened at home nothing in there.
func TestFormOfAnotherAccount(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Clinic.Admin).Get("/settings/staff-access")
	path, form := v.FormOf("Turn staff access off")
	v.Get(subPath(p.Clinic.Own.Account.ID)+"/access").Fill("Reason", "Ticket 4711").Press("Access account").Want(http.StatusOK)
	before := p.Fingerprint(t)
	v.Clone().Post(path, form).Want(http.StatusForbidden)
	form.Set("posted_in", p.Clinic.Own.Account.ID.String()) // as if it had been opened in the sub-account
	v.Press("Return").Want(http.StatusOK)
	p.Clock.Add(time.Minute)
	v.Post(path, form).Want(http.StatusConflict).Sees("You are in another account now", "Nothing was changed")
	if n := p.Count(t, "accounts WHERE staff_access_off IS NOT NULL"); n != 0 || before == "" {
		t.Error("it was turned off")
	}
}

// ACC-12: the bar is on every page there is, error pages and refused files too, and says until when by the reader's clock.
func TestBarIsEverywhere(t *testing.T) {
	p := webtest.Open(t)
	v := enter(t, p, p.Clinic.Admin, subPath(p.Clinic.Own.Account.ID))
	for path, status := range map[string]int{"/": 200, "/statement": 200, "/no-such-page": 404, "/sub-accounts": 403, "/action-log.csv": 403,
		"/statement.csv?from=x": 422, "/transfers/x": 404, "/staff/accounts": 403, "/settings/staff-access": 403, "/access/end": 404} {
		v.Get(path).Want(status).Sees("You (nora@clinic.example) are in North Clinic as Admin of North Clinic Group", "30:00 left, until 11:00", "CET", "Ticket 4711", "Return")
	}
}

// ACC-12: nothing is left of an access, however it ends: the next request is at home or signed out, in both tabs, and what
// the browser held inside opens the entered account no more.
func TestNothingLeftOfAnAccess(t *testing.T) {
	for name, c := range map[string]struct {
		who       func(p *webtest.Portal) storetest.Person
		end       func(p *webtest.Portal)
		signedOut bool
	}{
		"time over": {sam, func(p *webtest.Portal) { p.Clock.Add(30 * time.Minute) }, false},
		"helper disabled": {sam, func(p *webtest.Portal) {
			do(p, `UPDATE users SET disabled_at = now() WHERE email = 'sam@offshoot.example'`)
		}, true},
		"helper's account stopped": {nora, func(p *webtest.Portal) {
			do(p, `UPDATE accounts SET status_before = status, status = 'deactivated' WHERE name = 'North Clinic Group'`)
		}, true},
		"helper demoted": {nora, func(p *webtest.Portal) { do(p, `UPDATE users SET role = 'user' WHERE email = 'nora@clinic.example'`) }, false},
		"entered account deleted": {nora, func(p *webtest.Portal) {
			do(p, `UPDATE accounts SET status = 'deleted' WHERE name = 'North Clinic'`)
			do(p, `UPDATE wallets SET closed_at = now() WHERE account_id = (SELECT id FROM accounts WHERE name = 'North Clinic')`)
		}, false},
		"staff access turned off": {sam, func(p *webtest.Portal) {
			do(p, `UPDATE accounts SET staff_access_off = now() WHERE name = 'North Clinic Group'`)
		}, false},
		"session ended elsewhere":   {sam, func(p *webtest.Portal) { do(p, `DELETE FROM sessions`) }, true},
		"access closed by an Admin": {sam, func(p *webtest.Portal) { do(p, `UPDATE accesses SET ended_at = started_at`) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := webtest.Open(t)
			page := subPath(p.Clinic.Own.Account.ID)
			if who := c.who(p); who.Email == p.Sam.Email {
				page = staffPath(p.Clinic.ID, p.Clinic.Own.Account.ID)
			}
			v := enter(t, p, c.who(p), page)
			tab := v.Clone()
			c.end(p)
			for _, v := range []*webtest.Visitor{v, tab} {
				v.Get("/settings").Want(http.StatusOK).SeesNot("left, until")
				if signedOut := strings.HasPrefix(v.Path, "/sign-in"); signedOut != c.signedOut {
					t.Errorf("leads to %s", v.Path)
				}
				if !c.signedOut {
					v.SeesNot("ward@clinic.example") // the entered account's
				}
			}
		})
	}
}

func sam(p *webtest.Portal) storetest.Person  { return p.Sam }
func nora(p *webtest.Portal) storetest.Person { return p.Clinic.Admin }

func do(p *webtest.Portal, sql string) {
	if _, err := p.Raw.Exec(context.Background(), sql); err != nil {
		panic(err)
	}
}

// ACC-12: a cookie that was copied while somebody was inside opens nothing after Return and after sign-out.
func TestCopiedCookieOfAnAccess(t *testing.T) {
	p := webtest.Open(t)
	in, err := p.Identity.SignIn(t.Context(), identity.SignInOrder{Email: p.Sam.Email, Password: storetest.Passphrase})
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range []string{"/access/end", "/sign-out"} {
		if in, err = p.Identity.SignIn(t.Context(), identity.SignInOrder{Email: p.Sam.Email, Password: storetest.Passphrase}); err != nil {
			t.Fatal(err)
		}
		_, copied := exchange(t, p, string(in.Token), staffPath(p.Clinic.ID, p.Clinic.ID)+"/access", url.Values{"reason": {"x"}})
		if status, _ := ask(t, p, identity.Token(copied), http.MethodGet, "/sub-accounts", nil); status != http.StatusOK {
			t.Fatalf("inside: %d", status)
		}
		exchange(t, p, copied, way, nil)
		if status, location := ask(t, p, identity.Token(copied), http.MethodGet, "/sub-accounts", nil); status != http.StatusSeeOther || !strings.HasPrefix(location, "/sign-in") {
			t.Errorf("after %s the copy opens %d", way, status)
		}
	}
}
