package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/views/pages"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (s *Server) newSubAccount(v *visit) error {
	parent := v.session.Account
	if parent.SubAccountsEnabled == nil {
		return s.subAccountsOff(v)
	}
	form := pages.SubAccountForm{DetailsForm: pages.DetailsForm{Country: parent.Country, TimeZone: parent.TimeZone},
		TrialForm: pages.TrialForm{Trial: "no"}, Method: string(models.ByPassword), Funding: string(models.OwnBalance), Key: newKey()}
	return s.subAccountForm(v, http.StatusOK, form, nil)
}

func (s *Server) createSubAccount(v *visit) error {
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	form := pages.SubAccountForm{DetailsForm: v.details(), TrialForm: v.trialForm(), Method: v.field("method"), Privileges: v.ticked("privileges"),
		Funding: v.field("funding"), StartingAmount: v.field("starting_amount"), Key: key}
	if models.ActivationMethod(form.Method) == models.ByHand {
		return s.createSubAccountByHand(v, form)
	}
	added, err := s.Accounts.AddSubAccount(v.ctx(), v.actor, subAccountOrder(form))
	if refused, ok := refusalOf(err); ok {
		form.Key = keyAfter(refused, key)
		return s.subAccountForm(v, formStatus(refused), form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.SubAccount(added.ID), added.Name+" is added. "+sent(added, models.ActivationMethod(form.Method)))
}

func subAccountOrder(form pages.SubAccountForm) accounts.SubAccountOrder {
	return accounts.SubAccountOrder{Details: accounts.Details(form.DetailsForm), Privileges: privileges(form.Privileges),
		Funding: models.Funding(form.Funding), StartingAmount: form.StartingAmount, Trial: trialTerms(form.TrialForm),
		Method: models.ActivationMethod(form.Method), Key: form.Key}
}

func (s *Server) subAccountForm(v *visit, status int, form pages.SubAccountForm, refused *models.Error) error {
	frame, err := v.frame("Add sub-account")
	if err != nil {
		return err
	}
	balance, err := s.Ledger.Balance(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.page(status, pages.NewSubAccount{Frame: frame, Form: form, Refused: refused, Balance: balance}.View())
}

// details is what was typed about an account itself.
func (v *visit) details() pages.DetailsForm {
	return pages.DetailsForm{AccountName: v.field("account_name"), ContactName: v.field("contact_name"), Email: v.field("email"),
		Mobile: v.field("mobile"), Country: v.field("country"), TimeZone: v.field("time_zone")}
}

// sent says what went where when an activation was sent.
func sent(a models.Account, method models.ActivationMethod) string {
	what := "Its sign-in address and a one-time password"
	if method == models.ByLink {
		what = "A link to set its password"
	}
	return what + " went to " + a.Email + ", a 6-digit code to " + ui.MobileText(a.Mobile) + "."
}

func privileges(ticked []string) []models.Privilege {
	found := make([]models.Privilege, 0, len(ticked))
	for _, name := range ticked {
		found = append(found, models.Privilege(name))
	}
	return found
}
