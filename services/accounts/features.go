package accounts

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// The feature of the Store that turns sub-accounts on, in the table and in mails.
const (
	subAccounts = "sub_accounts"
	featureName = "Sub-accounts"
)

// SubAccountFeature says how the Sub-account feature stands for the actor's account. For: a parent's users.
func (s *Service) SubAccountFeature(ctx context.Context, actor models.Actor) (models.Feature, error) {
	if err := actor.Require(models.ViewSubAccounts); err != nil {
		return models.Feature{}, err
	}
	var f models.Feature
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		a, err := accountByID(tx, actor.Account)
		if err != nil {
			return err
		}
		f.EnabledAt = a.SubAccountsEnabled
		if f.Mode, err = mode(tx); err != nil {
			return err
		}
		var last struct {
			Status      string
			RequestedAt time.Time
			Reason      string
		}
		err = tx.Raw(`SELECT status, requested_at, reason FROM feature_requests WHERE tenant_id = ? AND feature = ?
			ORDER BY requested_at DESC, id DESC LIMIT 1`, actor.Tenant, subAccounts).Scan(&last).Error
		switch last.Status {
		case "requested":
			f.RequestedAt = &last.RequestedAt
		case "refused":
			f.RefusedWhy = last.Reason
		}
		return err
	})
	return f, err
}

// EnableSubAccounts turns the Sub-account feature on, or, where the operator has set it to on request, files a request.
// It says whether it is enabled now.
// For: a parent's Admins, in the Store. Refuses: missing privilege; enabled already; asked for already.
func (s *Service) EnableSubAccounts(ctx context.Context, actor models.Actor) (enabled bool, err error) {
	if err := actor.Require(models.BuyInStore); err != nil {
		return false, err
	}
	_, err = s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		a, err := lockAccount(tx, actor.Account)
		if err != nil {
			return models.Event{}, err
		}
		if a.SubAccountsEnabled != nil {
			return models.Event{}, ErrFeatureOn
		}
		m, err := mode(tx)
		if err != nil {
			return models.Event{}, err
		}
		if enabled = m == models.OpenFeature; enabled {
			enable(tx, a.ID)
			// what was asked for while it was on request is answered: staff must not refuse what is on
			tx.Queue(`UPDATE feature_requests SET status = 'approved', decided_by = $3, decided_at = $4, decided_as = $5
				WHERE tenant_id = $1 AND feature = $2 AND status = 'requested'`, actor.Tenant, subAccounts, actor.Email, tx.Now, actor.Entered())
			return models.Event{Action: models.FeatureEnabled, Account: a.ID}, nil
		}
		id := models.NewID()
		row := tx.Exec(`INSERT INTO feature_requests (tenant_id, id, feature, status, requested_by, requested_as, requested_at)
			VALUES (?, ?, ?, 'requested', ?, ?, ?) ON CONFLICT DO NOTHING`, actor.Tenant, id, subAccounts, actor.Email, actor.Entered(), tx.Now)
		if row.Error == nil && row.RowsAffected == 0 {
			return models.Event{}, ErrRequested
		}
		return models.Event{Action: models.FeatureRequested, Account: a.ID, Subject: id}, row.Error
	})
	return enabled, err
}

// Requests returns the open requests of all parents, oldest first, a hundred at most. For: staff.
func (s *Service) Requests(ctx context.Context, actor models.Actor) ([]models.FeatureRequest, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return nil, err
	}
	var found []models.FeatureRequest
	err := s.store.Survey(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT r.tenant_id, r.id, a.name AS account_name, r.feature, r.requested_by,
			r.requested_as IS NOT NULL AS entered, r.requested_at FROM feature_requests r
			JOIN accounts a ON a.tenant_id = r.tenant_id AND a.id = r.tenant_id
			WHERE r.status = 'requested' ORDER BY r.requested_at, r.id LIMIT 100`).Scan(&found).Error
	})
	return found, err
}

// Approve grants a request: the feature is on at once, and the parent gets a mail.
// For: staff who manage parents. Refuses: missing privilege; no such open request.
func (s *Service) Approve(ctx context.Context, actor models.Actor, tenant, request models.ID) error {
	return s.decide(ctx, actor, tenant, request, "approved", "")
}

// Refuse turns a request down, with a reason that the parent reads.
// For: staff who manage parents. Refuses: missing privilege; no reason; no such open request.
func (s *Service) Refuse(ctx context.Context, actor models.Actor, tenant, request models.ID, reason string) error {
	if err := actor.Require(models.ManageParents); err != nil {
		return err
	}
	var p models.Problems
	if reason = checkReason(&p, reason); p.Err() != nil {
		return p.Err()
	}
	return s.decide(ctx, actor, tenant, request, "refused", reason)
}

func (s *Service) decide(ctx context.Context, actor models.Actor, tenant, request models.ID, status, reason string) error {
	if err := actor.Require(models.ManageParents); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor.In(tenant), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		row := tx.Exec(`UPDATE feature_requests SET status = ?, decided_by = ?, decided_at = ?, reason = ?
			WHERE tenant_id = ? AND id = ? AND status = 'requested'`, status, actor.Email, tx.Now, reason, tenant, request)
		if row.Error != nil {
			return models.Event{}, row.Error
		}
		if row.RowsAffected == 0 {
			return models.Event{}, ErrNoSuchRequest
		}
		parent, err := accountByID(tx, tenant)
		if err != nil {
			return models.Event{}, err
		}
		event := models.Event{Action: models.FeatureRefused, Account: tenant, Subject: request, Details: map[string]string{"reason": reason}}
		mail := notify.FeatureRefused(s.installation, parent, featureName, reason)
		if status == "approved" {
			enable(tx, tenant)
			event = models.Event{Action: models.FeatureApproved, Account: tenant, Subject: request}
			mail = notify.FeatureApproved(s.installation, parent, featureName, s.installation.Link("/store"))
		}
		return event, notify.Mail(ctx, tx, mail)
	})
	return err
}

// SetMode says how parents get the Sub-account feature from now on. For: staff who manage the operator's settings.
func (s *Service) SetMode(ctx context.Context, actor models.Actor, m models.FeatureMode) error {
	if err := actor.Require(models.ManageOperator); err != nil {
		return err
	}
	if m != models.OpenFeature && m != models.OnRequestFeature {
		return models.ErrCheckFields.At("mode", "Choose how parents get the feature.")
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return models.Event{Action: models.FeatureModeChanged, Account: actor.Account, Details: map[string]string{"mode": string(m)}},
			tx.Exec(`UPDATE features SET mode = ? WHERE feature = ?`, m, subAccounts).Error
	})
	return err
}

// CurrentMode says how parents get the Sub-account feature. For: staff.
func (s *Service) CurrentMode(ctx context.Context, actor models.Actor) (models.FeatureMode, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return "", err
	}
	var m models.FeatureMode
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		m, err = mode(tx)
		return err
	})
	return m, err
}

func mode(tx *store.Tx) (models.FeatureMode, error) {
	var m models.FeatureMode
	err := tx.Raw(`SELECT mode FROM features WHERE feature = ?`, subAccounts).Scan(&m).Error
	return m, err
}

func enable(tx *store.Tx, parent models.ID) {
	tx.Queue(`UPDATE accounts SET sub_accounts_enabled = $2, version = version + 1 WHERE tenant_id = $1 AND id = $1`, parent, tx.Now)
}
