package demo

import (
	"testing"
	"time"
)

// BAL-3, BAL-4, BAL-5, BAL-8, BAL-10: on whichever day the story is made up, at its end two months have started at least, one sub-account
// waits for the limit of the last and others do not, an auto-recharge stands still until tomorrow, a balance is low and a cap almost
// reached. In the portal packages and refunds leave a little more money than in the story: there is room for that.
func TestStoryShowsUpkeepOnEveryDay(t *testing.T) {
	c, end := &cast[0], time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	named := map[string]*sub{}
	for i := range c.subs {
		named[c.subs[i].AccountName] = &c.subs[i]
	}
	waits, fast, low, capped := named["Impfzentrum Hamburg"], named["Kinderklinik München"], named["Radiologie Wien"], named["St. Mary's Outreach"]
	for range 60 {
		end = end.Add(145*time.Hour + 53*time.Minute)
		b := c.lived(end.AddDate(0, 0, -days), end)
		var turn time.Time
		turns, recharged := 0, 0
		has := map[*sub]bool{}
		given := map[*sub]int{}
		for _, e := range b.told {
			switch {
			case e.does == opened:
				has[e.sub] = e.sub.limit != ""
			case e.does == funded:
				has[e.sub] = e.terms.Limit != ""
			case e.does == deactivated:
				has[e.sub] = false
			case e.does == turned:
				for s, on := range has {
					if on {
						given[s]--
					}
				}
				turn, turns = e.at, turns+1
			case e.does == itself && e.at.Equal(turn) && e.amount.IsPositive():
				given[e.sub]++
			case e.does == itself && e.sub == fast && e.at.After(end.Add(-time.Hour)):
				recharged++
			}
		}
		for s, n := range given {
			if s != waits && n != 0 {
				t.Errorf("%s: %s was not given its limit", end, s.AccountName)
			}
		}
		if turns < 2 || given[waits] != -1 || b.of[waits].IsPositive() || !b.own.Less(whole(800, c.currency)) {
			t.Errorf("%s: at %d month starts %s was short %d times and has %s, its parent %s", end, turns, waits.AccountName, -given[waits], b.of[waits], b.own)
		}
		if left := b.of[fast]; recharged != 2 || !left.Less(whole(12, c.currency)) {
			t.Errorf("%s: %s was recharged %d times in the last hour and has %s", end, fast.AccountName, recharged, left)
		}
		if left := b.of[low]; !left.Less(whole(16, c.currency)) {
			t.Errorf("%s: %s has %s", end, low.AccountName, left)
		}
		if d := b.drawn[capped]; d.ofMonth.Less(*d.mostMonth) != true || d.ofMonth.Amount.Mul(two).LessThan(d.mostMonth.Amount) {
			t.Errorf("%s: %s has drawn %s of %s", end, capped.AccountName, d.ofMonth, d.mostMonth)
		}
	}
}
