package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func limit(name string, most int) store.Limit {
	return store.Limit{Key: []byte(name), Most: most, Within: time.Minute}
}

// ACC-11: tries are counted each by its own limit, say once that they are the first too many, and begin anew when the while
// of the first is over, however many there were.
func TestTry(t *testing.T) {
	w := storetest.NewWorld(t)
	try := func(limits ...store.Limit) []store.Tried {
		t.Helper()
		tried, err := w.Store.Try(ctx, limits...)
		if err != nil {
			t.Fatal(err)
		}
		return tried
	}
	ends := w.Clock.Now().Add(time.Minute)
	for n := 1; n <= 5; n++ {
		got := try(limit("b", 3), limit("a", 2)) // not in the order of the keys
		want := []store.Tried{{Over: n > 3, First: n == 4, EndsAt: ends}, {Over: n > 2, First: n == 3, EndsAt: ends}}
		for i := range want {
			if got[i].Over != want[i].Over || got[i].First != want[i].First || !got[i].EndsAt.Equal(ends) {
				t.Errorf("try %d of %d: %+v, want %+v", n, i, got[i], want[i])
			}
		}
		w.Clock.Add(time.Second)
	}
	if err := w.Store.Untry(ctx, []byte("a"), []byte("none")); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.Forget(ctx, []byte("b"), []byte("none")); err != nil {
		t.Fatal(err)
	}
	if got := try(limit("a", 4), limit("b", 1)); !got[0].Over || got[1].Over { // a: five, less one, and this one
		t.Errorf("taken back: %+v", got)
	}
	w.Clock.Set(ends)
	if got := try(limit("a", 1))[0]; got.Over || !got.EndsAt.Equal(ends.Add(time.Minute)) {
		t.Errorf("after the while: %+v", got)
	}
	for range 3 {
		if err := w.Store.Untry(ctx, []byte("a")); err != nil {
			t.Fatal(err)
		}
	}
	if got := try(limit("a", 1))[0]; got.Over {
		t.Error("more was taken back than was tried, or less")
	}
}

// ACC-11: those who try the same things in another order, take back and forget meanwhile wait for each other and never
// give up, and none of the tries is lost.
func TestTryAtOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	var over atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			a, b := limit("a", 20), limit("b", 1000)
			if i%2 == 1 {
				a, b = b, a
			}
			tried, err := w.Store.Try(ctx, a, b)
			if err != nil {
				t.Error(err)
				return
			}
			if tried[i%2].Over {
				over.Add(1)
			}
			if err := w.Store.Untry(ctx, []byte("c"), []byte("b")); err != nil {
				t.Error(err)
			}
			if err := w.Store.Forget(ctx, []byte("c"), []byte("b")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if over.Load() != 30 {
		t.Errorf("%d of 50 were over 20", over.Load())
	}
}

// A try inside a change would wait for a second connection while holding one, and be gone when the change is undone.
func TestTryStandsAlone(t *testing.T) {
	w := storetest.NewWorld(t)
	err := w.Store.Read(ctx, models.System(models.NoID), func(ctx context.Context, _ *store.Tx) error {
		_, err := w.Store.Try(ctx, limit("a", 1))
		return err
	})
	if !errors.Is(err, store.ErrNested) {
		t.Errorf("got %v", err)
	}
}

// ACC-11: an attack leaves more counts than one batch; the sweep takes those that are over, and stops when it is told to.
func TestSweepLimits(t *testing.T) {
	w := storetest.NewWorld(t)
	if _, err := w.Raw.Exec(ctx, `INSERT INTO limits SELECT sha256(n::text::bytea), 1, $1 FROM generate_series(1, 12000) n`, w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.Try(ctx, limit("alive", 1)); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := w.Store.SweepLimits(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	swept, err := w.Store.SweepLimits(ctx)
	if left := w.Count(t, "limits"); err != nil || swept != 12000 || left != 1 {
		t.Errorf("swept %d, %v, left %d", swept, err, left)
	}
}
