package pages

import (
	"time"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// MonthStart is the page of the next month start, rehearsed (BAL-6), or of the month that runs.
type MonthStart struct {
	Frame     layouts.Frame
	Query     models.MonthQuery
	Rehearsal *models.Rehearsal
	Now       *models.MonthNow // instead
	MayManage bool
	Typed     map[models.ID]string // priorities that come back refused
	Refused   *models.Error
}

// moves says whether a month start moves anything: of a parent that pays after use it does not.
func (p MonthStart) moves() bool {
	return !(p.Now != nil && p.Now.Plan == models.PostPay || p.Rehearsal != nil && p.Rehearsal.Plan == models.PostPay)
}

func (p MonthStart) says() string {
	if p.moves() {
		return "What is unused goes back to you, then monthly limits are moved in your order of priority: whole limits only."
	}
	return "You pay after use, so limits cap what your sub-accounts spend of your balance. Nothing is moved when a month starts."
}

// monthText is a period as people write it: "November 2026".
func monthText(period string) string {
	at, err := time.Parse("2006-01", period)
	if err != nil {
		return period
	}
	return at.Format("January 2006")
}

// day is when the month starts, in the parent's own zone.
func (p MonthStart) day() string {
	zone := models.Account{TimeZone: p.Rehearsal.Zone}.Zone()
	return p.Rehearsal.At.In(zone).Format("2 January 2006, 15:04") + " (" + p.Rehearsal.Zone + ")"
}

func (p MonthStart) tabs() ui.Tabs {
	return ui.Tabs{Label: "Month starts", Tabs: []ui.Tab{
		{Label: "Next month", Href: paths.MonthStart(models.MonthQuery{}), Current: p.Rehearsal != nil},
		{Label: "This month", Href: paths.MonthNow(models.MonthQuery{}), Current: p.Now != nil},
	}}
}

func (p MonthStart) address(q models.MonthQuery) string {
	if p.Now != nil {
		return paths.MonthNow(q)
	}
	return paths.MonthStart(q)
}

// show is the choice between all and those who are short.
func (p MonthStart) show() ui.Pills {
	short := ui.Filter{ID: "filter-show", Label: "Show", Remove: p.address(models.MonthQuery{}), Options: []ui.FilterOption{
		{Label: "Short", Href: p.address(models.MonthQuery{OnlyShort: true}), Current: p.Query.OnlyShort}}}
	if p.Query.OnlyShort {
		short.Chosen = "Short"
	}
	return ui.Pills{Filters: []ui.Filter{short}, Clear: p.address(models.MonthQuery{})}
}

func (p MonthStart) pager(next string) ui.Pager {
	var pager ui.Pager
	if p.Query.After != "" {
		pager.First = p.address(models.MonthQuery{OnlyShort: p.Query.OnlyShort})
	}
	if next != "" {
		pager.Older = p.address(models.MonthQuery{OnlyShort: p.Query.OnlyShort, After: next})
	}
	return pager
}

// fields are what a form of priorities keeps of the address.
func (p MonthStart) kept() []ui.Hidden {
	kept := []ui.Hidden{{Name: "after", Value: p.Query.After}}
	if p.Query.OnlyShort {
		kept = append(kept, ui.Hidden{Name: "show", Value: "short"})
	}
	if p.Now != nil {
		kept = append(kept, ui.Hidden{Name: "month", Value: "this"})
	}
	return kept
}
