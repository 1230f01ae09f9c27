package identity

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// leaving is how long an access may stand without a session: it is written before the session goes there.
const leaving = time.Minute

const selectOver = `SELECT x.tenant_id AS tenant, x.id, x.account_id AS account, x.helper_tenant_id AS helper_tenant, x.helper_user_id AS helper,
		x.helper_email AS email, x.ends_at FROM accesses x
	WHERE x.ended_at IS NULL AND (x.ends_at <= @now OR x.started_at <= @settled AND NOT EXISTS (SELECT FROM sessions s
		WHERE s.tenant_id = x.helper_tenant_id AND s.access_id = x.id AND s.expires_at > @now))
	ORDER BY x.ends_at, x.id LIMIT 500`

// CloseAccesses writes the end of every access that nobody is in any more and that no request of its helper has ended:
// its time is over, or the session is gone, because it expired, was ended elsewhere, or its user was disabled. It returns how many.
// For: a periodic job. Until it runs, nothing can be done by such an access: what counts is asked at every request.
func (s *Service) CloseAccesses(ctx context.Context) (int, error) {
	var over []struct {
		Tenant, ID, Account, HelperTenant, Helper models.ID
		Email                                     string
		EndsAt                                    time.Time
	}
	now := s.store.Now()
	err := s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(selectOver, map[string]any{"now": now, "settled": now.Add(-leaving)}).Scan(&over).Error
	})
	if err != nil {
		return 0, err
	}
	for i, o := range over {
		how := "session_ended"
		if !now.Before(o.EndsAt) {
			how = "time_over"
		}
		own := models.Actor{User: o.Helper, Email: o.Email, Home: o.HelperTenant}
		if err := s.closeAccess(ctx, helping(own, o.Tenant, o.Account, models.Access{ID: o.ID, EndsAt: o.EndsAt}), how); err != nil {
			return i, err
		}
	}
	return len(over), nil
}
