package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) showStaffAccess(v *visit) error { return v.staffAccess(http.StatusOK, nil) }

// updateStaffAccess turns it on or off, whatever the page that was open said; a form that says neither was not made by us.
func (s *Server) updateStaffAccess(v *visit) error {
	choice := v.field("staff_access")
	if choice != "on" && choice != "off" {
		return v.staffAccess(http.StatusUnprocessableEntity, models.ErrCheckFields.Saying("Choose whether staff access is on or off."))
	}
	err := s.Accounts.SetStaffAccess(v.ctx(), v.actor, choice == "on")
	if refused, ok := refusalOf(err); ok {
		return v.staffAccess(formStatus(refused), refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffAccessSetting(), "Staff access is turned "+choice+".")
}

func (s *Server) createConsent(v *visit) error {
	return v.decide(s.Identity.GiveConsent, "You have given consent. They are told, and can enter that account once within 24 hours.")
}

func (s *Server) createConsentRefusal(v *visit) error {
	return v.decide(s.Identity.RefuseConsent, "The request is refused, and they are told.")
}

func (s *Server) deleteConsent(v *visit) error {
	return v.decide(s.Identity.WithdrawConsent, "The consent is withdrawn. Whoever was in the account by it is out.")
}

// decide answers a request. One that a colleague has decided meanwhile is shown as it is now.
func (v *visit) decide(how func(context.Context, models.Actor, models.ID) error, done string) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	err = how(v.ctx(), v.actor, id)
	if errors.Is(err, identity.ErrNoSuchConsent) {
		return v.staffAccess(http.StatusNotFound, identity.ErrNoSuchConsent)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffAccessSetting(), done)
}

const consentsPerPage = 50

func (v *visit) staffAccess(status int, refused *models.Error) error {
	account, err := v.server.Accounts.Account(v.ctx(), v.actor, v.actor.Account) // as it is after what was refused
	if err != nil {
		return err
	}
	after, _ := models.ParseID(v.QueryParam("after"))
	found, err := v.server.Identity.Consents(v.ctx(), v.actor, after, consentsPerPage)
	if err != nil {
		return err
	}
	frame, err := v.frame("Staff access")
	if err != nil {
		return err
	}
	page := pages.StaffAccess{Frame: frame, Off: account.StaffAccessOff, Refused: refused}
	for _, c := range found.Lines {
		page.Lines = append(page.Lines, pages.ConsentLine{ID: c.ID, Who: c.Helper, Account: c.AccountName, Reason: c.Reason, RequestedAt: c.RequestedAt,
			Status: consentLabels[c.Status], DecidedBy: c.DecidedBy, Until: c.ExpiresAt, Open: c.Status == identity.ConsentRequested,
			Given: c.Status == identity.ConsentGiven, Inside: c.Status == identity.ConsentUsed && c.Inside})
	}
	if after != models.NoID {
		page.First = paths.StaffAccessSetting()
	}
	if found.Next != models.NoID {
		page.Older = paths.With(paths.StaffAccessSetting(), url.Values{"after": {found.Next.String()}})
	}
	return v.page(status, page.View())
}

var consentLabels = map[identity.ConsentStatus]string{identity.ConsentRefused: "Refused", identity.ConsentWithdrawn: "Withdrawn",
	identity.ConsentUsed: "Used", identity.ConsentExpired: "Expired"}
