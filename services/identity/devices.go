package identity

import (
	"context"
	"crypto/sha256"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// DeviceTTL is how long a browser is known after the right password was last given in it.
const DeviceTTL = 180 * 24 * time.Hour

// newDevice is the secret of a browser that has none: what its cookie holds, for all users that use it. It opens nothing.
func newDevice() string { return tokenText.EncodeToString(random(secretLength)) }

// deviceHash is what the table keeps of a browser that a user is known at; nil for what is no secret of a browser. The
// e-mail stands for the user: it never changes, and it is what is at hand before anybody has looked for one.
func deviceHash(device, email string) []byte {
	if len(device) != tokenText.EncodedLen(secretLength) {
		return nil
	}
	secret, err := tokenText.DecodeString(device)
	if err != nil || len(secret) != secretLength {
		return nil
	}
	sum := sha256.Sum256(append(secret, email...))
	return sum[:]
}

// remember makes the browser one that the user is known at, and returns its secret: the one it has, or a new one.
func remember(tx *store.Tx, user models.User, device string) string {
	hash := deviceHash(device, user.Email)
	if hash == nil {
		device = newDevice()
		hash = deviceHash(device, user.Email)
	}
	tx.Queue(`INSERT INTO devices (tenant_id, id, user_id, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (tenant_id, user_id, hash) DO UPDATE SET expires_at = excluded.expires_at`,
		tx.Actor.Tenant, models.NewID(), user.ID, hash, tx.Now, tx.Now.Add(DeviceTTL))
	return device
}

// isKnown says whether the browser is one that the user with that e-mail, if there is one, is known at.
func (s *Service) isKnown(ctx context.Context, device, email string) (bool, error) {
	hash := deviceHash(device, email)
	if hash == nil {
		return false, nil
	}
	var known bool
	err := s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT EXISTS (SELECT FROM devices WHERE hash = ? AND expires_at > ?)`, hash, tx.Now).Scan(&known).Error
	})
	return known, err
}

// SweepDevices removes the browsers that were not used for DeviceTTL, in all tenants, and returns how many. For: a periodic
// job.
func (s *Service) SweepDevices(ctx context.Context) (int64, error) {
	return s.store.Sweep(ctx, "devices", "expires_at", s.store.Now())
}
