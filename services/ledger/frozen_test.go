package ledger_test

import (
	"context"
	"errors"
	"testing"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func freeze(t testing.TB, w *storetest.World, tenant models.ID) {
	t.Helper()
	if _, err := w.Raw.Exec(ctx, `INSERT INTO freezes (tenant_id, frozen_at, reason) VALUES ($1, now(), 'test')`, tenant); err != nil {
		t.Fatal(err)
	}
}

// Always: a tenant whose books are frozen moves nothing, whichever way is tried, and another one moves everything.
func TestFrozenBooksMoveNothing(t *testing.T) {
	w := storetest.NewWorld(t)
	frozen, other := w.AddCompany(t, 1), w.AddCompany(t, 2)
	type company struct {
		storetest.Company
		units, fresh, old models.ID
		paid              ledger.Charge
	}
	ready := func(c storetest.Company) company {
		fundWith(t, w, c, 10_000)
		if _, err := give(w, c, storetest.Euros(t, "10")); err != nil {
			t.Fatal(err)
		}
		x := company{Company: c, units: pack(t, w, c.Account, "Units", 10, 30), old: pack(t, w, c.Account, "Old", 10, 30), fresh: models.NewID()}
		if err := giveUnits(w, c, c.Own.Account, x.units, 4); err != nil {
			t.Fatal(err)
		}
		var err error
		if x.paid, err = message(w, c.Own, cents(100), "before"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Raw.Exec(ctx, `INSERT INTO packages (tenant_id, id, account_id, name, units, countries, source, currency, price, acquired_at, expires_at)
			VALUES ($1, $2, $1, 'Fresh', 10, '{}', 'granted', 'EUR', 0, now(), now() + interval '1 year')`, c.ID, x.fresh); err != nil {
			t.Fatal(err)
		}
		return x
	}
	inside := func(do func(context.Context, *store.Tx, company) error) func(company) error {
		return func(c company) error {
			return try(w, c.ID, func(ctx context.Context, tx *store.Tx) error { return do(ctx, tx, c) })
		}
	}
	price := storetest.Euros(t, "1")
	ways := []struct {
		name string
		try  func(company) error
	}{
		{"Transfer", func(c company) error { _, err := give(w, c.Company, price); return err }},
		{"Transfer of units", func(c company) error { return giveUnits(w, c.Company, c.Own.Account, c.units, 1) }},
		{"PreviewTransfer", func(c company) error {
			_, err := w.Ledger.PreviewTransfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: price})
			return err
		}},
		{"TransferBack", func(c company) error {
			_, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: price})
			return err
		}},
		{"TransferBack of units", func(c company) error {
			_, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: models.Units(1, c.units)})
			return err
		}},
		{"RecordMoney", func(c company) error {
			_, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: c.ID, Amount: price, Reference: "frozen"})
			return err
		}},
		{"Charge", func(c company) error { _, err := message(w, c.Own, price, "own"); return err }},
		{"Charge to a shared balance", func(c company) error { _, err := message(w, c.Shared, price, "shared"); return err }},
		{"ChargeUsage", inside(func(ctx context.Context, tx *store.Tx, c company) error {
			_, e, err := ledger.ChargeUsage(ctx, tx, ledger.ChargeOrder{Account: c.Own.Account.ID, Kind: ledger.CallUsage, Country: "DE", Quantity: 1, Amount: price, Reference: "within"})
			if err == nil {
				err = tx.Log(e)
			}
			return err
		})},
		{"Pay of units", inside(func(ctx context.Context, tx *store.Tx, c company) error {
			return paysOne(ctx, tx, bill(c.Own.Account, "units", to("DE", 1)))
		})},
		{"Pay", inside(func(ctx context.Context, tx *store.Tx, c company) error {
			return paysOne(ctx, tx, bill(c.Shared.Account, "money", to("DE", 1)))
		})},
		{"GiveBack", inside(func(ctx context.Context, tx *store.Tx, c company) error {
			_, err := ledger.GiveBack(ctx, tx, []ledger.Return{{Account: c.Own.Account.ID, Payer: c.Own.Account.ID, Amount: price, Transfer: c.paid.Transfer}})
			return err
		})},
		{"Purchase", inside(func(ctx context.Context, tx *store.Tx, c company) error {
			_, err := ledger.Purchase(ctx, tx, c.ID, price, "package", "")
			return err
		})},
		{"IssueUnits", inside(func(ctx context.Context, tx *store.Tx, c company) error {
			_, err := ledger.IssueUnits(ctx, tx, c.fresh)
			return err
		})},
		{"ExpireUnits", inside(func(ctx context.Context, tx *store.Tx, c company) error {
			_, err := ledger.ExpireUnits(ctx, tx, c.old)
			return err
		})},
		{"Give", inside(func(ctx context.Context, tx *store.Tx, c company) error {
			_, err := ledger.Give(ctx, tx, c.Own.Account.ID, price, "")
			return err
		})},
		{"Round", inside(func(ctx context.Context, tx *store.Tx, c company) error {
			r, err := ledger.NewRound(ctx, tx, []models.ID{c.Own.Account.ID})
			if err == nil {
				_, err = r.Give(c.Own.Account.ID, price, "")
				r.Post()
			}
			return err
		})},
		{"Close", func(c company) error {
			_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, c.Own.Account.ID, "test")
			return err
		}},
	}
	standsStill, moves := ready(frozen), ready(other)
	freeze(t, w, frozen.ID)
	entries := w.Count(t, "entries WHERE tenant_id = $1", frozen.ID)
	for _, way := range ways {
		if err := way.try(standsStill); !errors.Is(err, ledger.ErrFrozen) {
			t.Errorf("%s: %v", way.name, err)
		}
		if err := way.try(moves); err != nil {
			t.Errorf("%s of another tenant: %v", way.name, err)
		}
	}
	if n := w.Count(t, "entries WHERE tenant_id = $1", frozen.ID); n != entries {
		t.Errorf("%d entries more", n-entries)
	}
	// nothing else stands still
	if err := errors.Join(setCaps(w, frozen.Shared.Account, euros(t, "5"), nil), watch(w, frozen.Own.Account, ledger.LowFall, euros(t, "50")),
		try(w, frozen.ID, func(ctx context.Context, tx *store.Tx) error { return ledger.SetCreditLine(ctx, tx, frozen.ID, price) })); err != nil {
		t.Errorf("settings: %v", err)
	}
	if e := explain(t, w, frozen.Admin.Actor, frozen.Own.Account, to("DE", 1)); e.Rule != ledger.ErrFrozen.Code {
		t.Errorf("explained by %q", e.Rule)
	}
	if _, err := w.Raw.Exec(ctx, `DELETE FROM freezes`); err != nil {
		t.Fatal(err)
	}
	for _, way := range ways {
		if err := way.try(standsStill); err != nil {
			t.Errorf("%s after it was cleared up: %v", way.name, err)
		}
	}
}

// paysOne pays a bill of one item, or returns its refusal.
func paysOne(ctx context.Context, tx *store.Tx, b ledger.Bill) error {
	receipts, err := ledger.Pay(ctx, tx, []ledger.Bill{b})
	if err == nil && receipts[0].Items[0].Refused != nil {
		return receipts[0].Items[0].Refused
	}
	return err
}

// Always: what was moved before the books froze is answered as before when it is asked for again under its key.
func TestFrozenBooksAnswerWhatWasDone(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	order := ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: storetest.Euros(t, "5"), Key: "once"}
	first, err := w.Ledger.Transfer(ctx, c.Admin.Actor, order)
	must(t, err)
	freeze(t, w, c.ID)
	again, err := w.Ledger.Transfer(ctx, c.Admin.Actor, order)
	if err != nil || again.ID != first.ID {
		t.Errorf("%+v, %v", again, err)
	}
}
