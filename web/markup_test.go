package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/services/identity"
	"offshoot/services/inbound"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
	"offshoot/web"
	"offshoot/web/webtest"
)

// markup is what is typed into every text field there is: a formula to a spreadsheet, the end of an attribute and an element
// to a browser.
const markup = `=1+1"'><x-mark onclick=1>`

// Always: what somebody typed into any text field of any form is text to everybody who ever sees it: no element, no
// attribute, no formula in a file. The forms are those that the pages show, so that a new one is tried without being named.
func TestStoredMarkupIsText(t *testing.T) {
	p := webtest.Open(t)
	personas := append(cast(t, p), &persona{name: "North Clinic itself", account: p.Clinic.Own.Account, open: func() identity.Token {
		in, err := p.Identity.SignIn(t.Context(), identity.SignInOrder{Email: p.Clinic.Own.Email, Password: storetest.Passphrase})
		if err != nil {
			t.Fatal(err)
		}
		return in.Token
	}})
	sent := 0
	for _, persona := range personas {
		for _, path := range persona.pages(t, p) {
			sent += persona.sendForms(t, p, path)
		}
	}
	closing := p.AddActive(t, p.Clinic, "To be closed", "closing@clinic.example")
	if _, err := p.Accounts.Deactivate(t.Context(), p.Clinic.Admin.Actor, closing.Account.ID, markup); err != nil {
		t.Fatal(err)
	}
	if sent < 18 {
		t.Fatalf("only %d forms were taken", sent)
	}
	shown, cells := 0, 0
	for _, persona := range personas {
		for _, path := range persona.pages(t, p) {
			status, body := persona.get(t, p, path)
			if status != http.StatusOK {
				continue
			}
			if strings.HasSuffix(path, ".csv") {
				cells += checkCells(t, persona.name+" "+path, body)
				continue
			}
			page, err := goquery.NewDocumentFromReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if page.Find("x-mark, [onclick]").Length() > 0 {
				t.Errorf("%s as %s: what was typed has become an element", path, persona.name)
			}
			shown += strings.Count(page.Text(), markup)
		}
	}
	if shown < 50 || cells < 5 {
		t.Errorf("it is shown only %d times, and in %d cells", shown, cells)
	}
	t.Logf("%d forms were taken, the text is shown %d times and in %d cells", sent, shown, cells)
}

// Always: what comes from a phone or a gateway is text as well: who wrote, what they wrote, what was answered, and why the
// gateway says that a message failed. Nobody typed it into a form.
func TestMarkupFromOutsideIsText(t *testing.T) {
	p := webtest.Open(t)
	ctx := t.Context()
	ward := p.AddActive(t, p.Clinic, "Day Ward", "dayward@clinic.example", models.InteractiveMessages, models.ManageAudience)
	in := inbound.New(p.Store)
	if _, err := p.Ledger.Transfer(ctx, p.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: ward.Account.ID, Amount: storetest.Euros(t, "5")}); err != nil {
		t.Fatal(err)
	}
	if _, err := in.AssignNumber(ctx, p.Sam.Actor, inbound.NumberOrder{Number: "+4915155500001", Email: ward.Email}); err != nil {
		t.Fatal(err)
	}
	if err := in.AddRule(ctx, ward.Actor, inbound.RuleOrder{Kind: models.DefaultRule, Reply: markup}); err != nil {
		t.Fatal(err)
	}
	for i, from := range []string{"+4915112340001", markup} {
		if _, err := in.Receive(ctx, gateways.Inbound{ID: markup + fmt.Sprint(i), From: from, To: "+4915155500001", Body: markup, At: p.Clock.Now()}, "simulator"); err != nil {
			t.Fatal(err)
		}
	}
	var answer string
	if err := p.Raw.QueryRow(ctx, `UPDATE messages SET problem = $1, gateway = $1, gateway_id = $1 WHERE account_id = $2 RETURNING id::text`, markup, ward.Account.ID).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	for _, who := range []storetest.Person{ward, p.Clinic.Admin} {
		signed, err := p.Identity.SignIn(ctx, identity.SignInOrder{Email: who.Email, Password: storetest.Passphrase})
		if err != nil {
			t.Fatal(err)
		}
		for path, least := range map[string]int{"/interactive": 4, "/messages": 1, "/messages/" + answer: 2, "/messages.csv": 1, "/interactive.csv": 3} {
			if who.Account.ID == p.Clinic.ID && strings.HasPrefix(path, "/interactive") {
				continue // of the account itself
			}
			status, _, body := fetch(t, p, signed.Token, http.MethodGet, path, nil)
			if status != http.StatusOK {
				t.Errorf("%s as %s: %d", path, who.Email, status)
				continue
			}
			if strings.HasSuffix(path, ".csv") {
				if cells := checkCells(t, path, body); cells < least {
					t.Errorf("%s as %s has it in %d cells", path, who.Email, cells)
				}
				continue
			}
			page, err := goquery.NewDocumentFromReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if page.Find("x-mark, [onclick]").Length() > 0 {
				t.Errorf("%s as %s: what came from outside has become an element", path, who.Email)
			}
			if n := strings.Count(page.Text(), markup); n < least {
				t.Errorf("%s as %s shows it %d times", path, who.Email, n)
			}
		}
	}
}

// pages are all addresses that the persona can ask for: of their own account, and of North Clinic where they may see it.
func (who *persona) pages(t *testing.T, p *webtest.Portal) []string {
	t.Helper()
	var paths []string
	for _, r := range web.Routes() {
		if r.Method != http.MethodGet {
			continue
		}
		paths = append(paths, who.path(t, p, r.Path, "own"))
		if other := who.path(t, p, r.Path, "clinic"); other != paths[len(paths)-1] {
			paths = append(paths, other)
		}
	}
	return append(paths, "/sub-accounts?q="+url.QueryEscape(markup), "/staff/accounts?q="+url.QueryEscape(markup), "/sign-in?next="+url.QueryEscape("/"+markup),
		"/action-log?who="+url.QueryEscape(markup), "/reports/usage?account="+url.QueryEscape(markup), "/no-such-page/"+url.PathEscape(markup))
}

func (who *persona) get(t *testing.T, p *webtest.Portal, path string) (int, string) {
	t.Helper()
	who.settle(p)
	status, _, body := fetch(t, p, who.token, http.MethodGet, path, nil, "User-Agent", markup)
	return status, body
}

// ends are the acts that would take away what the others are to be shown.
var ends = regexp.MustCompile(`/(sign-out|deletion|deactivation|access/end|disablement)$`)

// sendForms fills in every form of a page and returns how many were taken.
func (who *persona) sendForms(t *testing.T, p *webtest.Portal, path string) (taken int) {
	t.Helper()
	status, body := who.get(t, p, path)
	if status != http.StatusOK || strings.HasSuffix(path, ".csv") {
		return 0
	}
	page, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	page.Find("main form[method=post]").Each(func(i int, form *goquery.Selection) {
		action, _ := form.Attr("action")
		if ends.MatchString(action) {
			return
		}
		values, texts := fill(form, fmt.Sprintf("m%d-%d", len(path)+i, p.Count(t, "login_emails")))
		if texts == 0 {
			return
		}
		who.settle(p)
		status, _, _ := fetch(t, p, who.token, http.MethodPost, action, values, "User-Agent", markup)
		if status >= 500 {
			t.Errorf("%s as %s: %d", action, who.name, status)
		}
		if status == http.StatusSeeOther || status == http.StatusOK {
			taken++
		}
	})
	return taken
}

// fill types the markup into the text fields of a form and something that is valid into all others.
func fill(form *goquery.Selection, unique string) (values url.Values, texts int) {
	values = url.Values{}
	form.Find("input, textarea").Each(func(_ int, field *goquery.Selection) {
		name := field.AttrOr("name", "")
		kind, value := field.AttrOr("type", "text"), field.AttrOr("value", "")
		_, checked := field.Attr("checked")
		_, listed := field.Attr("list")
		switch {
		case name == "" || name == "next":
		case kind == "hidden":
			values.Set(name, value)
		case kind == "checkbox" || kind == "radio":
			if checked || kind == "checkbox" && values.Get(name) == "" {
				values.Add(name, value)
			}
		case kind == "email" || strings.Contains(name, "email"):
			values.Set(name, unique+"@example.com")
		case kind == "tel" || strings.Contains(name, "mobile"):
			values.Set(name, "+4915112345999")
		case kind == "password":
			values.Set(name, "correct horse battery staple")
		case field.AttrOr("inputmode", "") != "" || kind == "number":
			values.Set(name, "1")
		case kind == "text" || kind == "search" || goquery.NodeName(field) == "textarea":
			if listed && value != "" { // a choice, with completion
				values.Set(name, value)
				return
			}
			values.Set(name, markup)
			texts++
		}
	})
	form.Find("select").Each(func(_ int, field *goquery.Selection) {
		chosen := field.Find("option[selected]").First()
		if chosen.AttrOr("value", "") == "" {
			chosen = field.Find("option").FilterFunction(func(_ int, o *goquery.Selection) bool { return o.AttrOr("value", "") != "" }).First()
		}
		values.Set(field.AttrOr("name", ""), chosen.AttrOr("value", ""))
	})
	return values, texts
}

var figure = regexp.MustCompile(`^[+-]?[0-9][0-9.,:]*$`)

// checkCells looks for cells that a spreadsheet would run, and returns how many hold the markup.
func checkCells(t *testing.T, where, body string) (found int) {
	t.Helper()
	reader := csv.NewReader(strings.NewReader(body))
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if err != nil {
		t.Errorf("%s: %v", where, err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) && !figure.MatchString(cell) {
				t.Errorf("%s: the cell %q is a formula", where, cell)
			}
			if strings.Contains(cell, "x-mark") {
				found++
			}
		}
	}
	return found
}
