package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

// showHome is the first page of everybody: a dashboard, or for staff the accounts.
func (s *Server) showHome(v *visit) error {
	switch {
	case v.actor.Can(models.SupportAccounts):
		return v.redirect(paths.StaffAccounts())
	case v.actor.Can(models.ViewSubAccounts):
		return v.parentDashboard()
	}
	return v.subAccountDashboard()
}

func (v *visit) parentDashboard() error {
	found, err := v.server.Reports.ParentDashboard(v.ctx(), v.actor, v.zone())
	if err != nil {
		return err
	}
	feature, err := v.server.Accounts.SubAccountFeature(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	frame, err := v.frame("Dashboard")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.ParentHome{Frame: frame, ParentDashboard: found, Feature: feature,
		MayManage: v.actor.Can(models.ManageSubAccounts), MayBuy: v.actor.Can(models.BuyInStore)}.View())
}

func (v *visit) subAccountDashboard() error {
	found, err := v.server.Reports.SubAccountDashboard(v.ctx(), v.actor, v.zone())
	if err != nil {
		return err
	}
	frame, err := v.frame("Dashboard")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.SubAccountHome{Frame: frame, SubAccountDashboard: found,
		Usage: v.actor.Can(models.ViewReports), Entries: v.actor.Can(models.ViewStatement)}.View())
}
