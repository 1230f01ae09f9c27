package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/views/pages"
)

func (s *Server) showSettings(v *visit) error {
	frame, err := v.frame("Settings")
	if err != nil {
		return err
	}
	account, manager := v.session.Account, ""
	if account.Kind == models.Sub {
		manager = v.session.Parent.Name
	}
	return v.page(http.StatusOK, pages.Settings{Frame: frame, User: v.session.User, Role: v.role(), Home: v.session.Home, Account: account, Manager: manager,
		Figures: exampleFigure(account), AccessLog: v.actor.Can(models.ViewAccount), May: v.ownRights()}.View())
}

func (v *visit) ownRights() pages.OwnRights {
	return pages.OwnRights{Profile: v.actor.Can(models.EditProfile), SignIn: v.actor.Can(models.ManageOwnSignIn), Users: v.actor.Can(models.ManageUsers)}
}

// exampleFigure is an amount with everything that countries write differently.
func exampleFigure(a models.Account) models.Money {
	return models.FromMicros(1_234_567_000_000, a.Currency)
}
