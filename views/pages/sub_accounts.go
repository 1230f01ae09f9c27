package pages

import (
	"context"
	"maps"
	"slices"

	"github.com/a-h/templ"

	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// SubAccountRights are what the reader may do with sub-accounts beyond looking at them.
type SubAccountRights struct {
	Manage bool
	Access bool
}

// Any says whether there is anything to do.
func (r SubAccountRights) Any() bool { return r.Manage || r.Access }

func (p SubAccounts) head() templ.Component {
	head := ui.PageHead{Title: "Sub-accounts"}
	if !p.isFirstUse() {
		head.Count, head.More = &p.List.Count, p.List.More
		head.Others = []ui.Action{
			{Label: "Export details", Href: paths.SubAccountsFile(p.Query), Icon: "download", Download: true},
			{Label: "Action log", Href: paths.ActionLog(), Icon: "history"},
		}
		head.Menu = []ui.Action{{Label: "Privileges", Href: paths.PrivilegeOverview(models.AccountQuery{}), Icon: "shield-lock"},
			{Label: "Month start", Href: paths.MonthStart(models.MonthQuery{}), Icon: "calendar"}}
		if p.May.Manage {
			head.Primary = addSubAccount()
		}
	}
	return head
}

func addSubAccount() *ui.Action {
	return &ui.Action{Label: "Add sub-account", Href: paths.NewSubAccount(), Icon: "plus"}
}

// isFirstUse says whether there is nothing at all, whatever one looks for.
func (p SubAccounts) isFirstUse() bool {
	q := p.Query
	return p.List.Count == 0 && q.Search == "" && q.Status == "" && q.Funding == ""
}

// first is the same list from its first page.
func (p SubAccounts) first() models.AccountQuery {
	q := p.Query
	q.After, q.Before = "", ""
	return q
}

// kept is what a search keeps of the query.
func (p SubAccounts) kept() []ui.Hidden {
	var kept []ui.Hidden
	q := p.first()
	q.Search = ""
	fields := paths.SubAccountFields(q)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		kept = append(kept, ui.Hidden{Name: name, Value: fields[name]})
	}
	return kept
}

// sort is the head of a column. What is of interest at its greatest comes first that way round: balances, units and times.
func (p SubAccounts) sort(label, column string) templ.Component {
	q := p.first()
	head := ui.SortHeader{Label: label, Figures: column == "balance" || column == "units"}
	fromTop := column == "balance" || column == "units" || column == "last_login" || column == "last_activity"
	switch {
	case p.List.Sorted == column && q.Desc:
		head.Direction, q.Desc = "descending", false
	case p.List.Sorted == column:
		head.Direction, q.Desc = "ascending", true
	default:
		q.Desc = fromTop
	}
	q.Sort = column
	head.Href = paths.SubAccountList(q)
	return head
}

func (p SubAccounts) pills() templ.Component {
	status := ui.Filter{ID: "filter-status", Label: "Status", Chosen: p.Query.Status.Label(), Remove: p.with(func(q *models.AccountQuery) { q.Status = "" })}
	for _, s := range []models.AccountStatus{models.Active, models.Pending, models.Deactivated} {
		status.Options = append(status.Options, ui.FilterOption{Label: s.Label(), Current: s == p.Query.Status,
			Href: p.with(func(q *models.AccountQuery) { q.Status = s })})
	}
	funding := ui.Filter{ID: "filter-funding", Label: "Funding", Chosen: p.Query.Funding.Label(), Remove: p.with(func(q *models.AccountQuery) { q.Funding = "" })}
	for _, f := range models.Fundings {
		funding.Options = append(funding.Options, ui.FilterOption{Label: f.Label(), Current: f == p.Query.Funding,
			Href: p.with(func(q *models.AccountQuery) { q.Funding = f })})
	}
	return ui.Pills{Filters: []ui.Filter{status, funding}, Clear: p.cleared()}
}

// with is the address of the list with another filter, from its first page.
func (p SubAccounts) with(change func(*models.AccountQuery)) string {
	q := p.first()
	change(&q)
	return paths.SubAccountList(q)
}

// cleared is the address of the list without search and filters, sorted as it is.
func (p SubAccounts) cleared() string {
	return paths.SubAccountList(models.AccountQuery{Sort: p.Query.Sort, Desc: p.Query.Desc})
}

func (p SubAccounts) pager() templ.Component {
	var pager ui.Pager
	q := p.first()
	if p.List.Newer != "" {
		pager.First = paths.SubAccountList(q)
		q.Before = p.List.Newer
		pager.Newer, q.Before = paths.SubAccountList(q), ""
	}
	if p.List.Older != "" {
		q.After = p.List.Older
		pager.Older = paths.SubAccountList(q)
	}
	return pager
}

// empty says why there are no rows and what to do about it.
func (p SubAccounts) empty() templ.Component {
	switch {
	case p.isFirstUse():
		e := ui.Empty{Icon: "users", Title: "No sub-accounts yet", Text: "Give each department, team member or client an account of its own, with its own sign-in, privileges and balance."}
		if p.May.Manage {
			e.Action = addSubAccount()
		}
		return e
	case p.List.Count > 0:
		return ui.Empty{Icon: "list-details", Title: "The list ends before this page", Text: "Sub-accounts were removed since you opened it.",
			Action: &ui.Action{Label: "First page", Href: paths.SubAccountList(p.first())}}
	}
	return ui.Empty{Icon: "search", Title: "No sub-account matches", Text: p.nothingSaid(),
		Action: &ui.Action{Label: "Clear all", Href: p.cleared()}}
}

func (p SubAccounts) nothingSaid() string {
	if p.Query.Search == "" {
		return "No sub-account has the filters that are set."
	}
	said := "Nothing has “" + p.Query.Search + "” in its name, contact, e-mail or mobile number"
	if p.Query.Status != "" || p.Query.Funding != "" {
		return said + " among those that the filters leave."
	}
	return said + "."
}

func (p SubAccountsOff) title() string {
	if p.Feature.RequestedAt != nil {
		return "You have asked for sub-accounts"
	}
	return "Sub-accounts are not enabled yet"
}

func (p SubAccountsOff) text(ctx context.Context) string {
	switch {
	case p.Feature.RequestedAt != nil:
		return "Asked for on " + ui.DateText(ctx, *p.Feature.RequestedAt) + ". You get a mail as soon as it is decided."
	case !p.MayBuy:
		return "An Admin of your account can enable them in the Store."
	case p.Feature.Mode == models.OnRequestFeature:
		return "Ask for them in the Store, at no price."
	}
	return "Enable them in the Store, at no price. They are there at once."
}

func (p SubAccountsOff) action() *ui.Action {
	switch {
	case p.Feature.RequestedAt != nil || !p.MayBuy:
		return nil
	case p.Feature.Mode == models.OnRequestFeature:
		return &ui.Action{Label: "Ask for it in the Store", Href: paths.Store(), Icon: "building-store"}
	}
	return &ui.Action{Label: "Enable in the Store", Href: paths.Store(), Icon: "building-store"}
}
