package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/views/layouts"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) newPasswordLink(v *visit) error {
	return v.forgottenPassword(http.StatusOK, pages.ForgottenPassword{Sent: v.QueryParam("sent") != ""})
}

func (s *Server) createPasswordLink(v *visit) error {
	email := v.trimmed("email")
	err := s.Identity.AskForPasswordLink(v.ctx(), email, v.origin())
	var refused *models.Error
	if asRefusal(err, &refused) {
		return v.forgottenPassword(formStatus(refused), pages.ForgottenPassword{Email: email, Refused: refused})
	}
	if err != nil {
		return err
	}
	return v.redirect(paths.PasswordLinkSent())
}

func (v *visit) forgottenPassword(status int, page pages.ForgottenPassword) error {
	v.retryAfter(page.Refused)
	page.Frame, page.Demo = v.outsideFrame("Forgotten password"), v.server.Demo
	page.Valid = fmt.Sprintf("%d minutes", identity.PasswordLinkTTL/time.Minute)
	return v.page(status, page.View())
}

func (s *Server) newForgottenPassword(v *visit) error {
	return v.newPassword(v.QueryParam("token"), nil)
}

func (s *Server) createForgottenPassword(v *visit) error {
	token, password := v.field("token"), v.typed.Get("password")
	if password != v.typed.Get("repeated") {
		return v.newPassword(token, errPasswordsDiffer)
	}
	device, err := s.Identity.SetForgottenPassword(v.ctx(), identity.NewPassword{Token: token, Password: password, Device: v.device(), From: v.origin()})
	if refused, ok := refusalOf(err); ok {
		return v.newPassword(token, refused)
	}
	if errors.Is(err, identity.ErrPasswordLinkExpired) {
		return v.deadPasswordLink()
	}
	if err != nil {
		return err
	}
	v.rememberDevice(device)
	if v.session.ID != models.NoID { // what the browser held before opens nothing any more
		if err := s.Identity.SignOut(v.ctx(), v.session); err != nil {
			return err
		}
		v.forgetCookie()
	}
	return v.redirect(paths.PasswordChanged())
}

// newPassword is the page of a link that works, and says so when it does not.
func (v *visit) newPassword(token string, refused *models.Error) error {
	user, err := v.server.Identity.PasswordLinkUser(v.ctx(), token, v.origin())
	if errors.Is(err, identity.ErrPasswordLinkExpired) {
		return v.deadPasswordLink()
	}
	if err != nil {
		return err
	}
	page := pages.NewPassword{Token: token, Email: user.Email, Refused: refused}
	if other := v.session.User.Email; other != user.Email {
		page.Other = other
	}
	status := http.StatusOK
	if refused != nil {
		status = formStatus(refused)
	}
	return v.passwordLinkPage(status, page)
}

func (v *visit) deadPasswordLink() error {
	return v.passwordLinkPage(http.StatusNotFound, pages.NewPassword{Refused: identity.ErrPasswordLinkExpired})
}

// passwordLinkPage stands at an address that is a secret; see activationLink about the header.
func (v *visit) passwordLinkPage(status int, page pages.NewPassword) error {
	v.Response().Header().Set("Referrer-Policy", "strict-origin")
	page.Frame = v.outsideFrame("Choose a new password")
	return v.page(status, page.View())
}

// outsideFrame is that of a page outside of all accounts, whoever is signed in.
func (v *visit) outsideFrame(title string) layouts.Frame {
	return layouts.Frame{Title: title, Installation: v.server.Installation, Accent: v.server.Accent, Home: paths.Home()}
}
