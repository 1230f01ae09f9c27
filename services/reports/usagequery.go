package reports

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"offshoot/models"
	"offshoot/services/store"
)

// usageQuery adds usage up for one reader and filter.
type usageQuery struct {
	days     models.Days
	group    models.UsageGrouping
	accounts bool      // a row for each
	account  models.ID // NoID: all of the tenant's
	country  string
	kind     string
	status   string
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
	r, err := reachThrough(actor, models.ViewReports)
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
		q.days, q.group, q.accounts = filter.Days, filter.GroupBy, filter.ByAccount
		q.country, q.kind, q.status = filter.Country, filter.Kind, filter.Status
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
		if a.hidesPrices() {
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

// isByTime says whether the rows are days or months; otherwise all of the report's days are one.
func (q usageQuery) isByTime() bool { return q.group == models.ByDay || q.group == models.ByMonth }

// isDetailed says whether the report needs to know kinds, countries or statuses.
func (q usageQuery) isDetailed() bool {
	return !q.isByTime() || q.country != "" || q.kind != "" || q.status != ""
}

// bucket is a day or month of a report, from its first moment to that of the next one.
type bucket struct {
	day          models.Day
	since, until time.Time
}

// whole is all of the report's days as one bucket.
func (q usageQuery) whole() []bucket {
	from, until := q.days.Bounds()
	return []bucket{{since: from, until: until}}
}

// buckets are the days or months of the report in order; by country or status it is one. A day that the reader's zone left
// out is none.
func (q usageQuery) buckets() []bucket {
	if !q.isByTime() {
		return q.whole()
	}
	_, until := q.days.Bounds()
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
	buckets := q.buckets()
	if !q.isByTime() || q.accounts {
		return q.rows(ctx, tx, buckets, limit, func(_ int, row models.UsageRow) error { return each(row) })
	}
	next := 0
	upTo := func(n int) error {
		for ; next < n && (limit == 0 || next < limit) && !buckets[next].since.After(tx.Now); next++ {
			if err := each(models.UsageRow{Day: buckets[next].day, Usage: q.none()}); err != nil {
				return err
			}
		}
		return nil
	}
	err := q.rows(ctx, tx, buckets, 0, func(n int, row models.UsageRow) error {
		if err := upTo(n); err != nil || limit > 0 && n >= limit {
			return err
		}
		next = n + 1
		return each(row)
	})
	if err == nil {
		err = upTo(len(buckets))
	}
	return err
}

// all adds everything up into one.
func (q usageQuery) all(ctx context.Context, tx *store.Tx) (models.Usage, error) {
	total := q.none()
	q.group, q.accounts = models.ByDay, false
	err := q.rows(ctx, tx, q.whole(), 0, func(_ int, row models.UsageRow) error {
		total = row.Usage
		return nil
	})
	return total, err
}

// rows hands over the rows that have usage, in order, each with the place of its bucket.
func (q usageQuery) rows(ctx context.Context, tx *store.Tx, buckets []bucket, limit int, each func(int, models.UsageRow) error) error {
	w := &where{}
	source, err := q.source(tx, w, buckets)
	if err != nil {
		return err
	}
	sql := q.sql(w, tx.Actor.Tenant, source, limit)
	return tx.Rows(ctx, func(rows pgx.Rows) error {
		var (
			row         models.UsageRow
			n           int
			units, cost int64
			account     pgtype.UUID
		)
		targets := []any{&n, &row.Country, &row.Status, &account, &row.AccountName, &row.Messages, &row.Delivered, &row.Failed, &row.Others, &row.Parts, &units, &cost}
		for rows.Next() {
			if err := rows.Scan(targets...); err != nil {
				return err
			}
			row.Day, row.Account, row.Units = buckets[n-1].day, account.Bytes, units/unit
			if q.cost != noCost {
				money := models.FromMicros(cost, q.currency)
				row.Cost = &money
			}
			if err := each(n-1, row); err != nil {
				return err
			}
		}
		return rows.Err()
	}, sql, w.args...)
}

// unit is one unit of a package in millionths.
const unit = 1_000_000

// figures are added up from a source; the last is what the reader sees as cost.
func (q usageQuery) figures() string {
	cost := map[costRule]string{noCost: "0::bigint", ownCost: "sum(own_cost)::bigint", wholeCost: "sum(cost)::bigint"}[q.cost]
	return `sum(messages)::bigint AS messages, sum(delivered)::bigint AS delivered, sum(failed)::bigint AS failed, sum(others)::bigint AS others,
		sum(parts)::bigint AS parts, sum(units)::bigint AS units, ` + cost + ` AS cost`
}

func (q usageQuery) sql(w *where, tenant models.ID, source string, limit int) string {
	country, status, account, by := "''", "''", "NULL::uuid", []string{"n"}
	switch q.group {
	case models.ByCountry:
		country, by = "country", append(by, "country")
	case models.ByStatus:
		status, by = "status", append(by, "status")
	}
	if q.accounts {
		account, by = "account_id", append(by, "account_id")
	}
	sql := `SELECT g.n, g.country, g.status, g.account_id, coalesce(a.name, ''), messages, delivered, failed, others, parts, units, cost
		FROM (SELECT n, ` + country + ` AS country, ` + status + ` AS status, ` + account + ` AS account_id, ` + q.figures() + `
			FROM (` + source + `) u WHERE n > 0 GROUP BY ` + strings.Join(by, ", ") + `
			HAVING (sum(messages), sum(others), sum(parts), sum(units), sum(cost)) <> (0, 0, 0, 0, 0)) g
		LEFT JOIN accounts a ON a.tenant_id = ` + w.arg(tenant) + ` AND a.id = g.account_id
		ORDER BY g.n, g.country, array_position(` + w.arg(models.MessageStatuses) + `::text[], g.status), lower(a.name), g.account_id`
	if limit > 0 {
		sql += " LIMIT " + w.arg(limit)
	}
	return sql
}
