// Package billing keeps the operator's catalogue and what tenants have of it. It alone writes rates, package_offers,
// package_prices and packages.
//
// The rate card says what a part of a message costs by currency and destination; its lines hold from a moment until the
// next, and one that has come into force is never changed. A package is prepaid units that a parent buys in the Store or is
// granted by staff; its units are wallets of the ledger, which moves and spends them.
package billing

import (
	"offshoot/models"
	"offshoot/services/store"
)

// Service is the catalogue as pages and jobs use it.
type Service struct{ store *store.Store }

// New returns the service on that store.
func New(s *store.Store) *Service { return &Service{store: s} }

// The refusals of billing.
var (
	ErrNoSuchRate = &models.Error{Kind: models.NotFound, Code: "rate_not_found",
		Message: "There is no price for this country and currency."}
	ErrRateInForce = &models.Error{Kind: models.Conflict, Code: "rate_in_force",
		Message: "A price that has come into force is never changed. Set a new one instead."}
	ErrNothingToImport = &models.Error{Kind: models.Conflict, Code: "nothing_to_import",
		Message: "No row of this file sets a price."}
	ErrImportChanged = &models.Error{Kind: models.Conflict, Code: "import_changed",
		Message: "The rate card was changed since you looked at the preview. Check what the file does now and apply it again."}
	ErrNotRates = &models.Error{Kind: models.Invalid, Code: "not_rates",
		Message: "This is no file of rates."}
	ErrNoSuchOffer = &models.Error{Kind: models.NotFound, Code: "offer_not_found",
		Message: "There is no such package on sale."}
	ErrStaleOffer = &models.Error{Kind: models.Conflict, Code: "stale_form",
		Message: "Somebody changed this package after you opened the form. Check what it says now and save again."}
	ErrNotOnSale = &models.Error{Kind: models.Conflict, Code: "not_on_sale",
		Message: "This package is not on sale any more."}
	ErrPriceChanged = &models.Error{Kind: models.Conflict, Code: "price_changed",
		Message: "The price has changed."}
)
