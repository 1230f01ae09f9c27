package web

import (
	"errors"
	"net/http"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/views/layouts"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) newInvitationAcceptance(v *visit) error {
	return v.invitation(http.StatusOK, v.QueryParam("token"), nil)
}

func (s *Server) createInvitationAcceptance(v *visit) error {
	token, password := v.field("token"), v.typed.Get("password")
	if password != v.typed.Get("repeated") {
		return v.invitation(formStatus(errPasswordsDiffer), token, errPasswordsDiffer)
	}
	session, err := s.Identity.AcceptInvitation(v.ctx(), identity.Token(token), password, v.origin())
	if errors.Is(err, identity.ErrInvitationOver) {
		return v.invitation(http.StatusNotFound, token, nil)
	}
	if refused, ok := refusalOf(err); ok {
		return v.invitation(formStatus(refused), token, refused)
	}
	if err != nil {
		return err
	}
	if v.session.ID != models.NoID { // what the browser held before opens nothing any more
		if err := s.Identity.SignOut(v.ctx(), v.session); err != nil {
			return err
		}
	}
	if err := v.become(session); err != nil {
		return err
	}
	return v.done(paths.Home(), "Welcome. From now on you sign in with "+v.session.User.Email+" and your new password.")
}

// invitation stands at an address that is a secret, as activationLink does.
func (v *visit) invitation(status int, token string, refused *models.Error) error {
	v.Response().Header().Set("Referrer-Policy", "strict-origin")
	page := pages.Invitation{Token: token, Other: v.session.User.Email, Refused: refused,
		Frame: layouts.Frame{Title: "Invitation", Installation: v.server.Installation, Accent: v.server.Accent, Home: paths.Home()}}
	invited, err := v.server.Identity.Invitation(v.ctx(), identity.Token(token))
	switch {
	case errors.Is(err, identity.ErrInvitationOver):
		status, page.Refused = http.StatusNotFound, identity.ErrInvitationOver
	case err != nil:
		return err
	default:
		page.Invited = &invited
	}
	return v.page(status, page.View())
}
