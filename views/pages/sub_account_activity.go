package pages

import (
	"context"
	"net/url"
	"slices"

	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (p SubAccountActivity) isIdle() bool {
	return !slices.ContainsFunc(p.Months, func(m models.UsageRow) bool {
		return m.Messages != 0 || m.Others != 0 || m.Cost != nil && !m.Cost.IsZero()
	})
}

// chart draws the cost of each month, oldest first; the table beside it has what it was for too.
func (p SubAccountActivity) chart(ctx context.Context) ui.ChartTable {
	chart := ui.ChartTable{Title: "Usage by month", First: "Month", Collapsed: true, Series: []ui.Series{
		{Name: "Cost", Unit: p.Account.Currency}, {Name: "Messages", TableOnly: true}, {Name: "Other usage", TableOnly: true}}}
	for _, m := range slices.Backward(p.Months) {
		cost := models.Zero(p.Account.Currency)
		if m.Cost != nil {
			cost = *m.Cost
		}
		month := m.Day.Month.String()
		chart.Rows = append(chart.Rows, ui.ChartRow{Label: month + " " + m.Day.String()[:4], Short: month[:3], Values: []ui.ChartValue{
			{Text: ui.FigureText(ctx, cost.Text()), Exact: cost.Text()},
			{Text: ui.CountText(ctx, m.Messages)}, {Text: ui.CountText(ctx, m.Others)}}})
	}
	return chart
}

func (p SubAccountActivity) firstPage() string {
	if p.Newer == "" {
		return ""
	}
	return paths.SubAccountActivity(p.Account.ID)
}

// page is the address of another page of the log; "" where there is none.
func (p SubAccountActivity) page(name, cursor string) string {
	if cursor == "" {
		return ""
	}
	return paths.With(paths.SubAccountActivity(p.Account.ID), url.Values{name: {cursor}})
}
