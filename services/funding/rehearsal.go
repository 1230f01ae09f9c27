package funding

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// previewed is up to how many sub-accounts a rehearsal moves everything and takes it back. That holds the parent's balance for
// as long as one step of a month start does. With more of them it stops before the transfers: it looks at the same rows by the
// same query, and decides by the same function, in one snapshot that keeps nobody waiting.
const previewed = chunk

// Rehearse says what the next month start of the actor's account will do, as things stand, with a page of its sub-accounts in
// the order of priority. Nothing moves.
// For: a parent's users. Refuses with ledger.ErrFrozen, when few sub-accounts have limits.
func (s *Service) Rehearse(ctx context.Context, actor models.Actor, q models.MonthQuery) (models.Rehearsal, error) {
	r, turns, err := s.rehearse(ctx, actor, previewed)
	if err != nil {
		return r, err
	}
	if q.OnlyShort {
		turns = slices.DeleteFunc(turns, func(t turn) bool { return t.state != models.MonthShort })
	}
	if after, ok := models.ParseID(q.After); ok {
		turns = turns[slices.IndexFunc(turns, func(t turn) bool { return t.account == after })+1:]
	}
	if len(turns) > pageSize {
		turns = turns[:pageSize]
		r.Next = turns[pageSize-1].account.String()
	}
	r.Turns = shown(turns)
	return r, nil
}

// RehearseAll is Rehearse with all sub-accounts. For: the file.
func (s *Service) RehearseAll(ctx context.Context, actor models.Actor) (models.Rehearsal, error) {
	r, turns, err := s.rehearse(ctx, actor, previewed)
	r.Turns = shown(turns)
	return r, err
}

func shown(turns []turn) []models.MonthTurn {
	found := make([]models.MonthTurn, len(turns))
	for i, t := range turns {
		found[i] = models.MonthTurn{Account: t.account, Name: t.name, Priority: t.priority, Amount: t.amount, Returned: t.returned, State: t.state}
	}
	return found
}

func (s *Service) rehearse(ctx context.Context, actor models.Actor, most int) (models.Rehearsal, []turn, error) {
	var r models.Rehearsal
	if err := actor.Require(models.ViewSubAccounts); err != nil {
		return r, nil, err
	}
	var turns []turn
	var limits int
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		parent, period, err := running(ctx, tx)
		if err != nil {
			return err
		}
		now, err := countStates(ctx, tx, parent, period)
		if err != nil {
			return err
		}
		r.Plan, r.Zone, r.Available = parent.Plan, parent.TimeZone, now.Available
		r.Period, r.At = nextStart(period, parent)
		tx.Now = r.At
		if turns, err = look(ctx, tx, parent, r.Period, nil); err != nil {
			return err
		}
		limits = len(turns)
		if limits > most { // see previewed
			decideAll(now.Available, turns)
		}
		return nil
	})
	if err != nil {
		return r, nil, err
	}
	if limits > 0 && limits <= most {
		if turns, err = s.preview(ctx, actor, r, turns); err != nil {
			return r, nil, err
		}
	}
	sum(&r, turns)
	return r, turns, nil
}

// preview is the month start itself, at the time at which it will come, taken back.
func (s *Service) preview(ctx context.Context, actor models.Actor, r models.Rehearsal, looked []turn) ([]turn, error) {
	var turns []turn
	err := s.store.Preview(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		tx.Now = r.At
		for _, do := range []step{s.takeBack, s.giveDue} {
			for more := true; more; {
				var err error
				if more, err = do(ctx, tx); err != nil {
					return models.Event{}, err
				}
			}
		}
		turns = slices.Clone(looked)
		return models.Event{Action: models.MonthStarted, Account: tx.Actor.Tenant}, readTurns(ctx, tx, r.Period, turns)
	})
	return turns, err
}

// readTurns finds what became of turns.
func readTurns(ctx context.Context, tx *store.Tx, period string, turns []turn) error {
	at := make(map[models.ID]*turn, len(turns))
	for i := range turns {
		at[turns[i].account] = &turns[i]
	}
	return tx.Rows(ctx, func(rows pgx.Rows) error {
		var account models.ID
		var state models.MonthStartState
		var asset string
		var returned int64
		_, err := pgx.ForEachRow(rows, []any{&account, &state, &asset, &returned}, func() error {
			if t := at[account]; t != nil {
				t.state, t.returned = state, models.FromMicros(returned, asset)
			}
			return nil
		})
		return err
	}, `SELECT account_id, state, asset, returned FROM month_starts WHERE tenant_id = $1 AND period = $2`, tx.Actor.Tenant, period)
}

// decideAll decides for all sub-accounts at once what a month start decides in steps.
func decideAll(available models.Money, turns []turn) {
	var wants []want
	for _, t := range turns {
		available = available.Add(t.returned)
		if t.state == models.MonthDue {
			wants = append(wants, want{account: t.account, amount: t.amount, used: true})
		}
	}
	decide(available, wants)
	next := 0
	for i := range turns {
		if turns[i].state == models.MonthDue {
			turns[i].state = wants[next].state
			next++
		}
	}
}

// sum adds up what a rehearsal found.
func sum(r *models.Rehearsal, turns []turn) {
	zero := models.Zero(r.Available.Asset)
	r.Returned, r.Needed, r.Given, r.Missing = zero, zero, zero, zero
	for _, t := range turns {
		r.Returned = r.Returned.Add(t.returned)
		switch t.state {
		case models.MonthFunded:
			r.Funded++
			r.Needed, r.Given = r.Needed.Add(t.amount), r.Given.Add(t.amount)
		case models.MonthShort:
			r.Short++
			r.Needed = r.Needed.Add(t.amount)
		case models.MonthStopped:
			r.Stopped++
		}
	}
	if missing := r.Needed.Sub(r.Available).Sub(r.Returned); missing.IsPositive() {
		r.Missing = missing
	}
}
