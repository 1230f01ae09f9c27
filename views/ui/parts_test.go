package ui_test

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"offshoot/views/ui"
)

func TestIconThatIsNotThere(t *testing.T) {
	var page strings.Builder
	if err := ui.Icon("no-such-icon").Render(t.Context(), &page); err == nil {
		t.Error("no error")
	}
}

func TestActions(t *testing.T) {
	page := render(t, t.Context(), ui.Menu{ID: "m", Label: "Actions for North Clinic", Actions: []ui.Action{
		{Label: "Edit", Href: "/edit"},
		{Label: "Deactivate", Href: "/suspension", Post: true, Hidden: []ui.Hidden{{Name: "version", Value: "3"}}, Confirm: "Sure?"},
		{Label: "Transfer back", Href: "/back", Why: "It has nothing."},
		{Label: "Evil", Href: "javascript:alert(1)"},
	}})
	if attribute(page.Find("button[popovertarget=m]"), "aria-label") != "Actions for North Clinic" || page.Find("#m[popover]").Length() != 1 {
		t.Error("the button does not open the menu")
	}
	if attribute(page.Find("a").First(), "href") != "/edit" {
		t.Error("no link")
	}
	form := page.Find("form[method=post][action='/suspension']")
	if attribute(form.Find("input[name=version]"), "value") != "3" || attribute(form, "data-confirm") != "Sure?" || text(form.Find("button")) != "Deactivate" {
		t.Error("what changes something must be posted")
	}
	if page.Find("a[href='/back'], form[action='/back']").Length() != 0 || !strings.Contains(text(page.Selection), "It has nothing.") {
		t.Error("what is off can be used, or does not say why")
	}
	if href := attribute(page.Find("a").Last(), "href"); strings.HasPrefix(href, "javascript:") {
		t.Errorf("leads to %q", href)
	}
	if render(t, t.Context(), ui.Menu{ID: "m", Label: "Nothing"}).Find("button").Length() != 0 {
		t.Error("a menu of nothing")
	}
}

func TestPageHead(t *testing.T) {
	count := int64(1000)
	page := render(t, reader(t, "GB", "UTC"), ui.PageHead{Title: "Sub-accounts", Count: &count, More: true, Primary: &ui.Action{Label: "Add sub-account", Href: "/new"}})
	if text(page.Find("h1")) != "Sub-accounts" || text(page.Find(".page-head__count")) != "more than 1,000" {
		t.Errorf("%q %q", text(page.Find("h1")), text(page.Find(".page-head__count")))
	}
	if page.Find(".btn--primary").Length() != 1 {
		t.Error("no primary action")
	}
}

// ACC-8: sorting is in the address, and said to screen readers.
func TestSortHeader(t *testing.T) {
	sorted := render(t, t.Context(), inTable(ui.SortHeader{Label: "Balance", Href: "?sort=-balance", Direction: "ascending", Figures: true})).Find("th")
	if attribute(sorted, "aria-sort") != "ascending" || attribute(sorted.Find("a"), "href") != "?sort=-balance" || text(sorted) != "Balance" {
		t.Errorf("%q %q", attribute(sorted, "aria-sort"), attribute(sorted.Find("a"), "href"))
	}
	if _, has := render(t, t.Context(), inTable(ui.SortHeader{Label: "Name", Href: "?sort=name"})).Find("th").Attr("aria-sort"); has {
		t.Error("an unsorted column says it is sorted")
	}
}

// ACC-8: a filter in force can be taken away alone or with all others.
func TestPills(t *testing.T) {
	filters := []ui.Filter{
		{ID: "f1", Label: "Status", Chosen: "Active", Remove: "/list?q=x", Options: []ui.FilterOption{{Label: "Active", Href: "?a", Current: true}, {Label: "Pending", Href: "?b"}}},
		{ID: "f2", Label: "Funding", Options: []ui.FilterOption{{Label: "Own balance", Href: "?c"}}},
	}
	page := render(t, t.Context(), ui.Pills{Filters: filters, Clear: "/list"})
	if remove := page.Find(".pill__remove"); remove.Length() != 1 || attribute(remove, "href") != "/list?q=x" || attribute(remove, "aria-label") != "Remove filter Status: Active" {
		t.Error("it can't be taken away")
	}
	if attribute(page.Find(".pills__clear"), "href") != "/list" || page.Find("[aria-current]").Length() != 1 {
		t.Error("no Clear all, or the value in force is not marked")
	}
	filters[0].Chosen = ""
	if render(t, t.Context(), ui.Pills{Filters: filters, Clear: "/list"}).Find(".pills__clear, .pill__remove").Length() != 0 {
		t.Error("there is nothing to clear")
	}
}

func TestSearch(t *testing.T) {
	form := render(t, t.Context(), ui.Search{Action: "/sub-accounts", Value: "north", Label: "Search sub-accounts", Hidden: []ui.Hidden{{Name: "status", Value: "active"}}, Live: "list"}).Find("form[role=search]")
	if attribute(form, "method") != "get" || attribute(form.Find("input[type=search]"), "value") != "north" || attribute(form.Find("input[name=status]"), "value") != "active" {
		t.Error("it does not work without scripts")
	}
	if attribute(form, "hx-target") != "#list" || attribute(form, "hx-select") != "#list" || attribute(form, "hx-replace-url") != "true" {
		t.Error("it does not follow the typing")
	}
	if _, live := render(t, t.Context(), ui.Search{Action: "/search", Label: "Search"}).Find("form").Attr("hx-get"); live {
		t.Error("there is no list to replace")
	}
}

func TestPager(t *testing.T) {
	page := render(t, t.Context(), ui.Pager{Newer: "?before=1", Older: "?after=2", Onward: "Older"})
	if attribute(page.Find("a[rel=next]"), "href") != "?after=2" || text(page.Find("a[rel=next]")) != "Older" || text(page.Find("a[rel=prev]")) != "Previous" {
		t.Error("wrong links")
	}
	if render(t, t.Context(), ui.Pager{}).Find("nav").Length() != 0 {
		t.Error("pages of one page")
	}
}

func TestBadge(t *testing.T) {
	for label, class := range map[string]string{"Active": "badge--good", "Pending": "badge--warning", "Failed": "badge--bad"} {
		if !render(t, t.Context(), ui.Badge{Label: label}).Find(".badge").HasClass(class) {
			t.Errorf("%s is not %s", label, class)
		}
	}
	if class := attribute(render(t, t.Context(), ui.Badge{Label: "Something"}).Find(".badge"), "class"); class != "badge" {
		t.Errorf("an unknown state is %q", class)
	}
}

func TestBars(t *testing.T) {
	for _, c := range []struct {
		used, of, value, class string
	}{
		{"60", "100", "600", "bar"}, {"0", "100", "0", "bar"}, {"90", "100", "900", "bar bar--nearly"}, {"100", "100", "1000", "bar bar--full"},
		{"120", "100", "1000", "bar bar--full"}, {"5", "0", "0", "bar"}, {"-5", "100", "0", "bar"},
	} {
		page := render(t, t.Context(), ui.MoneyBar(t.Context(), "Limit", money(c.used, "EUR"), money(c.of, "EUR")))
		if value, class := attribute(page.Find("progress"), "value"), attribute(page.Find(".bar"), "class"); value != c.value || class != c.class {
			t.Errorf("%s of %s: %s, %s", c.used, c.of, value, class)
		}
	}
	page := render(t, reader(t, "DE", "UTC"), ui.MoneyBar(reader(t, "DE", "UTC"), "Limit of North Clinic", money("1234.5", "EUR"), money("2000", "EUR")))
	if text(page.Find(".bar__text")) != "1.234,50 of 2.000,00 EUR" || attribute(page.Find("progress"), "aria-label") != "Limit of North Clinic" {
		t.Errorf("%q", text(page.Selection))
	}
}

// The parts of a whole fill it to the end: what rounding takes from one the next gets.
func TestSplitBarHasNoGap(t *testing.T) {
	third := decimal.NewFromInt(1)
	page := render(t, t.Context(), ui.SplitBar{Label: "Units", Parts: []ui.BarPart{{Label: "Used", Amount: third, Text: "1"}, {Label: "Shared", Amount: third, Text: "1"}, {Label: "Left", Amount: third, Text: "1"}}})
	var got []string
	for i := range 3 {
		part := page.Find(".split-bar__track rect").Eq(i)
		got = append(got, attribute(part, "x")+"+"+attribute(part, "width"))
	}
	if strings.Join(got, " ") != "0+333 333+333 666+334" {
		t.Errorf("%v", got)
	}
	if text(page.Find("dt").First()) != "Used" || render(t, t.Context(), ui.SplitBar{Label: "Nothing"}).Find("rect").Length() != 0 {
		t.Error("wrong parts")
	}
}

// BAL-1: both sides before and after, as the server worked it out, and what a script needs to follow the typing.
func TestBeforeAfter(t *testing.T) {
	after := money("75", "EUR")
	ctx := reader(t, "IN", "UTC")
	page := render(t, ctx, ui.BeforeAfter{Amount: ui.FieldID("amount"), Sides: []ui.Side{{Label: "Yours", Before: money("100", "EUR"), After: &after}, {Label: "Theirs", Before: money("0.5", "JOD"), Gains: true}}})
	table := page.Find("table")
	if attribute(table, "data-before-after") != "field-amount" || attribute(table, "data-sizes") != "3 2" || attribute(table, "data-group") != "," || attribute(table, "data-point") != "." {
		t.Error("a script can't follow")
	}
	rows := page.Find("tbody tr")
	if text(rows.First().Find("[data-after]")) != "75.00 EUR" || attribute(rows.First(), "data-before") != "100.00" || attribute(rows.Last(), "data-decimals") != "3" || text(rows.Last().Find("[data-after]")) != "—none" {
		t.Errorf("%q", text(page.Selection))
	}
	if _, gains := rows.First().Attr("data-gains"); gains {
		t.Error("the giver gains")
	}
	if _, gains := rows.Last().Attr("data-gains"); !gains {
		t.Error("the taker does not gain")
	}
}

// REP-1: a chart is a table first.
func TestChartTable(t *testing.T) {
	chart := ui.ChartTable{Title: "Usage of 30 days", First: "Day", Series: []ui.Series{{Name: "Cost", Unit: "EUR"}, {Name: "Before", Behind: true}},
		Rows: []ui.ChartRow{{Label: "1 Mar 2026", Short: "1 Mar", Values: []ui.ChartValue{{Text: "1,234.50", Exact: "1234.50"}, {Text: "0.00", Exact: "0"}}}}, Total: []string{"1,234.50", "0.00"}}
	page := render(t, t.Context(), chart)
	if text(page.Find("caption")) != "Usage of 30 days" || text(page.Find("thead")) != "DayCost (EUR)Before" || text(page.Find("tbody")) != "1 Mar 20261,234.500.00" || text(page.Find("tfoot")) != "Total1,234.500.00" {
		t.Errorf("%q", text(page.Selection))
	}
	if attribute(page.Find("tbody td").First(), "data-value") != "1234.50" || attribute(page.Find("tbody th"), "data-short") != "1 Mar" || page.Find("th[data-behind]").Length() != 1 {
		t.Error("it can't be drawn")
	}
	if _, hidden := page.Find("[data-chart-picture]").Attr("hidden"); !hidden {
		t.Error("without scripts an empty picture shows")
	}
}

// An e-mail may break behind its @, and reads and copies as it is.
func TestEmail(t *testing.T) {
	for address, before := range map[string]string{"lena@northclinic.example": "lena@", `"a@b"@x.example`: `"a@b"@`, "none": ""} {
		page := render(t, t.Context(), ui.Email(address)).Find("span")
		if page.Text() != address {
			t.Errorf("%s reads %q", address, page.Text())
		}
		if got := page.Contents().First().Text(); got != before {
			t.Errorf("%s may break behind %q, want %q", address, got, before)
		}
	}
}
