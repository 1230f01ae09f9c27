package models

import "time"

// Sender is what a message can come from.
type Sender struct {
	ID      ID     // of a Sender ID; NoID: the account's registered mobile
	Name    string // as the phone shows it
	Account ID     // whose it is
	Shared  bool   // by the parent
}

// SenderStatus is how far a Sender ID is (MSG-7).
type SenderStatus string

const (
	SenderRequested SenderStatus = "requested"
	SenderApproved  SenderStatus = "approved"
	SenderRefused   SenderStatus = "refused"
	SenderWithdrawn SenderStatus = "withdrawn" // gone from lists, kept for history
)

// SenderStatuses are those that lists show.
var SenderStatuses = []SenderStatus{SenderRequested, SenderApproved, SenderRefused}

// Label is the word on screen.
func (s SenderStatus) Label() string {
	switch s {
	case SenderRequested:
		return "Requested"
	case SenderApproved:
		return "Approved"
	case SenderRefused:
		return "Refused"
	case SenderWithdrawn:
		return "Withdrawn"
	}
	return string(s)
}

// SenderID is a name or number that an account has asked to send from.
type SenderID struct {
	TenantID    ID
	ID          ID
	AccountID   ID
	AccountName string
	Name        string
	Purpose     string
	Status      SenderStatus
	Reason      string // of a refusal
	RequestedBy string
	Entered     bool // requested by somebody who had entered the account
	RequestedAt time.Time
	DecidedAt   *time.Time
	Version     int
	Setting     ShareSetting // how it is shared
	May         May          // what the reader's account may
}

// SenderQuery is what the URL of the list of Sender IDs says.
type SenderQuery struct {
	Status SenderStatus
	After  ID // NoID: from the newest
}

// SenderList is one page of Sender IDs, newest first.
type SenderList struct {
	Default string // the account's registered mobile; "" where it has none
	Rows    []SenderID
	Next    ID   // After of the next page; NoID when there is none
	Granted bool // the account may have Sender IDs of its own (PRV-2)
}

// SenderRequest is a Sender ID that waits for staff to decide.
type SenderRequest struct {
	SenderID
	ParentName string
	AlsoOf     string // another tenant's account that has the name approved; "" for none
}

// SenderRequests is a page of them, oldest first.
type SenderRequests struct {
	Rows []SenderRequest
	Next string // where the next page begins; "" when there is none
}
