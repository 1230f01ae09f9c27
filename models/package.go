package models

import (
	"slices"
	"time"
)

// PackageOffer is a package in the operator's catalogue.
type PackageOffer struct {
	ID           ID
	Name         string
	Units        int64
	ValidityDays int
	Countries    []string // that its units pay for; none: everywhere
	OnSale       bool
	Version      int // counts edits, so that a stale form is refused
	Prices       []Money
}

// PriceIn is what it costs in a currency; it is not sold in one that it has no price in.
func (o PackageOffer) PriceIn(currency string) (Money, bool) {
	for _, price := range o.Prices {
		if price.Asset == currency {
			return price, true
		}
	}
	return Money{}, false
}

// PackageSource is how an account came by a package.
type PackageSource string

const (
	BoughtPackage  PackageSource = "bought"
	GrantedPackage PackageSource = "granted"
)

// Label is the word on screen.
func (s PackageSource) Label() string {
	if s == GrantedPackage {
		return "Granted"
	}
	return "Bought"
}

// Package is a package of a parent account, as it was bought or granted.
type Package struct {
	ID         ID
	Account    ID
	Offer      ID
	Name       string
	Units      int64
	Countries  []string
	Source     PackageSource
	Price      Money
	AcquiredAt time.Time
	ExpiresAt  time.Time // nothing is drawn on it from then on
	ExpiredAt  *time.Time
}

// HasEnded says whether its validity is over.
func (p Package) HasEnded(at time.Time) bool { return !p.ExpiresAt.After(at) }

// Covers says whether its units pay for messages to a country.
func (p Package) Covers(country string) bool {
	return len(p.Countries) == 0 || slices.Contains(p.Countries, country)
}

// PackagePurchase is a package that was bought, or would be, with what the parent's balance is before and after.
type PackagePurchase struct {
	Package
	Before, After Money
}

// PackageHolder is a sub-account with what it was given of a package.
type PackageHolder struct {
	Account ID
	Name    string
	Status  AccountStatus
	Given   int64
	Used    int64 // of what it was given
	Left    int64
}

// PackageHolders is a page of them, in order of name.
type PackageHolders struct {
	Rows []PackageHolder
	Next string // cursor of the page after
}

// UsedPackage is a package as the page Account usage shows it. What a sub-account may not know is zero.
type UsedPackage struct {
	Package
	Setting ShareSetting
	Own     bool  // it is the reader's account's
	Used    int64 // by everybody; to a sub-account: of what it was given
	Shared  int64 // units that sub-accounts have and have not used
	Given   int64 // to a sub-account
	Left    int64 // that the reader's account can use
	Gone    int64 // units that nobody used before its end
}

// Code is what stands beside the amount's figures: the currency's code, or "units".
func (m Money) Code() string {
	switch {
	case !m.IsUnits():
		return m.Asset
	case m.Equal(FromMicros(1_000_000, m.Asset)):
		return "unit"
	}
	return "units"
}
