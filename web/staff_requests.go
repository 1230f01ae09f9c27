package web

import (
	"errors"
	"net/http"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/senders"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) listRequests(v *visit) error {
	return v.requests(http.StatusOK, pages.StaffRequests{})
}

func (s *Server) createApproval(v *visit) error {
	tenant, id, err := v.tenantAndID()
	if err != nil {
		return err
	}
	if err := s.Accounts.Approve(v.ctx(), v.actor, tenant, id); err != nil {
		return v.undecided(err, pages.StaffRequests{})
	}
	return v.done(paths.StaffRequests(), "The request is approved. The feature is on, and the account is told by e-mail.")
}

func (s *Server) createRefusal(v *visit) error {
	tenant, id, err := v.tenantAndID()
	if err != nil {
		return err
	}
	reason := v.field("reason")
	if err := s.Accounts.Refuse(v.ctx(), v.actor, tenant, id, reason); err != nil {
		return v.undecided(err, pages.StaffRequests{Refusing: id, Reason: reason})
	}
	return v.done(paths.StaffRequests(), "The request is refused, and the account is told why by e-mail.")
}

func (s *Server) createSenderApproval(v *visit) error {
	tenant, id, err := v.tenantAndID()
	if err != nil {
		return err
	}
	if err := s.Senders.Approve(v.ctx(), v.actor, tenant, id); err != nil {
		return v.undecided(err, pages.StaffRequests{})
	}
	return v.done(paths.StaffRequests(), "The Sender ID is approved, and the account is told by e-mail.")
}

func (s *Server) createSenderRefusal(v *visit) error {
	tenant, id, err := v.tenantAndID()
	if err != nil {
		return err
	}
	reason := v.field("reason")
	if err := s.Senders.Refuse(v.ctx(), v.actor, tenant, id, reason); err != nil {
		return v.undecided(err, pages.StaffRequests{Refusing: id, Reason: reason})
	}
	return v.done(paths.StaffRequests(), "The Sender ID is refused, and the account is told why by e-mail.")
}

// undecided is the list again, when a decision was refused. One that a colleague has decided meanwhile is no longer in it.
func (v *visit) undecided(err error, page pages.StaffRequests) error {
	for _, closed := range []*models.Error{accounts.ErrNoSuchRequest, senders.ErrDecided} {
		if errors.Is(err, closed) {
			page.Refused = closed
			return v.requests(http.StatusNotFound, page)
		}
	}
	if refused, ok := refusalOf(err); ok {
		page.Refused = refused
		return v.requests(formStatus(refused), page)
	}
	return err
}

func (v *visit) requests(status int, page pages.StaffRequests) (err error) {
	if page.Requests, err = v.server.Accounts.Requests(v.ctx(), v.actor); err != nil {
		return err
	}
	if page.Frame, err = v.frame("Requests"); err != nil {
		return err
	}
	if page.Senders, err = v.server.Senders.Requests(v.ctx(), v.actor, v.QueryParam("after")); err != nil {
		return err
	}
	page.MayDecide = v.actor.Can(models.ManageParents)
	return v.page(status, page.View())
}
