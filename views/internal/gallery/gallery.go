// Package gallery holds made-up pages that show every component, to be looked at and measured by its tests. Nothing of
// the portal imports it.
package gallery

import (
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/shopspring/decimal"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/ui"
)

var now = time.Date(2026, 3, 18, 14, 5, 9, 0, time.UTC)

// Pages are the made-up pages by their paths.
func Pages() map[string]templ.Component {
	return map[string]templ.Component{
		"/dashboard":     dashboard(frame("Dashboard")),
		"/sub-accounts":  list(frame("Sub-accounts"), people()),
		"/no-match":      noMatch(frame("Sub-accounts")),
		"/first-use":     firstUse(frame("Sub-accounts")),
		"/new":           newSubAccount(frame("Sub-accounts"), nil),
		"/refused":       newSubAccount(frame("Sub-accounts"), refusals),
		"/north-clinic":  account(accessed("Sub-accounts")),
		"/kit":           kit(frame("Settings")),
		"/sign-in":       signIn(layouts.Frame{Title: "Sign in", Installation: "Offshoot", Home: "/"}),
		"/not-found":     layouts.ErrorPage{Frame: frame("Dashboard"), Inside: true, Title: "Not found", Text: "There is no such page, or it is not yours to see.", RequestID: "019c2f7e-66b1", Action: &ui.Action{Label: "To the dashboard", Href: "/dashboard"}},
		"/error-outside": layouts.ErrorPage{Frame: layouts.Frame{Installation: "Offshoot"}, Title: "Something went wrong", Text: "It was not your doing. Try again in a moment.", RequestID: "019c2f7e-66b1"},
	}
}

// Found is the list with the people whose name has the text.
func Found(text string) templ.Component {
	matching := slices.DeleteFunc(people(), func(p person) bool { return !strings.Contains(strings.ToLower(p.name), text) })
	return list(frame("Sub-accounts"), matching)
}

// Accents are the dashboard in each colour an installation can have.
func Accents() map[string]templ.Component {
	pages := map[string]templ.Component{}
	for _, accent := range layouts.Accents {
		f := accessed("Dashboard")
		f.Accent = accent
		pages["/accent-"+accent] = kit(f)
	}
	return pages
}

func frame(current string) layouts.Frame {
	entries := []layouts.MenuEntry{
		{Label: "Dashboard", Href: "/dashboard", Icon: "layout-dashboard"},
		{Label: "Sub-accounts", Href: "/sub-accounts", Icon: "users", Count: 3},
		{Label: "Account usage", Href: "/usage", Icon: "package"},
		{Label: "Reports", Href: "/reports/usage", Icon: "chart-bar"},
		{Label: "Action log", Href: "/action-log", Icon: "history"},
		{Label: "Billing", Href: "/statement", Icon: "receipt"},
		{Label: "Store", Href: "/store", Icon: "building-store"},
		{Label: "Settings", Href: "/kit", Icon: "settings"},
	}
	for i := range entries {
		entries[i].Current = entries[i].Label == current
	}
	return layouts.Frame{
		Title: current, Installation: "Offshoot", Home: "/dashboard", Menu: entries, Account: "Northwind Health",
		Balance: &layouts.Balance{Label: "Available", Amount: eur("12480.55"), Href: "/statement"},
		Search:  &ui.Search{Action: "/search", Label: "Search accounts", Placeholder: "Search"},
		Person: &layouts.Person{Name: "Amara Diallo", Email: "amara@northwind.example", Role: "Admin", SignOut: "/sign-out",
			Links: []ui.Action{{Label: "Your settings", Href: "/settings", Icon: "user"}}},
	}
}

func accessed(current string) layouts.Frame {
	f := frame(current)
	f.Access = &layouts.Access{Who: "sam@offshoot.example", Account: "North Clinic", As: "support", Left: 24*time.Minute + 10*time.Second, Reason: "Asked why the transfer of 12 March is missing", Return: "/access/end"}
	f.Flash = &ui.Flash{Tone: ui.Good, Text: "25.00 EUR transferred to North Clinic."}
	return f
}

func eur(text string) models.Money {
	return models.Money{Amount: decimal.RequireFromString(text), Asset: "EUR"}
}

type person struct {
	name, email, mobile, status, funding string
	balance                              models.Money
	used, of                             string
	login                                *time.Time
}

func people() []person {
	at := func(d time.Duration) *time.Time { t := now.Add(-d); return &t }
	return []person{
		{"North Clinic", "office@north-clinic.example", "+49 30 901820", "Active", "Own balance", eur("1204.50"), "60.00", "100.00", at(3 * time.Hour)},
		{"Harbour Dental", "hello@harbourdental.example", "+49 40 339912", "Active", "Shared balance", eur("0"), "", "", at(26 * time.Hour)},
		{"East Pharmacy", "east@pharmacy.example", "+49 341 55230", "Pending", "Own balance", eur("0"), "", "", nil},
		{"Lakeside Physiotherapy and Rehabilitation Centre", "reception@lakeside-physio.example", "+49 7531 88012", "Active", "Own balance", eur("88.10"), "95.20", "100.00", at(9 * 24 * time.Hour)},
		{"Old Town Practice", "oldtown@practice.example", "+49 89 2201", "Deactivated", "Own balance", eur("0"), "100.00", "100.00", at(50 * 24 * time.Hour)},
		{"Westend Lab", "lab@westend.example", "+49 69 7781", "Active", "Own balance", eur("-12.40"), "", "", at(20 * time.Minute)},
	}
}

var refusals = map[string]string{
	"name":   "Another of your sub-accounts has this name.",
	"email":  "This e-mail belongs to a user already.",
	"mobile": "This is not a mobile number of Germany.",
	"amount": "You have 12,480.55 EUR available.",
}

func days() []ui.ChartRow {
	var rows []ui.ChartRow
	for i := range 30 {
		day := now.AddDate(0, 0, i-29)
		this := decimal.NewFromInt(int64(40 + (i*37)%61 + i)).Div(decimal.NewFromInt(1))
		last := decimal.NewFromInt(int64(35 + (i*53)%57))
		rows = append(rows, ui.ChartRow{Label: day.Format("2 Jan 2006"), Short: day.Format("2 Jan"), Values: []ui.ChartValue{
			{Text: this.StringFixed(2), Exact: this.StringFixed(2)}, {Text: last.StringFixed(2), Exact: last.StringFixed(2)},
		}})
	}
	return rows
}
