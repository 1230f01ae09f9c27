package pages

import (
	"context"
	"strconv"

	"github.com/shopspring/decimal"

	"offshoot/models"
	"offshoot/views/ui"
)

// limitBar is one limit as a bar with its figures.
func limitBar(ctx context.Context, l models.ShownLimit) ui.Bar {
	text := ui.FigureText(ctx, l.Used.Text()) + " of " + ui.MoneyText(ctx, l.Amount)
	if l.Daily {
		text += " today"
	}
	return ui.Bar{Used: l.Used.Amount, Of: l.Amount.Amount, Label: limitName(l) + ": " + text + " used", Text: text}
}

// shareBar is a cap of an account that is shown no prices: how much of it is used, and of what it does not learn.
func shareBar(l models.ShownLimit) ui.Bar {
	text := strconv.Itoa(l.Percent()) + " % used"
	return ui.Bar{Used: decimal.NewFromInt(int64(l.Percent())), Of: decimal.NewFromInt(100), Label: limitName(l) + ": " + text, Text: text}
}

func limitName(l models.ShownLimit) string {
	switch {
	case l.Daily:
		return "Cap of today"
	case l.Cap:
		return "Cap of this month"
	}
	return "Limit of this month"
}

// drawsHelp says what an account may do that spends its parent's balance.
func (p SubAccount) drawsHelp() string {
	if p.Account.Funding == models.MonthlyLimit {
		return "it spends your balance up to its limit"
	}
	return "it sees no price and no balance"
}
