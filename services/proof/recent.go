package proof

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// CheckEvery is how often what is new is looked at.
const CheckEvery = 5 * time.Minute

// overlap is how far a check goes back behind what the last one had seen: for clocks of several machines, and for what their
// transactions did before they began to write.
const overlap = 10 * time.Minute

// Round is what became of one look at all tenants.
type Round struct {
	Tenants int   // all of them
	Looked  int   // those in which something is new
	Rows    int64 // that were held to a rule there
	Whole   int   // those whose whole check is due and was asked for
	Frozen  []models.ID
}

// CheckNew looks at what is new in every tenant, keeps what it found, and freezes those where that says so. A tenant that was
// never checked, or whose nightly check is due, has a whole one asked for. One that is frozen waits for a whole check. One that
// cannot be looked at keeps no other waiting. For: a periodic job.
func (s *Service) CheckNew(ctx context.Context) (Round, error) {
	seen, err := s.seen(ctx)
	if err != nil {
		return Round{}, err
	}
	tenants, err := s.known(ctx)
	if err != nil {
		return Round{}, err
	}
	round := Round{Tenants: len(tenants)}
	var failed error
	for _, k := range tenants {
		if err := s.checkKnown(ctx, k, seen, &round); err != nil {
			failed = errors.Join(failed, fmt.Errorf("books of %s: %w", k.Tenant, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return round, failed
}

func (s *Service) checkKnown(ctx context.Context, k known, seen moment, round *Round) error {
	due := k.WholeAt == nil || wholeIsDue(k.Tenant, models.Account{TimeZone: k.Zone}.Zone(), *k.WholeAt, seen.at)
	if due {
		round.Whole++
		if err := s.askWhole(ctx, k.Tenant); err != nil {
			return err
		}
	}
	switch {
	case k.Frozen || k.WholeAt == nil: // nothing moves there, or nothing is known that what is new could follow on
		return nil
	case !k.New:
		_, err := s.store.Note(ctx, k.Tenant, `UPDATE book_checks SET checked_at = $2, checked_to = $3, rows = 0 WHERE tenant_id = $1`, seen.at, seen.to)
		return err
	}
	r, _, err := s.look(ctx, k.Tenant, &window{k.since(seen.at)})
	if err != nil {
		return err
	}
	round.Looked++
	round.Rows += r.Rows()
	froze, err := s.keepNew(ctx, r, seen)
	if froze {
		round.Frozen = append(round.Frozen, k.Tenant)
	}
	return err
}

// askWhole makes the job of a whole check, unless there is one.
func (s *Service) askWhole(ctx context.Context, tenant models.ID) error {
	return s.store.Settle(ctx, tenant, func(ctx context.Context, tx *store.Tx) error {
		tx.Later(WholeCheck{Tenant: tenant}, nil)
		return nil
	})
}

// known is a tenant with what was found of it before.
type known struct {
	Tenant    models.ID
	Zone      string
	CheckedTo *time.Time
	WholeAt   *time.Time
	Frozen    bool
	New       bool
}

// since is where a check begins. A clock that was set back makes it begin there: what is written now is dated so.
func (k known) since(now time.Time) time.Time {
	from := now
	if k.CheckedTo != nil && k.CheckedTo.Before(now) {
		from = *k.CheckedTo
	}
	return from.Add(-overlap)
}

// known are all tenants, those first that were looked at longest ago, and whether anything is new there: one look into three
// indexes for each, however much there is.
func (s *Service) known(ctx context.Context) (tenants []known, err error) {
	err = s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) (err error) {
			tenants, err = pgx.CollectRows(rows, pgx.RowToStructByPos[known])
			return err
		}, knownSQL, tx.Now, overlap, logSlack)
	})
	return tenants, err
}

const knownSQL = `SELECT a.tenant_id, a.time_zone, c.checked_to, c.whole_at, f.tenant_id IS NOT NULL,
		coalesce((SELECT x.id FROM transfers x WHERE x.tenant_id = a.tenant_id ORDER BY x.id DESC LIMIT 1) >= id_floor(since), false)
		OR coalesce((SELECT x.id FROM charges x WHERE x.tenant_id = a.tenant_id ORDER BY x.id DESC LIMIT 1) >= id_floor(since), false)
		OR coalesce((SELECT x.at FROM action_log x WHERE x.tenant_id = a.tenant_id ORDER BY x.at DESC LIMIT 1) >= since - $3::interval, false)
	FROM accounts a LEFT JOIN book_checks c ON c.tenant_id = a.tenant_id LEFT JOIN freezes f ON f.tenant_id = a.tenant_id
	CROSS JOIN LATERAL (SELECT least(c.checked_to, $1::timestamptz) - $2::interval AS since) s
	WHERE a.kind IN ('parent', 'operator') ORDER BY c.checked_at NULLS FIRST, a.tenant_id`

// The night in which whole checks are made, by the clock of the parent: they begin in these hours, each tenant at a minute of
// its own.
const (
	nightBegins = 1 * time.Hour
	nightLasts  = 4 * time.Hour
)

// wholeIsDue says whether the tenant's minute of the night has come since its last whole check. One that was missed is due
// until it is made. A check from a day that is yet to come was made by a clock that was wrong.
func wholeIsDue(tenant models.ID, zone *time.Location, last, now time.Time) bool {
	minute := time.Duration(binary.BigEndian.Uint32(tenant[12:])%uint32(nightLasts/time.Minute)) * time.Minute
	day := models.DayOf(now, zone)
	due := day.Start(zone).Add(nightBegins + minute)
	if due.After(now) {
		due = day.AddDays(-1).Start(zone).Add(nightBegins + minute)
	}
	return last.Before(due) || last.After(now.Add(24*time.Hour))
}
