package layouts_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"github.com/shopspring/decimal"

	"offshoot/models"
	"offshoot/static"
	"offshoot/views/layouts"
	"offshoot/views/ui"
)

func page(t *testing.T, component templ.Component) *goquery.Document {
	t.Helper()
	ctx := ui.WithReader(t.Context(), ui.Reader{Country: "DE", Zone: time.FixedZone("CET", 3600)})
	content := templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<p id="content">What the page says</p>`)
		return err
	})
	var written strings.Builder
	if err := component.Render(templ.WithChildren(ctx, content), &written); err != nil {
		t.Fatal(err)
	}
	document, err := goquery.NewDocumentFromReader(strings.NewReader(written.String()))
	if err != nil {
		t.Fatal(err)
	}
	if document.Find("[style], style, script:not([src])").Length() > 0 {
		t.Error("the content security policy forbids something of it")
	}
	return document
}

func text(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

func full() layouts.Frame {
	return layouts.Frame{
		Title: "Sub-accounts", Installation: "Branchline", Accent: "teal", Home: "/home",
		Menu: []layouts.MenuEntry{
			{Label: "Dashboard", Href: "/dashboard", Icon: "layout-dashboard"}, {Label: "Sub-accounts", Href: "/sub-accounts", Icon: "users", Current: true, Count: 3},
		},
		Account: "Northwind", Balance: &layouts.Balance{Label: "Available", Amount: models.Money{Amount: decimal.RequireFromString("1234.5"), Asset: "EUR"}, Href: "/statement"},
		Search:  &ui.Search{Action: "/search", Label: "Search accounts"},
		Person:  &layouts.Person{Name: "Amara Diallo", Email: "amara@northwind.example", Role: "Admin", Links: []ui.Action{{Label: "Your settings", Href: "/settings"}}, SignOut: "/sign-out"},
		Notices: []ui.Flash{{Tone: ui.Warning, Text: "Two sub-accounts are low."}},
		Flash:   &ui.Flash{Tone: ui.Good, Text: "Saved."},
	}
}

// The name and the colour of the installation come from configuration.
func TestWhiteLabel(t *testing.T) {
	document := page(t, layouts.App(full()))
	if text(document.Find("title")) != "Sub-accounts · Branchline" || text(document.Find(".side__name")) != "Branchline" || document.Find(".side__name").AttrOr("href", "") != "/home" {
		t.Errorf("title %q, name %q", text(document.Find("title")), text(document.Find(".side__name")))
	}
	if class := document.Find("html").AttrOr("class", ""); class != "accent-teal" {
		t.Errorf("class %q", class)
	}
	odd := full()
	odd.Accent = `red" onload="x`
	if class := page(t, layouts.App(odd)).Find("html").AttrOr("class", ""); class != "accent-"+layouts.Accents[0] {
		t.Errorf("an unknown accent: class %q", class)
	}
}

func TestMenu(t *testing.T) {
	document := page(t, layouts.App(full()))
	current := document.Find("nav [aria-current=page]")
	if current.Length() != 1 || current.AttrOr("href", "") != "/sub-accounts" || text(current) != "Sub-accounts 3" {
		t.Errorf("%d current: %q", current.Length(), text(current))
	}
	if document.Find("nav#side[popover]").Length() != 1 || document.Find("button[popovertarget=side]").Length() != 1 {
		t.Error("the menu can't be opened on a phone without scripts")
	}
}

func TestTop(t *testing.T) {
	document := page(t, layouts.App(full()))
	balance := document.Find(".top__balance")
	if text(document.Find(".top__name")) != "Northwind" || text(balance) != "Available 1.234,50 EUR" || balance.AttrOr("href", "") != "/statement" {
		t.Errorf("%q: %q", text(document.Find(".top__name")), text(balance))
	}
	if document.Find(".top form[role=search][action='/search']").Length() != 1 {
		t.Error("no search")
	}
	if out := document.Find("form[method=post][action='/sign-out'] button"); text(out) != "Sign out" {
		t.Errorf("Sign out must be posted: %q", text(out))
	}
	if text(document.Find("#person-menu .menu__head")) == "" || document.Find("[data-theme-choices][hidden] [data-theme-choice]").Length() != 3 {
		t.Error("no name, or themes that do nothing without scripts")
	}
}

// BAL-2: who spends a shared balance sees none.
func TestWithoutABalance(t *testing.T) {
	frame := full()
	frame.Balance, frame.Search, frame.Person, frame.Flash, frame.Notices = nil, nil, nil, nil, nil
	document := page(t, layouts.App(frame))
	if document.Find(".money, .person, .flash, .top__search, .access").Length() != 0 {
		t.Error("something is shown that isn't there")
	}
}

// ACC-12: the bar says who is acting as whom, how long is left and why, with a way back.
func TestAccessBar(t *testing.T) {
	frame := full()
	frame.Access = &layouts.Access{Who: "sam@offshoot.example", Account: "North Clinic", As: "support", Reason: "Asked by phone <b>", Left: 24*time.Minute + 10*time.Second,
		Until: time.Date(2026, 11, 20, 9, 54, 10, 0, time.UTC), Return: "/access/end"}
	document := page(t, layouts.App(frame))
	if got := text(document.Find(".access__text")); got != "You (sam@offshoot.example) are in North Clinic as support · 24:10 left, until 10:54 CET · Asked by phone <b>" {
		t.Errorf("%q", got)
	}
	if document.Find("[data-countdown='1450']").Length() != 1 {
		t.Error("no countdown")
	}
	if back := document.Find("form[method=post][action='/access/end'] button"); text(back) != "Return" {
		t.Errorf("Return must be posted: %q", text(back))
	}
}

// Always: the keyboard skips the menu, and REP-5: the zone is named.
func TestAroundEveryPage(t *testing.T) {
	document := page(t, layouts.App(full()))
	if skip := document.Find("body > a").First(); skip.AttrOr("href", "") != "#main" || document.Find("main#main #content").Length() != 1 {
		t.Error("no way past the menu")
	}
	if text(document.Find("footer .zone-note")) != "Times in CET" {
		t.Errorf("%q", text(document.Find("footer")))
	}
	if flashes := document.Find("main .flash"); flashes.Length() != 2 || text(flashes.Last()) != "Saved." {
		t.Errorf("%q", text(flashes))
	}
	document.Find("script, link[rel=stylesheet], link[rel=icon]").Each(func(_ int, s *goquery.Selection) {
		if address := s.AttrOr("src", s.AttrOr("href", "")); !strings.HasPrefix(address, static.Prefix) {
			t.Errorf("loads %q", address)
		}
	})
}

func TestSmall(t *testing.T) {
	document := page(t, layouts.Small(layouts.Frame{Title: "Sign in", Installation: "Branchline", Flash: &ui.Flash{Text: "You are signed out."}}))
	if text(document.Find(".small-page__name")) != "Branchline" || document.Find("main #content").Length() != 1 || text(document.Find(".flash")) != "You are signed out." || document.Find("nav").Length() != 0 {
		t.Errorf("%q", text(document.Find("body")))
	}
}

func TestErrorPage(t *testing.T) {
	outside := page(t, layouts.ErrorPage{Frame: layouts.Frame{Installation: "Branchline"}, Title: "Not found", Text: "There is no such page.", RequestID: "r-1", Action: &ui.Action{Label: "To the start", Href: "/"}})
	if text(outside.Find("h1")) != "Not found" || text(outside.Find("title")) != "Not found · Branchline" || text(outside.Find("code")) != "r-1" || outside.Find("a[href='/']").Length() == 0 || outside.Find("nav").Length() != 0 {
		t.Errorf("%q", text(outside.Find("body")))
	}
	inside := page(t, layouts.ErrorPage{Frame: full(), Inside: true, Title: "Not found"})
	if inside.Find("nav#side").Length() != 1 || text(inside.Find("h1")) != "Not found" || inside.Find("code").Length() != 0 {
		t.Error("the menu is gone")
	}
}
