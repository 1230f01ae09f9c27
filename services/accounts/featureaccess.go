package accounts

import (
	"context"
	"strings"

	"offshoot/models"
	"offshoot/services/store"
)

// ErrNoDraft is the answer to publishing or discarding what is not there.
var ErrNoDraft = &models.Error{Kind: models.Conflict, Code: "no_draft", Message: "There is no draft. Somebody has published or discarded it."}

// FeatureAccess returns what a sub-account gets of each part of the menu (PRV-4). For: a parent's users.
// Refuses with ErrMissingPrivilege, ErrNoSuchAccount.
func (s *Service) FeatureAccess(ctx context.Context, actor models.Actor, sub models.ID) ([]models.FeatureSetting, error) {
	if err := actor.Require(models.ViewSubAccounts); err != nil {
		return nil, err
	}
	var found []models.FeatureSetting
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		a, err := accountByID(tx, sub)
		if err != nil {
			return err
		}
		if a.Kind != models.Sub {
			return ErrNoSuchAccount
		}
		found, err = featureAccess(tx, sub)
		return err
	})
	return found, err
}

// DraftFeatureAccess keeps what is wanted of each part as a draft, which counts for nobody until it is published; a part
// that is not named stays as the draft has it. version is the account's, from the form.
//
// For: a parent's Admins. Refuses with ErrMissingPrivilege, ErrCheckFields (each part by its key), ErrNoSuchAccount, ErrStale.
// What changes nothing is not logged.
func (s *Service) DraftFeatureAccess(ctx context.Context, actor models.Actor, sub models.ID, version int, wanted map[string]models.FeatureAccess) error {
	return s.changeFeatureAccess(ctx, actor, sub, version, func(tx *store.Tx) (models.Event, error) {
		changed, err := draft(tx, sub, wanted)
		if err == nil && !changed {
			err = errUnchanged
		}
		return models.Event{Action: models.FeatureAccessDrafted, Account: sub}, err
	}, wanted)
}

// PublishFeatureAccess is DraftFeatureAccess, and the draft counts from then on: open sessions have it at their next request.
// For and refusals: as there, and ErrNoDraft where nothing differs from what counts.
func (s *Service) PublishFeatureAccess(ctx context.Context, actor models.Actor, sub models.ID, version int, wanted map[string]models.FeatureAccess) error {
	return s.changeFeatureAccess(ctx, actor, sub, version, func(tx *store.Tx) (models.Event, error) {
		if _, err := draft(tx, sub, wanted); err != nil {
			return models.Event{}, err
		}
		settings, err := featureAccess(tx, sub)
		if err != nil {
			return models.Event{}, err
		}
		var changed []string
		for _, f := range settings {
			if f.Draft != "" {
				changed = append(changed, f.Label+" "+strings.ToLower(f.Draft.Label()))
			}
		}
		if len(changed) == 0 {
			return models.Event{}, ErrNoDraft
		}
		tx.Queue(`UPDATE feature_access SET access = draft, draft = NULL WHERE tenant_id = $1 AND account_id = $2 AND draft IS NOT NULL`, tx.Actor.Tenant, sub)
		return models.Event{Action: models.FeatureAccessChanged, Account: sub, Details: map[string]string{"changed": strings.Join(changed, ", ")}}, nil
	}, wanted)
}

// DiscardFeatureAccess throws the draft away. For and refusals: as PublishFeatureAccess.
func (s *Service) DiscardFeatureAccess(ctx context.Context, actor models.Actor, sub models.ID, version int) error {
	return s.changeFeatureAccess(ctx, actor, sub, version, func(tx *store.Tx) (models.Event, error) {
		dropped := tx.Exec(`UPDATE feature_access SET draft = NULL WHERE tenant_id = ? AND account_id = ? AND draft IS NOT NULL`, tx.Actor.Tenant, sub)
		if dropped.Error == nil && dropped.RowsAffected == 0 {
			return models.Event{}, ErrNoDraft
		}
		return models.Event{Action: models.FeatureAccessDropped, Account: sub}, dropped.Error
	}, nil)
}

// changeFeatureAccess is what the three have in common. The account's version counts drafts too, so that nobody publishes
// what they have not seen.
func (s *Service) changeFeatureAccess(ctx context.Context, actor models.Actor, sub models.ID, version int,
	work func(*store.Tx) (models.Event, error), wanted map[string]models.FeatureAccess) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	var p models.Problems
	for key, access := range wanted {
		if !models.IsMenuFeature(key) || !models.IsFeatureAccess(string(access)) {
			p.Add(key, "Choose Full, View only or Hidden.")
		}
	}
	if err := p.Err(); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		a, err := lockSubAccount(tx, sub)
		if err != nil {
			return models.Event{}, err
		}
		if a.Version != version {
			return models.Event{}, ErrStale
		}
		event, err := work(tx)
		if err == nil {
			newVersion(tx, sub)
		}
		return event, err
	})
	return unlessUnchanged(err)
}

// draft writes what is wanted, and says whether the draft is another than before.
func draft(tx *store.Tx, sub models.ID, wanted map[string]models.FeatureAccess) (changed bool, err error) {
	settings, err := featureAccess(tx, sub)
	if err != nil {
		return false, err
	}
	for _, f := range settings {
		want, named := wanted[f.Key]
		if !named || want == f.Shown() {
			continue
		}
		changed = true
		var kept *string // nothing where it is what counts already
		if want != f.Access {
			text := string(want)
			kept = &text
		}
		tx.Queue(`INSERT INTO feature_access (tenant_id, account_id, feature, access, draft) VALUES ($1,$2,$3,$4,$5)
			ON CONFLICT (tenant_id, account_id, feature) DO UPDATE SET draft = excluded.draft`, tx.Actor.Tenant, sub, f.Key, string(f.Access), kept)
	}
	return changed, nil
}

func featureAccess(tx *store.Tx, sub models.ID) ([]models.FeatureSetting, error) {
	var rows []struct {
		Feature string
		Access  models.FeatureAccess
		Draft   models.FeatureAccess
	}
	err := tx.Raw(`SELECT feature, access, coalesce(draft, '') AS draft FROM feature_access WHERE tenant_id = ? AND account_id = ?`,
		tx.Actor.Tenant, sub).Scan(&rows).Error
	settings := make([]models.FeatureSetting, 0, len(models.MenuFeatures))
	for _, f := range models.MenuFeatures {
		setting := models.FeatureSetting{MenuFeature: f, Access: models.FullAccess}
		for _, row := range rows {
			if row.Feature == f.Key {
				setting.Access, setting.Draft = row.Access, row.Draft
			}
		}
		settings = append(settings, setting)
	}
	return settings, err
}
