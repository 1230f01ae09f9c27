package models

import "time"

// SendStatus is how far a send has come.
type SendStatus string

const (
	SendCollecting SendStatus = "collecting" // whom it goes to is being read
	SendReady      SendStatus = "ready"      // to be looked at, and started
	SendRunning    SendStatus = "running"
	SendPaused     SendStatus = "paused"  // by a person
	SendBlocked    SendStatus = "blocked" // by a rule that refused
	SendDone       SendStatus = "done"
	SendCancelled  SendStatus = "cancelled"
)

// Label is the word on screen.
func (s SendStatus) Label() string {
	switch s {
	case SendCollecting:
		return "Collecting"
	case SendReady:
		return "Draft"
	case SendRunning:
		return "Sending"
	case SendPaused:
		return "Paused"
	case SendBlocked:
		return "Blocked"
	case SendDone:
		return "Done"
	case SendCancelled:
		return "Cancelled"
	}
	return string(s)
}

// IsOver says whether a send has come to its end.
func (s SendStatus) IsOver() bool { return s == SendDone || s == SendCancelled }

// Sizing is how a text travels: its encoding, and in how many parts.
type Sizing struct {
	Encoding Encoding
	Length   int // septets, or UTF-16 units
	Parts    int
	Left     int // what the last part has room for
}

// Send is what an account sends at once.
type Send struct {
	ID          ID
	Account     ID
	AccountName string
	CreatedBy   string
	CreatedAs   string // name of the account that was entered to do it
	Sender      string
	SenderID    ID // NoID: the account's registered mobile
	Group       ID // NoID: numbers that were typed or uploaded
	GroupName   string
	Body        string
	Encoding    Encoding
	Parts       int64
	Status      SendStatus
	Problem     string // of a blocked one: the code of the rule
	Reason      string // of a blocked one: the rule's sentence
	Currency    string
	Recipients  int64 // good ones
	Refused     int64 // rows that were none
	Duplicates  int64
	Handled     int64 // recipients that became messages or were skipped
	Skipped     int64
	CreatedAt   time.Time
	StartedAt   *time.Time
	EndedAt     *time.Time
}

// SendProgress is a send with what became of its messages so far.
type SendProgress struct {
	Send
	ByStatus map[MessageStatus]int64
	Cost     Money // taken from a balance and not given back
	Units    int64 // taken from packages and not given back
	Refunded Money // given back to a balance
}

// Accepted is how many messages it has become.
func (p SendProgress) Accepted() int64 {
	var n int64
	for _, count := range p.ByStatus {
		n += count
	}
	return n
}

// Waiting is how many are accepted and not handed over.
func (p SendProgress) Waiting() int64 { return p.ByStatus[MessageQueued] }

// Skip is a row of a send that nothing is sent to.
type Skip struct {
	Position int64
	Source   string // typed, file or group
	Line     int64  // of what was typed, or of the file
	Number   string
	Problem  string // a sentence
}

// Quote is what a send would take at its prices of now.
type Quote struct {
	At         time.Time
	Countries  []CountryQuote // with a price
	Unserved   []CountryQuote // without one: nobody there is written to
	OptedOut   int64          // of the recipients
	Recipients int64          // who will be written to
	Parts      int64          // of all messages together
	Pockets    []PocketQuote  // in the order in which they pay
	Money      Money          // what balances pay together
	Units      int64          // what packages pay together
	Missing    bool           // what there is does not pay for all of it
	NoPrices   bool           // its reader sees no prices and no balances
}

// WithoutPrices is the quote for somebody who sees no prices and no balances: units stay.
func (q Quote) WithoutPrices() Quote {
	q.NoPrices, q.Money = true, Money{}
	countries := make([]CountryQuote, len(q.Countries))
	for i, c := range q.Countries {
		countries[i] = CountryQuote{Country: c.Country, Recipients: c.Recipients}
	}
	var pockets []PocketQuote
	for _, p := range q.Pockets {
		if p.Amount.IsUnits() {
			pockets = append(pockets, p)
		}
	}
	q.Countries, q.Pockets = countries, pockets
	return q
}

// CountryQuote is the recipients of a send in one country.
type CountryQuote struct {
	Country    string
	Recipients int64
	Price      Money // per part
	Total      Money // of all its messages at that price, whoever pays
}

// PocketQuote is what one pocket would pay of a send.
type PocketQuote struct {
	Name   string // of the package, or of the account whose balance it is
	Payer  ID
	Amount Money // units, or money
	Left   Money // what it holds afterwards
}

// PriceChange is a price that is another one now than it was when a send was looked at.
type PriceChange struct {
	Country  string
	Old, New Money
}

// Rule is one of the rules that decide whether an account may send.
type Rule struct {
	Code  string
	Name  string
	Holds bool
	Moot  bool   // it was not looked at, for one before it is broken already
	Says  string // a sentence
	Who   string // who can change it, where it does not hold
}

// Verdict is every rule in the order in which they are asked.
type Verdict struct{ Rules []Rule }

// Broken is the first rule that does not hold, and whether there is one.
func (v Verdict) Broken() (Rule, bool) {
	for _, r := range v.Rules {
		if !r.Holds && !r.Moot {
			return r, true
		}
	}
	return Rule{}, false
}

// Holds says whether the account may send.
func (v Verdict) Holds() bool { _, broken := v.Broken(); return !broken }
