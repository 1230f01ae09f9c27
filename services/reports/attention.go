package reports

import (
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// usersSQL adds up once what each sub-account cost and takes both ends of it: who used most, and whose own balance is below
// what it uses in a week. A balance that nobody uses is not low, however small it is. Charges are walked along the index by
// time, as in usageQuery.sql, and wallets all at once; what the few that are shown used besides is added up for them alone.
const usersSQL = `WITH used AS MATERIALIZED (
		SELECT account_id, sum(amount)::bigint AS cost,
			(coalesce(sum(amount) FILTER (WHERE payer_id = account_id), 0) * 7 / @days)::bigint AS weekly
		FROM unnest(ARRAY[CAST(@from AS timestamptz)], ARRAY[CAST(@until AS timestamptz)]) b (since, until)
		CROSS JOIN LATERAL (SELECT account_id, payer_id, amount FROM charges
			WHERE tenant_id = @tenant AND charged_at >= b.since AND charged_at < b.until AND asset = @asset OFFSET 0) c
		GROUP BY account_id),
	most AS (SELECT * FROM used WHERE account_id <> @tenant ORDER BY cost DESC, account_id LIMIT @lines),
	low AS (SELECT u.*, w.balance, count(*) OVER () AS count FROM used u
		JOIN (SELECT account_id, balance FROM wallets WHERE tenant_id = @tenant AND kind = 'balance' AND asset = @asset OFFSET 0) w
			ON w.account_id = u.account_id
		JOIN accounts a ON a.tenant_id = @tenant AND a.id = u.account_id
		WHERE w.balance < u.weekly AND a.funding = 'own' AND a.status = 'active'
		ORDER BY w.balance, u.account_id LIMIT @lines),
	chosen AS (SELECT false AS is_low, m.*, 0 AS balance, 0 AS count FROM most m UNION ALL SELECT true, l.* FROM low l)
	SELECT c.*, s.*, a.name, a.status FROM chosen c
	JOIN accounts a ON a.tenant_id = @tenant AND a.id = c.account_id
	CROSS JOIN LATERAL (SELECT coalesce(sum(quantity) FILTER (WHERE kind = 'message'), 0)::bigint AS messages,
			coalesce(sum(parts), 0)::bigint AS parts, coalesce(sum(quantity) FILTER (WHERE kind <> 'message'), 0)::bigint AS others
		FROM charges WHERE tenant_id = @tenant AND account_id = c.account_id AND charged_at >= @from AND charged_at < @until) s
	ORDER BY c.is_low, CASE WHEN c.is_low THEN c.balance ELSE -c.cost END, c.account_id`

func readUsers(tx *store.Tx, parent account, days models.Days, d *models.ParentDashboard) error {
	from, until := days.Bounds()
	var rows []struct {
		IsLow                   bool
		AccountID               models.ID
		Name                    string
		Status                  models.AccountStatus
		Messages, Parts, Others int64
		Cost, Weekly, Balance   int64
		Count                   int
	}
	err := tx.Raw(usersSQL, map[string]any{"tenant": tx.Actor.Tenant, "from": from, "until": until, "asset": parent.Currency,
		"days": days.Count(), "lines": dashboardLines}).Scan(&rows).Error
	in := func(micros int64) models.Money { return models.FromMicros(micros, parent.Currency) }
	for _, r := range rows {
		if r.IsLow {
			d.Attention.LowCount = r.Count
			d.Attention.Low = append(d.Attention.Low, models.LowBalance{Account: r.AccountID, Name: r.Name,
				Balance: in(r.Balance), Weekly: in(r.Weekly).Rounded()})
			continue
		}
		cost := in(r.Cost)
		d.TopAccounts = append(d.TopAccounts, models.TopAccount{Account: r.AccountID, Name: r.Name, Status: r.Status,
			Usage: models.Usage{Messages: r.Messages, Parts: r.Parts, Others: r.Others, Cost: &cost}})
	}
	return err
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
