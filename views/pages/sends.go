package pages

import (
	"context"
	"fmt"
	"strconv"

	"offshoot/models"
	"offshoot/views/ui"
)

// sizeWords says how a text travels.
func sizeWords(s models.Sizing) string {
	units := "characters"
	if s.Encoding == models.UCS2 {
		units = "UTF-16 units"
	}
	return fmt.Sprintf("%s · %s %s · %s · room for %d more in the last", s.Encoding.Label(), strconv.Itoa(s.Length), units, plural(int64(s.Parts), "part", "parts"), s.Left)
}

// plural is a count with the word for one or for many.
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(n, 10) + " " + many
}

func counted(ctx context.Context, n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return ui.CountText(ctx, n) + " " + many
}

// sendTone is the colour of a send's status.
func sendBadge(s models.SendStatus) ui.Badge {
	tone := ui.Neutral
	switch s {
	case models.SendRunning, models.SendCollecting:
		tone = ui.Info
	case models.SendPaused:
		tone = ui.Warning
	case models.SendBlocked:
		tone = ui.Bad
	case models.SendDone:
		tone = ui.Good
	}
	return ui.Badge{Label: s.Label(), Tone: tone}
}

// toWhom is whom a send goes to, in a word or two.
func toWhom(ctx context.Context, s models.Send) string {
	to := counted(ctx, s.Recipients, "recipient", "recipients")
	if s.GroupName != "" {
		to += " of " + s.GroupName
	}
	return to
}

// beginning is as much of a text as a list shows.
func beginning(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:59]) + "…"
	}
	return text
}

// whereFrom says where a row stood.
func whereFrom(s models.Skip) string {
	switch s.Source {
	case "typed":
		return "line " + strconv.FormatInt(s.Line, 10) + " of what was typed"
	case "file":
		return "row " + strconv.FormatInt(s.Line, 10) + " of the file"
	}
	return "the group"
}

func orElse(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}
