// Package background shows staff what the job queue could not do, and lets them have it done again (ACC-15). Mails and
// texts that could not be delivered stand in notify's outbox and not here: their jobs end well, having found that out.
//
// Jobs belong to no tenant. What staff do about them is in the operator's own action log.
package background

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"offshoot/models"
	"offshoot/services/store"
)

// Service is the failed work as pages use it.
type Service struct{ store *store.Store }

// New returns the service on that store.
func New(s *store.Store) *Service { return &Service{store: s} }

// Page is some failed jobs, newest first, and where the next ones begin.
type Page struct {
	Jobs []models.FailedJob
	Next string // the before of the next page; empty at the end
}

const pageSize = 50

// Failed returns the work that went wrong and was not done since. What a job was about is left out, and of its error
// whatever may be a secret. A before that is no Next begins at the newest.
// For: staff, in their own account. Refuses: missing privilege.
func (s *Service) Failed(ctx context.Context, actor models.Actor, before string) (Page, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return Page{}, err
	}
	from, _ := strconv.ParseInt(before, 10, 64)
	var page Page
	err := s.store.Survey(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		page.Jobs, err = tx.FailedJobs(ctx, pageSize+1, from)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	if len(page.Jobs) > pageSize {
		page.Jobs = page.Jobs[:pageSize]
		page.Next = strconv.FormatInt(page.Jobs[pageSize-1].ID, 10)
	}
	for i := range page.Jobs {
		page.Jobs[i].Error = sayable(page.Jobs[i].Error)
	}
	return page, nil
}

// Retry has a failed job done again, now.
// For: staff who manage the operator. Refuses: missing privilege; no such job; one that has not failed, also when somebody
// was faster; the same work waiting already.
func (s *Service) Retry(ctx context.Context, actor models.Actor, id int64) error {
	return s.decide(ctx, actor, models.JobRetried, id, (*store.Tx).RetryJob)
}

// GiveUp throws a failed job away: it is not tried again. For and refusals: as Retry.
func (s *Service) GiveUp(ctx context.Context, actor models.Actor, id int64) error {
	return s.decide(ctx, actor, models.JobGivenUp, id, (*store.Tx).DropJob)
}

func (s *Service) decide(ctx context.Context, actor models.Actor, action models.Action, id int64,
	how func(*store.Tx, context.Context, int64) (models.FailedJob, error)) error {
	if err := actor.Require(models.ManageOperator); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		job, err := how(tx, ctx, id)
		return models.Event{Action: action, Account: actor.Account, Details: map[string]string{
			"kind": job.Kind, "job": strconv.FormatInt(id, 10), "error": sayable(job.Error)}}, err
	})
	return err
}

var (
	userInfo = regexp.MustCompile(`://[^/\s@]*@`)
	longWord = regexp.MustCompile(`[A-Za-z0-9_\-+/=.]{24,}`)
	named    = regexp.MustCompile(`(?i)(password|passwd|secret|token|key|code)(\s*[=:]\s*)\S+`)
)

// sayable makes what went wrong fit for a page: one line, not too long, without what may be a secret. An error is not
// meant to hold one; this is for the one that does.
func sayable(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	text = userInfo.ReplaceAllString(text, "://…@")
	text = named.ReplaceAllString(text, "$1$2…")
	text = longWord.ReplaceAllStringFunc(text, func(word string) string {
		if _, isID := models.ParseID(word); isID || !strings.ContainsAny(word, "0123456789") {
			return word
		}
		return "…"
	})
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:299]) + "…"
	}
	return text
}
