package main

import (
	"fmt"
	"strings"
	"time"

	"offshoot/models"
)

// auditMonths: each month that began was started once, the month of the company's calendar among them; whoever was always there and
// always comes first was given its limit once for each.
func (b *bank) auditMonths(who *browser, c *company) error {
	if c.postPay { // nothing is moved
		return nil
	}
	zone, err := time.LoadLocation(c.zone)
	if err != nil {
		return err
	}
	now := b.machine.clock.now().In(zone)
	if err := b.awaitMonth(who, c, now.Format("January 2006")); err != nil {
		return err
	}
	started, err := b.monthsStarted(who)
	if err != nil {
		return err
	}
	first := opening(b.seed).In(zone)
	if first.Format("2006-01") != now.Format("2006-01") && started[now.Format("January 2006")] == 0 {
		b.lost("month", "%s of %s was not started", now.Format("January 2006"), c.name)
	}
	for month, n := range started {
		if n > 1 {
			b.doubled("month", "%s of %s was started %d times", month, c.name, n)
		}
		b.months++
	}
	given, err := b.limitsGiven(who, c.limited[0])
	if err != nil {
		return err
	}
	for month, n := range given {
		if n > 1 {
			b.doubled("limit", "of %s of %s for %s was given %d times", c.limited[0].name, c.name, month, n)
		}
	}
	for month := range started {
		if given[month] == 0 {
			b.lost("limit", "of %s of %s for %s was not given", c.limited[0].name, c.name, month)
		}
	}
	return nil
}

// awaitMonth gives the worker time to start the month.
func (b *bank) awaitMonth(who *browser, c *company, month string) error {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(300 * time.Millisecond) {
		given, err := b.limitsGiven(who, c.limited[0])
		if err != nil || given[month] > 0 {
			return err
		}
	}
	return nil
}

// monthsStarted are the months whose start the action log tells of, with how often it does.
func (b *bank) monthsStarted(who *browser) (map[string]int, error) {
	file, err := who.file("/action-log.csv")
	if err != nil {
		return nil, err
	}
	rows, err := table(file)
	if err != nil {
		return nil, err
	}
	months := map[string]int{}
	for _, row := range rows {
		if row["Action"] == string(models.MonthStarted) {
			_, said, _ := strings.Cut(row["What happened"], "Monthly limits for ")
			month, _, ok := strings.Cut(said, ":")
			if !ok {
				return nil, fmt.Errorf("the log says of a month start: %s", row["What happened"])
			}
			months[month]++
		}
	}
	return months, nil
}

// limitsGiven are the months for which a sub-account was given its limit, with how often.
func (b *bank) limitsGiven(who *browser, s *sub) (map[string]int, error) {
	file, err := who.file("/sub-accounts/" + s.id.String() + "/balance.csv")
	if err != nil {
		return nil, err
	}
	all, err := entries(file)
	if err != nil {
		return nil, err
	}
	months := map[string]int{}
	for _, e := range all {
		if _, month, ok := strings.Cut(e.what, ": Monthly limit for "); ok && e.amount > 0 {
			months[month]++
		}
	}
	return months, nil
}

// holdLimit holds the statement of who has a monthly limit against it (BAL-4): it has money by its limit alone, months come in their order,
// what is unused goes back whole, and for no month it is given more than its limit, net of what a deactivation took back.
func (b *bank) holdLimit(s *sub, all []entry) {
	whose := s.name + " of " + s.company.name
	var month time.Time
	given, has := int64(0), int64(0)
	for _, e := range inOrder(all) {
		switch of, unused := strings.CutPrefix(e.noteOf(), "Unused of "); {
		case unused && e.amount != -has:
			b.found("%s had %d of %s, and %d went back", whose, has, of, -e.amount)
		case e.noteOf() == closedNote:
			given += e.amount
		case e.amount > 0 && strings.HasPrefix(e.what, "Transfer"):
			at, err := time.Parse("Monthly limit for January 2006", e.noteOf())
			if err != nil || at.Before(month) {
				b.found("%s was given %d for no month that comes after %s: %s", whose, e.amount, month.Format("January 2006"), e.what)
			}
			if at.After(month) {
				month, given = at, 0
			}
			if given += e.amount; given > s.limit {
				b.doubled("limit", "%s was given %d for %s, and its limit is %d", whose, given, month.Format("January 2006"), s.limit)
			}
		}
		has = e.after
	}
}
