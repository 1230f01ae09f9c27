package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/views/pages"
	"offshoot/views/ui"
)

func (s *Server) editProfile(v *visit) error {
	return v.profileForm(http.StatusOK, v.session.User.Name, v.session.User.TimeZone, nil)
}

func (s *Server) updateProfile(v *visit) error {
	name, zone := v.field("name"), v.field("time_zone")
	err := s.Identity.ChangeProfile(v.ctx(), v.session, name, zone)
	if refused, ok := refusalOf(err); ok {
		return v.profileForm(formStatus(refused), name, zone, refused)
	}
	if err != nil {
		return err
	}
	return v.done(v.settingsPath(), "Your profile is saved.")
}

func (v *visit) profileForm(status int, name, zone string, refused *models.Error) error {
	frame, err := v.frame("Profile")
	if err != nil {
		return err
	}
	return v.page(status, pages.Profile{Frame: frame, Back: ui.Action{Label: "Settings", Href: v.settingsPath()}, Email: v.session.User.Email,
		Account: v.session.Home, Name: name, TimeZone: zone, Refused: refused}.View())
}
