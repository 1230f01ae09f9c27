package models

import "time"

// FundingTerms are how a sub-account is funded, and what goes with that way, as somebody typed it.
type FundingTerms struct {
	Funding  Funding
	Start    string // with own balance, when it is added: what it begins with; empty: nothing
	Limit    string // with a monthly limit
	Priority string // with a monthly limit: who comes first when the parent is short, 1 to 9999; empty: 100
	CapDay   string // with a shared balance; empty: no cap
	CapMonth string // likewise
}

// Caps are how much a sub-account may draw from its parent's balance, and what it has drawn. nil: no cap.
type Caps struct {
	Day, Month           *Money
	DrawnDay, DrawnMonth Money // since the day and the month of the parent's calendar began, net of refunds
}

// MonthStartState is what became of a month start for one sub-account.
type MonthStartState string

const (
	MonthDue     MonthStartState = "due"     // what was unused is back, and its turn to be given comes
	MonthFunded  MonthStartState = "funded"  // its limit was moved
	MonthShort   MonthStartState = "short"   // its parent had too little: it waits for money
	MonthCapped  MonthStartState = "capped"  // its parent is post-pay: nothing is moved
	MonthStopped MonthStartState = "stopped" // it was not in use
	MonthMissed  MonthStartState = "missed"  // the month was over when its start was looked at
)

// Limit is a sub-account's monthly limit with what became of it this month.
type Limit struct {
	Account  ID
	Name     string // of the account, where several are told of
	Amount   Money
	Priority int
	Period   string // "2026-11", of the parent's calendar
	State    MonthStartState
	Granted  Money // moved for this month and not taken back
	Used     Money // this month
	Left     Money
	SetAt    time.Time
	FundedAt *time.Time
}

// Missing is what is still to be moved to it for this month.
func (l Limit) Missing() Money {
	if l.State != MonthShort && l.State != MonthDue || l.Amount.Less(l.Granted) {
		return Zero(l.Amount.Asset)
	}
	return l.Amount.Sub(l.Granted)
}

// ShownFunding is how a sub-account is funded, as its page shows it.
type ShownFunding struct {
	Caps  Caps
	Limit *Limit // with a monthly limit
}

// Rehearsal is what the next month start of a parent will move, as things stand.
type Rehearsal struct {
	At        time.Time // when
	Zone      string
	Period    string // the month that starts
	Plan      Plan   // of a post-pay parent nothing is moved
	Available Money  // what the parent has now
	Returned  Money  // what is unused and goes back first
	Needed    Money  // all limits of those in use
	Given     Money  // what it will give
	Missing   Money  // what the parent has to add until then, so that everybody is funded
	Funded    int
	Short     int
	Stopped   int // not in use: nothing is moved
	Turns     []MonthTurn
	Next      string // where the next page begins; empty: there is none
}

// MonthTurn is one sub-account's part of a month start that is rehearsed.
type MonthTurn struct {
	Account  ID
	Name     string
	Priority int
	Amount   Money
	Returned Money
	State    MonthStartState
}

// MonthNow is how the month that runs has started for a parent.
type MonthNow struct {
	Period    string
	Plan      Plan
	Available Money
	Counts    map[MonthStartState]int
	Owed      Money // the limits of those who wait
	Missing   Money // what the parent has to add for them
	Limits    []Limit
	Next      string // where the next page begins; empty: there is none
}

// MonthQuery asks for a page of a month start.
type MonthQuery struct {
	OnlyShort bool
	After     string // from the page before
}
