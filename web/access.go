package web

import (
	"net/http"
	"net/url"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/identity"
	"offshoot/views/pages"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (s *Server) newAccess(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return v.accessForm(http.StatusOK, v.actor.Tenant, id, "", nil)
}

func (s *Server) createAccess(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return v.access(v.actor.Tenant, id)
}

func (s *Server) newStaffAccess(v *visit) error {
	tenant, id, err := v.tenantAndID()
	if err != nil {
		return err
	}
	return v.accessForm(http.StatusOK, tenant, id, "", nil)
}

func (s *Server) createStaffAccess(v *visit) error {
	tenant, id, err := v.tenantAndID()
	if err != nil {
		return err
	}
	return v.access(tenant, id)
}

func (v *visit) access(tenant, id models.ID) error {
	reason := v.field("reason")
	token, err := v.server.Identity.StartAccess(v.ctx(), v.session, identity.AccessOrder{Tenant: tenant, Account: id, Reason: reason, From: v.origin()})
	if refused, ok := refusalOf(err); ok {
		return v.accessForm(formStatus(refused), tenant, id, reason, refused)
	}
	if err != nil {
		return err
	}
	v.remember(token)
	return v.redirect(paths.Home())
}

// deleteAccess leads back to the page of the account that the person was in, which is where they came from.
func (s *Server) deleteAccess(v *visit) error {
	left, page := v.session.Account, paths.SubAccount(v.session.Account.ID)
	if v.session.Home.Kind == models.Operator {
		page = paths.StaffAccount(left.TenantID, left.ID)
	}
	token, err := s.Identity.EndAccess(v.ctx(), v.session)
	if err != nil {
		return err
	}
	if err := v.become(token); err != nil {
		return err
	}
	return v.done(page, "You have left "+left.Name+" and are in your own account again.")
}

func (v *visit) accessForm(status int, tenant, id models.ID, reason string, refused *models.Error) error {
	account, err := v.server.Accounts.Account(v.ctx(), v.actor.In(tenant), id)
	if err != nil {
		return err
	}
	form := v.accessTo(account)
	form.Reason = reason
	if form.Action == "" {
		return accounts.ErrNoSuchAccount
	}
	frame, err := v.frame("Access account")
	if err != nil {
		return err
	}
	return v.page(status, pages.NewAccess{Frame: frame, Form: form, Refused: refused}.View())
}

// accessTo is the form by which this person enters an account; without an action where there is no way in.
func (v *visit) accessTo(a models.Account) pages.AccessForm {
	form := pages.AccessForm{Account: a.Name}
	switch {
	case v.actor.IsStaff() && a.Kind != models.Operator:
		form.As, form.Action, form.Back = "support", paths.StaffAccess(a.TenantID, a.ID), paths.StaffAccount(a.TenantID, a.ID)
	case a.Kind == models.Sub && a.TenantID == v.actor.Home:
		form.As, form.Action, form.Back = "Admin of "+v.session.Home.Name, paths.SubAccountAccess(a.ID), paths.SubAccount(a.ID)
	}
	return form
}

const accessesPerPage = 50

func (s *Server) listAccesses(v *visit) error {
	after, _ := models.ParseID(v.QueryParam("after"))
	found, err := s.Identity.AccessesOf(v.ctx(), v.actor, v.actor.Account, after, accessesPerPage)
	if err != nil {
		return err
	}
	frame, err := v.frame("Who accessed this account")
	if err != nil {
		return err
	}
	page := pages.AccessLog{Frame: frame, Account: v.session.Account.Name, Lines: accessLines(found.Lines, v.session.Parent.Name),
		Back: ui.Action{Label: "Settings", Href: paths.Settings()}}
	if after != models.NoID {
		page.First = paths.AccessLog()
	}
	if found.Next != models.NoID {
		page.Older = paths.With(paths.AccessLog(), url.Values{"after": {found.Next.String()}})
	}
	return v.page(http.StatusOK, page.View())
}

// accessLines says as whom people were in an account: a parent's users come only from the parent of the account.
func accessLines(found []identity.AccessLine, parent string) []pages.AccessLine {
	lines := make([]pages.AccessLine, 0, len(found))
	for _, f := range found {
		as := "Admin of " + parent
		if f.HelperKind == models.Operator {
			as = "Support"
		}
		lines = append(lines, pages.AccessLine{Who: f.Helper, As: as, Reason: f.Reason, StartedAt: f.StartedAt, EndsAt: f.EndsAt, EndedAt: f.EndedAt})
	}
	return lines
}
