package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) showStore(v *visit) error { return v.store(http.StatusOK, nil) }

func (s *Server) createFeature(v *visit) error {
	enabled, err := s.Accounts.EnableSubAccounts(v.ctx(), v.actor)
	if refused, ok := refusalOf(err); ok {
		return v.store(formStatus(refused), refused)
	}
	if err != nil {
		return err
	}
	if !enabled {
		return v.done(paths.Store(), "The Sub-account feature is requested. We tell you by e-mail when it is decided.")
	}
	return v.done(paths.SubAccounts(), "The Sub-account feature is enabled. Add your first sub-account.")
}

func (v *visit) store(status int, refused *models.Error) error {
	feature, err := v.server.Accounts.SubAccountFeature(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	frame, err := v.frame("Store")
	if err != nil {
		return err
	}
	return v.page(status, pages.Store{Frame: frame, SubAccounts: feature, MayBuy: v.actor.Can(models.BuyInStore), Refused: refused}.View())
}
