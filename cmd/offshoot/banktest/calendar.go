package main

import (
	"math/rand/v2"
	"time"
)

// calendar is how the time of the program under test moves: always while no worker runs, so that months turn while it is down, and
// in the middle of what a new one does first. It waits for the last evening of a month, lets midnight come to one parent after the
// other, sets the clock back once, and sometimes lets three months pass.
type calendar struct {
	lots *rand.Rand
	n    int
}

// opening is when a plan begins: some day of thirteen months that have a 29 February among them.
func opening(seed uint64) time.Time {
	return time.Date(2031, time.June, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, int(seed%400))
}

// midnightFirst is where a month begins before it does anywhere else: 14 hours before Greenwich.
const midnightFirst = 14 * time.Hour

// setBack is how far the clock goes back, when it does.
const setBack = 2 * time.Hour

// next is how far the clock moves on from now.
func (c *calendar) next(now time.Time) time.Duration {
	hours := func(least, most int) time.Duration {
		return time.Duration(least)*time.Hour + time.Duration(c.lots.IntN((most-least)*3600))*time.Second
	}
	evening, later, latest, long := hours(1, 2), hours(9, 14), hours(10, 16), c.lots.IntN(4) == 0
	defer func() { c.n++ }()
	switch c.n % 6 {
	case 0:
		today := now.Add(midnightFirst).UTC()
		ends := time.Date(today.Year(), today.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		if ahead := ends.Add(-midnightFirst - evening).Sub(now); ahead > 0 {
			return ahead
		}
		return evening
	case 1:
		return evening + time.Hour // midnight has come to the first
	case 2:
		return -setBack // and is taken back
	case 3:
		return later
	case 4:
		return latest // and to the last
	}
	if long {
		return 92 * 24 * time.Hour
	}
	return hours(20, 70)
}
