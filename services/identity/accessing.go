package identity

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// accessRow is an access with the entered account as it is now.
type accessRow struct {
	HelperUserID models.ID
	Reason       string
	EndsAt       time.Time
	EndedAt      *time.Time
	Consent      string   // status of the consent that let the helper in, or nothing
	At           standing `gorm:"embedded"`
}

var selectAccess = `SELECT x.helper_user_id, x.reason, x.ends_at, x.ended_at, coalesce(c.status, '') AS consent, ` + standingColumns + `
	FROM accesses x JOIN accounts a ON a.tenant_id = x.tenant_id AND a.id = x.account_id` + joinParent + `
	LEFT JOIN consents c ON c.tenant_id = x.tenant_id AND c.id = x.consent_id
	WHERE x.tenant_id = ? AND x.id = ?`

// resolveAccess takes the session into the account that it points to, or ends that.
func (s *Service) resolveAccess(ctx context.Context, session Session, tenant, id models.ID) (Session, error) {
	var row accessRow
	err := s.store.Read(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(selectAccess, tenant, id).Scan(&row).Error
	})
	if err != nil {
		return Session{}, err
	}
	if row.HelperUserID != session.User.ID { // also when there is no such row
		return Session{}, ErrNoSession
	}
	helper := helping(session.own, tenant, row.At.Account.ID, models.Access{ID: id, Reason: row.Reason, EndsAt: row.EndsAt})
	how := ""
	switch {
	case row.EndedAt != nil:
		how = "ended"
	case !s.store.Now().Before(row.EndsAt):
		how = "time_over"
	case mayEnter(session.own, row.At, row.Consent == string(ConsentUsed)) != nil:
		how = "not_permitted"
	}
	if how != "" {
		return s.backHome(ctx, session, helper, row.At.Account.Name, how)
	}
	helper.Privileges = row.At.privileges(models.Admin)
	for _, own := range models.HomeOnly {
		delete(helper.Privileges, own)
	}
	helper.Privileges[models.EndAccess] = true
	session.Actor, session.Account, session.Parent = helper, row.At.Account, row.At.Parent
	session.TrialEnded = row.At.trialEnded(s.store.Now())
	return session, nil
}

// backHome ends an access that may not go on. The token stays as it is, for there is nobody to hand a new one to, and the
// person has less with it than before.
func (s *Service) backHome(ctx context.Context, session Session, helper models.Actor, left, how string) (Session, error) {
	if err := s.closeAccess(ctx, helper, how); err != nil {
		return Session{}, err
	}
	flash := "Your access to " + left + " has ended. You are in your own account again."
	told, err := s.store.Note(ctx, session.own.Tenant, `UPDATE sessions SET access_tenant_id = NULL, access_id = NULL, flash = $4
		WHERE tenant_id = $1 AND id = $2 AND access_id = $3`, session.ID, helper.Access.ID, flash)
	if err != nil {
		return Session{}, err
	}
	if told == 1 {
		session.Flash = flash
	}
	return session, nil
}
