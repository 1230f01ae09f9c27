package messaging

import (
	"context"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/services/store"
)

// Moves is move for tests, of one message to one status, by a report or not.
func Moves(ctx context.Context, s *store.Store, tenant models.ID, messages []models.ID, to models.MessageStatus, reported bool) (int, error) {
	var changes []change
	for _, id := range messages {
		changes = append(changes, change{message: id, to: to, reported: reported, gateway: "test"})
	}
	var n int
	err := s.Settle(ctx, tenant, func(ctx context.Context, tx *store.Tx) error {
		found, err := move(ctx, tx, changes)
		n = len(found)
		return err
	})
	return n, err
}

// Claim is the first half of a hand-over, after which its process dies.
func (c *Carrier) Claim(ctx context.Context, job HandOver, limit int) (int, error) {
	set, err := c.settleAndClaim(ctx, job, models.NoID, nil, limit, func(context.Context, *store.Tx, models.ID, []gateways.Step) error { return nil })
	return len(set), err
}

// LastID is above every message's.
var LastID = lastID
