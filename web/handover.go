package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/views/pages"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (s *Server) newHandover(v *visit) error { return v.handoverForm(http.StatusOK, newKey(), nil) }

func (s *Server) createHandover(v *visit) error {
	at, user, err := v.userAsked()
	if err != nil {
		return err
	}
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	given, err := s.Identity.HandOverPassword(v.ctx(), at.actor, identity.HandoverOrder{Account: at.account, User: user, Password: v.typed.Get("password"), Key: key})
	if refused, ok := refusalOf(err); ok {
		return v.handoverForm(formStatus(refused), keyAfter(refused, key), refused)
	}
	if err != nil {
		return err
	}
	return v.handedOver("The password is set", given, ui.Action{Label: "Done", Href: at.paths.All()},
		ui.Action{Label: "Set another password", Href: at.paths.Password(user)})
}

func (v *visit) handoverForm(status int, key string, refused *models.Error) error {
	at, user, err := v.userAsked()
	if err != nil {
		return err
	}
	account, listed, err := v.server.Identity.UserOf(v.ctx(), at.actor, at.account, user)
	if err != nil {
		return err
	}
	place, err := v.place(at, account, "Set a new password")
	if err != nil {
		return err
	}
	place.Back = ui.Action{Label: "Users", Href: at.paths.All()}
	return v.page(status, pages.NewUserPassword{UsersPlace: place, User: listed, Key: key, Refused: refused}.View())
}

// createSubAccountByHand adds a sub-account whose password its parent hands over.
func (s *Server) createSubAccountByHand(v *visit, form pages.SubAccountForm) error {
	given, err := s.Accounts.AddAndHandOver(v.ctx(), v.actor, subAccountOrder(form), v.typed.Get("password"))
	if refused, ok := refusalOf(err); ok {
		form.Key = keyAfter(refused, form.Key)
		return s.subAccountForm(v, formStatus(refused), form, refused)
	}
	if err != nil {
		return err
	}
	return v.handedOver("The sub-account is added", given, ui.Action{Label: "Done", Href: paths.SubAccount(given.Account.ID)},
		ui.Action{Label: "Set another password", Href: paths.SubAccountUsers(given.Account.ID).All()})
}

// handedOver answers the form itself: what it shows must not stand at an address, or wait anywhere to be fetched.
func (v *visit) handedOver(title string, given models.Handover, done, another ui.Action) error {
	frame, err := v.frame(title)
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.HandedOver{Frame: frame, Title: title, Handover: given, Done: done, Another: another}.View())
}
