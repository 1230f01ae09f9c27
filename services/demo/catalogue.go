package demo

import (
	"context"
	"maps"
	"slices"
	"time"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/store"
)

// offer is a package that the operator sells.
type offer struct {
	name      string
	units     int64
	days      int
	countries []string
	prices    map[string]string // by currency
}

var (
	starter = offer{"SMS Starter 250", 250, 45, nil, map[string]string{"EUR": "14.00", "GBP": "12.00", "JPY": "1900", "JOD": "8.000", "NOK": "160.00"}}
	dach    = offer{"SMS Alps 1,000", 1000, 180, []string{"AT", "CH", "DE"}, map[string]string{"EUR": "60.00"}}
	pacific = offer{"SMS Pacific 1,000", 1000, 180, []string{"AU", "JP", "KR", "TW"}, map[string]string{"JPY": "6800"}}
	levant  = offer{"SMS Levant 500", 500, 90, []string{"AE", "EG", "IQ", "JO", "SA"}, map[string]string{"JOD": "14.500"}}
	offers  = []offer{starter, dach, pacific, levant}
)

// card is the operator's rate card: what its customers pay for a part of a message, by currency and destination.
var card = map[string]map[string]string{
	"EUR": euroRates.part,
	"JPY": yenRates.part,
	"JOD": dinarRates.part,
	"GBP": {"GB": "0.035", "IE": "0.052", "FR": "0.05", "ES": "0.058", "US": "0.0085"},
	"NOK": {"NO": "0.62", "SE": "0.55", "DK": "0.34"},
}

// price puts the catalogue up, as staff, unless it is there.
func (p *player) price(ctx context.Context) error {
	sam, err := p.signIn(ctx, operator.Email, staffPassword)
	if err != nil {
		return err
	}
	for _, currency := range slices.Sorted(maps.Keys(card)) {
		var there map[string]models.Money
		err := p.store.Read(ctx, sam.Actor, func(_ context.Context, tx *store.Tx) (err error) {
			there, err = billing.PricesAt(tx, currency, tx.Now)
			return err
		})
		if err != nil {
			return err
		}
		for _, country := range slices.Sorted(maps.Keys(card[currency])) {
			if _, priced := there[country]; priced {
				continue
			}
			if err := p.rate(ctx, sam.Actor, currency, country, card[currency][country], models.Day{}); err != nil {
				return err
			}
		}
	}
	there, err := p.billing.Offers(ctx, sam.Actor)
	if err != nil {
		return err
	}
	for _, o := range offers {
		if slices.ContainsFunc(there, func(t models.PackageOffer) bool { return t.Name == o.name }) {
			continue
		}
		order := billing.OfferOrder{Name: o.name, Units: o.units, ValidityDays: o.days, Countries: o.countries, OnSale: true}
		for _, currency := range slices.Sorted(maps.Keys(o.prices)) {
			price, err := models.ParseAmount(o.prices[currency], currency)
			if err != nil {
				return err
			}
			order.Prices = append(order.Prices, price)
		}
		if _, err := p.billing.AddOffer(ctx, sam.Actor, order); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) rate(ctx context.Context, staff models.Actor, currency, country, text string, from models.Day) error {
	price, err := models.ParsePrice(text, currency)
	if err != nil {
		return err
	}
	_, err = p.billing.SetRate(ctx, staff, billing.RateOrder{Currency: currency, Country: country, Price: price, From: from})
	return err
}

// raise plans the next change of the rate card, for the first of the month after the story's end.
func (p *player) raise(ctx context.Context, end time.Time) error {
	sam, err := p.signIn(ctx, operator.Email, staffPassword)
	if err != nil {
		return err
	}
	return p.rate(ctx, sam.Actor, "EUR", "DE", "0.074", models.DayOf(end, zoneOf(operator.TimeZone)).AddMonths(1))
}
