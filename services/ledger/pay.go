package ledger

import (
	"context"

	"offshoot/models"
	"offshoot/services/store"
)

// Bill is what one sending asks to be paid at once: a slice of a send, a reply, a single message. Its items are paid in
// order, each from the first pocket that can pay the whole of it.
type Bill struct {
	Account   models.ID
	Reference string // charged once per account
	Items     []Item
}

// Item is one message of a bill.
type Item struct {
	Country string       // ISO 3166-1 alpha-2 of the destination
	Parts   int64        // what it takes of a package's units
	Price   models.Money // what it takes of a balance, all its parts together
}

// Paid is what became of one item.
type Paid struct {
	Payer    models.ID    // whose wallet it was
	Package  models.ID    // whose units paid; NoID: money
	Amount   models.Money // money, or units
	Transfer models.ID    // that took it, together with the bill's other items of the same pocket; NoID where it cost nothing
	Refused  *models.Error
}

// Receipt is what became of a bill: Items stand in the order of the bill's.
type Receipt struct {
	Items    []Paid
	Repeated bool // it was charged before under the same reference; Items are empty
}

// Pay charges bills within a change of another service, in order, and logs one line for each transfer. An item is paid by
// units of a package that covers its country (the account's own, then one that its parent shares with everybody), the one
// that ends first; else by the wallet that the account's funding says (MSG-2). An item that nothing can pay is refused by
// itself, with the rule's error; so are all items of an account that is not active, or whose parent is not.
func Pay(ctx context.Context, tx *store.Tx, bills []Bill) ([]Receipt, error) { return nil, nil }

// Return is what a message that was paid and came to nothing gives back.
type Return struct {
	Account  models.ID // who used it
	Payer    models.ID
	Amount   models.Money // money, or units: as it was paid
	Transfer models.ID    // that paid
}

// GiveBack refunds within a change of another service, which makes sure that nothing is given back twice, with one transfer
// and log line for each (Account, Payer, asset); it returns the transfer of each Return in order, NoID where nothing was
// paid. What a closed account paid goes to its parent.
func GiveBack(ctx context.Context, tx *store.Tx, returns []Return) ([]models.ID, error) {
	return nil, nil
}
