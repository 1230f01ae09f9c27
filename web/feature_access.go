package web

import (
	"context"
	"errors"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

// updateFeatureAccess keeps what was chosen as a draft.
func (s *Server) updateFeatureAccess(v *visit) error {
	return v.featureAccess(s.Accounts.DraftFeatureAccess, "The draft is saved. Nothing changes until you publish it.")
}

func (s *Server) publishFeatureAccess(v *visit) error {
	return v.featureAccess(s.Accounts.PublishFeatureAccess, "The access is published. Those who are signed in have it with their next click.")
}

func (s *Server) discardFeatureAccess(v *visit) error {
	discard := func(ctx context.Context, actor models.Actor, sub models.ID, version int, _ map[string]models.FeatureAccess) error {
		return s.Accounts.DiscardFeatureAccess(ctx, actor, sub, version)
	}
	return v.featureAccess(discard, "The draft is discarded.")
}

func (v *visit) featureAccess(save func(context.Context, models.Actor, models.ID, int, map[string]models.FeatureAccess) error, said string) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	chosen := map[string]models.FeatureAccess{}
	for _, f := range models.MenuFeatures {
		if access := v.field(pages.FeatureField(f.Key)); access != "" {
			chosen[f.Key] = models.FeatureAccess(access)
		}
	}
	err = save(v.ctx(), v.actor, id, v.version(), chosen)
	if errors.Is(err, accounts.ErrNoDraft) || errors.Is(err, accounts.ErrStale) {
		chosen = nil // what is shown is how things are
	}
	if refused, ok := refusalOf(err); ok {
		return v.privilegesPage(formStatus(refused), pages.SubAccountPrivileges{Chosen: chosen, FeaturesRefused: refused})
	}
	if err != nil {
		return err
	}
	return v.done(paths.SubAccountPrivileges(id), said)
}
