package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Limit is how often something may be tried within a while. The while begins with the first try and does not grow with
// further ones, so that nobody keeps it from ending.
type Limit struct {
	Key    []byte // a hash of what is tried by whom
	Most   int
	Within time.Duration
}

// Tried is what a Limit says to one try.
type Tried struct {
	Over   bool      // one too many
	First  bool      // the first one too many
	EndsAt time.Time // when the count begins anew
}

// Try counts one try of each limit, on behalf of all processes, and says in the same order what they say to it. It is one
// statement of its own and counts before anybody looks at what was tried, so that fifty at once are fifty. The keys differ.
func (s *Store) Try(ctx context.Context, limits ...Limit) ([]Tried, error) {
	if ctx.Value(inside{}) != nil {
		return nil, ErrNested
	}
	now := s.Now()
	var keys [][]byte
	var ends []time.Time
	var most []int
	for _, l := range limits {
		keys, ends, most = append(keys, l.Key), append(ends, now.Add(l.Within)), append(most, l.Most)
	}
	// two that try the same things take the rows in the same order; a count far over its limit is not written up any more
	rows, err := s.pool.Query(ctx, `WITH asked AS (SELECT * FROM unnest($1::bytea[], $2::timestamptz[], $3::integer[]) a (key, ends_at, most)),
		counted AS (INSERT INTO limits AS l (key, tries, ends_at)
			SELECT key, 1, ends_at FROM asked ORDER BY key
			ON CONFLICT (key) DO UPDATE SET
				tries = CASE WHEN l.ends_at <= $4 THEN 1 ELSE least(l.tries, 1000000) + 1 END,
				ends_at = CASE WHEN l.ends_at <= $4 THEN excluded.ends_at ELSE l.ends_at END
			RETURNING l.key, l.tries, l.ends_at)
		SELECT a.key, c.tries > a.most, c.tries = a.most + 1, c.ends_at FROM asked a JOIN counted c ON c.key = a.key`, keys, ends, most, now)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	tried := make([]Tried, len(limits))
	var key []byte
	var t Tried
	_, err = pgx.ForEachRow(rows, []any{&key, &t.Over, &t.First, &t.EndsAt}, func() error {
		tried[slices.IndexFunc(limits, func(l Limit) bool { return string(l.Key) == string(key) })] = t
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return tried, nil
}

// Untry takes one try of each key back: it was right, or nothing came of it.
func (s *Store) Untry(ctx context.Context, keys ...[]byte) error {
	return s.onLimits(ctx, `UPDATE limits SET tries = greatest(tries - 1, 0) FROM held WHERE limits.key = held.key`, keys)
}

// Forget takes all tries of the keys back.
func (s *Store) Forget(ctx context.Context, keys ...[]byte) error {
	return s.onLimits(ctx, `DELETE FROM limits USING held WHERE limits.key = held.key`, keys)
}

func (s *Store) onLimits(ctx context.Context, statement string, keys [][]byte) error {
	if len(keys) == 0 {
		return nil
	}
	_, err := s.pool.Exec(ctx, `WITH held AS MATERIALIZED (SELECT key FROM limits WHERE key = ANY ($1::bytea[]) ORDER BY key FOR UPDATE) `+statement, keys)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// SweepLimits removes the counts that are over and returns how many. For: a periodic job.
func (s *Store) SweepLimits(ctx context.Context) (int64, error) {
	var swept int64
	for removed := int64(sweepBatch); removed == sweepBatch; {
		tag, err := s.pool.Exec(ctx, `DELETE FROM limits WHERE key = ANY (ARRAY(SELECT key FROM limits WHERE ends_at <= $1
			ORDER BY ends_at LIMIT $2)) AND ends_at <= $1`, s.Now(), sweepBatch)
		if err != nil {
			return swept, fmt.Errorf("store: %w", err)
		}
		removed = tag.RowsAffected()
		swept += removed
	}
	return swept, nil
}
