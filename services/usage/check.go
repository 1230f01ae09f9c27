package usage

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// LogSQL is all usage of a tenant as the log has it, in the columns of usage_changes with the moment instead of the quarter:
// its messages, and the charges that are usage by themselves. messages (m) and charges (c) are further conditions.
func LogSQL(tenant, messages, charges string) string {
	return `SELECT m.account_id, 'message' AS kind, m.country::text AS country, m.status, m.accepted_at AS at, 1::bigint AS quantity, m.parts::bigint AS parts,
			CASE WHEN m.refund_id IS NULL AND m.package_id IS NOT NULL THEN m.amount ELSE 0 END AS units,
			CASE WHEN m.refund_id IS NULL AND m.package_id IS NULL THEN m.amount ELSE 0 END AS cost,
			CASE WHEN m.refund_id IS NULL AND m.package_id IS NULL AND m.payer_id = m.account_id THEN m.amount ELSE 0 END AS own_cost
		FROM messages m WHERE m.tenant_id = ` + tenant + messages + `
		UNION ALL SELECT c.account_id, c.kind, c.country::text, '', c.charged_at, c.quantity, c.parts,
			CASE WHEN c.asset LIKE 'units:%' THEN c.amount ELSE 0 END,
			CASE WHEN c.asset LIKE 'units:%' THEN 0 ELSE c.amount END,
			CASE WHEN c.asset LIKE 'units:%' OR c.payer_id <> c.account_id THEN 0 ELSE c.amount END
		FROM charges c WHERE c.tenant_id = ` + tenant + ` AND c.counts IS DISTINCT FROM false` + charges
}

// Faults are where the sums, with what waits to be added to them, are not what the log says. None: every report is right. It
// reads the whole log. For: whoever checks the books.
func Faults(ctx context.Context, tx *store.Tx) (faults []string, err error) {
	err = tx.Rows(ctx, func(rows pgx.Rows) error {
		var (
			level                                  int
			account                                models.ID
			kind, country, status, counted, logged string
		)
		_, err := pgx.ForEachRow(rows, []any{&level, &account, &kind, &country, &status, &counted, &logged}, func() error {
			faults = append(faults, fmt.Sprintf("usage of account %s, %s %s %s, at level %d is %s, but the log has %s", account, kind, country, status, level, counted, logged))
			return nil
		})
		return err
	}, faultsSQL, tx.Actor.Tenant, models.NoID)
	return faults, err
}

// spread puts usage u, with its quarter q, where each level has it; days and months are not told apart here.
const spread = ` CROSS JOIN LATERAL (VALUES (1, u.account_id, '', '', '', 0), (2, u.account_id, '', '', '', 0), (3, $2::uuid, '', '', '', 0), (4, $2, '', '', '', u.q),
		(5, u.account_id, u.kind, u.country, u.status, 0), (6, u.account_id, u.kind, u.country, u.status, 0), (7, $2, u.kind, u.country, u.status, 0),
		(8, $2, u.kind, u.country, u.status, u.q)) l (level, account_id, kind, country, status, q)`

const (
	figures = `messages, delivered, failed, others, parts, units, cost, own_cost`
	sums    = `sum(messages), sum(delivered), sum(failed), sum(others), sum(parts), sum(units), sum(cost), sum(own_cost)`
	nothing = `0 0 0 0 0 0 0 0`
)

var faultsSQL = `WITH logged AS (SELECT l.*, ` + Measured + ` FROM (SELECT *, floor(extract(epoch FROM at) / 900)::int AS q FROM (` + LogSQL("$1", "", "") + `) log) u` + spread + `),
	counted AS (SELECT level::int, account_id, kind, country, status, CASE WHEN level IN (4, 8) THEN period ELSE 0 END AS q, ` + figures + ` FROM usage_sums WHERE tenant_id = $1
		UNION ALL SELECT l.*, ` + Measured + ` FROM (SELECT account_id, kind, country::text AS country, status, floor(extract(epoch FROM quarter) / 900)::int AS q,
			quantity, parts, units, cost, own_cost FROM usage_changes WHERE tenant_id = $1) u` + spread + `),
	c AS (SELECT level, account_id, kind, country, status, q, concat_ws(' ', ` + sums + `) AS figures FROM counted GROUP BY 1, 2, 3, 4, 5, 6),
	l AS (SELECT level, account_id, kind, country, status, q, concat_ws(' ', ` + sums + `) AS figures FROM logged GROUP BY 1, 2, 3, 4, 5, 6)
	SELECT level, account_id, kind, country, status, coalesce(c.figures, 'nothing'), coalesce(l.figures, 'nothing')
	FROM c FULL JOIN l USING (level, account_id, kind, country, status, q)
	WHERE coalesce(c.figures, '` + nothing + `') <> coalesce(l.figures, '` + nothing + `') LIMIT 20`
