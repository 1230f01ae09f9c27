package ledger_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"offshoot/models"
	"offshoot/services/ledger"
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
func TestChargeOncePerReference(t *testing.T) {
	w := storetest.NewWorld(t)
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
