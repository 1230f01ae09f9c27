package notify

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// Held is how many messages have a status in all tenants, and the age of the oldest.
type Held struct {
	Status Status
	Count  int64
	Oldest time.Duration
}

// Held counts what is not sent: waiting and failed messages, always both. For: metrics.
func (s *Service) Held(ctx context.Context) ([]Held, error) {
	held := []Held{{Status: Waiting}, {Status: Failed}}
	err := s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		for i := range held {
			var row struct {
				Count  int64
				Oldest *time.Time
			}
			// Two queries, as each status has its own index.
			err := tx.Raw(map[Status]string{
				Waiting: `SELECT count(*), min(created_at) AS oldest FROM outbox WHERE status = 'waiting'`,
				Failed:  `SELECT count(*), min(created_at) AS oldest FROM outbox WHERE status = 'failed'`,
			}[held[i].Status]).Scan(&row).Error
			if err != nil {
				return err
			}
			held[i].Count = row.Count
			if row.Oldest != nil {
				held[i].Oldest = tx.Now.Sub(*row.Oldest)
			}
		}
		return nil
	})
	return held, err
}
