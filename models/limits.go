package models

import "time"

// ShownLimit is how much of what a sub-account may use is used: of its monthly limit, or of a cap on its parent's balance.
type ShownLimit struct {
	Amount Money
	Used   Money // net of refunds; more than Amount where that was lowered
	Daily  bool  // today; otherwise in this month
	Cap    bool  // on its parent's balance
	Short  bool  // its parent could not fund this month: it waits for money
}

// Left is what is not used yet.
func (l ShownLimit) Left() Money {
	if l.Amount.Less(l.Used) {
		return Zero(l.Amount.Asset)
	}
	return l.Amount.Sub(l.Used)
}

// Percent is how much of it is used, 0 to 100. 100 is said of all of it alone.
func (l ShownLimit) Percent() int {
	switch {
	case !l.Used.IsPositive():
		return 0
	case !l.Used.Less(l.Amount):
		return 100
	}
	return min(int(l.Used.Amount.Shift(2).Div(l.Amount.Amount).IntPart()), 99)
}

// LimitFigures are what the tables hold of a sub-account's limit and caps. Whoever reads them asks Shown what they mean.
type LimitFigures struct {
	Asset      string
	Funding    Funding
	Plan       Plan   // of its parent
	LimitMost  *int64 // the monthly limit, in millionths like all that follow
	State      MonthStartState
	Granted    *int64 // moved to it for this month
	Balance    int64
	CapDay     *int64
	CapMonth   *int64
	CountedDay *time.Time // the day that the next two are of, and whose month
	DrawnDay   int64
	DrawnMonth int64
}

// Shown is what there is to show of a sub-account on a day of its parent's calendar: its monthly limit, or its caps, the month's
// first.
func (f LimitFigures) Shown(today Day) []ShownLimit {
	in := func(micros int64) Money { return FromMicros(max(micros, 0), f.Asset) }
	if f.Funding == MonthlyLimit && !f.Funding.DrawsFrom(f.Plan) {
		if f.LimitMost == nil {
			return nil
		}
		shown := ShownLimit{Amount: in(*f.LimitMost), Used: in(0), Short: f.State == MonthShort}
		if f.Granted != nil {
			shown.Used = in(*f.Granted - f.Balance)
		}
		return []ShownLimit{shown}
	}
	if !f.Funding.DrawsFrom(f.Plan) {
		return nil
	}
	var counted Day
	if f.CountedDay != nil {
		counted = DayOf(*f.CountedDay, time.UTC)
	}
	var shown []ShownLimit
	if f.CapMonth != nil {
		month := ShownLimit{Amount: in(*f.CapMonth), Used: in(0), Cap: f.Funding == SharedBalance}
		if !counted.IsZero() && !counted.FirstOfMonth().Before(today.FirstOfMonth()) {
			month.Used = in(f.DrawnMonth)
		}
		shown = append(shown, month)
	}
	if f.CapDay != nil {
		day := ShownLimit{Amount: in(*f.CapDay), Used: in(0), Daily: true, Cap: true}
		if !counted.IsZero() && !counted.Before(today) {
			day.Used = in(f.DrawnDay)
		}
		shown = append(shown, day)
	}
	return shown
}
