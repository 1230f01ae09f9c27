package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// BAL-9: a key stands for what it did as long as a form may be open, and is swept after that; what it did stays.
func TestSweepKeys(t *testing.T) {
	w := storetest.NewWorld(t)
	ctx := context.Background()
	actor := w.Clinic.Admin.Actor
	done := func(key string) bool {
		t.Helper()
		made, err := w.Store.Change(ctx, actor, func(context.Context, *store.Tx) (models.Event, error) {
			return models.Event{Action: models.FeatureModeChanged, Account: actor.Account}, nil
		}, store.Once(key, "order"))
		if err != nil {
			t.Fatal(err)
		}
		return made.Repeated
	}
	done("old")
	w.Clock.Add(store.KeyTTL / 2)
	done("young")
	w.Clock.Add(store.KeyTTL/2 + time.Second)
	if !done("old") || !done("young") {
		t.Fatal("a key was forgotten before anything was swept")
	}
	before := w.Count(t, "idempotency_keys")
	old := w.Count(t, "idempotency_keys WHERE claimed_at < $1", w.Clock.Now().Add(-store.KeyTTL))
	if swept, err := w.Store.SweepKeys(ctx); err != nil || swept != int64(old) || old == 0 {
		t.Fatalf("swept %d, %v, want %d", swept, err, old)
	}
	if left := w.Count(t, "idempotency_keys"); left != before-old {
		t.Errorf("%d keys are left, want %d", left, before-old)
	}
	if !done("young") {
		t.Error("a young key was swept")
	}
	lines := w.Count(t, "action_log")
	if done("old") || w.Count(t, "action_log") != lines+1 {
		t.Error("a swept key still stands for something")
	}
}

// More than fits into one batch goes too, and an ended context stops between two batches.
func TestSweepKeysInBatches(t *testing.T) {
	w := storetest.NewWorld(t)
	ctx := context.Background()
	tag, err := w.Raw.Exec(ctx, `INSERT INTO idempotency_keys (tenant_id, account_id, key, fingerprint, event_id, claimed_at)
		SELECT l.tenant_id, l.account_id, 'k' || n, ''::bytea, l.id, $1 FROM (SELECT * FROM action_log LIMIT 1) l, generate_series(1, 12000) n`,
		w.Clock.Now().Add(-2*store.KeyTTL))
	if err != nil || tag.RowsAffected() != 12000 {
		t.Fatal(tag, err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := w.Store.SweepKeys(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	if swept, err := w.Store.SweepKeys(ctx); err != nil || swept != 12000 {
		t.Errorf("swept %d, %v", swept, err)
	}
}
