package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/views/pages"
)

func (s *Server) showBilling(v *visit) error { return v.billing(http.StatusOK, nil, nil) }

// billing shows the notice as it was typed when its form comes back refused.
func (v *visit) billing(status int, typed *models.LowForm, refused *models.Error) error {
	payments, err := v.server.Ledger.Payments(v.ctx(), v.actor, models.PaymentQuery{Older: v.QueryParam("older"), Newer: v.QueryParam("newer")})
	if err != nil {
		return err
	}
	frame, err := v.frame("Billing")
	if err != nil {
		return err
	}
	page := pages.Billing{Frame: frame, Parent: v.session.Parent, Payments: payments}
	if v.session.Account.Kind == models.Parent {
		balance, err := v.server.Ledger.Balance(v.ctx(), v.actor)
		if err != nil {
			return err
		}
		page.Balance = &balance
		if err := v.ownLowNotice(&page, typed, refused); err != nil {
			return err
		}
	}
	return v.page(status, page.View())
}
