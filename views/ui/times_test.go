package ui_test

import (
	"testing"
	"time"

	"offshoot/views/ui"
)

// REP-5: times in the reader's zone with its name, UTC beside it.
func TestTime(t *testing.T) {
	for zone, want := range map[string]string{
		"Europe/Berlin":     "1 Mar 2026, 13:05 CET",
		"America/New_York":  "1 Mar 2026, 07:05 EST",
		"Asia/Amman":        "1 Mar 2026, 15:05 UTC+3",
		"Asia/Kathmandu":    "1 Mar 2026, 17:50 UTC+5:45",
		"America/St_Johns":  "1 Mar 2026, 08:35 NST",
		"America/Sao_Paulo": "1 Mar 2026, 09:05 UTC−3",
		"UTC":               "1 Mar 2026, 12:05 UTC",
	} {
		shown := render(t, reader(t, "", zone), ui.Time(now)).Find("time")
		if text(shown) != want || attribute(shown, "title") != "2026-03-01 12:05:09 UTC" || attribute(shown, "datetime") != "2026-03-01T12:05:09Z" {
			t.Errorf("%s: %q, title %q, datetime %q", zone, text(shown), attribute(shown, "title"), attribute(shown, "datetime"))
		}
	}
}

// REP-5: the hour that the clocks repeat is told apart by the zone's abbreviation.
func TestTimeInTheRepeatedHour(t *testing.T) {
	ctx := reader(t, "", "Europe/Berlin")
	first := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)
	if a, b := soft(ui.TimeText(ctx, first)), soft(ui.TimeText(ctx, first.Add(time.Hour))); a != "25 Oct 2026, 02:30 CEST" || b != "25 Oct 2026, 02:30 CET" {
		t.Errorf("%q and %q", a, b)
	}
}

// REP-5: a day is the reader's.
func TestDate(t *testing.T) {
	late := time.Date(2026, 2, 28, 23, 30, 0, 0, time.UTC)
	if got := ui.DateText(reader(t, "", "Europe/Berlin"), late); got != "1 Mar 2026" {
		t.Errorf("Berlin: %q", got)
	}
	if got := ui.DateText(reader(t, "", "America/New_York"), late); got != "28 Feb 2026" {
		t.Errorf("New York: %q", got)
	}
}

func TestNoTime(t *testing.T) {
	for _, page := range []string{
		text(render(t, t.Context(), ui.Time(time.Time{})).Selection), text(render(t, t.Context(), ui.Date(time.Time{})).Selection),
		text(render(t, t.Context(), ui.TimeOf(nil)).Selection), text(render(t, t.Context(), ui.TimeAndAgo(nil)).Selection),
	} {
		if page != "—none" {
			t.Errorf("%q", page)
		}
	}
}

func TestTimeAndAgo(t *testing.T) {
	ctx := reader(t, "", "Europe/Berlin")
	recently, lastYear := now.Add(-3*time.Hour), now.AddDate(-1, 0, 0)
	if got := text(render(t, ctx, ui.TimeAndAgo(&recently)).Selection); got != "1 Mar, 10:05 CET 3 h ago" {
		t.Errorf("%q", got)
	}
	if got := text(render(t, ctx, ui.TimeAndAgo(&lastYear)).Selection); got != "1 Mar 2025, 13:05 CET 365 days ago" {
		t.Errorf("%q", got)
	}
}

func TestAgo(t *testing.T) {
	ctx := reader(t, "", "UTC")
	for ago, want := range map[time.Duration]string{
		0: "just now", 59 * time.Second: "just now", time.Minute: "1 min ago", 59 * time.Minute: "59 min ago", time.Hour: "1 h ago",
		24 * time.Hour: "1 day ago", 48 * time.Hour: "2 days ago", -30 * time.Second: "in less than a minute", -2 * time.Hour: "in 2 h",
	} {
		if got := ui.AgoText(ctx, now.Add(-ago)); got != want {
			t.Errorf("%v: %q, not %q", ago, got, want)
		}
	}
	if got := ui.AgoText(t.Context(), now); got != "" {
		t.Errorf("without a moment of the request: %q", got)
	}
}

// REP-5: every page names its zone.
func TestZoneText(t *testing.T) {
	for zone, want := range map[string]string{"Europe/Berlin": "Europe/Berlin (CET, UTC+1)", "Asia/Amman": "Asia/Amman (UTC+3)", "UTC": "UTC"} {
		if got := ui.ZoneText(reader(t, "", zone)); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	if got := ui.ZoneText(t.Context()); got != "UTC" {
		t.Errorf("without a reader: %q", got)
	}
}

func TestClock(t *testing.T) {
	for left, want := range map[time.Duration]string{24*time.Minute + 10*time.Second: "24:10", 9 * time.Second: "0:09", -time.Second: "0:00", 90 * time.Minute: "90:00"} {
		if got := ui.Clock(left); got != want {
			t.Errorf("%v: %q", left, got)
		}
	}
}
