package accounts

import (
	"offshoot/models"
	"offshoot/services/store"
)

// readLimits adds to the rows of a page what each has used of its limit or caps. It finds them by their keys, once the page is
// known: a list sorts and filters no slower for it.
func readLimits(tx *store.Tx, page []models.ListedAccount) error {
	at := make(map[models.ID]*models.ListedAccount, len(page))
	ids := make([]models.ID, len(page))
	for i := range page {
		at[page[i].ID], ids[i] = &page[i], page[i].ID
	}
	var rows []struct {
		ID       models.ID
		TimeZone string
		models.LimitFigures
	}
	err := tx.Raw(`SELECT a.id, p.time_zone, p.plan, a.funding, b.asset, b.balance, l.amount AS limit_most, coalesce(m.state, '') AS state, m.granted,
			s.cap_day, s.cap_month, s.counted_day, s.drawn_day, s.drawn_month
		FROM accounts a JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.tenant_id
		JOIN wallets b ON b.tenant_id = a.tenant_id AND b.account_id = a.id AND b.kind = 'balance'
		JOIN wallets s ON s.tenant_id = a.tenant_id AND s.account_id = a.id AND s.kind = 'spent'
		LEFT JOIN monthly_limits l ON l.tenant_id = a.tenant_id AND l.account_id = a.id
		LEFT JOIN month_starts m ON m.tenant_id = l.tenant_id AND m.account_id = l.account_id AND m.period = l.period
		WHERE a.tenant_id = ? AND a.id IN ?`, tx.Actor.Tenant, ids).Scan(&rows).Error
	for _, r := range rows {
		row := at[r.ID]
		row.Draws = r.Funding.DrawsFrom(r.Plan)
		row.Limits = r.Shown(models.DayOf(tx.Now, models.Account{TimeZone: r.TimeZone}.Zone()))
	}
	return err
}
