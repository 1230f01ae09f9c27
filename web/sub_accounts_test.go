package web_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// names are the names in the list of sub-accounts, from the top.
func names(v *webtest.Visitor) []string {
	return v.Page.Find("#sub-accounts tbody th").Map(func(_ int, cell *goquery.Selection) string { return strings.TrimSpace(cell.Text()) })
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// addSub adds a Pending sub-account to the clinic, without its form.
func addSub(t testing.TB, p *webtest.Portal, name string, funding models.Funding) models.Account {
	t.Helper()
	a, err := p.Accounts.AddSubAccount(context.Background(), p.Clinic.Admin.Actor, accounts.SubAccountOrder{Details: accounts.Details{AccountName: name,
		ContactName: "Contact", Email: models.NewID().String() + "@added.example", Mobile: "+4915112345699", Country: "DE", TimeZone: "Europe/Berlin"},
		Funding: funding, Method: models.ByLink})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// give moves an amount to one of the clinic's sub-accounts.
func give(t testing.TB, p *webtest.Portal, sub models.Account, amount string) models.Transfer {
	t.Helper()
	posted, err := p.Ledger.Transfer(context.Background(), p.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: sub.ID, Amount: storetest.Euros(t, amount)})
	if err != nil {
		t.Fatal(err)
	}
	return posted
}

// ACC-8: the list searches, filters and sorts by its address alone, and shows nobody else's accounts.
func TestSubAccountList(t *testing.T) {
	p := webtest.Open(t)
	addSub(t, p, "East Pharmacy", models.OwnBalance)
	give(t, p, p.Clinic.Own.Account, "12.50")
	v := p.As(t, p.Clinic.Admin)

	for _, c := range []struct {
		query string
		want  []string
	}{
		{"", []string{"East Pharmacy", "Night Ward", "North Clinic"}},
		{"?sort=-name", []string{"North Clinic", "Night Ward", "East Pharmacy"}},
		{"?sort=-balance&status=active", []string{"North Clinic", "Night Ward"}},
		{"?q=WARD", []string{"Night Ward", "North Clinic"}}, // ward@clinic.example too
		{"?q=12345672", []string{"North Clinic"}},
		{"?status=pending", []string{"East Pharmacy"}},
		{"?funding=shared", []string{"Night Ward"}},
		{"?funding=own&status=active&q=clinic", []string{"North Clinic"}},
		{"?status=deleted&funding=none&sort=password_hash", []string{"East Pharmacy", "Night Ward", "North Clinic"}},
	} {
		same(t, c.query, names(v.Get("/sub-accounts"+c.query).Want(200)), c.want)
	}
	if count := v.Get("/sub-accounts").Page.Find(".page-head__count").Text(); strings.TrimSpace(count) != "3" {
		t.Errorf("the head counts %q", count)
	}
	v.Sees("12,50 EUR", "+49 1511 2345672").Click("North Clinic").Want(200).Sees("ward@clinic.example")

	for _, harbor := range []string{"Pier", "harbor.example", "+8190"} {
		v.Get("/sub-accounts?q="+url.QueryEscape(harbor)).Want(200).Sees("No sub-account matches", "Clear all").SeesNot("Pier One")
	}
	if got := v.Get("/sub-accounts?sort=-balance").Page.Find("th[aria-sort]"); got.Length() != 1 || got.AttrOr("aria-sort", "") != "descending" || !strings.Contains(got.Text(), "Balance") {
		t.Errorf("sorted column: %q", got.Text())
	}
}

// ACC-8: a long list is read page by page, forwards and backwards, in any order, and every account stands on one page.
func TestSubAccountPages(t *testing.T) {
	p := webtest.Open(t)
	for i := range 52 {
		a := addSub(t, p, fmt.Sprintf("Ward %02d", i), models.OwnBalance)
		if i%4 == 0 {
			give(t, p, a, fmt.Sprint(1+i%3))
		}
	}
	v := p.As(t, p.Clinic.Admin)
	for _, sort := range []string{"name", "-name", "email", "-mobile", "status", "-funding", "balance", "-balance", "last_login", "-last_login", "-last_activity"} {
		first := names(v.Get("/sub-accounts?sort=" + sort).Want(200))
		second := names(v.Click("Next").Want(200))
		if len(first) != 50 || len(second) != 4 {
			t.Fatalf("%s: pages of %d and %d", sort, len(first), len(second))
		}
		all := slices.Concat(first, second)
		slices.Sort(all)
		if len(slices.Compact(all)) != 54 {
			t.Errorf("%s: an account stands on both pages", sort)
		}
		same(t, sort+", back", names(v.Click("Previous").Want(200)), first)
	}
}

// ACC-8, bad input: cursors that were made up, or made for another order, are none.
func TestSubAccountListBadAddresses(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Clinic.Admin)
	id := p.Clinic.Own.Account.ID.String()
	for _, key := range []string{`"x"`, `"\u0000"`, `"1e400"`, `"99999999999999999999"`, `"2026-13-45"`, `"infinity"`, `null`, `5`} {
		cursor := url.QueryEscape(encode(`{"Key":` + key + `,"ID":"` + id + `"}`))
		for _, sort := range []string{"name", "balance", "last_login", "last_activity"} {
			v.Get("/sub-accounts?sort=" + sort + "&after=" + cursor).Want(200)
			v.Get("/sub-accounts?sort=-" + sort + "&before=" + cursor).Want(200)
		}
	}
	for _, query := range []string{"?after=%00", "?before=zzz", "?q=%00%ff", "?q=%25", "?q=_", "?q=" + strings.Repeat("a", 5000), "?sort=-", "?status='", "?sort=name;DROP"} {
		v.Get("/sub-accounts" + query).Want(200)
	}
}

// Always, REP-2: names with markup are text on the page, names that are formulas are text in the file.
func TestSubAccountNames(t *testing.T) {
	p := webtest.Open(t)
	for _, name := range []string{`<b>Bold</b> & "Co"`, "=SUM(A1)", "@cmd|' /C calc'!A0", "-2+3", "مستشفى ١"} {
		addSub(t, p, name, models.OwnBalance)
	}
	v := p.As(t, p.Clinic.Admin).Get("/sub-accounts").Want(200).Sees(`<b>Bold</b> & "Co"`, "=SUM(A1)")
	if strings.Contains(v.Body, "<b>Bold") {
		t.Error("the page has the markup of a name")
	}
	v.Get("/sub-accounts.csv").Want(200)
	for _, row := range rowsOf(t, v)[1:] {
		if strings.ContainsAny(row[0][:1], "=+-@") {
			t.Errorf("a spreadsheet takes %q for a formula", row[0])
		}
	}
}

// REP-2: the file has the columns of the house, and exactly the accounts that the list's filter finds.
func TestSubAccountDetailsFile(t *testing.T) {
	p := webtest.Open(t)
	give(t, p, p.Clinic.Own.Account, "30.00")
	if _, err := p.Ledger.TransferBack(context.Background(), p.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: p.Clinic.Own.Account.ID, Amount: storetest.Euros(t, "4.75")}); err != nil {
		t.Fatal(err)
	}
	v := p.As(t, p.Clinic.Admin).Get("/sub-accounts?funding=own&sort=-balance").Click("Export details").Want(200)
	same(t, "head", rowsOf(t, v)[0], []string{"Name", "Email", "Mobile number", "Status", "Sharing balance", "Remaining balance", "Remaining units"})
	if rows := rowsOf(t, v); len(rows) != 2 || rows[1][0] != "North Clinic" || rows[1][2] != "+4915112345672" || !strings.HasPrefix(rows[1][4], "25.25") || !strings.HasPrefix(rows[1][5], "25.25") {
		t.Errorf("rows: %q", rows)
	}
	if name := v.Header.Get("Content-Disposition"); !strings.Contains(name, "offshoot-sub-accounts_north-clinic-group_2026-11-20_Europe-Berlin.csv") {
		t.Errorf("file name: %s", name)
	}
	if rows := rowsOf(t, v.Get("/sub-accounts.csv?q=nobody").Want(200)); len(rows) != 1 {
		t.Errorf("rows of an empty list: %q", rows)
	}
}

func rowsOf(t *testing.T, v *webtest.Visitor) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(v.Body)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v: %s", v.Path, err, v.Body)
	}
	return rows
}

// ACC-1: until the feature is on, the pages say what it is and lead to the Store.
func TestSubAccountsOff(t *testing.T) {
	p := webtest.Open(t)
	if _, err := p.Raw.Exec(context.Background(), `UPDATE accounts SET sub_accounts_enabled = NULL WHERE id = $1`, p.Clinic.ID); err != nil {
		t.Fatal(err)
	}
	v := p.As(t, p.Clinic.Admin)
	for _, path := range []string{"/sub-accounts", "/sub-accounts/new"} {
		v.Get(path).Want(200).Sees("Sub-accounts are not enabled yet").SeesNot("Add sub-account").Click("Enable in the Store").Want(200).Sees("Store")
	}
}

// PRV-1: whoever may only look is offered nothing else, and what they send by hand is refused.
func TestSubAccountsForMembers(t *testing.T) {
	p := webtest.Open(t)
	p.AddUser(t, p.Clinic.Account, "user@clinic.example", models.Member)
	v := p.As(t, storetest.Person{Email: "user@clinic.example"})
	v.Get("/sub-accounts").Want(200).Sees("North Clinic").SeesNot("Add sub-account", "Access account", "Transfer balance")
	page := "/sub-accounts/" + p.Clinic.Own.Account.ID.String()
	for _, tab := range []string{"", "/balance", "/privileges", "/activity"} {
		v.Get(page + tab).Want(200)
		if offered := v.Page.Find("main form[method=post], main a[href$='/access'], main a[href$='/edit'], main a[href$='/new']"); offered.Length() > 0 {
			t.Errorf("%s offers %s", v.Path, offered.Text())
		}
	}
	for _, form := range []string{"/new", "/" + p.Clinic.Own.Account.ID.String() + "/edit", "/" + p.Clinic.Own.Account.ID.String() + "/transfers/new"} {
		v.Get("/sub-accounts" + form).Want(403)
	}
	v.Post(page+"/transfers", url.Values{"amount": {"1"}, "key": {models.NewID().String()}}).Want(403)
}
