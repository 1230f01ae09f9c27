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

func TestMain(m *testing.M) { storetest.Main(m) }

var ctx = context.Background()

func give(w *storetest.World, c storetest.Company, amount models.Money) (models.Transfer, error) {
	return w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: amount})
}

// same says whether two sides are the same account with the same figures.
func same(a, b models.Side) bool {
	return a.Account == b.Account && a.Before.Equal(b.Before) && a.After.Equal(b.After)
}

// BAL-1: a transfer moves at once, says before and after of both sides, and stands in the log.
func TestTransferAndBack(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	got, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: storetest.Euros(t, "25"), Note: "July"})
	if err != nil {
		t.Fatal(err)
	}
	if got.From.Before.Text() != "1000.00" || got.From.After.Text() != "975.00" || got.To.Before.Text() != "0.00" || got.To.After.Text() != "25.00" {
		t.Errorf("sides: %+v", got)
	}
	if w.BalanceOf(t, c.Account).Text() != "975.00" || w.BalanceOf(t, c.Own.Account).Text() != "25.00" {
		t.Error("balances")
	}
	read, err := w.Ledger.Posted(ctx, c.Admin.Actor, got.ID)
	if err != nil || !same(read.To, got.To) || !same(read.From, got.From) || read.Note != "July" || read.Kind != models.GivenOut {
		t.Errorf("read back: %+v %v", read, err)
	}
	if _, err := w.Ledger.Posted(ctx, c.Shared.Actor, got.ID); !errors.Is(err, ledger.ErrNoSuchTransfer) {
		t.Errorf("read by a sibling: %v", err)
	}
	back, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, All: true})
	if err != nil || back.Amount.Text() != "25.00" || back.To.After.Text() != "1000.00" {
		t.Errorf("all of it back: %+v %v", back, err)
	}
	_, err = w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, All: true})
	if !errors.Is(err, ledger.ErrNothingToReturn) {
		t.Errorf("all of nothing: %v", err)
	}
	if w.Count(t, "action_log WHERE action IN ('transfer.posted', 'transfer.returned') AND transfer_id IN ($1, $2)", got.ID, back.ID) != 2 {
		t.Error("REP-3: not in the log")
	}
}

// BAL-1: up to what there is and no more, on both sides; exactly all of it is fine.
func TestTransferLimits(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	if _, err := give(w, c, storetest.Euros(t, "1000.01")); !errors.Is(err, ledger.ErrInsufficientBalance) {
		t.Errorf("more than there is: %v", err)
	}
	if _, err := give(w, c, storetest.Euros(t, "1000.00")); err != nil {
		t.Errorf("exactly what there is: %v", err)
	}
	_, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: storetest.Euros(t, "1000.01")})
	var rule *models.Error
	if !errors.As(err, &rule) || rule.Fields["amount"] != "Only 1000.00 EUR is available." {
		t.Errorf("more than it has: %v", err)
	}
}

// BAL-1: a post-pay parent may go down to minus its credit line.
func TestCreditLine(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Harbor
	if _, err := give(w, c, storetest.Yen(t, "50001")); !errors.Is(err, ledger.ErrInsufficientBalance) {
		t.Errorf("beyond the line: %v", err)
	}
	if got, err := give(w, c, storetest.Yen(t, "50000")); err != nil || got.From.After.Text() != "-50000" {
		t.Errorf("to the line: %+v %v", got, err)
	}
}

// Orders that say nonsense are refused before anything is locked, and change nothing.
func TestTransferRefusals(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	own := c.Own.Account.ID
	for name, r := range map[string]struct {
		actor models.Actor
		order ledger.TransferOrder
		want  error
	}{
		"zero":               {c.Admin.Actor, ledger.TransferOrder{SubAccount: own, Amount: models.Zero("EUR")}, models.ErrCheckFields},
		"negative":           {c.Admin.Actor, ledger.TransferOrder{SubAccount: own, Amount: models.FromMicros(-1, "EUR")}, models.ErrCheckFields},
		"another currency":   {c.Admin.Actor, ledger.TransferOrder{SubAccount: own, Amount: storetest.Yen(t, "5")}, ledger.ErrWrongCurrency},
		"a long note":        {c.Admin.Actor, ledger.TransferOrder{SubAccount: own, Amount: storetest.Euros(t, "5"), Note: strings.Repeat("é", 201)}, models.ErrCheckFields},
		"to itself":          {c.Admin.Actor, ledger.TransferOrder{SubAccount: c.ID, Amount: storetest.Euros(t, "5")}, ledger.ErrNoSuchAccount},
		"nobody":             {c.Admin.Actor, ledger.TransferOrder{SubAccount: models.NewID(), Amount: storetest.Euros(t, "5")}, ledger.ErrNoSuchAccount},
		"another tenant's":   {c.Admin.Actor, ledger.TransferOrder{SubAccount: w.Harbor.Own.Account.ID, Amount: storetest.Yen(t, "5")}, ledger.ErrNoSuchAccount},
		"by a sub-account":   {c.Own.Actor, ledger.TransferOrder{SubAccount: c.Shared.Account.ID, Amount: storetest.Euros(t, "5")}, models.ErrMissingPrivilege},
		"by staff":           {w.Sam.Actor.In(c.ID), ledger.TransferOrder{SubAccount: own, Amount: storetest.Euros(t, "5")}, models.ErrMissingPrivilege},
		"by another tenant":  {w.Harbor.Admin.Actor, ledger.TransferOrder{SubAccount: own, Amount: storetest.Euros(t, "5")}, ledger.ErrNoSuchAccount},
		"by nobody":          {models.Actor{}, ledger.TransferOrder{SubAccount: own, Amount: storetest.Euros(t, "5")}, models.ErrMissingPrivilege},
		"more than anything": {c.Admin.Actor, ledger.TransferOrder{SubAccount: own, Amount: storetest.Euros(t, "999999999999.99")}, ledger.ErrInsufficientBalance},
	} {
		lines := w.Count(t, "action_log")
		for way, move := range map[string]func(context.Context, models.Actor, ledger.TransferOrder) (models.Transfer, error){
			"Transfer": w.Ledger.Transfer, "TransferBack": w.Ledger.TransferBack, "PreviewTransfer": w.Ledger.PreviewTransfer, "PreviewTransferBack": w.Ledger.PreviewTransferBack,
		} {
			if _, err := move(ctx, r.actor, r.order); !errors.Is(err, r.want) {
				t.Errorf("%s, %s: %v, want %v", name, way, err, r.want)
			}
		}
		if w.Count(t, "action_log") != lines {
			t.Errorf("%s: a refusal left a line", name)
		}
	}
	if w.BalanceOf(t, c.Account).Text() != "1000.00" {
		t.Error("a refusal moved something")
	}
}

// BAL-1: what a preview says is what the transfer then does, and the preview leaves nothing.
func TestPreviewIsTheTransfer(t *testing.T) {
	w := storetest.NewWorld(t)
	order := ledger.TransferOrder{SubAccount: w.Clinic.Own.Account.ID, Amount: storetest.Euros(t, "12.34")}
	said, err := w.Ledger.PreviewTransfer(ctx, w.Clinic.Admin.Actor, order)
	if err != nil {
		t.Fatal(err)
	}
	if w.BalanceOf(t, w.Clinic.Account).Text() != "1000.00" || w.Count(t, "transfers WHERE kind = 'transfer'") != 0 {
		t.Fatal("the preview moved something")
	}
	did, err := w.Ledger.Transfer(ctx, w.Clinic.Admin.Actor, order)
	if err != nil || !same(did.From, said.From) || !same(did.To, said.To) {
		t.Errorf("said %+v, did %+v, %v", said, did, err)
	}
}

// BAL-9: one key moves once: twice in a row, and fifty times at once; every answer is that of the one transfer.
func TestTransferOncePerKey(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	order := ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: storetest.Euros(t, "600"), Key: "form"}
	ids := make(chan models.ID, 50)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			got, err := w.Ledger.Transfer(ctx, c.Admin.Actor, order)
			if err != nil || got.From.After.Text() != "400.00" {
				t.Errorf("%+v %v", got, err)
			}
			ids <- got.ID
		})
	}
	wg.Wait()
	close(ids)
	first := <-ids
	for id := range ids {
		if id != first {
			t.Error("two transfers")
		}
	}
	if w.BalanceOf(t, c.Own.Account).Text() != "600.00" {
		t.Error("moved more than once")
	}
	order.Amount = storetest.Euros(t, "1")
	if _, err := w.Ledger.Transfer(ctx, c.Admin.Actor, order); err == nil {
		t.Error("the key stood for another amount too")
	}
}

// Always: fifty sub-accounts that each try to get the parent's whole balance: exactly one succeeds.
func TestFiftyWantEverything(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	var won, refused atomic.Int64
	var wg sync.WaitGroup
	var wards []storetest.Person
	for i := range 50 {
		wards = append(wards, w.AddActive(t, c, fmt.Sprint("Ward ", i), fmt.Sprintf("ward%d@clinic.example", i)))
	}
	for _, ward := range wards {
		wg.Go(func() {
			switch _, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: ward.Account.ID, Amount: storetest.Euros(t, "1000")}); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, ledger.ErrInsufficientBalance):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || refused.Load() != 49 {
		t.Errorf("%d got everything, %d were refused", won.Load(), refused.Load())
	}
}

// Opposite transfers meet on the same two wallets, forty pairs at once: none deadlocks, none is lost.
func TestOppositeTransfers(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	if _, err := give(w, c, storetest.Euros(t, "500")); err != nil {
		t.Fatal(err)
	}
	order := ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: storetest.Euros(t, "1")}
	var wg sync.WaitGroup
	for range 40 {
		for _, move := range []func(context.Context, models.Actor, ledger.TransferOrder) (models.Transfer, error){w.Ledger.Transfer, w.Ledger.TransferBack} {
			wg.Go(func() {
				if _, err := move(ctx, c.Admin.Actor, order); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if got := w.BalanceOf(t, c.Own.Account).Text(); got != "500.00" {
		t.Errorf("the sub-account has %s", got)
	}
	if got := w.Count(t, "entries e JOIN transfers t ON t.id = e.transfer_id WHERE t.kind IN ('transfer', 'transfer_back')"); got != 162 {
		t.Errorf("%d entries", got)
	}
}

// ACC-15: money received is booked by staff Admins only, once per reference, and repeated under its key it is the same one.
func TestRecordMoney(t *testing.T) {
	w := storetest.NewWorld(t)
	order := ledger.PaymentOrder{Parent: w.Clinic.ID, Amount: storetest.Euros(t, "10"), Reference: "SEPA 2", Key: "k"}
	got, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, order)
	if err != nil || got.To.After.Text() != "1010.00" {
		t.Fatal(got, err)
	}
	if again, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, order); err != nil || again.ID != got.ID {
		t.Errorf("again: %+v %v", again, err)
	}
	order.Key = "another form"
	if _, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, order); !errors.Is(err, ledger.ErrPaymentBooked) {
		t.Errorf("the same reference: %v", err)
	}
	for name, actor := range map[string]models.Actor{"parent": w.Clinic.Admin.Actor, "sub-account": w.Clinic.Own.Actor} {
		if _, err := w.Ledger.RecordMoney(ctx, actor, ledger.PaymentOrder{Parent: w.Clinic.ID, Amount: storetest.Euros(t, "10"), Reference: "x"}); !errors.Is(err, models.ErrMissingPrivilege) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: w.Clinic.Own.Account.ID, Amount: storetest.Euros(t, "10"), Reference: "x"}); !errors.Is(err, ledger.ErrNoSuchAccount) {
		t.Errorf("into a sub-account: %v", err)
	}
	if _, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: w.Clinic.ID, Amount: storetest.Euros(t, "10")}); !errors.Is(err, models.ErrCheckFields) {
		t.Errorf("without a reference: %v", err)
	}
}

// BAL-2, BAL-4: money is not transferred where it would stand in the way of how a sub-account is funded, with a sentence on what to
// change instead; units are, and what is still there of one that spends its parent's balance can be taken back.
func TestFundingRefusesTransfers(t *testing.T) {
	w := storetest.NewWorld(t)
	price := func(c storetest.Company) models.Money { return models.FromMicros(1_000_000, c.Currency) }
	for _, c := range []storetest.Company{w.Clinic, w.Harbor} {
		own := c.Own.Account.ID
		units := pack(t, w, c.Account, "Units", 10, 30)
		for _, funding := range []models.Funding{models.OwnBalance, models.ClientPays, models.SharedBalance, models.MonthlyLimit} {
			order := ledger.TransferOrder{SubAccount: own, Amount: price(c)}
			change(t, w, c.ID, func(ctx context.Context, tx *store.Tx) error { // also for what changes the funding itself
				tx.Queue(`UPDATE accounts SET funding = $2 WHERE id = $1`, own, string(funding))
				for range 2 {
					if _, err := ledger.Give(ctx, tx, own, price(c), ""); err != nil {
						return err
					}
				}
				return nil
			})
			var out, back error
			switch {
			case funding.DrawsFrom(c.Plan):
				out = ledger.ErrSpendsParents
			case funding == models.MonthlyLimit:
				out, back = ledger.ErrMonthlyLimit, ledger.ErrMonthlyLimit
			}
			for name, did := range map[string]struct{ got, want error }{
				"transfer": {transferred(w.Ledger.Transfer(ctx, c.Admin.Actor, order)), out},
				"preview":  {transferred(w.Ledger.PreviewTransfer(ctx, c.Admin.Actor, order)), out},
				"back":     {transferred(w.Ledger.TransferBack(ctx, c.Admin.Actor, order)), back},
				"all back": {transferred(w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: own, All: true, Amount: models.Zero(c.Currency)})), back},
				"units":    {giveUnits(w, c, c.Own.Account, units, 1), nil},
			} {
				if !errors.Is(did.got, did.want) || did.want == nil && did.got != nil && !errors.Is(did.got, ledger.ErrInsufficientBalance) && !errors.Is(did.got, ledger.ErrNothingToReturn) {
					t.Errorf("%s under %s, %s: %v", funding, c.Plan, name, did.got)
				}
			}
			change(t, w, c.ID, func(ctx context.Context, tx *store.Tx) error { return takeAll(ctx, tx, own) })
		}
	}
}

func transferred(_ models.Transfer, err error) error { return err }

// takeAll returns to its parent what a sub-account has, as a change of its funding does.
func takeAll(ctx context.Context, tx *store.Tx, sub models.ID) error {
	round, err := ledger.NewRound(ctx, tx, []models.ID{sub})
	if err != nil {
		return err
	}
	if has, _ := round.Balance(sub); has.IsPositive() {
		if _, err := round.Back(sub, has, ""); err != nil {
			return err
		}
	}
	round.Post()
	return nil
}

// BAL-2: no transfer slips in behind a change of the funding that it had to wait for.
func TestATransferWaitsForTheFunding(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	done := make(chan error, 1)
	change(t, w, c.ID, func(ctx context.Context, tx *store.Tx) error {
		if err := takeAll(ctx, tx, c.Own.Account.ID); err != nil {
			return err
		}
		tx.Queue(`UPDATE accounts SET funding = 'limit' WHERE id = $1`, c.Own.Account.ID)
		if err := tx.Answers(ctx); err != nil {
			return err
		}
		go func() {
			_, err := give(w, c, cents(100))
			done <- err
		}()
		for w.Count(t, "pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") == 0 {
			time.Sleep(time.Millisecond)
		}
		return nil
	})
	if err := <-done; !errors.Is(err, ledger.ErrMonthlyLimit) {
		t.Errorf("err %v", err)
	}
}
