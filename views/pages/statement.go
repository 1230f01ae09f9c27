package pages

import (
	"github.com/a-h/templ"

	"offshoot/views/paths"
	"offshoot/views/ui"
)

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
			Action: &ui.Action{Label: "Clear all", Href: s.List}}
	case s.SpendsParents:
		return ui.Empty{Icon: "receipt", Title: "No balance of its own", Text: "What this account uses is paid by its parent account."}
	}
	return ui.Empty{Icon: "receipt", Title: "Nothing has moved yet", Text: "Every amount that comes or goes will stand here with the balance after it."}
}
