package store

import (
	"context"

	"offshoot/models"
)

// Settle is a Change by the installation itself that needs no line of its own in the action log: what became of messages
// stands in their rows, and comes in by the thousand. Whoever moves an amount within it logs that, by tx.Log. Work may run
// more than once, as that of a Change.
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
