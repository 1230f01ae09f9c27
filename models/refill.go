package models

import "time"

// PauseReason says why an auto-recharge stands still.
type PauseReason string

const (
	PausedShort    PauseReason = "short"  // the parent has too little: goes on when money comes in
	PausedTimes    PauseReason = "times"  // recharged as often as it may on one day: goes on with the next
	PausedAmount   PauseReason = "amount" // by as much as it may on one day: likewise
	PausedByPerson PauseReason = "person" // somebody paused it: goes on when somebody resumes it
)

// RechargeRule is when a sub-account's balance is recharged from its parent's, by how much, and where that ends (BAL-8).
type RechargeRule struct {
	Below      Money
	Amount     Money
	UpTo       bool // Amount is what it has afterwards, not what is transferred
	MostTimes  int  // a day of the parent's calendar
	MostAmount Money
	Paused     PauseReason // "": it is not
	PausedAt   *time.Time
	SetAt      time.Time
	StoppedAt  *time.Time // it is turned off
	Version    int
}

// Need is what one recharge takes when so much is there.
func (r RechargeRule) Need(balance Money) Money {
	if r.UpTo {
		return r.Amount.Sub(balance)
	}
	return r.Amount
}

// Recharge is one transfer that an auto-recharge made.
type Recharge struct {
	Transfer ID
	Amount   Money
	MadeAt   time.Time
}

// Refill is how a sub-account's balance is looked after.
type Refill struct {
	Rule         *RechargeRule // nil: there never was one
	Rechargeable bool          // by its funding
	Watchable    bool          // it has a balance of its own
	Times        int           // of today, by the parent's calendar
	Amount       Money         // likewise
	Latest       []Recharge
	Waits        bool   // it fell under the rule's threshold and was not recharged yet
	Low          *Money // under what somebody is told; nil: nobody
	LowSince     *time.Time
}

// RechargeForm is a rule as somebody typed it.
type RechargeForm struct {
	Below      string
	Amount     string
	Way        string // WayAmount or WayUpTo
	MostTimes  string
	MostAmount string
	Version    int // of the rule that the form showed; 0: there was none
}

// The ways of RechargeForm.
const (
	WayAmount = "amount"
	WayUpTo   = "up_to"
)

// LowForm is the threshold of a low-balance notice as somebody typed it.
type LowForm struct {
	Below string // "": no notice
	Was   string // what the form showed
}
