package models

import "time"

// ListedAccount is one row of the list of sub-accounts.
type ListedAccount struct {
	ID           ID
	Name         string
	ContactName  string
	Email        string
	Mobile       string
	Status       AccountStatus
	Funding      Funding
	Draws        bool // it spends its parent's balance
	Balance      Money
	Limits       []ShownLimit
	Units        int64 // of packages, together
	LastLogin    *time.Time
	LastActivity *time.Time // last usage
	Trial        Trial
	TimeZone     string // IANA name
}

// AccountQuery is what the URL of the list of sub-accounts says.
type AccountQuery struct {
	Search  string // part of a name, contact, e-mail or mobile
	Status  AccountStatus
	Funding Funding
	Sort    string // one of AccountColumns; name when it is none
	Desc    bool
	After   string // cursor of an earlier answer: rows after it …
	Before  string // … or before it
}

// AccountColumns are the columns that the list of sub-accounts can be ordered by.
var AccountColumns = []string{"name", "email", "mobile", "status", "funding", "balance", "units", "last_login", "last_activity"}

// AccountList is one page of sub-accounts.
type AccountList struct {
	Rows   []ListedAccount
	Newer  string // cursor of the page before, empty when there is none
	Older  string // cursor of the page after
	Count  int64  // how many match, up to a limit
	More   bool   // more than that limit match
	Sorted string // what the rows are really ordered by
}

// PrivilegeOverview is one page of sub-accounts with what each was granted.
type PrivilegeOverview struct {
	AccountList
	Granted map[ID][]Privilege
}

// ShownAccount is everything that the pages of one account show.
type ShownAccount struct {
	Account
	Parent        Account // itself for a parent
	Owner         User
	Privileges    []Privilege
	Balance       Balance
	ParentBalance Balance
	Activation    *OpenActivation // of a Pending account
	LastActivity  *time.Time      // last usage
	Trial         Trial
}

// Draws says whether it spends its parent's balance.
func (a ShownAccount) Draws() bool { return a.Kind == Sub && a.Funding.DrawsFrom(a.Parent.Plan) }

// ActivationMethod is how a new account's user proves that the e-mail is theirs (ACC-4). Either way a code proves the mobile.
type ActivationMethod string

const (
	ByPassword ActivationMethod = "password" // a one-time password in the mail
	ByLink     ActivationMethod = "link"     // a link in the mail, which leads to a page that asks for a password
	// ByHand has nothing sent: whoever makes the account sets the password and hands it over (ACC-5)
	ByHand ActivationMethod = "hand"
)

// OpenActivation is how far a Pending account is.
type OpenActivation struct {
	Method       ActivationMethod
	SentAt       time.Time
	ExpiresAt    time.Time
	Expired      bool
	CodeAccepted bool
	CodesSent    int
}

// Activation is what the pages of an activation show to the account's user.
type Activation struct {
	Account      Account
	Mobile       string // all but the last digits hidden
	CodeAccepted bool
}

// FindQuery is what staff look for among all accounts.
type FindQuery struct {
	Text   string // part of a name, contact, e-mail or mobile; empty: parents alone
	Status AccountStatus
	After  string // next of an earlier answer
	People string // next of an earlier answer of people
}

// FoundAccount is one account that staff found.
type FoundAccount struct {
	TenantID   ID
	ID         ID
	Kind       AccountKind
	Name       string
	Email      string
	Mobile     string
	Status     AccountStatus
	ParentName string
	Plan       Plan    // of a parent
	Funding    Funding // of a sub-account
	Draws      bool    // it spends its parent's balance
	Balance    Money
}

// FoundUser is one person that staff found.
type FoundUser struct {
	TenantID    ID
	ID          ID
	AccountID   ID
	Name        string
	Email       string
	Role        Role
	Owner       bool
	Disabled    bool
	AccountName string
	AccountKind AccountKind
	ParentName  string
}

// FoundUsers is a page of them, in order of e-mail, and where the next page begins.
type FoundUsers struct {
	Users []FoundUser
	Next  string
}

// FeatureMode says how a feature of the Store is had.
type FeatureMode string

const (
	OpenFeature      FeatureMode = "open"       // by one click
	OnRequestFeature FeatureMode = "on_request" // after staff approved
)

// Feature is a feature of the Store as it stands for a parent.
type Feature struct {
	Mode        FeatureMode
	EnabledAt   *time.Time
	RequestedAt *time.Time // an open request
	RefusedWhy  string     // of the last request, when it was refused
}

// FeatureRequest is a parent's open request for a feature, as staff see it.
type FeatureRequest struct {
	TenantID    ID
	ID          ID
	AccountName string
	Feature     string
	RequestedBy string
	Entered     bool // by somebody who had entered the account
	RequestedAt time.Time
}
