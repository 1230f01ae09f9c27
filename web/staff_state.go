package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) newParentDeactivation(v *visit) error {
	return v.parentDeactivation(http.StatusOK, "", nil)
}

func (s *Server) createParentDeactivation(v *visit) error {
	tenant, err := v.id("tenant")
	if err != nil {
		return err
	}
	reason := v.field("reason")
	err = s.Accounts.DeactivateParent(v.ctx(), v.actor, tenant, reason)
	if refused, ok := refusalOf(err); ok {
		return v.parentDeactivation(formStatus(refused), reason, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffAccount(tenant, tenant), "The account is deactivated, and its users are signed out.")
}

// deleteParentDeactivation is sent by a button without a form of its own, so its refusals stand on the account's page.
func (s *Server) deleteParentDeactivation(v *visit) error {
	tenant, err := v.id("tenant")
	if err != nil {
		return err
	}
	err = s.Accounts.ReactivateParent(v.ctx(), v.actor, tenant)
	if refused, ok := refusalOf(err); ok {
		return v.staffAccount(formStatus(refused), tenant, tenant, nil, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffAccount(tenant, tenant), "The account is activated again.")
}

func (v *visit) parentDeactivation(status int, reason string, refused *models.Error) error {
	parent, err := v.parent()
	if err != nil {
		return err
	}
	page := pages.ParentDeactivation{Parent: parent, Reason: reason, Refused: refused}
	for _, working := range []models.AccountStatus{models.Active, models.Pending} {
		list, err := v.server.Accounts.List(v.ctx(), v.actor.In(parent.TenantID), models.AccountQuery{Status: working})
		if err != nil {
			return err
		}
		page.Stops, page.More = page.Stops+list.Count, page.More || list.More
	}
	if page.Frame, err = v.frame("Deactivate " + parent.Name); err != nil {
		return err
	}
	return v.page(status, page.View())
}
