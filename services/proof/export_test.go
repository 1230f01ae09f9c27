package proof

import (
	"context"
	"time"

	"offshoot/services/store"
)

// CheckSince is a check of what is new since a moment.
func CheckSince(ctx context.Context, tx *store.Tx, since time.Time) (Report, error) {
	return check(ctx, tx, &window{since})
}
