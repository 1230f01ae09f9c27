package exports

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"offshoot/models"
)

// Always: an amount in a file is the amount elsewhere, to the last digit, whatever it is and however it came about.
func TestFiguresAreMoneyText(t *testing.T) {
	var f figures
	assets := []string{"EUR", "JPY", "JOD", "CLF", "sms-package"}
	rapid.Check(t, func(rt *rapid.T) {
		m := models.FromMicros(rapid.Int64().Draw(rt, "micros"), rapid.SampledFrom(assets).Draw(rt, "asset"))
		if rapid.Bool().Draw(rt, "round") {
			m.Amount = m.Amount.Truncate(rapid.Int32Range(-3, 6).Draw(rt, "digits"))
		}
		if rapid.Bool().Draw(rt, "sum") {
			m = m.Add(models.FromMicros(rapid.Int64().Draw(rt, "more"), m.Asset))
		}
		if got := f.text(&m); got != m.Text() {
			rt.Fatalf("%s is written as %s", m.Text(), got)
		}
	})
	for micros, want := range map[int64]string{0: "0.00", -1: "-0.000001", 999_999: "0.999999", 10_000: "0.01", -25_000_000: "-25.00", 1_200_000: "1.20",
		9_223_372_036_854_775_807: "9223372036854.775807", -9_223_372_036_854_775_808: "-9223372036854.775808", 999_999_999_999_999_999: "999999999999.999999"} {
		m := models.FromMicros(micros, "EUR")
		if got := f.text(&m); got != want {
			t.Errorf("%d millionths are written as %s, not %s", micros, got, want)
		}
	}
	half := models.Money{Amount: decimal.RequireFromString("0.5"), Asset: "JPY"}
	if got := f.text(&half) + f.text(nil); got != "0.5" {
		t.Errorf("half a yen is written as %s", got)
	}
}

// REP-5: a time is written with its offset in the reader's zone, in London in winter too.
func TestStamp(t *testing.T) {
	for _, c := range []struct{ zone, want string }{
		{"UTC", "2026-01-01T00:00:00+00:00"}, {"Europe/London", "2026-01-01T00:00:00+00:00"}, {"Europe/Berlin", "2026-01-01T01:00:00+01:00"},
		{"America/St_Johns", "2025-12-31T20:30:00-03:30"}, {"Asia/Kathmandu", "2026-01-01T05:45:00+05:45"},
	} {
		if got := stamp(time.Date(2026, 1, 1, 0, 0, 0, 999_999_000, time.UTC), zone(t, c.zone)); got != c.want {
			t.Errorf("in %s it is %s, not %s", c.zone, got, c.want)
		}
	}
}
