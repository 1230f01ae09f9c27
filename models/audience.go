package models

import "time"

// Group is a list of contacts that messages go to.
type Group struct {
	ID          ID
	Account     ID // whose it is
	AccountName string
	Name        string
	Fields      []string // names of the custom fields, in the order of their columns
	Members     int64
	Version     int
	CreatedAt   time.Time
}

// ShownGroup is a group as somebody sees it.
type ShownGroup struct {
	Group
	May     May
	Setting ShareSetting // of a parent's own
}

// GroupList is a page of groups, in order of their names.
type GroupList struct {
	Rows []ShownGroup
	Next string // cursor of the page after, empty when there is none
}

// GroupQuery is what the URL of the list of groups says.
type GroupQuery struct{ After string }

// Contact is somebody whom messages go to.
type Contact struct {
	ID       ID
	Number   string // E.164
	Country  string // of the number
	Name     string
	Fields   map[string]string
	OptedOut *time.Time // from the account whose contact it is
	Version  int
	Since    time.Time
}

// ContactQuery is what the URL of a group says.
type ContactQuery struct {
	Search string // the beginning of a name, or of a number
	After  string // cursor of an earlier answer
}

// ContactList is a page of the contacts of a group.
type ContactList struct {
	Rows []Contact
	Next string
}

// OptOutSource is how somebody came to be opted out.
type OptOutSource string

const (
	OptOutInbound OptOutSource = "inbound" // they answered STOP
	OptOutPage    OptOutSource = "page"    // somebody entered it
)

// Label is the word on screen.
func (s OptOutSource) Label() string {
	switch s {
	case OptOutInbound:
		return "Answered STOP"
	case OptOutPage:
		return "Added by hand"
	}
	return string(s)
}

// OptOut is a number that asked not to be written to.
type OptOut struct {
	Number  string
	Country string
	Source  OptOutSource
	Since   time.Time
}

// OptOutQuery is what the URL of the list of opt-outs says.
type OptOutQuery struct {
	Search string // the beginning of a number
	After  string // the number behind which the page begins
}

// OptOutList is a page of opt-outs, in order of number.
type OptOutList struct {
	Rows []OptOut
	Next string
}

// ImportStatus is how far a file of contacts has come.
type ImportStatus string

const (
	ImportReading ImportStatus = "reading" // being uploaded, or its upload broke off
	ImportReady   ImportStatus = "ready"   // read; a person says whether to go on
	ImportRunning ImportStatus = "running"
	ImportDone    ImportStatus = "done"
	ImportStopped ImportStatus = "stopped" // its group was deleted meanwhile
)

// Label is the word on screen.
func (s ImportStatus) Label() string {
	switch s {
	case ImportReading:
		return "Not read to its end"
	case ImportReady:
		return "Ready"
	case ImportRunning:
		return "Running"
	case ImportDone:
		return "Done"
	case ImportStopped:
		return "Stopped"
	}
	return string(s)
}

// ContactImport is a file of contacts on its way into a group.
type ContactImport struct {
	ID           ID
	Group        ID
	FileName     string
	Columns      []string // its first row
	NumberColumn int
	NameColumn   int // -1: none
	Status       ImportStatus
	Rows         int64 // read, without the first and empty ones
	Refused      int64
	Applied      int64 // rows that became contacts
	Fresh        int64 // contacts that were not there
	Joined       int64 // contacts that were not in the group
	CreatedAt    time.Time
	EndedAt      *time.Time
}

// Good is how many rows can be imported.
func (i ContactImport) Good() int64 { return i.Rows - i.Refused }

// ImportRow is a row of a file of contacts as it was read.
type ImportRow struct {
	Row     int64  // as spreadsheets count
	Number  string // E.164, or what stood there where it is refused
	Country string
	Name    string
	Fields  map[string]string
	Problem string // "": good
}
