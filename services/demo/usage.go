package demo

import (
	"fmt"
	"slices"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
)

const (
	message = ledger.MessageUsage
	call    = ledger.CallUsage
	number  = ledger.NumberUsage
	keyword = ledger.KeywordUsage
)

// busy is in which hours people send, one entry for each share of a day's campaigns.
var busy = []int{8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 12, 13, 13, 14, 14, 14, 15, 15, 15, 16, 16, 17, 18, 20}

// usage tells what an account uses between two moments: less at weekends, a little more from week to week.
func (t *teller) usage(s *sub, h habit, from, until time.Time) {
	if h.sends == 0 {
		return
	}
	for day := range days + 1 {
		weight := 0.75 + 0.5*float64(day)/days
		if slices.Contains(t.weekend, t.at(day, 12, 0).In(t.zone).Weekday()) {
			weight *= 0.2
		}
		campaigns := int(h.often*weight*(0.6+0.8*t.random.Float64()) + t.random.Float64())
		for range campaigns {
			at := t.at(day, busy[t.random.IntN(len(busy))], t.random.IntN(60)).Add(time.Duration(t.random.IntN(60_000)) * time.Millisecond)
			t.use(event{at: at, does: used, sub: s, orders: t.campaign(h)}, from, until)
		}
		if t.at(day, 12, 0).In(t.zone).Day() == 1 {
			for _, kind := range h.rents {
				order := ledger.ChargeOrder{Kind: kind, Country: h.reach[0], Quantity: 1, Amount: t.price(t.rates.months[kind], 1)}
				t.use(event{at: t.at(day, 3, 5), does: used, sub: s, orders: []ledger.ChargeOrder{order}}, from, until)
			}
		}
	}
}

// use names the orders and tells of them when they lie between the two moments.
func (t *teller) use(e event, from, until time.Time) {
	if !e.at.After(from) || !e.at.Before(until) {
		return
	}
	for i := range e.orders {
		e.orders[i].Reference = t.reference(e.sub, e.orders[i].Kind)
	}
	t.tell(e)
}

// campaign is what goes out at once: messages to one, two or three countries, or a few calls.
func (t *teller) campaign(h habit) []ledger.ChargeOrder {
	if h.calls && t.random.IntN(4) == 0 {
		n := 1 + t.random.Int64N(4)
		return []ledger.ChargeOrder{{Kind: call, Country: h.reach[0], Quantity: n, Amount: t.price(t.rates.call, n)}}
	}
	var orders []ledger.ChargeOrder
	for i, country := range h.reach {
		if t.random.IntN(1+2*i) > 0 { // the first always, the others now and then
			continue
		}
		n := max(1, int64(float64(h.sends)*(0.4+1.2*t.random.Float64())/float64(1+i)))
		parts := n * (1 + t.random.Int64N(5)/4)
		orders = append(orders, ledger.ChargeOrder{Kind: message, Country: country, Quantity: n, Parts: parts,
			Amount: t.price(t.rates.part[country], parts)})
	}
	return orders
}

// price is so many times a rate.
func (t *teller) price(rate string, times int64) models.Money {
	one, err := models.ParseAmount(rate, t.currency)
	if err != nil {
		panic(fmt.Sprintf("demo: no rate of %s for this: %q", t.Email, rate))
	}
	return models.FromMicros(one.Micros()*times, t.currency)
}

var prefixes = map[string]string{message: "SMS", call: "CALL", number: "NUM", keyword: "KEY"}

func (t *teller) reference(s *sub, kind string) string {
	account := t.Email
	if s != nil {
		account = s.Email
	}
	if t.references == nil {
		t.references = map[string]int{}
	}
	t.references[account]++
	return fmt.Sprintf("%s-%06d", prefixes[kind], t.references[account])
}
