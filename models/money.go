package models

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
	"golang.org/x/text/currency"
)

// Money is an exact amount of one asset: a currency by its ISO 4217 code, or the units of a package, see UnitsOf.
// The database holds it as a whole number of millionths.
type Money struct {
	Amount decimal.Decimal
	Asset  string
}

// UnitsOf is the asset of a package's units.
func UnitsOf(pkg ID) string { return unitsPrefix + pkg.String() }

// PackageOf is the package whose units an asset is, if it is units at all.
func PackageOf(asset string) (ID, bool) {
	text, is := strings.CutPrefix(asset, unitsPrefix)
	if !is {
		return NoID, false
	}
	return ParseID(text)
}

// Units are so many whole units of a package.
func Units(n int64, pkg ID) Money { return Money{Amount: decimal.NewFromInt(n), Asset: UnitsOf(pkg)} }

// IsUnits says whether the amount is units of a package, not money.
func (m Money) IsUnits() bool { return strings.HasPrefix(m.Asset, unitsPrefix) }

const unitsPrefix = "units:"

const microsPerUnit = 6 // decimal places that the database keeps

// FromMicros returns the amount of that many millionths of the asset.
func FromMicros(micros int64, asset string) Money {
	return Money{Amount: decimal.New(micros, -microsPerUnit), Asset: asset}
}

// Zero returns no amount of the asset.
func Zero(asset string) Money { return Money{Asset: asset} }

// Micros returns the amount in millionths, cut off towards zero below that.
// ParseAmount and FromMicros only make amounts that fit; anything beyond is held at the largest one so that a
// wrong figure can never wrap into another sign.
func (m Money) Micros() int64 {
	shifted := m.Amount.Shift(microsPerUnit).Truncate(0)
	if shifted.Abs().GreaterThan(decimal.NewFromInt(math.MaxInt64)) {
		return int64(shifted.Sign()) * math.MaxInt64
	}
	return shifted.IntPart()
}

func (m Money) Add(o Money) Money  { return Money{m.Amount.Add(o.Amount), m.Asset} }
func (m Money) Sub(o Money) Money  { return Money{m.Amount.Sub(o.Amount), m.Asset} }
func (m Money) Neg() Money         { return Money{m.Amount.Neg(), m.Asset} }
func (m Money) Less(o Money) bool  { return m.Amount.LessThan(o.Amount) }
func (m Money) Equal(o Money) bool { return m.Asset == o.Asset && m.Amount.Equal(o.Amount) }
func (m Money) IsZero() bool       { return m.Amount.IsZero() }
func (m Money) IsPositive() bool   { return m.Amount.IsPositive() }
func (m Money) IsNegative() bool   { return m.Amount.IsNegative() }

// Rounded is the amount to the minor digits of its currency, half away from zero: for averages, never for what is moved.
func (m Money) Rounded() Money { return Money{m.Amount.Round(int32(Decimals(m.Asset))), m.Asset} }

// Text is the amount without its asset: at least the minor digits of the currency, more only where a unit price has
// them, a point, no grouping. It is what files, forms and tests hold.
func (m Money) Text() string {
	digits := int32(Decimals(m.Asset))
	exact := m.Amount.Round(microsPerUnit)
	for digits < microsPerUnit && !exact.Equal(exact.Truncate(digits)) {
		digits++
	}
	return exact.StringFixed(digits)
}

// String is Text and the asset: "25.00 EUR", "40 units".
func (m Money) String() string {
	if m.IsUnits() {
		return m.Text() + " units"
	}
	return m.Text() + " " + m.Asset
}

// Decimals returns how many minor digits a currency has by ISO 4217: EUR 2, JPY 0, JOD 3.
func Decimals(asset string) int {
	unit, err := currency.ParseISO(asset)
	if err != nil {
		return 0
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}

// IsCurrency says whether text is the ISO 4217 code of a currency in capitals. The standard has codes for metals, units
// of account, tests and "no currency" too; nobody can hold those.
func IsCurrency(text string) bool {
	unit, err := currency.ParseISO(text)
	return err == nil && unit.String() == text && !slices.Contains(noCurrencies, text)
}

var noCurrencies = []string{"XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"}

// ErrAmount is the refusal of a typed amount; its field is "amount" unless the caller says otherwise.
var ErrAmount = &Error{Kind: Invalid, Code: "bad_amount", Message: "That is not an amount."}

var (
	amountPattern = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,6})?$`)
	digitsPattern = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	commaPattern  = regexp.MustCompile(`^[0-9]{1,12},[0-9]{1,6}$`)
)

// ParseAmount reads what a person typed: ASCII digits with an optional point, above zero, no more minor digits than the
// currency has. It checks length and pattern before any number is made of it: decimal's own parser takes exponents and
// other scripts' signs, and needs seconds for a megabyte of digits.
//
// Refuses, in order: nothing typed, a sign, a comma, any other character, more than 12 digits before the point or 6 behind it, zero, too many minor digits.
func ParseAmount(text, asset string) (Money, error) {
	if len(text) > 64 {
		return Money{}, ErrAmount.Saying("That amount is too long.")
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Money{}, ErrAmount.Saying("Enter an amount.")
	case strings.HasPrefix(text, "-"), strings.HasPrefix(text, "\u2212"):
		return Money{}, ErrAmount.Saying("Enter an amount above zero.")
	case commaPattern.MatchString(text):
		return Money{}, ErrAmount.Saying("Write the amount with a point: " + strings.Replace(text, ",", ".", 1) + ".")
	case !digitsPattern.MatchString(text):
		return Money{}, ErrAmount.Saying("Write the amount in digits with a point, like 25.00.")
	case !amountPattern.MatchString(text):
		if before, _, _ := strings.Cut(text, "."); len(before) > 12 {
			return Money{}, ErrAmount.Saying("That amount is too large.")
		}
		return Money{}, ErrAmount.Saying(tooFine(asset))
	}
	amount, err := decimal.NewFromString(text)
	if err != nil {
		return Money{}, ErrAmount.Saying("Write the amount in digits with a point, like 25.00.")
	}
	m := Money{Amount: amount, Asset: asset}
	switch {
	case !m.IsPositive():
		return Money{}, ErrAmount.Saying("Enter an amount above zero.")
	case !m.Amount.Equal(m.Amount.Truncate(int32(Decimals(asset)))):
		return Money{}, ErrAmount.Saying(tooFine(asset))
	}
	return m, nil
}

// ParsePrice is ParseAmount for the price of one unit, which may be finer than the currency's minor digits, down to a
// millionth, and may be zero.
func ParsePrice(text, asset string) (Money, error) {
	trimmed := strings.TrimSpace(text)
	if len(text) > 64 || !amountPattern.MatchString(trimmed) {
		return Money{}, ErrAmount.Saying("Write the price in digits with a point, like 0.045.")
	}
	amount, err := decimal.NewFromString(trimmed)
	if err != nil {
		return Money{}, ErrAmount.Saying("Write the price in digits with a point, like 0.045.")
	}
	return Money{Amount: amount, Asset: asset}, nil
}

func tooFine(asset string) string {
	switch n := Decimals(asset); n {
	case 0:
		return asset + " has no decimals."
	case 1:
		return asset + " has one decimal."
	default:
		return asset + " has " + [...]string{2: "two", 3: "three", 4: "four"}[n] + " decimals."
	}
}
