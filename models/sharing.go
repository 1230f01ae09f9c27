package models

import "time"

// ShareKind is a kind of resource that a parent can share with its sub-accounts (SHR-1).
type ShareKind string

const (
	SharedSenderID ShareKind = "sender_id"
	SharedGroup    ShareKind = "group"
	SharedPackage  ShareKind = "package"
)

// ShareKinds are all of them.
var ShareKinds = []ShareKind{SharedSenderID, SharedGroup, SharedPackage}

// May is how far an account's rights to a resource go, each step with those before it.
type May int

const (
	MayNothing May = iota // there is no such resource
	MaySee                // a parent what its sub-accounts have
	MayUse
	MayEdit
)

// Label is the word on screen.
func (m May) Label() string {
	switch m {
	case MayUse:
		return "Use"
	case MayEdit:
		return "Use and edit"
	}
	return ""
}

// ShareSetting says who else may use a resource.
type ShareSetting string

const (
	OnlyMe ShareSetting = "only_me" // nobody
	Public ShareSetting = "public"  // every sub-account may view and use it
	Custom ShareSetting = "custom"  // named sub-accounts
)

// ShareSettings are all of them, in the order in which forms show them.
var ShareSettings = []ShareSetting{OnlyMe, Public, Custom}

// Label is the word on screen.
func (s ShareSetting) Label() string {
	switch s {
	case OnlyMe:
		return "Only me"
	case Public:
		return "Public"
	case Custom:
		return "Custom"
	}
	return string(s)
}

// Share is one sub-account that a resource is shared with.
type Share struct {
	Account     ID
	AccountName string
	May         May // MayUse or MayEdit
	Since       time.Time
}

// Sharing is how a resource is shared. Version is of the sharing, 0 while nobody has changed it.
type Sharing struct {
	Setting ShareSetting
	Shares  []Share // of Custom, by name
	Version int
}

// SharedResource is a resource with how it is shared.
type SharedResource struct {
	Kind ShareKind
	ID   ID
	Name string
	Sharing
}

// NamedAccount is an account to choose.
type NamedAccount struct {
	ID   ID
	Name string
}
