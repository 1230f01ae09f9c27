package ui

import (
	"context"
	"io"
)

// Tone is the colour of what something means. It always stands with words or an icon, never alone.
type Tone string

const (
	Neutral Tone = ""
	Good    Tone = "good"
	Info    Tone = "info"
	Warning Tone = "warning"
	Bad     Tone = "bad"
)

// Badge is a state in a word or two. Without a Tone the words that the portal uses for states find theirs.
type Badge struct {
	Label string
	Tone  Tone
}

func (b Badge) Render(ctx context.Context, w io.Writer) error { return b.view().Render(ctx, w) }

// tones are the states by their words on screen (models' Label methods); any other state is neutral.
var tones = map[string]Tone{
	"Active": Good, "Accepted": Good, "Approved": Good, "Delivered": Good, "Paid": Good, "Sent": Good, "Done": Good,
	"Pending": Warning, "Paused": Warning, "Waiting": Warning, "Retrying": Warning, "Low": Warning, "Short": Warning,
	"Deactivated": Neutral, "Deleted": Neutral, "Expired": Neutral, "Revoked": Neutral,
	"Failed": Bad, "Refused": Bad, "Rejected": Bad, "Unpaid": Bad, "Overdue": Bad,
	"Trial": Info, "Requested": Info, "Invited": Info, "Running": Info, "New": Info,
}

func (b Badge) tone() Tone {
	if b.Tone != Neutral {
		return b.Tone
	}
	return tones[b.Label]
}

// Flash says once what has just happened; the same shape stands on a page as a notice of what needs attention.
type Flash struct {
	Tone   Tone
	Text   string
	Action *Action // its one button
}

func (f Flash) Render(ctx context.Context, w io.Writer) error { return f.view().Render(ctx, w) }

func (f Flash) icon() string {
	switch f.Tone {
	case Good:
		return "circle-check"
	case Warning:
		return "alert-triangle"
	case Bad:
		return "alert-circle"
	}
	return "info-circle"
}
