package models

import (
	"sort"
	"time"
)

// Day is a day of the calendar, without a zone. The zero Day is no day.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDay reads "2026-11-21" and nothing else, from 1970 to 9998.
func ParseDay(text string) (Day, bool) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || len(text) != len(time.DateOnly) || t.Year() < 1970 || t.Year() > 9998 {
		return Day{}, false
	}
	return Day{t.Year(), t.Month(), t.Day()}, true
}

// DayOf is the day on which a moment falls in a zone.
func DayOf(at time.Time, zone *time.Location) Day {
	year, month, day := at.In(zone).Date()
	return Day{year, month, day}
}

func (d Day) IsZero() bool { return d == Day{} }

// String is the day as files, forms and addresses hold it: "2026-11-21"; "" for no day.
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return d.utc().Format(time.DateOnly)
}

// MonthText is the day's month as files and addresses hold it: "2026-11".
func (d Day) MonthText() string { return d.utc().Format("2006-01") }

// Before says whether d comes before other.
func (d Day) Before(other Day) bool {
	if d.Year != other.Year {
		return d.Year < other.Year
	}
	if d.Month != other.Month {
		return d.Month < other.Month
	}
	return d.Day < other.Day
}

// AddDays is the day n days later, or earlier where n is below zero.
func (d Day) AddDays(n int) Day { return DayOf(d.utc().AddDate(0, 0, n), time.UTC) }

// FirstOfMonth is the first day of the day's month.
func (d Day) FirstOfMonth() Day { return Day{d.Year, d.Month, 1} }

// AddMonths is the first day of the month n months later, or earlier where n is below zero. It always is a first day:
// the 31st has no counterpart in every month.
func (d Day) AddMonths(n int) Day {
	return DayOf(d.FirstOfMonth().utc().AddDate(0, n, 0), time.UTC)
}

// Start is the first moment of the day in a zone, in UTC. It need not be midnight: where clocks go forward at midnight
// there is none, and where they go back across it there are two, of which it is the first. A day that a zone left out
// starts where the next one does.
func (d Day) Start(zone *time.Location) time.Time {
	const widest = 16 * 60 * 60 // seconds; no zone ever was further from UTC
	first := d.utc().Unix() - widest
	after := sort.Search(2*widest, func(i int) bool {
		return !DayOf(time.Unix(first+int64(i), 0), zone).Before(d)
	})
	return time.Unix(first+int64(after), 0).UTC()
}

func (d Day) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// Days are the days From to To, both included, as a reader in Zone lives them. No From or no To leaves that side open; no
// Zone is UTC.
type Days struct {
	From, To Day
	Zone     *time.Location
}

// In is the zone of the reader.
func (d Days) In() *time.Location {
	if d.Zone == nil {
		return time.UTC
	}
	return d.Zone
}

// Bounds are the first moment of the days and the first one after them, the zero time where a side is open.
func (d Days) Bounds() (from, until time.Time) {
	if !d.From.IsZero() {
		from = d.From.Start(d.In())
	}
	if !d.To.IsZero() {
		until = d.To.AddDays(1).Start(d.In())
	}
	return from, until
}

// Count is how many days there are; 0 where a side is open or they stand the wrong way round.
func (d Days) Count() int {
	if d.From.IsZero() || d.To.IsZero() || d.To.Before(d.From) {
		return 0
	}
	return int(d.To.utc().Sub(d.From.utc())/(24*time.Hour)) + 1
}

// LastDays are the n days that end with the day of now.
func LastDays(n int, now time.Time, zone *time.Location) Days {
	today := DayOf(now, zone)
	return Days{From: today.AddDays(1 - n), To: today, Zone: zone}
}
