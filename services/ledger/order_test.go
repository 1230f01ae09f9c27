package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// Always: whatever moves an amount takes all the wallets it touches in the order of their ids, whichever of them gives: two
// that touch the same never wait for each other. The lowest one is held by somebody else; until it is free, none of the
// others is taken.
func TestWalletsAreTakenInOrder(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	pkg := pack(t, w, c.Account, "Hundred", 100, 30)
	order := func(amount models.Money) ledger.TransferOrder {
		return ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: amount}
	}
	out := func(amount models.Money) func() error {
		return func() error {
			_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, order(amount))
			return err
		}
	}
	back := func(amount models.Money) func() error {
		return func() error {
			_, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, order(amount))
			return err
		}
	}
	within := func(do func(context.Context, *store.Tx) error) func() error {
		return func() error { return try(w, c.ID, do) }
	}
	for _, way := range []struct {
		name    string
		touches string
		do      func() error
	}{
		{"a transfer", `kind = 'balance' AND account_id IN ($1, $2)`, out(storetest.Euros(t, "50"))},
		{"a transfer back", `kind = 'balance' AND account_id IN ($1, $2)`, back(storetest.Euros(t, "10"))},
		{"units given", `(kind = 'units' OR kind <> 'units' AND account_id = $2 AND kind IN ('balance', 'spent')) AND account_id IN ($1, $2)`, out(models.Units(50, pkg))},
		{"units taken back", `(kind = 'units' OR kind <> 'units' AND account_id = $2 AND kind IN ('balance', 'spent')) AND account_id IN ($1, $2)`, back(models.Units(10, pkg))},
		{"a charge of an own balance", `kind IN ('balance', 'spent') AND account_id = $2`, func() error {
			_, err := message(w, c.Own, storetest.Euros(t, "1"), "own")
			return err
		}},
		{"a charge of a shared balance", `(kind = 'balance' AND account_id = $1 OR kind = 'spent' AND account_id = $3)`, func() error {
			_, err := message(w, c.Shared, storetest.Euros(t, "1"), "shared")
			return err
		}},
		{"bills", `(kind = 'balance' AND account_id = $1 OR kind = 'spent' AND account_id = $3)`, within(func(ctx context.Context, tx *store.Tx) error {
			_, err := ledger.Pay(ctx, tx, []ledger.Bill{bill(c.Shared.Account, "bill", to("DE", 1))})
			return err
		})},
		{"a purchase", `kind IN ('balance', 'spent') AND account_id = $2`, within(func(ctx context.Context, tx *store.Tx) error {
			_, err := ledger.Purchase(ctx, tx, c.Own.Account.ID, storetest.Euros(t, "1"), "", "")
			return err
		})},
		{"a round", `kind = 'balance' AND account_id IN ($1, $2, $3)`, within(func(ctx context.Context, tx *store.Tx) error {
			round, err := ledger.NewRound(ctx, tx, []models.ID{c.Shared.Account.ID, c.Own.Account.ID})
			if err == nil {
				round.Post()
			}
			return err
		})},
		{"a deactivation", `account_id = $2 OR kind = 'balance' AND account_id = $1`, within(func(ctx context.Context, tx *store.Tx) error {
			if _, err := ledger.Close(ctx, tx, c.Own.Account.ID, "over"); err != nil {
				return err
			}
			return ledger.Reopen(ctx, tx, c.Own.Account.ID) // the account's row still says that it is active
		})},
	} {
		// all three are named in each condition, so that one statement takes the same values
		condition := `tenant_id = $1 AND (` + way.touches + `) AND $2 <> $3::uuid ORDER BY id`
		args := []any{c.ID, c.Own.Account.ID, c.Shared.Account.ID}
		rows, err := w.Raw.Query(ctx, `SELECT id FROM wallets WHERE `+condition, args...)
		if err != nil {
			t.Fatal(way.name, err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[models.ID])
		if err != nil || len(ids) < 2 {
			t.Fatal(way.name, len(ids), err)
		}
		holder, err := w.Raw.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := holder.Exec(ctx, `SELECT FROM wallets WHERE id = $1 FOR UPDATE`, ids[0]); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- way.do() }()
		waitsForLock(t, w, way.name)
		var free int
		err = holder.QueryRow(ctx, `SELECT count(*) FROM (SELECT FROM wallets WHERE id = ANY ($1) FOR NO KEY UPDATE SKIP LOCKED) free`, ids[1:]).Scan(&free)
		if err != nil || free != len(ids)-1 {
			t.Errorf("%s waits for its first wallet and has %d of the %d others already, %v", way.name, len(ids)-1-free, len(ids)-1, err)
		}
		if err := holder.Rollback(ctx); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Errorf("%s: %v", way.name, err)
		}
	}
}

// waitsForLock returns once somebody waits for a row that is held.
func waitsForLock(t *testing.T, w *storetest.World, who string) {
	t.Helper()
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(5 * time.Millisecond) {
		if w.Count(t, `pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0 {
			return
		}
	}
	t.Fatalf("%s waits for nobody", who)
}
