package ui

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// TimeText is a moment in the reader's zone with the zone's abbreviation: "1 Mar 2026, 13:05 CET".
func TimeText(ctx context.Context, t time.Time) string {
	local := t.In(ReaderOf(ctx).Zone)
	return local.Format("2 Jan 2006, 15:04") + hardSpace + abbreviation(local)
}

// HourText is the time of day in the reader's zone: "14:05 CET". For a moment of today.
func HourText(ctx context.Context, t time.Time) string {
	local := t.In(ReaderOf(ctx).Zone)
	return local.Format("15:04") + hardSpace + abbreviation(local)
}

func shortTime(ctx context.Context, t time.Time) string {
	reader := ReaderOf(ctx)
	local := t.In(reader.Zone)
	if local.Year() != reader.Now.In(reader.Zone).Year() {
		return TimeText(ctx, t)
	}
	return local.Format("2 Jan, 15:04") + hardSpace + abbreviation(local)
}

// DateText is the day on which a moment falls in the reader's zone: "1 Mar 2026".
func DateText(ctx context.Context, t time.Time) string {
	return t.In(ReaderOf(ctx).Zone).Format("2 Jan 2006")
}

// ZoneText names the reader's zone: "Europe/Berlin (CET, UTC+1)". The offset is that of the moment of the request.
func ZoneText(ctx context.Context) string {
	reader := ReaderOf(ctx)
	name := reader.Zone.String()
	if reader.Now.IsZero() || name == "UTC" {
		return name
	}
	local := reader.Now.In(reader.Zone)
	short, offset := abbreviation(local), utcOffset(local)
	if short == offset {
		return fmt.Sprintf("%s (%s)", name, offset)
	}
	return fmt.Sprintf("%s (%s, %s)", name, short, offset)
}

// AgoText says how long before the request a moment was: "5 min ago"; "" where the context has no Now.
func AgoText(ctx context.Context, t time.Time) string {
	now := ReaderOf(ctx).Now
	if now.IsZero() || t.IsZero() {
		return ""
	}
	if passed := now.Sub(t); passed >= 0 {
		if passed < time.Minute {
			return "just now"
		}
		return span(passed) + " ago"
	}
	if ahead := t.Sub(now); ahead >= time.Minute {
		return "in " + span(ahead)
	}
	return "in less than a minute"
}

func span(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	case d < 48*time.Hour:
		return "1 day"
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// abbreviation is the zone's short name at that moment. Zones without one are called "+03" by the database of zones,
// which nobody reads as a zone.
func abbreviation(local time.Time) string {
	name, _ := local.Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		return utcOffset(local)
	}
	return name
}

func utcOffset(local time.Time) string {
	_, seconds := local.Zone()
	sign := "+"
	if seconds < 0 {
		sign, seconds = minus, -seconds
	}
	hours, minutes := seconds/3600, seconds/60%60
	if minutes == 0 {
		return fmt.Sprintf("UTC%s%d", sign, hours)
	}
	return fmt.Sprintf("UTC%s%d:%02d", sign, hours, minutes)
}

// Clock writes a duration as minutes and seconds: "24:10". What has passed is "0:00".
func Clock(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

func machineTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
func utcTitle(t time.Time) string    { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }
