package models

import "time"

// UserStatus is how far a user of an account is.
type UserStatus string

const (
	InvitedUser  UserStatus = "invited"  // has not set a password yet
	ActiveUser   UserStatus = "active"   // can sign in
	DisabledUser UserStatus = "disabled" // cannot, until enabled again
)

// Label is the word on screen.
func (s UserStatus) Label() string {
	switch s {
	case InvitedUser:
		return "Invited"
	case ActiveUser:
		return "Active"
	case DisabledUser:
		return "Disabled"
	}
	return string(s)
}

// ListedUser is a user of an account as those see it who manage the account's users.
type ListedUser struct {
	User
	Status       UserStatus
	InvitedUntil *time.Time // of one who is invited: until when the link is good; nil when none is
	SecondFactor bool       // an authenticator app is asked for at sign-in
	Version      int
}

// UserQuery is what the URL of a list of users says.
type UserQuery struct {
	Search string // part of a name or e-mail
	After  ID     // NoID: from the beginning
}

// UserList is one page of the users of an account, in order of e-mail.
type UserList struct {
	Account Account
	Rows    []ListedUser
	Next    ID   // After of the next page; NoID when there is none
	Manage  bool // the reader may change them
}

// Invitation is what the page behind the link of an invitation shows.
type Invitation struct {
	Account string // its name
	Name    string
	Email   string
}

// Handover is what is shown once to whoever set a password for somebody else: they hand it over (ACC-5, ACC-11).
type Handover struct {
	Account  Account
	SignIn   string // address of the sign-in page
	Name     string
	Email    string
	Password string // "": it was set before, and is not shown a second time
}
