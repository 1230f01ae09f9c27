package ledger

import (
	"fmt"

	"offshoot/models"
	"offshoot/services/store"
)

// Books is what a check of one tenant's books looked at and found.
type Books struct {
	Wallets   int64
	Transfers int64
	Entries   int64
	Charges   int64
	Faults    []string // empty: the books are right
}

// rule is one thing that must hold: the query returns what breaks it.
type rule struct{ says, breaks string }

// rules are what must hold in the books of every tenant at every moment that anybody else can see. @tenant is the tenant.
var rules = []rule{
	{"the entries of a transfer sum to zero", `SELECT transfer_id::text FROM entries WHERE tenant_id = @tenant
		GROUP BY transfer_id, asset HAVING sum(amount) <> 0`},
	{"a transfer has two entries or more", `SELECT t.id::text FROM transfers t WHERE t.tenant_id = @tenant
		AND (SELECT count(*) FROM entries e WHERE e.tenant_id = t.tenant_id AND e.transfer_id = t.id) < 2`},
	{"a balance is the sum of its entries, counted and dated", `SELECT w.id::text FROM wallets w
		LEFT JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS sum, count(*) AS count, coalesce(max(number), 0) AS last, max(posted_at) AS last_at
			FROM entries e WHERE e.tenant_id = w.tenant_id AND e.wallet_id = w.id) e ON true
		WHERE w.tenant_id = @tenant AND (w.balance <> e.sum OR w.entries <> e.count OR w.entries <> e.last OR w.last_at IS DISTINCT FROM e.last_at)`},
	{"every entry says what the balance was after it", `SELECT wallet_id::text FROM (SELECT wallet_id, balance_after,
			sum(amount) OVER (PARTITION BY wallet_id ORDER BY number) AS running FROM entries WHERE tenant_id = @tenant) e
		WHERE balance_after <> running`},
	{"a wallet's entries never go back in time", `SELECT wallet_id::text FROM (SELECT wallet_id, posted_at,
			lag(posted_at) OVER (PARTITION BY wallet_id ORDER BY number) AS before FROM entries WHERE tenant_id = @tenant) e
		WHERE posted_at < before`},
	{"all wallets of an asset sum to zero", `SELECT asset FROM wallets WHERE tenant_id = @tenant GROUP BY asset HAVING sum(balance) <> 0`},
	{"every transfer stands in the action log once, with its amount", `SELECT t.id::text FROM transfers t
		LEFT JOIN (SELECT transfer_id, count(*) AS count, max(amount) AS amount FROM action_log WHERE tenant_id = @tenant GROUP BY transfer_id) l
			ON l.transfer_id = t.id
		LEFT JOIN (SELECT transfer_id, max(amount) AS amount FROM entries WHERE tenant_id = @tenant GROUP BY transfer_id) e ON e.transfer_id = t.id
		WHERE t.tenant_id = @tenant AND (l.count IS DISTINCT FROM 1 OR l.amount IS DISTINCT FROM e.amount)`},
	{"what a parent has given is what its transfers say", `SELECT w.id::text FROM wallets w WHERE w.tenant_id = @tenant AND w.allocated <> (
		SELECT coalesce(sum(e.amount), 0) FROM entries e JOIN transfers t ON t.tenant_id = e.tenant_id AND t.id = e.transfer_id
		WHERE e.tenant_id = w.tenant_id AND e.wallet_id = w.id AND t.kind IN ('transfer', 'transfer_back'))`},
	{"every charge is paid by its transfer, and every charging transfer has its charges", `SELECT t.id::text FROM transfers t
		LEFT JOIN (SELECT transfer_id, sum(amount) AS amount, min(asset) AS asset, max(asset) AS other FROM charges
			WHERE tenant_id = @tenant AND transfer_id IS NOT NULL GROUP BY transfer_id) c ON c.transfer_id = t.id
		LEFT JOIN (SELECT transfer_id, max(amount) AS amount, min(asset) AS asset FROM entries WHERE tenant_id = @tenant GROUP BY transfer_id) e
			ON e.transfer_id = t.id
		WHERE t.tenant_id = @tenant AND (t.kind = 'charge' AND (c.amount, c.asset, c.other) IS DISTINCT FROM (e.amount, e.asset, e.asset)
			OR t.kind <> 'charge' AND c.transfer_id IS NOT NULL)`},
	{"what messages cost is what the transfers that paid for them took", paidMessages("charge_id", "charge")},
	{"what messages were given back is what the refunds gave", paidMessages("refund_id", "refund")},
	{"a message that cost something names what paid", `SELECT id::text FROM messages
		WHERE tenant_id = @tenant AND ((amount > 0) <> (charge_id IS NOT NULL) OR refund_id IS NOT NULL AND charge_id IS NULL
			OR CASE WHEN package_id IS NULL THEN asset LIKE 'units:%' ELSE asset <> 'units:' || package_id END)`},
	{"a closed account holds nothing", `SELECT id::text FROM wallets
		WHERE tenant_id = @tenant AND kind IN ('balance', 'units') AND closed_at IS NOT NULL AND balance <> 0`},
	{"of an expired package nothing is left", `SELECT w.id::text FROM wallets w
		JOIN packages p ON p.tenant_id = w.tenant_id AND p.id = w.package_id
		WHERE w.tenant_id = @tenant AND w.kind = 'units' AND p.expired_at IS NOT NULL AND w.balance <> 0`},
	{"no more units of a package were issued than it has", `SELECT w.id::text FROM wallets w
		LEFT JOIN packages p ON p.tenant_id = w.tenant_id AND p.id = w.package_id
		WHERE w.tenant_id = @tenant AND w.kind = 'issued' AND (p.id IS NULL OR w.balance < -p.units * 1000000)`},
	{"the list's units are those in a sub-account's wallets", `SELECT s.id::text FROM wallets s
		WHERE s.tenant_id = @tenant AND s.kind = 'spent' AND s.account_id <> s.tenant_id AND s.units_held <> (SELECT coalesce(sum(balance), 0)
			FROM wallets u WHERE u.tenant_id = s.tenant_id AND u.account_id = s.account_id AND u.kind = 'units')`},
	{"a deactivated or deleted sub-account is closed, and no other", `SELECT a.id::text FROM accounts a
		JOIN wallets w ON w.tenant_id = a.tenant_id AND w.account_id = a.id
		WHERE a.tenant_id = @tenant AND a.kind = 'sub' AND w.kind <> 'used' AND (a.status IN ('deactivated', 'deleted')) <> (w.closed_at IS NOT NULL)`},
}

// paidMessages holds the messages that name a transfer in a column against it: by those that are of its kind.
func paidMessages(column, kind string) string {
	return `SELECT m.id::text FROM (SELECT ` + column + ` AS id, sum(amount) AS amount, min(asset) AS asset, max(asset) AS other FROM messages
			WHERE tenant_id = @tenant AND ` + column + ` IS NOT NULL GROUP BY ` + column + `) m
		LEFT JOIN transfers t ON t.tenant_id = @tenant AND t.id = m.id AND t.kind = '` + kind + `'
		LEFT JOIN (SELECT transfer_id, max(amount) AS amount, min(asset) AS asset FROM entries WHERE tenant_id = @tenant GROUP BY transfer_id) e
			ON e.transfer_id = t.id
		WHERE (m.amount, m.asset, m.other) IS DISTINCT FROM (e.amount, e.asset, e.asset)`
}

// countRules are what must hold of what wallets keep beside their balances. They are no part of the books: while a version that does
// not keep it still serves, or somebody set a wallet right by hand, it is not so, and no money is wrong by that.
var countRules = []rule{
	{"what was drawn in a day is what its entries say", drawnSince("day")},
	{"what was drawn in a month is what its entries say", drawnSince("month")},
	{"an open fall is its wallet's, which is open", `SELECT f.id::text FROM falls f WHERE f.tenant_id = @tenant AND f.ended_at IS NULL AND NOT EXISTS (
		SELECT 1 FROM wallets w WHERE w.tenant_id = f.tenant_id AND w.account_id = f.account_id AND w.kind = 'balance' AND w.closed_at IS NULL
			AND f.id = CASE f.kind WHEN 'low' THEN w.low_fall ELSE w.recharge_fall END)`},
	{"a wallet's fall is open, and it is under the threshold", `SELECT w.id::text FROM wallets w
		LEFT JOIN falls l ON l.tenant_id = w.tenant_id AND l.id = w.low_fall AND l.ended_at IS NULL
		LEFT JOIN falls r ON r.tenant_id = w.tenant_id AND r.id = w.recharge_fall AND r.ended_at IS NULL
		WHERE w.tenant_id = @tenant AND (w.low_fall IS NOT NULL AND (l.id IS NULL OR w.balance - coalesce(w.floor, 0) >= w.low_below)
			OR w.recharge_fall IS NOT NULL AND (r.id IS NULL OR w.balance - coalesce(w.floor, 0) >= w.recharge_below))`},
}

// drawnSince holds the counts of a period against the entries that are in it and have their other side on another account's
// balance.
func drawnSince(period string) string {
	return `SELECT w.id::text FROM wallets w WHERE w.tenant_id = @tenant AND w.kind = 'spent' AND w.counted_day IS NOT NULL
		AND w.drawn_` + period + ` <> (SELECT coalesce(sum(e.amount), 0) FROM entries e
			JOIN entries o ON o.tenant_id = e.tenant_id AND o.transfer_id = e.transfer_id AND o.wallet_id <> e.wallet_id
			JOIN wallets p ON p.tenant_id = o.tenant_id AND p.id = o.wallet_id AND p.kind = 'balance' AND p.account_id <> w.account_id
			WHERE e.tenant_id = w.tenant_id AND e.wallet_id = w.id AND e.number > w.` + period + `_after)`
}

// CheckCounts names what wallets of the actor's tenant keep beside their balances and is not so. For: tests.
func CheckCounts(tx *store.Tx) ([]string, error) {
	var faults []string
	for _, r := range countRules {
		found, err := broken(tx, r, tx.Actor.Tenant)
		if err != nil {
			return nil, fmt.Errorf("counts: %s: %w", r.says, err)
		}
		faults = append(faults, found...)
	}
	return faults, nil
}

// CheckBooks checks every rule over the books of the actor's tenant, within one snapshot.
func CheckBooks(tx *store.Tx) (Books, error) {
	tenant := tx.Actor.Tenant
	var b Books
	for table, count := range map[string]*int64{"wallets": &b.Wallets, "transfers": &b.Transfers, "entries": &b.Entries, "charges": &b.Charges} {
		if err := tx.Raw(`SELECT count(*) FROM `+table+` WHERE tenant_id = ?`, tenant).Scan(count).Error; err != nil {
			return b, err
		}
	}
	for _, r := range rules {
		faults, err := broken(tx, r, tenant)
		if err != nil {
			return b, fmt.Errorf("books: %s: %w", r.says, err)
		}
		b.Faults = append(b.Faults, faults...)
	}
	return b, nil
}

// broken names the first few things that break a rule.
func broken(tx *store.Tx, r rule, tenant models.ID) ([]string, error) {
	var found []string
	err := tx.Raw(`SELECT * FROM (`+r.breaks+`) x LIMIT 5`, map[string]any{"tenant": tenant}).Scan(&found).Error
	for i, what := range found {
		found[i] = r.says + ": not so for " + what
	}
	return found, err
}
