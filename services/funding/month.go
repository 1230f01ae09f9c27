package funding

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// month is a sub-account's row of month_starts, with the limit as it is now.
type month struct {
	sub      models.ID
	period   string
	state    models.MonthStartState
	amount   models.Money
	priority int
	setAt    time.Time
	granted  models.Money
	fundedAt *time.Time
}

// current takes the limit of a sub-account with the month that was started for it last. It is nil where there is no limit.
// The caller holds its balance.
func current(ctx context.Context, tx *store.Tx, sub models.ID) (*month, error) {
	var found *month
	err := tx.Rows(ctx, func(rows pgx.Rows) error {
		m := month{sub: sub}
		var asset string
		var amount, granted int64
		_, err := pgx.ForEachRow(rows, []any{&asset, &amount, &m.priority, &m.period, &m.setAt, &m.state, &granted, &m.fundedAt}, func() error {
			m.amount, m.granted = models.FromMicros(amount, asset), models.FromMicros(granted, asset)
			found = &m
			return nil
		})
		return err
	}, `SELECT l.asset, l.amount, l.priority, l.period, l.set_at, s.state, s.granted, s.funded_at FROM monthly_limits l
		JOIN month_starts s ON s.tenant_id = l.tenant_id AND s.account_id = l.account_id AND s.period = l.period
		WHERE l.tenant_id = $1 AND l.account_id = $2 FOR NO KEY UPDATE OF l, s`, tx.Actor.Tenant, sub)
	return found, err
}

// settle brings what was moved for the month to what the limit says now, and keeps that. Of a pre-pay parent it moves what is
// still to be given, or takes back what is too much and not used yet. When the parent has too little it refuses, at the field
// limit, if whoever asks can do something about it; otherwise the sub-account is short and waits for money.
func (m *month) settle(ctx context.Context, tx *store.Tx, round *ledger.Round, parent models.Account, note string, refuse bool) error {
	need := m.amount.Sub(m.granted)
	has, _ := round.Balance(m.sub)
	switch {
	case parent.Plan == models.PostPay:
		if err := m.giveBack(round, has, changedNote); err != nil {
			return err
		}
		if err := ledger.SetCaps(ctx, tx, m.sub, nil, &m.amount); err != nil {
			return err
		}
		m.state = models.MonthCapped
	case m.state == models.MonthDue: // its turn comes
	case !need.IsPositive():
		m.state = models.MonthFunded
		if err := m.giveBack(round, least(need.Neg(), has), cutNote); err != nil {
			return err
		}
	case refuse || !round.Available().Less(need):
		if _, err := round.Give(m.sub, need, note); err != nil {
			return atField(err, "limit")
		}
		now := tx.Now
		m.state, m.granted, m.fundedAt = models.MonthFunded, m.amount, &now
	default:
		m.state = models.MonthShort
		ledger.WakeOnCredit(tx)
	}
	m.keep(tx)
	return nil
}

func (m *month) giveBack(round *ledger.Round, amount models.Money, note string) error {
	if !amount.IsPositive() {
		return nil
	}
	_, err := round.Back(m.sub, amount, note)
	if m.granted = m.granted.Sub(amount); m.granted.IsNegative() { // it had more than it was given: what it paid was given back to it
		m.granted = models.Zero(amount.Asset)
	}
	return err
}

// keep writes the row.
func (m *month) keep(tx *store.Tx) {
	tx.Queue(`INSERT INTO month_starts AS s (tenant_id, account_id, period, state, asset, amount, most, priority, set_at, granted, started_at, funded_at)
		VALUES ($1, $2, $3, $4, $5, $6, greatest($6::bigint, $9::bigint), $7, $8, $9, $10, $11)
		ON CONFLICT (tenant_id, account_id, period) DO UPDATE SET state = excluded.state, amount = excluded.amount, most = greatest(s.most, excluded.amount),
			priority = excluded.priority, set_at = excluded.set_at, granted = excluded.granted, funded_at = excluded.funded_at`,
		tx.Actor.Tenant, m.sub, m.period, string(m.state), m.amount.Asset, m.amount.Micros(), m.priority, m.setAt, m.granted.Micros(), tx.Now, m.fundedAt)
}

// stop keeps that what was unused of the month's limit has gone back. Who is due stays so: whose turn comes is looked at then.
func stop(tx *store.Tx, sub models.ID, returned models.Money) {
	tx.Queue(`UPDATE month_starts s SET granted = greatest(0, s.granted - $3), state = CASE WHEN s.state = 'due' THEN 'due' ELSE 'stopped' END
		FROM monthly_limits l WHERE l.tenant_id = $1 AND l.account_id = $2
		AND s.tenant_id = $1 AND s.account_id = $2 AND s.period = l.period`, tx.Actor.Tenant, sub, returned.Micros())
}

func least(a, b models.Money) models.Money {
	if b.Less(a) {
		return b
	}
	return a
}
