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

func (p ParentHome) primary() *ui.Action {
	if !p.MayManage || p.Feature.EnabledAt == nil {
		return nil
	}
	return addSubAccount()
}

func (p ParentHome) availableHelp(ctx context.Context) string {
	if p.Credit.IsPositive() {
		return "Your balance " + ui.MoneyText(ctx, p.Balance) + " and a credit line of " + ui.MoneyText(ctx, p.Credit) + "."
	}
	return "What you can transfer or spend."
}

func (p ParentHome) nothingToDo() bool {
	a := p.Attention
	return len(a.Consents) == 0 && a.PendingCount == 0 && a.LowCount == 0 && a.OwnLow == nil && a.ShortCount == 0 && !a.NextMissing.IsPositive() &&
		a.PausedCount == 0 && a.CreditCount == 0 && a.TrialCount == 0 && a.Requests == 0 && (p.Feature.EnabledAt != nil || !p.MayBuy)
}

func (p ParentHome) accountPage(a models.TopAccount) string {
	if a.Name == p.Frame.Account {
		return paths.Statement()
	}
	return paths.SubAccount(a.Account)
}

func (p ParentHome) moreText(n int) string {
	if n >= models.AttentionLimit-5 {
		return "More than " + strconv.Itoa(n)
	}
	return strconv.Itoa(n) + " more"
}

// thirtyDays is the usage of thirty days with the thirty before behind it: what it cost, or how many messages where the
// reader sees no prices.
func thirtyDays(ctx context.Context, days []models.DayUsage, used, before models.Usage, cost bool) templ.Component {
	c := ui.ChartTable{Title: "Usage of the last 30 days", First: "Day", Collapsed: true}
	if cost && used.Cost != nil {
		c.Series = []ui.Series{{Name: "Cost", Unit: used.Cost.Asset}, {Name: "30 days before", Behind: true, Unit: used.Cost.Asset}, {Name: "Messages", TableOnly: true}}
		c.Total = []string{ui.FigureText(ctx, used.Cost.Text()), ui.FigureText(ctx, before.Cost.Text()), ui.CountText(ctx, used.Messages)}
	} else {
		c.Series = []ui.Series{{Name: "Messages"}, {Name: "30 days before", Behind: true}}
		c.Total = []string{ui.CountText(ctx, used.Messages), ui.CountText(ctx, before.Messages)}
	}
	for _, d := range days {
		row := ui.ChartRow{Label: dayText(d.Day), Short: shortDay(d.Day)}
		if cost && d.Now.Cost != nil && d.Before.Cost != nil {
			row.Values = []ui.ChartValue{amountValue(ctx, *d.Now.Cost), amountValue(ctx, *d.Before.Cost), countValue(ctx, d.Now.Messages)}
		} else {
			row.Values = []ui.ChartValue{countValue(ctx, d.Now.Messages), countValue(ctx, d.Before.Messages)}
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

func amountValue(ctx context.Context, m models.Money) ui.ChartValue {
	return ui.ChartValue{Text: ui.FigureText(ctx, m.Text()), Exact: m.Text()}
}

func countValue(ctx context.Context, n int64) ui.ChartValue {
	return ui.ChartValue{Text: ui.CountText(ctx, n), Exact: strconv.FormatInt(n, 10)}
}

// labelled names a button for those who hear the page, where the words on it are the same in several rows.
func labelled(name string) templ.Attributes { return templ.Attributes{"aria-label": name} }

func sentenceOf(l models.LogLine) string { return wording.LogSentence(l) }
func actorOf(l models.LogLine) string    { return wording.Actor(l) }
