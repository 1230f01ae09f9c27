package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func watch(w *storetest.World, a models.Account, of ledger.FallKind, below *models.Money) error {
	return try(w, a.TenantID, func(ctx context.Context, tx *store.Tx) error { return ledger.Watch(ctx, tx, a.ID, of, below) })
}

// fell is the newest fall of an account as its jobs tell of it, and how many jobs there are.
func fell(t testing.TB, w *storetest.World, a models.Account, of ledger.FallKind) (ledger.Fell, int) {
	t.Helper()
	var jobs []ledger.Fell
	rows, err := w.Raw.Query(ctx, `SELECT args FROM river_job WHERE kind = 'ledger.fell' ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text []byte
		var job ledger.Fell
		if err := errors.Join(rows.Scan(&text), json.Unmarshal(text, &job)); err != nil {
			t.Fatal(err)
		}
		if job.Account == a.ID && job.Of == of && job.Tenant == a.TenantID {
			jobs = append(jobs, job)
		}
	}
	if len(jobs) == 0 {
		return ledger.Fell{}, 0
	}
	return jobs[len(jobs)-1], len(jobs)
}

// isOpen says whether an account's fall of a kind is open, and what it left.
func isOpen(t testing.TB, w *storetest.World, a models.Account, of ledger.FallKind) (left models.Money, open bool) {
	t.Helper()
	change(t, w, a.TenantID, func(ctx context.Context, tx *store.Tx) (err error) {
		_, left, open, err = ledger.OpenFallOf(ctx, tx, a.ID, of)
		return err
	})
	return left, open
}

// BAL-8, BAL-10: bad input of thresholds.
func TestBadThresholdsAreRefused(t *testing.T) {
	w := storetest.NewWorld(t)
	a := w.Clinic.Own.Account
	zero, yen := cents(0), storetest.Yen(t, "5")
	for name, try := range map[string]struct {
		account models.Account
		below   *models.Money
		want    error
	}{
		"nothing":                {a, &zero, models.ErrCheckFields},
		"another currency":       {a, &yen, ledger.ErrWrongCurrency},
		"another company's":      {models.Account{TenantID: a.TenantID, ID: w.Harbor.Own.Account.ID}, euros(t, "5"), ledger.ErrNoSuchAccount},
		"no account":             {models.Account{TenantID: a.TenantID, ID: models.NewID()}, euros(t, "5"), ledger.ErrNoSuchAccount},
		"not watched, no fall":   {a, nil, nil},
		"the parent's own is ok": {w.Clinic.Account, euros(t, "5"), nil},
	} {
		if err := watch(w, try.account, ledger.LowFall, try.below); !errors.Is(err, try.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BAL-8, BAL-10: one fall for one time under a threshold. Usage opens both kinds, taking back only that of which somebody is told;
// what stays under opens no other; a credit that brings it back to the threshold ends it; the threshold of one kind leaves
// the other alone.
func TestABalanceFallsOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	a := c.Own.Account
	if _, err := give(w, c, storetest.Euros(t, "10")); err != nil {
		t.Fatal(err)
	}
	for _, of := range []ledger.FallKind{ledger.LowFall, ledger.RechargeFall} {
		if err := watch(w, a, of, euros(t, "5")); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(when string, low, recharge bool, lowJobs, rechargeJobs int) {
		t.Helper()
		for _, of := range []struct {
			kind ledger.FallKind
			open bool
			jobs int
		}{{ledger.LowFall, low, lowJobs}, {ledger.RechargeFall, recharge, rechargeJobs}} {
			_, open := isOpen(t, w, a, of.kind)
			if _, jobs := fell(t, w, a, of.kind); open != of.open || jobs != of.jobs {
				t.Errorf("%s: %s is open: %v, after %d falls", when, of.kind, open, jobs)
			}
		}
	}
	use := func(amount int64, reference string) {
		t.Helper()
		if _, err := message(w, c.Own, cents(amount), reference); err != nil {
			t.Fatal(err)
		}
	}
	expect("at first", false, false, 0, 0)
	use(500, "to the threshold")
	expect("at the threshold", false, false, 0, 0)
	use(1, "under")
	expect("under it", true, true, 1, 1)
	if left, _ := isOpen(t, w, a, ledger.LowFall); !left.Equal(cents(499)) {
		t.Errorf("it left %s", left)
	}
	use(9, "further")
	if _, err := give(w, c, cents(9)); err != nil {
		t.Fatal(err)
	}
	expect("still under", true, true, 1, 1)
	if _, err := give(w, c, cents(1)); err != nil {
		t.Fatal(err)
	}
	expect("at it again", false, false, 1, 1)
	if _, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: a.ID, Amount: cents(100)}); err != nil {
		t.Fatal(err)
	}
	expect("taken back", true, false, 2, 1)
	use(1, "the next use")
	expect("used after it was taken back", true, true, 2, 2)
	if err := watch(w, a, ledger.RechargeFall, nil); err != nil {
		t.Fatal(err)
	}
	expect("not recharged any more", true, false, 2, 2)
	if err := watch(w, a, ledger.RechargeFall, euros(t, "20")); err != nil {
		t.Fatal(err)
	}
	expect("a threshold above what there is", true, true, 2, 3)
	if err := watch(w, a, ledger.RechargeFall, euros(t, "30")); err != nil {
		t.Fatal(err)
	}
	expect("a higher one", true, true, 2, 3)
	if err := watch(w, a, ledger.LowFall, euros(t, "1")); err != nil {
		t.Fatal(err)
	}
	expect("a lower one", false, true, 2, 3)
}

// BAL-8, BAL-10, ACC-9: a deactivated account has fallen no more, and what Close returns is no fall; reactivated it has nothing, so
// it falls by its thresholds. What a round takes and gives again in one transaction is no fall.
func TestFallsOfClosedAccountsAndRounds(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	a := c.Own.Account
	if _, err := give(w, c, storetest.Euros(t, "10")); err != nil {
		t.Fatal(err)
	}
	for _, of := range []ledger.FallKind{ledger.LowFall, ledger.RechargeFall} {
		if err := watch(w, a, of, euros(t, "5")); err != nil {
			t.Fatal(err)
		}
	}
	change(t, w, c.ID, func(ctx context.Context, tx *store.Tx) error {
		r, err := ledger.NewRound(ctx, tx, []models.ID{a.ID})
		if err != nil {
			return err
		}
		if _, err := r.Back(a.ID, cents(1000), "Unused of October 2026"); err != nil {
			return err
		}
		if _, err := r.Give(a.ID, cents(800), "Monthly limit for November 2026"); err != nil {
			return err
		}
		r.Post()
		return nil
	})
	if _, jobs := fell(t, w, a, ledger.LowFall); jobs != 0 {
		t.Errorf("%d falls after a round that left enough", jobs)
	}
	if _, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, a.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if err := watch(w, a, ledger.LowFall, euros(t, "6")); err != nil {
		t.Errorf("a deactivated one's threshold: %v", err)
	}
	if _, jobs := fell(t, w, a, ledger.LowFall); jobs != 0 {
		t.Errorf("%d falls after it was deactivated", jobs)
	}
	if err := w.Accounts.Reactivate(ctx, c.Admin.Actor, a.ID); err != nil {
		t.Fatal(err)
	}
	for _, of := range []ledger.FallKind{ledger.LowFall, ledger.RechargeFall} {
		_, open := isOpen(t, w, a, of)
		if _, jobs := fell(t, w, a, of); !open || jobs != 1 {
			t.Errorf("reactivated: %s is open: %v, %d jobs", of, open, jobs)
		}
	}
	if _, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, a.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if _, open := isOpen(t, w, a, ledger.LowFall); open {
		t.Error("deactivated, and still fallen")
	}
}

// BAL-8: what previews find they take back, falls and jobs too.
func TestAPreviewMakesNothingFall(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	if _, err := give(w, c, storetest.Euros(t, "10")); err != nil {
		t.Fatal(err)
	}
	if err := watch(w, c.Own.Account, ledger.LowFall, euros(t, "5")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Ledger.PreviewTransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, All: true, Amount: cents(0)}); err != nil {
		t.Fatal(err)
	}
	if _, jobs := fell(t, w, c.Own.Account, ledger.LowFall); jobs != 0 || w.Count(t, "falls") != 0 {
		t.Error("a preview made it fall")
	}
}

// BAL-10: a parent's credit line counts as what it can spend, and so does its change.
func TestACreditLineIsSpendable(t *testing.T) {
	w := storetest.NewWorld(t)
	h := w.Harbor
	yen := func(n int64) *models.Money { m := models.FromMicros(n*1_000_000, "JPY"); return &m }
	if err := watch(w, h.Account, ledger.LowFall, yen(49_000)); err != nil {
		t.Fatal(err)
	}
	if _, open := isOpen(t, w, h.Account, ledger.LowFall); open {
		t.Error("with 50,000 of credit it has fallen under 49,000")
	}
	if _, err := message(w, h.Shared, *yen(1_001), "use"); err != nil {
		t.Fatal(err)
	}
	if left, open := isOpen(t, w, h.Account, ledger.LowFall); !open || !left.Equal(*yen(48_999)) {
		t.Errorf("left %s, open %v", left, open)
	}
	change(t, w, h.ID, func(ctx context.Context, tx *store.Tx) error {
		return ledger.SetCreditLine(ctx, tx, h.ID, *yen(60_000))
	})
	if _, open := isOpen(t, w, h.Account, ledger.LowFall); open {
		t.Error("still fallen with more credit")
	}
}

// BAL-5, BAL-8: money that comes in while somebody waits makes one job, whatever brings it; nobody waiting, none.
func TestMoneyThatArrivesWakes(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	jobs := func() int { return w.Count(t, "river_job WHERE kind = 'ledger.money_arrived'") }
	n := 0
	pays := func() error {
		n++
		_, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: c.ID, Amount: cents(100), Reference: fmt.Sprint("wake ", n)})
		return err
	}
	must(t, pays())
	if jobs() != 0 {
		t.Error("a job, and nobody waits")
	}
	if _, err := give(w, c, storetest.Euros(t, "5")); err != nil {
		t.Fatal(err)
	}
	charged, err := message(w, c.Shared, cents(10), "r")
	must(t, err)
	for i, brings := range []func() error{
		pays,
		func() error {
			_, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: cents(1)})
			return err
		},
		func() error {
			return try(w, c.ID, func(ctx context.Context, tx *store.Tx) error {
				_, err := ledger.GiveBack(ctx, tx, []ledger.Return{{Account: c.Shared.Account.ID, Payer: c.ID, Amount: cents(10), Transfer: charged.Transfer}})
				return err
			})
		},
		func() error {
			return try(w, c.ID, func(ctx context.Context, tx *store.Tx) error { return ledger.SetCreditLine(ctx, tx, c.ID, cents(100)) })
		},
		func() error {
			_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, c.Own.Account.ID, "test")
			return err
		},
	} {
		change(t, w, c.ID, func(ctx context.Context, tx *store.Tx) error {
			if _, err := ledger.NewRound(ctx, tx, nil); err != nil {
				return err
			}
			ledger.WakeOnCredit(tx)
			return nil
		})
		if _, err := message(w, c.Shared, cents(1), fmt.Sprint("not what was waited for ", i)); err != nil {
			t.Fatal(err)
		}
		if got := jobs(); got != i {
			t.Fatalf("%d jobs before the %d. time money came", got, i+1)
		}
		for _, then := range []func() error{brings, pays} { // what comes next wakes nobody again
			must(t, then())
			if got := jobs(); got != i+1 {
				t.Errorf("%d jobs after money came the %d. time", got, i+1)
			}
		}
	}
	// within one transaction: what a round brings and who begins to wait in it, before its entries are posted
	change(t, w, c.ID, func(ctx context.Context, tx *store.Tx) error {
		r, err := ledger.NewRound(ctx, tx, []models.ID{c.Shared.Account.ID})
		if err != nil {
			return err
		}
		ledger.WakeOnCredit(tx)
		r.Post()
		return nil
	})
	before := jobs()
	must(t, pays())
	if got := jobs(); got != before+1 {
		t.Errorf("%d jobs more", got-before)
	}
}

// ACC-13: what a parent transfers and what is paid is a credit; refunds and what goes back are none.
func TestWhatCreditsABalance(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	credited := func() (at *time.Time) {
		must(t, w.Raw.QueryRow(ctx, `SELECT credited_at FROM wallets WHERE account_id = $1 AND kind = 'balance'`, c.Own.Account.ID).Scan(&at))
		return at
	}
	if credited() != nil {
		t.Error("credited before anything")
	}
	posted, err := give(w, c, storetest.Euros(t, "5"))
	must(t, err)
	first := credited()
	if first == nil || !first.Equal(posted.PostedAt) {
		t.Errorf("credited at %v", first)
	}
	w.Clock.Add(time.Hour)
	charged, err := message(w, c.Own, cents(100), "r")
	must(t, err)
	change(t, w, c.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := ledger.GiveBack(ctx, tx, []ledger.Return{{Account: c.Own.Account.ID, Payer: c.Own.Account.ID, Amount: cents(100), Transfer: charged.Transfer}})
		return err
	})
	if at := credited(); !at.Equal(*first) {
		t.Errorf("a refund credited it at %v", at)
	}
}

// BAL-8, BAL-10: falls against a model of them: under a threshold or not, by what each transaction left.
func TestFallsAgainstTheirModel(t *testing.T) {
	w := storetest.NewWorld(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		c := w.AddCompany(t, 4000+n)
		fundWith(t, w, c, 100_000)
		a := c.Own.Account
		kinds := [2]ledger.FallKind{ledger.LowFall, ledger.RechargeFall}
		var balance int64
		var below [2]*int64
		var open [2]bool
		var falls [2]int
		step := 0
		amounts := rapid.Int64Range(1, 60)
		settle := func(by int64, used bool) {
			balance += by
			for i := range kinds {
				switch {
				case below[i] == nil || balance >= *below[i]:
					open[i] = false
				case !open[i] && (used || by < 0 && i == 0):
					open[i] = true
					falls[i]++
				}
			}
		}
		r.Repeat(map[string]func(*rapid.T){
			"give": func(r *rapid.T) {
				amount := amounts.Draw(r, "amount")
				_, err := give(w, c, cents(amount))
				must(r, err)
				settle(amount, false)
			},
			"take back": func(r *rapid.T) {
				amount := amounts.Draw(r, "amount")
				if amount > balance {
					r.Skip("not there")
				}
				_, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: a.ID, Amount: cents(amount)})
				must(r, err)
				settle(-amount, false)
			},
			"use": func(r *rapid.T) {
				amount := amounts.Draw(r, "amount")
				if amount > balance {
					r.Skip("not there")
				}
				step++
				_, err := message(w, c.Own, cents(amount), fmt.Sprint("use ", step))
				must(r, err)
				settle(-amount, true)
			},
			"watch": func(r *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(r, "kind")
				below[i] = rapid.Ptr(rapid.Int64Range(1, 100), true).Draw(r, "below")
				var at *models.Money
				if below[i] != nil {
					m := cents(*below[i])
					at = &m
				}
				must(r, watch(w, a, kinds[i], at))
				under := below[i] != nil && balance < *below[i]
				if under && !open[i] {
					falls[i]++
				}
				open[i] = under
			},
			"": func(r *rapid.T) {
				for i, kind := range kinds {
					_, is := isOpen(t, w, a, kind)
					if got := w.Count(t, "falls WHERE account_id = $1 AND kind = $2", a.ID, string(kind)); is != open[i] || got != falls[i] {
						r.Fatalf("%s: open %v of %d, the model says %v of %d", kind, is, got, open[i], falls[i])
					}
				}
			},
		})
		for i, kind := range kinds {
			if _, jobs := fell(t, w, a, kind); jobs != falls[i] {
				r.Fatalf("%d jobs for %d falls", jobs, falls[i])
			}
		}
	})
}
