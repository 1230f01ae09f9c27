package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/services/reports"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) showSubAccount(v *visit) error {
	return v.subAccount(http.StatusOK, "", nil)
}

// createActivation sends the activation of a Pending sub-account again.
func (s *Server) createActivation(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	method := models.ActivationMethod(v.field("method"))
	err = s.Accounts.Resend(v.ctx(), v.actor, id, method)
	if refused, ok := refusalOf(err); ok {
		return v.subAccount(formStatus(refused), string(method), refused)
	}
	if err != nil {
		return err
	}
	account, err := s.Accounts.Account(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	return v.done(paths.SubAccount(id), "Sent again. "+sent(account, method)+" What was sent before no longer works.")
}

func (v *visit) subAccount(status int, method string, refused *models.Error) error {
	head, err := v.subAccountHead()
	if err != nil {
		return err
	}
	if method == "" && head.Account.Activation != nil {
		method = string(head.Account.Activation.Method)
	}
	return v.page(status, pages.SubAccount{SubAccountHead: head, Method: method, Refused: refused}.View())
}

func (s *Server) showSubAccountActivity(v *visit) error {
	head, err := v.subAccountHead()
	if err != nil {
		return err
	}
	log, err := s.Reports.ActionLog(v.ctx(), v.actor, reports.LogFilter{Account: head.Account.ID},
		reports.Page{Older: v.QueryParam("older"), Newer: v.QueryParam("newer")})
	if err != nil {
		return err
	}
	months, err := s.Reports.PerAccountUsage(v.ctx(), v.actor, head.Account.ID, v.zone())
	if err != nil {
		return err
	}
	messages, err := s.Reports.Messages(v.ctx(), v.actor, reports.MessageFilter{Account: head.Account.ID}, reports.Page{Size: newestMessages})
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.SubAccountActivity{SubAccountHead: head, Lines: log.Lines, Older: log.Older, Newer: log.Newer, Months: months,
		Messages: messages.Messages}.View())
}

// newestMessages is how many messages of a sub-account its tab Activity shows; the log has all of them.
const newestMessages = 8
