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
	filter, err := v.statementFilter(&p, account, q)
	if err != nil {
		return shown, false, err
	}
	if q.At != "" {
		wall, ok := clockTyped(q.At)
		if ok {
			shown.Clock = models.ShownAt(wall, v.zone())
			filter.At = shown.Clock.At
			if q.First && shown.Clock.First != nil {
				filter.At = *shown.Clock.First
			}
		} else {
			p.Add("at", "Choose a date and a time.")
		}
	}
	if err = p.Err(); err == nil {
		var found reports.StatementPage
		found, err = v.server.Reports.Statement(v.ctx(), v.actor, filter, reports.Page{Older: q.Older, Newer: q.Newer})
		shown.Lines, shown.Newer, shown.Older, shown.SpendsParents = found.Lines, found.Newer, found.Older, found.Balance == nil
		shown.Package, shown.Packages, shown.Explained, shown.Since = found.Package, found.Packages, found.Explained, found.CreatedAt
	}
	if refused, ok := refusalOf(err); ok {
		shown.Refused = refused
		return shown, true, nil
	}
	return shown, false, err
}

// statementFilter reads which account, which package and which days are asked for.
func (v *visit) statementFilter(p *models.Problems, account models.ID, q models.StatementQuery) (reports.StatementFilter, error) {
	filter := reports.StatementFilter{Account: account, Days: v.days(p, q.From, q.To)}
	if q.Package != "" {
		id, ok := models.ParseID(q.Package)
		if !ok {
			return filter, reports.ErrNoSuchPackage
		}
		filter.Package = id
	}
	return filter, nil
}

func (v *visit) statementFile(account models.ID) error {
	var p models.Problems
	filter, err := v.statementFilter(&p, account, paths.ParseStatementQuery(v.QueryParams()))
	if err != nil {
		return err
	}
	if err := p.Err(); err != nil {
		return err
	}
	name, err := v.server.Reports.AccountName(v.ctx(), v.actor, account)
	if err != nil {
		return err
	}
	kind := "statement"
	if filter.Package != models.NoID {
		kind = "units-statement"
	}
	return download(v, exports.FileName(kind, name, filter.Days), func() *exports.Sheet[models.StatementLine] {
		return exports.StatementCSV(v.Response(), v.zone())
	}, func(each func(models.StatementLine) error) error {
		return v.server.Reports.ExportStatement(v.ctx(), v.actor, filter, each)
	})
}
