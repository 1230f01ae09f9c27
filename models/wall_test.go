package models

import (
	"testing"
	"time"
)

// BAL-11, REP-5: what a clock showed is one moment, two where clocks went back, none where they went forward.
func TestShownAt(t *testing.T) {
	for _, c := range []struct {
		zone, wall, at, first string
		skipped               bool
	}{
		{"UTC", "2026-11-20T10:30:00", "2026-11-20T10:30:00Z", "", false},
		{"Europe/Berlin", "2026-07-01T10:30:00", "2026-07-01T08:30:00Z", "", false},
		{"Europe/Berlin", "2026-10-25T01:59:59", "2026-10-24T23:59:59Z", "", false},
		{"Europe/Berlin", "2026-10-25T02:00:00", "2026-10-25T01:00:00Z", "2026-10-25T00:00:00Z", false},
		{"Europe/Berlin", "2026-10-25T02:59:59", "2026-10-25T01:59:59Z", "2026-10-25T00:59:59Z", false},
		{"Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00Z", "", false},
		{"Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z", "", false},
		{"Europe/Berlin", "2026-03-29T02:00:00", "2026-03-29T01:00:00Z", "", true},
		{"Europe/Berlin", "2026-03-29T02:59:00", "2026-03-29T01:00:00Z", "", true},
		{"Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z", "", false},
		{"America/Sao_Paulo", "2018-11-04T00:30:00", "2018-11-04T03:00:00Z", "", true},                        // no midnight
		{"America/Sao_Paulo", "2018-02-17T23:30:00", "2018-02-18T02:30:00Z", "2018-02-18T01:30:00Z", false},   // an hour before midnight, twice
		{"Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00Z", "", true},                             // a day left out
		{"Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T15:15:00Z", "2026-04-04T14:45:00Z", false}, // by half an hour
		{"Asia/Amman", "1999-12-31T23:59:59", "1999-12-31T21:59:59Z", "", false},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		wall, err := time.Parse("2006-01-02T15:04:05", c.wall)
		if err != nil {
			t.Fatal(err)
		}
		got := ShownAt(wall, zone)
		first := ""
		if got.First != nil {
			first = got.First.Format(time.RFC3339)
		}
		if got.At.Format(time.RFC3339) != c.at || first != c.first || got.Skipped != c.skipped {
			t.Errorf("%s in %s was at %s, first %q, left out %v", c.wall, c.zone, got.At.Format(time.RFC3339), first, got.Skipped)
		}
	}
}
