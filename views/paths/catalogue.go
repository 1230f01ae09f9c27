package paths

import (
	"net/url"

	"offshoot/models"
)

func StaffRates() string      { return "/staff/rates" }
func StaffRateImport() string { return "/staff/rates/import" }
func StaffRateApply() string  { return "/staff/rates/import/application" }
func StaffOffers() string     { return "/staff/rates/packages" }
func NewStaffOffer() string   { return "/staff/rates/packages/new" }
func PackagesOnSale() string  { return "/store/packages" }
func AccountUsage() string    { return "/usage" }
func StaffNewRate() string    { return "/staff/rates/new" }

// StaffSetRate is the form of a price with the two filled in.
func StaffSetRate(currency, country string) string {
	return With(StaffNewRate(), url.Values{"currency": {currency}, "country": {country}})
}

// StaffRate is all prices of a country in a currency.
func StaffRate(currency, country string) string { return StaffRates() + "/" + currency + "/" + country }
func StaffRateRemoval(currency, country string) string {
	return StaffRate(currency, country) + "/removal"
}

// RateList is the rate card as a query finds it; RateFile is its file.
func RateList(q models.RateQuery) string { return With(StaffRates(), rateQuery(q)) }
func RateFile(q models.RateQuery) string {
	q.After = ""
	return CSV(StaffRates(), rateQuery(q))
}

// ParseRateQuery is the query that an address of the rate card holds.
func ParseRateQuery(from url.Values) models.RateQuery {
	return models.RateQuery{Country: clip(from.Get("q")), Currency: clip(from.Get("currency")), After: clip(from.Get("after"))}
}

func rateQuery(q models.RateQuery) url.Values {
	return url.Values{"q": {q.Country}, "currency": {q.Currency}, "after": {q.After}}
}

func StaffOffer(id models.ID) string { return StaffOffers() + "/" + id.String() }
func StaffGrants(tenant models.ID) string {
	return "/staff/accounts/" + tenant.String() + "/packages"
}
func NewStaffGrant(tenant models.ID) string { return StaffGrants(tenant) + "/new" }

// StoreOffer is the page on which a package is bought.
func StoreOffer(id models.ID) string     { return PackagesOnSale() + "/" + id.String() }
func StorePurchases(id models.ID) string { return StoreOffer(id) + "/purchases" }

// Package is the page on which a package is shared.
func Package(id models.ID) string          { return AccountUsage() + "/packages/" + id.String() }
func PackageSetting(id models.ID) string   { return Package(id) + "/sharing" }
func PackageUnits(id models.ID) string     { return Package(id) + "/units" }
func PackageUnitsBack(id models.ID) string { return Package(id) + "/units-back" }

func SubAccountUnits(id models.ID) string     { return SubAccount(id) + "/units" }
func SubAccountUnitsBack(id models.ID) string { return SubAccount(id) + "/units-back" }

// PackagePage is the page of a package with the sub-accounts after a cursor; PackageFor, with a name filled in.
func PackagePage(id models.ID, after string) string {
	return With(Package(id), url.Values{"after": {after}})
}
func PackageFor(id models.ID, name string) string {
	return With(Package(id), url.Values{"account": {name}})
}
