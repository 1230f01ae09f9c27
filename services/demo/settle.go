package demo

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"offshoot/models"
)

var two, twenty = decimal.NewFromInt(2), decimal.NewFromInt(20)

// settled is the story with the money that it takes: a company pays in before it runs short, refills a sub-account that
// will, and what would cost more than there is does not happen.
func (t *teller) settled() []event {
	b := &purse{teller: t, own: models.Zero(t.currency), of: map[*sub]models.Money{}, shares: map[*sub]bool{}}
	for _, e := range t.events {
		b.take(e)
	}
	return b.told
}

// purse follows the balances of a company and its sub-accounts through the story.
type purse struct {
	*teller
	own    models.Money
	of     map[*sub]models.Money
	shares map[*sub]bool
	told   []event
	paid   int
}

func (b *purse) take(e event) {
	switch e.does {
	case paid:
		b.pay(e.at)
		return
	case opened:
		b.of[e.sub] = models.Zero(b.currency)
		b.shares[e.sub] = e.sub.funding == models.SharedBalance
		if e.sub.start != "" {
			b.move(e.at, e.sub, b.must(e.sub.start))
		}
	case tookBack:
		half := b.of[e.sub].Amount.Div(two).Floor()
		e.amount = models.Money{Amount: half, Asset: b.currency}
		if !e.amount.IsPositive() {
			return
		}
		b.move(e.at, e.sub, e.amount.Neg())
	case shared, deactivated, deleted:
		b.move(e.at, e.sub, b.of[e.sub].Neg())
		b.shares[e.sub] = true
	case bought:
		b.spend(e.at, e.amount)
	case used:
		if !b.use(e) {
			return
		}
	}
	b.told = append(b.told, e)
}

// use says whether there is enough for an event, once the company has done about it what it does.
func (b *purse) use(e event) bool {
	cost := models.Zero(b.currency)
	for _, order := range e.orders {
		cost = cost.Add(order.Amount)
	}
	for _, l := range e.letters {
		cost = cost.Add(b.cost(l))
	}
	if e.sub == nil || b.shares[e.sub] {
		b.spend(e.at, cost)
		return true
	}
	left := b.of[e.sub].Sub(cost)
	refill := whole(e.sub.refill, b.currency)
	if e.sub.refill > 0 && left.Add(left).Less(refill) { // below half of it
		at := e.at.Add(-90 * time.Second)
		b.move(at, e.sub, refill)
		b.told = append(b.told, event{at: at, does: gave, sub: e.sub, amount: refill, text: "Refill"})
		left = left.Add(refill)
	}
	if left.IsNegative() || e.sub.refill == 0 && left.Amount.Mul(twenty).LessThan(b.must(e.sub.start).Amount) {
		return false // nobody refills it: its people use the last of it sparingly
	}
	b.of[e.sub] = left
	return true
}

// move takes an amount from the company to its sub-account, or back where it is below zero.
func (b *purse) move(at time.Time, s *sub, amount models.Money) {
	b.spend(at, amount)
	b.of[s] = b.of[s].Add(amount)
}

// spend takes an amount out of the company's balance, which gets money first when it would fall below its reserve.
func (b *purse) spend(at time.Time, amount models.Money) {
	for b.own.Sub(amount).Less(whole(b.reserve, b.currency)) {
		b.pay(at.Add(-5 * time.Minute))
	}
	b.own = b.own.Sub(amount)
}

func (b *purse) pay(at time.Time) {
	b.paid++
	amount := whole(b.pays, b.currency)
	b.own = b.own.Add(amount)
	b.told = append(b.told, event{at: at, does: paid, amount: amount, text: fmt.Sprintf("%s-%04d", b.Country, 1000+b.paid)})
}

func (b *purse) must(amount string) models.Money {
	m, err := models.ParseAmount(amount, b.currency)
	if err != nil {
		panic(fmt.Sprintf("demo: %s of %s: %v", amount, b.Email, err))
	}
	return m
}
