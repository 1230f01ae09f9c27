package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/funding"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

// errTrialEnded is for what is posted while the trial is over: a form that was open before.
var errTrialEnded = &models.Error{Kind: models.Forbidden, Code: "trial",
	Message: "Your trial has ended, so nothing was changed. Ask for credit to go on."}

// shutOut leads whoever may do nothing but ask for credit to the page that says so.
func (v *visit) shutOut() error {
	if v.Request().Method == http.MethodPost {
		return errTrialEnded
	}
	return v.redirect(paths.TrialEnded())
}

// isShutOut says whether the trial of the person's own account has ended.
func (v *visit) isShutOut() bool { return v.session.TrialEnded && v.actor.Access == nil }

func (s *Server) showTrialEnded(v *visit) error {
	if !v.isShutOut() {
		return v.redirect(paths.Home())
	}
	return v.creditRequestForm(http.StatusOK, pages.CreditForm{}, nil)
}

func (s *Server) newCreditRequest(v *visit) error {
	if v.isShutOut() {
		return v.redirect(paths.TrialEnded())
	}
	return v.creditRequestForm(http.StatusOK, pages.CreditForm{}, nil)
}

func (s *Server) createCreditRequest(v *visit) error {
	form := pages.CreditForm{Amount: v.field("amount"), Note: v.field("note")}
	err := s.Funding.RequestCredit(v.ctx(), v.actor, funding.CreditForm(form))
	if refused, ok := refusalOf(err); ok {
		return v.creditRequestForm(formStatus(refused), form, refused)
	}
	if err != nil {
		return err
	}
	if v.isShutOut() { // the page says what has been asked for
		return v.redirect(paths.TrialEnded())
	}
	return v.done(paths.NewCreditRequest(), "Your request went to "+v.session.Parent.Name+".")
}

func (v *visit) creditRequestForm(status int, form pages.CreditForm, refused *models.Error) error {
	latest, err := v.server.Funding.CreditRequest(v.ctx(), v.actor, v.actor.Account)
	if err != nil {
		return err
	}
	if v.isShutOut() {
		return v.page(status, pages.TrialEnded{Frame: v.bareFrame("Your trial has ended"), Email: v.session.User.Email, Account: v.session.Account,
			Parent: v.session.Parent, Request: latest, Form: form, Refused: refused}.View())
	}
	frame, err := v.frame("Add credit")
	if err != nil {
		return err
	}
	return v.page(status, pages.NewCreditRequest{Frame: frame, Account: v.session.Account, Parent: v.session.Parent, Request: latest, Form: form, Refused: refused}.View())
}

func (s *Server) showCreditRequest(v *visit) error {
	return v.creditRequestPage(http.StatusOK, "", nil)
}

func (s *Server) createCreditDismissal(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	request, _ := models.ParseID(v.field("request")) // what is no ID names no request
	reason := v.field("reason")
	err = s.Funding.DismissCredit(v.ctx(), v.actor, id, request, reason)
	if refused, ok := refusalOf(err); ok {
		return v.creditRequestPage(formStatus(refused), reason, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.CreditRequestOf(id), "The request is declined.")
}

func (v *visit) creditRequestPage(status int, reason string, refused *models.Error) error {
	account, err := v.subAccountAsked()
	if err != nil {
		return err
	}
	latest, err := v.server.Funding.CreditRequest(v.ctx(), v.actor, account.ID)
	if err != nil {
		return err
	}
	if latest == nil { // there is no form for it to stand in
		refused = nil
	}
	frame, err := v.frame("Request for credit")
	if err != nil {
		return err
	}
	return v.page(status, pages.CreditRequest{Frame: frame, Account: account, Request: latest, May: v.subAccountRights(), Reason: reason, Refused: refused}.View())
}

// trialForm is what was typed about a trial.
func (v *visit) trialForm() pages.TrialForm {
	return pages.TrialForm{Trial: v.field("trial"), TrialUntil: v.field("trial_until")}
}

func trialTerms(form pages.TrialForm) models.TrialTerms {
	return models.TrialTerms{On: form.Trial == "yes", Until: form.TrialUntil}
}

// trialOf is the form of an account as it is.
func trialOf(a models.ShownAccount) pages.TrialForm {
	if a.Trial.EndsAt == nil {
		return pages.TrialForm{Trial: "no"}
	}
	return pages.TrialForm{Trial: "yes", TrialUntil: a.Trial.LastDay(a.Zone()).String()}
}

// edited is an order to edit an account. A form without the choice of a trial, of a program that does not know it, leaves it.
func edited(id models.ID, version int, form pages.DetailsForm, trial pages.TrialForm) accounts.EditOrder {
	order := accounts.EditOrder{SubAccount: id, Version: version, Details: accounts.Details(form)}
	if trial.Trial == "yes" || trial.Trial == "no" { // anything else leaves the trial as it is
		terms := trialTerms(trial)
		order.Trial = &terms
	}
	return order
}
