package accounts

import (
	"context"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// ErrStaffAccessSo is the refusal of a change that changes nothing: somebody else was faster.
var ErrStaffAccessSo = &models.Error{Kind: models.Conflict, Code: "staff_access_so",
	Message: "Staff access is already set this way."}

// SetStaffAccess says whether staff may enter the actor's account and its sub-accounts with a reason alone, or need its
// Admins' consent each time. Turned off, whoever of them is in one without a consent is out with their next request; turned
// on, open requests for consent are over. The account's owner gets a mail.
// For: a parent's Admins, in their own account; staff cannot turn it back on. Refuses: missing privilege; ErrStaffAccessSo.
func (s *Service) SetStaffAccess(ctx context.Context, actor models.Actor, on bool) error {
	if err := actor.Require(models.DecideStaffAccess); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		a, err := lockAccount(tx, actor.Account)
		if err != nil {
			return models.Event{}, err
		}
		if on == (a.StaffAccessOff == nil) {
			return models.Event{}, ErrStaffAccessSo
		}
		event := models.Event{Action: models.StaffAccessTurnedOff, Account: a.ID}
		if on {
			event.Action = models.StaffAccessTurnedOn
			tx.Queue(`UPDATE accounts SET staff_access_off = NULL, version = version + 1 WHERE tenant_id = $1 AND id = $1`, a.ID)
			identity.DropConsentRequests(tx)
		} else {
			tx.Queue(`UPDATE accounts SET staff_access_off = $2, version = version + 1 WHERE tenant_id = $1 AND id = $1`, a.ID, tx.Now)
		}
		return event, notify.Mail(ctx, tx, notify.StaffAccessChanged(s.installation, a, actor.Email, !on))
	})
	return err
}
