// Package usage counts what was used. It alone writes usage_changes and the sums made of them.
//
// Whoever accepts or settles messages says in its own transaction what changed, see Count; other usage is counted by the
// database as its charge is made. A job adds the changes to sums by day, month and account, see Roll. A reader takes both,
// within one snapshot, so that a report is right at any moment and reads no messages.
package usage

import (
	"cmp"
	"slices"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// Quarter is the shortest while that usage is counted in: every zone's days begin with one.
const Quarter = 15 * time.Minute

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

func (a Amounts) plus(b Amounts) Amounts {
	return Amounts{a.Quantity + b.Quantity, a.Parts + b.Parts, a.Units + b.Units, a.Cost + b.Cost, a.OwnCost + b.OwnCost}
}

// place is where amounts are added to each other.
type place struct {
	account               models.ID
	quarter               time.Time
	kind, country, status string
}

func (p place) compare(o place) int {
	return cmp.Or(slices.Compare(p.account[:], o.account[:]), p.quarter.Compare(o.quarter), cmp.Compare(p.kind, o.kind),
		cmp.Compare(p.country, o.country), cmp.Compare(p.status, o.status))
}

// Count writes what changed, put together by account, kind, country, status and quarter of an hour; what cancels out leaves
// nothing. It travels with the transaction's next statement.
func Count(tx *store.Tx, changes []Change) {
	sums := make(map[place]Amounts, len(changes))
	for _, c := range changes {
		at := place{c.Account, c.At.UTC().Truncate(Quarter), c.Kind, c.Country, c.Status}
		sums[at] = sums[at].plus(c.Amounts)
	}
	places := make([]place, 0, len(sums))
	for at, sum := range sums {
		if sum != (Amounts{}) {
			places = append(places, at)
		}
	}
	if len(places) == 0 {
		return
	}
	slices.SortFunc(places, place.compare)
	n := len(places)
	ids, accounts, quarters := make([]models.ID, n), make([]models.ID, n), make([]time.Time, n)
	kinds, countries, statuses := make([]string, n), make([]string, n), make([]string, n)
	quantity, parts, units, cost, ownCost := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for i, at := range places {
		ids[i], accounts[i], quarters[i] = models.NewIDAt(tx.Now), at.account, at.quarter
		kinds[i], countries[i], statuses[i] = at.kind, at.country, at.status
		sum := sums[at]
		quantity[i], parts[i], units[i], cost[i], ownCost[i] = sum.Quantity, sum.Parts, sum.Units, sum.Cost, sum.OwnCost
	}
	tx.Queue(`INSERT INTO usage_changes (tenant_id, id, account_id, kind, country, status, quarter, quantity, parts, units, cost, own_cost)
		SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
			$8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])`,
		tx.Actor.Tenant, ids, accounts, kinds, countries, statuses, quarters, quantity, parts, units, cost, ownCost)
}
