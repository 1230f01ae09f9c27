package main

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// Everything that is drawn by lot comes from the seed, in streams of their own: what each person does in which order, which faults
// come in which order and after what time. Nothing in a stream depends on what the portal answers, so a run with the same seed
// makes the same plan, however far it comes.

// stream is the lots of somebody.
func stream(seed uint64, whose string) *rand.Rand {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(whose))
	return rand.New(rand.NewPCG(seed, sum.Sum64()))
}

// step is one line of a person's plan.
type step struct {
	what   kind
	which  uint32 // of those it could be done to
	amount int64  // hundredths, units or messages
	tail   uint32 // lots for details
	pause  time.Duration
}

// life draws a person's steps. chances are how often which kind comes.
type life struct {
	lots    *rand.Rand
	chances []chance
	pace    time.Duration
}

type chance struct {
	of    int
	what  kind
	least int64
	most  int64
}

func (l *life) next() step {
	all := 0
	for _, c := range l.chances {
		all += c.of
	}
	n := l.lots.IntN(all)
	which, share, tail, pause := l.lots.Uint32(), l.lots.Float64(), l.lots.Uint32(), l.lots.Float64()
	for _, c := range l.chances {
		if n < c.of {
			return step{what: c.what, which: which, amount: c.least + int64(share*float64(c.most-c.least+1)), tail: tail,
				pause: time.Duration(pause * 2 * float64(l.pace))}
		}
		n -= c.of
	}
	panic("unreachable: a chance is drawn")
}

// trouble is one line of the plan of faults.
type trouble struct {
	of    faultKind
	where uint32
	size  float64 // from 0 to 1, of whatever the fault has much or little of
	lasts time.Duration
	after time.Duration // the one before has been mended
}

// troubles draws faults: each kind once, in an order by lot, then each again.
type troubles struct {
	lots  *rand.Rand
	kinds []faultKind
	bag   []faultKind
}

func (t *troubles) next() trouble {
	if len(t.bag) == 0 {
		t.bag = append(t.bag, t.kinds...)
		t.lots.Shuffle(len(t.bag), func(i, j int) { t.bag[i], t.bag[j] = t.bag[j], t.bag[i] })
	}
	of := t.bag[0]
	t.bag = t.bag[1:]
	return trouble{of: of, where: t.lots.Uint32(), size: t.lots.Float64(), lasts: time.Duration(100+t.lots.IntN(500)) * time.Millisecond,
		after: time.Duration(50+t.lots.IntN(350)) * time.Millisecond}
}
