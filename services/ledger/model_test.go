package ledger_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

// The ledger against a model of it in a few lines of Go: whatever is done in whatever order, both agree on every balance,
// on what is refused, and the books check.
//
// BAL-1, BAL-2, ACC-9 and Always: an amount is in exactly one wallet at any moment; a refused action changes nothing.
func TestLedgerAgainstItsModel(t *testing.T) {
	bothWays(t, ledgerAgainstItsModel)
}

// bothWays tests with charges taken together and one by one.
func bothWays(t *testing.T, test func(*testing.T, *storetest.World)) {
	t.Run("together", func(t *testing.T) { test(t, storetest.NewWorld(t)) })
	t.Run("one by one", func(t *testing.T) {
		w := storetest.NewWorld(t)
		w.Ledger = ledger.New(w.Store, ledger.OneByOne())
		test(t, w)
	})
}

func ledgerAgainstItsModel(t *testing.T, w *storetest.World) {
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		w := freshCompany(t, w, n)
		n++
		m := model{parent: 0, closed: map[int]bool{}}
		subs := []storetest.Person{w.Own, w.Shared}
		amounts := rapid.Int64Range(1, 400)
		step := 0
		agree := func(what string, err error, ok bool) {
			if (err == nil) != ok {
				r.Fatalf("%s: the ledger says %v, the model says it works: %v", what, err, ok)
			}
		}
		r.Repeat(map[string]func(*rapid.T){
			"money received": func(r *rapid.T) {
				step++
				a := amounts.Draw(r, "amount")
				_, err := w.world.Ledger.RecordMoney(ctx, w.world.Sam.Actor, ledger.PaymentOrder{Parent: w.ID, Amount: cents(a), Reference: fmt.Sprint(step)})
				m.parent += a
				agree("payment", err, true)
			},
			"transfer": func(r *rapid.T) {
				i, a := rapid.IntRange(0, 1).Draw(r, "sub"), amounts.Draw(r, "amount")
				_, err := w.world.Ledger.Transfer(ctx, w.Admin.Actor, ledger.TransferOrder{SubAccount: subs[i].Account.ID, Amount: cents(a)})
				ok := i == 0 && !m.closed[i] && m.parent >= a // the other spends its parent's
				if ok {
					m.parent, m.subs[i] = m.parent-a, m.subs[i]+a
				}
				agree("transfer", err, ok)
			},
			"transfer back": func(r *rapid.T) {
				i, a := rapid.IntRange(0, 1).Draw(r, "sub"), amounts.Draw(r, "amount")
				_, err := w.world.Ledger.TransferBack(ctx, w.Admin.Actor, ledger.TransferOrder{SubAccount: subs[i].Account.ID, Amount: cents(a)})
				ok := !m.closed[i] && m.subs[i] >= a
				if ok {
					m.parent, m.subs[i] = m.parent+a, m.subs[i]-a
				}
				agree("transfer back", err, ok)
			},
			"charge": func(r *rapid.T) {
				step++
				i, a := rapid.IntRange(0, 1).Draw(r, "sub"), amounts.Draw(r, "amount")
				_, err := message(w.world, subs[i], cents(a), fmt.Sprint("charge ", step))
				pocket := &m.subs[0]
				if i == 1 {
					pocket = &m.parent
				}
				ok := !m.closed[i] && *pocket >= a
				if ok {
					*pocket -= a
					m.spent += a
				}
				agree("charge", err, ok)
			},
			"deactivate": func(r *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(r, "sub")
				_, err := w.world.Accounts.Deactivate(ctx, w.Admin.Actor, subs[i].Account.ID, "model")
				ok := !m.closed[i]
				if ok {
					m.parent, m.subs[i], m.closed[i] = m.parent+m.subs[i], 0, true
				}
				agree("deactivate", err, ok)
			},
			"activate": func(r *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(r, "sub")
				err := w.world.Accounts.Reactivate(ctx, w.Admin.Actor, subs[i].Account.ID)
				ok := m.closed[i]
				m.closed[i] = false
				agree("activate", err, ok)
			},
			"": func(r *rapid.T) {
				for _, c := range []struct {
					of   models.Account
					want int64
				}{{w.Account, m.parent}, {subs[0].Account, m.subs[0]}, {subs[1].Account, m.subs[1]}} {
					if got := w.world.BalanceOf(t, c.of); !got.Equal(cents(c.want)) {
						r.Fatalf("%s has %s, the model says %s", c.of.Name, got, cents(c.want))
					}
				}
			},
		})
	})
	w.CheckBooks(t)
}

type model struct {
	parent, spent int64
	subs          [2]int64
	closed        map[int]bool
}

func cents(n int64) models.Money { return models.FromMicros(n*10_000, "EUR") }

type playground struct {
	storetest.Company
	world *storetest.World
}

// freshCompany is a company with nothing on its books, in the same database: the model starts from zero each time.
func freshCompany(t *testing.T, w *storetest.World, n int) playground {
	t.Helper()
	return playground{w.AddCompany(t, n), w}
}
