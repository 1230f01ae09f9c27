package models

import (
	"fmt"
	"testing"
	"time"
)

// BAL-3, BAL-4: what is used of a limit is what was moved for the month less what is there; of a cap what was drawn, while the
// day and the month that were counted last still run.
func TestLimitFigures(t *testing.T) {
	micros := func(n int64) *int64 { n *= 1_000_000; return &n }
	on := func(d Day) *time.Time { at := d.utc(); return &at }
	today := Day{2026, time.November, 20}
	for what, c := range map[string]struct {
		figures LimitFigures
		want    string
	}{
		"own balance":                       {LimitFigures{Funding: OwnBalance, Plan: PrePay, CapDay: micros(5)}, "[]"},
		"client pays, of a post-pay parent": {LimitFigures{Funding: ClientPays, Plan: PostPay, CapMonth: micros(5)}, "[]"},
		"a limit without a row":             {LimitFigures{Funding: MonthlyLimit, Plan: PrePay}, "[]"},
		"a limit not started":               {LimitFigures{Funding: MonthlyLimit, Plan: PrePay, LimitMost: micros(50)}, "[0.00 of 50.00 EUR]"},
		"a limit, some used":                {LimitFigures{Funding: MonthlyLimit, Plan: PrePay, LimitMost: micros(50), Granted: micros(50), Balance: 20_000_000, State: MonthFunded}, "[30.00 of 50.00 EUR]"},
		"a limit with refunds of before":    {LimitFigures{Funding: MonthlyLimit, Plan: PrePay, LimitMost: micros(50), Granted: micros(50), Balance: 51_000_000}, "[0.00 of 50.00 EUR]"},
		"a limit that was cut":              {LimitFigures{Funding: MonthlyLimit, Plan: PrePay, LimitMost: micros(10), Granted: micros(30)}, "[30.00 of 10.00 EUR]"},
		"a limit, short":                    {LimitFigures{Funding: MonthlyLimit, Plan: PrePay, LimitMost: micros(50), Granted: micros(0), State: MonthShort}, "[0.00 of 50.00 EUR short]"},
		"a post-pay limit":                  {LimitFigures{Funding: MonthlyLimit, Plan: PostPay, LimitMost: micros(50), CapMonth: micros(50), CountedDay: on(today), DrawnMonth: 7_000_000}, "[7.00 of 50.00 EUR]"},
		"shared without caps":               {LimitFigures{Funding: SharedBalance, Plan: PrePay, CountedDay: on(today), DrawnMonth: 7_000_000}, "[]"},
		"caps today":                        {LimitFigures{Funding: SharedBalance, CapDay: micros(5), CapMonth: micros(50), CountedDay: on(today), DrawnDay: 1_000_000, DrawnMonth: 7_000_000}, "[7.00 of 50.00 EUR cap 1.00 of 5.00 EUR cap today]"},
		"caps, counted yesterday":           {LimitFigures{Funding: SharedBalance, CapDay: micros(5), CapMonth: micros(50), CountedDay: on(today.AddDays(-1)), DrawnDay: 1_000_000, DrawnMonth: 7_000_000}, "[7.00 of 50.00 EUR cap 0.00 of 5.00 EUR cap today]"},
		"caps, counted last month":          {LimitFigures{Funding: SharedBalance, CapDay: micros(5), CapMonth: micros(50), CountedDay: on(Day{2026, time.October, 31}), DrawnDay: 1_000_000, DrawnMonth: 7_000_000}, "[0.00 of 50.00 EUR cap 0.00 of 5.00 EUR cap today]"},
		"caps, refunded below nothing":      {LimitFigures{Funding: SharedBalance, CapDay: micros(5), CountedDay: on(today), DrawnDay: -1_000_000}, "[0.00 of 5.00 EUR cap today]"},
		"caps, counted in a later zone":     {LimitFigures{Funding: SharedBalance, CapDay: micros(5), CountedDay: on(today.AddDays(1)), DrawnDay: 1_000_000}, "[1.00 of 5.00 EUR cap today]"},
	} {
		c.figures.Asset = "EUR"
		said := []string{}
		for _, l := range c.figures.Shown(today) {
			text := l.Used.Text() + " of " + l.Amount.String()
			if l.Short {
				text += " short"
			}
			if l.Cap {
				text += " cap"
			}
			if l.Daily {
				text += " today"
			}
			said = append(said, text)
		}
		if got := fmt.Sprint(said); got != c.want {
			t.Errorf("%s shows %s, not %s", what, got, c.want)
		}
	}
	for _, c := range []struct {
		used, of int64
		percent  int
		left     string
	}{{0, 100, 0, "0.0001"}, {1, 1000, 0, "0.000999"}, {999, 1000, 99, "0.000001"}, {1000, 1000, 100, "0.00"}, {1001, 1000, 100, "0.00"}, {-5, 1000, 0, "0.001005"}, {1, 2, 50, "0.000001"}} {
		l := ShownLimit{Amount: FromMicros(c.of, "EUR"), Used: FromMicros(c.used, "EUR")}
		if l.Percent() != c.percent || l.Left().Text() != c.left {
			t.Errorf("%d of %d is %d %%, %s left", c.used, c.of, l.Percent(), l.Left().Text())
		}
	}
}
