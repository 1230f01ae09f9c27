package usage

import (
	"time"

	"offshoot/models"
)

// Level is one way in which usage is added up: in which periods, by account or for all of the tenant, and whether by kind,
// country and status too.
type Level int16

// The levels, as the table has them.
const (
	AccountMonths Level = 1
	AccountDays   Level = 2
	Days          Level = 3
	Quarters      Level = 4
)

// Detailed is the level that has the same periods by kind, country and status.
func (l Level) Detailed() Level { return l + 4 }

// DayPeriod, MonthPeriod and QuarterPeriod number the periods of the levels. Days and months are those of the tenant's zone;
// they are worked out here and never by PostgreSQL, so that one database of time zones decides.
func DayPeriod(d models.Day) int32 {
	return int32(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

func MonthPeriod(d models.Day) int32 { return int32((d.Year-1970)*12 + int(d.Month) - 1) }

// DayAt is the day of a zone that a moment lies in, by the first moments of days (models.Day.Start): where clocks go back
// across midnight, the minutes that they show twice are not taken for a day before and a day after.
func DayAt(at time.Time, zone *time.Location) models.Day {
	day := models.DayOf(at, zone)
	if at.Before(day.Start(zone)) {
		return day.AddDays(-1)
	}
	if next := day.AddDays(1); !at.Before(next.Start(zone)) {
		return next
	}
	return day
}

// QuarterPeriod is the quarter of an hour that a moment lies in.
func QuarterPeriod(at time.Time) int32 { return int32(at.Unix() / int64(Quarter/time.Second)) }
