package models_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"offshoot/models"
)

// BAL-1: an amount is ASCII digits with a point, above zero, with no more decimals than its currency has.
func TestAmountsThatAreRefused(t *testing.T) {
	refused := map[string]string{
		"":                             "Enter an amount.",
		"   ":                          "Enter an amount.",
		"-5":                           "Enter an amount above zero.",
		"−5":                           "Enter an amount above zero.", // U+2212
		"0":                            "Enter an amount above zero.",
		"0.00":                         "Enter an amount above zero.",
		"1e9":                          "Write the amount in digits with a point, like 25.00.",
		"1E2":                          "Write the amount in digits with a point, like 25.00.",
		"٢٥":                           "Write the amount in digits with a point, like 25.00.", // Arabic digits
		"+5":                           "Write the amount in digits with a point, like 25.00.",
		"5.":                           "Write the amount in digits with a point, like 25.00.",
		".5":                           "Write the amount in digits with a point, like 25.00.",
		"1 000":                        "Write the amount in digits with a point, like 25.00.",
		"0x10":                         "Write the amount in digits with a point, like 25.00.",
		"NaN":                          "Write the amount in digits with a point, like 25.00.",
		"Infinity":                     "Write the amount in digits with a point, like 25.00.",
		"1,000.00":                     "Write the amount in digits with a point, like 25.00.",
		"25,00":                        "Write the amount with a point: 25.00.",
		"1234567890123":                "That amount is too large.",
		"9999999999999999999":          "That amount is too large.",
		"1.234":                        "EUR has two decimals.",
		strings.Repeat("9", 1_000_000): "That amount is too long.",
	}
	for text, want := range refused {
		_, err := models.ParseAmount(text, "EUR")
		var rule *models.Error
		if !errors.As(err, &rule) || rule.Message != want {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
		if !errors.Is(err, models.ErrAmount) {
			t.Errorf("%.20q: not the named refusal", text)
		}
	}
}

// BAL-1: minor digits by ISO 4217: two for EUR, none for JPY, three for JOD.
func TestAmountsKnowTheirCurrency(t *testing.T) {
	for _, c := range []struct{ text, asset, shown string }{
		{"25", "EUR", "25.00 EUR"}, {" 25.5 ", "EUR", "25.50 EUR"}, {"999999999999.99", "EUR", "999999999999.99 EUR"},
		{"1200", "JPY", "1200 JPY"}, {"1.234", "JOD", "1.234 JOD"}, {"7", "JOD", "7.000 JOD"}, {"0.10", "EUR", "0.10 EUR"},
	} {
		m, err := models.ParseAmount(c.text, c.asset)
		if err != nil || m.String() != c.shown {
			t.Errorf("%q in %s: %q, %v, want %q", c.text, c.asset, m.String(), err, c.shown)
		}
	}
	for _, c := range []struct{ text, asset, want string }{
		{"1.5", "JPY", "JPY has no decimals."}, {"1.2345", "JOD", "JOD has three decimals."},
	} {
		if _, err := models.ParseAmount(c.text, c.asset); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%q in %s: %v, want %q", c.text, c.asset, err, c.want)
		}
	}
}

// A unit price may be finer than the currency; what is shown keeps what it has, and no more.
func TestTextKeepsUnitPrices(t *testing.T) {
	for micros, want := range map[int64]string{45_000: "0.045", 1_500_000: "1.50", 1: "0.000001", -2_250_000: "-2.25", 0: "0.00"} {
		if got := models.FromMicros(micros, "EUR").Text(); got != want {
			t.Errorf("%d millionths are %q, want %q", micros, got, want)
		}
	}
}

// What is written is read back as the same amount, and arithmetic is that of whole millionths.
func TestAmountsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asset := rapid.SampledFrom([]string{"EUR", "JPY", "JOD"}).Draw(t, "asset")
		unit := decimal.New(1, int32(6-models.Decimals(asset))).IntPart()
		a := rapid.Int64Range(1, 999_999_999_999).Draw(t, "a") * unit
		b := rapid.Int64Range(1, 999_999_999_999).Draw(t, "b") * unit
		m := models.FromMicros(a, asset)
		if back, err := models.ParseAmount(m.Text(), asset); err != nil || !back.Equal(m) {
			t.Fatalf("%s came back as %s: %v", m, back, err)
		}
		if got := m.Add(models.FromMicros(b, asset)).Sub(models.FromMicros(2*b, asset)).Micros(); got != a-b {
			t.Fatalf("%d - %d = %d", a, b, got)
		}
	})
}

// No text makes the parser panic, take long, or return an amount that is not positive.
func FuzzParseAmount(f *testing.F) {
	for _, seed := range []string{"25.00", "1e9", "−5", "٢٥", "0", "", "9999999999999", "1.0000001"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := models.ParseAmount(text, "EUR"); err == nil && (!m.IsPositive() || m.Micros() <= 0) {
			t.Fatalf("%q is %s", text, m)
		}
	})
}
