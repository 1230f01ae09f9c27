package messaging

import (
	"context"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/services/store"
)

// TakeSlice accepts one slice of a send and no more.
func TakeSlice(t testing.TB, s *Service, tenant, send models.ID) {
	t.Helper()
	err := s.store.Settle(context.Background(), tenant, func(ctx context.Context, tx *store.Tx) error {
		row, err := sendOf(ctx, tx, send, unlocked)
		if err != nil {
			return err
		}
		_, _, err = accept(ctx, tx, Accept{Tenant: tenant, Send: send, Run: row.Run}, slice)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

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

// Paced sets how long a turn is, and how far acceptance may go ahead of the gateway.
func Paced(s *Service, turn time.Duration, ahead int64) { s.turn, s.ahead = turn, ahead }
