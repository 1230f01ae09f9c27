package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/refill"
)

// rule is by what a van is recharged, in millionths. It stays the same: it is paused and resumed, never changed.
type rule struct {
	below, amount int64
	upTo          bool
	times         int // a day
	most          int64
}

// One gets so much each time, one is filled up. On a busy day the one reaches its count and the other its amount.
var rules = []rule{
	{below: wholes("20"), amount: wholes("50"), times: 4, most: wholes("1000")},
	{below: wholes("10"), amount: wholes("40"), upTo: true, times: 100, most: wholes("150")},
}

// wholes is an amount as a constant has it, in millionths.
func wholes(text string) int64 {
	n, err := micros(text)
	if err != nil {
		panic(err) // a constant
	}
	return n
}

func (r rule) form() models.RechargeForm {
	text := func(micros int64) string { return hundredths(micros / ofHundredth) }
	form := models.RechargeForm{Below: text(r.below), Amount: text(r.amount), Way: models.WayAmount, MostTimes: strconv.Itoa(r.times), MostAmount: text(r.most)}
	if r.upTo {
		form.Way = models.WayUpTo
	}
	return form
}

// need is what a recharge brings when so much is there.
func (r rule) need(has int64) int64 {
	if r.upTo {
		return r.amount - has
	}
	return r.amount
}

// noteOf is what stands behind the colon: of a transfer, the note.
func (e entry) noteOf() string {
	_, note, _ := strings.Cut(e.what, ": ")
	return note
}

// closedNote is what the transfer says that a deactivation makes.
const closedNote = "Account deactivated"

func (e entry) isRecharge() bool { return e.amount > 0 && e.noteOf() == refill.Note }

// isUse says that something was paid with it: no transfer.
func (e entry) isUse() bool { return e.amount < 0 && !strings.HasPrefix(e.what, "Transfer") }

func (e entry) day() string { return e.at[:len(time.DateOnly)] }

// played is what a van's statement comes to when the rule is held against it line by line.
type played struct {
	waits     bool // it fell below, and was not recharged
	closed    bool // it was deactivated, and begins anew with nothing
	has       int64
	falls     int
	recharges int
	freely    int // recharged though no use left it below: after it was activated again
	times     map[string]int
	amounts   map[string]int64
	wrong     []string
}

// play goes through a statement as the rule says: a use that leaves less than the threshold is a fall; a fall is recharged at most once,
// by the rule's amount, and whatever brings it to the threshold ends it. From the beginning it waits: there was nothing in it.
func (r rule) play(all []entry) played {
	p := played{waits: true, falls: 1, times: map[string]int{}, amounts: map[string]int64{}}
	for _, e := range inOrder(all) {
		if e.isRecharge() {
			p.recharges++
			p.times[e.day()]++
			p.amounts[e.day()] += e.amount
			if need := r.need(p.has); e.amount != need {
				p.wrong = append(p.wrong, fmt.Sprintf("entry %d recharges %d, and the rule says %d", e.number, e.amount, need))
			}
			switch {
			case p.has >= r.below:
				p.wrong = append(p.wrong, fmt.Sprintf("entry %d recharges what had %d", e.number, p.has))
			case !p.waits:
				p.freely++
			}
		}
		switch {
		case e.after >= r.below:
			p.waits, p.closed = false, false
		case e.noteOf() == closedNote:
			p.waits, p.closed = false, true
		case e.isUse() && !p.waits:
			p.waits = true
			p.falls++
		}
		p.has = e.after
	}
	return p
}

// inOrder is a statement from its first entry to its last.
func inOrder(all []entry) []entry {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b entry) int { return int(a.number - b.number) })
	return all
}

// holdRecharges holds a van's statement against its rule. On a day that came twice, because the clock went back, it may be recharged as
// for two: the books say the later of both.
func (b *bank) holdRecharges(s *sub, all []entry) played {
	whose := s.name + " of " + s.company.name
	p := s.rule.play(all)
	for _, wrong := range p.wrong {
		b.doubled("recharge", "%s: %s", whose, wrong)
	}
	reopened := len(b.record.between(b.record.moment(), b.record.moment(), func(a *act) bool { return a.Kind == reactivation && a.Account == s.id }).all())
	if p.freely > reopened {
		b.doubled("recharge", "%s was recharged %d times without a fall, and activated again %d times", whose, p.freely, reopened)
	}
	for day, n := range p.times {
		days := 1
		if b.machine.clock.cameTwice(day, s.company.zone) {
			days = 2
		}
		if n > s.rule.times*days || p.amounts[day] > s.rule.most*int64(days) {
			b.found("%s was recharged %d times on %s, by %d", whose, n, day, p.amounts[day])
		}
	}
	return p
}

func (b between) all() []*act { return append(slices.Clone(b.sure), b.maybe...) }

// auditRecharges: when nobody stops it any more, whoever fell was recharged, or the page says why not, and that is so.
func (b *bank) auditRecharges(who *browser, c *company) error {
	for _, s := range c.vans {
		clerk := person{bank: b, name: "auditor of " + s.name + " of " + c.name, browser: *who, company: c, subs: []*sub{s}, away: true}
		if err := clerk.reactivate(step{what: reactivation}); err != nil {
			return err
		}
		clerk.n++
		if err := clerk.tune(step{what: resuming}); err != nil {
			return err
		}
	}
	for _, s := range c.vans {
		if err := b.auditVan(who, s); err != nil {
			return err
		}
	}
	return nil
}

func (b *bank) auditVan(who *browser, s *sub) error {
	whose := s.name + " of " + s.company.name
	at := "/sub-accounts/" + s.id.String() + "/balance"
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(300 * time.Millisecond) {
		page, err := who.page(at)
		if err != nil {
			return err
		}
		said := page.Find("#auto-recharge").Text()
		if strings.Contains(said, "It waits for its recharge") && time.Now().Before(deadline) {
			continue
		}
		file, err := who.file(at + ".csv")
		if err != nil {
			return err
		}
		all, err := entries(file)
		if err != nil {
			return err
		}
		p := b.holdRecharges(s, all)
		b.reads.Add(1)
		b.tallyRecharges(p)
		today, err := s.company.today(b.machine.clock.now())
		if err != nil {
			return err
		}
		need := s.rule.need(p.has)
		switch {
		case strings.Contains(said, "as often as it may"):
			if p.times[today] < s.rule.times && !b.machine.clock.cameTwice(today, s.company.zone) {
				b.found("%s is said to have been recharged as often as it may, and was %d times today", whose, p.times[today])
			}
		case strings.Contains(said, "as much as it may"):
			if p.amounts[today]+need <= s.rule.most && !b.machine.clock.cameTwice(today, s.company.zone) {
				b.found("%s is said to have been recharged by as much as it may, and was by %d today", whose, p.amounts[today])
			}
		case strings.Contains(said, "your balance was not enough"):
			page, err := who.page("/")
			if err != nil {
				return err
			}
			available, err := stat(page, "Available")
			if err != nil {
				return err
			}
			if available >= need {
				b.lost("recharge", "%s waits for %d, and %d is there", whose, need, available)
			}
		case (p.waits || p.closed) && p.has < s.rule.below:
			b.lost("recharge", "%s has %d and was not recharged: %s", whose, p.has, strings.Join(strings.Fields(said), " "))
		}
		return nil
	}
}

func (b *bank) tallyRecharges(p played) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.falls += p.falls + p.freely
	b.recharges += p.recharges
}

// today is the day that it is where a company is.
func (c *company) today(now time.Time) (string, error) {
	zone, err := time.LoadLocation(c.zone)
	if err != nil {
		return "", err
	}
	return now.In(zone).Format(time.DateOnly), nil
}
