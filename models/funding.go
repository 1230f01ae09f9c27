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
	MonthFunded  MonthStartState = "funded"  // its limit was moved
	MonthShort   MonthStartState = "short"   // its parent had too little: it waits for money
	MonthCapped  MonthStartState = "capped"  // its parent is post-pay: nothing is moved
	MonthStopped MonthStartState = "stopped" // it was not in use
	MonthMissed  MonthStartState = "missed"  // the month was over when its start was looked at
)

// Limit is a sub-account's monthly limit with what became of it this month.
type Limit struct {
	Account  ID
	Amount   Money
	Priority int
	Period   string // "2026-11", of the parent's calendar
	State    MonthStartState
	Used     Money // this month
	Left     Money
	SetAt    time.Time
}
