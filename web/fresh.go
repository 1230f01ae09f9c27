package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

// How long ago the person may have proved to be there, by password or code, when they open a page that is marked fresh, and
// when they send its form: a form that was opened in time can be filled in at leisure.
const (
	freshToOpen = 10 * time.Minute
	freshToSend = 20 * time.Minute
)

func (v *visit) isFresh() bool {
	age := v.server.Store.Now().Sub(v.session.ProvedAt)
	if v.Request().Method == http.MethodPost {
		return age < freshToSend
	}
	return age < freshToOpen
}

// pageOf is the page to come back to: the one that was asked for, or for a form the nearest page above its address.
func (v *visit) pageOf() string {
	if v.Request().Method != http.MethodPost {
		return v.Request().URL.RequestURI()
	}
	pattern, path := v.Path(), v.Request().URL.EscapedPath()
	for pattern != "" && !v.server.pages[pattern] {
		pattern, path = parentOf(pattern), parentOf(path)
	}
	return path
}

func parentOf(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 0)] }

func (s *Server) newConfirmation(v *visit) error {
	return v.confirmation(http.StatusOK, v.QueryParam("next"), nil)
}

func (s *Server) createConfirmation(v *visit) error {
	next := v.field("next")
	err := s.Identity.ConfirmPassword(v.ctx(), v.session, v.typed.Get("password"))
	if answer, over := v.signedOutBy(err); over {
		return answer
	}
	var refused *models.Error
	if asRefusal(err, &refused) {
		return v.confirmation(formStatus(refused), next, refused)
	}
	if err != nil {
		return err
	}
	return v.redirect(localPath(next))
}

func (v *visit) confirmation(status int, next string, refused *models.Error) error {
	frame, err := v.frame("Confirm your password")
	if err != nil {
		return err
	}
	v.retryAfter(refused)
	return v.page(status, pages.ConfirmPassword{Frame: frame, Email: v.session.User.Email, Next: localPath(next), Refused: refused}.View())
}

// signedOutBy answers when a refusal has ended the person's session, or something else has meanwhile.
func (v *visit) signedOutBy(err error) (answer error, over bool) {
	switch {
	case errors.Is(err, identity.ErrNoSession):
		v.forgetCookie()
		return v.redirect(paths.SignIn()), true
	case errors.Is(err, identity.ErrSignInAgain):
		v.forgetCookie()
		v.session, v.actor = identity.Session{}, models.Actor{}
		return v.signInForm(formStatus(identity.ErrSignInAgain), pages.SignInForm{}, identity.ErrSignInAgain), true
	}
	return nil, false
}
