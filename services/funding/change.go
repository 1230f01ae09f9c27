package funding

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// Enter funds a sub-account that was just made: it moves the starting amount or this month's limit, or sets the caps.
// For: a change of another service. Refuses, at starting_amount or limit, more than the parent has; and as ledger.NewRound.
func Enter(ctx context.Context, tx *store.Tx, parent models.Account, sub models.ID, t Terms) error {
	if t.Start == nil && t.Funding != models.MonthlyLimit { // the parent's balance is wanted by many
		return enterCaps(ctx, tx, sub, t)
	}
	round, err := ledger.NewRound(ctx, tx, []models.ID{sub})
	if err != nil {
		return err
	}
	if err := enter(ctx, tx, round, parent, sub, t); err != nil {
		return err
	}
	round.Post()
	return nil
}

func enter(ctx context.Context, tx *store.Tx, round *ledger.Round, parent models.Account, sub models.ID, t Terms) error {
	switch {
	case t.Start != nil:
		_, err := round.Give(sub, *t.Start, startNote)
		return atField(err, "starting_amount")
	case t.Funding == models.MonthlyLimit:
		return enterLimit(ctx, tx, round, parent, sub, t)
	}
	return enterCaps(ctx, tx, sub, t)
}

func enterCaps(ctx context.Context, tx *store.Tx, sub models.ID, t Terms) error {
	if t.CapDay == nil && t.CapMonth == nil {
		return nil
	}
	return ledger.SetCaps(ctx, tx, sub, t.CapDay, t.CapMonth)
}

// enterLimit gives a sub-account a limit. What it was given before in the same month, and used, counts.
func enterLimit(ctx context.Context, tx *store.Tx, round *ledger.Round, parent models.Account, sub models.ID, t Terms) error {
	m := &month{sub: sub, period: periodAt(tx.Now, parent), amount: t.Limit, priority: t.Priority, setAt: tx.Now, granted: models.Zero(t.Limit.Asset)}
	askLatest(tx, sub, &m.period)
	if err := tx.Answers(ctx); err != nil {
		return err
	}
	err := tx.Rows(ctx, func(rows pgx.Rows) error {
		var granted int64
		_, err := pgx.ForEachRow(rows, []any{&m.state, &granted}, func() error { m.granted = models.FromMicros(granted, t.Limit.Asset); return nil })
		return err
	}, `SELECT state, granted FROM month_starts WHERE tenant_id = $1 AND account_id = $2 AND period = $3 FOR NO KEY UPDATE`, tx.Actor.Tenant, sub, m.period)
	if err != nil {
		return err
	}
	tx.Queue(`INSERT INTO monthly_limits (tenant_id, account_id, asset, amount, priority, period, set_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		tx.Actor.Tenant, sub, t.Limit.Asset, t.Limit.Micros(), t.Priority, m.period, m.setAt)
	return m.settle(ctx, tx, round, parent, limitNote(m.period), true)
}

// Switch gives a sub-account another way of funding, or other terms of the same. What the old way left goes back to the parent
// once. It returns the line for the log, nil when nothing changes.
// For: a change of another service, which holds the two balances in the round and posts it. Refuses, at limit, what the parent
// does not have.
func Switch(ctx context.Context, tx *store.Tx, round *ledger.Round, parent, sub models.Account, t Terms) (*models.Event, error) {
	if sub.Funding == t.Funding {
		switch t.Funding {
		case models.MonthlyLimit:
			return changeLimit(ctx, tx, round, parent, sub, t)
		case models.SharedBalance:
			return changeCaps(ctx, tx, round, sub, t)
		}
		return nil, nil
	}
	returned, err := returnAll(round, sub)
	if err != nil {
		return nil, err
	}
	if sub.Funding == models.MonthlyLimit {
		Ended(tx, sub.ID, returned)
	}
	if sub.Funding == models.SharedBalance || sub.Funding == models.MonthlyLimit { // caps are of those ways
		if err := ledger.SetCaps(ctx, tx, sub.ID, nil, nil); err != nil {
			return nil, err
		}
	}
	t.Start = nil // a form of an account that is there has no such field
	event := &models.Event{Action: models.FundingChanged, Account: sub.ID, Details: t.Details()}
	event.Details["funding"], event.Details["before"] = string(t.Funding), string(sub.Funding)
	tell(event, returned)
	return event, enter(ctx, tx, round, parent, sub.ID, t)
}

// returnAll moves what a sub-account has to its parent.
func returnAll(round *ledger.Round, sub models.Account) (models.Money, error) {
	has, open := round.Balance(sub.ID)
	if !open || !has.IsPositive() {
		return models.Zero(sub.Currency), nil
	}
	_, err := round.Back(sub.ID, has, changedNote)
	return has, err
}

func tell(event *models.Event, returned models.Money) {
	if returned.IsPositive() {
		event.Details["returned"] = returned.String()
	}
}

// changeLimit changes amount or priority. A raise moves the difference; a cut takes back at most what is unused.
func changeLimit(ctx context.Context, tx *store.Tx, round *ledger.Round, parent, sub models.Account, t Terms) (*models.Event, error) {
	m, err := current(ctx, tx, sub.ID)
	if err != nil || m == nil {
		return nil, err
	}
	if m.amount.Equal(t.Limit) && m.priority == t.Priority && m.state != models.MonthStopped {
		return nil, nil
	}
	event := &models.Event{Action: models.LimitChanged, Account: sub.ID, Details: t.Details()}
	event.Details["before"] = m.amount.String()
	raised := m.amount.Less(t.Limit)
	note := raisedNote
	if m.granted.IsZero() {
		note = limitNote(m.period)
	}
	m.amount, m.priority = t.Limit, t.Priority
	tx.Queue(`UPDATE monthly_limits SET amount = $3, priority = $4 WHERE tenant_id = $1 AND account_id = $2`, tx.Actor.Tenant, sub.ID, m.amount.Micros(), m.priority)
	// one that was not in use is used from now on, by whoever says so
	return event, m.settle(ctx, tx, round, parent, note, raised || m.state == models.MonthStopped)
}

// changeCaps changes what a sub-account may draw. What somebody transferred to it meanwhile, which it cannot use, goes back.
func changeCaps(ctx context.Context, tx *store.Tx, round *ledger.Round, sub models.Account, t Terms) (*models.Event, error) {
	returned, err := returnAll(round, sub)
	if err != nil {
		return nil, err
	}
	caps, err := readCaps(ctx, tx, sub.ID)
	if err != nil {
		return nil, err
	}
	same := equal(caps.Day, t.CapDay) && equal(caps.Month, t.CapMonth)
	if same && !returned.IsPositive() {
		return nil, nil
	}
	event := &models.Event{Action: models.CapsChanged, Account: sub.ID, Details: t.Details()}
	if same {
		event.Action = models.FundingChanged
		event.Details["funding"], event.Details["before"] = string(t.Funding), string(sub.Funding)
	}
	tell(event, returned)
	return event, ledger.SetCaps(ctx, tx, sub.ID, t.CapDay, t.CapMonth)
}

func equal(a, b *models.Money) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// Details are the terms as the action log keeps them.
func (t Terms) Details() map[string]string {
	told := map[string]string{}
	if t.Funding == models.MonthlyLimit {
		told["limit"], told["priority"] = t.Limit.String(), strconv.Itoa(t.Priority)
	}
	if t.CapDay != nil {
		told["cap_day"] = t.CapDay.String()
	}
	if t.CapMonth != nil {
		told["cap_month"] = t.CapMonth.String()
	}
	return told
}

// Stopped is to be called after a sub-account was closed by a deactivation: returned of its balance went back.
func Stopped(tx *store.Tx, sub models.ID, returned models.Money) { stop(tx, sub, returned) }

// Ended is Stopped for one that is deleted, or funded in another way: no month starts for it any more.
func Ended(tx *store.Tx, sub models.ID, returned models.Money) {
	stop(tx, sub, returned)
	tx.Queue(`DELETE FROM monthly_limits WHERE tenant_id = $1 AND account_id = $2`, tx.Actor.Tenant, sub)
}

// Resumed gives a sub-account that is in use again its limit of this month, less what it has used; or leaves it waiting for
// money, when its parent has too little. Nothing moves where there is no limit, or when this month has not started yet.
// For: a change of another service, after the account was reopened or its trial extended. The caller holds its balance and its
// parent's.
func Resumed(ctx context.Context, tx *store.Tx, parent models.Account, sub models.ID) error {
	m, err := current(ctx, tx, sub)
	if err != nil || m == nil {
		return err
	}
	var most *models.Money // the parent may pay in another way now than when it was set
	if parent.Plan == models.PostPay {
		most = &m.amount
	}
	if err := ledger.SetCaps(ctx, tx, sub, nil, most); err != nil {
		return err
	}
	if m.state != models.MonthStopped || m.period < periodAt(tx.Now, parent) {
		return nil
	}
	round, err := ledger.NewRound(ctx, tx, []models.ID{sub})
	if err != nil {
		return err
	}
	if err := m.settle(ctx, tx, round, parent, limitNote(m.period), false); err != nil {
		return err
	}
	round.Post()
	return nil
}
