package main

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// A run repeats from its seed: people do the same in the same order, the same faults come after the same times; another seed
// makes another plan, and so has everybody a plan of their own.
func TestPlanRepeatsFromItsSeed(t *testing.T) {
	steps := func(seed uint64, whose string) (all []step) {
		l := life{lots: stream(seed, whose), chances: movers, pace: time.Second}
		for range 200 {
			all = append(all, l.next())
		}
		return all
	}
	struck := func(seed uint64) (all []trouble) {
		plan := troubles{lots: stream(seed, "faults"), kinds: faultKinds}
		for range 200 {
			all = append(all, plan.next())
		}
		return all
	}
	if !reflect.DeepEqual(steps(7, "mover1.1"), steps(7, "mover1.1")) || !reflect.DeepEqual(struck(7), struck(7)) {
		t.Error("the same seed makes two plans")
	}
	if reflect.DeepEqual(steps(7, "mover1.1"), steps(8, "mover1.1")) || reflect.DeepEqual(steps(7, "mover1.1"), steps(7, "mover1.2")) ||
		reflect.DeepEqual(struck(7), struck(8)) {
		t.Error("two seeds, or two people, have the same plan")
	}
	seen := map[kind]bool{}
	for _, s := range steps(7, "mover1.1") {
		seen[s.what] = true
		at := slices.IndexFunc(movers, func(c chance) bool { return c.what == s.what })
		if s.amount < movers[at].least || s.amount > movers[at].most || s.pause < 0 || s.pause > 2*time.Second {
			t.Errorf("%+v is out of bounds", s)
		}
	}
	if len(seen) != len(movers) {
		t.Errorf("of %d kinds only %v come", len(movers), seen)
	}
	for _, of := range faultKinds { // each in the first round
		if !slices.ContainsFunc(struck(7)[:len(faultKinds)], func(s trouble) bool { return s.of == of }) {
			t.Errorf("%s never comes", of)
		}
	}
}
