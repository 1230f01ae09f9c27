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
	err = s.Accounts.SetFunding(v.ctx(), v.actor, id, v.version(), models.Funding(funding))
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
	if refused == nil || isStale(refused) {
		funding = string(head.Account.Funding)
	}
	return v.page(status, pages.SubAccountBalance{SubAccountHead: head, Funding: funding, Refused: refused, Statement: statement}.View())
}
