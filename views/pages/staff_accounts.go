package pages

import (
	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (p StaffAccounts) create() *ui.Action {
	if !p.MayCreate {
		return nil
	}
	return &ui.Action{Label: "Create parent account", Href: paths.StaffNewParent(), Icon: "plus"}
}

// kept is what a search keeps of the query.
func (p StaffAccounts) kept() []ui.Hidden {
	if p.Query.Status == "" {
		return nil
	}
	return []ui.Hidden{{Name: "status", Value: string(p.Query.Status)}}
}

func (p StaffAccounts) pills() ui.Pills {
	with := func(status models.AccountStatus) string {
		return paths.StaffAccountList(models.FindQuery{Text: p.Query.Text, Status: status})
	}
	status := ui.Filter{ID: "filter-status", Label: "Status", Chosen: p.Query.Status.Label(), Remove: with("")}
	for _, s := range []models.AccountStatus{models.Active, models.Pending, models.Deactivated} {
		status.Options = append(status.Options, ui.FilterOption{Label: s.Label(), Current: s == p.Query.Status, Href: with(s)})
	}
	return ui.Pills{Filters: []ui.Filter{status}, Clear: paths.StaffAccounts()}
}

func (p StaffAccounts) pager() ui.Pager {
	var pager ui.Pager
	q := p.Query
	if q.After != "" {
		q.After = ""
		pager.First = paths.StaffAccountList(q)
	}
	if p.Next != "" {
		q.After = p.Next
		pager.Older = paths.StaffAccountList(q)
	}
	return pager
}

func (p StaffAccounts) peoplePager() ui.Pager {
	var pager ui.Pager
	q := p.Query
	if q.People != "" {
		q.People = ""
		pager.First = paths.StaffAccountList(q)
	}
	if p.People.Next != "" {
		q.People = p.People.Next
		pager.Older = paths.StaffAccountList(q)
	}
	return pager
}

// accountOf says what sort of account a person belongs to.
func accountOf(u models.FoundUser) string {
	switch u.AccountKind {
	case models.Sub:
		return "sub-account of " + u.ParentName
	case models.Operator:
		return "staff"
	}
	return ""
}

// empty says why there are no rows and what to do about it.
func (p StaffAccounts) empty() ui.Empty {
	all := &ui.Action{Label: "Clear all", Href: paths.StaffAccounts()}
	switch {
	case p.Query.Text != "" && p.Query.Status != "":
		return ui.Empty{Icon: "search", Title: "No account matches", Text: p.nothingSaid() + " among those that the filter leaves.", Action: all}
	case p.Query.Text != "":
		return ui.Empty{Icon: "search", Title: "No account matches", Text: p.nothingSaid() + ".", Action: all}
	case p.Query.Status != "":
		return ui.Empty{Icon: "search", Title: "No account matches", Text: "No parent account has the filter that is set.", Action: all}
	}
	return ui.Empty{Icon: "building", Title: "No parent accounts yet", Text: "Each business that uses this installation has a parent account of its own.", Action: p.create()}
}

func (p StaffAccounts) nothingSaid() string {
	return "Nothing has “" + p.Query.Text + "” in its name, contact, e-mail or mobile number"
}
