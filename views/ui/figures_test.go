package ui_test

import (
	"testing"

	"pgregory.net/rapid"

	"offshoot/views/ui"
)

// Figures are written as the reader's country writes them, with the minor digits of the currency, exactly.
func TestMoneyText(t *testing.T) {
	for _, c := range []struct{ country, amount, asset, want string }{
		{"", "1234567.5", "EUR", "1,234,567.50 EUR"},
		{"GB", "1234567.5", "EUR", "1,234,567.50 EUR"},
		{"DE", "1234567.5", "EUR", "1.234.567,50 EUR"},
		{"CH", "1234567.5", "CHF", "1’234’567.50 CHF"},
		{"FR", "1234567.5", "EUR", "1 234 567,50 EUR"},
		{"IN", "1234567.5", "INR", "12,34,567.50 INR"},
		{"JP", "1234567", "JPY", "1,234,567 JPY"},
		{"JO", "1234.567", "JOD", "1,234.567 JOD"}, // digits stay ASCII
		{"US", "-0.01", "USD", "−0.01 USD"},
		{"DE", "-1000", "EUR", "−1.000,00 EUR"},
		{"DE", "0.045001", "EUR", "0,045001 EUR"},                           // a unit price
		{"US", "9007199254740993.1", "USD", "9,007,199,254,740,993.10 USD"}, // no float holds this
		{"US", "999", "USD", "999.00 USD"},
		{"XX", "1000", "EUR", "1,000.00 EUR"},
		{"<b>", "1000", "EUR", "1,000.00 EUR"},
	} {
		if got := soft(ui.MoneyText(reader(t, c.country, "UTC"), money(c.amount, c.asset))); got != c.want {
			t.Errorf("%s in %q: %q, not %q", c.amount, c.country, got, c.want)
		}
	}
}

func TestMoney(t *testing.T) {
	figure := render(t, reader(t, "DE", "UTC"), ui.Money(money("-1234.5", "EUR"))).Find("data.money")
	if figure.Text() != "−1.234,50\u00a0EUR" || attribute(figure, "value") != "-1234.50 EUR" || !figure.HasClass("money--negative") {
		t.Errorf("%q %q %q", figure.Text(), attribute(figure, "value"), attribute(figure, "class"))
	}
}

// SHR-2: units of a package are counted, and never called by the id of the package.
func TestUnitsAreNoMoney(t *testing.T) {
	pack := "units:0194a2b8-0000-7000-8000-000000000000"
	for amount, want := range map[string]string{"1": "1 unit", "0": "0 units", "1200": "1,200 units", "-1": "−1 units"} {
		if got := soft(render(t, t.Context(), ui.Money(money(amount, pack))).Find(".money").Text()); got != want {
			t.Errorf("%s: %q", amount, got)
		}
		if got := soft(ui.MoneyText(t.Context(), money(amount, pack))); got != want {
			t.Errorf("%s as text: %q", amount, got)
		}
	}
}

func TestMovement(t *testing.T) {
	for amount, want := range map[string]string{"25": "+25.00 EUR", "-25": "−25.00 EUR", "0": "0.00 EUR"} {
		if got := render(t, t.Context(), ui.Movement(money(amount, "EUR"))).Find(".money").Text(); soft(got) != want {
			t.Errorf("%s: %q", amount, got)
		}
	}
}

func TestCountAndFigure(t *testing.T) {
	ctx := reader(t, "DE", "UTC")
	if got := text(render(t, ctx, ui.Count(-1234567)).Find(".figure")); got != "−1.234.567" {
		t.Errorf("count: %q", got)
	}
	if got := text(render(t, ctx, ui.Figure("99.5", "%")).Find(".figure")); got != "99,5 %" {
		t.Errorf("figure: %q", got)
	}
}

// Whatever the country, taking the separators away gives the exact figure back.
func TestFiguresLoseNothing(t *testing.T) {
	countries := []string{"", "DE", "IN", "CH", "FR", "JO", "BD", "IR", "ES", "NP", "ZA"}
	rapid.Check(t, func(r *rapid.T) {
		exact := rapid.StringMatching(`-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?`).Draw(r, "figure")
		ctx := reader(t, rapid.SampledFrom(countries).Draw(r, "country"), "UTC")
		want, got := "", ""
		for _, digit := range exact {
			if digit >= '0' && digit <= '9' {
				want += string(digit)
			}
		}
		for _, digit := range ui.FigureText(ctx, exact) {
			if digit >= '0' && digit <= '9' {
				got += string(digit)
			}
		}
		if got != want {
			r.Fatalf("%s became %s", exact, ui.FigureText(ctx, exact))
		}
	})
}
