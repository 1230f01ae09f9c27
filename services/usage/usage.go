// Package usage counts what was used. It alone writes usage_changes and the rollups made of them.
//
// Whoever charges or settles usage says in its own transaction what changed, see Count. A job adds the changes up into
// rollups, see Roll. A reader adds both, within one snapshot, so that a report is right at any moment and reads no messages.
package usage

import (
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// Change is what to add to the usage of an account; a message that moves from one status to another is two of them, one
// below zero. Changes of one transaction are put together before they are written.
type Change struct {
	Account models.ID
	Kind    string    // message, call, number, keyword
	Country string    // ISO 3166-1 alpha-2 of the destination
	Status  string    // of a message; "" of other usage
	At      time.Time // when it was used: of a message, when it was accepted
	Amounts
}

// Amounts are the figures of usage. Units and costs are in millionths.
type Amounts struct {
	Quantity int64 // messages, calls, months
	Parts    int64
	Units    int64 // of packages
	Cost     int64 // in the tenant's currency, whoever paid
	OwnCost  int64 // what of it the account paid itself
}

// Count writes what changed, put together by account, kind, country, status and quarter of an hour. It travels with the
// transaction's next statement.
func Count(tx *store.Tx, changes []Change) {}
