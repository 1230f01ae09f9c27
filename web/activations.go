package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/views/layouts"
	"offshoot/views/pages"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (s *Server) newActivationByLink(v *visit) error {
	return v.activationLink(http.StatusOK, v.QueryParam("token"), nil)
}

func (s *Server) createActivationByLink(v *visit) error {
	token := v.field("token")
	session, err := s.Accounts.OpenLink(v.ctx(), token, v.origin())
	if errors.Is(err, accounts.ErrLinkExpired) {
		return v.activationLink(http.StatusNotFound, "", accounts.ErrLinkExpired)
	}
	if err != nil {
		return err
	}
	if v.session.ID != models.NoID { // what the browser held before opens nothing any more
		if err := s.Identity.SignOut(v.ctx(), v.session); err != nil {
			return err
		}
	}
	v.remember(session)
	return v.redirect(paths.Activate())
}

// activationLink stands at an address that is a secret, which no Referer may tell anybody. (no-referrer would make browsers
// send the form with "Origin: null", and those that send no Sec-Fetch-Site would be refused as another site.)
func (v *visit) activationLink(status int, token string, refused *models.Error) error {
	v.Response().Header().Set("Referrer-Policy", "strict-origin")
	frame := layouts.Frame{Title: "Activate", Installation: v.server.Installation, Accent: v.server.Accent, Home: paths.Home()}
	return v.page(status, pages.ActivationLink{Frame: frame, Token: token, Other: v.session.User.Email, Refused: refused}.View())
}

func (s *Server) showActivation(v *visit) error { return v.activation(http.StatusOK, "", nil) }

func (s *Server) createCodeEntry(v *visit) error {
	code := v.field("code")
	err := s.Accounts.EnterCode(v.ctx(), v.session, code)
	if refused, ok := refusalOf(err); ok {
		return v.activation(formStatus(refused), code, refused)
	}
	if err != nil {
		return err
	}
	return v.redirect(paths.Activate())
}

func (s *Server) createCode(v *visit) error {
	err := s.Accounts.ResendCode(v.ctx(), v.session)
	if refused, ok := refusalOf(err); ok {
		return v.activation(formStatus(refused), "", refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.Activate(), "A new code is on its way to your mobile.")
}

var errPasswordsDiffer = models.ErrCheckFields.At("repeated", "This is not what you typed above.")

func (s *Server) createFirstPassword(v *visit) error {
	password := v.typed.Get("password")
	if password != v.typed.Get("repeated") {
		return v.activation(formStatus(errPasswordsDiffer), "", errPasswordsDiffer)
	}
	token, err := s.Accounts.ChoosePassword(v.ctx(), v.session, password, v.origin())
	if errors.Is(err, accounts.ErrNotPending) { // the form was sent twice, and once is done
		return v.redirect(paths.Home())
	}
	if refused, ok := refusalOf(err); ok {
		return v.activation(formStatus(refused), "", refused)
	}
	if err != nil {
		return err
	}
	if err := v.become(token); err != nil {
		return err
	}
	return v.done(paths.Home(), v.session.Account.Name+" is active. From now on you sign in with "+v.session.User.Email+" and your new password.")
}

func (v *visit) activation(status int, code string, refused *models.Error) error {
	how, err := v.server.Accounts.ActivationOf(v.ctx(), v.session)
	if err != nil {
		return err
	}
	flash, err := v.server.Identity.TakeFlash(v.ctx(), v.session)
	if err != nil {
		return err
	}
	frame := v.bareFrame("Activate")
	if flash != "" {
		frame.Flash = &ui.Flash{Tone: ui.Good, Text: flash}
	}
	return v.page(status, pages.Activation{Frame: frame, Account: how.Account.Name, Email: v.session.User.Email, Mobile: how.Mobile,
		CodeAccepted: how.CodeAccepted, CodeValid: fmt.Sprintf("%d minutes", accounts.CodeTTL/time.Minute), Code: code, Refused: refused}.View())
}
