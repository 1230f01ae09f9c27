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
	return v.privilegesPage(http.StatusOK, pages.SubAccountPrivileges{})
}

func (s *Server) updatePrivileges(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	ticked := v.ticked("privileges")
	err = s.Accounts.SetPrivileges(v.ctx(), v.actor, id, v.version(), privileges(ticked))
	if refused, ok := refusalOf(err); ok {
		return v.privilegesPage(formStatus(refused), pages.SubAccountPrivileges{Ticked: ticked, Refused: refused})
	}
	if err != nil {
		return err
	}
	return v.done(paths.SubAccountPrivileges(id), "The privileges are saved.")
}

// privilegesPage is the tab with its two forms, of which one may have come back. It shows what is granted now, also when it
// comes back because somebody else has changed it; what was ticked comes back only where that itself was refused.
func (v *visit) privilegesPage(status int, page pages.SubAccountPrivileges) (err error) {
	if page.SubAccountHead, err = v.subAccountHead(); err != nil {
		return err
	}
	if page.Refused == nil || isStale(page.Refused) {
		page.Ticked = nil
		for _, p := range page.Account.Privileges {
			page.Ticked = append(page.Ticked, string(p))
		}
	}
	if page.Features, err = v.server.Accounts.FeatureAccess(v.ctx(), v.actor, page.Account.ID); err != nil {
		return err
	}
	return v.page(status, page.View())
}
