// Package layouts holds what stands around every page. web fills in one Frame per request; pages put their content
// inside App, and the few pages before sign-in inside Small.
package layouts

import (
	"slices"
	"time"

	"offshoot/models"
	"offshoot/views/ui"
)

// Frame is everything around a page's content. Addresses come filled in: this package knows none.
type Frame struct {
	Title        string // of the page; the tab shows it before the installation's name
	Installation string // name of the installation
	Accent       string // one of Accents; anything else is the first of them
	Home         string // where the installation's name leads

	Menu    []MenuEntry
	Account string   // name of the account that the pages are about
	Balance *Balance // nil where the account sees none
	Search  *ui.Search
	Person  *Person
	Access  *Access
	Notices []ui.Flash // what stands above every page until it is dealt with
	Flash   *ui.Flash  // what has just happened
}

// Accents are the colours an installation can choose from. Each was measured in both themes (AA).
var Accents = []string{"blue", "teal", "violet", "green", "plum", "graphite"}

// MenuEntry is a line of the menu.
type MenuEntry struct {
	Label   string
	Href    string
	Icon    string
	Current bool
	Count   int64 // of what waits there; 0 shows nothing
}

// Balance is the figure at the top, a link to what it is made of where the reader may see that.
type Balance struct {
	Label  string // "Available"
	Amount models.Money
	Href   string
}

// Person is who is signed in.
type Person struct {
	Name    string // the e-mail is shown alone when empty
	Email   string
	Role    string // "Admin", "Staff"
	Links   []ui.Action
	SignOut string // is posted to
}

// Access is what the bar says while a person is in an account that is not theirs (ACC-12).
type Access struct {
	Who     string        // e-mail of the person
	Account string        // the entered account
	As      string        // "support" for staff, "Admin of Northwind" for a parent's user
	Reason  string        // as given on entering
	Left    time.Duration // until it ends by itself
	Until   time.Time     // when it ends by itself
	Return  string        // is posted to
}

func (f Frame) tab() string {
	if f.Title == "" {
		return f.Installation
	}
	return f.Title + " · " + f.Installation
}

func (f Frame) accent() string {
	if slices.Contains(Accents, f.Accent) {
		return "accent-" + f.Accent
	}
	return "accent-" + Accents[0]
}

// initial is the letter in the circle that opens the person's menu.
func (p Person) initial() string {
	for _, r := range p.shown() {
		return string(r)
	}
	return "?"
}

func (p Person) shown() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Email
}
