package pages

import (
	"github.com/a-h/templ"

	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (p ActionLog) files() []ui.Action {
	if p.Refused != nil {
		return nil
	}
	return []ui.Action{{Label: "Export CSV", Href: paths.LogFile(p.List, p.Query), Icon: "download", Download: true}}
}

func logGroups() []ui.Option {
	var options []ui.Option
	for _, g := range models.ActionGroups {
		options = append(options, ui.Option{Value: g.Key, Label: g.Label})
	}
	return options
}

func (p ActionLog) isFiltered() bool {
	q := p.Query
	return q.From != "" || q.To != "" || q.Account != "" || q.Who != "" || q.Group != ""
}

// filters are the filters in force as pills, each with the list that it leaves when removed.
func (p ActionLog) filters() []ui.Filter {
	var pills []ui.Filter
	add := func(label, chosen string, clear func(*models.LogQuery)) {
		if chosen == "" {
			return
		}
		q := p.Query
		q.Older, q.Newer = "", ""
		clear(&q)
		pills = append(pills, ui.Filter{ID: "pill-" + label, Label: label, Chosen: chosen, Remove: paths.Log(p.List, q)})
	}
	group, _ := models.ActionGroupOf(p.Query.Group)
	add("From", p.Query.From, func(q *models.LogQuery) { q.From = "" })
	add("To", p.Query.To, func(q *models.LogQuery) { q.To = "" })
	add("Account", p.Query.Account, func(q *models.LogQuery) { q.Account = "" })
	add("Who", p.Query.Who, func(q *models.LogQuery) { q.Who = "" })
	add("Action", group.Label, func(q *models.LogQuery) { q.Group = "" })
	return pills
}

func (p ActionLog) pager() templ.Component {
	q := p.Query
	q.Older, q.Newer = "", ""
	pager := ui.Pager{Back: "Newer", Onward: "Older"}
	if p.Newer != "" {
		pager.First = paths.Log(p.List, q)
		q.Newer = p.Newer
		pager.Newer, q.Newer = paths.Log(p.List, q), ""
	}
	if p.Older != "" {
		q.Older = p.Older
		pager.Older = paths.Log(p.List, q)
	}
	return pager
}

func (p ActionLog) empty() templ.Component {
	if p.isFiltered() || p.Query.Older != "" || p.Query.Newer != "" {
		return ui.Empty{Icon: "search", Title: "Nothing in the log matches", Text: "No line has the filters that are set.",
			Action: &ui.Action{Label: "Clear all", Href: p.List}}
	}
	return ui.Empty{Icon: "history", Title: "Nothing has happened yet", Text: "Every movement and every change of an account will stand here, with who did it."}
}

func transferPage(l models.LogLine) string { return paths.Transfer(l.Transfer) }

// loggedAccount is the page of the account that a line is about.
func loggedAccount(l models.LogLine, everywhere bool) string {
	switch {
	case everywhere:
		return paths.StaffAccount(l.Tenant, l.Account)
	case l.Account == l.Tenant:
		return paths.Statement()
	}
	return paths.SubAccount(l.Account)
}
