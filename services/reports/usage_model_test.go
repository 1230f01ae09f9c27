package reports_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"offshoot/models"
	"offshoot/services/reports"
	"offshoot/views/exports"
)

// turns are days around which the clocks of a zone change, or the calendar itself.
var turns = []struct{ zone, day string }{
	{"UTC", "2026-06-01"},
	{"Europe/Berlin", "2026-03-29"}, {"Europe/Berlin", "2026-10-25"},
	{"America/Sao_Paulo", "2018-11-04"}, // no midnight
	{"America/Sao_Paulo", "2018-02-18"}, // the hour before midnight twice
	{"Asia/Beirut", "2026-03-29"}, {"Asia/Beirut", "2026-10-25"},
	{"America/Havana", "2026-11-01"},      // midnight twice
	{"Pacific/Apia", "2011-12-30"},        // no such day
	{"Asia/Kathmandu", "2026-12-31"},      // 05:45 from UTC
	{"Australia/Sydney", "2027-01-01"},    // a year's end
	{"Australia/Lord_Howe", "2026-10-04"}, // by half an hour
	{"Asia/Kolkata", "2026-11-01"},        // 05:30 from UTC
}

// REP-1, REP-4, REP-5: whatever was used, whatever became of it, wherever the parent and the reader are, whatever is asked for,
// and however much of it was added up already, the report is what a plain sum in Go makes of the log by the reader's calendar;
// its totals are the sum of its rows; its file has its rows.
func TestUsageIsThePlainSum(t *testing.T) {
	b := newBooks(t)
	rapid.Check(t, func(rt *rapid.T) {
		b.t = rt
		currency := rapid.SampledFrom([]string{"EUR", "JPY", "JOD"}).Draw(rt, "currency")
		turn := rapid.SampledFrom(turns).Draw(rt, "turn")
		in := zone(t, turn.zone)
		parents := turn.zone
		if rapid.Bool().Draw(rt, "the parent is elsewhere") {
			parents = rapid.SampledFrom(turns).Draw(rt, "parent").zone
		}
		tenant := b.parent(currency, parents)
		names := map[models.ID]string{tenant: "Parent"}
		users := []models.ID{tenant}
		for _, name := range []string{"Zulu", "beta", "Alpha"} {
			user := b.sub(tenant, currency, name)
			users, names[user] = append(users, user), name
		}
		b.post()

		turned := day(turn.day)
		near := time.Date(turned.Year, turned.Month, turned.Day, 0, 0, 0, 0, in) // or about then
		var log, sent []*charge
		for range rapid.IntRange(0, 14).Draw(rt, "steps") {
			step := rapid.SampledFrom([]string{"charge", "send", "send", "move", "move", "roll"}).Draw(rt, "step")
			if step == "roll" {
				b.roll(tenant)
				continue
			}
			if step == "move" {
				if len(sent) == 0 {
					continue
				}
				to := rapid.SampledFrom(models.MessageStatuses).Draw(rt, "to")
				c := rapid.SampledFrom(sent).Draw(rt, "message")
				if !c.refunded {
					b.move(tenant, c, to, (to == models.MessageFailed || to == models.MessageCancelled) && rapid.Bool().Draw(rt, "refund"))
				}
				continue
			}
			c := &charge{
				account: rapid.SampledFrom(users).Draw(rt, "account"),
				at: near.Add(time.Duration(rapid.OneOf(rapid.IntRange(-150, 150), rapid.IntRange(-60*24*4, 60*24*4),
					rapid.IntRange(-60*24*70, 60*24*70)).Draw(rt, "minute")) * time.Minute),
				country:      rapid.SampledFrom([]string{"DE", "FR", "JO"}).Draw(rt, "country"),
				paidByParent: rapid.Bool().Draw(rt, "paid by parent"),
			}
			if rapid.Bool().Draw(rt, "on the edge") {
				c.at = c.at.Truncate(time.Hour).Add(-time.Microsecond * time.Duration(rapid.Int64Range(0, 1).Draw(rt, "before")))
			}
			log = append(log, c)
			if step == "send" {
				c.parts = rapid.Int64Range(1, 99).Draw(rt, "parts")
				c.amount = rapid.Int64Range(0, 1_000_000_000_000).Draw(rt, "amount")
				if c.units = rapid.Bool().Draw(rt, "of a package"); c.units {
					c.amount = c.parts * 1_000_000
				}
				b.send(tenant, c)
				sent = append(sent, c)
				continue
			}
			c.kind = rapid.SampledFrom(reports.UsageKinds).Draw(rt, "kind")
			c.quantity = rapid.Int64Range(1, 1_000_000_000).Draw(rt, "quantity")
			c.parts = rapid.Int64Range(0, 1_000_000_000).Draw(rt, "parts")
			c.amount = rapid.Int64Range(0, 1_000_000_000_000).Draw(rt, "amount")
			b.use(tenant, *c)
			b.post()
		}
		charges := make([]charge, 0, len(log))
		for _, c := range log {
			charges = append(charges, *c)
		}

		from := turned.AddDays(rapid.OneOf(rapid.IntRange(-4, 2), rapid.IntRange(-70, 2)).Draw(rt, "from"))
		filter := reports.UsageFilter{
			Days:      models.Days{From: from, To: from.AddDays(rapid.OneOf(rapid.IntRange(0, 6), rapid.IntRange(0, 140)).Draw(rt, "days")), Zone: in},
			GroupBy:   rapid.SampledFrom([]models.UsageGrouping{models.ByDay, models.ByMonth, models.ByCountry, models.ByStatus}).Draw(rt, "group"),
			ByAccount: rapid.Bool().Draw(rt, "by account"),
			Country:   rapid.SampledFrom([]string{"", "DE"}).Draw(rt, "only country"),
			Kind:      rapid.SampledFrom([]string{"", "message", "call"}).Draw(rt, "only kind"),
			Status:    rapid.SampledFrom([]string{"", "", "sent", "failed"}).Draw(rt, "only status"),
		}
		if rapid.Bool().Draw(rt, "one account") {
			filter.Account = rapid.SampledFrom(users).Draw(rt, "only account")
		}
		reader := b.boss(tenant)
		if filter.Account != models.NoID && filter.Account != tenant && rapid.Bool().Draw(rt, "read by itself") {
			reader = b.member(tenant, filter.Account)
		}

		want := plainSum(charges, filter, currency, names, reader.Kind == models.Sub)
		report, err := b.reports.Usage(ctx, reader, filter)
		must(rt, err)
		if got := fmt.Sprint(lines(report.Rows)); got != fmt.Sprint(lines(want)) {
			rt.Fatalf("the report is\n%s, the plain sum\n%s", got, fmt.Sprint(lines(want)))
		}
		total := models.Usage{Cost: ptr(models.Zero(currency))}
		for _, row := range want {
			total = total.Add(row.Usage)
		}
		if fmt.Sprint(line(models.UsageRow{Usage: report.Total})) != fmt.Sprint(line(models.UsageRow{Usage: total})) {
			rt.Fatalf("the total is %s, not %s", line(models.UsageRow{Usage: report.Total}), line(models.UsageRow{Usage: total}))
		}

		var out bytes.Buffer
		sheet := exports.UsageCSV(&out, filter.Days, filter.GroupBy, filter.ByAccount, report.ShowsCost)
		must(rt, b.reports.ExportUsage(ctx, reader, filter, sheet.Write))
		must(rt, sheet.Close())
		checkFile(rt, out.Bytes(), filter, report)
	})
}

func ptr[T any](v T) *T { return &v }

func line(r models.UsageRow) string {
	return fmt.Sprint(r.Day, r.Country, r.Status, r.Account, r.AccountName, r.Messages, r.Delivered, r.Failed, r.Parts, r.Units, r.Others, r.Cost.Micros())
}

func lines(rows []models.UsageRow) (all []string) {
	for _, r := range rows {
		all = append(all, "\n"+line(r))
	}
	return all
}

// plainSum adds charges up by the calendar on the reader's wall, without asking when days begin.
func plainSum(charges []charge, f reports.UsageFilter, currency string, names map[models.ID]string, onlyOwnCost bool) []models.UsageRow {
	type key struct {
		day     models.Day
		country string
		status  models.MessageStatus
		account models.ID
	}
	sums := map[key]*models.UsageRow{}
	row := func(k key) *models.UsageRow {
		if sums[k] == nil {
			sums[k] = &models.UsageRow{Day: k.day, Country: k.country, Status: k.status, Account: k.account, AccountName: names[k.account], Usage: models.Usage{Cost: ptr(models.Zero(currency))}}
		}
		return sums[k]
	}
	grouped := func(d models.Day) models.Day {
		switch f.GroupBy {
		case models.ByMonth:
			return d.FirstOfMonth()
		case models.ByCountry, models.ByStatus:
			return models.Day{}
		}
		return d
	}
	for _, c := range charges {
		wall := c.at.In(f.Days.Zone)
		d := models.Day{Year: wall.Year(), Month: wall.Month(), Day: wall.Day()}
		if d.Before(f.Days.From) || f.Days.To.Before(d) || f.Account != models.NoID && f.Account != c.account ||
			f.Country != "" && f.Country != c.country || f.Kind != "" && f.Kind != c.kind || f.Status != "" && f.Status != string(c.status) {
			continue
		}
		k := key{day: grouped(d)}
		if f.GroupBy == models.ByCountry {
			k.country = c.country
		}
		if f.GroupBy == models.ByStatus {
			k.status = c.status
		}
		if f.ByAccount {
			k.account = c.account
		}
		r := row(k)
		if c.kind == "message" {
			r.Messages += c.quantity
			switch c.status {
			case models.MessageDelivered:
				r.Delivered++
			case models.MessageFailed:
				r.Failed++
			}
		} else {
			r.Others += c.quantity
		}
		r.Parts += c.parts
		if c.units && !c.refunded {
			r.Units += c.amount / 1_000_000
		}
		if !c.units && !c.refunded && (!onlyOwnCost || !c.paidByParent) {
			r.Cost = ptr(r.Cost.Add(models.FromMicros(c.amount, currency)))
		}
	}
	if (f.GroupBy == models.ByDay || f.GroupBy == models.ByMonth) && !f.ByAccount {
		// every quarter of an hour that somebody lives through is on a day that has a row
		for at := f.Days.From.Start(time.UTC).Add(-36 * time.Hour); at.Before(booksNow) && at.Before(f.Days.To.Start(time.UTC).Add(72*time.Hour)); at = at.Add(15 * time.Minute) {
			if d := models.DayOf(at, f.Days.Zone); !d.Before(f.Days.From) && !f.Days.To.Before(d) {
				row(key{day: grouped(d)})
			}
		}
	}
	var rows []models.UsageRow
	for _, r := range sums {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b models.UsageRow) int {
		return cmp.Or(cmp.Compare(a.Day.String(), b.Day.String()), cmp.Compare(a.Country, b.Country), cmp.Compare(place(a.Status), place(b.Status)), cmp.Compare(strings.ToLower(a.AccountName), strings.ToLower(b.AccountName)))
	})
	return rows
}

// place is where a status stands among the others; what has none comes last.
func place(s models.MessageStatus) int {
	if at := slices.Index(models.MessageStatuses, s); at >= 0 {
		return at
	}
	return len(models.MessageStatuses)
}

// checkFile compares a file with the report it is of, figure by figure.
func checkFile(t failer, file []byte, f reports.UsageFilter, report reports.UsageReport) {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	must(t, err)
	head, records := records[0], records[1:]
	if len(records) != len(report.Rows) {
		t.Fatal("the file has", len(records), "rows, the report", len(report.Rows))
	}
	column := func(name string) int {
		at := slices.Index(head, name)
		if at < 0 {
			t.Fatal("the file has no column", name, "but", head)
		}
		return at
	}
	if name := map[models.UsageGrouping]string{models.ByDay: "Day", models.ByMonth: "Month", models.ByCountry: "Period", models.ByStatus: "Period"}[f.GroupBy]; head[0] != name+" ("+f.Days.Zone.String()+")" {
		t.Fatal("the first column is", head[0])
	}
	for i, row := range report.Rows {
		want := map[string]string{"Messages": strconv.FormatInt(row.Messages, 10), "Parts": strconv.FormatInt(row.Parts, 10),
			"Other usage": strconv.FormatInt(row.Others, 10), "Cost": row.Cost.Text(), "Asset": report.Currency}
		if f.ByAccount {
			want["Account"] = row.AccountName
		}
		if f.GroupBy == models.ByCountry {
			want["Country"] = row.Country
		}
		for name, text := range want {
			if got := records[i][column(name)]; got != text {
				t.Fatal("row", i, "of the file says", got, "for", name, "not", text)
			}
		}
	}
}
