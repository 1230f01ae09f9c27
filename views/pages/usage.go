package pages

import (
	"context"
	"strconv"

	"github.com/a-h/templ"

	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
	"offshoot/views/wording"
)

var groupings = []ui.Option{{Value: string(models.ByDay), Label: "Day"}, {Value: string(models.ByMonth), Label: "Month"}, {Value: string(models.ByCountry), Label: "Country"},
	{Value: string(models.ByStatus), Label: "Status"}}

var usageKinds = []ui.Option{{Value: "message", Label: "Messages"}, {Value: "call", Label: "Calls"}, {Value: "number", Label: "Numbers"}, {Value: "keyword", Label: "Keywords"}}

func (p Usage) files() []ui.Action {
	if p.Refused != nil {
		return nil
	}
	return []ui.Action{{Label: "Export CSV", Href: paths.UsageFile(p.Query), Icon: "download", Download: true}}
}

// first is the head of the first column.
func (p Usage) first() string {
	switch p.Query.GroupBy {
	case models.ByMonth:
		return "Month"
	case models.ByCountry:
		return "Country"
	case models.ByStatus:
		return "Status"
	}
	return "Day"
}

// columns adds or removes the column Account.
func (p Usage) columns() []Preset {
	with, without := p.Query, p.Query
	with.ByAccount, without.ByAccount = true, false
	if p.Query.ByAccount {
		return []Preset{{Label: "Remove column Account", Href: paths.Usage(without)}}
	}
	return []Preset{{Label: "Add column Account", Href: paths.Usage(with)}}
}

func (p Usage) isEmpty() bool {
	return p.Total.IsNone()
}

// label is what a row is about: a day, a month or a country.
func (p Usage) label(ctx context.Context, row models.UsageRow) string {
	switch p.Query.GroupBy {
	case models.ByMonth:
		return row.Day.Month.String() + " " + strconv.Itoa(row.Day.Year)
	case models.ByCountry:
		return models.CountryName(row.Country)
	case models.ByStatus:
		return wording.UsageStatus(row.Status)
	}
	return dayText(row.Day)
}

func (p Usage) accountPage(row models.UsageRow) string {
	if row.AccountName == p.Frame.Account {
		return paths.Statement()
	}
	return paths.SubAccount(row.Account)
}

// chart shows messages and cost as a picture with its table.
func (p Usage) chart(ctx context.Context) templ.Component {
	rows := make([]chartedUsage, 0, len(p.Rows))
	for _, row := range p.Rows {
		short := ""
		if p.Query.GroupBy == models.ByDay {
			short = shortDay(row.Day)
		}
		rows = append(rows, chartedUsage{p.label(ctx, row), short, row.Usage})
	}
	return usageChart(ctx, "Usage by "+p.first(), p.first(), rows, p.Total, p.Currency, p.ShowsCost)
}

type chartedUsage struct {
	label, short string
	usage        models.Usage
}

func usageChart(ctx context.Context, title, first string, rows []chartedUsage, total models.Usage, currency string, cost bool) ui.ChartTable {
	c := ui.ChartTable{Title: title, First: first, Series: []ui.Series{{Name: "Messages"}, {Name: "Delivered", TableOnly: true, Unit: "%"},
		{Name: "Parts", TableOnly: true}, {Name: "Units", TableOnly: true}, {Name: "Others", TableOnly: true}}}
	if cost {
		c.Series = append(c.Series, ui.Series{Name: "Cost", TableOnly: true, Unit: currency})
	}
	for _, r := range rows {
		row := ui.ChartRow{Label: r.label, Short: r.short}
		count := func(n int64) {
			row.Values = append(row.Values, ui.ChartValue{Text: ui.CountText(ctx, n), Exact: strconv.FormatInt(n, 10)})
		}
		count(r.usage.Messages)
		row.Values = append(row.Values, ui.ChartValue{Text: shareShown(ctx, r.usage), Exact: shareText(r.usage)})
		count(r.usage.Parts)
		count(r.usage.Units)
		count(r.usage.Others)
		if cost && r.usage.Cost != nil {
			row.Values = append(row.Values, ui.ChartValue{Text: ui.FigureText(ctx, r.usage.Cost.Text()), Exact: r.usage.Cost.Text()})
		}
		c.Rows = append(c.Rows, row)
	}
	c.Total = []string{ui.CountText(ctx, total.Messages), shareShown(ctx, total), ui.CountText(ctx, total.Parts), ui.CountText(ctx, total.Units), ui.CountText(ctx, total.Others)}
	if cost && total.Cost != nil {
		c.Total = append(c.Total, ui.FigureText(ctx, total.Cost.Text()))
	}
	return c
}

// dayText is a day as people write it: "21 Nov 2026"; shortDay leaves the year out.
func dayText(d models.Day) string  { return shortDay(d) + " " + strconv.Itoa(d.Year) }
func shortDay(d models.Day) string { return strconv.Itoa(d.Day) + " " + d.Month.String()[:3] }

// shareText is the delivered share in percent: "99.1"; "" where no message came to an end. shareShown has a dash for that.
func shareText(u models.Usage) string {
	permille, ok := u.DeliveredShare()
	if !ok {
		return ""
	}
	return strconv.FormatInt(permille/10, 10) + "." + strconv.FormatInt(permille%10, 10)
}

func shareShown(ctx context.Context, u models.Usage) string {
	if text := shareText(u); text != "" {
		return ui.FigureText(ctx, text)
	}
	return "—"
}
