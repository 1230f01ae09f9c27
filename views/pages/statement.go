package pages

import (
	"context"

	"github.com/a-h/templ"

	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (s Statement) packages() []ui.Option {
	options := make([]ui.Option, len(s.Packages))
	for i, p := range s.Packages {
		options[i] = ui.Option{Value: p.ID.String(), Label: "Units of " + p.Name}
	}
	return options
}

func (s Statement) explainedTitle() string {
	if s.Package != "" {
		return "Units of " + s.Package + " on"
	}
	return "Balance on"
}

// clockNote says what was odd about the time that was asked for, on a night when clocks were changed.
func (s Statement) clockNote(ctx context.Context) string {
	switch {
	case s.Query.At == "":
		return ""
	case s.Clock.Skipped:
		return "The clocks were put forward and left this time out. Shown is the moment when they were."
	case s.Clock.First != nil && s.Query.First:
		return "The clocks were put back, so this time came twice. Shown is the first, " + ui.TimeText(ctx, *s.Clock.First) + "."
	case s.Clock.First != nil:
		return "The clocks were put back, so this time came twice. Shown is the second, " + ui.TimeText(ctx, s.Clock.At) + "."
	}
	return ""
}

// otherTime leads to the other of two moments that a clock showed as the same time.
func (s Statement) otherTime() (href, label string) {
	if s.Clock.First == nil {
		return "", ""
	}
	q := s.Query
	q.First, label = !q.First, "Show the first"
	if s.Query.First {
		label = "Show the second"
	}
	return paths.StatementOf(s.List, q), label
}

func entriesText(ctx context.Context, n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return ui.CountText(ctx, n) + " entries"
}

func (s Statement) files() []ui.Action {
	if s.Refused != nil {
		return nil
	}
	return []ui.Action{{Label: "Export CSV", Href: paths.StatementFile(s.List, s.Query), Icon: "download", Download: true}}
}

func (s Statement) pager() templ.Component {
	q := s.Query
	q.Older, q.Newer = "", ""
	pager := ui.Pager{Back: "Newer", Onward: "Older"}
	if s.Newer != "" {
		pager.First = paths.StatementOf(s.List, q)
		q.Newer = s.Newer
		pager.Newer, q.Newer = paths.StatementOf(s.List, q), ""
	}
	if s.Older != "" {
		q.Older = s.Older
		pager.Older = paths.StatementOf(s.List, q)
	}
	return pager
}

func (s Statement) empty() templ.Component {
	q := s.Query
	switch {
	case q.From != "" || q.To != "" || q.Older != "" || q.Newer != "":
		return ui.Empty{Icon: "search", Title: "No entry in this period", Text: "Nothing moved on these days.",
			Action: &ui.Action{Label: "Clear all", Href: paths.StatementOf(s.List, models.StatementQuery{Package: q.Package})}}
	case s.Package != "":
		return ui.Empty{Icon: "receipt", Title: "Nothing has moved yet", Text: "Units that come or go will stand here with what is left after them."}
	case s.SpendsParents:
		return ui.Empty{Icon: "receipt", Title: "No balance of its own", Text: "What this account uses is paid by its parent account."}
	}
	return ui.Empty{Icon: "receipt", Title: "Nothing has moved yet", Text: "Every amount that comes or goes will stand here with the balance after it."}
}
