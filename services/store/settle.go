package store

import (
	"context"

	"offshoot/models"
)

// Settle is a Change by the installation itself that needs no line in the action log: what became of messages, thousands a
// second, stands in their rows. What moves money within it is logged by who moves it (tx.Log). Retries like Change.
func (s *Store) Settle(ctx context.Context, tenant models.ID, work func(ctx context.Context, tx *Tx) error) error {
	return s.retry(ctx, func() error {
		return s.within(ctx, models.System(tenant), changing, nil, func(ctx context.Context, tx *Tx) error {
			if err := work(ctx, tx); err != nil {
				return err
			}
			return tx.commit(ctx)
		})
	})
}
