package main

import (
	"fmt"
	"regexp"
	"strings"
)

// drawn is what a sub-account took from its parent's balance, net of what was given back, on the last day on which anything was
// counted, and in that day's month.
type drawn struct {
	day            string
	ofDay, ofMonth int64
	wrong          []string
}

// draw goes through a parent's statement for what one of its sub-accounts draws (BAL-3): no use may go over what its caps leave. Entries
// stand in their order with moments that never go back, so each counts for the day that it says.
func (s *sub) draw(all []entry) drawn {
	var d drawn
	for _, e := range inOrder(all) {
		if e.other != s.name || strings.HasPrefix(e.what, "Transfer") {
			continue
		}
		d.turn(e.day())
		d.ofDay, d.ofMonth = d.ofDay-e.amount, d.ofMonth-e.amount
		if e.amount < 0 && (s.capDay != 0 && d.ofDay > s.capDay || s.capMonth != 0 && d.ofMonth > s.capMonth) {
			d.wrong = append(d.wrong, fmt.Sprintf("entry %d makes it %d on %s and %d in its month", e.number, d.ofDay, d.day, d.ofMonth))
		}
	}
	return d
}

// turn begins a day, unless it is the one that is counted.
func (d *drawn) turn(day string) {
	if day <= d.day {
		return
	}
	if month := len("2006-01"); d.day == "" || day[:month] != d.day[:month] {
		d.ofMonth = 0
	}
	d.day, d.ofDay = day, 0
}

// holdCaps holds a parent's statement against the caps of those who spend its balance.
func (b *bank) holdCaps(c *company, all []entry) {
	for _, s := range c.subs() {
		if s.capDay == 0 && s.capMonth == 0 {
			continue
		}
		for _, wrong := range s.draw(all).wrong {
			b.found("%s of %s may draw %d a day and %d a month: %s", s.name, c.name, s.capDay, s.capMonth, wrong)
		}
	}
}

var barWords = regexp.MustCompile(`^([\d,.]+) of `)

// auditCaps: what the page says is used of the caps is what the statement comes to.
func (b *bank) auditCaps(who *browser, c *company) error {
	today, err := c.today(b.machine.clock.now())
	if err != nil {
		return err
	}
	page, err := who.page("/sub-accounts/" + c.kiosk.id.String() + "/balance")
	if err != nil {
		return err
	}
	file, err := who.file("/statement.csv")
	if err != nil {
		return err
	}
	all, err := entries(file)
	if err != nil {
		return err
	}
	d := c.kiosk.draw(all)
	d.turn(today)
	for label, by := range map[string]int64{"Used today of": d.ofDay, "Used this month of": d.ofMonth} {
		bar := page.Find(`progress[aria-label^="` + label + `"]`).Parent().Find(".bar__text")
		said := barWords.FindStringSubmatch(strings.TrimSpace(bar.Text()))
		if said == nil {
			return fmt.Errorf("the page of %s of %s says nothing of %q", c.kiosk.name, c.name, label)
		}
		shown, err := micros(strings.ReplaceAll(said[1], ",", ""))
		if err != nil {
			return err
		}
		if shown != by {
			b.found("%s of %s: %s its cap %d, and by the statement %d", c.kiosk.name, c.name, label, shown, by)
		}
	}
	b.reads.Add(1)
	return nil
}
