package messaging

import (
	"context"
	"testing"
	"time"

	"offshoot/models"
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

// Paced sets how long a turn is, and how far acceptance may go ahead of the gateway.
func Paced(s *Service, turn time.Duration, ahead int64) { s.turn, s.ahead = turn, ahead }
