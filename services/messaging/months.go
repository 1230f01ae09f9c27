package messaging

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// monthsAhead is for how many months to come there is a part of the messages' table: a quarter of a year in which the job
// that makes them may not run before anybody would notice.
const monthsAhead = 3

// PrepareMonths sees to it that this month and those ahead have a part of their own, and returns those that it made. Making
// one needs the table for a moment, so it waits for others for two seconds only: the next time will do. A month of which
// messages stand in the part for everything else already, because their clock was far ahead, cannot have one any more: that
// is said as an error, all other months are made, and the messages stay where every report finds them. For: a periodic job.
func PrepareMonths(ctx context.Context, s *store.Store) (made []models.Day, failed error) {
	for n := range monthsAhead + 1 {
		month := models.DayOf(s.Now(), models.Days{}.In()).AddMonths(n)
		var isNew bool
		err := s.Settle(ctx, models.NoID, func(ctx context.Context, tx *store.Tx) error {
			tx.Queue(`SET LOCAL lock_timeout = '2s'`)
			return tx.Raw(`SELECT prepare_messages(CAST(? AS date))`, month.String()).Scan(&isNew).Error
		})
		switch {
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("the part for messages of %s: %w", month.MonthText(), err))
		case isNew:
			made = append(made, month)
		}
	}
	return made, failed
}

// OutsideParts is how many messages, up to ten thousand, are of a month that has no part of its own. For: metrics.
func OutsideParts(ctx context.Context, s *store.Store) (n int64, err error) {
	err = s.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) (err error) {
			n, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64])
			return err
		}, `SELECT count(*) FROM (SELECT FROM messages_other LIMIT 10000) o`)
	})
	return n, err
}
