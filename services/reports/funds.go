package reports

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"offshoot/models"
	"offshoot/services/store"
)

const (
	trialSoon   = 7 * 24 * time.Hour  // so long before its end a trial is worth a look
	trialRecent = 30 * 24 * time.Hour // and so long after it
)

// Each of these finds what is open by an index of it, and counts it as far as the dashboard counts.
const (
	shortSQL = `SELECT count(*), coalesce(sum(greatest(m.amount - m.granted, 0)), 0)::bigint
		FROM month_starts m JOIN accounts a ON a.tenant_id = m.tenant_id AND a.id = m.account_id
		WHERE m.tenant_id = $1 AND m.period = $2 AND m.state IN ('short', 'due') AND a.status IN ('pending', 'active')`

	// What all limits will need when the month that begins at $2 does, and what is unused of them: of those in use then.
	nextMonthSQL = `SELECT coalesce(sum(l.amount), 0)::bigint, coalesce(sum(greatest(w.balance, 0)), 0)::bigint
		FROM monthly_limits l JOIN accounts a ON a.tenant_id = l.tenant_id AND a.id = l.account_id
		JOIN wallets w ON w.tenant_id = l.tenant_id AND w.account_id = l.account_id AND w.kind = 'balance'
		WHERE l.tenant_id = $1 AND a.status IN ('pending', 'active') AND a.funding = 'limit'
			AND (a.trial_ends_at IS NULL OR a.trial_ends_at > $2 OR w.credited_at >= a.trial_ends_at)`

	lowSQL = `SELECT f.account_id, a.name, w.balance, f.threshold, count(*) OVER ()
		FROM (SELECT account_id, threshold FROM falls WHERE tenant_id = $1 AND kind = 'low' AND ended_at IS NULL ORDER BY fell_at, id LIMIT $2) f
		JOIN accounts a ON a.tenant_id = $1 AND a.id = f.account_id JOIN wallets w ON w.tenant_id = $1 AND w.account_id = f.account_id AND w.kind = 'balance'
		WHERE a.status IN ('pending', 'active') ORDER BY f.account_id = $1 DESC, w.balance, f.account_id LIMIT $3`

	pausedSQL = `SELECT r.account_id, a.name, r.paused_reason, r.paused_at, count(*) OVER ()
		FROM (SELECT * FROM recharge_rules WHERE tenant_id = $1 AND paused_at IS NOT NULL AND paused_reason <> 'person' ORDER BY paused_at, account_id LIMIT $2) r
		JOIN accounts a ON a.tenant_id = $1 AND a.id = r.account_id WHERE a.status IN ('pending', 'active') ORDER BY r.paused_at, r.account_id LIMIT $3`

	creditSQL = `SELECT r.account_id, a.name, r.asset, r.amount, r.note, r.requested_at, count(*) OVER ()
		FROM (SELECT * FROM credit_requests WHERE tenant_id = $1 AND answered_at IS NULL ORDER BY requested_at, id LIMIT $2) r
		JOIN accounts a ON a.tenant_id = $1 AND a.id = r.account_id
		LEFT JOIN wallets w ON w.tenant_id = $1 AND w.account_id = r.account_id AND w.kind = 'balance'
		WHERE a.status = 'active' AND (w.credited_at IS NULL OR w.credited_at <= r.requested_at) ORDER BY r.requested_at, r.id LIMIT $3`

	trialsSQL = `SELECT id, name, funding, trial_ends_at, time_zone, count(*) OVER () FROM (
			SELECT a.id, a.name, a.funding, a.trial_ends_at, a.time_zone FROM accounts a JOIN wallets w ON w.tenant_id = a.tenant_id AND w.account_id = a.id AND w.kind = 'balance'
			WHERE a.tenant_id = $1 AND a.trial_ends_at > $2 AND a.trial_ends_at <= $3 AND a.status <> 'deleted' AND a.status IN ('pending', 'active')
				AND (w.credited_at IS NULL OR w.credited_at < a.trial_ends_at)
			ORDER BY a.trial_ends_at, a.id LIMIT $4) t ORDER BY trial_ends_at, id LIMIT $5`
)

// readFunding reads what balances that look after themselves could not do alone: months that were not funded or will not be,
// balances under their threshold, recharges that are paused, requests for credit, trials at their end.
func readFunding(ctx context.Context, tx *store.Tx, parent account, d *models.ParentDashboard) error {
	const enough = models.AttentionLimit + 1
	a, tenant := &d.Attention, tx.Actor.Tenant
	in := func(micros int64) models.Money { return models.FromMicros(micros, parent.Currency) }
	var (
		id                models.ID
		name, text, asset string
		zone              string
		one, two          int64
		amount            pgtype.Int8
		at                time.Time
		count             int
	)
	ask := func(keep func(), targets []any, sql string, args ...any) {
		tx.Ask(func(rows pgx.Rows) error {
			_, err := pgx.ForEachRow(rows, targets, func() error { keep(); return nil })
			return err
		}, sql, args...)
	}
	month := models.DayOf(tx.Now, parent.calendar()).FirstOfMonth()
	a.ShortMissing, a.NextMissing, a.NextMonth = in(0), in(0), month.AddMonths(1)
	if parent.Plan == models.PrePay {
		ask(func() {
			a.ShortCount = count
			if missing := in(one).Sub(d.Available); missing.IsPositive() {
				a.ShortMissing = missing
			}
		}, []any{&count, &one}, shortSQL, tenant, month.MonthText())
		ask(func() {
			if missing := in(one).Sub(in(two)).Sub(d.Available); missing.IsPositive() {
				a.NextMissing = missing
			}
		}, []any{&one, &two}, nextMonthSQL, tenant, a.NextMonth.Start(parent.calendar()))
	}
	ask(func() {
		below := in(two)
		low := models.LowBalance{Account: id, Name: name, Balance: in(one), Below: &below}
		if id == tenant {
			low.Balance, a.OwnLow = d.Available, &low
			a.LowCount = count - 1
			return
		}
		if a.OwnLow == nil {
			a.LowCount = count
		}
		if len(a.Low) < dashboardLines {
			a.Low = append(a.Low, low)
		}
	}, []any{&id, &name, &one, &two, &count}, lowSQL, tenant, enough, dashboardLines+1)
	ask(func() {
		a.PausedCount = count
		a.Paused = append(a.Paused, models.PausedRecharge{Account: id, Name: name, Reason: text, Since: at.UTC()})
	}, []any{&id, &name, &text, &at, &count}, pausedSQL, tenant, enough, dashboardLines)
	ask(func() {
		asked := models.CreditAsked{Account: id, Name: name, Note: text, Since: at.UTC()}
		if amount.Valid {
			m := models.FromMicros(amount.Int64, asset)
			asked.Amount = &m
		}
		a.CreditCount, a.Credit = count, append(a.Credit, asked)
	}, []any{&id, &name, &asset, &amount, &text, &at, &count}, creditSQL, tenant, enough, dashboardLines)
	ask(func() {
		a.TrialCount = count
		a.Trials = append(a.Trials, models.TrialAtEnd{Account: id, Name: name, Funding: models.Funding(text),
			LastDay: models.Trial{EndsAt: &at}.LastDay(models.Account{TimeZone: zone}.Zone()), Ended: !at.After(tx.Now)})
	}, []any{&id, &name, &text, &at, &zone, &count}, trialsSQL, tenant, tx.Now.Add(-trialRecent), tx.Now.Add(trialSoon), enough, dashboardLines)
	return tx.Answers(ctx)
}

// readLimits reads what a sub-account has used of its limit or its caps, and until when it is on trial.
func readLimits(tx *store.Tx, a account, d *models.SubAccountDashboard) error {
	var row struct {
		models.LimitFigures
		CreditedAt *time.Time
	}
	err := tx.Raw(`SELECT b.asset, b.balance, b.credited_at, l.amount AS limit_most, coalesce(m.state, '') AS state, m.granted,
			s.cap_day, s.cap_month, s.counted_day, s.drawn_day, s.drawn_month
		FROM wallets b JOIN wallets s ON s.tenant_id = b.tenant_id AND s.account_id = b.account_id AND s.kind = 'spent'
		LEFT JOIN monthly_limits l ON l.tenant_id = b.tenant_id AND l.account_id = b.account_id
		LEFT JOIN month_starts m ON m.tenant_id = l.tenant_id AND m.account_id = l.account_id AND m.period = l.period
		WHERE b.tenant_id = ? AND b.account_id = ? AND b.kind = 'balance'`, tx.Actor.Tenant, a.ID).Scan(&row).Error
	row.Funding, row.Plan = a.Funding, a.Plan
	d.Limits = row.Shown(models.DayOf(tx.Now, a.calendar()))
	if a.TrialEndsAt != nil && (row.CreditedAt == nil || row.CreditedAt.Before(*a.TrialEndsAt)) {
		ends := a.TrialEndsAt.UTC()
		d.TrialEndsAt = &ends
	}
	return err
}
