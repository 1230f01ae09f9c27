package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func message(w *storetest.World, who storetest.Person, amount models.Money, reference string) (ledger.Charge, error) {
	return w.Ledger.Charge(ctx, w.Sam.Actor.In(who.Account.TenantID), ledger.ChargeOrder{Account: who.Account.ID, Kind: ledger.MessageUsage,
		Country: "DE", Quantity: 1, Parts: 1, Amount: amount, Reference: reference})
}

// BAL-2: usage is paid from the account's own balance, or from its parent's, as its funding says.
func TestChargeTakesFromTheRightPocket(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	if _, err := give(w, c, storetest.Euros(t, "5")); err != nil {
		t.Fatal(err)
	}
	if got, err := message(w, c.Own, storetest.Euros(t, "1.50"), "a"); err != nil || got.Payer != c.Own.Account.ID {
		t.Errorf("own: %+v %v", got, err)
	}
	if got, err := message(w, c.Shared, storetest.Euros(t, "2"), "b"); err != nil || got.Payer != c.ID {
		t.Errorf("shared: %+v %v", got, err)
	}
	if w.BalanceOf(t, c.Own.Account).Text() != "3.50" || w.BalanceOf(t, c.Account).Text() != "993.00" {
		t.Error("balances")
	}
	if _, err := message(w, c.Own, storetest.Euros(t, "3.51"), "c"); !errors.Is(err, ledger.ErrInsufficientBalance) {
		t.Errorf("more than it has: %v", err)
	}
	if w.Count(t, "charges WHERE reference = 'c'") != 0 {
		t.Error("a refused charge stands in the books")
	}
	if _, err := message(w, c.Own, storetest.Euros(t, "3.50"), "c"); err != nil {
		t.Errorf("exactly what it has, after a refusal under the same reference: %v", err)
	}
}

// MSG-8 in the making: a reference is charged once, fifty at once included; for something else it is refused.
func TestChargeOncePerReference(t *testing.T) { bothWays(t, chargeOncePerReference) }

func chargeOncePerReference(t *testing.T, w *storetest.World) {
	c := w.Clinic
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := message(w, c.Shared, storetest.Euros(t, "30"), "sms-1"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := w.BalanceOf(t, c.Account).Text(); got != "970.00" {
		t.Errorf("the parent has %s", got)
	}
	if _, err := message(w, c.Shared, storetest.Euros(t, "31"), "sms-1"); !errors.Is(err, ledger.ErrReferenceReused) {
		t.Errorf("another price: %v", err)
	}
	if _, err := message(w, c.Own, models.Zero("EUR"), "sms-1"); err != nil {
		t.Errorf("another account's reference: %v", err)
	}
}

// REP-1: usage at no price is recorded and moves nothing.
func TestFreeUsage(t *testing.T) {
	w := storetest.NewWorld(t)
	got, err := message(w, w.Clinic.Own, models.Zero("EUR"), "free")
	if err != nil || got.Transfer != models.NoID || w.Count(t, "charges WHERE reference = 'free'") != 1 {
		t.Errorf("%+v %v", got, err)
	}
}

// A charge that says nonsense, or of an account that may not use anything, is refused and leaves nothing.
func TestChargeRefusals(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	staff := w.Sam.Actor.In(c.ID)
	good := ledger.ChargeOrder{Account: c.Shared.Account.ID, Kind: ledger.CallUsage, Country: "DE", Quantity: 1, Amount: storetest.Euros(t, "1"), Reference: "r"}
	with := func(change func(*ledger.ChargeOrder)) ledger.ChargeOrder { o := good; change(&o); return o }
	for name, r := range map[string]struct {
		actor models.Actor
		order ledger.ChargeOrder
		want  error
	}{
		"no kind":          {staff, with(func(o *ledger.ChargeOrder) { o.Kind = "fax" }), models.ErrCheckFields},
		"no country":       {staff, with(func(o *ledger.ChargeOrder) { o.Country = "" }), models.ErrCheckFields},
		"nothing":          {staff, with(func(o *ledger.ChargeOrder) { o.Quantity = 0 }), models.ErrCheckFields},
		"too much":         {staff, with(func(o *ledger.ChargeOrder) { o.Quantity = 1 << 60 }), models.ErrCheckFields},
		"negative parts":   {staff, with(func(o *ledger.ChargeOrder) { o.Parts = -1 }), models.ErrCheckFields},
		"negative price":   {staff, with(func(o *ledger.ChargeOrder) { o.Amount = models.FromMicros(-1, "EUR") }), models.ErrCheckFields},
		"no reference":     {staff, with(func(o *ledger.ChargeOrder) { o.Reference = "" }), models.ErrCheckFields},
		"long reference":   {staff, with(func(o *ledger.ChargeOrder) { o.Reference = strings.Repeat("x", 121) }), models.ErrCheckFields},
		"another currency": {staff, with(func(o *ledger.ChargeOrder) { o.Amount = storetest.Yen(t, "1") }), ledger.ErrWrongCurrency},
		"another tenant's": {staff, with(func(o *ledger.ChargeOrder) { o.Account = w.Harbor.Own.Account.ID }), ledger.ErrNoSuchAccount},
		"by a parent":      {c.Admin.Actor, good, models.ErrMissingPrivilege},
		"by a sub-account": {c.Shared.Actor, good, models.ErrMissingPrivilege},
	} {
		if _, err := w.Ledger.Charge(ctx, r.actor, r.order); !errors.Is(err, r.want) {
			t.Errorf("%s: %v, want %v", name, err, r.want)
		}
	}
	if w.Count(t, "charges") != 0 {
		t.Error("a refusal left a charge")
	}
}

// ACC-9: a deactivated sub-account uses nothing, nor does one whose parent is deactivated.
func TestStoppedAccountsUseNothing(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	if _, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, c.Shared.Account.ID, "gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := message(w, c.Shared, storetest.Euros(t, "1"), "a"); !errors.Is(err, ledger.ErrNotCharging) {
		t.Errorf("deactivated: %v", err)
	}
	if err := w.Accounts.DeactivateParent(ctx, w.Sam.Actor, w.Harbor.ID, "unpaid"); err != nil {
		t.Fatal(err)
	}
	if _, err := message(w, w.Harbor.Shared, storetest.Yen(t, "1"), "b"); !errors.Is(err, ledger.ErrNotCharging) {
		t.Errorf("parent deactivated: %v", err)
	}
	if err := w.Accounts.ReactivateParent(ctx, w.Sam.Actor, w.Harbor.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := message(w, w.Harbor.Shared, storetest.Yen(t, "1"), "b"); err != nil {
		t.Errorf("parent active again: %v", err)
	}
}

// Issue 4, combining: fifty at once who want everything; exactly one gets it, and each of the others is told why.
func TestFiftyChargesWantEverything(t *testing.T) {
	bothWays(t, func(t *testing.T, w *storetest.World) {
		c := w.Clinic
		var got atomic.Int64
		var wg sync.WaitGroup
		for n := range 50 {
			wg.Go(func() {
				switch _, err := message(w, c.Shared, storetest.Euros(t, "1000"), fmt.Sprint(n)); {
				case err == nil:
					got.Add(1)
				case !errors.Is(err, ledger.ErrInsufficientBalance) || strings.Contains(err.Error(), "EUR"):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1 || !w.BalanceOf(t, c.Account).IsZero() || w.Count(t, "charges") != 1 {
			t.Error(got.Load(), w.BalanceOf(t, c.Account), w.Count(t, "charges"))
		}
	})
}

// Charges that are taken together are each as if they came alone: a transfer, a log line with its actor and a charge of its
// own, and a balance after that goes down step by step; a reference that comes twice in a set is charged once.
func TestChargesTakenTogetherAreEachTheirOwn(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	var wg sync.WaitGroup
	var repeated atomic.Int64
	for n := range 100 {
		wg.Go(func() {
			got, err := message(w, c.Shared, storetest.Euros(t, "2"), fmt.Sprint(n/2))
			if err != nil {
				t.Error(err)
			}
			if got.Repeated {
				repeated.Add(1)
			}
		})
	}
	wg.Wait()
	if repeated.Load() != 50 || w.BalanceOf(t, c.Account).Text() != "900.00" {
		t.Error(repeated.Load(), w.BalanceOf(t, c.Account))
	}
	if n := w.Count(t, "action_log WHERE action = 'usage.charged' AND user_email = $1 AND account_id = $2", w.Sam.Email, c.Shared.Account.ID); n != 50 {
		t.Errorf("%d lines", n)
	}
	if n := w.Count(t, "(SELECT DISTINCT transfer_id, balance_after FROM action_log WHERE action = 'usage.charged') x"); n != 50 {
		t.Errorf("%d transfers", n)
	}
}

// Combining is one process's: two that charge the same wallets meet at the rows, and nothing is charged twice or lost.
func TestTwoProcessesChargeOneWallet(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	elsewhere, err := store.Open(ctx, w.DSN, w.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	ledgers := []*ledger.Service{w.Ledger, ledger.New(elsewhere)}
	var charged atomic.Int64
	var wg sync.WaitGroup
	for n := range 200 {
		wg.Go(func() {
			got, err := ledgers[n%2].Charge(ctx, w.Sam.Actor.In(c.ID), ledger.ChargeOrder{Account: c.Shared.Account.ID, Kind: ledger.CallUsage,
				Country: "DE", Quantity: 1, Amount: storetest.Euros(t, "15"), Reference: fmt.Sprint(n / 2)})
			switch {
			case err == nil && !got.Repeated:
				charged.Add(1)
			case err != nil && !errors.Is(err, ledger.ErrInsufficientBalance):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if charged.Load() != 66 || w.BalanceOf(t, c.Account).Text() != "10.00" || w.Count(t, "charges") != 66 {
		t.Error(charged.Load(), w.BalanceOf(t, c.Account))
	}
}
