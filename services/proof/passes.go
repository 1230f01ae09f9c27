package proof

import (
	"regexp"
	"strings"

	"offshoot/models"
)

// pass is one walk over some rows, which holds each of them to some rules. Its query returns what a row is called, and for each
// rule in their order whether the row breaks it.
//
// Tables in curly brackets are the whole of the tenant's in a whole check, and what is new in one of what is new:
//
//	{transfers} {log} {charges} {messages} {recharges}   those made since
//	{entries}   of those transfers
//	{chains}    of the wallets that those touched: their entries from the first of those on, and one before (anchor), which is
//	            not judged but what the next one follows on
//	{wallets}   that those touched
//
// {with table x: condition} joins at most one row of a table. In a check of what is new it is looked up row by row: whatever
// PostgreSQL believes of the tables, it reads no more than is asked for.
type pass struct {
	rules []string
	sql   string
	how   string // "": in either check; else in the one alone
}

const (
	inWhole = "whole"
	inNew   = "new"
)

var passes = []pass{
	{rules: []string{"zero_sum", "two_sides", "logged", "charged"}, sql: `SELECT 'transfer ' || t.id, coalesce(e.unequal, false), coalesce(e.count, 0) < 2,
			l.count IS DISTINCT FROM 1 OR e.amount IS NOT NULL AND (l.amount, l.asset) IS DISTINCT FROM (e.amount, e.asset),
			t.kind = 'charge' AND e.amount IS NOT NULL AND (c.amount, c.asset, c.other) IS DISTINCT FROM (e.amount, e.asset, e.asset)
		FROM {transfers} t
		LEFT JOIN (SELECT transfer_id, sum(count) AS count, max(amount) AS amount, min(asset) AS asset, bool_or(sum <> 0) AS unequal
			FROM (SELECT transfer_id, asset, count(*), max(amount) AS amount, sum(amount) FROM {entries} e GROUP BY transfer_id, asset) e
			GROUP BY transfer_id) e ON e.transfer_id = t.id
		LEFT JOIN (SELECT transfer_id, count(*), max(amount) AS amount, max(asset) AS asset FROM {log} l WHERE transfer_id IS NOT NULL GROUP BY transfer_id) l
			ON l.transfer_id = t.id
		LEFT JOIN (SELECT transfer_id, sum(amount) AS amount, min(asset) AS asset, max(asset) AS other FROM {charges of transfers} c GROUP BY transfer_id) c
			ON c.transfer_id = t.id`},
	{rules: []string{"running", "numbered", "in_order"}, sql: `SELECT 'entry ' || number || ' of wallet ' || wallet_id,
			coalesce(number = 1 AND balance_after <> amount OR number = before_number + 1 AND balance_after <> before + amount, false),
			number <> coalesce(before_number, 0) + 1, coalesce(posted_at < before_at, false)
		FROM (SELECT e.*, lag(number) OVER w AS before_number, lag(balance_after) OVER w AS before, lag(posted_at) OVER w AS before_at
			FROM {chains} e WINDOW w AS (PARTITION BY wallet_id ORDER BY number)) e
		WHERE NOT anchor`},
	{rules: []string{"belongs", "ways"}, sql: `SELECT 'entry ' || e.number || ' of wallet ' || e.wallet_id, t.id IS NULL OR w.id IS NULL OR t.posted_at <> e.posted_at,
			t.kind <> 'reversal' AND NOT CASE t.kind
				WHEN 'payment' THEN w.kind = CASE WHEN e.amount < 0 THEN 'outside' ELSE 'balance' END
				WHEN 'transfer' THEN w.kind IN ('balance', 'units') AND (e.amount < 0) = (w.account_id = w.tenant_id)
				WHEN 'transfer_back' THEN w.kind IN ('balance', 'units') AND (e.amount > 0) = (w.account_id = w.tenant_id)
				WHEN 'charge' THEN w.kind = ANY (CASE WHEN e.amount < 0 THEN ARRAY['balance', 'units'] ELSE ARRAY['spent', 'used'] END)
				WHEN 'refund' THEN w.kind = ANY (CASE WHEN e.amount < 0 THEN ARRAY['spent', 'used'] ELSE ARRAY['balance', 'units', 'issued'] END)
				WHEN 'purchase' THEN w.kind = CASE WHEN e.amount < 0 THEN 'balance' ELSE 'spent' END
				WHEN 'issue' THEN w.kind = CASE WHEN e.amount < 0 THEN 'issued' ELSE 'units' END
				WHEN 'expiry' THEN w.kind = CASE WHEN e.amount < 0 THEN 'units' ELSE 'issued' END
				ELSE false END
		FROM {chains} e {with transfers t: t.tenant_id = e.tenant_id AND t.id = e.transfer_id}
			{with wallets w: w.tenant_id = e.tenant_id AND w.id = e.wallet_id AND w.asset = e.asset} WHERE NOT e.anchor`},
	{rules: []string{"balance", "allocated"}, how: inWhole, sql: `SELECT 'wallet ' || w.id, w.balance <> coalesce(e.sum, 0) OR w.entries <> coalesce(e.count, 0)
				OR w.entries <> coalesce(e.last, 0) OR w.last_at IS DISTINCT FROM e.last_at, w.allocated <> coalesce(e.given, 0)
		FROM wallets w LEFT JOIN (SELECT e.wallet_id, sum(e.amount), count(*), max(e.number) AS last, max(e.posted_at) AS last_at,
				sum(e.amount) FILTER (WHERE t.kind IN ('transfer', 'transfer_back')) AS given
			FROM entries e LEFT JOIN transfers t ON t.tenant_id = e.tenant_id AND t.id = e.transfer_id
			WHERE e.tenant_id = @tenant GROUP BY e.wallet_id) e ON e.wallet_id = w.id
		WHERE w.tenant_id = @tenant`},
	{rules: []string{"balance"}, how: inNew, sql: `SELECT 'wallet ' || w.id, (w.balance, w.entries, w.last_at) IS DISTINCT FROM (e.balance_after, e.number, e.posted_at)
		FROM {wallets} w LEFT JOIN LATERAL (SELECT balance_after, number, posted_at FROM entries e
			WHERE e.tenant_id = @tenant AND e.wallet_id = w.id ORDER BY e.number DESC LIMIT 1) e ON true`},
	{rules: []string{"assets"}, how: inWhole, sql: `SELECT 'asset ' || asset, sum(balance) <> 0 FROM wallets WHERE tenant_id = @tenant GROUP BY asset`},
	{rules: []string{"moved"}, sql: `SELECT 'log line ' || l.id, CASE WHEN l.transfer_id IS NULL THEN l.amount IS NOT NULL ELSE t.id IS NULL END
		FROM {log} l {with transfers t: t.tenant_id = l.tenant_id AND t.id = l.transfer_id}
		WHERE l.transfer_id IS NOT NULL OR l.action = ANY (@movements)`},
	{rules: []string{"paid"}, sql: `SELECT 'charge ' || c.id, c.transfer_id IS NOT NULL AND t.kind IS DISTINCT FROM 'charge' OR (c.transfer_id IS NULL) <> (c.amount = 0)
		FROM {charges} c {with transfers t: t.tenant_id = c.tenant_id AND t.id = c.transfer_id}`},
	{rules: []string{"messages_paid"}, sql: paidMessages("charge_id", "charge")},
	{rules: []string{"messages_refunded"}, how: inWhole, sql: paidMessages("refund_id", "refund")},
	{rules: []string{"messages_named"}, sql: `SELECT 'message ' || id, (amount > 0) <> (charge_id IS NOT NULL) OR refund_id IS NOT NULL AND charge_id IS NULL
			OR CASE WHEN package_id IS NULL THEN asset LIKE 'units:%' ELSE asset <> 'units:' || package_id END FROM {messages} m`},
	{rules: []string{"closed_empty", "standing", "owned", "floor", "size", "expired"}, sql: `SELECT 'wallet ' || w.id,
			w.kind IN ('balance', 'units') AND w.closed_at IS NOT NULL AND w.balance <> 0,
			coalesce(a.kind = 'sub' AND w.kind <> 'used' AND (a.status IN ('deactivated', 'deleted')) <> (w.closed_at IS NOT NULL), false),
			a.id IS NULL OR w.package_id IS NOT NULL AND p.id IS NULL,
			coalesce(w.balance < w.floor, false),
			coalesce(w.kind = 'issued' AND w.balance < -p.units * 1000000, false),
			coalesce(w.kind = 'units' AND p.expired_at IS NOT NULL AND w.balance <> 0, false)
		FROM {wallets} w {with accounts a: a.tenant_id = w.tenant_id AND a.id = w.account_id}
			{with packages p: p.tenant_id = w.tenant_id AND p.id = w.package_id}`},
	{rules: []string{"conserved"}, how: inWhole, sql: `SELECT 'package ' || p.id, coalesce(e.issued, 0) <> coalesce(h.held, 0) + coalesce(e.ended, 0) OR e.issued > p.units * 1000000
		FROM packages p
		LEFT JOIN (SELECT package_id, sum(balance) AS held FROM wallets WHERE tenant_id = @tenant AND kind IN ('units', 'used') GROUP BY package_id) h ON h.package_id = p.id
		LEFT JOIN (SELECT w.package_id, -sum(e.amount) FILTER (WHERE e.amount < 0) AS issued, sum(e.amount) FILTER (WHERE e.amount > 0) AS ended
			FROM wallets w JOIN entries e ON e.tenant_id = w.tenant_id AND e.wallet_id = w.id
			WHERE w.tenant_id = @tenant AND w.kind = 'issued' GROUP BY w.package_id) e ON e.package_id = p.id
		WHERE p.tenant_id = @tenant`},
	{rules: []string{"recharges"}, sql: `SELECT 'recharge ' || r.id, t.kind IS DISTINCT FROM 'transfer' OR (f.account_id, f.kind) IS DISTINCT FROM (r.account_id, 'recharge')
			OR NOT EXISTS (SELECT FROM entries e JOIN wallets w ON w.tenant_id = e.tenant_id AND w.id = e.wallet_id
				WHERE e.tenant_id = r.tenant_id AND e.transfer_id = r.transfer_id AND w.account_id = r.account_id AND w.kind = 'balance' AND e.amount = r.amount)
		FROM {recharges} r {with transfers t: t.tenant_id = r.tenant_id AND t.id = r.transfer_id} {with falls f: f.tenant_id = r.tenant_id AND f.id = r.fall_id}`},
	{rules: []string{"limits"}, how: inWhole, sql: `SELECT 'account ' || l.account_id, a.funding IS DISTINCT FROM 'limit'
		FROM monthly_limits l LEFT JOIN accounts a ON a.tenant_id = l.tenant_id AND a.id = l.account_id WHERE l.tenant_id = @tenant`},
	{rules: []string{"accounts"}, how: inWhole, sql: `SELECT 'account ' || a.id, coalesce(p.kind NOT IN ('parent', 'operator'), true) OR a.kind <> 'operator' AND coalesce(w.count, 0) <> 2
		FROM accounts a LEFT JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.tenant_id
		LEFT JOIN (SELECT account_id, count(*) FROM wallets WHERE tenant_id = @tenant AND kind IN ('balance', 'spent') GROUP BY account_id) w ON w.account_id = a.id
		WHERE a.tenant_id = @tenant`},
	{rules: []string{"keys"}, how: inWhole, sql: `SELECT 'key of account ' || k.account_id, l.id IS NULL FROM idempotency_keys k
		LEFT JOIN action_log l ON l.tenant_id = k.tenant_id AND l.id = k.event_id WHERE k.tenant_id = @tenant`},
	{rules: []string{"units_held"}, how: inWhole, sql: `SELECT 'account ' || s.account_id, s.units_held <> coalesce(u.sum, 0) FROM wallets s
		LEFT JOIN (SELECT account_id, sum(balance) FROM wallets WHERE tenant_id = @tenant AND kind = 'units' GROUP BY account_id) u ON u.account_id = s.account_id
		WHERE s.tenant_id = @tenant AND s.kind = 'spent' AND s.account_id <> s.tenant_id`},
	{rules: []string{"drawn"}, how: inWhole, sql: `SELECT 'wallet ' || w.id, w.drawn_day <> coalesce(d.day, 0) OR w.drawn_month <> coalesce(d.month, 0)
		FROM wallets w LEFT JOIN LATERAL (SELECT sum(e.amount) FILTER (WHERE e.number > w.day_after) AS day, sum(e.amount) FILTER (WHERE e.number > w.month_after) AS month
			FROM entries e JOIN entries o ON o.tenant_id = e.tenant_id AND o.transfer_id = e.transfer_id AND o.wallet_id <> e.wallet_id
			JOIN wallets p ON p.tenant_id = o.tenant_id AND p.id = o.wallet_id AND p.kind = 'balance' AND p.account_id <> w.account_id
			WHERE e.tenant_id = w.tenant_id AND e.wallet_id = w.id AND e.number > least(w.day_after, w.month_after)) d ON true
		WHERE w.tenant_id = @tenant AND w.kind = 'spent' AND w.counted_day IS NOT NULL`},
	{rules: []string{"falls"}, how: inWhole, sql: `SELECT 'fall ' || f.id, NOT EXISTS (SELECT FROM wallets w WHERE w.tenant_id = f.tenant_id AND w.account_id = f.account_id
			AND w.kind = 'balance' AND w.closed_at IS NULL AND f.id = CASE f.kind WHEN 'low' THEN w.low_fall ELSE w.recharge_fall END)
		FROM falls f WHERE f.tenant_id = @tenant AND f.ended_at IS NULL
		UNION ALL SELECT 'wallet ' || w.id, w.low_fall IS NOT NULL AND (l.id IS NULL OR w.balance - coalesce(w.floor, 0) >= w.low_below)
			OR w.recharge_fall IS NOT NULL AND (r.id IS NULL OR w.balance - coalesce(w.floor, 0) >= w.recharge_below)
		FROM wallets w LEFT JOIN falls l ON l.tenant_id = w.tenant_id AND l.id = w.low_fall AND l.ended_at IS NULL
		LEFT JOIN falls r ON r.tenant_id = w.tenant_id AND r.id = w.recharge_fall AND r.ended_at IS NULL
		WHERE w.tenant_id = @tenant AND (w.low_fall IS NOT NULL OR w.recharge_fall IS NOT NULL)`},
}

// paidMessages holds the messages that name a transfer in a column against it: by those that are of its kind.
func paidMessages(column, kind string) string {
	return `SELECT 'transfer ' || m.id, (m.amount, m.asset, m.other) IS DISTINCT FROM (e.amount, e.asset, e.asset)
		FROM (SELECT tenant_id, ` + column + ` AS id, sum(amount) AS amount, min(asset) AS asset, max(asset) AS other FROM {messages} m
			WHERE ` + column + ` IS NOT NULL GROUP BY tenant_id, ` + column + `) m
		{with transfers t: t.tenant_id = m.tenant_id AND t.id = m.id AND t.kind = '` + kind + `'}
		{with entries e: e.tenant_id = m.tenant_id AND e.transfer_id = t.id AND e.amount > 0}`
}

// movements are the actions of the log that tell of an amount that moved.
var movements = []string{string(models.TransferPosted), string(models.TransferredBack), string(models.MoneyReceived), string(models.UsageCharged),
	string(models.UsageRefunded), string(models.PurchasePaid), string(models.PackageUnitsIssued), string(models.PackageUnitsExpired)}

// whole are the tables of a whole check.
var whole = strings.NewReplacer(
	"{transfers}", `(SELECT * FROM transfers WHERE tenant_id = @tenant)`,
	"{log}", `(SELECT * FROM action_log WHERE tenant_id = @tenant)`,
	"{charges}", `(SELECT * FROM charges WHERE tenant_id = @tenant)`,
	"{charges of transfers}", `(SELECT * FROM charges WHERE tenant_id = @tenant AND transfer_id IS NOT NULL)`,
	"{messages}", `(SELECT * FROM messages WHERE tenant_id = @tenant)`,
	"{recharges}", `(SELECT * FROM recharges WHERE tenant_id = @tenant)`,
	"{entries}", `(SELECT * FROM entries WHERE tenant_id = @tenant)`,
	"{chains}", `(SELECT *, false AS anchor FROM entries WHERE tenant_id = @tenant)`,
	"{wallets}", `(SELECT * FROM wallets WHERE tenant_id = @tenant)`,
)

// What is new. OFFSET 0 keeps PostgreSQL from joining in another order than it is written.
const (
	newTransfers = `SELECT * FROM transfers WHERE tenant_id = @tenant AND id >= @first`
	newEntries   = `SELECT e.* FROM (` + newTransfers + `) f CROSS JOIN LATERAL (
		SELECT * FROM entries x WHERE x.tenant_id = @tenant AND x.transfer_id = f.id OFFSET 0) e`
	newChains = `SELECT e.*, e.number < d.first AS anchor FROM (SELECT wallet_id, min(number) AS first FROM (` + newEntries + `) n GROUP BY wallet_id) d
		CROSS JOIN LATERAL (SELECT * FROM entries x WHERE x.tenant_id = @tenant AND x.wallet_id = d.wallet_id AND x.number >= d.first - 1 OFFSET 0) e`
)

// recent are the tables of a check of what is new.
var recent = strings.NewReplacer(
	"{transfers}", `(`+newTransfers+`)`,
	"{log}", `(SELECT * FROM action_log WHERE tenant_id = @tenant AND at >= @logged)`,
	"{charges}", `(SELECT * FROM charges WHERE tenant_id = @tenant AND id >= @first)`,
	"{charges of transfers}", `(SELECT c.* FROM (`+newTransfers+`) f CROSS JOIN LATERAL (
		SELECT * FROM charges x WHERE x.tenant_id = @tenant AND x.transfer_id = f.id OFFSET 0) c)`,
	"{messages}", `(SELECT * FROM messages WHERE tenant_id = @tenant AND id >= @first)`,
	"{recharges}", `(SELECT * FROM recharges WHERE tenant_id = @tenant AND id >= @first)`,
	"{entries}", `(`+newEntries+`)`,
	"{chains}", `(`+newChains+`)`,
	"{wallets}", `(SELECT w.* FROM (SELECT DISTINCT wallet_id FROM (`+newEntries+`) n) d CROSS JOIN LATERAL (
		SELECT * FROM wallets x WHERE x.tenant_id = @tenant AND x.id = d.wallet_id OFFSET 0) w)`,
)

var with = regexp.MustCompile(`\{with (\w+) (\w+): ([^}]*)\}`)

func wholeSQL(p pass) string {
	return whole.Replace(with.ReplaceAllString(p.sql, `LEFT JOIN $1 $2 ON $3`))
}

func newSQL(p pass) string {
	return recent.Replace(with.ReplaceAllString(p.sql, `LEFT JOIN LATERAL (SELECT * FROM $1 $2 WHERE $3 OFFSET 0) $2 ON true`))
}
