package demo

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"offshoot/models"
)

// months tells when the months start of a company whose sub-accounts have limits, and that it prepares for each the day before.
func (t *teller) months() {
	if !slices.ContainsFunc(t.subs, func(s sub) bool { return s.limit != "" }) {
		return
	}
	var turns []time.Time
	for day := 2; day <= days; day++ {
		if at := t.at(day, 0, 5); at.In(t.zone).Day() == 1 && at.Before(t.until) {
			turns = append(turns, at)
		}
	}
	for i, at := range turns {
		last := i == len(turns)-1
		t.tell(event{at: at.Add(-13 * time.Hour), does: prepares, last: last})
		t.tell(event{at: at, does: turned, last: last})
	}
}

// onTrial tells of the end of a sub-account's trial. It returns the last day as somebody types it, and when it is over.
func (t *teller) onTrial(s *sub) (until string, over time.Time) {
	last := models.DayOf(t.start, t.zone).AddDays(s.trial)
	over = last.AddDays(1).Start(zoneOf(s.TimeZone))
	t.tell(event{at: over.Add(-63 * time.Hour), does: reminded, sub: s})
	t.tell(event{at: over.Add(9 * time.Minute), does: reminded, sub: s})
	if over.After(t.until) {
		over = t.until
	}
	return last.String(), over
}

// ending tells of a sub-account's last hour, which shows what is only so for a while: a recharge that stands still until the next day,
// and a cap that is almost reached.
func (t *teller) ending(s *sub) {
	if s.hurries {
		for i := range 24 {
			at := t.until.Add(-13*time.Minute + time.Duration(i)*30*time.Second)
			t.use(event{at: at, does: used, sub: s, orders: t.calls(s.habit, 30)}, t.start, t.until)
		}
	}
	if s.capped {
		t.use(event{at: t.until.Add(-40 * time.Minute), does: used, sub: s, letters: t.letters(s, s.habit)}, t.start, t.until)
		t.tell(event{at: t.until.Add(-5 * time.Minute), does: funded, sub: s, terms: models.FundingTerms{Funding: models.SharedBalance}})
	}
}

// limit is what a sub-account gets each month.
type limit struct {
	amount   models.Money
	priority int
}

// fund begins a way of funding.
func (b *purse) fund(at time.Time, s *sub, t models.FundingTerms) {
	b.shares[s] = t.Funding.DrawsFrom(b.plan)
	if b.shares[s] {
		d := b.drawnOf(s)
		d.mostDay, d.mostMonth = b.optional(t.CapDay), b.optional(cmp.Or(t.CapMonth, t.Limit))
		return
	}
	given := t.Start
	if t.Funding == models.MonthlyLimit {
		given = t.Limit
		b.limits[s] = limit{b.must(t.Limit), b.number(t.Priority)}
	}
	if given != "" {
		b.full[s] = b.must(given)
		b.move(at, s, b.full[s])
	}
}

// limited are the sub-accounts with limits in their parent's order.
func (b *purse) limited() []*sub {
	return slices.SortedFunc(maps.Keys(b.limits), func(x, y *sub) int {
		return cmp.Compare(b.limits[x].priority, b.limits[y].priority)
	})
}

func (b *purse) number(typed string) int {
	n, err := strconv.Atoi(typed)
	if err != nil {
		panic(fmt.Sprintf("demo: %q of %s: %v", typed, b.Email, err))
	}
	return n
}

// prepare pays in what a month start takes, the day before; before the last one, only what all but the least important take. As much as
// the reserve is for what is used until then.
func (b *purse) prepare(e event) {
	subs := b.limited()
	if len(subs) == 0 {
		return
	}
	need := whole(b.reserve, b.currency)
	for i, s := range subs {
		need = need.Sub(b.of[s])
		if !e.last || i < len(subs)-1 {
			need = need.Add(b.limits[s].amount)
		}
	}
	b.afford(e.at, need)
}

// turn starts a month: what is unused goes back, and then whoever's whole limit is there gets it.
func (b *purse) turn(e event) {
	moves := func(s *sub, amount models.Money) {
		b.own, b.of[s] = b.own.Sub(amount), b.of[s].Add(amount)
		b.told = append(b.told, event{at: e.at, does: itself, sub: s, amount: amount})
	}
	subs := b.limited()
	for _, s := range subs {
		moves(s, b.of[s].Neg())
	}
	for _, s := range subs {
		if amount := b.limits[s].amount; !b.own.Less(amount) {
			moves(s, amount)
		}
	}
}

// recharge is a day on which a sub-account is recharged.
type recharge struct {
	sub *sub
	day models.Day
}

// recharges says whether a sub-account is recharged by itself after an event that leaves so much.
func (b *purse) recharges(e event, left models.Money) bool {
	rule, on := b.rules[e.sub]
	return on && left.Less(b.must(rule.Below)) &&
		b.must(rule.Amount).Amount.Mul(decimal.NewFromInt(int64(b.recharged[b.today(e)]+1))).LessThanOrEqual(b.must(rule.MostAmount).Amount)
}

func (b *purse) today(e event) recharge { return recharge{e.sub, models.DayOf(e.at, b.zone)} }

// recharge moves what an auto-recharge does after an event. The company has paid in what it takes.
func (b *purse) recharge(e event) {
	if e.sub == nil || !b.recharges(e, b.of[e.sub]) {
		return
	}
	amount := b.must(b.rules[e.sub].Amount)
	b.recharged[b.today(e)]++
	b.own, b.of[e.sub] = b.own.Sub(amount), b.of[e.sub].Add(amount)
	b.told = append(b.told, event{at: e.at, does: itself, sub: e.sub, amount: amount})
}

// drawn is what a sub-account has drawn from the company's balance, on a day and in its month, and may.
type drawn struct {
	day                models.Day
	ofDay, ofMonth     models.Money
	mostDay, mostMonth *models.Money
}

func (b *purse) drawnOf(s *sub) *drawn {
	if b.drawn[s] == nil {
		b.drawn[s] = &drawn{ofDay: models.Zero(b.currency), ofMonth: models.Zero(b.currency)}
	}
	return b.drawn[s]
}

func (b *purse) optional(amount string) *models.Money {
	if amount == "" {
		return nil
	}
	m := b.must(amount)
	return &m
}

// on counts from a new day or month on when it has come.
func (d *drawn) on(day models.Day) {
	if day != d.day {
		d.ofDay = models.Zero(d.ofDay.Asset)
	}
	if day.MonthText() != d.day.MonthText() {
		d.ofMonth = models.Zero(d.ofDay.Asset)
	}
	d.day = day
}

// draw counts what a sub-account takes out of the company's balance, unless it may not.
func (b *purse) draw(e event, cost models.Money) bool {
	d := b.drawnOf(e.sub)
	d.on(models.DayOf(e.at, b.zone))
	day, month := d.ofDay.Add(cost), d.ofMonth.Add(cost)
	if d.mostDay != nil && d.mostDay.Less(day) || d.mostMonth != nil && d.mostMonth.Less(month) {
		return false
	}
	d.ofDay, d.ofMonth = day, month
	return true
}

// capsOf are the caps of a sub-account that will soon reach that of its month: it is a round amount a little above what it has drawn.
func (b *purse) capsOf(e event) models.FundingTerms {
	d := b.drawnOf(e.sub)
	d.on(models.DayOf(e.at, b.zone))
	step := decimal.NewFromInt(1)
	if d.ofMonth.Amount.GreaterThan(twenty) {
		step = decimal.NewFromInt(5)
	}
	month := models.Money{Amount: d.ofMonth.Amount.Div(step).Floor().Add(decimal.NewFromInt(1)).Mul(step), Asset: b.currency}
	return models.FundingTerms{Funding: models.SharedBalance, CapDay: whole(10, b.currency).Text(), CapMonth: month.Text()}
}
