package funding_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/funding"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

// BAL-5, BAL-6: the order of priority against a few lines of Go, month after month: the rehearsal by moving and the one by
// looking say what they say, and then the month start does it.
func TestOrderOfPriority(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	funding.InChunksOf(w.Funding, 2)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	var subs []models.Account
	for i := range 6 {
		subs = append(subs, limited(t, w, c, "Ward "+string(rune('A'+i)), "100", ""))
	}
	sink := c.Own.Account
	for range 10 {
		for _, a := range subs {
			l := limit(t, w, c, a)
			terms := monthly(storetest.Euros(t, "1").Add(models.FromMicros(random.Int64N(300)*1_000_000, "EUR")).Text(), string(rune('1'+random.IntN(3))))
			if err := fund(w, c, a, terms); err != nil { // more than there is
				refused(t, err, ledger.ErrInsufficientBalance, "limit")
			}
			if has := w.BalanceOf(t, a); has.IsPositive() && random.IntN(2) == 0 {
				use(t, w, a, has.Text())
			}
			_ = l
		}
		if random.IntN(2) == 0 {
			receive(t, w, c, "400")
		}
		if has := w.BalanceOf(t, c.Account); has.IsPositive() && random.IntN(2) == 0 {
			_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: sink.ID, Amount: has})
			must(t, err)
		}
		wanted := model(t, w, c, subs)
		before := w.Fingerprint(t)
		for _, rehearse := range []func() (models.Rehearsal, error){
			func() (models.Rehearsal, error) { return funding.RehearseMoving(ctx, w.Funding, c.Admin.Actor) },
			func() (models.Rehearsal, error) { return funding.RehearseLooking(ctx, w.Funding, c.Admin.Actor) },
		} {
			r, err := rehearse()
			must(t, err)
			for _, turn := range r.Turns {
				if turn.State != wanted[turn.Account] {
					t.Errorf("%s: the rehearsal says %s, the model %s", turn.Name, turn.State, wanted[turn.Account])
				}
			}
			if len(r.Turns) != len(subs) || r.Funded+r.Short != len(subs) || (r.Missing.IsPositive() && r.Short == 0) || (r.Short > 0 && !r.Missing.IsPositive()) {
				t.Errorf("%+v", r)
			}
		}
		if w.Fingerprint(t) != before {
			t.Fatal("a rehearsal changed something")
		}
		now := models.DayOf(w.Clock.Now(), c.Zone())
		w.Clock.Set(now.AddMonths(1).Start(c.Zone()).Add(time.Duration(random.IntN(60)) * time.Minute))
		starts(t, w)
		for _, a := range subs {
			if l := limit(t, w, c, a); l.State != wanted[a.ID] {
				t.Errorf("%s is %s, the model says %s", a.Name, l.State, wanted[a.ID])
			}
		}
	}
}

// model says who is funded at the next month start: what is there and what is unused together, whole limits in order.
func model(t testing.TB, w *storetest.World, c storetest.Company, subs []models.Account) map[models.ID]models.MonthStartState {
	there := w.BalanceOf(t, c.Account)
	var limits []models.Limit
	for _, a := range subs {
		there = there.Add(w.BalanceOf(t, a))
		limits = append(limits, limit(t, w, c, a))
	}
	slices.SortStableFunc(limits, func(a, b models.Limit) int { return cmp.Compare(a.Priority, b.Priority) }) // they were set in their order
	states := map[models.ID]models.MonthStartState{}
	for _, l := range limits {
		states[l.Account] = models.MonthShort
		if !there.Less(l.Amount) {
			states[l.Account], there = models.MonthFunded, there.Sub(l.Amount)
		}
	}
	return states
}

// BAL-6, bad input: limits whose sum no bigint holds are added up right, and rehearsed by sub-accounts' pages of fifty.
func TestLimitsBeyondABigint(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.AddCompany(t, 1)
	const most = "999999999999.99"
	receive(t, w, c, most)
	var subs []models.Account
	for i := range 12 { // the same money for each, one after the other
		a := limited(t, w, c, "Huge "+string(rune('A'+i)), most, "")
		_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, a.ID, "next")
		must(t, err)
		subs = append(subs, a)
	}
	for _, a := range subs {
		must(t, w.Accounts.Reactivate(ctx, c.Admin.Actor, a.ID))
	}
	now, err := w.Funding.ThisMonth(ctx, c.Admin.Actor, models.MonthQuery{})
	must(t, err)
	if now.Owed.Text() != "10999999999999.89" || now.Missing.Text() != "10999999999999.89" || now.Counts[models.MonthShort] != 11 || len(now.Limits) != 12 {
		t.Errorf("%s, %s, %v", now.Owed, now.Missing, now.Counts)
	}
	r, err := w.Funding.Rehearse(ctx, c.Admin.Actor, models.MonthQuery{})
	must(t, err)
	if r.Needed.Text() != "11999999999999.88" || r.Missing.Text() != "10999999999999.89" || r.Funded != 1 || r.Short != 11 {
		t.Errorf("%+v", r)
	}
	at(t, w, "Europe/Berlin", "2026-12-01 00:00")
	starts(t, w)
	if w.Sent(t, "alex@company1.example", "11 sub-accounts were not given") != 1 || w.Count(t, `outbox WHERE subject LIKE '%10999999999999.89 EUR missing'`) != 1 {
		t.Error("the mail does not say what is missing")
	}
}
