package storetest

import (
	"context"
	"testing"

	"offshoot/models"
	"offshoot/services/billing"
)

// rateCard is what a part costs in the world of tests. No other country has a price.
var rateCard = map[string]map[string]string{
	"EUR": {"DE": "0.075", "AT": "0.06", "CH": "0.065", "FR": "0.055", "GB": "0.04", "US": "0.01", "JP": "0.07", "IE": "0.05"},
	"JPY": {"JP": "8", "DE": "12", "US": "3", "GB": "9"},
}

func (w *World) fillRateCard(t testing.TB) {
	t.Helper()
	for currency, prices := range rateCard {
		for country, text := range prices {
			price, err := models.ParsePrice(text, currency)
			must(t, err)
			_, err = w.Billing.SetRate(context.Background(), w.Sam.Actor, billing.RateOrder{Currency: currency, Country: country, Price: price})
			must(t, err)
		}
	}
}

// AddPackage gives a company a package by grant: so many units, for so many days, in these countries; none: everywhere.
func (w *World) AddPackage(t testing.TB, c Company, units int64, days int, countries ...string) models.ID {
	t.Helper()
	ctx := context.Background()
	offer, err := w.Billing.AddOffer(ctx, w.Sam.Actor, billing.OfferOrder{Name: "Parcel", Units: units, ValidityDays: days, Countries: countries,
		Prices: []models.Money{models.FromMicros(1_000_000, c.Currency)}})
	must(t, err)
	granted, err := w.Billing.GrantPackage(ctx, w.Sam.Actor, billing.GrantOrder{Parent: c.ID, Offer: offer, Reason: "Tests"})
	must(t, err)
	return granted.ID
}
