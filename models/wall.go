package models

import "time"

// Shown is a reading of a clock on the wall in some zone.
type Shown struct {
	At      time.Time  // when the clock showed it; the second time where it did twice
	First   *time.Time // where it did twice, as clocks were put back: the first time
	Skipped bool       // it never did, as clocks were put forward: At is when that happened
}

// ShownAt says when a clock in a zone showed a date and a time, which are those of wall whatever its own zone.
func ShownAt(wall time.Time, zone *time.Location) Shown {
	year, month, day := wall.Date()
	hour, minute, second := wall.Clock()
	utc := time.Date(year, month, day, hour, minute, second, wall.Nanosecond(), time.UTC)
	near := time.Date(year, month, day, hour, minute, second, wall.Nanosecond(), zone)
	begins, ends := near.ZoneBounds()
	looks := []time.Time{near}
	if !begins.IsZero() {
		looks = append(looks, begins.Add(-time.Second))
	}
	if !ends.IsZero() {
		looks = append(looks, ends)
	}
	var found []time.Time
	for _, look := range looks {
		_, offset := look.In(zone).Zone()
		at := utc.Add(-time.Duration(offset) * time.Second)
		if _, shows := at.In(zone).Zone(); shows == offset && (len(found) == 0 || !found[0].Equal(at)) {
			found = append(found, at)
		}
	}
	switch {
	case len(found) == 0: // near is on one side of the change, within the hour that was left out
		change := begins
		if !ends.IsZero() && (begins.IsZero() || ends.Sub(near).Abs() < near.Sub(begins).Abs()) {
			change = ends
		}
		return Shown{At: change.UTC(), Skipped: true}
	case len(found) == 1:
		return Shown{At: found[0]}
	case found[0].After(found[1]):
		return Shown{At: found[0], First: &found[1]}
	}
	return Shown{At: found[1], First: &found[0]}
}
