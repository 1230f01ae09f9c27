package ui

import (
	"context"
	"io"
)

// PageHead is the head of a page: what it is, how many, and what can be done. It holds the page's h1.
type PageHead struct {
	Title   string
	Count   *int64 // beside the title
	More    bool   // there are more than Count: "more than 1,000"
	Status  string // a Badge beside the title
	Also    *Badge // a second state
	Text    string // one sentence below
	Back    *Action
	Primary *Action
	Others  []Action // shown as buttons beside the primary one: at most two
	Menu    []Action // the rest
}

func (p PageHead) Render(ctx context.Context, w io.Writer) error { return p.view().Render(ctx, w) }

func (p PageHead) hasActions() bool {
	return p.Primary != nil || len(p.Others) > 0 || len(p.Menu) > 0
}

// Tab leads to one part of a page, a page of its own with its own address.
type Tab struct {
	Label   string
	Href    string
	Current bool
	Count   *int64
}

// Tabs are the parts of one thing.
type Tabs struct {
	Label string // what they are parts of, for screen readers
	Tabs  []Tab
}

func (t Tabs) Render(ctx context.Context, w io.Writer) error { return t.view().Render(ctx, w) }
