package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"offshoot/models"
	"offshoot/services/storetest"
	"offshoot/views/paths"
	"offshoot/web"
	"offshoot/web/webtest"
)

// notYet are the privileges that a parent can grant already and that open nothing so far, with the issue that brings what
// they are for. The matrix fails when one of them opens a route, and when one that is not here opens none.
var notYet = map[models.Privilege]string{
	models.APIApps: "the issue that brings the API: keys (API-1)",
}

// PRV-1: for every privilege that a parent can grant: each of its routes, and its menu entry, are there for who has it and
// not for who lacks it: as an Admin, as a User, with the parent or staff inside, and within an open session from the next
// request on. Whoever adds a route or a menu entry has it in this matrix.
func TestPrivilegeMatrix(t *testing.T) {
	p := webtest.Open(t)
	checked := 0
	for i, g := range models.GrantablePrivileges {
		routes := slices.DeleteFunc(web.Routes(), func(r web.Route) bool { return r.Needs != g.Privilege })
		if why := notYet[g.Privilege]; (why == "") == (len(routes) == 0) {
			t.Errorf("%s opens %d routes; what is said of it is %q", g.Label, len(routes), why)
		}
		var others []models.Privilege
		for _, other := range models.GrantablePrivileges {
			if other != g {
				others = append(others, other.Privilege)
			}
		}
		with := p.AddActive(t, p.Clinic, g.Label+" alone", fmt.Sprintf("with%d@clinic.example", i), g.Privilege)
		without := p.AddActive(t, p.Clinic, "All but "+g.Label, fmt.Sprintf("without%d@clinic.example", i), others...)
		p.AddUser(t, with.Account, fmt.Sprintf("user%d@clinic.example", i), models.Member)
		user := storetest.Person{Email: fmt.Sprintf("user%d@clinic.example", i)}

		forUsers := g.Privilege != models.BillingPayments && g.Privilege != models.APIApps
		forHelpers := !slices.Contains(models.HomeOnly, g.Privilege)
		inSub := func(helper storetest.Person, sub storetest.Person) *webtest.Visitor {
			if helper.Account.Kind == models.Operator {
				return enter(t, p, helper, staffPath(p.Clinic.ID, sub.Account.ID))
			}
			return enter(t, p, helper, paths.SubAccount(sub.Account.ID))
		}
		for _, c := range []struct {
			who  string
			v    *webtest.Visitor
			sub  storetest.Person
			want bool
		}{
			{"its Admin, with it", p.As(t, with), with, true},
			{"its Admin, without it", p.As(t, without), without, false},
			{"its User, with it", p.As(t, user), with, forUsers},
			{"its parent inside, with it", inSub(p.Clinic.Admin, with), with, forHelpers},
			{"its parent inside, without it", inSub(p.Clinic.Admin, without), without, false},
			{"staff inside, with it", inSub(p.Sam, with), with, forHelpers},
			{"staff inside, without it", inSub(p.Sam, without), without, false},
		} {
			checked += holds(t, c.v, c.sub, routes, c.want, g.Label+", "+c.who)
			set := func(wanted ...models.Privilege) {
				t.Helper()
				shown, err := p.Accounts.Show(t.Context(), p.Clinic.Admin.Actor, c.sub.Account.ID)
				if err == nil {
					err = p.Accounts.SetPrivileges(t.Context(), p.Clinic.Admin.Actor, c.sub.Account.ID, shown.Version, wanted)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if c.want { // taken away and given back while the session is open
				set(others...)
				checked += holds(t, c.v, c.sub, routes, false, g.Label+", taken away from "+c.who)
				set(g.Privilege)
				checked += holds(t, c.v, c.sub, routes, true, g.Label+", given back to "+c.who)
			}
		}
	}
	t.Logf("%d answers", checked)
	if checked < 50 {
		t.Error("so few are no matrix")
	}
}

// PRV-4: for every part of the menu: each of its routes, and its menu entry, are there while it is full, only those that
// change nothing while it is view only, and none while it is hidden: for the sub-account's Admin, its User, and its parent
// and staff inside, in sessions that were open before. Whoever adds a route to a part has it in this matrix.
func TestFeatureMatrix(t *testing.T) {
	p := webtest.Open(t)
	var all []models.Privilege
	for _, g := range models.GrantablePrivileges {
		all = append(all, g.Privilege)
	}
	sub := p.AddActive(t, p.Clinic, "Narrowed", "narrowed@clinic.example", all...)
	p.AddUser(t, sub.Account, "narrowed.user@clinic.example", models.Member)
	id := sub.Account.ID
	visitors := map[string]*webtest.Visitor{"its Admin": p.As(t, sub), "its User": p.As(t, storetest.Person{Email: "narrowed.user@clinic.example"}),
		"its parent inside": enter(t, p, p.Clinic.Admin, paths.SubAccount(id)), "staff inside": enter(t, p, p.Sam, staffPath(p.Clinic.ID, id))}
	checked := 0
	for _, f := range models.MenuFeatures {
		var view, change []web.Route
		for _, r := range web.Routes() {
			if slices.Contains(f.View, r.Needs) {
				view = append(view, r)
			}
			if slices.Contains(f.Change, r.Needs) {
				change = append(change, r)
			}
		}
		for _, access := range []models.FeatureAccess{models.ViewAccess, models.HiddenAccess, models.FullAccess} {
			shown, err := p.Accounts.Show(t.Context(), p.Clinic.Admin.Actor, id)
			if err == nil {
				err = p.Accounts.PublishFeatureAccess(t.Context(), p.Clinic.Admin.Actor, id, shown.Version, map[string]models.FeatureAccess{f.Key: access})
			}
			if err != nil {
				t.Fatal(err)
			}
			for who, v := range visitors {
				what := fmt.Sprintf("%s %s, %s", f.Label, access, who)
				mayView, mayChange := access != models.HiddenAccess, access == models.FullAccess
				if who == "its User" && slices.Contains([]string{"billing", "store"}, f.Key) {
					mayView, mayChange = false, false // Billing & Payments is for Admins
				}
				checked += holds(t, v, sub, view, mayView, what) + holds(t, v, sub, change, mayChange, what)
			}
		}
	}
	t.Logf("%d answers", checked)
	if checked < 200 {
		t.Error("so few are no matrix")
	}
}

// holds asks for each route, and for the menu, and returns how many answers it has looked at.
func holds(t *testing.T, v *webtest.Visitor, sub storetest.Person, routes []web.Route, want bool, who string) (checked int) {
	t.Helper()
	menu := menuOf(v.Get("/").Want(http.StatusOK))
	for _, r := range routes {
		path := strings.NewReplacer(":tenant", sub.Account.TenantID.String(), ":id", sub.Account.ID.String(), ":user", sub.Actor.User.String()).Replace(r.Path)
		if r.Method == http.MethodPost {
			v.Post(path, url.Values{})
		} else {
			v.Get(path)
		}
		if got := v.Status != http.StatusForbidden && v.Status < 500 && !strings.HasPrefix(v.Path, "/sign-in"); got != want {
			t.Errorf("%s: %s %s answers %d, at %s", who, r.Method, r.Path, v.Status, v.Path)
		}
		checked++
		if r.Method == http.MethodPost || strings.Contains(r.Path, ":") || strings.HasSuffix(r.Path, ".csv") || strings.HasSuffix(r.Path, "/new") {
			continue
		}
		if got := slices.Contains(menu, r.Path); got != want && (got || isMenuEntry(r.Path)) {
			t.Errorf("%s: in the menu %v, want %v: %s", who, got, want, r.Path)
		}
		checked++
	}
	for _, href := range menu { // whatever else stands in the menu can be opened
		if v.Get(href); v.Status != http.StatusOK {
			t.Errorf("%s: the menu leads to %s, which answers %d", who, href, v.Status)
		}
		checked++
	}
	return checked
}

// isMenuEntry says whether a page is one that the menus of pages.md lead to: of one step, as /billing.
func isMenuEntry(path string) bool { return strings.Count(path, "/") == 1 }

func menuOf(v *webtest.Visitor) []string {
	var hrefs []string
	v.Page.Find("nav.side a[href]").Each(func(_ int, a *goquery.Selection) { hrefs = append(hrefs, a.AttrOr("href", "")) })
	return hrefs
}

// PRV-1: whoever is in the cast, no menu holds an entry that answers anything but a page.
func TestMenusLeadToPages(t *testing.T) {
	p := webtest.Open(t)
	p.AddUser(t, p.Clinic.Account, "user@clinic.example", models.Member)
	p.AddUser(t, p.Sam.Account, "helper@offshoot.example", models.Member)
	for _, email := range []string{p.Sam.Email, "helper@offshoot.example", p.Clinic.Admin.Email, "user@clinic.example", p.Clinic.Own.Email, p.Clinic.Shared.Email} {
		v := p.As(t, storetest.Person{Email: email})
		menu := menuOf(v)
		if len(menu) < 3 {
			t.Fatalf("%s has a menu of %v", email, menu)
		}
		for _, href := range menu {
			v.Get(href).Want(http.StatusOK)
		}
	}
}

// PRV-1: the overview shows every sub-account against the five privileges, page by page, and leads to where they change.
func TestPrivilegeOverview(t *testing.T) {
	p := webtest.Open(t)
	p.AddUser(t, p.Clinic.Account, "user@clinic.example", models.Member)
	for who, change := range map[string]bool{p.Clinic.Admin.Email: true, "user@clinic.example": false} {
		v := p.As(t, storetest.Person{Email: who}).Get("/sub-accounts").Click("Privileges").Want(http.StatusOK)
		cells := row(t, v, "North Clinic").Find("td").Map(func(_ int, c *goquery.Selection) string { return strings.TrimSpace(c.Text()) })
		if want := []string{"No", "No", "Yes", "No", "Yes"}; !slices.Equal(cells, want) {
			t.Errorf("%s reads %v, want %v", who, cells, want)
		}
		v.SeesNot("Pier One").Get("/sub-accounts/privileges?q=night").Want(http.StatusOK).Sees("Night Ward").SeesNot("North Clinic Ward")
		v.Click("Night Ward").Want(http.StatusOK)
		if got := v.Page.Find("form button[type=submit]").FilterFunction(func(_ int, b *goquery.Selection) bool { return strings.TrimSpace(b.Text()) == "Save" }).Length() == 1; got != change {
			t.Errorf("%s may change them: %v", who, got)
		}
	}
	p.As(t, p.Clinic.Own).Get("/sub-accounts/privileges").Want(http.StatusForbidden)
	off := p.AddParent(t)
	p.As(t, off.Admin).Get("/sub-accounts/privileges").Want(http.StatusOK).Sees("Their own sign-in")
}
