package models

import "time"

// UnitsHeld is a package as one account has to do with it.
type UnitsHeld struct {
	Package    ID
	Owner      ID // the account that bought it or was granted it
	Name       string
	Countries  []string // none: everywhere
	AcquiredAt time.Time
	ExpiresAt  time.Time
	Expired    bool
	Public     bool  // the owner is the parent and shares it with all its sub-accounts
	Size       int64 // units of the package as it was bought or granted
	Given      int64 // by the parent to this account and not taken back; below zero: what this account gave
	Used       int64 // by this account
	UsedByAll  int64
	Left       int64 // in this account's own wallet
	LeftShared int64 // of a sub-account: in its parent's, to be used by all
}

// Returned is what a sub-account that is closed gives back to its parent: what it had, and its units by package.
type Returned struct {
	Transfer
	Units []UnitsReturned
}

// UnitsReturned are the units of one package.
type UnitsReturned struct {
	Transfer
	Package string // its name
}
