package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// SHR-2: bad orders of units are refused and move nothing.
func TestGivingUnitsRefused(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	p := pack(t, w, c.Account, "Units", 10, 30)
	theirs := pack(t, w, w.Harbor.Account, "Theirs", 10, 30)
	sub := c.Own.Account.ID
	half := models.FromMicros(500_000, models.UnitsOf(p))
	for name, r := range map[string]struct {
		actor models.Actor
		order ledger.TransferOrder
		want  error
	}{
		"none":             {c.Admin.Actor, ledger.TransferOrder{SubAccount: sub, Amount: models.Units(0, p)}, models.ErrCheckFields},
		"less than none":   {c.Admin.Actor, ledger.TransferOrder{SubAccount: sub, Amount: models.Units(-1, p)}, models.ErrCheckFields},
		"half a unit":      {c.Admin.Actor, ledger.TransferOrder{SubAccount: sub, Amount: half}, models.ErrCheckFields},
		"more than left":   {c.Admin.Actor, ledger.TransferOrder{SubAccount: sub, Amount: models.Units(11, p)}, ledger.ErrInsufficientUnits},
		"another tenant's": {c.Admin.Actor, ledger.TransferOrder{SubAccount: sub, Amount: models.Units(1, theirs)}, ledger.ErrNoSuchPackage},
		"to another's":     {c.Admin.Actor, ledger.TransferOrder{SubAccount: w.Harbor.Own.Account.ID, Amount: models.Units(1, p)}, ledger.ErrNoSuchAccount},
		"to itself":        {c.Admin.Actor, ledger.TransferOrder{SubAccount: c.ID, Amount: models.Units(1, p)}, ledger.ErrNoSuchAccount},
		"by a sub-account": {c.Own.Actor, ledger.TransferOrder{SubAccount: sub, Amount: models.Units(1, p)}, models.ErrMissingPrivilege},
	} {
		if _, err := w.Ledger.Transfer(ctx, r.actor, r.order); !errors.Is(err, r.want) {
			t.Errorf("%s: %v, want %v", name, err, r.want)
		}
	}
	if _, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: sub, All: true, Amount: models.Zero(models.UnitsOf(p))}); !errors.Is(err, ledger.ErrNothingToReturn) {
		t.Errorf("all of nothing: %v", err)
	}
	if h := held(t, w, c.Account, p); h.Left != 10 {
		t.Errorf("%+v", h)
	}
}

// SHR-2, SHR-3: units given can't be used by the parent, and what remains is taken back at any time; before and after are
// shown, a key gives once, both log lines name the package.
func TestUnitsGivenAndTakenBack(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	own := c.Own.Account
	p := pack(t, w, c.Account, "Europe 10", 10, 30)
	order := ledger.TransferOrder{SubAccount: own.ID, Amount: models.Units(6, p), Key: "k", Note: "for the ward"}
	said, err := w.Ledger.PreviewTransfer(ctx, c.Admin.Actor, order)
	if err != nil || held(t, w, c.Account, p).Left != 10 {
		t.Fatal(err)
	}
	did, err := w.Ledger.Transfer(ctx, c.Admin.Actor, order)
	if err != nil || did.From.After.String() != "4 units" || did.To.After.String() != "6 units" || !said.To.After.Equal(did.To.After) {
		t.Fatal(did, err)
	}
	if again, err := w.Ledger.Transfer(ctx, c.Admin.Actor, order); err != nil || again.ID != did.ID || held(t, w, own, p).Left != 6 {
		t.Error(again, err)
	}
	pay(t, w, c.ID, bill(own, "a", to("DE", 1)))
	if got := pay(t, w, c.ID, bill(c.Account, "b", to("DE", 5)))[0].Items[0]; got.Package != models.NoID {
		t.Errorf("the parent uses what it gave: %+v", got)
	}
	back, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: own.ID, All: true, Amount: models.Zero(models.UnitsOf(p))})
	if err != nil || back.Amount.String() != "5 units" || held(t, w, c.Account, p).Left != 9 || held(t, w, own, p).Given != 1 {
		t.Errorf("%+v %v", back, err)
	}
	if n := w.Count(t, "action_log WHERE action IN ('transfer.posted', 'transfer.returned') AND details->>'package' = 'Europe 10' AND subject_id = $1", p); n != 2 {
		t.Error(n)
	}
}

// The trap of issue 4: two who give at once never give more than there is.
func TestUnitsFiftyAtOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	p := pack(t, w, c.Account, "Units", 100, 30)
	var given atomic.Int64
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			sub := c.Own.Account
			if n%2 == 0 {
				sub = c.Shared.Account
			}
			switch err := giveUnits(w, c, sub, p, 60); {
			case err == nil:
				given.Add(1)
			case !errors.Is(err, ledger.ErrInsufficientUnits):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if given.Load() != 1 || held(t, w, c.Account, p).Left != 40 {
		t.Error(given.Load(), held(t, w, c.Account, p))
	}
}

// ACC-9: deactivating returns units as well as money, in the same transaction, racing with those who give them, take them
// back, use them and let them expire. The check of the books at the end finds what got lost.
func TestClosingRacesWithUnits(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	for round := range 6 {
		own := w.AddActive(t, c, fmt.Sprint("Ward ", round), fmt.Sprintf("ward%d@clinic.example", round)).Account
		p := pack(t, w, c.Account, fmt.Sprint("Units ", round), 100, 30)
		if err := giveUnits(w, c, own, p, 40); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for n := range 12 {
			wg.Go(func() {
				var err error
				switch n % 4 {
				case 0:
					err = giveUnits(w, c, own, p, 3)
				case 1:
					_, err = w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: own.ID, Amount: models.Units(2, p)})
				case 2:
					err = try(w, c.ID, func(ctx context.Context, tx *store.Tx) error {
						r, err := ledger.Pay(ctx, tx, []ledger.Bill{bill(own, fmt.Sprint(n), to("DE", 1))})
						if err != nil || r[0].Items[0].Refused != nil {
							return err
						}
						i := r[0].Items[0]
						_, err = ledger.GiveBack(ctx, tx, []ledger.Return{{Account: own.ID, Payer: i.Payer, Amount: i.Amount, Transfer: i.Transfer}})
						return err
					})
				case 3:
					if n == 3 {
						_, err = w.Accounts.Deactivate(ctx, c.Admin.Actor, own.ID, "race")
					} else if n == 7 && round%2 == 0 {
						expire(t, w, c.ID, p)
					}
				}
				if err != nil && !errors.Is(err, ledger.ErrAccountClosed) && !errors.Is(err, ledger.ErrInsufficientUnits) && !errors.Is(err, ledger.ErrNoSuchAccount) {
					t.Error(n, err)
				}
			})
		}
		wg.Wait()
		if left := held(t, w, own, p).Left; left != 0 {
			t.Errorf("the closed account has %d", left)
		}
	}
}

// ACC-9, the units part: what is returned is said before and after.
func TestClosingReturnsUnits(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	own := c.Own.Account
	p := pack(t, w, c.Account, "Europe 10", 10, 30)
	theirs := pack(t, w, own, "Its own", 7, 30)
	if err := giveUnits(w, c, own, p, 4); err != nil {
		t.Fatal(err)
	}
	said, err := w.Accounts.PreviewDelete(ctx, c.Admin.Actor, own.ID)
	if err != nil || len(said.Units) != 2 {
		t.Fatal(said, err)
	}
	got, err := w.Accounts.Delete(ctx, c.Admin.Actor, own.ID, own.Name)
	if err != nil || len(got.Units) != 2 || held(t, w, c.Account, p).Left != 10 || held(t, w, c.Account, theirs).Left != 7 || held(t, w, own, theirs).Left != 0 {
		t.Errorf("%+v %v", got, err)
	}
	if err := giveUnits(w, c, own, p, 1); !errors.Is(err, ledger.ErrAccountClosed) {
		t.Errorf("given to a deleted account: %v", err)
	}
}

// BIL-1: expiry takes what is left everywhere, returns nothing, and logs each wallet.
func TestExpiry(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	p := pack(t, w, c.Account, "Units", 10, 30)
	if err := giveUnits(w, c, c.Own.Account, p, 4); err != nil {
		t.Fatal(err)
	}
	pay(t, w, c.ID, bill(c.Own.Account, "a", to("DE", 1)))
	if left := expire(t, w, c.ID, p); left.String() != "9 units" || w.Count(t, "action_log WHERE action = 'units.expired'") != 2 {
		t.Error(left)
	}
	if again := expire(t, w, c.ID, p); !again.IsZero() {
		t.Error(again)
	}
}

// BIL-1: a purchase takes its price, or nothing at all.
func TestPurchase(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	buy := func(price models.Money) error {
		return try(w, c.ID, func(ctx context.Context, tx *store.Tx) error {
			_, err := ledger.Purchase(ctx, tx, c.ID, price, "Europe 10", "order 1")
			return err
		})
	}
	if err := buy(cents(1_000_01)); !errors.Is(err, ledger.ErrInsufficientBalance) {
		t.Error(err)
	}
	if err := buy(storetest.Yen(t, "1")); !errors.Is(err, ledger.ErrWrongCurrency) {
		t.Error(err)
	}
	if err := errors.Join(buy(cents(1_000_00)), buy(models.Zero("EUR"))); err != nil || w.BalanceOf(t, c.Account).Text() != "0.00" {
		t.Error(err, w.BalanceOf(t, c.Account))
	}
	if w.Count(t, "action_log WHERE action = 'purchase.paid'") != 1 {
		t.Error("not logged once")
	}
}
