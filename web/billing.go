package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/views/pages"
)

func (s *Server) showBilling(v *visit) error {
	payments, err := s.Ledger.Payments(v.ctx(), v.actor, models.PaymentQuery{Older: v.QueryParam("older"), Newer: v.QueryParam("newer")})
	if err != nil {
		return err
	}
	frame, err := v.frame("Billing")
	if err != nil {
		return err
	}
	page := pages.Billing{Frame: frame, Parent: v.session.Parent, Payments: payments}
	if v.session.Account.Kind == models.Parent {
		balance, err := s.Ledger.Balance(v.ctx(), v.actor)
		if err != nil {
			return err
		}
		page.Balance = &balance
	}
	return v.page(http.StatusOK, page.View())
}
