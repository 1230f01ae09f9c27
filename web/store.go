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

// store shows a parent its features and packages; a sub-account that shops on its parent's behalf, packages alone.
func (v *visit) store(status int, refused *models.Error) error {
	page := pages.Store{MayBuy: v.actor.Can(models.BuyInStore), MayShop: v.actor.Can(models.ShopInStore), Refused: refused}
	if v.actor.Account != v.actor.Tenant {
		page.BuysFor = v.session.Parent.Name
	} else {
		feature, err := v.server.Accounts.SubAccountFeature(v.ctx(), v.actor)
		if err != nil {
			return err
		}
		page.SubAccounts = &feature
	}
	var err error
	if page.Offers, err = v.server.Billing.OnSale(v.ctx(), v.actor); err != nil {
		return err
	}
	page.Currency = v.session.Account.Currency
	if page.Frame, err = v.frame("Store"); err != nil {
		return err
	}
	return v.page(status, page.View())
}
