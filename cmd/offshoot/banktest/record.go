package main

import (
	"bufio"
	"encoding/json"
	"os"
	"sync"
	"time"

	"offshoot/models"
)

// kind is what somebody tries to do.
type kind string

const (
	transfer     kind = "transfer"
	transferBack kind = "transfer back"
	everything   kind = "transfer back of everything"
	payment      kind = "payment"
	charge       kind = "charge"
	deactivation kind = "deactivation"
	reactivation kind = "reactivation"
	unitsGiven   kind = "units given"
	unitsBack    kind = "units taken back"
	sending      kind = "send"
	pausing      kind = "recharge paused"
	resuming     kind = "recharge resumed"
)

// act is one thing that somebody tries, however many attempts it takes, under one key.
type act struct {
	Ref     string    `json:"ref"` // stands in the portal's own rows, wherever there is room for it
	Key     string    `json:"key,omitempty"`
	Kind    kind      `json:"kind"`
	Company models.ID `json:"company"`
	Account models.ID `json:"account"`
	Amount  int64     `json:"amount,omitempty"` // millionths, or units

	payer    models.ID // of usage: whose balance it is taken from
	total    int64     // by how much the total of the company changes when it happens
	messages map[string]bool

	issued, settled int64 // when, by the record's own count; 0: not yet
	done            bool
	attempts        int
	answer          string
}

// record is what the bank knows by itself. The portal has no part in it.
type record struct {
	mu    sync.Mutex
	count int64
	acts  []*act
	refs  map[string]*act
	file  *bufio.Writer
	out   *os.File
}

func newRecord(path string) (*record, error) {
	out, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &record{refs: map[string]*act{}, file: bufio.NewWriter(out), out: out}, nil
}

type line struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	*act
	Answer string `json:"answer,omitempty"`
}

func (r *record) write(what string, a *act) {
	text, err := json.Marshal(line{time.Now(), what, a, a.answer})
	if err == nil {
		_, _ = r.file.Write(append(text, '\n'))
		_ = r.file.Flush() // what is acknowledged stands outside of this process as well
	}
}

// issue notes that somebody is about to ask. From here on it may have happened.
func (r *record) issue(a *act) *act {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	a.issued = r.count
	r.acts = append(r.acts, a)
	r.refs[a.Ref] = a
	r.write("asked", a)
	return a
}

// settle notes the answer: done, or refused. From here on it has happened for good, or never will.
func (r *record) settle(a *act, done bool, answer string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	a.settled, a.done, a.answer = r.count, done, answer
	what := "refused"
	if done {
		what = "acknowledged"
	}
	r.write(what, a)
}

// moment is where the record is now.
func (r *record) moment() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// between is what somebody who looked between two moments must have seen of a company: what had happened for good before, and what
// may have happened by then.
type between struct{ sure, maybe []*act }

func (r *record) between(began, ended int64, concerns func(*act) bool) between {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b between
	for _, a := range r.acts {
		switch {
		case a.issued > ended || !concerns(a):
		case a.settled != 0 && a.settled <= began:
			if a.done {
				b.sure = append(b.sure, a)
			}
		case a.settled != 0 && !a.done: // a refusal that came later: it never was
		default:
			b.maybe = append(b.maybe, a)
		}
	}
	return b
}

// bounds are between what the total of a company, which was first at the beginning, can have been.
func (b between) bounds(first int64) (most, least int64) {
	most, least = first, first
	for _, a := range b.sure {
		most, least = most+a.total, least+a.total
	}
	for _, a := range b.maybe {
		most, least = most+max(a.total, 0), least+min(a.total, 0)
	}
	return most, least
}

// messages are how many there may be.
func (b between) messages() (n int64) {
	for _, a := range b.all() {
		n += int64(len(a.messages))
	}
	return n
}

// total says whether the total of a company, which was first at the beginning, can have been that.
func (b between) total(first, seen int64) bool {
	most, least := b.bounds(first)
	if seen < least || seen > most {
		return false
	}
	for _, a := range b.sure {
		first += a.total
	}
	possible := map[int64]bool{0: true}
	for _, a := range b.maybe {
		if a.total == 0 {
			continue
		}
		if len(possible) >= 1<<16 {
			return true // too many ways to try
		}
		for sum := range copied(possible) {
			possible[sum+a.total] = true
		}
	}
	return possible[seen-first]
}

func copied(sums map[int64]bool) map[int64]bool {
	same := make(map[int64]bool, len(sums))
	for sum := range sums {
		same[sum] = true
	}
	return same
}

// all is every act, when nobody asks any more.
func (r *record) all() []*act {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*act{}, r.acts...)
}

func (r *record) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Close()
}
