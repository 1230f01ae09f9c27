package ledger_test

import (
	"errors"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

// ACC-13: a trial that has ended refuses usage by the rule trial, with whoever can help, until credit comes: from the parent, or
// paid. What came before its end, and what is refunded after it, does not count.
func TestAnEndedTrialUsesNothing(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	a := c.Own.Account
	ends := w.Clock.Now().Add(time.Hour)
	if _, err := w.Raw.Exec(ctx, `UPDATE accounts SET trial_ends_at = $2 WHERE id = $1`, a.ID, ends); err != nil {
		t.Fatal(err)
	}
	if _, err := give(w, c, storetest.Euros(t, "5")); err != nil {
		t.Fatal(err)
	}
	w.Clock.Set(ends.Add(-time.Microsecond))
	if _, err := message(w, c.Own, cents(10), "on trial"); err != nil {
		t.Error(err)
	}
	w.Clock.Set(ends)
	if _, err := message(w, c.Own, cents(10), "over"); !errors.Is(err, ledger.ErrTrialEnded) {
		t.Errorf("charged: %v", err)
	}
	if items := pay(t, w, c.ID, bill(a, "over", to("DE", 1), to("FR", 1)))[0].Items; !errors.Is(items[0].Refused, ledger.ErrTrialEnded) || items[1].Refused == nil {
		t.Errorf("paid %+v", items)
	}
	if e := explain(t, w, c.Admin.Actor, a, to("DE", 1)); e.Rule != "trial" || !errors.Is(e.Paid.Refused, ledger.ErrTrialEnded) {
		t.Errorf("explained %+v", e)
	}
	if _, err := message(w, c.Shared, cents(10), "not on trial"); err != nil {
		t.Errorf("its neighbour: %v", err)
	}
	if _, err := give(w, c, cents(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := message(w, c.Own, cents(10), "credited"); err != nil {
		t.Error(err)
	}
	// the clock set back does not end it again
	w.Clock.Add(-2 * time.Hour)
	if _, err := message(w, c.Own, cents(10), "earlier"); err != nil {
		t.Error(err)
	}
}

// ACC-13: the rule by itself.
func TestTrialOver(t *testing.T) {
	end := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) *time.Time { x := end.Add(d); return &x }
	for name, try := range map[string]struct {
		now            time.Time
		ends, credited *time.Time
		over           bool
	}{
		"no trial":               {end, nil, nil, false},
		"before its end":         {*at(-1), &end, nil, false},
		"at its end":             {end, &end, nil, true},
		"credited before":        {*at(1), &end, at(-1), true},
		"credited at its end":    {*at(1), &end, at(0), false},
		"credited after":         {*at(9), &end, at(5), false},
		"no trial, but credited": {end, nil, at(-9), false},
	} {
		if models.TrialOver(try.now, try.ends, try.credited) != try.over {
			t.Errorf("%s: over is %v", name, !try.over)
		}
	}
}
