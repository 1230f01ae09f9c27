package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/services/reports"
	"offshoot/views/exports"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) listActions(v *visit) error { return v.actionLog(paths.ActionLog()) }

// listAllActions is the log of the whole installation.
func (s *Server) listAllActions(v *visit) error { return v.actionLog(paths.StaffActionLog()) }

func (s *Server) exportActions(v *visit) error { return v.actionLogFile() }

func (s *Server) exportAllActions(v *visit) error { return v.actionLogFile() }

func (v *visit) actionLog(list string) error {
	query, filter, refused, err := v.logAsked()
	if err != nil {
		return err
	}
	var found reports.LogPage
	if refused == nil {
		found, err = v.server.Reports.ActionLog(v.ctx(), v.actor, filter, reports.Page{Older: query.Older, Newer: query.Newer})
	}
	status := http.StatusOK
	if refusal, ok := refusalOf(err); ok {
		refused, err = refusal, nil
	}
	if err != nil {
		return err
	}
	if refused != nil {
		status = http.StatusUnprocessableEntity
	}
	frame, err := v.frame("Action log")
	if err != nil {
		return err
	}
	page := pages.ActionLog{Frame: frame, List: list, Query: query, Refused: refused, Lines: found.Lines, Newer: found.Newer, Older: found.Older,
		Everywhere: v.actor.IsStaff()}
	if !page.Everywhere {
		if page.Suggestions, err = v.accountSuggestions(); err != nil {
			return err
		}
	}
	return v.page(status, page.View())
}

func (v *visit) actionLogFile() error {
	_, filter, refused, err := v.logAsked()
	if err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	name := v.session.Account.Name
	if filter.Account != models.NoID {
		if name, err = v.server.Reports.AccountName(v.ctx(), v.actor, filter.Account); err != nil {
			return err
		}
	}
	return download(v, exports.FileName("action-log", name, filter.Days), func() *exports.Sheet[models.LogLine] {
		return exports.ActionLogCSV(v.Response(), v.zone())
	}, func(each func(models.LogLine) error) error {
		return v.server.Reports.ExportActionLog(v.ctx(), v.actor, filter, each)
	})
}

func (v *visit) logAsked() (models.LogQuery, reports.LogFilter, *models.Error, error) {
	q := paths.ParseLogQuery(v.QueryParams())
	var p models.Problems
	days := v.days(&p, q.From, q.To)
	account, name, err := v.accountNamed(&p, q.Account)
	q.Account = name
	refused, _ := refusalOf(p.Err())
	return q, reports.LogFilter{Account: account, Who: q.Who, Group: q.Group, Days: days}, refused, err
}
