package models

import "time"

// Rate is a line of the operator's rate card: what a part of a message to a country costs in a currency, from a moment
// until the next line of the two.
type Rate struct {
	Country string // ISO 3166-1 alpha-2
	Price   Money
	From    time.Time
}

// RateStanding is where the price of a country and currency stands now.
type RateStanding struct {
	Country  string
	Currency string
	Now      *Rate // nil: nothing can be sent there yet
	Next     *Rate // the next change, if there is one
}

// RateQuery is what the URL of the rate card says.
type RateQuery struct {
	Country  string // a code, or part of a name
	Currency string
	After    string // cursor of an earlier answer
}

// RateCard is one page of it, by currency and country.
type RateCard struct {
	Lines []RateStanding
	Next  string // cursor of the page after, empty at the end
}

// RateOutcome is what a row of an imported rate card does.
type RateOutcome string

const (
	RateNew       RateOutcome = "new"       // the first price of its country and currency
	RateChanged   RateOutcome = "changed"   // another price than would have been
	RateUnchanged RateOutcome = "unchanged" // the price that holds then anyway
	RateRefused   RateOutcome = "refused"
)

// ImportedRate is a row of an imported rate card, and what becomes of it.
type ImportedRate struct {
	Row     int // of the file, its head being row 1
	Text    [4]string
	Rate    Rate
	Outcome RateOutcome
	Before  *Money // of one that changes
	AtOnce  bool
	Refusal string // a sentence
}

// RateImport is what an imported rate card does, or did: all refused rows, changed ones, new ones and unchanged ones.
type RateImport struct {
	Rows                             []ImportedRate
	New, Changed, Unchanged, Refused int
	Seal                             string // of exactly the prices that it sets
}

// Changes is how many prices the import sets.
func (i RateImport) Changes() int { return i.New + i.Changed }
