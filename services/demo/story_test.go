package demo

import (
	"cmp"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"offshoot/models"
	"offshoot/services/ledger"
)

func storyOn(c *company, end time.Time) []event { return c.story(end.AddDate(0, 0, -days), end) }

// BAL-1, BAL-2: on whichever day it is made up, nobody in the story spends what is not there, every account has its usage,
// and nothing lies ahead.
func TestStoryHoldsOnEveryDay(t *testing.T) {
	end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 60 {
		end = end.Add(145*time.Hour + 53*time.Minute) // a whole year, at every hour
		charges := 0
		for i := range cast {
			charges += checkStory(t, &cast[i], storyOn(&cast[i], end), end)
		}
		if charges < 700 || charges > 6000 {
			t.Errorf("%s: %d charges", end, charges)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
}

// before is what must have happened, and to whom, before an event.
func before(e event) (first act, to *sub) {
	switch {
	case e.does == confirmed && e.sub == nil:
		return joined, nil
	case e.does == opened:
		return enabled, nil
	case e.does == confirmed, e.does == gave, e.does == deactivated, e.does == deleted, e.does == itself:
		return opened, e.sub
	}
	return confirmed, e.sub // used, signed in, accessed …
}

func checkStory(t *testing.T, c *company, story []event, end time.Time) (charges int) {
	t.Helper()
	zero := models.Zero(c.currency)
	floor := zero
	if c.credit != "" {
		floor = parse(t, c, c.credit).Neg()
	}
	own, of, shares, uses, recent := zero, map[*sub]models.Money{}, map[*sub]bool{}, map[*sub]int{}, map[*sub]models.Money{}
	gone := map[*sub]bool{}
	move := func(s *sub, amount models.Money) { own, of[s] = own.Sub(amount), of[s].Add(amount) }
	done := map[act]map[*sub]bool{}
	for _, e := range story {
		if done[e.does] == nil {
			done[e.does] = map[*sub]bool{}
		}
		done[e.does][e.sub] = true
		if first, to := before(e); e.does != joined && !done[first][to] {
			t.Fatalf("%s comes before event %d", e.about(c), first)
		}
		switch e.does {
		case paid:
			own = own.Add(e.amount)
		case opened:
			of[e.sub], shares[e.sub] = zero, e.sub.funding.DrawsFrom(c.plan)
			if given := cmp.Or(e.sub.start, e.sub.limit); given != "" && !shares[e.sub] {
				move(e.sub, parse(t, c, given))
			}
		case gave, itself:
			move(e.sub, e.amount)
		case tookBack:
			move(e.sub, e.amount.Neg())
		case funded:
			move(e.sub, of[e.sub].Neg())
			if shares[e.sub] = e.terms.Funding.DrawsFrom(c.plan); e.terms.Limit != "" {
				move(e.sub, parse(t, c, e.terms.Limit))
			}
		case deactivated, deleted:
			move(e.sub, of[e.sub].Neg())
			gone[e.sub] = true
		case used:
			for _, cost := range costs(t, c, e) {
				charges++
				uses[e.sub]++
				if e.sub == nil || shares[e.sub] {
					own = own.Sub(cost)
					continue
				}
				of[e.sub] = of[e.sub].Sub(cost)
				if e.at.After(end.AddDate(0, 0, -30)) {
					recent[e.sub] = recent[e.sub].Add(cost)
				}
			}
		}
		if own.Less(floor) || e.sub != nil && of[e.sub].IsNegative() {
			t.Fatalf("%s: there is not enough: %s has %s, the sub-account %s", e.about(c), c.AccountName, own, of[e.sub])
		}
		if !e.at.Before(end) {
			t.Fatalf("%s lies ahead of %s", e.about(c), end)
		}
	}
	for i := range c.subs {
		s := &c.subs[i]
		if s.sends > 0 && uses[s] == 0 {
			t.Errorf("%s: %s used nothing", end, s.AccountName)
		}
		// what the dashboard calls low: less than a week's use
		low := recent[s].Amount.IsPositive() && of[s].Amount.Mul(decimal.NewFromInt(30)).LessThan(recent[s].Amount.Mul(decimal.NewFromInt(7)))
		if s.funding != models.OwnBalance || s.trial > 0 || s.hurries || shares[s] || gone[s] {
			continue
		}
		if wanted := s.sends > 0 && s.start != "" && s.refill == 0; low != wanted {
			t.Errorf("%s: %s has %s and used %s in 30 days: low is %v", end, s.AccountName, of[s], recent[s], low)
		}
	}
	return charges
}

func parse(t *testing.T, c *company, amount string) models.Money {
	t.Helper()
	m, err := models.ParseAmount(amount, c.currency)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// costs are what each charge and letter of an event costs where no package pays.
func costs(t *testing.T, c *company, e event) []models.Money {
	t.Helper()
	var all []models.Money
	for _, order := range e.orders {
		checkOrder(t, c, order)
		all = append(all, order.Amount)
	}
	for _, l := range e.letters {
		if len(l.to) == 0 || l.body == "" || l.reference == "" || len(slices.Compact(slices.Sorted(slices.Values(l.to)))) != len(l.to) {
			t.Fatalf("%s: a letter that makes no sense: %+v", c.AccountName, l)
		}
		all = append(all, c.cost(l))
	}
	return all
}

func checkOrder(t *testing.T, c *company, o ledger.ChargeOrder) {
	t.Helper()
	fine := o.Amount.Amount.Equal(o.Amount.Amount.Truncate(int32(models.Decimals(c.currency))))
	if !o.Amount.IsPositive() || o.Amount.Asset != c.currency || !fine || o.Quantity < 1 || !models.IsCountry(o.Country) || o.Reference == "" {
		t.Fatalf("%s: a charge that makes no sense: %+v", c.AccountName, o)
	}
}

// REP-1: people send at work, not at night and little at weekends, so that the report by day has a rhythm.
func TestStoryHasARhythm(t *testing.T) {
	end := time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)
	for i := range cast {
		c := &cast[i]
		if !c.enabled {
			continue
		}
		work, rest, night := 0, 0, 0
		for _, e := range storyOn(c, end) {
			if len(e.letters) == 0 {
				continue
			}
			local := e.at.In(zoneOf(c.TimeZone))
			if local.Hour() < 7 || local.Hour() > 21 {
				night++
			}
			weekend := false
			for _, day := range c.weekend {
				weekend = weekend || local.Weekday() == day
			}
			if weekend {
				rest++
			} else {
				work++
			}
		}
		free := len(c.weekend)
		if night > 0 || rest == 0 || work*free < 3*rest*(7-free) {
			t.Errorf("%s: %d campaigns on working days, %d on days off, %d at night", c.AccountName, work, rest, night)
		}
	}
}

// The world is the same each time.
func TestStoryIsTheSameEachTime(t *testing.T) {
	end := time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)
	for i := range cast {
		if first, second := storyOn(&cast[i], end), storyOn(&cast[i], end); !reflect.DeepEqual(first, second) {
			t.Errorf("%s: two stories of the same moments differ", cast[i].AccountName)
		}
	}
}
