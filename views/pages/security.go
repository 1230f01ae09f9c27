package pages

import (
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// Security is what protects the reader's own sign-in.
type Security struct {
	Frame     layouts.Frame
	Settings  string // address of the page above
	Email     string
	On        bool // an authenticator app is set up
	Since     time.Time
	CodesLeft int
}

// ChangePassword is the form for the reader's own password.
type ChangePassword struct {
	Frame   layouts.Frame
	Email   string
	Back    ui.Action
	Refused *models.Error
}

// SecondFactor sets an authenticator app up: what it is, then its secret and the first code.
type SecondFactor struct {
	Frame   layouts.Frame
	Back    ui.Action
	Started bool
	Secret  string
	Code    string // as typed
	Refused *models.Error
}

// SecondFactorRemoval says what turning the authenticator app off brings about.
type SecondFactorRemoval struct {
	Frame layouts.Frame
	Back  ui.Action
	Staff bool
}

// NewRecoveryCodes offers to replace the recovery codes.
type NewRecoveryCodes struct {
	Frame layouts.Frame
	Back  ui.Action
	Left  int
}

// RecoveryCodes shows new ones, once.
type RecoveryCodes struct {
	Frame        layouts.Frame
	Installation string
	Email        string
	Codes        []string
	First        bool // the app was set up just now
}

func (p RecoveryCodes) text() string {
	return "Recovery codes of " + p.Email + " at " + p.Installation + "\nEach lets you in once instead of a code of your app.\n\n" + strings.Join(p.Codes, "\n") + "\n"
}

// file is the text as an address that the browser saves by itself: the server has forgotten the codes by then.
func (p RecoveryCodes) file() templ.SafeURL {
	return templ.SafeURL("data:text/plain;charset=utf-8," + url.PathEscape(p.text()))
}

// Sessions are the places where the reader is signed in.
type Sessions struct {
	Frame layouts.Frame
	Back  ui.Action
	Lines []SessionLine
	More  bool // there are more than the page shows
}

// SessionLine is one of them.
type SessionLine struct {
	ID       models.ID
	Device   string
	Address  string
	SignedIn time.Time
	LastUsed time.Time
	This     bool // the one that reads this page
	Waiting  bool // the password was right, and a code is awaited
}

func (p Sessions) signOutElsewhere() *ui.Action {
	if len(p.Lines) < 2 {
		return nil
	}
	return &ui.Action{Label: "Sign out everywhere else", Href: paths.SignOutElsewhere(), Post: true}
}

func (l SessionLine) note() string {
	switch {
	case l.This:
		return "This session"
	case l.Waiting:
		return "Not let in yet: a code is awaited"
	}
	return ""
}
