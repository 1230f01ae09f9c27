package models

import "time"

// AccountKind is what an account is in the tree of three levels.
type AccountKind string

const (
	Operator AccountKind = "operator" // runs the installation; its users are staff
	Parent   AccountKind = "parent"   // a tenant
	Sub      AccountKind = "sub"      // under a parent
)

// AccountStatus is an account's own state. What holds for a sub-account is its own state and its parent's together: a
// deactivated parent stops its sub-accounts without changing what they were (ACC-9).
type AccountStatus string

const (
	Pending     AccountStatus = "pending" // made, not yet activated by its user
	Active      AccountStatus = "active"
	Deactivated AccountStatus = "deactivated"
	Deleted     AccountStatus = "deleted" // gone from lists, kept for history
)

// Label is the word on screen.
func (s AccountStatus) Label() string {
	switch s {
	case Pending:
		return "Pending"
	case Active:
		return "Active"
	case Deactivated:
		return "Deactivated"
	case Deleted:
		return "Deleted"
	}
	return string(s)
}

// Funding says out of which pocket a sub-account's usage is paid (BAL-2).
type Funding string

const (
	OwnBalance    Funding = "own"    // what was transferred to it
	SharedBalance Funding = "shared" // its parent's balance; it sees no price and no balance
	MonthlyLimit  Funding = "limit"  // so much a month: moved to it of a pre-pay parent, drawn from the balance of a post-pay one
	ClientPays    Funding = "client" // what it adds itself
)

// Label is the word on screen.
func (f Funding) Label() string {
	switch f {
	case OwnBalance:
		return "Own balance"
	case SharedBalance:
		return "Shared balance"
	case MonthlyLimit:
		return "Monthly limit"
	case ClientPays:
		return "Client pays"
	}
	return ""
}

// Fundings are the ways in the order in which forms offer them.
var Fundings = []Funding{OwnBalance, SharedBalance, MonthlyLimit, ClientPays}

// DrawsFrom says whether a sub-account funded in this way spends its parent's balance, as far as its caps let it, rather
// than one of its own.
func (f Funding) DrawsFrom(parent Plan) bool {
	return f == SharedBalance || f == MonthlyLimit && parent == PostPay
}

// Rechargeable says whether a sub-account funded in this way has a balance that is recharged automatically: one that nobody
// else fills by a calendar.
func (f Funding) Rechargeable() bool { return f == OwnBalance || f == ClientPays }

// Plan says whether a parent pays before or after use.
type Plan string

const (
	PrePay  Plan = "pre_pay"
	PostPay Plan = "post_pay" // its balance may go down to minus its credit line
)

// Label is the word on screen.
func (p Plan) Label() string {
	if p == PostPay {
		return "Post-pay"
	}
	return "Pre-pay"
}

// Account is an operator, a parent account or a sub-account.
type Account struct {
	TenantID           ID
	ID                 ID
	Kind               AccountKind
	Name               string
	ContactName        string
	Email              string
	Mobile             string // E.164
	Country            string // ISO 3166-1 alpha-2
	TimeZone           string // IANA name
	Currency           string // ISO 4217
	Status             AccountStatus
	StatusReason       string
	Funding            Funding    // of a sub-account
	Plan               Plan       // of a parent
	TrialEndsAt        *time.Time // of a sub-account on trial
	SubAccountsEnabled *time.Time
	StaffAccessOff     *time.Time // of a parent: since when staff need its consent to enter it or its sub-accounts
	Version            int        // counts edits, so that a stale form is refused
	CreatedAt          time.Time
	ActivatedAt        *time.Time
}

// Zone is the account's time zone, UTC where the database of zones does not know it.
func (a Account) Zone() *time.Location {
	if zone, err := time.LoadLocation(a.TimeZone); err == nil {
		return zone
	}
	return time.UTC
}

// Role is what a user is within its account: an Admin runs it, a User works with it.
type Role string

const (
	Admin  Role = "admin"
	Member Role = "user"
)

// Label is the word on screen.
func (r Role) Label() string {
	if r == Admin {
		return "Admin"
	}
	return "User"
}

// User is a person who signs in with an e-mail. It belongs to one account.
type User struct {
	TenantID    ID
	ID          ID
	AccountID   ID
	Name        string
	Email       string
	Role        Role
	Owner       bool   // the user whose e-mail is the account's
	TimeZone    string // IANA name; "": that of the account
	LastLoginAt *time.Time
	DisabledAt  *time.Time
}

// ZoneIn is the time zone that the person reads times in, as a user of the account.
func (u User) ZoneIn(a Account) *time.Location {
	if u.TimeZone != "" {
		a.TimeZone = u.TimeZone
	}
	return a.Zone()
}
