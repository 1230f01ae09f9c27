package pages

import (
	"context"

	"github.com/a-h/templ"

	"offshoot/views/ui"
)

// badge is how far a request has come, in a word.
func (l ConsentLine) badge() ui.Badge {
	switch {
	case l.Inside:
		return ui.Badge{Label: "In the account", Tone: ui.Info}
	case l.Open:
		return ui.Badge{Label: "Waiting"}
	case l.Given:
		return ui.Badge{Label: "Consent given", Tone: ui.Good}
	}
	return ui.Badge{Label: l.Status}
}

// since says what the badge does not: by whom, and until when.
func (l ConsentLine) since(ctx context.Context) string {
	switch {
	case l.Open:
		return "answer until " + ui.TimeText(ctx, l.Until)
	case l.Given:
		return "by " + l.DecidedBy + ", until " + ui.TimeText(ctx, l.Until)
	case l.DecidedBy != "":
		return "by " + l.DecidedBy
	}
	return ""
}

// of names a button for those who hear the page.
func (l ConsentLine) of(button string) templ.Attributes {
	return labelled(button + ": " + l.Who + ", " + l.Account)
}
