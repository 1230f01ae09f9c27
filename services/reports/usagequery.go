package reports

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"offshoot/models"
	"offshoot/services/store"
)

// usageQuery adds charges up for one reader and filter.
type usageQuery struct {
	days     models.Days
	group    models.UsageGrouping
	accounts bool      // a row for each
	account  models.ID // NoID: all of the tenant's
	country  string
	kind     string
	currency string
	cost     costRule
}

// costRule is what the reader sees as cost.
type costRule int

const (
	noCost  costRule = iota
	ownCost          // what the account paid itself, not what its parent paid for it
	wholeCost
)

func (s *Service) readUsage(ctx context.Context, actor models.Actor, filter UsageFilter, read func(context.Context, *store.Tx, usageQuery) error) error {
	r, err := reachOf(actor)
	if err != nil {
		return err
	}
	if err := filter.validate(); err != nil {
		return err
	}
	return s.read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		q, err := usageOf(tx, r, filter.Account)
		if err != nil {
			return err
		}
		q.days, q.group, q.accounts, q.country, q.kind = filter.Days, filter.GroupBy, filter.ByAccount, filter.Country, filter.Kind
		return read(ctx, tx, q)
	})
}

// usageOf is about one account, or, for NoID, about all that the reader sees.
func usageOf(tx *store.Tx, r reach, id models.ID) (usageQuery, error) {
	a, err := find(tx, r, id)
	if err != nil {
		return usageQuery{}, err
	}
	return usageFor(a, r, id), nil
}

func usageFor(a account, r reach, id models.ID) usageQuery {
	q := usageQuery{account: id, currency: a.Currency, cost: wholeCost}
	if r.own != models.NoID {
		q.account, q.cost = r.own, ownCost
		if a.spendsParents() {
			q.cost = noCost
		}
	}
	return q
}

// none is no usage, with a cost of zero where the reader sees costs.
func (q usageQuery) none() models.Usage {
	if q.cost == noCost {
		return models.Usage{}
	}
	zero := models.Zero(q.currency)
	return models.Usage{Cost: &zero}
}

// bucket is a day or month of a report, from its first moment to that of the next one.
type bucket struct {
	day          models.Day
	since, until time.Time
}

// buckets are the days or months of the report in order; by country it is one. A day that the reader's zone left out is
// none.
func (q usageQuery) buckets() []bucket {
	from, until := q.days.Bounds()
	if q.group == models.ByCountry {
		return []bucket{{since: from, until: until}}
	}
	var all []bucket
	for day := q.days.From; !q.days.To.Before(day); {
		b := bucket{day: day, since: day.Start(q.days.In())}
		if day = day.AddDays(1); q.group == models.ByMonth {
			b.day, day = b.day.FirstOfMonth(), b.day.AddMonths(1)
		}
		if b.until = day.Start(q.days.In()); b.until.After(until) {
			b.until = until
		}
		if b.since.Before(b.until) {
			all = append(all, b)
		}
	}
	return all
}

// each hands the rows over in order, limit of them at most; 0: all. Where a row is a day or month alone, those without
// usage have one too, but for those to come.
func (q usageQuery) each(ctx context.Context, tx *store.Tx, limit int, each func(models.UsageRow) error) error {
	return q.rows(ctx, tx, q.buckets(), limit, func(b bucket, row models.UsageRow) error {
		if b.since.After(tx.Now) && row.Messages == 0 && row.Parts == 0 && row.Others == 0 {
			return nil
		}
		return each(row)
	})
}

// all adds everything up into one.
func (q usageQuery) all(ctx context.Context, tx *store.Tx) (models.Usage, error) {
	whole := q.none()
	q.group, q.accounts = models.ByDay, false
	from, until := q.days.Bounds()
	err := q.rows(ctx, tx, []bucket{{since: from, until: until}}, 0, func(_ bucket, row models.UsageRow) error {
		whole = row.Usage
		return nil
	})
	return whole, err
}

func (q usageQuery) rows(ctx context.Context, tx *store.Tx, buckets []bucket, limit int, each func(bucket, models.UsageRow) error) error {
	sql, args := q.sql(tx.Actor.Tenant, buckets, limit)
	return tx.Rows(ctx, func(rows pgx.Rows) error {
		var (
			row     models.UsageRow
			n       int
			cost    int64
			account pgtype.UUID
		)
		targets := []any{&n, &row.Country, &account, &row.AccountName, &row.Messages, &row.Parts, &row.Others, &cost}
		for rows.Next() {
			if err := rows.Scan(targets...); err != nil {
				return err
			}
			b := buckets[n-1]
			row.Day, row.Account = b.day, account.Bytes
			if q.cost != noCost {
				money := models.FromMicros(cost, q.currency)
				row.Cost = &money
			}
			if err := each(b, row); err != nil {
				return err
			}
		}
		return rows.Err()
	}, sql, args...)
}

// sql adds up each bucket by itself, along the index by time: PostgreSQL cannot tell how few buckets there are, and would
// sort all charges to group them by one. OFFSET 0 keeps it from fetching them account by account, which is in no order
// that the table has.
func (q usageQuery) sql(tenant models.ID, buckets []bucket, limit int) (string, []any) {
	since, until := make([]time.Time, len(buckets)), make([]time.Time, len(buckets))
	for i, b := range buckets {
		since[i], until[i] = b.since, b.until
	}
	w := &where{}
	spans := "unnest(" + w.arg(since) + "::timestamptz[], " + w.arg(until) + "::timestamptz[]) WITH ORDINALITY AS s (since, until, n)"
	w.and("tenant_id = ?", tenant)
	w.and("charged_at >= b.since AND charged_at < b.until")
	if q.account != models.NoID {
		w.and("account_id = ?", q.account)
	}
	if q.country != "" {
		w.and("country = ?", q.country)
	}
	if q.kind != "" {
		w.and("kind = ?", q.kind)
	}
	country, account, by := "''", "NULL::uuid", ""
	switch {
	case q.group == models.ByCountry && q.accounts:
		country, account, by = "country::text", "account_id", " GROUP BY country, account_id"
	case q.group == models.ByCountry:
		country, by = "country::text", " GROUP BY country"
	case q.accounts:
		account, by = "account_id", " GROUP BY account_id"
	}
	sql := `SELECT b.n, g.country, g.account_id, coalesce(a.name, ''), g.messages, g.parts, g.others, g.cost
		FROM (SELECT * FROM ` + spans + ` ORDER BY n) b
		CROSS JOIN LATERAL (SELECT ` + country + ` AS country, ` + account + ` AS account_id,
				coalesce(sum(quantity) FILTER (WHERE kind = 'message'), 0)::bigint AS messages,
				coalesce(sum(parts), 0)::bigint AS parts,
				coalesce(sum(quantity) FILTER (WHERE kind <> 'message'), 0)::bigint AS others,
				` + q.costSQL(w) + ` AS cost
			FROM (SELECT account_id, payer_id, kind, country, quantity, parts, asset, amount FROM charges` + w.String() + ` OFFSET 0) c` + by + `) g
		LEFT JOIN accounts a ON a.tenant_id = ` + w.arg(tenant) + ` AND a.id = g.account_id
		ORDER BY b.n, g.country, lower(a.name), g.account_id`
	if limit > 0 {
		sql += " LIMIT " + w.arg(limit)
	}
	return sql, w.args
}

// costSQL is the cost of a row, of the account's currency alone: units of packages are not money.
func (q usageQuery) costSQL(w *where) string {
	switch q.cost {
	case ownCost:
		return "coalesce(sum(amount) FILTER (WHERE asset = " + w.arg(q.currency) + " AND payer_id = account_id), 0)::bigint"
	case wholeCost:
		return "coalesce(sum(amount) FILTER (WHERE asset = " + w.arg(q.currency) + "), 0)::bigint"
	}
	return "0::bigint"
}
