package ui

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"offshoot/models"
)

const (
	minus     = "\u2212"
	hardSpace = "\u00a0"
)

// separators is how a country writes figures. Digits are ASCII everywhere: amounts are typed and compared with them.
type separators struct {
	group   string
	decimal string
	first   int // digits in the group next to the decimal separator
	rest    int // digits in the groups before it: 2 in India
}

var (
	plain          = separators{group: ",", decimal: ".", first: 3, rest: 3}
	knownCountries sync.Map // country → separators
)

// separatorsOf reads the separators off a figure that the Unicode locale data formats for the language most people of
// the country read.
func separatorsOf(country string) separators {
	if country == "" {
		return plain
	}
	if known, ok := knownCountries.Load(country); ok {
		return known.(separators)
	}
	region, err := language.ParseRegion(country)
	if err != nil {
		return plain // not remembered: a map that strangers can fill has no end
	}
	found := probe(region)
	knownCountries.Store(country, found)
	return found
}

func probe(region language.Region) separators {
	spoken, err := language.Compose(region)
	if err != nil {
		return plain
	}
	base, _ := spoken.Base()
	tag, err := language.Compose(base, region)
	if err != nil {
		return plain
	}
	if tag, err = tag.SetTypeForKey("nu", "latn"); err != nil {
		return plain
	}
	printer := message.NewPrinter(tag)
	runs, marks := cutDigits(printer.Sprint(number.Decimal(123456789)))
	_, points := cutDigits(printer.Sprint(number.Decimal(1, number.MinFractionDigits(1))))
	if len(points) != 1 {
		return plain
	}
	s := separators{decimal: points[0]}
	if len(runs) > 2 && len(marks) == len(runs)-1 {
		s.group, s.first, s.rest = marks[0], len(runs[len(runs)-1]), len(runs[len(runs)-2])
	}
	return s
}

// cutDigits splits a figure into its runs of digits and what stands between them.
func cutDigits(figure string) (runs, marks []string) {
	isDigit := func(r rune) bool { return r >= '0' && r <= '9' }
	runs = strings.FieldsFunc(figure, func(r rune) bool { return !isDigit(r) })
	marks = strings.FieldsFunc(figure, isDigit)
	return runs, marks
}

// format writes an exact decimal text ("-1234.50") with these separators. Only the text is rearranged; no number is made
// of it, so nothing can be lost.
func (s separators) format(text string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = minus, rest
	}
	whole, fraction, hasFraction := strings.Cut(text, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, digit := range whole {
		if left := len(whole) - i; i > 0 && s.startsGroup(left) {
			b.WriteString(s.group)
		}
		b.WriteRune(digit)
	}
	if hasFraction {
		b.WriteString(s.decimal)
		b.WriteString(fraction)
	}
	return b.String()
}

// startsGroup says whether a group begins at the digit that has left digits from it to the decimal separator.
func (s separators) startsGroup(left int) bool {
	return s.first > 0 && (left == s.first || left > s.first && (left-s.first)%s.rest == 0)
}

// FigureText is an exact decimal text ("1234.5") as the reader's country writes it.
func FigureText(ctx context.Context, decimal string) string {
	return separatorsOf(ReaderOf(ctx).Country).format(decimal)
}

// CountText is a whole number as the reader's country writes it.
func CountText(ctx context.Context, n int64) string {
	return FigureText(ctx, strconv.FormatInt(n, 10))
}

// MoneyText is an amount with its currency code as the reader's country writes it: "1.234,50 EUR". The space before the
// code does not break.
func MoneyText(ctx context.Context, m models.Money) string {
	return FigureText(ctx, m.Text()) + hardSpace + m.Code()
}
