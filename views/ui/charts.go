package ui

import (
	"context"
	"io"
	"strings"
)

// Series is a column of a ChartTable.
type Series struct {
	Name   string
	Behind bool   // drawn pale behind the others: the last period
	Unit   string // the asset, where the figures are amounts; named in the head of the column

	TableOnly bool // a column that is not drawn; such columns come last
}

// ChartValue is a figure as shown and as plotted: an exact decimal text.
type ChartValue struct{ Text, Exact string }

// ChartRow is a point of the chart and a row of its table.
type ChartRow struct {
	Label  string // in the table: "1 Mar 2026"
	Short  string // under the axis: "1 Mar"; Label when empty
	Values []ChartValue
}

// ChartTable is a table that is also drawn where scripts run. The table is the content; the picture repeats it.
type ChartTable struct {
	Title     string // caption of the table, label of the picture
	Kind      string // "bar" or "line"; "bar" when empty
	Stacked   bool
	First     string // head of the first column: "Day"
	Series    []Series
	Rows      []ChartRow
	Total     []string // figures of the last row as shown; nil leaves it out
	Collapsed bool     // the table is folded away under "Show as table"; it opens without scripts too
}

func (c ChartTable) Render(ctx context.Context, w io.Writer) error { return c.view().Render(ctx, w) }

func (s Series) head() string {
	if s.Unit == "" || strings.HasSuffix(s.Name, s.Unit) {
		return s.Name
	}
	return s.Name + " (" + s.Unit + ")"
}
