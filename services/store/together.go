package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"offshoot/models"
)

// Together takes work that meets at one place together: while one transaction for a key is under way, those that arrive
// wait, and the next transaction takes them all as one set, in the order in which they arrived. Each is accepted or refused
// by itself. There is no timer: alone it costs nothing, and the more there are, the more one commit carries.
//
// It is an optimisation of one process, and nothing rests on it: callers elsewhere meet at the rows. Orders bear being asked
// twice, as those do that have a reference, for a set that fails is tried again one by one.
type Together[Order, Value any] struct {
	store *Store
	work  Set[Order, Value]
	most  int
	apart bool

	mu    sync.Mutex
	lines map[lineKey][]*waiter[Order, Value] // those that wait, where a set is under way
}

// Asked is one order of a set and who gave it.
type Asked[Order any] struct {
	Actor models.Actor
	Order Order
}

// Answer is what became of one order. An error is a refusal of this one alone.
type Answer[Value any] struct {
	Value Value
	Err   error
}

// Set does a set's work in one transaction, as Work does. It returns an answer for each order in their order, and logs with
// LogAs what each did; a set that logs nothing has changed nothing, and is taken back. Its error is a failure of all.
type Set[Order, Value any] func(ctx context.Context, tx *Tx, asked []Asked[Order]) ([]Answer[Value], error)

// NewTogether takes up to most orders together.
func NewTogether[Order, Value any](s *Store, most int, work Set[Order, Value]) *Together[Order, Value] {
	return &Together[Order, Value]{store: s, work: work, most: most, lines: map[lineKey][]*waiter[Order, Value]{}}
}

// Apart has each order taken by itself, by the same work. It is set before the first one. For: comparing.
func (t *Together[Order, Value]) Apart() { t.apart = true }

type lineKey struct{ tenant, key models.ID }

type waiter[Order, Value any] struct {
	Asked[Order]
	done     chan struct{}
	answer   Answer[Value]
	panicked any
}

// setTime is how long a set may take. Nobody's own context ends it: it is others' too.
const setTime = time.Minute

// Do asks for one order and waits for its answer. key is where orders meet, within the actor's tenant. When ctx ends before
// a transaction took the order, it is taken back and ctx's error returned; afterwards the answer is awaited.
func (t *Together[Order, Value]) Do(ctx context.Context, actor models.Actor, key models.ID, order Order) (Value, error) {
	if ctx.Value(inside{}) != nil {
		var none Value
		return none, ErrNested
	}
	w := &waiter[Order, Value]{Asked: Asked[Order]{actor, order}, done: make(chan struct{})}
	if t.apart {
		t.alone(ctx, w)
		return w.result()
	}
	at := lineKey{actor.Tenant, key}
	t.mu.Lock()
	line, underWay := t.lines[at]
	if underWay {
		t.lines[at] = append(line, w)
	} else {
		t.lines[at] = nil
	}
	t.mu.Unlock()
	if !underWay {
		go t.drain(at, w)
	}
	select {
	case <-w.done:
	case <-ctx.Done():
		if t.leave(at, w) {
			var none Value
			return none, ctx.Err()
		}
		<-w.done
	}
	return w.result()
}

func (w *waiter[Order, Value]) result() (Value, error) {
	if w.panicked != nil {
		panic(w.panicked)
	}
	return w.answer.Value, w.answer.Err
}

// leave takes a waiter out of its line, unless a set has taken it.
func (t *Together[Order, Value]) leave(at lineKey, w *waiter[Order, Value]) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, other := range t.lines[at] {
		if other == w {
			t.lines[at] = append(t.lines[at][:i:i], t.lines[at][i+1:]...)
			return true
		}
	}
	return false
}

// drain does one set after another until nobody waits.
func (t *Together[Order, Value]) drain(at lineKey, first *waiter[Order, Value]) {
	for set := []*waiter[Order, Value]{first}; set != nil; set = t.next(at) {
		t.take(set)
	}
}

func (t *Together[Order, Value]) next(at lineKey) []*waiter[Order, Value] {
	t.mu.Lock()
	defer t.mu.Unlock()
	line := t.lines[at]
	if len(line) == 0 {
		delete(t.lines, at)
		return nil
	}
	n := min(len(line), t.most)
	t.lines[at] = line[n:]
	return line[:n:n]
}

// take does a set, and when that fails for another reason than that the database is away, each of it by itself.
func (t *Together[Order, Value]) take(set []*waiter[Order, Value]) {
	ctx, cancel := context.WithTimeout(context.Background(), setTime)
	defer cancel()
	defer func() {
		for _, w := range set {
			close(w.done)
		}
	}()
	err := t.run(ctx, set)
	for _, w := range set {
		if err == nil {
			return
		}
		if isAway(err) || len(set) == 1 {
			w.fail(err)
			continue
		}
		if alone := t.run(ctx, []*waiter[Order, Value]{w}); alone != nil {
			w.fail(alone)
			if isAway(alone) {
				err = alone
			}
		}
	}
}

func (t *Together[Order, Value]) alone(ctx context.Context, w *waiter[Order, Value]) {
	if err := t.run(ctx, []*waiter[Order, Value]{w}); err != nil {
		w.fail(err)
	}
}

func (w *waiter[Order, Value]) fail(err error) {
	var p *panicked
	if errors.As(err, &p) {
		w.panicked = p.says
		return
	}
	w.answer = Answer[Value]{Err: err}
}

// panicked is a panic of a set's work, which goes on where the order was given.
type panicked struct{ says string }

func (p *panicked) Error() string { return p.says }

// run is one transaction.
func (t *Together[Order, Value]) run(ctx context.Context, set []*waiter[Order, Value]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{fmt.Sprintf("%v\n%s", p, debug.Stack())}
		}
	}()
	asked := make([]Asked[Order], len(set))
	for i, w := range set {
		asked[i] = w.Asked
	}
	var answers []Answer[Value]
	err = t.store.retry(ctx, func() error {
		return t.store.within(ctx, models.System(asked[0].Actor.Tenant), changing, nil, func(ctx context.Context, tx *Tx) error {
			found, err := t.work(ctx, tx, asked)
			if err != nil {
				return err
			}
			if len(found) != len(asked) {
				return errUnanswered
			}
			answers = found
			if len(tx.events) == 0 {
				return tx.rollback(ctx)
			}
			return tx.commit(ctx)
		})
	})
	if err != nil {
		return err
	}
	for i, w := range set {
		w.answer = answers[i]
	}
	return nil
}

// errUnanswered is a programming error.
var errUnanswered = errors.New("store: a set without an answer for each")

// isAway says whether an error is the database's being away or too busy, which trying again one by one makes worse.
func isAway(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:2] {
		case "08", "53", "57": // connection, resources, somebody stops it
			return true
		}
		return false
	}
	var refused *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &refused) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		pgconn.SafeToRetry(err)
}
