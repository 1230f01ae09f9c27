package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/services/reports"
	"offshoot/views/exports"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) showStatement(v *visit) error {
	statement, refused, err := v.statement(models.NoID, paths.Statement())
	if err != nil {
		return err
	}
	frame, err := v.frame("Statement")
	if err != nil {
		return err
	}
	status := http.StatusOK
	if refused {
		status = http.StatusUnprocessableEntity
	}
	return v.page(status, pages.StatementPage{Frame: frame, Statement: statement}.View())
}

func (s *Server) exportStatement(v *visit) error { return v.statementFile(models.NoID) }

// statement is what a statement's part of a page shows: that of the reader's own account, or of another within sight.
// list is the address that the part stands at. A refused filter comes back with its sentences.
func (v *visit) statement(account models.ID, list string) (pages.Statement, bool, error) {
	q := paths.ParseStatementQuery(v.QueryParams())
	var p models.Problems
	shown := pages.Statement{List: list, Query: q}
	filter := reports.StatementFilter{Account: account, Days: v.days(&p, q.From, q.To)}
	if q.At != "" {
		at, ok := v.momentTyped(q.At)
		if !ok {
			p.Add("at", "Choose a date and a time.")
		} else {
			balance, line, err := v.server.Reports.BalanceAsOf(v.ctx(), v.actor, account, at)
			if err != nil {
				return shown, false, err
			}
			shown.AsOf = &pages.AsOf{At: at, Balance: balance, Line: line}
		}
	}
	err := p.Err()
	if err == nil {
		var found reports.StatementPage
		found, err = v.server.Reports.Statement(v.ctx(), v.actor, filter, reports.Page{Older: q.Older, Newer: q.Newer})
		shown.Lines, shown.Newer, shown.Older, shown.Balance = found.Lines, found.Newer, found.Older, found.Balance
		shown.Currency, shown.SpendsParents = found.Currency, found.Funding == models.SharedBalance
	}
	if refused, ok := refusalOf(err); ok {
		shown.Refused = refused
		return shown, true, nil
	}
	return shown, false, err
}

func (v *visit) statementFile(account models.ID) error {
	q := paths.ParseStatementQuery(v.QueryParams())
	var p models.Problems
	filter := reports.StatementFilter{Account: account, Days: v.days(&p, q.From, q.To)}
	if err := p.Err(); err != nil {
		return err
	}
	name, err := v.server.Reports.AccountName(v.ctx(), v.actor, account)
	if err != nil {
		return err
	}
	return download(v, exports.FileName("statement", name, filter.Days), func() *exports.Sheet[models.StatementLine] {
		return exports.StatementCSV(v.Response(), v.zone())
	}, func(each func(models.StatementLine) error) error {
		return v.server.Reports.ExportStatement(v.ctx(), v.actor, filter, each)
	})
}
