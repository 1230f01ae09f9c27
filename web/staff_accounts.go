package web

import (
	"net/http"
	"net/url"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

// tenantAndID are the two IDs by which staff name an account.
func (v *visit) tenantAndID() (tenant, id models.ID, err error) {
	if tenant, err = v.id("tenant"); err != nil {
		return
	}
	id, err = v.id("id")
	return
}

func (s *Server) listParents(v *visit) error {
	search, after := v.QueryParam("q"), v.QueryParam("after")
	found, next, err := s.Accounts.Find(v.ctx(), v.actor, search, after)
	if err != nil {
		return err
	}
	frame, err := v.frame("Accounts")
	if err != nil {
		return err
	}
	frame.Search = nil // the page has its own
	page := pages.StaffAccounts{Frame: frame, Search: search, Accounts: found, MayCreate: v.actor.Can(models.ManageParents)}
	if after != "" {
		page.First = paths.With(paths.StaffAccounts(), url.Values{"q": {search}})
	}
	if next != "" {
		page.Next = paths.With(paths.StaffAccounts(), url.Values{"q": {search}, "after": {next}})
	}
	return v.page(http.StatusOK, page.View())
}

func (s *Server) newParent(v *visit) error {
	home := v.session.Home
	form := pages.ParentForm{DetailsForm: pages.DetailsForm{Country: home.Country, TimeZone: home.TimeZone}, Currency: home.Currency,
		Plan: string(models.PrePay), Method: string(models.ByLink), Key: newKey()}
	return v.parentForm(http.StatusOK, form, nil)
}

func (s *Server) createParent(v *visit) error {
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	form := pages.ParentForm{DetailsForm: v.details(), Currency: v.field("currency"), Plan: v.field("plan"), Credit: v.field("credit"),
		Method: v.field("method"), Key: key}
	credit := form.Credit
	if form.Plan == string(models.PrePay) { // what was typed below the other choice is not meant any more
		credit = ""
	}
	created, err := s.Accounts.CreateParent(v.ctx(), v.actor, accounts.ParentOrder{Details: accounts.Details(form.DetailsForm), Currency: form.Currency,
		Plan: models.Plan(form.Plan), Credit: credit, Method: models.ActivationMethod(form.Method), Key: key})
	if refused, ok := refusalOf(err); ok {
		form.Key = keyAfter(refused, key)
		return v.parentForm(formStatus(refused), form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffAccount(created.TenantID, created.ID), created.Name+" is created. "+sent(created, models.ActivationMethod(form.Method)))
}

func (v *visit) parentForm(status int, form pages.ParentForm, refused *models.Error) error {
	frame, err := v.frame("Create parent account")
	if err != nil {
		return err
	}
	return v.page(status, pages.NewParent{Frame: frame, Form: form, Refused: refused}.View())
}
