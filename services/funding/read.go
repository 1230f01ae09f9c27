package funding

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// ErrNoLimit is the refusal of a sub-account that has no monthly limit.
var ErrNoLimit = &models.Error{Kind: models.NotFound, Code: "no_limit", Message: "This sub-account has no monthly limit."}

// errUnchanged ends a change that would change nothing, so that the action log does not tell of it.
var errUnchanged = errors.New("funding: nothing to change")

// Of returns how an account of the actor's tenant is funded: its caps and its limit.
// For: a parent's users, of their sub-accounts; anybody, of their own account. Refuses with ledger.ErrNoSuchAccount.
func (s *Service) Of(ctx context.Context, actor models.Actor, sub models.ID) (models.ShownFunding, error) {
	var shown models.ShownFunding
	if sub != actor.Account && !actor.Can(models.ViewSubAccounts) && !actor.Can(models.SupportAccounts) {
		return shown, ledger.ErrNoSuchAccount
	}
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		if shown.Caps, err = ledger.CapsOf(ctx, tx, sub); err != nil {
			return err
		}
		limits, err := readLimits(ctx, tx, `l.account_id = $2`, sub)
		if err == nil && len(limits) > 0 {
			shown.Limit = &limits[0]
		}
		return err
	})
	return shown, err
}

// readLimits returns limits with what became of them in the month that was started last. $2 of the condition is arg.
func readLimits(ctx context.Context, tx *store.Tx, condition string, args ...any) ([]models.Limit, error) {
	var limits []models.Limit
	err := tx.Rows(ctx, func(rows pgx.Rows) error {
		var l models.Limit
		var asset string
		var amount, granted, has, drawn int64
		_, err := pgx.ForEachRow(rows, []any{&l.Account, &l.Name, &asset, &amount, &l.Priority, &l.Period, &l.State, &granted, &has, &drawn, &l.SetAt, &l.FundedAt}, func() error {
			l.Amount, l.Granted, l.Left = models.FromMicros(amount, asset), models.FromMicros(granted, asset), models.FromMicros(has, asset)
			l.Used = models.FromMicros(max(granted-has, 0), asset)
			if l.State == models.MonthCapped {
				l.Used, l.Left = models.FromMicros(drawn, asset), models.FromMicros(max(amount-drawn, 0), asset)
			}
			limits = append(limits, l)
			return nil
		})
		return err
	}, `SELECT l.account_id, a.name, l.asset, l.amount, l.priority, l.period, s.state, s.granted, w.balance, u.drawn_month, l.set_at, s.funded_at
		FROM monthly_limits l
		JOIN month_starts s ON s.tenant_id = l.tenant_id AND s.account_id = l.account_id AND s.period = l.period
		JOIN accounts a ON a.tenant_id = l.tenant_id AND a.id = l.account_id
		JOIN wallets w ON w.tenant_id = l.tenant_id AND w.account_id = l.account_id AND w.kind = 'balance'
		JOIN wallets u ON u.tenant_id = l.tenant_id AND u.account_id = l.account_id AND u.kind = 'spent' AND u.asset = w.asset
		WHERE l.tenant_id = $1 AND `+condition, append([]any{tx.Actor.Tenant}, args...)...)
	return limits, err
}

// pageSize is how many sub-accounts a page of a month start shows.
const pageSize = 50

// ThisMonth returns how the month that runs has started for the actor's account: totals, and a page of those with a limit in
// the parent's order of priority, or of those of them who are short.
// For: a parent's users.
func (s *Service) ThisMonth(ctx context.Context, actor models.Actor, q models.MonthQuery) (models.MonthNow, error) {
	var now models.MonthNow
	if err := actor.Require(models.ViewSubAccounts); err != nil {
		return now, err
	}
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		parent, period, err := running(ctx, tx)
		if err != nil {
			return err
		}
		if now, err = countStates(ctx, tx, parent, period); err != nil {
			return err
		}
		after, _ := models.ParseID(q.After)
		now.Limits, err = readLimits(ctx, tx, `($2::uuid = '00000000-0000-0000-0000-000000000000' OR (l.priority, l.set_at, l.account_id) >
				(SELECT f.priority, f.set_at, f.account_id FROM monthly_limits f WHERE f.tenant_id = $1 AND f.account_id = $2))
			AND (NOT $3 OR s.state IN ('short', 'due')) ORDER BY l.priority, l.set_at, l.account_id LIMIT $4`, after, q.OnlyShort, pageSize+1)
		if len(now.Limits) > pageSize {
			now.Limits = now.Limits[:pageSize]
			now.Next = now.Limits[pageSize-1].Account.String()
		}
		return err
	})
	return now, err
}

// SetPriority says who comes first when the parent is short: a whole number from 1 to 9999, the lowest first.
// For: a parent's Admins. Refuses: missing privilege; a sub-account without a limit (ErrNoLimit); what is no such number. What
// changes nothing is not logged.
func (s *Service) SetPriority(ctx context.Context, actor models.Actor, sub models.ID, typed string) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	var p models.Problems
	if strings.TrimSpace(typed) == "" {
		p.Add("priority", "Enter a whole number from 1 to 9999. Who has the lowest comes first.")
	}
	wanted := priority(&p, typed)
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		m, err := current(ctx, tx, sub)
		switch {
		case err != nil:
			return models.Event{}, err
		case m == nil:
			return models.Event{}, ErrNoLimit
		case p.Err() != nil:
			return models.Event{}, p.Err()
		case m.priority == wanted:
			return models.Event{}, errUnchanged
		}
		m.priority = wanted
		tx.Queue(`UPDATE monthly_limits SET priority = $3 WHERE tenant_id = $1 AND account_id = $2`, tx.Actor.Tenant, sub, wanted)
		m.keep(tx)
		return models.Event{Action: models.LimitChanged, Account: sub, Details: Terms{Funding: models.MonthlyLimit, Limit: m.amount, Priority: wanted}.Details()}, nil
	})
	if err == errUnchanged {
		return nil
	}
	return err
}
