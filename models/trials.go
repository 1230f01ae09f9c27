package models

import "time"

// Trial is until when a sub-account may try the portal for nothing (ACC-13), and when money last came to it.
type Trial struct {
	EndsAt     *time.Time // the first moment after its last day; nil: it is not on trial
	CreditedAt *time.Time
}

// Ended says whether the trial is over. The first credit after its end activates the account: nobody has to write that
// down, for it stands in the account's wallet.
func (t Trial) Ended(now time.Time) bool {
	return TrialOver(now, t.EndsAt, t.CreditedAt)
}

// Running says whether the account is on trial and its time is not over.
func (t Trial) Running(now time.Time) bool { return t.EndsAt != nil && now.Before(*t.EndsAt) }

// LastDay is the last day of the trial in a zone; no day where there is none.
func (t Trial) LastDay(zone *time.Location) Day {
	if t.EndsAt == nil {
		return Day{}
	}
	return DayOf(t.EndsAt.Add(-time.Microsecond), zone)
}

// TrialTerms is whether a sub-account is on trial, and until which day of its calendar, as somebody typed it.
type TrialTerms struct {
	On    bool
	Until string // "2026-12-03", the last day of it
}

// CreditRequest is a sub-account's request that its parent give it credit.
type CreditRequest struct {
	ID               ID
	Account          ID
	Amount           *Money // nil: whatever the parent thinks right
	Note             string
	RequestedBy      string
	RequestedAt      time.Time
	AnsweredAt       *time.Time // by credit, or by the parent who declined
	DismissedBecause string     // of one that was declined
}

// Open says whether the request waits for an answer.
func (r CreditRequest) Open() bool { return r.AnsweredAt == nil }
