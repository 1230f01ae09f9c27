package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/services/reports"
	"offshoot/views/exports"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) showUsage(v *visit) error {
	query, filter, refused, err := v.usageAsked()
	if err != nil {
		return err
	}
	var report reports.UsageReport
	if refused == nil {
		report, err = s.Reports.Usage(v.ctx(), v.actor, filter)
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
	frame, err := v.frame("Usage report")
	if err != nil {
		return err
	}
	page := pages.Usage{Frame: frame, Query: query, Refused: refused, Rows: report.Rows, More: report.More, Total: report.Total,
		Currency: report.Currency, ShowsCost: report.ShowsCost, ShowsAccounts: v.actor.Can(models.ViewSubAccounts), Presets: v.presets(query)}
	if page.ShowsAccounts {
		if page.Suggestions, err = v.accountSuggestions(); err != nil {
			return err
		}
	}
	return v.page(status, page.View())
}

func (s *Server) exportUsage(v *visit) error {
	_, filter, refused, err := v.usageAsked()
	if err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	name, err := s.Reports.AccountName(v.ctx(), v.actor, filter.Account)
	if err != nil {
		return err
	}
	return download(v, exports.FileName("usage", name, filter.Days), func() *exports.Sheet[models.UsageRow] {
		return exports.UsageCSV(v.Response(), filter.Days, filter.GroupBy, filter.ByAccount, v.showsBalance())
	}, func(each func(models.UsageRow) error) error {
		return s.Reports.ExportUsage(v.ctx(), v.actor, filter, each)
	})
}

// usageAsked reads the address: the query as the page shows it again, and the filter made of it.
func (v *visit) usageAsked() (models.UsageQuery, reports.UsageFilter, *models.Error, error) {
	q := paths.ParseUsageQuery(v.QueryParams())
	if q.From == "" && q.To == "" {
		last := models.LastDays(30, v.server.Store.Now(), v.zone())
		q.From, q.To = last.From.String(), last.To.String()
	}
	var p models.Problems
	days := v.days(&p, q.From, q.To)
	account, name, err := v.accountNamed(&p, q.Account)
	q.Account = name
	refused, _ := refusalOf(p.Err())
	return q, reports.UsageFilter{Days: days, Account: account, Country: q.Country, Kind: q.Kind, Status: q.Status, GroupBy: q.GroupBy,
		ByAccount: q.ByAccount && v.actor.Can(models.ViewSubAccounts)}, refused, err
}

// presets are the periods that people ask for most.
func (v *visit) presets(q models.UsageQuery) []pages.Preset {
	today := models.DayOf(v.server.Store.Now(), v.zone())
	of := func(label string, from, to models.Day) pages.Preset {
		current := q.From == from.String() && q.To == to.String()
		chosen := q
		chosen.From, chosen.To = from.String(), to.String()
		return pages.Preset{Label: label, Href: paths.Usage(chosen), Current: current}
	}
	month := today.FirstOfMonth()
	return []pages.Preset{
		of("7 days", today.AddDays(-6), today), of("30 days", today.AddDays(-29), today), of("This month", month, today),
		of("Last month", month.AddMonths(-1), month.AddDays(-1)), of("This year", models.Day{Year: today.Year, Month: 1, Day: 1}, today),
	}
}

// accountSuggestions are names to choose from; any other can be typed.
func (v *visit) accountSuggestions() ([]string, error) {
	list, err := v.server.Accounts.List(v.ctx(), v.actor, models.AccountQuery{})
	names := []string{v.session.Parent.Name}
	for _, a := range list.Rows {
		names = append(names, a.Name)
	}
	return names, err
}
