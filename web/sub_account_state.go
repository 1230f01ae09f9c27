package web

import (
	"net/http"
	"strings"

	"offshoot/models"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) newDeactivation(v *visit) error {
	return v.deactivationForm(http.StatusOK, "", nil)
}

func (s *Server) createDeactivation(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	reason := v.field("reason")
	returned, err := s.Accounts.Deactivate(v.ctx(), v.actor, id, reason)
	if refused, ok := refusalOf(err); ok && refused.Kind == models.Invalid {
		return v.deactivationForm(formStatus(refused), reason, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.SubAccount(id), "The account is deactivated."+v.cameBack(returned))
}

func (v *visit) deactivationForm(status int, reason string, refused *models.Error) error {
	account, err := v.subAccountAsked()
	if err != nil {
		return err
	}
	returned, err := v.server.Accounts.PreviewDeactivate(v.ctx(), v.actor, account.ID)
	if err != nil {
		return err
	}
	frame, err := v.frame("Deactivate " + account.Name)
	if err != nil {
		return err
	}
	return v.page(status, pages.Deactivation{Frame: frame, Account: account, Returned: returned, Reason: reason, Refused: refused}.View())
}

// deleteDeactivation activates a deactivated sub-account again.
func (s *Server) deleteDeactivation(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := s.Accounts.Reactivate(v.ctx(), v.actor, id); err != nil {
		return err
	}
	return v.done(paths.SubAccount(id), "The account has its earlier state again.")
}

func (s *Server) newDeletion(v *visit) error {
	return v.deletionForm(http.StatusOK, "", nil)
}

func (s *Server) createDeletion(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	name := v.trimmed("name")
	returned, err := s.Accounts.Delete(v.ctx(), v.actor, id, name)
	if refused, ok := refusalOf(err); ok {
		return v.deletionForm(formStatus(refused), name, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.SubAccounts(), name+" is deleted."+v.cameBack(returned))
}

func (v *visit) deletionForm(status int, name string, refused *models.Error) error {
	account, err := v.subAccountAsked()
	if err != nil {
		return err
	}
	returned, err := v.server.Accounts.PreviewDelete(v.ctx(), v.actor, account.ID)
	if err != nil {
		return err
	}
	frame, err := v.frame("Delete " + account.Name)
	if err != nil {
		return err
	}
	return v.page(status, pages.Deletion{Frame: frame, Account: account, Returned: returned, Name: name, Refused: refused}.View())
}

// cameBack says what a sub-account has returned, where it had anything.
func (v *visit) cameBack(returned models.Returned) string {
	var back []string
	if returned.ID != models.NoID {
		back = append(back, v.moneyText(returned.Amount))
	}
	for _, u := range returned.Units {
		back = append(back, u.Amount.String()+" of "+u.Package)
	}
	if back == nil {
		return ""
	}
	return " " + strings.Join(back, " and ") + " came back to you."
}
