package reports

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// usersSQL adds up once what each account used and takes both ends of it: who used most, and whose own balance is below what
// it uses in a week. A balance that nobody uses is not low, however small it is; nor is one that is under a threshold of its own,
// which readLow tells of, or that is recharged by itself. Wallets are read all at once.
const usersSQL = `WITH used AS MATERIALIZED (
		SELECT account_id, %figures, (sum(own_cost) * 7 / %days)::bigint AS weekly FROM (%source) u WHERE n > 0 GROUP BY account_id),
	most AS (SELECT * FROM used WHERE account_id <> %tenant AND (messages > 0 OR others > 0) ORDER BY cost DESC, account_id LIMIT %lines),
	low AS (SELECT u.*, w.balance, count(*) OVER () AS count FROM used u
		JOIN (SELECT account_id, balance FROM wallets WHERE tenant_id = %tenant AND kind = 'balance' AND asset = %asset OFFSET 0) w
			ON w.account_id = u.account_id
		JOIN accounts a ON a.tenant_id = %tenant AND a.id = u.account_id
		WHERE w.balance < u.weekly AND a.funding IN ('own', 'client') AND a.status = 'active'
			AND NOT EXISTS (SELECT FROM falls f WHERE f.tenant_id = %tenant AND f.account_id = u.account_id AND f.kind = 'low' AND f.ended_at IS NULL)
			AND NOT EXISTS (SELECT FROM recharge_rules r WHERE r.tenant_id = %tenant AND r.account_id = u.account_id AND r.paused_at IS NULL AND r.stopped_at IS NULL)
		ORDER BY w.balance, u.account_id LIMIT %lines),
	chosen AS (SELECT false AS is_low, m.*, 0 AS balance, 0 AS count FROM most m UNION ALL SELECT true, l.* FROM low l)
	SELECT c.is_low, c.account_id, a.name, a.status, c.messages, c.delivered, c.failed, c.others, c.parts, c.units, c.cost, c.weekly, c.balance, c.count
	FROM chosen c JOIN accounts a ON a.tenant_id = %tenant AND a.id = c.account_id
	ORDER BY c.is_low, CASE WHEN c.is_low THEN c.balance ELSE -c.cost END, c.account_id`

// readUsers comes after readFunding, which tells of those under a threshold.
func readUsers(ctx context.Context, tx *store.Tx, q usageQuery, d *models.ParentDashboard) error {
	w := &where{}
	q.accounts = true
	source, err := q.source(tx, w, q.whole())
	if err != nil {
		return err
	}
	sql := strings.NewReplacer("%figures", q.figures(), "%source", source, "%days", strconv.Itoa(q.days.Count()), "%tenant", w.arg(tx.Actor.Tenant),
		"%asset", w.arg(q.currency), "%lines", strconv.Itoa(dashboardLines)).Replace(usersSQL)
	in := func(micros int64) models.Money { return models.FromMicros(micros, q.currency) }
	willNotLast := 0
	defer func() { d.Attention.LowCount += willNotLast }()
	return tx.Rows(ctx, func(rows pgx.Rows) error {
		var (
			a                            models.TopAccount
			isLow                        bool
			units, cost, weekly, balance int64
			count                        int
		)
		_, err := pgx.ForEachRow(rows, []any{&isLow, &a.Account, &a.Name, &a.Status, &a.Messages, &a.Delivered, &a.Failed, &a.Others, &a.Parts, &units, &cost,
			&weekly, &balance, &count}, func() error {
			if isLow {
				week := in(weekly).Rounded()
				willNotLast = count
				if len(d.Attention.Low) < dashboardLines {
					d.Attention.Low = append(d.Attention.Low, models.LowBalance{Account: a.Account, Name: a.Name, Balance: in(balance), Weekly: &week})
				}
				return nil
			}
			top := a
			paid := in(cost)
			top.Units, top.Cost = units/unit, &paid
			d.TopAccounts = append(d.TopAccounts, top)
			return nil
		})
		return err
	}, sql, w.args...)
}

// readConsents reads which staff wait for consent to enter an account.
func readConsents(tx *store.Tx, a *models.Attention) error {
	return tx.Raw(`SELECT a.name AS account_name, c.helper_email AS helper, c.reason, c.requested_at AS since
		FROM consents c JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.account_id
		WHERE c.tenant_id = ? AND c.status = 'requested' AND c.expires_at > ? ORDER BY c.requested_at, c.id LIMIT ?`,
		tx.Actor.Tenant, tx.Now, dashboardLines).Scan(&a.Consents).Error
}

// readWaiting reads who has not activated yet, and what the operator has not decided on.
func readWaiting(tx *store.Tx, a *models.Attention) error {
	var rows []struct {
		ID          models.ID
		Name, Email string
		CreatedAt   time.Time
	}
	err := tx.Raw(`SELECT id, name, email, created_at FROM accounts
		WHERE tenant_id = ? AND kind = 'sub' AND status = 'pending' ORDER BY id LIMIT ?`, tx.Actor.Tenant, dashboardLines).Scan(&rows).Error
	if err != nil {
		return err
	}
	for _, r := range rows {
		a.Pending = append(a.Pending, models.PendingAccount{Account: r.ID, Name: r.Name, Email: r.Email, Since: r.CreatedAt})
	}
	var counts struct{ Pending, Requests int }
	err = tx.Raw(`SELECT (SELECT count(*) FROM (SELECT 1 FROM accounts
				WHERE tenant_id = @tenant AND kind = 'sub' AND status = 'pending' LIMIT @enough) p) AS pending,
			(SELECT count(*) FROM feature_requests WHERE tenant_id = @tenant AND status = 'requested') AS requests`,
		map[string]any{"tenant": tx.Actor.Tenant, "enough": models.AttentionLimit + 1}).Scan(&counts).Error
	a.PendingCount, a.Requests = counts.Pending, counts.Requests
	return err
}
