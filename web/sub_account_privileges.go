package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) listPrivileges(v *visit) error {
	if v.session.Account.SubAccountsEnabled == nil {
		return s.subAccountsOff(v)
	}
	asked := paths.ParseSubAccountQuery(v.QueryParams())
	query := models.AccountQuery{Search: asked.Search, After: asked.After, Before: asked.Before}
	found, err := s.Accounts.PrivilegeOverview(v.ctx(), v.actor, query)
	if err != nil {
		return err
	}
	frame, err := v.frame("Privileges")
	if err != nil {
		return err
	}
	frame.Search = nil // the table has its own
	return v.page(http.StatusOK, pages.PrivilegeOverview{Frame: frame, Query: query, Overview: found}.View())
}

func (s *Server) showPrivileges(v *visit) error {
	return v.privilegesForm(http.StatusOK, nil, nil)
}

func (s *Server) updatePrivileges(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	ticked := v.ticked("privileges")
	err = s.Accounts.SetPrivileges(v.ctx(), v.actor, id, v.version(), privileges(ticked))
	if refused, ok := refusalOf(err); ok {
		return v.privilegesForm(formStatus(refused), ticked, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.SubAccountPrivileges(id), "The privileges are saved.")
}

// privilegesForm shows what is granted now, also when it comes back because somebody else has changed it; what was ticked
// comes back only where that itself was refused.
func (v *visit) privilegesForm(status int, ticked []string, refused *models.Error) error {
	head, err := v.subAccountHead()
	if err != nil {
		return err
	}
	if refused == nil || isStale(refused) {
		ticked = nil
		for _, p := range head.Account.Privileges {
			ticked = append(ticked, string(p))
		}
	}
	return v.page(status, pages.SubAccountPrivileges{SubAccountHead: head, Ticked: ticked, Refused: refused}.View())
}
