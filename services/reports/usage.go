package reports

import (
	"context"
	"slices"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// UsageFilter says what a usage report adds up, and by what.
type UsageFilter struct {
	Days      models.Days // both sides are needed, MaxUsageDays at most
	Account   models.ID   // NoID: all within sight
	Country   string      // ISO 3166-1 alpha-2 of the destination; "": all
	Kind      string      // message, call, number, keyword; "": all
	Status    string      // of messages; "": all, and what is no message
	GroupBy   models.UsageGrouping
	ByAccount bool // a row for each account
}

// MaxUsageDays is how many days one report may span: three years.
const MaxUsageDays = 1098

// MaxUsageRows is how many rows a report shows. Its file has all of them.
const MaxUsageRows = 1000

// UsageKinds are what usage can be of, as the table has them.
var UsageKinds = []string{"message", "call", "number", "keyword"}

// UsageReport is usage added up.
type UsageReport struct {
	Rows      []models.UsageRow // in order of time, country or status, then of account name
	More      bool              // there are more than MaxUsageRows: narrow the report, or take its file
	Total     models.Usage      // of all rows, also of those not shown
	Currency  string
	ShowsCost bool // false: the reader is shown no prices
}

func (f UsageFilter) validate() error {
	var p models.Problems
	if f.Days.From.IsZero() {
		p.Add("from", "Enter the first day.")
	}
	if f.Days.To.IsZero() {
		p.Add("to", "Enter the last day.")
	}
	checkDays(&p, f.Days)
	if f.Days.Count() > MaxUsageDays {
		p.Add("to", "A report spans three years at most.")
	}
	switch f.GroupBy {
	case models.ByDay, models.ByMonth, models.ByCountry, models.ByStatus:
	default:
		p.Add("group", "Choose Day, Month, Country or Status.")
	}
	if f.Country != "" && !models.IsCountry(f.Country) {
		p.Add("country", "Choose a country from the list.")
	}
	if f.Kind != "" && !slices.Contains(UsageKinds, f.Kind) {
		p.Add("kind", "Choose from the list.")
	}
	if f.Status != "" && !slices.Contains(models.MessageStatuses, models.MessageStatus(f.Status)) {
		p.Add("status", "Choose from the list.")
	}
	return p.Err()
}

// Usage adds up what was used. Without accounts as a column every day or month has a row, one without usage too, up
// to today.
// For: a sub-account's users, about itself; a parent's users, its own usage and that of its sub-accounts; staff, that of
// the tenant they are at work in. Refuses: missing privilege; a bad filter; an account out of sight (ErrNoSuchAccount).
//
// A sub-account's own users see as cost what it paid itself, never what its parent paid for it, and none at all while
// it spends its parent's balance (BAL-2).
func (s *Service) Usage(ctx context.Context, actor models.Actor, filter UsageFilter) (UsageReport, error) {
	var report UsageReport
	err := s.readUsage(ctx, actor, filter, func(ctx context.Context, tx *store.Tx, q usageQuery) error {
		report = UsageReport{Currency: q.currency, ShowsCost: q.cost != noCost, Total: q.none()}
		err := q.each(ctx, tx, MaxUsageRows+1, func(row models.UsageRow) error {
			if report.More = len(report.Rows) == MaxUsageRows; !report.More {
				report.Rows = append(report.Rows, row)
				report.Total = report.Total.Add(row.Usage)
			}
			return nil
		})
		if err == nil && report.More {
			report.Total, err = q.all(ctx, tx)
		}
		return err
	})
	return report, err
}

// ExportUsage hands every row of the report, shown or not, to each.
// For and refusals: as Usage. An error of each ends it.
func (s *Service) ExportUsage(ctx context.Context, actor models.Actor, filter UsageFilter, each func(models.UsageRow) error) error {
	return s.readUsage(ctx, actor, filter, func(ctx context.Context, tx *store.Tx, q usageQuery) error {
		return q.each(ctx, tx, 0, each)
	})
}

// monthsShown is how many months PerAccountUsage goes back, the present one included.
const monthsShown = 12

// PerAccountUsage returns what one account used in each of the last twelve months of the reader's zone, newest first
// (REP-4). NoID is the reader's own account.
// For and refusals: as Usage.
func (s *Service) PerAccountUsage(ctx context.Context, actor models.Actor, account models.ID, zone *time.Location) ([]models.UsageRow, error) {
	if account == models.NoID {
		account = actor.Account
	}
	today := models.DayOf(s.store.Now(), models.Days{Zone: zone}.In())
	filter := UsageFilter{Account: account, GroupBy: models.ByMonth,
		Days: models.Days{From: today.AddMonths(1 - monthsShown), To: today, Zone: zone}}
	var months []models.UsageRow
	err := s.readUsage(ctx, actor, filter, func(ctx context.Context, tx *store.Tx, q usageQuery) error {
		months = nil
		return q.each(ctx, tx, 0, func(row models.UsageRow) error {
			months = append(months, row)
			return nil
		})
	})
	slices.Reverse(months)
	return months, err
}
