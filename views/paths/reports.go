package paths

import (
	"net/url"

	"offshoot/models"
)

// Usage is the usage report as a query asks for it; UsageFile is its file.
func Usage(q models.UsageQuery) string     { return With(UsageReport(), usageQuery(q)) }
func UsageFile(q models.UsageQuery) string { return CSV(UsageReport(), usageQuery(q)) }

// ParseUsageQuery is the query that an address of the usage report holds.
func ParseUsageQuery(from url.Values) models.UsageQuery {
	q := models.UsageQuery{From: clip(from.Get("from")), To: clip(from.Get("to")), Account: clip(from.Get("account")),
		Country: clip(from.Get("country")), Kind: clip(from.Get("kind")), Status: clip(from.Get("status")), GroupBy: models.UsageGrouping(from.Get("group")),
		ByAccount: from.Get("column") == "account"}
	if q.GroupBy == "" {
		q.GroupBy = models.ByDay
	}
	return q
}

func usageQuery(q models.UsageQuery) url.Values {
	values := url.Values{"from": {q.From}, "to": {q.To}, "account": {q.Account}, "country": {q.Country}, "kind": {q.Kind}, "status": {q.Status}}
	if q.GroupBy != models.ByDay {
		values.Set("group", string(q.GroupBy))
	}
	if q.ByAccount {
		values.Set("column", "account")
	}
	return values
}

// Log is an action log, that of a parent or of the whole installation, as a query finds it; LogFile is its file.
func Log(list string, q models.LogQuery) string { return With(list, logQuery(q)) }
func LogFile(list string, q models.LogQuery) string {
	q.Older, q.Newer = "", ""
	return CSV(list, logQuery(q))
}

// ParseLogQuery is the query that an address of an action log holds.
func ParseLogQuery(from url.Values) models.LogQuery {
	return models.LogQuery{From: clip(from.Get("from")), To: clip(from.Get("to")), Account: clip(from.Get("account")),
		Who: clip(from.Get("who")), Group: clip(from.Get("group")), Older: clip(from.Get("older")), Newer: clip(from.Get("newer"))}
}

func logQuery(q models.LogQuery) url.Values {
	return url.Values{"from": {q.From}, "to": {q.To}, "account": {q.Account}, "who": {q.Who}, "group": {q.Group},
		"older": {q.Older}, "newer": {q.Newer}}
}

// StatementOf is a statement, one's own or a sub-account's, as a query finds it; StatementFile is its file.
func StatementOf(list string, q models.StatementQuery) string { return With(list, statementQuery(q)) }
func StatementFile(list string, q models.StatementQuery) string {
	return CSV(list, statementQuery(models.StatementQuery{From: q.From, To: q.To, Package: q.Package}))
}

// UnitsStatement is a statement, one's own or a sub-account's, of the units of a package.
func UnitsStatement(list string, pkg models.ID) string {
	return StatementOf(list, models.StatementQuery{Package: pkg.String()})
}

// ParseStatementQuery is the query that an address of a statement holds.
func ParseStatementQuery(from url.Values) models.StatementQuery {
	return models.StatementQuery{From: clip(from.Get("from")), To: clip(from.Get("to")), At: clip(from.Get("at")), First: from.Get("which") == "first",
		Package: clip(from.Get("of")), Older: clip(from.Get("older")), Newer: clip(from.Get("newer"))}
}

func statementQuery(q models.StatementQuery) url.Values {
	values := url.Values{"from": {q.From}, "to": {q.To}, "at": {q.At}, "of": {q.Package}, "older": {q.Older}, "newer": {q.Newer}}
	if q.First && q.At != "" {
		values.Set("which", "first")
	}
	return values
}
