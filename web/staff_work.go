package web

import (
	"errors"
	"net/http"
	"net/url"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

const messagesPerPage = 50

func (s *Server) listFailedWork(v *visit) error { return v.failedWork(http.StatusOK, nil) }

func (s *Server) createRetry(v *visit) error {
	tenant, id, err := v.tenantAndID()
	if err != nil {
		return err
	}
	err = s.Notify.Retry(v.ctx(), v.actor, tenant, id)
	if errors.Is(err, notify.ErrNotFailed) { // pressed twice, or by two
		return v.failedWork(formStatus(err), notify.ErrNotFailed)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffWork(), "It is being tried again.")
}

func (v *visit) failedWork(status int, refused *models.Error) error {
	before := v.QueryParam("before")
	found, err := v.server.Notify.Failed(v.ctx(), v.actor, messagesPerPage, before)
	if err != nil {
		return err
	}
	frame, err := v.frame("Background work")
	if err != nil {
		return err
	}
	page := pages.StaffWork{Frame: frame, Refused: refused}
	for _, m := range found.Messages {
		page.Messages = append(page.Messages, pages.FailedMessage{Tenant: m.Tenant, ID: m.ID, Account: m.Account, Name: m.AccountName, Channel: channelLabel(m.Channel),
			To: m.To, Subject: m.Subject, Error: m.LastError, Tries: m.Tries, CreatedAt: m.CreatedAt})
	}
	if before != "" {
		page.First = paths.StaffWork()
	}
	if found.Next != "" {
		page.Older = paths.With(paths.StaffWork(), url.Values{"before": {found.Next}})
	}
	return v.page(status, page.View())
}

func channelLabel(c notify.Channel) string {
	if c == notify.ByText {
		return "Text"
	}
	return "Mail"
}
