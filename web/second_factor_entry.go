package web

import (
	"fmt"
	"net/http"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/views/pages"
)

// byRecovery says that the page asks for a recovery code instead of the app's.
const byRecovery = "recovery"

func (s *Server) newCodeEntry(v *visit) error {
	return v.codeEntry(http.StatusOK, v.QueryParam("next"), v.QueryParam("by"), nil)
}

func (s *Server) createSecondFactorEntry(v *visit) error {
	next := v.field("next")
	entered, err := s.Identity.EnterCode(v.ctx(), v.session, v.field("code"), v.origin())
	if answer, over := v.signedOutBy(err); over {
		return answer
	}
	var refused *models.Error
	if asRefusal(err, &refused) {
		return v.codeEntry(formStatus(refused), next, v.field("by"), refused)
	}
	if err != nil {
		return err
	}
	if err := v.become(entered.Token); err != nil {
		return err
	}
	if entered.ByRecovery && entered.Stage == identity.StageFull {
		return v.done(onward(entered.Stage, next), recoveryUsed(entered.RecoveryCodes))
	}
	return v.redirect(onward(entered.Stage, next))
}

func recoveryUsed(left int) string {
	const more = " Make new ones in Settings under Security, or set up the app on your new phone there."
	switch left {
	case 0:
		return "That was your last recovery code." + more
	case 1:
		return "This recovery code is used up; one is left." + more
	}
	return fmt.Sprintf("This recovery code is used up; %d are left.", left) + more
}

func (v *visit) codeEntry(status int, next, by string, refused *models.Error) error {
	v.retryAfter(refused)
	return v.page(status, pages.SignInCode{Frame: v.bareFrame("Enter your code"), Email: v.session.User.Email, Next: next,
		Recovery: by == byRecovery, Refused: refused}.View())
}

func (s *Server) newOwnPassword(v *visit) error {
	return v.ownPassword(http.StatusOK, v.QueryParam("next"), nil)
}

func (s *Server) createOwnPassword(v *visit) error {
	next, password := v.field("next"), v.typed.Get("password")
	if password != v.typed.Get("repeated") {
		return v.ownPassword(formStatus(errPasswordsDiffer), next, errPasswordsDiffer)
	}
	token, err := s.Identity.ChooseNewPassword(v.ctx(), v.session, password)
	if answer, over := v.signedOutBy(err); over {
		return answer
	}
	var refused *models.Error
	if asRefusal(err, &refused) {
		return v.ownPassword(formStatus(refused), next, refused)
	}
	if err != nil {
		return err
	}
	if err := v.become(token); err != nil {
		return err
	}
	return v.done(localPath(next), "Welcome. From now on you sign in with "+v.session.User.Email+" and the password that you chose.")
}

func (v *visit) ownPassword(status int, next string, refused *models.Error) error {
	v.retryAfter(refused)
	return v.page(status, pages.OwnPassword{Frame: v.bareFrame("Choose your password"), Email: v.session.User.Email, Next: next, Refused: refused}.View())
}
