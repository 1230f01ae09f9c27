package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/views/exports"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) listSubAccounts(v *visit) error {
	if v.session.Account.SubAccountsEnabled == nil {
		return s.subAccountsOff(v)
	}
	query := paths.ParseSubAccountQuery(v.QueryParams())
	list, err := s.Accounts.List(v.ctx(), v.actor, query)
	if err != nil {
		return err
	}
	frame, err := v.frame("Sub-accounts")
	if err != nil {
		return err
	}
	frame.Search = nil // the list has its own
	return v.page(http.StatusOK, pages.SubAccounts{Frame: frame, Query: query, List: list, May: v.subAccountRights()}.View())
}

func (s *Server) exportSubAccounts(v *visit) error {
	query := paths.ParseSubAccountQuery(v.QueryParams())
	today := models.LastDays(1, s.Store.Now(), v.zone())
	name := exports.FileName("sub-accounts", v.session.Account.Name, models.Days{To: today.To, Zone: today.Zone})
	return download(v, name, func() *exports.Sheet[models.SubAccountDetails] { return exports.SubAccountDetailsCSV(v.Response()) },
		func(each func(models.SubAccountDetails) error) error {
			return s.Accounts.ExportDetails(v.ctx(), v.actor, query, each)
		})
}

// subAccountsOff stands in place of the pages of a feature that the parent has not turned on.
func (s *Server) subAccountsOff(v *visit) error {
	feature, err := s.Accounts.SubAccountFeature(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	frame, err := v.frame("Sub-accounts")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.SubAccountsOff{Frame: frame, Feature: feature, MayBuy: v.actor.Can(models.BuyInStore)}.View())
}

func (v *visit) subAccountRights() pages.SubAccountRights {
	return pages.SubAccountRights{Manage: v.actor.Can(models.ManageSubAccounts), Access: v.actor.Can(models.AccessSubAccounts)}
}

// subAccountAsked is the sub-account that the path names. The parent's own account, which has an ID too, is none.
func (v *visit) subAccountAsked() (models.ShownAccount, error) {
	id, err := v.id("id")
	if err != nil {
		return models.ShownAccount{}, err
	}
	found, err := v.server.Accounts.Show(v.ctx(), v.actor, id)
	if err == nil && found.Kind != models.Sub {
		err = accounts.ErrNoSuchAccount
	}
	return found, err
}

// subAccountHead is what a tab of the sub-account in the path begins with. The page's title names the account.
func (v *visit) subAccountHead() (pages.SubAccountHead, error) {
	found, err := v.subAccountAsked()
	if err != nil {
		return pages.SubAccountHead{}, err
	}
	access, err := v.accessTo(found.Account)
	if err != nil {
		return pages.SubAccountHead{}, err
	}
	frame, err := v.frame(found.Name)
	return pages.SubAccountHead{Frame: frame, Account: found, May: v.subAccountRights(), Access: access}, err
}
