package refill_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// BAL-8: fifty uses at once cross the threshold together, and every job of it is done twice at once: one recharge.
func TestFiftyUsesAtOnce(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own
	w.fund(own, "30")
	w.rule(models.RechargeForm{Below: "10", Way: models.WayAmount, Amount: "10", MostTimes: "3", MostAmount: "30"})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := w.charge(own, storetest.Euros(t, "0.5")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	fallen := w.jobs()
	if len(fallen) != 1 {
		t.Errorf("%d falls of one threshold", len(fallen))
	}
	for _, j := range fallen {
		for range 8 {
			all.Go(func() {
				if err := w.do(j); err != nil {
					t.Error(err)
				}
			})
		}
		all.Go(func() {
			if err := w.Refill.MoneyArrived(ctx, w.Clinic.ID); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if w.recharges() != 1 || w.balance() != "15.00" {
		t.Errorf("%d recharges, %s", w.recharges(), w.balance())
	}
}

// BAL-8: uses and jobs side by side, all day long: never more than the day allows, and nothing is lost.
func TestUsesAndRechargesSideBySide(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own
	w.fund(own, "20")
	w.rule(models.RechargeForm{Below: "10", Way: models.WayUpTo, Amount: "12", MostTimes: "4", MostAmount: "20"})
	var users, workers sync.WaitGroup
	over := make(chan struct{})
	for range 3 {
		workers.Go(func() {
			for {
				for _, j := range w.jobs() {
					if err := w.do(j); err != nil {
						t.Error(err)
					}
				}
				select {
				case <-over:
					return
				case <-time.After(time.Millisecond):
				}
			}
		})
	}
	for range 10 {
		users.Go(func() {
			for range 10 {
				if err := w.charge(own, storetest.Euros(t, "0.5")); err != nil && !errors.Is(err, ledger.ErrInsufficientBalance) {
					t.Error(err)
				}
			}
		})
	}
	users.Wait()
	close(over)
	workers.Wait()
	w.work()
	shown := w.shown()
	if shown.Times > 4 || storetest.Euros(t, "20").Less(shown.Amount) || shown.Times < 2 {
		t.Errorf("%d times, %s", shown.Times, shown.Amount)
	}
	if w.Count(t, "falls WHERE kind = 'recharge'") < w.recharges() {
		t.Error("more recharges than falls")
	}
}

// BAL-8, ACC-9: a transfer back, a deactivation and a change of funding at once with the recharge: each order of them is right, and the
// parent has what the sub-account has not.
func TestRechargeRacesWithTheParent(t *testing.T) {
	w := newWorld(t)
	admin := w.Clinic.Admin.Actor
	for round := range 8 {
		p := w.AddActive(t, w.Clinic, "Ward "+string(rune('A'+round)), "ward"+string(rune('a'+round))+"@clinic.example")
		w.fund(p, "10")
		must(t, w.Refill.SetRule(ctx, admin, p.Account.ID, by20))
		w.use(p, "6")
		fallen := w.jobs()
		var all sync.WaitGroup
		for _, j := range fallen {
			for range 2 {
				all.Go(func() {
					if err := w.do(j); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Go(func() {
			if err := w.back(p, "1"); err != nil && code(err) != "account_closed" {
				t.Error(err)
			}
		})
		all.Go(func() {
			if round%2 == 0 {
				_, err := w.Accounts.Deactivate(ctx, admin, p.Account.ID, "Unpaid")
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err := w.Refill.StopRule(ctx, admin, p.Account.ID); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		w.work()
		if n := w.Count(t, "recharges WHERE account_id = $1", p.Account.ID); n > 1 {
			t.Errorf("round %d: %d recharges of one fall", round, n)
		}
		if round%2 == 0 && !w.BalanceOf(t, p.Account).IsZero() {
			t.Errorf("round %d: a deactivated account has %s", round, w.BalanceOf(t, p.Account))
		}
	}
}

// BAL-8: a job that is killed, wherever it is, has done all of it or nothing, and done again it is done once.
func TestKilledInBetween(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own
	w.fund(own, "500")
	w.rule(models.RechargeForm{Below: "450", Way: models.WayAmount, Amount: "450", MostTimes: "1000", MostAmount: "100000"})
	w.receive("50000")
	w.work()
	for i := range 40 {
		w.use(own, w.BalanceOf(t, own.Account).Sub(storetest.Euros(t, "449")).Text())
		before := w.recharges()
		for _, j := range w.jobs() {
			mortal, kill := context.WithTimeout(ctx, time.Duration(i)*400*time.Microsecond)
			err := w.doIn(mortal, j)
			kill()
			if n := w.recharges() - before; n > 1 || n == 0 && err == nil {
				t.Fatalf("killed: %d recharges, %v", n, err)
			}
			must(t, w.do(j))
		}
		if n := w.recharges() - before; n != 1 {
			t.Fatalf("%d recharges of one fall", n)
		}
	}
}

// BAL-8: two at once are impossible by constraint, and so is one that goes beyond the day's number or amount.
func TestKeysOfRecharges(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own
	w.fund(own, "10")
	w.rule(by20)
	w.use(own, "6")
	w.work()
	w.use(own, "20") // a second fall, of which nothing has come yet
	w.jobs()
	for name, c := range map[string]struct{ columns, constraint string }{
		"a second for its fall":     {"fall_id, 2, 40000000, 3, 60000000", "recharges_fall_key"},
		"the same number twice":     {"open, 1, 40000000, 3, 60000000", "recharges_day_key"},
		"more often than it may":    {"open, 4, 40000000, 3, 60000000", "recharges_check"},
		"more than it may":          {"open, 2, 60000001, 3, 60000000", "recharges_check"},
		"less than itself on a day": {"open, 2, 19999999, 3, 60000000", "recharges_check1"},
	} {
		err := w.change(func(_ context.Context, tx *store.Tx) error {
			return tx.Exec(`INSERT INTO recharges (tenant_id, id, account_id, fall_id, number, day_amount, most_times, most_amount, transfer_id, asset, amount, day, made_at)
				SELECT tenant_id, gen_random_uuid(), account_id, ` + c.columns + `, transfer_id, asset, amount, day, made_at
				FROM (SELECT r.*, (SELECT id FROM falls WHERE ended_at IS NULL AND kind = 'recharge') AS open FROM recharges r) r`).Error
		})
		if err == nil {
			t.Errorf("%s is possible", name)
		} else if !store.Violates(err, c.constraint) && !store.Violates(err, "recharges_check1") && !store.Violates(err, "recharges_check") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, spoil := range []string{`UPDATE recharges SET amount = 1`, `DELETE FROM recharges`} {
		if _, err := w.Raw.Exec(ctx, spoil); err == nil {
			t.Errorf("possible: %s", spoil)
		}
	}
}
