package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) showSubAccountBalance(v *visit) error {
	return v.subAccountBalance(http.StatusOK, "", nil)
}

func (s *Server) exportSubAccountStatement(v *visit) error {
	account, err := v.subAccountAsked()
	if err != nil {
		return err
	}
	return v.statementFile(account.ID)
}

func (s *Server) updateFunding(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	funding := v.field("funding")
	err = s.Accounts.SetFunding(v.ctx(), v.actor, id, v.version(), models.FundingTerms{Funding: models.Funding(funding)})
	if refused, ok := refusalOf(err); ok {
		return v.subAccountBalance(formStatus(refused), funding, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.SubAccountBalance(id), "The funding is saved.")
}

// subAccountBalance shows as chosen what the funding is now, unless another choice comes back refused.
func (v *visit) subAccountBalance(status int, funding string, refused *models.Error) error {
	return v.subAccountBalanceTab(status, pages.SubAccountBalance{Funding: funding, Refused: refused, Units: pages.UnitsForm{Key: newKey()}})
}

// subAccountUnits is the tab when its form of units comes back refused.
func (v *visit) subAccountUnits(status int, form pages.UnitsForm, refused *models.Error) error {
	return v.subAccountBalanceTab(status, pages.SubAccountBalance{Units: form, UnitsRefused: refused})
}

func (v *visit) subAccountBalanceTab(status int, page pages.SubAccountBalance) error {
	head, err := v.subAccountHead()
	if err != nil {
		return err
	}
	statement, wrong, err := v.statement(head.Account.ID, paths.SubAccountBalance(head.Account.ID))
	if err != nil {
		return err
	}
	if wrong {
		status = http.StatusUnprocessableEntity
	}
	if page.Refused == nil || isStale(page.Refused) {
		page.Funding = string(head.Account.Funding)
	}
	page.SubAccountHead, page.Statement, page.Now = head, statement, v.server.Store.Now()
	if page.Has, page.Give, err = v.server.Billing.SubAccountUnits(v.ctx(), v.actor, head.Account.ID); err != nil {
		return err
	}
	if err := v.fillRefill(&page.Refill, head.Account, head.May.Manage); err != nil {
		return err
	}
	return v.page(status, page.View())
}
