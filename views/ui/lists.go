package ui

import (
	"context"
	"io"
	"strings"
)

// Search is a search box as a form of its own: it works by Enter, and as one types where scripts run and Live is set.
type Search struct {
	Action      string
	Name        string // "q" when empty
	Value       string
	Label       string // what is searched: "Search sub-accounts"
	Placeholder string // where the label is too long for the box; it repeats the label, shorter
	Hidden      []Hidden
	Live        string // id of the element that holds the list: replaced, with the page's head, by the same element of the answer
}

func (s Search) Render(ctx context.Context, w io.Writer) error { return s.view().Render(ctx, w) }

// FilterOption is one value a filter can have; Href is the list with it.
type FilterOption struct {
	Label   string
	Href    string
	Current bool
}

// Filter is one filter of a list. Chosen is the label of the value in force, "" while the filter is not used; Remove is
// the list without it.
type Filter struct {
	ID      string // unique on the page
	Label   string
	Chosen  string
	Remove  string
	Options []FilterOption
}

// Pills shows the filters of a list as pills. Clear is the list without any; it is offered while one is in force.
type Pills struct {
	Filters []Filter
	Clear   string
}

func (p Pills) Render(ctx context.Context, w io.Writer) error { return p.view().Render(ctx, w) }

func (p Pills) anyChosen() bool {
	for _, filter := range p.Filters {
		if filter.Chosen != "" {
			return true
		}
	}
	return false
}

// SortHeader is the head of a column by which a list can be sorted. Href is the list sorted by it, or the other way
// round when it is sorted so already.
type SortHeader struct {
	Label     string
	Href      string
	Direction string // "ascending", "descending" or "" while the list is sorted by another column
	Figures   bool   // the column is right-aligned
}

func (s SortHeader) Render(ctx context.Context, w io.Writer) error { return s.view().Render(ctx, w) }

// Pager leads through a list page by page. Lists are never counted, so there are no page numbers; "" leaves a link out.
type Pager struct {
	First  string
	Newer  string // the page before
	Older  string // the page after
	Back   string // label of Newer, "Previous" when empty
	Onward string // label of Older, "Next" when empty
	Note   string // "50 shown", "more than 1,000"
}

func (p Pager) Render(ctx context.Context, w io.Writer) error { return p.view().Render(ctx, w) }

// Empty stands in place of a list that has nothing to show and says what to do.
type Empty struct {
	Icon   string
	Title  string
	Text   string
	Action *Action // the page's primary action on first use; "Clear all" when nothing matches
}

func (e Empty) Render(ctx context.Context, w io.Writer) error { return e.view().Render(ctx, w) }

// upToAt is an e-mail address as far as its @, and "" where it has none.
func upToAt(address string) string { return address[:strings.LastIndexByte(address, '@')+1] }
