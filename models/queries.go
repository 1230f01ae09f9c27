package models

// UsageQuery is what the URL of the usage report says, as typed: what is wrong in it comes back to be corrected.
type UsageQuery struct {
	From, To  string // days
	Account   string // an account's name, or its ID
	Country   string
	Kind      string
	Status    string
	GroupBy   UsageGrouping
	ByAccount bool // the column Account was added
}

// LogQuery is what the URL of the action log says, as typed.
type LogQuery struct {
	From, To     string // days
	Account      string // an account's name, or its ID
	Who          string // part of an e-mail
	Group        string // key of ActionGroups
	Older, Newer string // cursors
}

// StatementQuery is what the URL of a statement says, as typed.
type StatementQuery struct {
	From, To     string // days
	At           string // balance on this date and time of the reader's zone
	First        bool   // the first of two moments that a clock shows as At
	Package      string // ID of the package whose units it is of; "": the balance
	Older, Newer string // cursors
}
