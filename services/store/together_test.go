package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"offshoot/models"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

var errRefused = errors.New("refused")

// counting is a set that adds numbers up in the log, refuses those below zero, fails at 13, panics at 14, and loses the database at 15.
type counting struct {
	mu   sync.Mutex
	sets [][]int
	gate chan struct{} // each set waits for it to be closed; nil: none does
}

func (c *counting) set(ctx context.Context, tx *store.Tx, asked []store.Asked[int]) ([]store.Answer[int], error) {
	if c.gate != nil {
		<-c.gate
	}
	var took []int
	for _, a := range asked {
		took = append(took, a.Order)
	}
	c.mu.Lock()
	c.sets = append(c.sets, took)
	c.mu.Unlock()
	answers := make([]store.Answer[int], len(asked))
	for i, a := range asked {
		switch {
		case a.Order < 0:
			answers[i].Err = errRefused
			continue
		case a.Order == 13:
			return nil, errors.New("thirteen")
		case a.Order == 14:
			panic("fourteen")
		case a.Order == 15:
			return nil, fmt.Errorf("away: %w", context.DeadlineExceeded)
		}
		answers[i].Value = a.Order * 2
		if err := tx.LogAs(a.Actor, models.Event{Action: models.MailSent, Account: tx.Actor.Tenant, Reference: fmt.Sprint(a.Order)}); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// Issue 4, combining: those that arrive while a transaction is under way are taken by the next one, in order, each refused
// by itself, each with a line of its own actor; one that is cancelled while it waits is not done, and nobody else notices.
func TestTogether(t *testing.T) {
	w := storetest.NewWorld(t)
	c := &counting{gate: make(chan struct{})}
	together := store.NewTogether(w.Store, 3, c.set)
	type result struct{ order, value int }
	results := make(chan result, 10)
	var wg sync.WaitGroup
	ask := func(ctx context.Context, actor models.Actor, order int) {
		wg.Go(func() {
			value, err := together.Do(ctx, actor, models.NoID, order)
			if err != nil {
				value = -1
				if errors.Is(err, context.Canceled) {
					value = -2
				}
			}
			results <- result{order, value}
		})
		time.Sleep(20 * time.Millisecond) // they arrive in this order
	}
	early, leave := context.WithCancel(ctx)
	late, leaveLate := context.WithCancel(ctx)
	ask(late, w.Clinic.Admin.Actor, 1) // under way, waiting at the gate
	ask(ctx, w.Clinic.Admin.Actor, 2)
	ask(early, w.Clinic.Admin.Actor, 3)
	ask(ctx, w.Clinic.Admin.Actor, -4)
	ask(ctx, w.Clinic.Own.Actor, 5)
	ask(ctx, w.Clinic.Own.Actor, 6)
	leave()
	leaveLate()
	if r := <-results; r != (result{3, -2}) {
		t.Errorf("first of all the one that is cancelled while it waits: %v", r)
	}
	close(c.gate)
	wg.Wait()
	close(results)
	got := map[int]int{}
	for r := range results {
		got[r.order] = r.value
	}
	for order, want := range map[int]int{1: 2, 2: 4, -4: -1, 5: 10, 6: 12} {
		if got[order] != want {
			t.Errorf("%d: %d, want %d", order, got[order], want)
		}
	}
	if fmt.Sprint(c.sets) != "[[1] [2 -4 5] [6]]" {
		t.Errorf("sets: %v", c.sets)
	}
	if w.Count(t, "action_log WHERE reference = '5' AND user_email = $1", w.Clinic.Own.Email) != 1 ||
		w.Count(t, "action_log WHERE reference = '3'") != 0 {
		t.Error("the lines are not each their own actor's")
	}
}

// A set that fails is tried one by one, so that only the one that is to blame fails; a panic goes on where the order was
// given; while the database is away nobody is tried again.
func TestTogetherFailing(t *testing.T) {
	w := storetest.NewWorld(t)
	for _, bad := range []int{13, 14, 15} {
		c := &counting{gate: make(chan struct{})}
		together := store.NewTogether(w.Store, 10, c.set)
		said := make([]string, 4)
		var wg sync.WaitGroup
		for i, order := range []int{1, 2, bad, 3} {
			wg.Go(func() {
				defer func() {
					if p := recover(); p != nil {
						said[i] = fmt.Sprint("panic ", p)
					}
				}()
				value, err := together.Do(ctx, w.Clinic.Admin.Actor, models.NoID, order)
				said[i] = fmt.Sprintf("%d%v", value, err)
			})
			time.Sleep(20 * time.Millisecond)
		}
		close(c.gate)
		wg.Wait()
		switch {
		case bad == 13 && !slices.Equal(said, []string{"2<nil>", "4<nil>", "0thirteen", "6<nil>"}):
			t.Error(said)
		case bad == 14 && (said[1] != "4<nil>" || !strings.HasPrefix(said[2], "panic fourteen") || !strings.Contains(said[2], "together_test.go") || said[3] != "6<nil>"):
			t.Error(said)
		case bad == 15 && (said[0] != "2<nil>" || len(c.sets) != 2):
			t.Error(said, c.sets)
		}
	}
}

// The combiner against a model of it: whatever arrives and leaves when, each order is done once or not at all, none is lost,
// none hangs; with combining on and off, and at several keys.
func TestTogetherAgainstItsModel(t *testing.T) {
	w := storetest.NewWorld(t)
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		c := &counting{}
		together := store.NewTogether(w.Store, rapid.IntRange(1, 5).Draw(r, "most"), c.set)
		if rapid.Bool().Draw(r, "apart") {
			together.Apart()
		}
		n := rapid.IntRange(1, 20).Draw(r, "orders")
		keys := []models.ID{{1}, {2}}
		var wg sync.WaitGroup
		done, cancelled := make([]bool, n), make([]bool, n)
		for i := range n {
			key, leaves := rapid.SampledFrom(keys).Draw(r, "key"), rapid.IntRange(0, 3).Draw(r, "leaves") == 0
			order := round*1000 + i
			if rapid.IntRange(0, 4).Draw(r, "refused") == 0 {
				order = -order
			}
			ctx, cancel := context.WithCancel(ctx)
			if leaves {
				time.AfterFunc(time.Duration(i)*300*time.Microsecond, cancel)
			}
			wg.Go(func() {
				defer cancel()
				value, err := together.Do(ctx, w.Clinic.Admin.Actor, key, order)
				done[i], cancelled[i] = err == nil && value == order*2, leaves
				if order < 0 && err == nil || order > 0 && err != nil && !leaves {
					t.Errorf("%d: %d %v", order, value, err)
				}
			})
		}
		wg.Wait()
		for i := range n {
			logged := w.Count(t, "action_log WHERE reference = $1", fmt.Sprint(round*1000+i))
			if done[i] && logged != 1 || logged > 1 || !done[i] && logged != 0 && !cancelled[i] {
				t.Errorf("order %d: done %v, logged %d times", i, done[i], logged)
			}
		}
	})
}
