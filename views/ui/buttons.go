package ui

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// Button submits the form it stands in, or the one named by Form.
type Button struct {
	Label      string
	Icon       string // name of an icon before the label
	Primary    bool   // at most one on a page
	Danger     bool   // what it does can't be undone
	Quiet      bool   // without a border, for what is rarely wanted
	Small      bool
	IconOnly   bool   // the label is for screen readers and the tooltip
	Name       string // sent with the form when this button is the one pressed
	Value      string
	Form       string // id of the form, where the button stands outside
	Formaction string // another address than the form's
	Why        string // not empty: the button is off, and this says why
	Attributes templ.Attributes
}

func (b Button) Render(ctx context.Context, w io.Writer) error { return b.view().Render(ctx, w) }

// LinkButton is a link that looks like a button: it leads somewhere and changes nothing.
type LinkButton struct {
	Label      string
	Href       string
	Icon       string
	Primary    bool
	Danger     bool
	Quiet      bool
	Small      bool
	IconOnly   bool
	Download   bool   // the address answers with a file
	Dialog     string // id of the Dialog that opens instead where scripts run
	Attributes templ.Attributes
}

func (l LinkButton) Render(ctx context.Context, w io.Writer) error { return l.view().Render(ctx, w) }

// CopyButton copies a text; without scripts it isn't there.
type CopyButton struct {
	Text  string
	Label string // "Copy" when empty; say what is copied where several stand together
}

func (c CopyButton) Render(ctx context.Context, w io.Writer) error { return c.view().Render(ctx, w) }

// Action is an entry of a Menu or of a page's head: a link, or a form of one button when Post is set.
type Action struct {
	Label    string
	Href     string
	Icon     string
	Post     bool     // posts to Href instead of leading there
	Hidden   []Hidden // what is posted along
	Danger   bool
	Download bool
	Dialog   string // id of the Dialog that opens instead of following Href, where scripts run
	Confirm  string // question asked before posting, where scripts run: only for what can be undone
	Why      string // not empty: the action is off, and this says why
}

// Hidden is a hidden field.
type Hidden struct{ Name, Value string }

func (h Hidden) Render(ctx context.Context, w io.Writer) error { return h.view().Render(ctx, w) }

// Menu is a button that opens a list of actions. It needs no scripts.
type Menu struct {
	ID      string // unique on the page
	Label   string // what the menu is about: "Actions for North Clinic"
	Text    string // on the button beside the icon; "" shows three dots alone
	Icon    string // instead of the three dots
	Actions []Action
}

func (m Menu) Render(ctx context.Context, w io.Writer) error { return m.view().Render(ctx, w) }

func buttonClass(primary, danger, quiet, small, iconOnly bool) string {
	class := "btn"
	switch {
	case primary && danger:
		class += " btn--danger"
	case primary:
		class += " btn--primary"
	case danger:
		class += " btn--danger-outline"
	case quiet:
		class += " btn--quiet"
	}
	if small {
		class += " btn--small"
	}
	if iconOnly {
		class += " btn--icon"
	}
	return class
}
