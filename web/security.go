package web

import (
	"errors"
	"net/http"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/views/pages"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// backToSecurity heads the pages below Security.
var backToSecurity = ui.Action{Label: "Security", Href: paths.Security()}

func (s *Server) showSecurity(v *visit) error {
	factor, err := s.Identity.SecondFactorOf(v.ctx(), v.session)
	if err != nil {
		return err
	}
	frame, err := v.frame("Security")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.Security{Frame: frame, Settings: v.settingsPath(), Email: v.session.User.Email, On: factor.On, Since: factor.Since,
		CodesLeft: factor.CodesLeft}.View())
}

func (s *Server) editPassword(v *visit) error { return v.passwordForm(http.StatusOK, nil) }

func (s *Server) updatePassword(v *visit) error {
	password := v.typed.Get("password")
	if password != v.typed.Get("repeated") {
		return v.passwordForm(formStatus(errPasswordsDiffer), errPasswordsDiffer)
	}
	token, err := s.Identity.ChangePassword(v.ctx(), v.session, v.typed.Get("current"), password)
	if answer, over := v.signedOutBy(err); over {
		return answer
	}
	var refused *models.Error
	if asRefusal(err, &refused) && refused.Kind != models.Forbidden {
		return v.passwordForm(formStatus(refused), refused)
	}
	if err != nil {
		return err
	}
	if err := v.become(token); err != nil {
		return err
	}
	return v.done(paths.Security(), "Your password is changed, and you are signed out everywhere else.")
}

func (v *visit) passwordForm(status int, refused *models.Error) error {
	frame, err := v.frame("Change password")
	if err != nil {
		return err
	}
	v.retryAfter(refused)
	return v.page(status, pages.ChangePassword{Frame: frame, Email: v.session.User.Email, Back: backToSecurity, Refused: refused}.View())
}

func (s *Server) newSecondFactor(v *visit) error { return v.secondFactor(http.StatusOK, "", nil) }

func (s *Server) createSecondFactor(v *visit) error {
	err := s.Identity.StartSecondFactor(v.ctx(), v.session)
	if err != nil && !errors.Is(err, identity.ErrSecondFactorOn) {
		return err
	}
	return v.redirect(paths.SecondFactor())
}

// secondFactor is the page that sets an authenticator app up: first what it is, then the secret.
func (v *visit) secondFactor(status int, code string, refused *models.Error) error {
	setup, err := v.server.Identity.SecondFactorSetup(v.ctx(), v.session)
	switch {
	case errors.Is(err, identity.ErrSecondFactorOn):
		return v.redirect(paths.Security())
	case err != nil && !errors.Is(err, identity.ErrNoSetup):
		return err
	}
	frame, failed := v.frame("Authenticator app")
	if failed != nil {
		return failed
	}
	return v.page(status, pages.SecondFactor{Frame: frame, Back: backToSecurity, Started: err == nil, Secret: setup.Secret, Code: code, Refused: refused}.View())
}

func (s *Server) showSecondFactorQR(v *visit) error {
	setup, err := s.Identity.SecondFactorSetup(v.ctx(), v.session)
	if err != nil {
		return err
	}
	picture, err := setup.QR()
	if err != nil {
		return err
	}
	return v.Blob(http.StatusOK, "image/png", picture)
}

func (s *Server) confirmSecondFactor(v *visit) error {
	code := v.field("code")
	codes, err := s.Identity.ConfirmSecondFactor(v.ctx(), v.session, code)
	if errors.Is(err, identity.ErrSecondFactorOn) { // the form was sent twice, and once is done
		return v.redirect(paths.Security())
	}
	if refused, ok := refusalOf(err); ok {
		return v.secondFactor(formStatus(refused), code, refused)
	}
	if err != nil {
		return err
	}
	return v.recoveryCodes(codes, true)
}

func (s *Server) newSecondFactorRemoval(v *visit) error {
	factor, err := s.Identity.SecondFactorOf(v.ctx(), v.session)
	if err != nil {
		return err
	}
	if !factor.On {
		return v.redirect(paths.Security())
	}
	frame, err := v.frame("Turn off the authenticator app")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.SecondFactorRemoval{Frame: frame, Back: backToSecurity, Staff: v.session.Home.Kind == models.Operator}.View())
}

func (s *Server) deleteSecondFactor(v *visit) error {
	err := s.Identity.TurnOffSecondFactor(v.ctx(), v.session)
	if errors.Is(err, identity.ErrSecondFactorOff) {
		return v.redirect(paths.Security())
	}
	if err != nil {
		return err
	}
	return v.done(paths.Security(), "The authenticator app is turned off. Your password alone lets you in.")
}

func (s *Server) newRecoveryCodes(v *visit) error {
	factor, err := s.Identity.SecondFactorOf(v.ctx(), v.session)
	if err != nil {
		return err
	}
	if !factor.On {
		return v.redirect(paths.Security())
	}
	frame, err := v.frame("Recovery codes")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.NewRecoveryCodes{Frame: frame, Back: backToSecurity, Left: factor.CodesLeft}.View())
}

func (s *Server) createRecoveryCodes(v *visit) error {
	codes, err := s.Identity.NewRecoveryCodes(v.ctx(), v.session)
	if errors.Is(err, identity.ErrSecondFactorOff) {
		return v.redirect(paths.Security())
	}
	if err != nil {
		return err
	}
	return v.recoveryCodes(codes, false)
}

// recoveryCodes is the answer to the form itself: the codes are nowhere but on this page, so there is no address for them.
func (v *visit) recoveryCodes(codes []string, first bool) error {
	frame, err := v.frame("Your recovery codes")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.RecoveryCodes{Frame: frame, Installation: v.server.Installation, Email: v.session.User.Email, Codes: codes, First: first}.View())
}
