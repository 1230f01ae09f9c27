package funding

import (
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// periodAt is the month that runs in the parent's calendar.
func periodAt(now time.Time, parent models.Account) string {
	return models.DayOf(now, parent.Zone()).MonthText()
}

// firstDay is the first day of a period.
func firstDay(period string) models.Day {
	day, _ := models.ParseDay(period + "-01")
	return day
}

// between are the months after one period and before another.
func between(before, period string) []string {
	var months []string
	for day := firstDay(before).AddMonths(1); day.MonthText() < period; day = day.AddMonths(1) {
		months = append(months, day.MonthText())
	}
	return months
}

// inWords is a period as people write it: "November 2026".
func inWords(period string) string {
	day := firstDay(period)
	return time.Date(day.Year, day.Month, 1, 0, 0, 0, 0, time.UTC).Format("January 2006")
}

// The notes of transfers, which statements show.
func limitNote(period string) string  { return "Monthly limit for " + inWords(period) }
func unusedNote(period string) string { return "Unused of " + inWords(period) }

const (
	raisedNote  = "Monthly limit raised"
	cutNote     = "Monthly limit cut"
	changedNote = "Funding changed" // what the old way left
	startNote   = "Starting amount"
)

// askLatest asks for the latest month that was started, for any sub-account of the parent's that has a limit now or for this
// one ever: a clock that goes back, or a zone further west, leads into no earlier one.
func askLatest(tx *store.Tx, sub models.ID, latest *string) {
	tx.Ask(func(rows pgx.Rows) error {
		var period string
		_, err := pgx.ForEachRow(rows, []any{&period}, func() error { *latest = max(*latest, period); return nil })
		return err
	}, `(SELECT period FROM monthly_limits WHERE tenant_id = $1 ORDER BY period DESC LIMIT 1)
		UNION ALL (SELECT period FROM month_starts WHERE tenant_id = $1 AND account_id = $2 ORDER BY period DESC LIMIT 1)`, tx.Actor.Tenant, sub)
}
