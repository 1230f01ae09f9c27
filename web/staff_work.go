package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
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

func (s *Server) createJobRetry(v *visit) error {
	return v.decideJob(s.Work.Retry, "It is being tried again.")
}

func (s *Server) createJobRemoval(v *visit) error {
	return v.decideJob(s.Work.GiveUp, "It is given up, and not tried again.")
}

// decideJob does something about a failed job. One that goes on by now is told of on the list as it is.
func (v *visit) decideJob(how func(context.Context, models.Actor, int64) error, done string) error {
	id, err := strconv.ParseInt(v.Param("job"), 10, 64)
	if err != nil {
		return store.ErrNoSuchJob
	}
	err = how(v.ctx(), v.actor, id)
	if refused, ok := refusalOf(err); ok {
		return v.failedWork(formStatus(refused), refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffWork(), done)
}

func (v *visit) failedWork(status int, refused *models.Error) error {
	before, beforeJob := v.QueryParam("before"), v.QueryParam("job")
	found, err := v.server.Notify.Failed(v.ctx(), v.actor, messagesPerPage, before)
	if err != nil {
		return err
	}
	work, err := v.server.Work.Failed(v.ctx(), v.actor, beforeJob)
	if err != nil {
		return err
	}
	frame, err := v.frame("Background work")
	if err != nil {
		return err
	}
	page := pages.StaffWork{Frame: frame, Jobs: work.Jobs, MayDecide: v.actor.Can(models.ManageOperator), Refused: refused}
	for _, m := range found.Messages {
		page.Messages = append(page.Messages, pages.FailedMessage{Tenant: m.Tenant, ID: m.ID, Account: m.Account, Name: m.AccountName, Channel: channelLabel(m.Channel),
			To: m.To, Subject: m.Subject, Error: m.LastError, Tries: m.Tries, CreatedAt: m.CreatedAt})
	}
	at := func(before, job string) string {
		return paths.With(paths.StaffWork(), url.Values{"before": {before}, "job": {job}})
	}
	if before != "" {
		page.First = at("", beforeJob)
	}
	if found.Next != "" {
		page.Older = at(found.Next, beforeJob)
	}
	if beforeJob != "" {
		page.FirstJob = at(before, "")
	}
	if work.Next != "" {
		page.OlderJob = at(before, work.Next)
	}
	return v.page(status, page.View())
}

func channelLabel(c notify.Channel) string {
	if c == notify.ByText {
		return "Text"
	}
	return "Mail"
}
