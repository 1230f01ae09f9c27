package usage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// Service adds usage up.
type Service struct {
	store *store.Store
	set   int // how many changes are taken at once
}

// New returns the service on that store.
func New(s *store.Store) *Service { return &Service{store: s, set: 20_000} }

// Roll adds what has changed to the sums, in all tenants, until nothing is left, and returns how many changes it took. Each is
// added exactly once, however many processes do this and whenever one of them dies: a set of changes goes and its sums grow
// in one transaction. A tenant that somebody else is at work in is left to them; one whose sums cannot be written does not
// keep the others waiting. For: a periodic job.
func (s *Service) Roll(ctx context.Context) (taken int64, err error) {
	tenants, err := s.waiting(ctx)
	if err != nil {
		return 0, err
	}
	var failed error
	for _, tenant := range tenants {
		n, err := s.RollTenant(ctx, tenant)
		taken += n
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("usage of %s: %w", tenant, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return taken, failed
}

// RollTenant is Roll for one tenant.
func (s *Service) RollTenant(ctx context.Context, tenant models.ID) (taken int64, err error) {
	for ctx.Err() == nil {
		n, err := s.rollSet(ctx, tenant)
		taken += n
		if err != nil || n < int64(s.set) {
			return taken, err
		}
	}
	return taken, ctx.Err()
}

// rollSet takes one set of changes. One transaction at a time does this in a tenant, so that nobody waits for another's rows.
func (s *Service) rollSet(ctx context.Context, tenant models.ID) (taken int64, err error) {
	err = s.store.Settle(ctx, tenant, func(ctx context.Context, tx *store.Tx) error {
		taken = 0
		var mine bool
		if err := tx.Raw(`SELECT pg_try_advisory_xact_lock(?, hashtext(?))`, rollLock, tenant.String()).Scan(&mine).Error; err != nil || !mine {
			return err
		}
		last, quarters, err := s.oldest(ctx, tx)
		if err != nil || len(quarters) == 0 {
			return err
		}
		zone, err := fixZone(tx)
		if err != nil {
			return err
		}
		var emptied keys
		if taken, emptied, err = take(ctx, tx, last, calendarOf(quarters, zone)); err == nil && len(emptied.level) > 0 {
			tx.Queue(`DELETE FROM usage_sums s USING unnest($2::smallint[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::text[])
					e (level, period, account_id, kind, country, status)
				WHERE s.tenant_id = $1 AND s.level = e.level AND s.period = e.period AND s.account_id = e.account_id
					AND s.kind = e.kind AND s.country = e.country AND s.status = e.status`,
				tenant, emptied.level, emptied.period, emptied.account, emptied.kind, emptied.country, emptied.status)
		}
		return err
	})
	return taken, err
}

// rollLock is the class of the advisory locks that keep two from one tenant.
const rollLock = 0x0ff5_05a6

// oldest are the quarters of an hour of the set that waits longest, and its last change.
func (s *Service) oldest(ctx context.Context, tx *store.Tx) (last models.ID, quarters []time.Time, err error) {
	err = tx.Rows(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			if err := rows.Scan(&last, &quarters); err != nil {
				return err
			}
		}
		return rows.Err()
	}, `WITH batch AS MATERIALIZED (SELECT id, quarter FROM usage_changes WHERE tenant_id = $1 ORDER BY id LIMIT $2)
		SELECT (SELECT id FROM batch ORDER BY id DESC LIMIT 1), array_agg(DISTINCT quarter) FROM batch HAVING count(*) > 0`, tx.Actor.Tenant, s.set)
	return last, quarters, err
}

// fixZone is the zone of the tenant's sums, which the first of them fixes.
func fixZone(tx *store.Tx) (*time.Location, error) {
	zone, err := ZoneOf(tx)
	if zone != nil || err != nil {
		return zone, err
	}
	if err := tx.Exec(`INSERT INTO usage_zones (tenant_id, time_zone) SELECT tenant_id, time_zone FROM accounts WHERE tenant_id = ? AND id = tenant_id`,
		tx.Actor.Tenant).Error; err != nil {
		return nil, err
	}
	if zone, err = ZoneOf(tx); zone == nil && err == nil {
		err = fmt.Errorf("usage: tenant %s has no account", tx.Actor.Tenant)
	}
	return zone, err
}

// ZoneOf is the zone in which the tenant's days and months are added up, nil while nothing was.
func ZoneOf(tx *store.Tx) (*time.Location, error) {
	var names []string
	if err := tx.Raw(`SELECT time_zone FROM usage_zones WHERE tenant_id = ?`, tx.Actor.Tenant).Scan(&names).Error; err != nil || len(names) == 0 {
		return nil, err
	}
	return models.Account{TimeZone: names[0]}.Zone(), nil
}

// calendar says which periods quarters of an hour belong to.
type calendar struct {
	quarter                []time.Time
	quarters, days, months []int32
}

func calendarOf(quarters []time.Time, zone *time.Location) calendar {
	c := calendar{quarter: quarters}
	for _, at := range quarters {
		day := DayAt(at, zone)
		c.quarters = append(c.quarters, QuarterPeriod(at))
		c.days = append(c.days, DayPeriod(day))
		c.months = append(c.months, MonthPeriod(day))
	}
	return c
}

// keys are those of sums, column by column.
type keys struct {
	level, period         []int32
	account               []models.ID
	kind, country, status []string
}

// take moves the changes up to last into the sums and returns how many, and which sums came to nothing: most statuses are
// passed through. A change of a quarter that is not in the calendar came meanwhile, and stays. Sums are written in the order
// of their keys.
func take(ctx context.Context, tx *store.Tx, last models.ID, c calendar) (taken int64, emptied keys, err error) {
	err = tx.Rows(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			if err := rows.Scan(&taken, &emptied.level, &emptied.period, &emptied.account, &emptied.kind, &emptied.country, &emptied.status); err != nil {
				return err
			}
		}
		return rows.Err()
	}, takeSQL, tx.Actor.Tenant, last, c.quarter, c.quarters, c.days, c.months, models.NoID)
	return taken, emptied, err
}

const takeSQL = `WITH calendar AS (SELECT * FROM unnest($3::timestamptz[], $4::int[], $5::int[], $6::int[]) c (quarter, q, d, m)),
	taken AS (DELETE FROM usage_changes u USING calendar c WHERE u.tenant_id = $1 AND u.id <= $2 AND u.quarter = c.quarter
		RETURNING c.q, c.d, c.m, u.account_id, u.kind, u.country::text, u.status, ` + Measured + `),
	put AS (SELECT q, d, m, account_id, kind, country, status, ` + Summed + ` FROM taken GROUP BY 1, 2, 3, 4, 5, 6, 7),
	sums AS (SELECT l.*, ` + Summed + ` FROM put p CROSS JOIN LATERAL (VALUES
			(1, m, p.account_id, '', '', ''), (2, d, p.account_id, '', '', ''), (3, d, $7::uuid, '', '', ''), (4, q, $7, '', '', ''),
			(5, m, p.account_id, p.kind, p.country, p.status), (6, d, p.account_id, p.kind, p.country, p.status),
			(7, d, $7, p.kind, p.country, p.status), (8, q, $7, p.kind, p.country, p.status)) l (level, period, account, of_kind, of_country, of_status)
		GROUP BY 1, 2, 3, 4, 5, 6),
	added AS (INSERT INTO usage_sums (tenant_id, level, period, account_id, kind, country, status, messages, delivered, failed, others, parts, units, cost, own_cost)
		SELECT $1, s.* FROM sums s WHERE (messages, delivered, failed, others, parts, units, cost, own_cost) <> (0, 0, 0, 0, 0, 0, 0, 0)
		ORDER BY level, period, account, of_kind, of_country, of_status
		ON CONFLICT (tenant_id, level, period, account_id, kind, country, status) DO UPDATE SET
			messages = usage_sums.messages + excluded.messages, delivered = usage_sums.delivered + excluded.delivered,
			failed = usage_sums.failed + excluded.failed, others = usage_sums.others + excluded.others, parts = usage_sums.parts + excluded.parts,
			units = usage_sums.units + excluded.units, cost = usage_sums.cost + excluded.cost, own_cost = usage_sums.own_cost + excluded.own_cost
		RETURNING level, period, account_id, kind, country, status,
			(messages, delivered, failed, others, parts, units, cost, own_cost) = (0, 0, 0, 0, 0, 0, 0, 0) AS emptied)
	SELECT (SELECT count(*) FROM taken), array_agg(level), array_agg(period), array_agg(account_id), array_agg(kind), array_agg(country), array_agg(status)
	FROM added WHERE emptied`

// Measured are the columns of the sums as one row of usage_changes u counts in them; Summed are they added up.
const (
	Measured = `CASE WHEN u.kind = 'message' THEN u.quantity ELSE 0 END AS messages,
		CASE WHEN u.kind = 'message' AND u.status = 'delivered' THEN u.quantity ELSE 0 END AS delivered,
		CASE WHEN u.kind = 'message' AND u.status = 'failed' THEN u.quantity ELSE 0 END AS failed,
		CASE WHEN u.kind = 'message' THEN 0 ELSE u.quantity END AS others, u.parts, u.units, u.cost, u.own_cost`
	Summed = `sum(messages)::bigint AS messages, sum(delivered)::bigint AS delivered, sum(failed)::bigint AS failed, sum(others)::bigint AS others,
		sum(parts)::bigint AS parts, sum(units)::bigint AS units, sum(cost)::bigint AS cost, sum(own_cost)::bigint AS own_cost`
)

// waiting are the tenants with changes that no sum has.
func (s *Service) waiting(ctx context.Context) (tenants []models.ID, err error) {
	err = s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) (err error) {
			tenants, err = pgx.CollectRows(rows, pgx.RowTo[models.ID])
			return err
		}, `WITH RECURSIVE t AS ((SELECT tenant_id FROM usage_changes ORDER BY tenant_id LIMIT 1)
			UNION ALL SELECT (SELECT c.tenant_id FROM usage_changes c WHERE c.tenant_id > t.tenant_id ORDER BY c.tenant_id LIMIT 1) FROM t WHERE t.tenant_id IS NOT NULL)
			SELECT tenant_id FROM t WHERE tenant_id IS NOT NULL`)
	})
	return tenants, err
}

// Backlog is how much was counted and not yet added up, in all tenants.
type Backlog struct {
	Changes int64 // up to BacklogLimit
	Oldest  time.Duration
}

// BacklogLimit is as far as a backlog is counted.
const BacklogLimit = 1_000_000

// Backlog counts. For: metrics.
func (s *Service) Backlog(ctx context.Context) (b Backlog, err error) {
	var oldest *models.ID
	err = s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			for rows.Next() {
				if err := rows.Scan(&b.Changes, &oldest); err != nil {
					return err
				}
			}
			return rows.Err()
		}, `WITH waiting AS MATERIALIZED (SELECT id FROM usage_changes LIMIT $1)
			SELECT (SELECT count(*) FROM waiting), (SELECT id FROM waiting ORDER BY id LIMIT 1)`, BacklogLimit)
	})
	if oldest != nil {
		b.Oldest = max(0, s.store.Now().Sub(models.MomentOf(*oldest)))
	}
	return b, err
}
