package models

import "time"

// InboundMeaning is what an inbound message was taken for.
type InboundMeaning string

const (
	InboundStop  InboundMeaning = "stop"  // opts out
	InboundStart InboundMeaning = "start" // opts in again
	InboundHelp  InboundMeaning = "help"
	InboundRule  InboundMeaning = "rule" // a keyword or reply rule answers
	InboundNone  InboundMeaning = "none"
)

// InboundMessage is a message that somebody sent to a number of an account.
type InboundMessage struct {
	ID      ID
	At      time.Time // when it came in
	Number  string    // written to
	Sender  string    // as the gateway gave it: E.164, a short number, or letters
	Body    string
	Meaning InboundMeaning
	Keyword string // of the rule that answered
	Reply   string // what was to be answered; ""
	ReplyID ID     // the message that answered; NoID
	Problem string // why nothing was answered
}

// InboundQuery is what the URL of the incoming messages says, as typed.
type InboundQuery struct {
	Sender   string // whole, as people type a number
	From, To string // days
	Older    string // cursor
}

// InboundFilter is an InboundQuery that was read.
type InboundFilter struct {
	Sender string // E.164; ""
	Days   Days
	Before ID // NoID: from the newest
}

// InboundPage is a page of incoming messages, newest first.
type InboundPage struct {
	Rows  []InboundMessage
	Older ID // cursor of the page after; NoID when there is none
}

// RuleKind says how a reply rule compares.
type RuleKind string

const (
	ExactRule   RuleKind = "exact"   // the whole message is the keyword
	PrefixRule  RuleKind = "prefix"  // the message starts with it
	DefaultRule RuleKind = "default" // any other message
)

// RuleKinds are all of them, in the order of their precedence.
var RuleKinds = []RuleKind{ExactRule, PrefixRule, DefaultRule}

// Label is the word on screen.
func (k RuleKind) Label() string {
	switch k {
	case ExactRule:
		return "Exact word"
	case PrefixRule:
		return "Starts with"
	case DefaultRule:
		return "Default"
	}
	return string(k)
}

// ReplyRule is a keyword with its answer, or the answer to everything else.
type ReplyRule struct {
	ID      ID
	Number  string // the one written to; "": any number of the account
	Kind    RuleKind
	Keyword string
	Reply   string
	Paused  bool
	Version int
}

// ReplyVerdict is what would become of a text that came in now, and why.
type ReplyVerdict struct {
	Meaning InboundMeaning
	Rule    *ReplyRule
	Reply   string
	Why     string // a sentence
}

// AssignedNumber is a number of the installation with the account that it belongs to.
type AssignedNumber struct {
	Number      string
	Tenant      ID
	Account     ID
	AccountName string
	ParentName  string
	By          string
	Entered     bool
	At          time.Time
}

// AssignedNumbers are a page of them, in order of number.
type AssignedNumbers struct {
	Rows []AssignedNumber
	Next string
}
