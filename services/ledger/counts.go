package ledger

import (
	"fmt"

	"offshoot/models"
	"offshoot/services/store"
)

// countRules are what must hold of what wallets keep beside their balances: each returns what breaks it. They are no part of the
// books: while a version serves that does not count yet they do not hold, and no money is wrong by that.
var countRules = []struct{ says, breaks string }{
	{"what was drawn in a day is what its entries say", drawnSince("day")},
	{"what was drawn in a month is what its entries say", drawnSince("month")},
	{"an open fall is named by its wallet, which is open", `SELECT f.id FROM falls f WHERE f.tenant_id = @tenant AND f.ended_at IS NULL AND NOT EXISTS (
		SELECT 1 FROM wallets w WHERE w.tenant_id = f.tenant_id AND w.account_id = f.account_id AND w.kind = 'balance' AND w.closed_at IS NULL
			AND f.id = CASE f.kind WHEN 'low' THEN w.low_fall ELSE w.recharge_fall END)`},
	{"the fall that a wallet names is open, and it is under the threshold", `SELECT w.id FROM wallets w
		LEFT JOIN falls l ON l.tenant_id = w.tenant_id AND l.id = w.low_fall AND l.ended_at IS NULL
		LEFT JOIN falls r ON r.tenant_id = w.tenant_id AND r.id = w.recharge_fall AND r.ended_at IS NULL
		WHERE w.tenant_id = @tenant AND (w.low_fall IS NOT NULL AND (l.id IS NULL OR w.balance - coalesce(w.floor, 0) >= w.low_below)
			OR w.recharge_fall IS NOT NULL AND (r.id IS NULL OR w.balance - coalesce(w.floor, 0) >= w.recharge_below))`},
}

// drawnSince holds the count of a period against the entries that are in it and have their other side on another account's
// balance.
func drawnSince(period string) string {
	return `SELECT w.id FROM wallets w WHERE w.tenant_id = @tenant AND w.kind = 'spent' AND w.counted_day IS NOT NULL
		AND w.drawn_` + period + ` <> (SELECT coalesce(sum(e.amount), 0) FROM entries e
			JOIN entries o ON o.tenant_id = e.tenant_id AND o.transfer_id = e.transfer_id AND o.wallet_id <> e.wallet_id
			JOIN wallets p ON p.tenant_id = o.tenant_id AND p.id = o.wallet_id AND p.kind = 'balance' AND p.account_id <> w.account_id
			WHERE e.tenant_id = w.tenant_id AND e.wallet_id = w.id AND e.number > w.` + period + `_after)`
}

// CheckCounts names what wallets of the actor's tenant keep beside their balances and is not so. For: tests.
func CheckCounts(tx *store.Tx) ([]string, error) {
	var faults []string
	for _, r := range countRules {
		var found []models.ID
		if err := tx.Raw(`SELECT * FROM (`+r.breaks+`) x LIMIT 5`, map[string]any{"tenant": tx.Actor.Tenant}).Scan(&found).Error; err != nil {
			return nil, fmt.Errorf("counts: %s: %w", r.says, err)
		}
		for _, what := range found {
			faults = append(faults, r.says+": not so for "+what.String())
		}
	}
	return faults, nil
}
