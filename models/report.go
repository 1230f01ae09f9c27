package models

import "time"

// UsageGrouping is by what a usage report adds up.
type UsageGrouping string

const (
	ByDay     UsageGrouping = "day"
	ByMonth   UsageGrouping = "month"
	ByCountry UsageGrouping = "country"
	ByStatus  UsageGrouping = "status"
)

// Usage is how much was used and what it cost.
type Usage struct {
	Messages  int64
	Delivered int64 // of the messages
	Failed    int64
	Parts     int64
	Units     int64  // of packages
	Others    int64  // calls, months of numbers and keywords
	Cost      *Money // nil where the reader is shown no prices
}

// DeliveredShare is which share of the messages that came to an end was delivered, in tenths of a percent; false where none
// did. Messages under way and cancelled ones are neither.
func (u Usage) DeliveredShare() (permille int64, ok bool) {
	ended := u.Delivered + u.Failed
	if ended <= 0 {
		return 0, false
	}
	share := u.Delivered * 1000 / ended // 100 % and 0 % are said of all and of none alone
	if share == 0 && u.Delivered > 0 {
		share = 1
	}
	return share, true
}

// IsNone says whether nothing was used.
func (u Usage) IsNone() bool {
	return u.Messages == 0 && u.Parts == 0 && u.Units == 0 && u.Others == 0 && (u.Cost == nil || u.Cost.IsZero())
}

// Add is both together. No price on one side is no price on both.
func (u Usage) Add(o Usage) Usage {
	sum := Usage{Messages: u.Messages + o.Messages, Delivered: u.Delivered + o.Delivered, Failed: u.Failed + o.Failed,
		Parts: u.Parts + o.Parts, Units: u.Units + o.Units, Others: u.Others + o.Others}
	if u.Cost != nil && o.Cost != nil {
		cost := u.Cost.Add(*o.Cost)
		sum.Cost = &cost
	}
	return sum
}

// UsageRow is one row of a usage report: a day, month, country or status, and the account where accounts are a column.
type UsageRow struct {
	Day         Day           // by day: the day; by month: its first day; otherwise none
	Country     string        // by country: ISO 3166-1 alpha-2 of the destination
	Status      MessageStatus // by status: "" of what is no message
	Account     ID            // NoID unless accounts are a column
	AccountName string
	Usage
}

// StatementLine is one entry of an account's balance and what it was for.
type StatementLine struct {
	Number       int64 // 1, 2, 3 … within the account's balance
	At           time.Time
	Kind         TransferKind
	Note         string
	Reference    string
	Other        ID // the account on the other side; NoID where that is the same account or the outside world
	OtherName    string
	Amount       Money // below zero: taken out
	BalanceAfter Money
	Transfer     ID
	UsageKind    string // of a charge: message, call, number, keyword
	Country      string // of a charge: where to
	Quantity     int64  // of a charge: how many
}

// StatementOf is a package that an account has a statement of units for.
type StatementOf struct {
	ID   ID
	Name string
}

// Explained is a balance as the sum of what led to it: Opening, which was there at From, and Parts make Closing, which was there
// at Until.
type Explained struct {
	From, Until      time.Time // From zero: from the beginning; Until is included
	Opening, Closing Money
	Entries          int64
	Parts            []ExplainedPart // what came before what went, the most first
	Summed           bool            // false: there are more entries than a page adds up, and Parts is empty
	Last             *StatementLine  // the entry that last changed it, also one before From; nil: nothing ever had until then
}

// ExplainedPart are all entries of one kind that came, or that went.
type ExplainedPart struct {
	Kind   TransferKind
	Count  int64
	Amount Money // below zero: taken out
}

// Change is what came less what went.
func (e Explained) Change() Money { return e.Closing.Sub(e.Opening) }

// Unexplained is what the parts leave over. It is zero in books that are right.
func (e Explained) Unexplained() Money {
	rest := e.Change()
	for _, p := range e.Parts {
		rest = rest.Sub(p.Amount)
	}
	return rest
}

// SubAccountDetails is one row of the file of sub-account details (REP-2).
type SubAccountDetails struct {
	Name             string
	Email            string
	Mobile           string // E.164, or nothing
	Status           AccountStatus
	SharingBalance   Money // what its parent shared with it: transfers to it less transfers back
	RemainingBalance Money // what it has of that
	RemainingUnits   int64
}

// DayUsage is one day of a chart with the day as many days before behind it.
type DayUsage struct {
	Day    Day
	Now    Usage
	Before Usage // on the day one period earlier
}

// TopAccount is an account with what it used.
type TopAccount struct {
	Account ID
	Name    string
	Status  AccountStatus
	Usage
}

// LowBalance is an account whose own balance is under the threshold that was set for it, or will not last.
type LowBalance struct {
	Account ID
	Name    string
	Balance Money
	Below   *Money // the threshold that it is under
	Weekly  *Money // where it is under none: what it used in an average week of the last 30 days, which is more than it has
}

// PausedRecharge is a sub-account that is not recharged until somebody or something resumes it.
type PausedRecharge struct {
	Account ID
	Name    string
	Reason  string // short, times, amount
	Since   time.Time
}

// CreditAsked is a sub-account that asks for credit.
type CreditAsked struct {
	Account ID
	Name    string
	Amount  *Money // nil: whatever its parent thinks right
	Note    string
	Since   time.Time
}

// TrialAtEnd is a sub-account whose trial ends soon or has ended, without credit since.
type TrialAtEnd struct {
	Account ID
	Name    string
	Funding Funding
	LastDay Day // in its own zone
	Ended   bool
}

// PendingAccount is a sub-account whose user has not activated it.
type PendingAccount struct {
	Account ID
	Name    string
	Email   string
	Since   time.Time
}

// ConsentAsked is a member of staff who waits for consent to enter an account.
type ConsentAsked struct {
	AccountName string
	Helper      string // e-mail
	Reason      string
	Since       time.Time
}

// Attention is what a parent's dashboard asks it to look at. A count above AttentionLimit means more than that.
type Attention struct {
	Pending      []PendingAccount // the five that wait longest
	PendingCount int
	Low          []LowBalance // five: those under a threshold, then those that will not last, the least balance first
	LowCount     int
	OwnLow       *LowBalance // the parent's own balance is under its threshold
	ShortCount   int         // how many sub-accounts were not funded this month
	ShortMissing Money       // what the parent has too little for them
	NextMonth    Day         // the first of the next month in the parent's calendar
	NextMissing  Money       // what the parent has too little for its limits then, as things stand
	Paused       []PausedRecharge
	PausedCount  int
	Credit       []CreditAsked // the five that wait longest
	CreditCount  int
	Trials       []TrialAtEnd // the five that end or ended first
	TrialCount   int
	Consents     []ConsentAsked // the five that wait longest; for those who decide
	Requests     int            // features of the Store that the operator has not decided on
}

// AttentionLimit is as far as the dashboard counts.
const AttentionLimit = 1000

// ParentDashboard is what a parent's users see first.
type ParentDashboard struct {
	Available   Money // what the parent can spend or give: its balance and its credit line
	Credit      Money // the credit line within that
	Balance     Money // its balance alone
	Held        Money // by its sub-accounts
	Total       Money // Balance and Held
	Attention   Attention
	Days        []DayUsage // 30, oldest first, today the last
	Used        Usage      // of these days
	UsedBefore  Usage      // of the 30 days before them
	TopAccounts []TopAccount
	Latest      []LogLine
}

// SubAccountDashboard is what a sub-account's users see first.
type SubAccountDashboard struct {
	Balance     *Money // nil while it spends its parent's
	Limits      []ShownLimit
	HidesPrices bool       // of limits it is shown how much is used, and not of what
	TrialEndsAt *time.Time // it is on trial, and nothing has come since that would end that
	Days        []DayUsage
	Used        Usage
	UsedBefore  Usage
	Latest      []StatementLine
}
