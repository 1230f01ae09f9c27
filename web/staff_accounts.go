package web

import (
	"net/http"

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
	query := models.FindQuery{Text: v.QueryParam("q"), Status: staffFilter(v.QueryParam("status")), After: v.QueryParam("after"),
		People: v.QueryParam("people")}
	found, next, err := s.Accounts.Find(v.ctx(), v.actor, query)
	if err != nil {
		return err
	}
	people, err := s.Accounts.FindUsers(v.ctx(), v.actor, query)
	if err != nil {
		return err
	}
	frame, err := v.frame("Accounts")
	if err != nil {
		return err
	}
	frame.Search = nil // the page has its own
	return v.page(http.StatusOK, pages.StaffAccounts{Frame: frame, Query: query, Accounts: found, Next: next, People: people, MayCreate: v.actor.Can(models.ManageParents)}.View())
}

// staffFilter is the status to look for; what is none looks for all.
func staffFilter(text string) models.AccountStatus {
	switch status := models.AccountStatus(text); status {
	case models.Pending, models.Active, models.Deactivated:
		return status
	}
	return ""
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
