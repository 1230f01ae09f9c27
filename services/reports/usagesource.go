package reports

import (
	"strconv"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/store"
	"offshoot/services/usage"
)

// source writes the rows of usage in some buckets, of which none begins before the one before it ends: n, which bucket, with
// account_id, country, status and the columns of the sums. What is of none of the buckets has no n above 0.
//
// A bucket is cut at the days and months of the tenant's sums. Whole months of single accounts come from the months, other
// whole days from the days, and what the reader's zone leaves at both ends from the quarters of an hour of the tenant, or,
// where accounts are told apart, from the log. To what comes from sums comes what waits to be added to them.
func (q usageQuery) source(tx *store.Tx, w *where, buckets []bucket) (string, error) {
	zone, err := usage.ZoneOf(tx)
	if err != nil {
		return "", err
	}
	perAccount := q.accounts || q.account != models.NoID
	var c cutter
	for i, b := range buckets {
		c.cut(int64(i+1), b.since.Truncate(usage.Quarter), b.until.Truncate(usage.Quarter), zone, perAccount)
	}
	level := func(l usage.Level) usage.Level {
		if q.isDetailed() {
			return l.Detailed()
		}
		return l
	}
	days := level(usage.Days)
	if perAccount {
		days = level(usage.AccountDays)
	}
	tenant := w.arg(tx.Actor.Tenant)
	parts := []string{q.waiting(w, tenant, &c.waiting)}
	for _, s := range []struct {
		level usage.Level
		cuts  *cuts
	}{{level(usage.AccountMonths), &c.months}, {days, &c.days}, {level(usage.Quarters), &c.quarters}} {
		if !s.cuts.isEmpty() {
			parts = append(parts, q.sums(w, tenant, s.level, s.cuts))
		}
	}
	if !c.log.isEmpty() {
		parts = append(parts, q.log(w, tenant, &c.log))
	}
	return strings.Join(parts, " UNION ALL "), nil
}

const sourceColumns = `account_id, country, status, messages, delivered, failed, others, parts, units, cost, own_cost`

// sums are those of one level.
func (q usageQuery) sums(w *where, tenant string, level usage.Level, c *cuts) string {
	lows, highs := c.ranges()
	return `SELECT ` + c.bucket(w, "period", int32s) + ` AS n, ` + sourceColumns + `
		FROM unnest(` + w.arg(int32s(lows)) + `::int[], ` + w.arg(int32s(highs)) + `::int[]) r (low, high)
		CROSS JOIN LATERAL (SELECT * FROM usage_sums WHERE tenant_id = ` + tenant + ` AND level = ` + strconv.Itoa(int(level)) + `
			AND period >= r.low AND period < r.high` + q.narrow(w, "") + `) s`
}

// waiting are the changes that no sum has yet.
func (q usageQuery) waiting(w *where, tenant string, c *cuts) string {
	return `SELECT ` + c.bucket(w, "quarter", moments) + ` AS n, account_id, country::text, status, ` + usage.Measured + `
		FROM usage_changes u WHERE tenant_id = ` + tenant + q.narrow(w, "")
}

// log are the messages and charges themselves.
func (q usageQuery) log(w *where, tenant string, c *cuts) string {
	lows, highs := c.ranges()
	firsts, ends := make([]models.ID, len(lows)), make([]models.ID, len(lows))
	for i := range lows {
		firsts[i], ends[i] = models.FirstIDAt(time.Unix(lows[i], 0)), models.FirstIDAt(time.Unix(highs[i], 0))
	}
	return `SELECT ` + c.bucket(w, "u.at", moments) + ` AS n, account_id, country, status, ` + usage.Measured + `
		FROM unnest(` + w.arg(moments(lows)) + `::timestamptz[], ` + w.arg(moments(highs)) + `::timestamptz[], ` + w.arg(firsts) + `::uuid[], ` + w.arg(ends) + `::uuid[])
			r (since, until, first, ended)
		CROSS JOIN LATERAL (` + usage.LogSQL(tenant, ` AND m.id >= r.first AND m.id < r.ended`+q.narrow(w, "m"),
		` AND c.charged_at >= r.since AND c.charged_at < r.until`+q.narrow(w, "c")) + `) u`
}

// narrow is the filter as conditions on a table: messages m and charges c lack the columns that say the same of all their
// rows.
func (q usageQuery) narrow(w *where, table string) string {
	column, conditions := "", ""
	if table != "" {
		column = table + "."
	}
	and := func(condition string) { conditions += " AND " + condition }
	if q.account != models.NoID {
		and(column + "account_id = " + w.arg(q.account))
	}
	if q.country != "" {
		and(column + "country = " + w.arg(q.country))
	}
	if kind := q.kind; kind != "" && table == "m" {
		and(strconv.FormatBool(kind == "message"))
	} else if kind != "" {
		and(column + "kind = " + w.arg(kind))
	}
	if status := q.status; status != "" && table == "c" {
		and("false")
	} else if status != "" {
		and(column + "status = " + w.arg(status))
	}
	return conditions
}

// cutter cuts buckets into pieces for each of the sources.
type cutter struct{ months, days, quarters, log, waiting cuts }

// cut takes one bucket. Without a zone there are no sums yet, and everything waits.
func (c *cutter) cut(n int64, since, until time.Time, zone *time.Location, perAccount bool) {
	if zone == nil {
		c.waiting.add(n, since.Unix(), until.Unix())
		return
	}
	edge := func(since, until time.Time) {
		if !since.Before(until) {
			return
		}
		if perAccount {
			c.log.add(n, since.Unix(), until.Unix())
			return
		}
		c.quarters.add(n, int64(usage.QuarterPeriod(since)), int64(usage.QuarterPeriod(until)))
		c.waiting.add(n, since.Unix(), until.Unix())
	}
	first, end := usage.DayAt(since, zone), usage.DayAt(until, zone)
	if first.Start(zone).Before(since) {
		first = first.AddDays(1)
	}
	if !first.Before(end) {
		edge(since, until)
		return
	}
	days := func(first, end models.Day) {
		if first.Before(end) {
			c.days.add(n, int64(usage.DayPeriod(first)), int64(usage.DayPeriod(end)))
		}
	}
	edge(since, first.Start(zone))
	c.waiting.add(n, first.Start(zone).Unix(), end.Start(zone).Unix())
	month, lastMonth := first.FirstOfMonth(), end.FirstOfMonth()
	if month.Before(first) {
		month = month.AddMonths(1)
	}
	if perAccount && month.Before(lastMonth) {
		days(first, month)
		c.months.add(n, int64(usage.MonthPeriod(month)), int64(usage.MonthPeriod(lastMonth)))
		days(lastMonth, end)
	} else {
		days(first, end)
	}
	edge(end.Start(zone), until)
}

// cuts are pieces of buckets on one scale, ascending: bounds, each with the bucket that begins there, 0 where none does.
type cuts struct{ bounds, buckets []int64 }

func (c *cuts) isEmpty() bool { return len(c.bounds) == 0 }

func (c *cuts) add(n, low, high int64) {
	if low >= high {
		return
	}
	if last := len(c.bounds) - 1; last >= 0 && c.bounds[last] == low {
		c.buckets[last] = n
	} else {
		c.bounds, c.buckets = append(c.bounds, low), append(c.buckets, n)
	}
	c.bounds, c.buckets = append(c.bounds, high), append(c.buckets, 0)
}

// ranges are the stretches without a gap.
func (c *cuts) ranges() (lows, highs []int64) {
	for i, n := range c.buckets {
		if n > 0 && (i == 0 || c.buckets[i-1] == 0) {
			lows = append(lows, c.bounds[i])
		}
		if n == 0 {
			highs = append(highs, c.bounds[i])
		}
	}
	return lows, highs
}

// bucket is the SQL of the bucket that a value is in.
func (c *cuts) bucket(w *where, value string, as func([]int64) any) string {
	if c.isEmpty() {
		return "0"
	}
	return "(" + w.arg(c.buckets) + "::int[])[width_bucket(" + value + ", " + w.arg(as(c.bounds)) + map[bool]string{true: "::int[]", false: "::timestamptz[]"}[value == "period"] + ")]"
}

func int32s(values []int64) any {
	all := make([]int32, len(values))
	for i, v := range values {
		all[i] = int32(v)
	}
	return all
}

func moments(seconds []int64) any {
	all := make([]time.Time, len(seconds))
	for i, s := range seconds {
		all[i] = time.Unix(s, 0).UTC()
	}
	return all
}
