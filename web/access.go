package web

import (
	"errors"
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
	consent, _ := models.ParseID(v.field("consent"))
	token, err := v.server.Identity.StartAccess(v.ctx(), v.session,
		identity.AccessOrder{Tenant: tenant, Account: id, Reason: reason, Consent: consent, From: v.origin()})
	if errors.Is(err, identity.ErrNoSuchConsent) { // used in another tab, or withdrawn since the page was opened
		return v.accessForm(http.StatusNotFound, tenant, id, reason, identity.ErrNoSuchConsent)
	}
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
	form, err := v.accessTo(account)
	if err != nil {
		return err
	}
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

// accessTo is the form by which this person enters an account, or asks for consent first; without an action where there is
// no way in.
func (v *visit) accessTo(a models.Account) (pages.AccessForm, error) {
	form := pages.AccessForm{Account: a.Name}
	switch {
	case v.actor.IsStaff() && a.Kind != models.Operator:
		form.As, form.Action, form.Back = "support", paths.StaffAccess(a.TenantID, a.ID), paths.StaffAccount(a.TenantID, a.ID)
		return form, v.consented(a, &form)
	case a.Kind == models.Sub && a.TenantID == v.actor.Home:
		form.As, form.Action, form.Back = "Admin of "+v.session.Home.Name, paths.SubAccountAccess(a.ID), paths.SubAccount(a.ID)
	}
	return form, nil
}

// consented makes the form that of an account which asks for consent, if it does.
func (v *visit) consented(a models.Account, form *pages.AccessForm) error {
	needed, latest, err := v.server.Identity.ConsentFor(v.ctx(), v.actor, a.TenantID, a.ID)
	if err != nil || !needed {
		return err
	}
	form.Step = pages.AskConsent
	switch {
	case latest == nil:
	case latest.Status == identity.ConsentRequested:
		form.Step, form.Agreed, form.AskedAt, form.Until = pages.AwaitConsent, latest.Reason, latest.RequestedAt, latest.ExpiresAt
	case latest.Status == identity.ConsentGiven:
		form.Step, form.Consent, form.Agreed, form.ConsentOf, form.Until = pages.UseConsent, latest.ID, latest.Reason, latest.DecidedBy, latest.ExpiresAt
	case latest.Status == identity.ConsentRefused || latest.Status == identity.ConsentWithdrawn:
		form.Before = string(latest.Status) + " by " + latest.DecidedBy
	}
	if form.Step == pages.AskConsent {
		form.Action = paths.StaffConsent(a.TenantID, a.ID)
	}
	return nil
}

// createConsentRequest asks an account for consent to enter it.
func (s *Server) createConsentRequest(v *visit) error {
	tenant, id, err := v.tenantAndID()
	if err != nil {
		return err
	}
	reason := v.field("reason")
	err = s.Identity.AskConsent(v.ctx(), v.actor, tenant, id, reason)
	if refused, ok := refusalOf(err); ok {
		return v.accessForm(formStatus(refused), tenant, id, reason, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffAccount(tenant, id), "You have asked for consent. The account's Admins got an e-mail, and you get one when they decide.")
}

const accessesPerPage = 50

func (s *Server) listAccesses(v *visit) error {
	return v.accesses(v.session.Account, paths.AccessLog(), ui.Action{Label: "Settings", Href: paths.Settings()})
}

func (s *Server) listSubAccountAccesses(v *visit) error {
	sub, err := v.subAccountAsked()
	if err != nil {
		return err
	}
	return v.accesses(sub.Account, paths.SubAccountAccessLog(sub.ID), ui.Action{Label: sub.Name, Href: paths.SubAccountActivity(sub.ID)})
}

// accesses is the list of who entered an account, at the address of which list is the first page.
func (v *visit) accesses(account models.Account, list string, back ui.Action) error {
	after, _ := models.ParseID(v.QueryParam("after"))
	found, err := v.server.Identity.AccessesOf(v.ctx(), v.actor, account.ID, after, accessesPerPage)
	if err != nil {
		return err
	}
	frame, err := v.frame("Who accessed this account")
	if err != nil {
		return err
	}
	page := pages.AccessLog{Frame: frame, Account: account.Name, Lines: accessLines(found.Lines, v.session.Parent.Name), Back: back}
	if after != models.NoID {
		page.First = list
	}
	if found.Next != models.NoID {
		page.Older = paths.With(list, url.Values{"after": {found.Next.String()}})
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
		lines = append(lines, pages.AccessLine{Who: f.Helper, As: as, Reason: f.Reason, ConsentOf: f.ConsentOf, StartedAt: f.StartedAt, EndsAt: f.EndsAt, EndedAt: f.EndedAt})
	}
	return lines
}
