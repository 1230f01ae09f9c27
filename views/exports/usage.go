package exports

import (
	"io"
	"strconv"

	"offshoot/models"
	"offshoot/views/wording"
)

// UsageCSV begins the file of a usage report (REP-1) about days, grouped by, with accounts as a column or not. showsCost
// is false for a reader who is shown no prices: there are no columns for them then.
//
// The first column is the day, the month, or, by country and by status, all the days as an ISO 8601 interval.
// The delivered share is in percent: "99.1".
func UsageCSV(w io.Writer, days models.Days, by models.UsageGrouping, byAccount, showsCost bool) *Sheet[models.UsageRow] {
	head := []string{inZone("Day", days.In())}
	whole := days.From.String() + "/" + days.To.String()
	switch by {
	case models.ByMonth:
		head[0] = inZone("Month", days.In())
	case models.ByCountry:
		head = []string{inZone("Period", days.In()), "Country", "Country name"}
	case models.ByStatus:
		head = []string{inZone("Period", days.In()), "Status"}
	}
	if byAccount {
		head = append(head, "Account")
	}
	head = append(head, "Messages", "Delivered share", "Parts", "Units", "Other usage")
	if showsCost {
		head = append(head, "Asset", "Cost")
	}
	var amounts figures
	return newSheet(w, head, func(cells []string, r models.UsageRow) {
		cells = cells[:0]
		switch by {
		case models.ByMonth:
			cells = append(cells, r.Day.MonthText())
		case models.ByCountry:
			cells = append(cells, whole, text(r.Country), text(models.CountryName(r.Country)))
		case models.ByStatus:
			cells = append(cells, whole, text(wording.UsageStatus(r.Status)))
		default:
			cells = append(cells, r.Day.String())
		}
		if byAccount {
			cells = append(cells, text(r.AccountName))
		}
		cells = append(cells, count(r.Messages), share(r.Usage), count(r.Parts), count(r.Units), count(r.Others))
		if showsCost {
			_ = append(cells, asset(r.Cost), amounts.text(r.Cost))
		}
	})
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

// share is in percent with one decimal, or nothing where no message came to an end.
func share(u models.Usage) string {
	permille, ok := u.DeliveredShare()
	if !ok {
		return ""
	}
	return strconv.FormatInt(permille/10, 10) + "." + strconv.FormatInt(permille%10, 10)
}
