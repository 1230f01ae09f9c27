package identity

import (
	"context"

	"offshoot/models"
	"offshoot/services/store"
)

// ChangeProfile changes the person's own name and time zone; an empty zone is that of their account. What changes nothing
// is not logged. For: everyone in their own account. Refuses with models.ErrMissingPrivilege (also in an account that is
// not theirs), then at name or time_zone.
func (s *Service) ChangeProfile(ctx context.Context, session Session, name, zone string) error {
	if err := session.Actor.Require(models.EditProfile); err != nil {
		return err
	}
	var p models.Problems
	name, zone = checkPerson(&p, name, zone)
	if err := p.Err(); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, session.self(), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		before, err := personIn(tx, session.User.AccountID, session.User.ID, forChange)
		if err != nil {
			return models.Event{}, err
		}
		changed := changesIn(before.User, models.User{Name: name, Role: before.Role, TimeZone: zone})
		if len(changed) == 0 {
			return models.Event{}, errUnchanged
		}
		changed["email"] = before.Email
		tx.Queue(`UPDATE users SET name = $3, time_zone = nullif($4, ''), version = version + 1 WHERE tenant_id = $1 AND id = $2`,
			tx.Actor.Tenant, before.ID, name, zone)
		return models.Event{Action: models.ProfileChanged, Account: before.AccountID, Subject: before.ID, Details: changed}, nil
	})
	return unlessUnchanged(err)
}
