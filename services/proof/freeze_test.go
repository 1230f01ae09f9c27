package proof_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/proof"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// spoil goes around every trigger.
func spoil(t testing.TB, w *storetest.World, sql string, args ...any) {
	t.Helper()
	tx, err := w.Raw.Begin(ctx)
	must(t, err)
	_, err = tx.Exec(ctx, `SET LOCAL session_replication_role = replica`)
	must(t, err)
	_, err = tx.Exec(ctx, sql, args...)
	must(t, err)
	must(t, tx.Commit(ctx))
}

const oneTooMuch = `UPDATE wallets SET balance = balance + 1 WHERE kind = 'balance' AND account_id = $1`

// checkedWorld has had a whole check in every tenant, an hour ago.
func checkedWorld(t testing.TB) *storetest.World {
	t.Helper()
	w := storetest.UncheckedWorld(t)
	busy(t, w)
	w.Clock.Add(time.Hour)
	wholes(t, w)
	w.Clock.Add(time.Hour)
	return w
}

func wholes(t testing.TB, w *storetest.World) {
	t.Helper()
	for _, tenant := range []models.ID{w.Clinic.ID, w.Harbor.ID, w.Sam.Account.ID} {
		_, froze, err := w.Proof.CheckWhole(ctx, tenant)
		must(t, err)
		if froze {
			t.Fatalf("%s is frozen", tenant)
		}
	}
}

func checkNew(t testing.TB, w *storetest.World) proof.Round {
	t.Helper()
	round, err := w.Proof.CheckNew(ctx)
	must(t, err)
	return round
}

func of(t testing.TB, w *storetest.World, tenant models.ID) models.BookCheck {
	t.Helper()
	c, err := w.Proof.Of(ctx, w.Sam.Actor, tenant)
	must(t, err)
	return c
}

// A tenant that was never checked gets a whole check first; after that, what is new is looked at and no more.
func TestCheckNew(t *testing.T) {
	w := storetest.UncheckedWorld(t)
	busy(t, w)
	w.Clock.Add(time.Hour)
	if round := checkNew(t, w); round.Tenants != 3 || round.Whole != 3 || round.Looked != 0 {
		t.Errorf("before the first whole check: %+v", round)
	}
	checkNew(t, w) // asked for again, it is the same job
	if n := w.Count(t, "river_job WHERE kind = 'books.check_whole' AND queue = 'books_whole'"); n != 3 {
		t.Errorf("%d whole checks wait", n)
	}
	wholes(t, w)
	w.Clock.Add(time.Hour)
	if round := checkNew(t, w); round.Looked != 0 || round.Whole != 0 || round.Rows != 0 {
		t.Errorf("nothing is new: %+v", round)
	}
	if c := of(t, w, w.Clinic.ID); c.CheckedAt == nil || !c.CheckedAt.Equal(w.Clock.Now()) || c.Rows != 0 || c.WholeRows == 0 {
		t.Errorf("an idle tenant: %+v", c)
	}
	w.Clock.Add(time.Hour)
	give(t, w, w.Clinic, "1", "new")
	round := checkNew(t, w)
	if round.Looked != 1 || round.Rows == 0 || round.Rows > of(t, w, w.Clinic.ID).WholeRows/4 {
		t.Errorf("one transfer is new: %+v of %d rows in all", round, of(t, w, w.Clinic.ID).WholeRows)
	}
}

// A fault freezes the tenant that has it, with the check that found it, and no other; staff are told once.
func TestFreeze(t *testing.T) {
	w := checkedWorld(t)
	give(t, w, w.Clinic, "1", "new")
	_, err := w.Ledger.Transfer(ctx, w.Harbor.Admin.Actor, ledger.TransferOrder{SubAccount: w.Harbor.Own.Account.ID, Amount: storetest.Yen(t, "5")})
	must(t, err)
	spoil(t, w, oneTooMuch, w.Clinic.ID)
	for range 2 { // the second finds it frozen already
		round := checkNew(t, w)
		if slices.Contains(round.Frozen, w.Harbor.ID) || len(round.Frozen) > 1 {
			t.Errorf("%+v", round)
		}
	}
	if n := w.Count(t, "freezes"); n != 1 || w.Count(t, "freezes WHERE tenant_id = $1 AND reason LIKE 'A balance is what its entries say%'", w.Clinic.ID) != 1 {
		t.Errorf("%d are frozen", n)
	}
	if n := w.Count(t, "action_log WHERE action = 'books.frozen' AND tenant_id = $1 AND user_email = ''", w.Clinic.ID); n != 1 {
		t.Errorf("logged %d times", n)
	}
	c := of(t, w, w.Clinic.ID)
	if c.Freeze == nil || len(c.Faults) != 1 || c.Faults[0].Rule != "balance" || c.Faults[0].Means == "" || len(c.Faults[0].Examples) != 1 {
		t.Errorf("%+v", c)
	}
	if _, err := w.Ledger.Transfer(ctx, w.Harbor.Admin.Actor, ledger.TransferOrder{SubAccount: w.Harbor.Own.Account.ID, Amount: storetest.Yen(t, "5")}); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	_, err = w.Ledger.Transfer(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: w.Clinic.Own.Account.ID, Amount: storetest.Euros(t, "1")})
	if !errors.Is(err, ledger.ErrFrozen) {
		t.Errorf("the frozen one: %v", err)
	}
	if f, err := w.Proof.Freeze(ctx, w.Clinic.Own.Actor); err != nil || f == nil {
		t.Errorf("its sub-account is told %+v, %v", f, err)
	}
	if f, err := w.Proof.Freeze(ctx, w.Harbor.Own.Actor); err != nil || f != nil {
		t.Errorf("the neighbour's is told %+v, %v", f, err)
	}
	var told proof.TellStaff
	must(t, w.Raw.QueryRow(ctx, `SELECT args FROM river_job WHERE kind = 'books.tell_staff'`).Scan(&told))
	w.AddUser(t, w.Sam.Account, "staff-user@offshoot.example", models.Member)
	for range 3 {
		must(t, w.Proof.TellStaff(ctx, told))
	}
	if n := w.Sent(t, "", "Fault in the books of North Clinic Group"); n != 1 || w.Sent(t, w.Sam.Email, "A balance is what its entries say") != 1 {
		t.Errorf("%d mails", n)
	}
}

// Money moves again by a person's word, once a whole check has found all faults gone, and not before.
func TestUnfreeze(t *testing.T) {
	w := checkedWorld(t)
	spoil(t, w, oneTooMuch, w.Clinic.ID)
	if err := w.Proof.Unfreeze(ctx, w.Sam.Actor, w.Clinic.ID, "Repaired"); !errors.Is(err, proof.ErrNotFrozen) {
		t.Errorf("before: %v", err)
	}
	if _, froze, err := w.Proof.CheckWhole(ctx, w.Clinic.ID); err != nil || !froze {
		t.Fatal(froze, err)
	}
	for name, actor := range map[string]models.Actor{"the parent": w.Clinic.Admin.Actor, "staff who are no Admins": {Tenant: w.Sam.Account.ID, Account: w.Sam.Account.ID,
		Kind: models.Operator, Privileges: models.PrivilegesOf(models.Operator, models.Member, nil)}} {
		if err := w.Proof.Unfreeze(ctx, actor, w.Clinic.ID, "Please"); !errors.Is(err, models.ErrMissingPrivilege) {
			t.Errorf("%s unfreezes: %v", name, err)
		}
		if err := w.Proof.CheckNow(ctx, actor, w.Clinic.ID); !errors.Is(err, models.ErrMissingPrivilege) {
			t.Errorf("%s has it checked: %v", name, err)
		}
	}
	for _, reason := range []string{"", "  ", strings.Repeat("x", proof.MaxReason+1)} {
		if err := w.Proof.Unfreeze(ctx, w.Sam.Actor, w.Clinic.ID, reason); !errors.Is(err, models.ErrCheckFields) {
			t.Errorf("reason %q: %v", reason, err)
		}
	}
	if err := w.Proof.Unfreeze(ctx, w.Sam.Actor, models.NewID(), "Repaired"); !errors.Is(err, ledger.ErrNoSuchAccount) {
		t.Errorf("nobody: %v", err)
	}
	if err := w.Proof.Unfreeze(ctx, w.Sam.Actor, w.Clinic.ID, "Repaired"); !errors.Is(err, proof.ErrFaulty) {
		t.Errorf("with the fault: %v", err)
	}
	spoil(t, w, strings.Replace(oneTooMuch, "+", "-", 1), w.Clinic.ID)
	checkNew(t, w) // looks at what is new, which is no proof of all
	if err := w.Proof.Unfreeze(ctx, w.Sam.Actor, w.Clinic.ID, "Repaired"); !errors.Is(err, proof.ErrFaulty) {
		t.Errorf("before a whole check: %v", err)
	}
	must(t, w.Proof.CheckNow(ctx, w.Sam.Actor, w.Clinic.ID))
	must(t, w.Proof.CheckNow(ctx, w.Sam.Actor, w.Clinic.ID))
	if c := of(t, w, w.Clinic.ID); c.AskedAt == nil || w.Count(t, "river_job WHERE kind = 'books.check_whole'") != 1 {
		t.Errorf("asked for: %+v", c)
	}
	if _, _, err := w.Proof.CheckWhole(ctx, w.Clinic.ID); err != nil {
		t.Fatal(err)
	}
	if c := of(t, w, w.Clinic.ID); c.AskedAt != nil || len(c.Faults) != 0 || c.Freeze == nil {
		t.Errorf("after the whole check: %+v", c)
	}
	must(t, w.Proof.Unfreeze(ctx, w.Sam.Actor, w.Clinic.ID, "Repaired by hand, see ticket 7"))
	if n := w.Count(t, "action_log WHERE action = 'books.unfrozen' AND tenant_id = $1 AND user_email = $2 AND details->>'reason' LIKE '%ticket 7'", w.Clinic.ID, w.Sam.Email); n != 1 {
		t.Errorf("logged %d times", n)
	}
	give(t, w, w.Clinic, "1", "again")
	if round := checkNew(t, w); len(round.Frozen) != 0 || w.Count(t, "freezes") != 0 {
		t.Errorf("after all: %+v", round)
	}
	w.CheckBooks(t)
}

// A whole check that began before a fault was found does not take it away when it ends.
func TestAnOlderCheckTakesNothingAway(t *testing.T) {
	w := checkedWorld(t)
	end := w.Proof.BeginWhole(t, w.Clinic.ID)
	give(t, w, w.Clinic, "1", "new")
	spoil(t, w, oneTooMuch, w.Clinic.ID)
	if round := checkNew(t, w); len(round.Frozen) != 1 {
		t.Fatalf("%+v", round)
	}
	end()
	if c := of(t, w, w.Clinic.ID); c.Freeze == nil || len(c.Faults) != 1 {
		t.Errorf("%+v", c)
	}
	if err := w.Proof.Unfreeze(ctx, w.Sam.Actor, w.Clinic.ID, "Repaired"); !errors.Is(err, proof.ErrFaulty) {
		t.Error(err)
	}
}

// A report with wrong sums is told, and freezes nothing: no amount is wrong.
func TestWhatIsNoMoneyFreezesNothing(t *testing.T) {
	w := checkedWorld(t)
	spoil(t, w, `UPDATE wallets SET units_held = units_held + 1 WHERE kind = 'spent' AND account_id = $1`, w.Clinic.Own.Account.ID)
	if _, froze, err := w.Proof.CheckWhole(ctx, w.Clinic.ID); err != nil || froze {
		t.Error(froze, err)
	}
	if c := of(t, w, w.Clinic.ID); c.Freeze != nil || len(c.Faults) != 1 || c.Faults[0].Freezes {
		t.Errorf("%+v", c)
	}
	page, err := w.Proof.Page(ctx, w.Sam.Actor, "")
	must(t, err)
	if len(page.Faulty) != 1 || page.Faulty[0].Tenant != w.Clinic.ID || len(page.Checks) != 2 || page.Next != "" {
		t.Errorf("%+v", page)
	}
	counted, err := w.Proof.Count(ctx)
	must(t, err)
	if counted.Tenants != 3 || counted.Frozen != 0 || counted.Faults != 1 || counted.Last == nil {
		t.Errorf("%+v", counted)
	}
}

// A clock that was set back, and a transaction that commits long after it began: what they write is looked at all the same.
func TestNothingNewIsMissed(t *testing.T) {
	w := checkedWorld(t)
	w.Clock.Add(time.Hour)
	checkNew(t, w)
	w.Clock.Add(-2 * time.Hour)
	made := give(t, w, w.Clinic, "1", "by a clock that was set back")
	if !slices.Contains(frozenBy(t, w, `UPDATE transfers SET kind = 'issue' WHERE id = $1`, `UPDATE transfers SET kind = 'transfer' WHERE id = $1`, made.ID), w.Clinic.ID) {
		t.Error("it was missed while the clock was back")
	}
	w.Clock.Add(4 * time.Hour)
	checkNew(t, w)

	// the transaction begins at this moment
	began, go_, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	var late models.Transfer
	w.Clock.Set(time.Now()) // the server's own clock says since when a transaction is open
	checkNew(t, w)
	go func() {
		_, err := w.Store.Change(ctx, models.System(w.Clinic.ID), func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
			late, err = ledger.Give(ctx, tx, w.Clinic.Own.Account.ID, storetest.Euros(t, "1"), "late")
			if err == nil {
				err = tx.Answers(ctx)
			}
			close(began)
			<-go_
			return models.Event{Action: models.MailSent, Account: w.Clinic.ID}, err
		})
		ended <- err
	}()
	<-began
	for range 6 {
		w.Clock.Add(30 * time.Minute)
		checkNew(t, w)
	}
	close(go_)
	must(t, <-ended)
	if !slices.Contains(frozenBy(t, w, `UPDATE transfers SET kind = 'issue' WHERE id = $1`, `UPDATE transfers SET kind = 'transfer' WHERE id = $1`, late.ID), w.Clinic.ID) {
		t.Error("a transaction that committed late was missed")
	}
}

// frozenBy says who is frozen by a look at what is new after something was spoilt, and makes it good again.
func frozenBy(t testing.TB, w *storetest.World, spoilt, mended string, args ...any) []models.ID {
	t.Helper()
	spoil(t, w, spoilt, args...)
	round := checkNew(t, w)
	spoil(t, w, mended, args...)
	spoil(t, w, `DELETE FROM freezes`)
	spoil(t, w, `UPDATE book_checks SET faults = '[]'`)
	return round.Frozen
}

// The race: whole checks and checks of what is new, beside fifty who move money at once, never find a fault.
func TestChecksBesideTransfers(t *testing.T) {
	w := storetest.NewWorld(t)
	wholes(t, w)
	var moving, checking sync.WaitGroup
	done := make(chan struct{})
	for _, check := range []func() (bool, error){
		func() (bool, error) {
			r, _, err := w.Proof.CheckWhole(ctx, w.Clinic.ID)
			return len(r.Broken()) > 0, err
		},
		func() (bool, error) { round, err := w.Proof.CheckNew(ctx); return len(round.Frozen) > 0, err },
		func() (bool, error) { r, err := w.Proof.Verify(ctx, w.Clinic.ID); return len(r.Broken()) > 0, err },
	} {
		checking.Go(func() {
			for {
				if faulty, err := check(); err != nil || faulty {
					t.Error("a fault where there is none: ", faulty, err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 50 {
		moving.Go(func() {
			for n := range 3 {
				order := ledger.TransferOrder{SubAccount: w.Clinic.Own.Account.ID, Amount: storetest.Euros(t, "0.10")}
				_, err := w.Ledger.Transfer(ctx, w.Clinic.Admin.Actor, order)
				if err == nil && n == 1 {
					_, err = w.Ledger.TransferBack(ctx, w.Clinic.Admin.Actor, order)
				}
				if err == nil {
					_, err = w.Ledger.Charge(ctx, w.Sam.Actor.In(w.Clinic.ID), ledger.ChargeOrder{Account: w.Clinic.Shared.Account.ID, Kind: ledger.CallUsage, Country: "DE",
						Quantity: 1, Amount: storetest.Euros(t, "0.01"), Reference: string(rune('a'+n)) + string(rune('A'+i))})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	moving.Wait()
	close(done)
	checking.Wait()
	if n := w.Count(t, "freezes"); n != 0 {
		t.Errorf("%d are frozen", n)
	}
}
