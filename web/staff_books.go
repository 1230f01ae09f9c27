package web

import (
	"net/http"
	"net/url"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/pages"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (s *Server) listBookChecks(v *visit) error {
	found, err := s.Proof.Page(v.ctx(), v.actor, v.QueryParam("after"))
	if err != nil {
		return err
	}
	frame, err := v.frame("Books")
	if err != nil {
		return err
	}
	page := pages.StaffBooks{Frame: frame, Faulty: found.Faulty, Checks: found.Checks}
	if v.QueryParam("after") != "" {
		page.First = paths.StaffBooks()
	}
	if found.Next != "" {
		page.Next = paths.With(paths.StaffBooks(), url.Values{"after": {found.Next}})
	}
	return v.page(http.StatusOK, page.View())
}

func (s *Server) showBookCheck(v *visit) error { return v.bookCheck(http.StatusOK, "", nil) }

func (s *Server) createBookCheck(v *visit) error {
	tenant, err := v.id("tenant")
	if err != nil {
		return err
	}
	if err := s.Proof.CheckNow(v.ctx(), v.actor, tenant); err != nil {
		return err
	}
	return v.done(paths.StaffBook(tenant), "All books of this account are being checked. Open this page again in a while to see what was found.")
}

func (s *Server) deleteFreeze(v *visit) error {
	tenant, err := v.id("tenant")
	if err != nil {
		return err
	}
	reason := v.field("reason")
	err = s.Proof.Unfreeze(v.ctx(), v.actor, tenant, reason)
	if refused, ok := refusalOf(err); ok {
		return v.bookCheck(formStatus(refused), reason, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffBook(tenant), "Money moves again in this account.")
}

func (v *visit) bookCheck(status int, reason string, refused *models.Error) error {
	tenant, err := v.id("tenant")
	if err != nil {
		return err
	}
	check, err := v.server.Proof.Of(v.ctx(), v.actor, tenant)
	if err != nil {
		return err
	}
	frame, err := v.frame("Books of " + check.Name)
	if err != nil {
		return err
	}
	page := pages.StaffBook{Frame: frame, Check: check, MayDecide: v.actor.Can(models.ManageOperator), Reason: reason, Refused: refused}
	return v.page(status, page.View())
}

// frozenNotice tells an account's people that no money moves, and staff of whom that is so.
func (v *visit) frozenNotice(f *layouts.Frame) error {
	var notice ui.Flash
	if v.actor.Can(models.SupportAccounts) {
		n, err := v.server.Proof.Frozen(v.ctx(), v.actor)
		if err != nil || n == 0 || v.isUnder(paths.StaffBooks()) {
			return err
		}
		notice = pages.FrozenNotice(n)
	} else {
		frozen, err := v.server.Proof.Freeze(v.ctx(), v.actor)
		if err != nil || frozen == nil {
			return err
		}
		notice = pages.FrozenMoney()
	}
	f.Notices = append(f.Notices, notice)
	return nil
}
