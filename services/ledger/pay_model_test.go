package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// Paying against a model of it: whatever units are given, taken back, shared, used up and given back, in whatever order,
// both agree on the pocket of every message, and what Explain says before is what Pay does.
//
// MSG-2, SHR-2.
func TestPayAgainstItsModel(t *testing.T) {
	w := storetest.NewWorld(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		c := w.AddCompany(t, 1000+n)
		fundWith(t, w, c, 300)
		packs := []models.ID{
			pack(t, w, c.Account, "Germany", 6, 20, "DE"),
			pack(t, w, c.Account, "Later", 8, 40, "DE", "FR"),
			pack(t, w, c.Account, "Everywhere", 5, 30),
		}
		m := payModel{parent: [3]int64{6, 8, 5}, balance: 300}
		accounts := []models.Account{c.Account, c.Own.Account, c.Shared.Account}
		var paid []returnable
		step := 0
		r.Repeat(map[string]func(*rapid.T){
			"pay": func(r *rapid.T) {
				step++
				who := rapid.IntRange(0, 2).Draw(r, "who")
				var items []ledger.Item
				for range rapid.IntRange(1, 4).Draw(r, "items") {
					items = append(items, to(rapid.SampledFrom([]string{"DE", "FR", "US"}).Draw(r, "country"), rapid.Int64Range(1, 4).Draw(r, "parts")))
				}
				first := explain(t, w, c.Admin.Actor, accounts[who], items[0]).Paid
				got := pay(t, w, c.ID, bill(accounts[who], fmt.Sprint(step), items...))[0].Items
				if got[0].Package != first.Package || got[0].Payer != first.Payer || (got[0].Refused == nil) != (first.Refused == nil) {
					r.Fatalf("explained %+v, did %+v", first, got[0])
				}
				for i, item := range items {
					pocket, wantPayer := m.pay(who, item)
					switch g := got[i]; {
					case pocket == refusedByAll:
						if g.Refused == nil {
							r.Fatalf("item %d is paid: %+v", i, g)
						}
						continue
					case g.Refused != nil, g.Payer != accounts[wantPayer].ID, (pocket == byBalance) != (g.Package == models.NoID),
						pocket >= 0 && g.Package != packs[pocket]:
						r.Fatalf("item %d, %+v: %+v, the model says pocket %d of %d", i, item, g, pocket, wantPayer)
					}
					paid = append(paid, returnable{ledger.Return{Account: accounts[who].ID, Payer: got[i].Payer, Amount: got[i].Amount, Transfer: got[i].Transfer},
						pocket, wantPayer, item})
				}
			},
			"give back": func(r *rapid.T) {
				if len(paid) == 0 {
					return
				}
				at := rapid.IntRange(0, len(paid)-1).Draw(r, "which")
				change(t, w, c.ID, func(ctx context.Context, tx *store.Tx) error {
					_, err := ledger.GiveBack(ctx, tx, []ledger.Return{paid[at].Return})
					return err
				})
				m.back(paid[at])
				paid = slices.Delete(paid, at, at+1)
			},
			"give units": func(r *rapid.T) {
				who, p, units := rapid.IntRange(1, 2).Draw(r, "who"), rapid.IntRange(0, 2).Draw(r, "package"), rapid.Int64Range(1, 4).Draw(r, "units")
				err := giveUnits(w, c, accounts[who], packs[p], units)
				if ok := m.parent[p] >= units; ok != (err == nil) {
					r.Fatal(err)
				} else if ok {
					m.parent[p], m.subs[who-1][p] = m.parent[p]-units, m.subs[who-1][p]+units
				}
			},
			"take back": func(r *rapid.T) {
				who, p, units := rapid.IntRange(1, 2).Draw(r, "who"), rapid.IntRange(0, 2).Draw(r, "package"), rapid.Int64Range(1, 4).Draw(r, "units")
				_, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: accounts[who].ID, Amount: models.Units(units, packs[p])})
				if ok := m.subs[who-1][p] >= units; ok != (err == nil) {
					r.Fatal(err)
				} else if ok {
					m.parent[p], m.subs[who-1][p] = m.parent[p]+units, m.subs[who-1][p]-units
				}
			},
			"share": func(r *rapid.T) {
				p := rapid.IntRange(0, 2).Draw(r, "package")
				if !m.public[p] {
					share(t, w, c.ID, packs[p])
				} else if _, err := w.Raw.Exec(ctx, `DELETE FROM sharings WHERE id = $1`, packs[p]); err != nil {
					t.Fatal(err)
				}
				m.public[p] = !m.public[p]
			},
			"": func(r *rapid.T) {
				if got := w.BalanceOf(t, c.Account); !got.Equal(cents(m.balance)) {
					r.Fatalf("the parent has %s, the model says %s", got, cents(m.balance))
				}
				for i, p := range packs {
					if a, b, d := held(t, w, c.Account, p).Left, held(t, w, accounts[1], p).Left, held(t, w, accounts[2], p).Left; a != m.parent[i] || b != m.subs[0][i] || d != m.subs[1][i] {
						r.Fatalf("package %d: %d %d %d, the model says %+v", i, a, b, d, m)
					}
				}
			},
		})
	})
}

func fundWith(t testing.TB, w *storetest.World, c storetest.Company, n int64) {
	t.Helper()
	if _, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: c.ID, Amount: cents(n), Reference: "start"}); err != nil {
		t.Fatal(err)
	}
}

// payModel is a parent with three packages, which end in the order 0, 2, 1, a sub-account with a balance of its own, which is
// empty, and one that spends its parent's.
type payModel struct {
	parent  [3]int64
	subs    [2][3]int64
	public  [3]bool
	balance int64
}

const (
	byBalance    = -1
	refusedByAll = -2
)

type returnable struct {
	ledger.Return
	pocket, payer int
	item          ledger.Item
}

func (m *payModel) covers(p int, country string) bool {
	return p == 2 || country == "DE" || p == 1 && country == "FR"
}

// pay is the package that pays, and which account's it is.
func (m *payModel) pay(who int, i ledger.Item) (int, int) {
	for _, p := range []int{0, 2, 1} {
		if has := m.units(who, p); m.covers(p, i.Country) && *has >= i.Parts {
			*has -= i.Parts
			return p, who
		}
	}
	if who > 0 {
		for _, p := range []int{0, 2, 1} {
			if m.public[p] && m.covers(p, i.Country) && m.parent[p] >= i.Parts {
				m.parent[p] -= i.Parts
				return p, 0
			}
		}
	}
	if cost := 5 * i.Parts; who != 1 && m.balance >= cost {
		m.balance -= cost
		return byBalance, 0
	}
	return refusedByAll, 0
}

func (m *payModel) units(who, p int) *int64 {
	if who == 0 {
		return &m.parent[p]
	}
	return &m.subs[who-1][p]
}

func (m *payModel) back(r returnable) {
	if r.pocket == byBalance {
		m.balance += 5 * r.item.Parts
		return
	}
	*m.units(r.payer, r.pocket) += r.item.Parts
}
