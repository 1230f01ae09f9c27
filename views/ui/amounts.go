package ui

import (
	"context"
	"io"
	"strconv"

	"github.com/shopspring/decimal"

	"offshoot/models"
)

// Side is one of the two that a transfer changes.
type Side struct {
	Label  string // "Your balance", "North Clinic"
	Before models.Money
	Gains  bool          // the amount is added; otherwise it is taken
	After  *models.Money // what the server worked out for the amount typed so far; nil while it is not an amount
}

// BeforeAfter shows beside an amount field what both sides have and will have. Where scripts run it follows the typing,
// by exact arithmetic; otherwise it shows what the server worked out.
type BeforeAfter struct {
	Amount string // id of the field: FieldID("amount")
	Price  bool   // the field takes a price, which may be as fine as a millionth
	Sides  []Side
}

func (b BeforeAfter) Render(ctx context.Context, w io.Writer) error { return b.view().Render(ctx, w) }

// Bar shows how much of a limit is used, with both figures in words.
type Bar struct {
	Label string // for screen readers: "Limit of North Clinic"
	Used  decimal.Decimal
	Of    decimal.Decimal // 0: no limit; the bar stays empty
	Text  string          // "12.50 of 100.00 EUR"
	Work  bool            // it is no limit but work to be done: full is good
}

func (b Bar) Render(ctx context.Context, w io.Writer) error { return b.view().Render(ctx, w) }

// MoneyBar is a Bar of amounts of one currency.
func MoneyBar(ctx context.Context, label string, used, of models.Money) Bar {
	text := FigureText(ctx, used.Text()) + " of " + MoneyText(ctx, of)
	return Bar{Label: label, Used: used.Amount, Of: of.Amount, Text: text}
}

// CountBar is a Bar of whole numbers; things may be "".
func CountBar(ctx context.Context, label string, used, of int64, things string) Bar {
	text := CountText(ctx, used) + " of " + CountText(ctx, of)
	if things != "" {
		text += " " + things
	}
	return Bar{Label: label, Used: decimal.NewFromInt(used), Of: decimal.NewFromInt(of), Text: text}
}

// WorkBar is a CountBar of work: how much of it is done.
func WorkBar(ctx context.Context, label string, done, of int64, things string) Bar {
	bar := CountBar(ctx, label, done, of, things)
	bar.Work = true
	return bar
}

var nine, ten = decimal.NewFromInt(9), decimal.NewFromInt(10)

// class marks a bar that is nearly or quite full.
func (b Bar) class() string {
	switch {
	case b.Work || !b.Of.IsPositive():
		return "bar"
	case b.Used.GreaterThanOrEqual(b.Of):
		return "bar bar--full"
	case b.Used.Mul(ten).GreaterThanOrEqual(b.Of.Mul(nine)):
		return "bar bar--nearly"
	}
	return "bar"
}

// thousandths is part of whole in thousandths, between 0 and 1000.
func thousandths(part, whole decimal.Decimal) int64 {
	if !whole.IsPositive() || !part.IsPositive() {
		return 0
	}
	return min(part.Shift(3).Div(whole).IntPart(), 1000)
}

// BarPart is one part of a SplitBar.
type BarPart struct {
	Label  string
	Amount decimal.Decimal
	Text   string // the figure as shown
}

// SplitBar shows how a whole is divided: units used, shared and left. Its parts are named with their figures below it,
// in the order given; there are colours for four.
type SplitBar struct {
	Label string
	Parts []BarPart
}

func (s SplitBar) Render(ctx context.Context, w io.Writer) error { return s.view().Render(ctx, w) }

// stretch is where a part lies on a bar a thousand wide.
type stretch struct {
	class       string
	from, width string
}

func (s SplitBar) stretches() []stretch {
	var whole decimal.Decimal
	for _, part := range s.Parts {
		whole = whole.Add(part.Amount)
	}
	stretches := make([]stretch, 0, len(s.Parts))
	var before decimal.Decimal
	for i, part := range s.Parts {
		from, to := thousandths(before, whole), thousandths(before.Add(part.Amount), whole)
		stretches = append(stretches, stretch{partClass(i), strconv.FormatInt(from, 10), strconv.FormatInt(to-from, 10)})
		before = before.Add(part.Amount)
	}
	return stretches
}

func partClass(i int) string { return "part part--" + strconv.Itoa(i+1) }
