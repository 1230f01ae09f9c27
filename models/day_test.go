package models_test

import (
	"testing"
	"time"

	"offshoot/models"
)

// REP-5: what is no day is refused, whatever it looks like.
func TestParseDayRefuses(t *testing.T) {
	for _, text := range []string{"", "2026", "2026-11", "2026-13-01", "2026-02-29", "2026-2-1", "21.11.2026", "2026-11-21T00:00:00Z",
		" 2026-11-21", "2026-11-21 ", "0000-01-01", "1969-12-31", "9999-01-01", "-2026-11-21", "２０２６-11-21", "2026-11-00"} {
		if day, ok := models.ParseDay(text); ok {
			t.Errorf("%q was read as %v", text, day)
		}
	}
	if day, ok := models.ParseDay("2024-02-29"); !ok || day.String() != "2024-02-29" || day.MonthText() != "2024-02" {
		t.Errorf("2024-02-29 was read as %v, %v", day, ok)
	}
}

// REP-5: a day begins at its first moment in the reader's zone, also where clocks change at midnight.
func TestDayStart(t *testing.T) {
	for _, c := range []struct{ zone, day, start string }{
		{"UTC", "2026-03-29", "2026-03-29T00:00:00Z"},
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"}, // 23 hours long
		{"Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z"},
		{"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z"}, // 25 hours long
		{"Europe/Berlin", "2026-10-26", "2026-10-25T23:00:00Z"},
		{"Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z"},       // 00:00 is 01:00
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"}, // 00:00 is 01:00
		{"America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z"}, // the day before had 23:00 twice
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"},    // two midnights: the first
		{"America/Havana", "2026-11-02", "2026-11-02T05:00:00Z"},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"}, // left out: starts where the next day does
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},
		{"Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z"}, // UTC+14
		{"Etc/GMT+12", "2026-01-01", "2026-01-01T12:00:00Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		day, _ := models.ParseDay(c.day)
		if got := day.Start(zone).Format(time.RFC3339); got != c.start {
			t.Errorf("%s starts in %s at %s, not %s", c.day, c.zone, got, c.start)
		}
	}
}

// REP-5: days and months follow each other without a gap, over month ends and leap days.
func TestDaySteps(t *testing.T) {
	day := models.Day{Year: 2024, Month: time.January, Day: 31}
	if got := day.AddMonths(1).String(); got != "2024-02-01" {
		t.Errorf("the month after 31 January begins on %s", got)
	}
	if got := day.AddMonths(-1).String(); got != "2023-12-01" {
		t.Errorf("the month before January begins on %s", got)
	}
	if got := (models.Day{Year: 2024, Month: time.February, Day: 28}).AddDays(2).String(); got != "2024-03-01" {
		t.Errorf("two days after 28 February 2024 is %s", got)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	days := models.LastDays(30, time.Date(2026, 11, 20, 23, 30, 0, 0, time.UTC), berlin)
	if days.To.String() != "2026-11-21" || days.From.String() != "2026-10-23" || days.Count() != 30 {
		t.Errorf("the last 30 days are %v to %v, %d", days.From, days.To, days.Count())
	}
	from, until := days.Bounds()
	if until.Sub(from) != 30*24*time.Hour+time.Hour { // the clocks went back on 25 October
		t.Errorf("the last 30 days last %v", until.Sub(from))
	}
	if n := (models.Days{From: days.To, To: days.From}).Count(); n != 0 {
		t.Errorf("days the wrong way round are %d", n)
	}
}
