package models

import "time"

// BookFault is a rule of the books that does not hold.
type BookFault struct {
	Rule     string   `json:"rule"`
	Faults   int64    `json:"faults"`
	Examples []string `json:"examples"` // what the first few are called
	Says     string   `json:"-"`        // what must hold
	Means    string   `json:"-"`        // what has happened
	Freezes  bool     `json:"-"`
}

// BookCheck is what is known of one tenant's books.
type BookCheck struct {
	Tenant    ID
	Name      string
	CheckedAt *time.Time // none: not yet
	Rows      int64
	WholeAt   *time.Time // when all of it was looked at
	WholeRows int64
	Faults    []BookFault
	AskedAt   *time.Time // since when somebody waits for a whole check
	Freeze    *Freeze
}

// Freeze is a tenant's money standing still.
type Freeze struct {
	At     time.Time
	Reason string
}

// BookCheckPage is some of them by name, and where the next begin; those that need somebody stand apart.
type BookCheckPage struct {
	Faulty []BookCheck
	Checks []BookCheck
	Next   string
}
