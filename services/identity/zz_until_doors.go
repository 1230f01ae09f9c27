package identity

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

type budget struct{ of string }

func wrongPasswords(user models.ID) budget { return budget{user.String()} }
func wrongCodes(user models.ID) budget     { return budget{user.String()} }

func (s *Service) allow(ctx context.Context, budgets ...budget) error   { return nil }
func (s *Service) forgive(ctx context.Context, budgets ...budget) error { return nil }

func (s *Service) passwordChanged(ctx context.Context, tx *store.Tx, user models.User, zone *time.Location) error {
	return notify.Mail(ctx, tx, notify.PasswordChanged(s.installation, user, zone, tx.Now))
}
