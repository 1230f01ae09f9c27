package demo

import (
	"fmt"
	"slices"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
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
	if h.sends == 0 && h.line == 0 {
		return
	}
	for day := range days + 1 {
		weight := 0.75 + 0.5*float64(day)/days
		if slices.Contains(t.weekend, t.at(day, 12, 0).In(t.zone).Weekday()) {
			weight *= 0.2
		}
		campaigns := int(h.often/2*weight*(0.6+0.8*t.random.Float64()) + t.random.Float64())
		for range campaigns {
			at := t.at(day, busy[t.random.IntN(len(busy))], t.random.IntN(60)).Add(time.Duration(t.random.IntN(60_000)) * time.Millisecond)
			e := event{at: at, does: used, sub: s}
			if h.line > 0 {
				e.orders = t.calls(h, h.line/2+t.random.Int64N(h.line))
			} else if h.calls && t.random.IntN(4) == 0 {
				e.orders = t.calls(h, 1+t.random.Int64N(4))
			} else {
				e.letters = t.letters(s, h)
			}
			t.use(e, from, until)
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
	for i := range e.letters {
		e.letters[i].reference = t.reference(e.sub, message)
	}
	t.tell(e)
}

// calls are n calls.
func (t *teller) calls(h habit, n int64) []ledger.ChargeOrder {
	return []ledger.ChargeOrder{{Kind: call, Country: h.reach[0], Quantity: n, Amount: t.price(t.rates.call, n)}}
}

// letters are what goes out at once: a text to people in one, two or three countries.
func (t *teller) letters(s *sub, h habit) []letter {
	language := t.language
	if s != nil && s.language != "" {
		language = s.language
	}
	bodies := texts[language]
	body := bodies[t.random.IntN(len(bodies))] + footers[language]
	var all []letter
	for i, country := range h.reach {
		if t.random.IntN(1+2*i) > 0 { // the first always, the others now and then
			continue
		}
		n := max(1, int(float64(h.sends)*(0.4+1.4*t.random.Float64())/float64(1+i)))
		all = append(all, letter{country: country, body: body, to: t.some(s, country, 3*h.sends, n)})
	}
	return all
}

// some are n of the people that an account knows in a country.
func (t *teller) some(s *sub, country string, knows, n int) []string {
	if t.known == nil {
		t.known = map[*sub]map[string][]string{}
	}
	if t.known[s] == nil {
		t.known[s] = map[string][]string{}
	}
	if t.known[s][country] == nil {
		t.known[s][country] = numbers(t.random, country, knows)
	}
	people, first := t.known[s][country], t.random.IntN(knows)
	var chosen []string
	for i := range min(n, knows) {
		chosen = append(chosen, people[(first+i)%knows])
	}
	return chosen
}

// cost is what a letter costs when no package pays for it.
func (c *company) cost(l letter) models.Money {
	size, err := messaging.Measure(l.body)
	if err != nil {
		panic(fmt.Sprintf("demo: %q: %v", l.body, err))
	}
	return c.price(c.rates.part[l.country], int64(size.Parts)*int64(len(l.to)))
}

// price is so many times a rate.
func (c *company) price(rate string, times int64) models.Money {
	one, err := models.ParseAmount(rate, c.currency)
	if err != nil {
		panic(fmt.Sprintf("demo: no rate of %s for this: %q", c.Email, rate))
	}
	return models.FromMicros(one.Micros()*times, c.currency)
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
