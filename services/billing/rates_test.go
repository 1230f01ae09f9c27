package billing_test

import (
	"context"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func prices(t testing.TB, w *storetest.World, currency string, at time.Time) map[string]models.Money {
	t.Helper()
	var found map[string]models.Money
	must(t, w.Store.Read(ctx, w.Clinic.Admin.Actor, func(_ context.Context, tx *store.Tx) (err error) {
		found, err = billing.PricesAt(tx, currency, at)
		return err
	}))
	return found
}

// BIL-1: bad orders for a price.
func TestRateRefusals(t *testing.T) {
	w := storetest.NewWorld(t)
	before := w.Fingerprint(t)
	order := func(change func(*billing.RateOrder)) billing.RateOrder {
		o := billing.RateOrder{Currency: "EUR", Country: "DE", Price: price(t, "0.08", "EUR")}
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		order billing.RateOrder
		field string
	}{
		"no currency":            {order(func(o *billing.RateOrder) { o.Currency = "EUX" }), "currency"},
		"no country":             {order(func(o *billing.RateOrder) { o.Country = "XX" }), "country"},
		"small letters":          {order(func(o *billing.RateOrder) { o.Country = "de" }), "country"},
		"below zero":             {order(func(o *billing.RateOrder) { o.Price = o.Price.Neg() }), "price"},
		"another currency":       {order(func(o *billing.RateOrder) { o.Price.Asset = "USD" }), "price"},
		"a day that has passed":  {order(func(o *billing.RateOrder) { o.From = models.Day{Year: 2026, Month: 11, Day: 19} }), "from"},
		"a year that has passed": {order(func(o *billing.RateOrder) { o.From = models.Day{Year: 1970, Month: 1, Day: 1} }), "from"},
	} {
		_, err := w.Billing.SetRate(ctx, w.Sam.Actor, c.order)
		if field(err, c.field) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, who := range []storetest.Person{w.Clinic.Admin, w.Clinic.Own} {
		_, err := w.Billing.SetRate(ctx, who.Actor, order(func(*billing.RateOrder) {}))
		refuses(t, who.Email, err, models.ErrMissingPrivilege)
		_, err = w.Billing.Rates(ctx, who.Actor, models.RateQuery{})
		refuses(t, who.Email, err, models.ErrMissingPrivilege)
	}
	refuses(t, "dropping what is in force", w.Billing.DropRate(ctx, w.Sam.Actor, "EUR", "DE", w.Clock.Now()), billing.ErrRateInForce)
	refuses(t, "dropping nothing", w.Billing.DropRate(ctx, w.Sam.Actor, "EUR", "DE", w.Clock.Now().Add(time.Hour)), billing.ErrNoSuchRate)
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
}

// BIL-1: a price holds from its moment until the next; what was in force stays what it was.
func TestRatesHoldUntilTheNext(t *testing.T) {
	w := storetest.NewWorld(t)
	start := w.Clock.Now()
	if found := prices(t, w, "EUR", start.Add(-time.Microsecond)); len(found) != 0 {
		t.Error("prices before there were any:", found)
	}
	if found := prices(t, w, "EUR", start); len(found) != 8 || found["DE"].String() != "0.075 EUR" {
		t.Error(found)
	}
	if found := prices(t, w, "USD", start); len(found) != 0 {
		t.Error(found)
	}
	// from the first of December in the operator's zone, which is Berlin's
	_, err := w.Billing.SetRate(ctx, w.Sam.Actor, billing.RateOrder{Currency: "EUR", Country: "DE", Price: price(t, "0.08", "EUR"), From: models.Day{Year: 2026, Month: 12, Day: 1}})
	must(t, err)
	change := time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)
	for at, want := range map[time.Time]string{change.Add(-time.Microsecond): "0.075 EUR", change: "0.08 EUR", change.AddDate(9, 0, 0): "0.08 EUR"} {
		if got := prices(t, w, "EUR", at)["DE"]; got.String() != want {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
	}
	// the plan is changed, and dropped
	_, err = w.Billing.SetRate(ctx, w.Sam.Actor, billing.RateOrder{Currency: "EUR", Country: "DE", Price: price(t, "0.09", "EUR"), From: models.Day{Year: 2026, Month: 12, Day: 1}})
	must(t, err)
	card, err := w.Billing.Rates(ctx, w.Sam.Actor, models.RateQuery{Country: "germ", Currency: "EUR"})
	must(t, err)
	if len(card.Lines) != 1 || card.Lines[0].Now.Price.String() != "0.075 EUR" || card.Lines[0].Next.Price.String() != "0.09 EUR" {
		t.Error(card)
	}
	must(t, w.Billing.DropRate(ctx, w.Sam.Actor, "EUR", "DE", change))
	if got := prices(t, w, "EUR", change)["DE"]; got.String() != "0.075 EUR" {
		t.Error(got)
	}
	// at once, later: the past stays
	w.Clock.Add(time.Hour)
	_, err = w.Billing.SetRate(ctx, w.Sam.Actor, billing.RateOrder{Currency: "EUR", Country: "DE", Price: price(t, "0", "EUR"), From: models.DayOf(w.Clock.Now(), time.UTC)})
	must(t, err)
	if old, now := prices(t, w, "EUR", start)["DE"], prices(t, w, "EUR", w.Clock.Now())["DE"]; old.String() != "0.075 EUR" || now.String() != "0.00 EUR" {
		t.Error(old, now)
	}
	history, err := w.Billing.RateHistory(ctx, w.Sam.Actor, "EUR", "DE")
	must(t, err)
	if len(history) != 2 || history[1].Price.String() != "0.075 EUR" {
		t.Error(history)
	}
	if n := w.Count(t, "action_log WHERE action IN ('rate.set', 'rate.dropped')"); n != 12+4 {
		t.Error(n, "lines of the log")
	}
}

// BIL-1: the rate card pages by key and finds by currency, code and name.
func TestRateCardPages(t *testing.T) {
	w := storetest.NewWorld(t)
	for _, c := range models.Countries()[:60] {
		_, err := w.Billing.SetRate(ctx, w.Sam.Actor, billing.RateOrder{Currency: "USD", Country: c.Code, Price: price(t, "0.02", "USD")})
		must(t, err)
	}
	seen := map[string]bool{}
	for q := (models.RateQuery{}); ; {
		card, err := w.Billing.Rates(ctx, w.Sam.Actor, q)
		must(t, err)
		for _, l := range card.Lines {
			if seen[l.Currency+l.Country] {
				t.Error("twice:", l)
			}
			seen[l.Currency+l.Country] = true
		}
		if q.After = card.Next; q.After == "" {
			break
		}
	}
	if len(seen) != 72 {
		t.Error(len(seen))
	}
	for q, want := range map[models.RateQuery]int{{Currency: "JPY"}: 4, {Country: "JP"}: 2, {Country: "japan"}: 2, {Country: "nowhere"}: 0, {Currency: "JPY", Country: "United"}: 2} {
		if card, err := w.Billing.Rates(ctx, w.Sam.Actor, q); err != nil || len(card.Lines) != want {
			t.Errorf("%+v: %d, %v", q, len(card.Lines), err)
		}
	}
	if codes, err := w.Billing.RateCurrencies(ctx, w.Sam.Actor); err != nil || len(codes) != 3 || codes[2] != "USD" {
		t.Error(codes, err)
	}
}
