package web

import (
	"net/http"
	"strings"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) newSession(v *visit) error {
	if v.session.ID != models.NoID {
		return v.redirect(paths.Home())
	}
	changed := v.QueryParam("password") == "changed"
	return v.signInForm(http.StatusOK, pages.SignInForm{Next: v.QueryParam("next"), PasswordChanged: changed}, nil)
}

func (s *Server) createSession(v *visit) error {
	form := pages.SignInForm{Email: v.field("email"), Next: v.field("next")}
	signedIn, err := s.Identity.SignIn(v.ctx(), identity.SignInOrder{Email: form.Email, Password: v.typed.Get("password"),
		Previous: v.cookieToken(), Device: v.device(), From: v.origin()})
	var refused *models.Error
	if asRefusal(err, &refused) {
		return v.signInForm(formStatus(refused), form, refused)
	}
	if err != nil {
		return err
	}
	v.remember(signedIn.Token)
	v.rememberDevice(signedIn.Device)
	return v.redirect(onward(signedIn.Stage, form.Next))
}

// onward is where a session of that stage goes: to what is to be done first, with the page that was wanted in hand, or there.
func onward(stage identity.Stage, next string) string {
	switch stage {
	case identity.StageActivation:
		return paths.Activate()
	case identity.StageSecondFactor:
		return paths.SignInCode(next)
	case identity.StageNewPassword:
		return paths.NewPassword(next)
	}
	return localPath(next)
}

func (s *Server) deleteSession(v *visit) error {
	if v.session.ID != models.NoID {
		if err := s.Identity.SignOut(v.ctx(), v.session); err != nil {
			return err
		}
	}
	v.forgetCookie()
	v.Response().Header().Set("Clear-Site-Data", `"cache"`)
	return v.redirect(paths.SignIn())
}

func (v *visit) signInForm(status int, form pages.SignInForm, refused *models.Error) error {
	v.retryAfter(refused)
	return v.page(status, pages.SignIn{Frame: v.bareFrame("Sign in"), Form: form, Refused: refused, Demo: v.server.Demo}.View())
}

// localPath is where to go after signing in: a path of this portal and nothing else.
func localPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return paths.Home()
	}
	return next
}
