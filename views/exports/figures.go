package exports

import (
	"strconv"
	"time"

	"offshoot/models"
)

// figures writes the amounts of one file. A file has one or two currencies and many amounts, all of them whole millionths
// out of the database; what Money.Text does with decimals is done with whole numbers here, and most of a file's time is
// saved by that.
type figures struct {
	asset  string
	digits int
}

const (
	micros       = 1_000_000
	microsDigits = 6
	safeDigits   = 18 // so many fit into an int64 whatever they are
)

// text is Money.Text, or nothing for no amount.
func (f *figures) text(m *models.Money) string {
	if m == nil {
		return ""
	}
	if m.Amount.Exponent() != -microsDigits || m.Amount.NumDigits() > safeDigits {
		return m.Text()
	}
	if f.asset != m.Asset {
		f.asset, f.digits = m.Asset, models.Decimals(m.Asset)
	}
	n := m.Amount.CoefficientInt64()
	cell := make([]byte, 0, 24)
	if n < 0 {
		cell, n = append(cell, '-'), -n
	}
	cell = strconv.AppendInt(cell, n/micros, 10)
	point := len(cell)
	cell = strconv.AppendInt(cell, micros+n%micros, 10) // the leading 1 keeps the zeros, and gives way to the point
	cell[point] = '.'
	for len(cell) > point+1+f.digits && cell[len(cell)-1] == '0' {
		cell = cell[:len(cell)-1]
	}
	if len(cell) == point+1 {
		cell = cell[:point]
	}
	return string(cell)
}

// stamp is a moment in a zone by ISO 8601, with its offset: "2026-11-21T02:30:00+01:00".
func stamp(at time.Time, zone *time.Location) string {
	const z = len("2006-01-02T15:04:05")
	cell := at.In(zone).Format(time.RFC3339) // which the library writes faster than any other, but for
	if cell[len(cell)-1] == 'Z' {
		return cell[:z] + "+00:00" // the offset nought
	}
	return cell
}
