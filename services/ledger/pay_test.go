package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// pack makes a package of an account with its units, good for some days in some countries.
func pack(t testing.TB, w *storetest.World, a models.Account, name string, units int64, days int, countries ...string) models.ID {
	t.Helper()
	id := models.NewID()
	change(t, w, a.TenantID, func(ctx context.Context, tx *store.Tx) error {
		if countries == nil {
			countries = []string{}
		}
		tx.Queue(`INSERT INTO packages (tenant_id, id, account_id, name, units, countries, source, currency, price, acquired_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, 'granted', $7, 0, $8, $9)`, a.TenantID, id, a.ID, name, units, countries, a.Currency, tx.Now, tx.Now.AddDate(0, 0, days))
		_, err := ledger.IssueUnits(ctx, tx, id)
		return err
	})
	return id
}

// share has everybody use a package of the parent.
func share(t testing.TB, w *storetest.World, tenant, pkg models.ID) {
	t.Helper()
	if _, err := w.Raw.Exec(ctx, `INSERT INTO sharings (tenant_id, id, kind, setting, changed_at) VALUES ($1, $2, 'package', 'public', now())`, tenant, pkg); err != nil {
		t.Fatal(err)
	}
}

// change does something within a change that must not fail.
func change(t testing.TB, w *storetest.World, tenant models.ID, do func(context.Context, *store.Tx) error) {
	t.Helper()
	if err := try(w, tenant, do); err != nil {
		t.Fatal(err)
	}
}

func try(w *storetest.World, tenant models.ID, do func(context.Context, *store.Tx) error) error {
	_, err := w.Store.Change(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return models.Event{Action: models.MailSent, Account: tenant}, do(ctx, tx)
	})
	return err
}

func pay(t testing.TB, w *storetest.World, tenant models.ID, bills ...ledger.Bill) []ledger.Receipt {
	t.Helper()
	var receipts []ledger.Receipt
	change(t, w, tenant, func(ctx context.Context, tx *store.Tx) (err error) {
		receipts, err = ledger.Pay(ctx, tx, bills)
		return err
	})
	return receipts
}

func bill(a models.Account, reference string, items ...ledger.Item) ledger.Bill {
	return ledger.Bill{Account: a.ID, Reference: reference, Items: items}
}

func to(country string, parts int64) ledger.Item {
	return ledger.Item{Country: country, Parts: parts, Price: cents(5 * parts)}
}

func explain(t testing.TB, w *storetest.World, actor models.Actor, a models.Account, item ledger.Item) ledger.Explanation {
	t.Helper()
	var e ledger.Explanation
	err := w.Store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		e, err = ledger.Explain(ctx, tx, a.ID, item)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func giveUnits(w *storetest.World, c storetest.Company, sub models.Account, pkg models.ID, n int64) error {
	_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: sub.ID, Amount: models.Units(n, pkg)})
	return err
}

func held(t testing.TB, w *storetest.World, a models.Account, pkg models.ID) models.UnitsHeld {
	t.Helper()
	var found models.UnitsHeld
	err := w.Store.Read(ctx, models.System(a.TenantID), func(_ context.Context, tx *store.Tx) error {
		all, err := ledger.UnitsOf(tx, a.ID)
		for _, u := range all {
			if u.Package == pkg {
				found = u
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// MSG-2: units that cover the destination, own or given, the package that ends first; then those shared with everybody; then
// the balance that the funding says.
func TestMessageIsPaidFromTheRightPocket(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	later := pack(t, w, c.Account, "Later", 10, 60, "DE", "FR")
	sooner := pack(t, w, c.Account, "Sooner", 10, 30, "DE")
	public := pack(t, w, c.Account, "Public", 3, 10)
	share(t, w, c.ID, public)
	for _, p := range []models.ID{later, sooner} {
		if err := giveUnits(w, c, c.Own.Account, p, 4); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := give(w, c, cents(100)); err != nil {
		t.Fatal(err)
	}
	own := c.Own.Account
	got := pay(t, w, c.ID, bill(own, "a", to("DE", 3), to("DE", 2), to("DE", 1), to("FR", 2), to("FR", 1), to("US", 2), to("US", 1), to("IT", 2)))[0].Items
	for i, want := range []struct {
		pkg    models.ID
		payer  models.ID
		amount models.Money
	}{
		{sooner, own.ID, models.Units(3, sooner)},
		{later, own.ID, models.Units(2, later)}, // one is left of the sooner, and no message is split
		{sooner, own.ID, models.Units(1, sooner)},
		{later, own.ID, models.Units(2, later)},
		{public, c.ID, models.Units(1, public)},
		{public, c.ID, models.Units(2, public)},
		{models.NoID, own.ID, cents(5)},
		{models.NoID, own.ID, cents(10)},
	} {
		if p := got[i]; p.Refused != nil || p.Package != want.pkg || p.Payer != want.payer || !p.Amount.Equal(want.amount) || p.Transfer == models.NoID {
			t.Errorf("item %d: %+v, want %+v", i, p, want)
		}
	}
	if got[6].Transfer != got[7].Transfer || got[0].Transfer != got[2].Transfer || got[0].Transfer == got[1].Transfer {
		t.Error("one transfer for what one pocket paid")
	}
	if w.BalanceOf(t, own).Text() != "0.85" || w.Count(t, "charges WHERE account_id = $1", own.ID) != 7 {
		t.Error(w.BalanceOf(t, own).Text(), w.Count(t, "charges WHERE account_id = $1", own.ID))
	}
	if w.Count(t, "action_log WHERE action = 'usage.charged' AND reference = 'a'") != 4 {
		t.Error("a line for each transfer")
	}
	// what the parent shares with everybody is used up; a sub-account that spends its parent's balance pays with that
	p := pay(t, w, c.ID, bill(c.Shared.Account, "a", to("US", 1)))[0].Items[0]
	if p.Refused != nil || p.Payer != c.ID || p.Package != models.NoID || w.BalanceOf(t, c.Account).Text() != "998.95" {
		t.Errorf("%+v %s", p, w.BalanceOf(t, c.Account))
	}
	// the parent's own pockets, whatever it gave
	p = pay(t, w, c.ID, bill(c.Account, "p", to("FR", 6)))[0].Items[0]
	if p.Package != later || held(t, w, c.Account, later).Left != 0 || held(t, w, c.Account, later).Given != -4 || held(t, w, c.Account, later).UsedByAll != 10 {
		t.Errorf("%+v %+v", p, held(t, w, c.Account, later))
	}
	if h := held(t, w, own, later); h.Left != 0 || h.Given != 4 || h.Used != 4 || h.Size != 10 {
		t.Errorf("%+v", h)
	}
}

// MSG-2: a package that has ended pays nothing, nor does one that is not shared any more.
func TestEndedPackagesPayNothing(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	p := pack(t, w, c.Account, "Short", 10, 1)
	w.Clock.Add(24 * time.Hour)
	if got := pay(t, w, c.ID, bill(c.Account, "a", to("DE", 1)))[0].Items[0]; got.Package != models.NoID {
		t.Errorf("%+v", got)
	}
	if err := giveUnits(w, c, c.Own.Account, p, 1); !errors.Is(err, ledger.ErrPackageEnded) {
		t.Error(err)
	}
	e := explain(t, w, c.Admin.Actor, c.Account, to("DE", 1))
	if len(e.Pockets) != 2 || !strings.HasPrefix(e.Pockets[0].Why, "It ended on 21 November 2026") || e.Pockets[1].Why != "" || e.Paid.Payer != c.ID {
		t.Errorf("%+v", e)
	}
}

// MSG-2: what cannot be paid is refused by itself, with the rule and who can change it; a sub-account is never told what its
// parent has.
func TestPayRefusals(t *testing.T) {
	w := storetest.NewWorld(t)
	c, h := w.Clinic, w.Harbor
	huge := ledger.Item{Country: "DE", Parts: 1, Price: cents(1_000_01)}
	got := pay(t, w, c.ID, bill(c.Shared.Account, "a", huge, to("DE", 1)), bill(c.Own.Account, "a", to("DE", 1)), bill(c.Account, "a", huge),
		bill(h.Own.Account, "a", to("DE", 1)))
	says := func(p ledger.Paid) string {
		if p.Refused == nil {
			return ""
		}
		return p.Refused.Error()
	}
	for i, want := range []struct{ got, want string }{
		{says(got[0].Items[0]), "insufficient_balance: The balance that this account shares with its parent account is not enough. The parent account can add credit."},
		{says(got[0].Items[1]), ""},
		{says(got[1].Items[0]), "insufficient_balance: It costs 0.05 EUR where only 0.00 EUR is available. The parent account can transfer more."},
		{says(got[2].Items[0]), "insufficient_balance: It costs 1000.01 EUR where only 999.95 EUR is available. Add credit to the balance."},
		{says(got[3].Items[0]), "account_not_found: There is no such account."},
	} {
		if want.got != want.want {
			t.Errorf("%d: %q, want %q", i, want.got, want.want)
		}
	}
	if w.Count(t, "charges WHERE reference = 'a'") != 1 {
		t.Error("a refused bill stands under its reference")
	}
	if p := pay(t, w, c.ID, bill(c.Account, "yen", ledger.Item{Country: "DE", Parts: 1, Price: storetest.Yen(t, "1")}))[0].Items[0]; !errors.Is(p.Refused, ledger.ErrWrongCurrency) {
		t.Errorf("%+v", p)
	}
	for _, e := range []ledger.Explanation{explain(t, w, c.Shared.Actor, c.Shared.Account, huge), explain(t, w, c.Admin.Actor, c.Shared.Account, huge)} {
		if e.Rule != "balance" || len(e.Pockets) != 1 {
			t.Errorf("%+v", e)
		}
	}
	if e := explain(t, w, c.Shared.Actor, c.Shared.Account, huge); e.Pockets[0].Has != nil || strings.Contains(e.Pockets[0].Why+e.Paid.Refused.Message, "999") {
		t.Errorf("the sub-account is told what its parent has: %+v", e)
	}
	if e := explain(t, w, c.Admin.Actor, c.Shared.Account, huge); e.Pockets[0].Has == nil || e.Pockets[0].Has.Text() != "999.95" {
		t.Errorf("%+v", e)
	}
	if _, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, c.Own.Account.ID, "gone"); err != nil {
		t.Fatal(err)
	}
	if err := w.Accounts.DeactivateParent(ctx, w.Sam.Actor, h.ID, "unpaid"); err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		actor models.Actor
		of    models.Account
		rule  string
		says  string
	}{
		{c.Admin.Actor, c.Own.Account, "own_state", "Its parent account can activate it again."},
		{models.System(h.ID), h.Shared.Account, "parent_state", "The parent account is not active"},
		{models.System(h.ID), h.Account, "own_state", "Support can activate it again."},
	} {
		p := pay(t, w, s.of.TenantID, bill(s.of, "stopped", to("DE", 1)))[0].Items[0]
		e := explain(t, w, s.actor, s.of, to("DE", 1))
		if !errors.Is(p.Refused, ledger.ErrNotCharging) || !strings.Contains(p.Refused.Message, s.says) || e.Rule != s.rule || e.Paid.Refused.Message != p.Refused.Message {
			t.Errorf("%s: %+v, explained by %+v", s.of.Name, p.Refused, e)
		}
	}
}

// A bill is charged once under its reference, also when it is there twice at once; a free one is recorded.
func TestPayOncePerReference(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	got := pay(t, w, c.ID, bill(c.Shared.Account, "a", to("DE", 1), to("FR", 1)), bill(c.Shared.Account, "a", to("DE", 1)))
	if got[0].Repeated || !got[1].Repeated || got[1].Items != nil {
		t.Errorf("%+v", got)
	}
	if again := pay(t, w, c.ID, bill(c.Shared.Account, "a", to("DE", 1)))[0]; !again.Repeated {
		t.Errorf("%+v", again)
	}
	free := pay(t, w, c.ID, bill(c.Shared.Account, "free", ledger.Item{Country: "DE", Parts: 1, Price: models.Zero("EUR")}))[0].Items[0]
	if free.Refused != nil || free.Transfer != models.NoID || free.Payer != c.ID || w.Count(t, "charges WHERE reference = 'free' AND transfer_id IS NULL") != 1 {
		t.Errorf("%+v", free)
	}
	var charged atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			err := try(w, c.ID, func(ctx context.Context, tx *store.Tx) error {
				r, err := ledger.Pay(ctx, tx, []ledger.Bill{bill(c.Shared.Account, "fifty", to("DE", 2))})
				if err == nil && !r[0].Repeated {
					charged.Add(1)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if charged.Load() != 1 || w.BalanceOf(t, c.Account).Text() != "999.80" {
		t.Error(charged.Load(), w.BalanceOf(t, c.Account))
	}
}

// Two sends race for the last unit, and fifty for the last of everything: each unit is used once, the rest is paid by the
// balance or refused.
func TestRaceForTheLastUnits(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	p := pack(t, w, c.Account, "Public", 5, 30)
	share(t, w, c.ID, p)
	if _, err := give(w, c, cents(10)); err != nil {
		t.Fatal(err)
	}
	var units, money, refused atomic.Int64
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			var paid []ledger.Paid
			err := try(w, c.ID, func(ctx context.Context, tx *store.Tx) error {
				r, err := ledger.Pay(ctx, tx, []ledger.Bill{bill(c.Own.Account, fmt.Sprint(n), to("DE", 1))})
				if err == nil {
					paid = r[0].Items
				}
				return err
			})
			switch {
			case err != nil:
				t.Error(err)
			case paid[0].Refused != nil:
				refused.Add(1)
			case paid[0].Package == p:
				units.Add(1)
			default:
				money.Add(1)
			}
		})
	}
	wg.Wait()
	if units.Load() != 5 || money.Load() != 2 || refused.Load() != 43 {
		t.Error(units.Load(), money.Load(), refused.Load())
	}
}

// MSG-2: what failed is given back to where it came from; of a closed account to its parent; of an expired package nowhere.
func TestGiveBack(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	own := c.Own.Account
	p := pack(t, w, c.Account, "Units", 10, 30, "DE")
	if err := giveUnits(w, c, own, p, 4); err != nil {
		t.Fatal(err)
	}
	if _, err := give(w, c, cents(100)); err != nil {
		t.Fatal(err)
	}
	items := pay(t, w, c.ID, bill(own, "a", to("DE", 2), to("DE", 1), to("FR", 1), to("FR", 2)))[0].Items
	items = append(items, pay(t, w, c.ID, bill(c.Shared.Account, "a", to("FR", 3)))[0].Items...)
	owners := []models.ID{own.ID, own.ID, own.ID, own.ID, c.Shared.Account.ID}
	back := func(which ...int) []models.ID {
		var returns []ledger.Return
		for _, i := range which {
			returns = append(returns, ledger.Return{Account: owners[i], Payer: items[i].Payer, Amount: items[i].Amount, Transfer: items[i].Transfer})
		}
		returns = append(returns, ledger.Return{Account: own.ID, Payer: own.ID, Amount: models.Zero("EUR")})
		var ids []models.ID
		change(t, w, c.ID, func(ctx context.Context, tx *store.Tx) (err error) {
			ids, err = ledger.GiveBack(ctx, tx, returns)
			return err
		})
		return ids
	}
	ids := back(0, 2, 3, 4)
	if ids[0] == models.NoID || ids[1] == models.NoID || ids[1] != ids[2] || ids[3] == ids[1] || ids[4] != models.NoID {
		t.Error(ids)
	}
	if h := held(t, w, own, p); h.Left != 3 || h.Used != 1 || w.BalanceOf(t, own).Text() != "1.00" || w.BalanceOf(t, c.Account).Text() != "999.00" {
		t.Errorf("%+v %s %s", h, w.BalanceOf(t, own), w.BalanceOf(t, c.Account))
	}
	if w.Count(t, "action_log WHERE action = 'usage.refunded'") != 3 {
		t.Error("a line for each refund")
	}
	// more than was used is not there to be given back
	err := try(w, c.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := ledger.GiveBack(ctx, tx, []ledger.Return{{Account: own.ID, Payer: own.ID, Amount: cents(1), Transfer: items[2].Transfer}})
		return err
	})
	if !errors.Is(err, ledger.ErrInsufficientBalance) {
		t.Errorf("given back twice: %v", err)
	}
	// deactivated meanwhile: it goes to the parent, units too
	again := pay(t, w, c.ID, bill(own, "b", to("DE", 2), to("FR", 2)))[0].Items
	items, owners = append(items, again...), append(owners, own.ID, own.ID)
	if _, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, own.ID, "gone"); err != nil {
		t.Fatal(err)
	}
	if h := held(t, w, c.Account, p); h.Left != 7 || w.BalanceOf(t, c.Account).Text() != "999.90" {
		t.Errorf("%+v %s", h, w.BalanceOf(t, c.Account))
	}
	back(5, 6)
	if h := held(t, w, c.Account, p); h.Left != 9 || held(t, w, own, p).Left != 0 || w.BalanceOf(t, c.Account).Text() != "1000.00" {
		t.Errorf("%+v %s", h, w.BalanceOf(t, c.Account))
	}
	// the package has expired meanwhile
	expire(t, w, c.ID, p)
	back(1)
	if h := held(t, w, c.Account, p); h.Left != 0 || h.UsedByAll != 0 {
		t.Errorf("%+v", h)
	}
}

func expire(t testing.TB, w *storetest.World, tenant, pkg models.ID) models.Money {
	t.Helper()
	var left models.Money
	change(t, w, tenant, func(ctx context.Context, tx *store.Tx) (err error) {
		left, err = ledger.ExpireUnits(ctx, tx, pkg)
		tx.Queue(`UPDATE packages SET expired_at = $3 WHERE tenant_id = $1 AND id = $2`, tenant, pkg, tx.Now)
		return err
	})
	return left
}
