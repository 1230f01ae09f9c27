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
func (t *teller) settled() *purse {
	b := &purse{teller: t, own: models.Zero(t.currency), of: map[*sub]models.Money{}, full: map[*sub]models.Money{}, shares: map[*sub]bool{},
		limits: map[*sub]limit{}, rules: map[*sub]models.RechargeForm{}, recharged: map[recharge]int{}, drawn: map[*sub]*drawn{}}
	for _, e := range t.events {
		b.take(e)
	}
	return b
}

// purse follows the balances of a company and its sub-accounts through the story. It reckons with what things cost where no package
// pays and nothing is refunded: in the portal there is never less.
type purse struct {
	*teller
	own       models.Money
	of        map[*sub]models.Money
	full      map[*sub]models.Money // what it was given last
	shares    map[*sub]bool
	limits    map[*sub]limit // that are moved to it each month
	rules     map[*sub]models.RechargeForm
	recharged map[recharge]int
	drawn     map[*sub]*drawn
	told      []event
	paid      int
}

func (b *purse) take(e event) {
	switch e.does {
	case paid:
		b.pay(e.at)
		return
	case opened:
		b.of[e.sub] = models.Zero(b.currency)
		b.fund(e.at, e.sub, models.FundingTerms{Funding: e.sub.funding, Start: e.sub.start, Limit: e.sub.limit, Priority: e.sub.priority})
	case gave:
		b.move(e.at, e.sub, e.amount)
		b.full[e.sub] = e.amount
	case tookBack:
		half := b.of[e.sub].Amount.Div(two).Floor()
		e.amount = models.Money{Amount: half, Asset: b.currency}
		if !e.amount.IsPositive() {
			return
		}
		b.move(e.at, e.sub, e.amount.Neg())
	case funded:
		if e.terms.Funding == models.SharedBalance {
			e.terms = b.capsOf(e)
		}
		b.leave(e)
		b.fund(e.at, e.sub, e.terms)
	case deactivated, deleted:
		b.leave(e)
		b.shares[e.sub] = true
	case automated:
		b.rules[e.sub] = e.rule
	case bought:
		b.spend(e.at, e.amount)
	case prepares:
		b.prepare(e)
		return
	case turned:
		b.told = append(b.told, e)
		b.turn(e)
		return
	case used:
		if !b.use(e) {
			return
		}
	}
	b.told = append(b.told, e)
	if e.does == used {
		b.recharge(e)
	}
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
		if e.sub != nil && !b.draw(e, cost) {
			return false
		}
		b.spend(e.at, cost)
		return true
	}
	left := b.of[e.sub].Sub(cost)
	refill, rule := whole(e.sub.refill, b.currency), b.rules[e.sub]
	if e.sub.refill > 0 && rule.Below == "" && left.Add(left).Less(refill) { // below half of it
		at := e.at.Add(-90 * time.Second)
		b.move(at, e.sub, refill)
		b.told = append(b.told, event{at: at, does: gave, sub: e.sub, amount: refill, text: "Refill"})
		left = left.Add(refill)
	}
	if left.IsNegative() || e.sub.refill == 0 && left.Amount.Mul(twenty).LessThan(b.full[e.sub].Amount) {
		return false // nobody refills it: its people use the last of it sparingly
	}
	if b.recharges(e, left) {
		b.afford(e.at, b.must(rule.Amount))
	}
	b.of[e.sub] = left
	return true
}

// leave returns what a sub-account has, and ends what it was funded by.
func (b *purse) leave(e event) {
	b.move(e.at, e.sub, b.of[e.sub].Neg())
	delete(b.limits, e.sub)
	delete(b.rules, e.sub)
}

// move takes an amount from the company to its sub-account, or back where it is below zero.
func (b *purse) move(at time.Time, s *sub, amount models.Money) {
	b.spend(at, amount)
	b.of[s] = b.of[s].Add(amount)
}

// spend takes an amount out of the company's balance, which gets money first when it would fall below its reserve.
func (b *purse) spend(at time.Time, amount models.Money) {
	b.afford(at, amount)
	b.own = b.own.Sub(amount)
}

func (b *purse) afford(at time.Time, amount models.Money) {
	for b.own.Sub(amount).Less(whole(b.reserve, b.currency)) {
		b.pay(at.Add(-5 * time.Minute))
	}
}

func (b *purse) pay(at time.Time) {
	b.paid++
	amount := whole(b.pays, b.currency)
	b.own = b.own.Add(amount)
	b.told = append(b.told, event{at: at, does: paid, amount: amount, text: fmt.Sprintf("%s-%04d", b.Country, 1000+b.paid)})
}
