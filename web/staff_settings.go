package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) showOperatorSettings(v *visit) error {
	mode, err := s.Accounts.CurrentMode(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.operatorSettings(http.StatusOK, string(mode), nil)
}

func (s *Server) updateOperatorSettings(v *visit) error {
	mode := v.field("mode")
	err := s.Accounts.SetMode(v.ctx(), v.actor, models.FeatureMode(mode))
	if refused, ok := refusalOf(err); ok {
		return v.operatorSettings(formStatus(refused), mode, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffSettings(), "The setting is saved.")
}

func (v *visit) operatorSettings(status int, mode string, refused *models.Error) error {
	frame, err := v.frame("Settings")
	if err != nil {
		return err
	}
	return v.page(status, pages.StaffSettings{Frame: frame, Mode: mode, MayChange: v.actor.Can(models.ManageOperator), User: v.session.User, Role: v.role(),
		Operator: v.session.Home, Figures: exampleFigure(v.session.Home), May: v.ownRights(), Refused: refused}.View())
}
