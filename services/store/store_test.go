package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"offshoot/models"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var ctx = context.Background()

// renamed is a small change that can be seen from outside.
func renamed(a models.Account, name string) store.Work {
	return func(_ context.Context, tx *store.Tx) (models.Event, error) {
		return models.Event{Action: models.SubAccountEdited, Account: a.ID},
			tx.Exec(`UPDATE accounts SET contact_name = ? WHERE tenant_id = ? AND id = ?`, name, a.TenantID, a.ID).Error
	}
}

// Always: every change has its line in the action log, written in the same transaction; without one it does not happen.
func TestChangeIsLoggedOrDoesNotHappen(t *testing.T) {
	w := storetest.NewWorld(t)
	actor, a := w.Clinic.Admin.Actor, w.Clinic.Own.Account
	before := w.Count(t, "action_log")
	if _, err := w.Store.Change(ctx, actor, renamed(a, "logged")); err != nil {
		t.Fatal(err)
	}
	if got := w.Count(t, "action_log") - before; got != 1 {
		t.Errorf("%d lines for one change", got)
	}
	silent := func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		_, err := renamed(a, "silent")(ctx, tx)
		return models.Event{}, err
	}
	if _, err := w.Store.Change(ctx, actor, silent); !errors.Is(err, store.ErrNoEvent) {
		t.Errorf("a change without an event: %v", err)
	}
	failing := func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		_, _ = renamed(a, "failed")(ctx, tx)
		return models.Event{Action: models.SubAccountEdited, Account: a.ID}, errors.New("no")
	}
	if _, err := w.Store.Change(ctx, actor, failing); err == nil {
		t.Error("a failing change committed")
	}
	if w.Count(t, "accounts WHERE contact_name IN ('silent', 'failed')") != 0 || w.Count(t, "action_log")-before != 1 {
		t.Error("a refused change left something")
	}
	panicking := func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		_, _ = renamed(a, "panicked")(ctx, tx)
		panic("boom")
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = w.Store.Change(ctx, actor, panicking)
	}()
	if w.Count(t, "accounts WHERE contact_name = 'panicked'") != 0 {
		t.Error("a panic committed")
	}
	if got := w.Store.Pool().Stat().AcquiredConns(); got != 0 {
		t.Errorf("%d connections lost", got)
	}
}

// Always: a Read cannot write, whichever way it tries, and PostgreSQL says so too.
func TestReadCannotWrite(t *testing.T) {
	w := storetest.NewWorld(t)
	actor := w.Clinic.Admin.Actor
	for name, write := range map[string]func(context.Context, *store.Tx) error{
		"exec": func(_ context.Context, tx *store.Tx) error { return tx.Exec(`UPDATE accounts SET name = 'x'`).Error },
		"raw update": func(_ context.Context, tx *store.Tx) error {
			var n int
			return tx.Raw(`UPDATE accounts SET name = 'x' RETURNING 1`).Scan(&n).Error
		},
		"queue": func(ctx context.Context, tx *store.Tx) error {
			tx.Queue(`UPDATE accounts SET name = 'x'`)
			var n int
			return tx.Raw(`SELECT 1`).Scan(&n).Error
		},
		"rows": func(ctx context.Context, tx *store.Tx) error {
			return tx.Rows(ctx, func(rows pgx.Rows) error { rows.Next(); return rows.Err() }, `UPDATE accounts SET name = 'x' RETURNING 1`)
		},
		"job": func(ctx context.Context, tx *store.Tx) error { return tx.Enqueue(ctx, job{}, nil) },
	} {
		if err := w.Store.Read(ctx, actor, write); err == nil {
			t.Errorf("%s: a Read wrote", name)
		}
	}
	if w.Count(t, "accounts WHERE name = 'x'") != 0 {
		t.Error("it is there")
	}
}

// A door opened inside a door would look past the open transaction, or escape it.
func TestDoorsDoNotNest(t *testing.T) {
	w := storetest.NewWorld(t)
	actor := w.Clinic.Admin.Actor
	nothing := func(context.Context, *store.Tx) error { return nil }
	_, err := w.Store.Change(ctx, actor, func(ctx context.Context, _ *store.Tx) (models.Event, error) {
		return models.Event{Action: models.SubAccountEdited, Account: actor.Account}, w.Store.Read(ctx, actor, nothing)
	})
	if !errors.Is(err, store.ErrNested) {
		t.Errorf("Read inside Change: %v", err)
	}
	err = w.Store.Read(ctx, actor, func(ctx context.Context, _ *store.Tx) error {
		_, err := w.Store.Change(ctx, actor, renamed(w.Clinic.Account, "nested"))
		return err
	})
	if !errors.Is(err, store.ErrNested) {
		t.Errorf("Change inside Read: %v", err)
	}
	_, err = w.Store.Change(ctx, actor, func(ctx context.Context, _ *store.Tx) (models.Event, error) {
		_, err := w.Store.Note(ctx, actor.Tenant, `UPDATE accounts SET contact_name = 'noted' WHERE tenant_id = $1`)
		return models.Event{Action: models.SubAccountEdited, Account: actor.Account}, err
	})
	if !errors.Is(err, store.ErrNested) || w.Count(t, "accounts WHERE contact_name = 'noted'") != 0 {
		t.Errorf("Note inside Change: %v", err)
	}
}

// A transaction cannot be used when it is over.
func TestTxIsUselessAfterwards(t *testing.T) {
	w := storetest.NewWorld(t)
	var kept *store.Tx
	if err := w.Store.Read(ctx, w.Clinic.Admin.Actor, func(_ context.Context, tx *store.Tx) error { kept = tx; return nil }); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := kept.Raw(`SELECT 1`).Scan(&n).Error; err == nil {
		t.Error("it answered")
	}
}

// Always: a savepoint takes back what came after it and nothing else, also when PostgreSQL refused something. GORM's driver
// says nothing when one was not made, so whatever stands between them and the server must let them through. GORM's own nested
// transactions are refused: they would begin one of their own.
func TestSavepoints(t *testing.T) {
	w := storetest.NewWorld(t)
	own, shared := w.Clinic.Own.Account, w.Clinic.Shared.Account
	_, err := w.Store.Change(ctx, w.Clinic.Admin.Actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		event, err := renamed(own, "around")(ctx, tx)
		if err != nil {
			return event, err
		}
		for _, broken := range []string{"", `SELECT 1/0`} {
			if err := tx.SavePoint("here").Error; err != nil {
				return event, err
			}
			if _, err := renamed(shared, "inner")(ctx, tx); err != nil {
				return event, err
			}
			if broken != "" && tx.Exec(broken).Error == nil {
				t.Error("nothing broke")
			}
			if err := tx.RollbackTo("here").Error; err != nil {
				return event, err
			}
		}
		ran := false
		if err := tx.Transaction(func(*gorm.DB) error { ran = true; return nil }); err == nil || ran {
			t.Errorf("a transaction of GORM ran: %v, %v", ran, err)
		}
		return event, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.Count(t, "accounts WHERE contact_name = 'around'") != 1 || w.Count(t, "accounts WHERE contact_name = 'inner'") != 0 {
		t.Error("the savepoint took back too much, or too little")
	}
}

// Always: a Preview does everything and leaves nothing: no row, no log line, no job.
func TestPreviewLeavesNothing(t *testing.T) {
	w := storetest.NewWorld(t)
	a := w.Clinic.Own.Account
	ran, jobs, lines := false, w.Count(t, "river_job"), w.Count(t, "action_log")
	err := w.Store.Preview(ctx, w.Clinic.Admin.Actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		ran = true
		if err := tx.Enqueue(ctx, job{}, nil); err != nil {
			return models.Event{}, err
		}
		return renamed(a, "previewed")(ctx, tx)
	})
	if err != nil || !ran {
		t.Fatal(ran, err)
	}
	if w.Count(t, "accounts WHERE contact_name = 'previewed'") != 0 || w.Count(t, "river_job") != jobs || w.Count(t, "action_log") != lines {
		t.Error("it left something")
	}
}

// A Preview meets the constraints that only a commit asks.
func TestPreviewMeetsDeferredConstraints(t *testing.T) {
	w := storetest.NewWorld(t)
	err := w.Store.Preview(ctx, w.Clinic.Admin.Actor, func(_ context.Context, tx *store.Tx) (models.Event, error) {
		id := models.NewID()
		tx.Queue(`INSERT INTO transfers (tenant_id, id, kind, posted_at) VALUES ($1, $2, 'transfer', $3)`, tx.Actor.Tenant, id, tx.Now)
		tx.Queue(`INSERT INTO entries SELECT tenant_id, id, 999999, $2, asset, 5, 5, $3 FROM wallets WHERE tenant_id = $1 LIMIT 1`, tx.Actor.Tenant, id, tx.Now)
		return models.Event{Action: models.TransferPosted, Account: tx.Actor.Account}, nil
	})
	if err == nil || !strings.Contains(err.Error(), "do not sum to zero") {
		t.Errorf("a one-sided transfer: %v", err)
	}
}

// BAL-9: a key stands for one effect, fifty at once included; a second order under it is refused; a rolled-back one frees it.
func TestOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	actor, a := w.Clinic.Admin.Actor, w.Clinic.Own.Account
	type order struct{ Name string }
	before := w.Count(t, "action_log")
	var wg sync.WaitGroup
	done := make(chan store.Done, 50)
	for range 50 {
		wg.Go(func() {
			d, err := w.Store.Change(ctx, actor, renamed(a, "once"), store.Once("key", order{"once"}))
			if err != nil {
				t.Error(err)
			}
			done <- d
		})
	}
	wg.Wait()
	close(done)
	first := 0
	for d := range done {
		if !d.Repeated {
			first++
		}
		if d.Account != a.ID || d.Action != models.SubAccountEdited {
			t.Errorf("answered with %+v", d)
		}
	}
	if first != 1 || w.Count(t, "action_log")-before != 1 {
		t.Errorf("%d effects, %d lines", first, w.Count(t, "action_log")-before)
	}
	if _, err := w.Store.Change(ctx, actor, renamed(a, "other"), store.Once("key", order{"other"})); !errors.Is(err, store.ErrKeyReused) {
		t.Errorf("another order under the key: %v", err)
	}
	failing := func(context.Context, *store.Tx) (models.Event, error) { return models.Event{}, errors.New("no") }
	_, _ = w.Store.Change(ctx, actor, failing, store.Once("freed", order{}))
	if d, err := w.Store.Change(ctx, actor, renamed(a, "freed"), store.Once("freed", order{})); err != nil || d.Repeated {
		t.Errorf("after a rollback: %+v %v", d, err)
	}
	// the same key of another account is another key
	if d, err := w.Store.Change(ctx, w.Harbor.Admin.Actor, renamed(w.Harbor.Own.Account, "x"), store.Once("key", order{"x"})); err != nil || d.Repeated {
		t.Errorf("another tenant's key: %+v %v", d, err)
	}
}

// A deadlock is run again, and nobody notices.
func TestDeadlocksAreRetried(t *testing.T) {
	w := storetest.NewWorld(t)
	one, two := w.Clinic.Own.Account, w.Clinic.Shared.Account
	touch := func(first, second models.Account) store.Work {
		return func(ctx context.Context, tx *store.Tx) (models.Event, error) {
			for _, a := range []models.Account{first, second} {
				if err := tx.Exec(`UPDATE accounts SET version = version + 1 WHERE tenant_id = ? AND id = ?`, a.TenantID, a.ID).Error; err != nil {
					return models.Event{}, err
				}
				time.Sleep(20 * time.Millisecond)
			}
			return models.Event{Action: models.SubAccountEdited, Account: first.ID}, nil
		}
	}
	var wg sync.WaitGroup
	for range 3 {
		for _, work := range []store.Work{touch(one, two), touch(two, one)} {
			wg.Go(func() {
				if _, err := w.Store.Change(ctx, w.Clinic.Admin.Actor, work); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if got := w.Count(t, "accounts WHERE id = $1 AND version = 7", one.ID); got != 1 {
		t.Error("a change was lost, or done twice")
	}
}

// A cancelled request leaves nothing, and gives its connection back clean.
func TestCancelledChangeLeavesNothing(t *testing.T) {
	w := storetest.NewWorld(t)
	cancelled, cancel := context.WithCancel(ctx)
	_, err := w.Store.Change(cancelled, w.Clinic.Admin.Actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		event, err := renamed(w.Clinic.Own.Account, "cancelled")(ctx, tx)
		cancel()
		return event, err
	})
	if err == nil {
		t.Error("it committed")
	}
	if w.Count(t, "accounts WHERE contact_name = 'cancelled'") != 0 {
		t.Error("it left something")
	}
}

// A job and the rows it is about commit or vanish together.
func TestJobsCommitWithTheirRows(t *testing.T) {
	w := storetest.NewWorld(t)
	a, before := w.Clinic.Own.Account, w.Count(t, "river_job WHERE kind = 'store_test'")
	with := func(fail error) store.Work {
		return func(ctx context.Context, tx *store.Tx) (models.Event, error) {
			if err := tx.Enqueue(ctx, job{}, nil); err != nil {
				return models.Event{}, err
			}
			event, err := renamed(a, "with a job")(ctx, tx)
			return event, errors.Join(err, fail)
		}
	}
	if _, err := w.Store.Change(ctx, w.Clinic.Admin.Actor, with(errors.New("no"))); err == nil {
		t.Fatal("it did not fail")
	}
	if got := w.Count(t, "river_job WHERE kind = 'store_test'") - before; got != 0 {
		t.Errorf("%d jobs of a failed change", got)
	}
	if _, err := w.Store.Change(ctx, w.Clinic.Admin.Actor, with(nil)); err != nil {
		t.Fatal(err)
	}
	if got := w.Count(t, "river_job WHERE kind = 'store_test'") - before; got != 1 {
		t.Errorf("%d jobs of one change", got)
	}
}

type job struct{}

func (job) Kind() string { return "store_test" }

var _ river.JobArgs = job{}
