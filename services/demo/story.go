package demo

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
)

// days is how long the story is: two months of usage, after what it takes to open the first accounts.
const days = 64

// act is what an event of the story is about.
type act int

const (
	joined    act = iota // staff create the company
	confirmed            // a new account's person goes through its activation
	enabled              // the Sub-account feature, in the Store
	opened               // a sub-account is added
	invited              // one more user of an account
	used
	paid     // the company sends money
	gave     // it transfers to a sub-account
	tookBack // and back
	permitted
	funded // a sub-account's funding changes, or its terms
	deactivated
	deleted
	signedIn
	mistyped // their password
	entered  // staff access a sub-account
	visited  // its parent does
	left     // and go
	bought   // a package
	handed   // units of it go to a sub-account
	opening  // it is shared with everybody
	naming   // a Sender ID is asked for
	grouped  // contacts are put into a group
	numbered // a number is assigned, with rules that answer
	answered // people write to it

	automated // a balance is recharged by itself from now on
	watched   // somebody is told when it is low
	asked     // a sub-account asks its parent for credit
	prepares  // the company sees that it has the money for a month start
	turned    // a month starts
	reminded  // of trials, by the portal
	itself    // what a month start or a recharge moves: nobody does it
)

// event is one thing that happens in a company's story.
type event struct {
	at         time.Time
	does       act
	sub        *sub // nil: the company itself
	amount     models.Money
	text       string // note, reason or reference; the last day of a trial
	privileges []models.Privilege
	colleague  colleague
	orders     []ledger.ChargeOrder // without their account
	letters    []letter
	thing      thing
	terms      models.FundingTerms
	rule       models.RechargeForm
	last       bool // of the months that start
}

// letter is one text to some people of one country, sent at once.
type letter struct {
	country, body string
	to            []string // E.164
	reference     string   // that it is known by when the story is played again
}

// story is everything that happens to a company from start until then, in order. It is the same for the same moments.
func (c *company) story(start, until time.Time) []event { return c.lived(start, until).told }

// lived is the story with what everybody has at its end.
func (c *company) lived(start, until time.Time) *purse {
	seed := fnv.New64a()
	seed.Write([]byte(c.Email))
	t := &teller{company: c, zone: zoneOf(c.TimeZone), start: start, until: until, random: rand.New(rand.NewPCG(seed.Sum64(), days))}
	t.companyEvents()
	for i := range c.subs {
		t.subEvents(&c.subs[i])
	}
	if t.activated {
		t.things()
		t.months()
	}
	slices.SortStableFunc(t.events, func(a, b event) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.does, b.does)) })
	return t.settled()
}

// teller makes up a company's story.
type teller struct {
	*company
	zone         *time.Location
	start, until time.Time
	random       *rand.Rand
	events       []event
	references   map[string]int
	known        map[*sub]map[string][]string // whom an account writes to, by country
}

func zoneOf(name string) *time.Location { return models.Account{TimeZone: name}.Zone() }

// at is a moment of a day of the story, where the company is.
func (t *teller) at(day, hour, minute int) time.Time {
	from := models.DayOf(t.start, t.zone).AddDays(day).Start(t.zone)
	return from.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute).UTC()
}

// tell adds an event unless it lies ahead.
func (t *teller) tell(e event) {
	if e.at.Before(t.until) {
		t.events = append(t.events, e)
	}
}

func (t *teller) companyEvents() {
	joins := t.start.Add(time.Hour)
	if t.joins > 0 {
		joins = t.at(t.joins, 11, 20)
	}
	t.tell(event{at: joins, does: joined})
	if !t.activated {
		return
	}
	t.tell(event{at: joins.Add(20 * time.Minute), does: confirmed})
	if t.plan == models.PrePay {
		t.tell(event{at: joins.Add(90 * time.Minute), does: paid})
	}
	if t.enabled {
		t.tell(event{at: joins.Add(2 * time.Hour), does: enabled})
	}
	if t.low != "" {
		t.tell(event{at: joins.Add(4 * time.Hour), does: watched, amount: t.must(t.low)})
	}
	t.invites(nil, t.team)
	t.usage(nil, t.habit, joins.Add(3*time.Hour), t.until)
	for day := t.joins + 3; day <= days; day += 8 + t.random.IntN(4) {
		t.tell(event{at: t.at(day, 8, 10+t.random.IntN(110)), does: signedIn})
	}
}

func (t *teller) subEvents(s *sub) {
	opens := t.at(s.opened, 10, t.random.IntN(50))
	confirms, ends := opens.Add(s.activates), t.until
	opening := event{at: opens, does: opened, sub: s}
	if s.trial > 0 {
		opening.text, ends = t.onTrial(s)
	}
	t.tell(opening)
	for _, l := range s.later {
		e := event{at: t.at(l.day, 14, t.random.IntN(60)), does: l.does, sub: s, text: l.text, privileges: l.privileges, terms: l.terms, rule: l.rule}
		if l.amount != "" {
			e.amount = t.must(l.amount)
		}
		t.tell(e)
		switch l.does {
		case deactivated, deleted:
			ends = e.at
		case entered, visited:
			t.tell(event{at: e.at.Add(12 * time.Minute), does: left, sub: s})
		}
	}
	if s.activates == 0 {
		return
	}
	t.tell(event{at: confirms, does: confirmed, sub: s})
	t.invites(s, s.team)
	t.usage(s, s.habit, confirms.Add(30*time.Minute), ends)
	t.ending(s)
	for day := s.opened + 9; day <= days; day += 17 + t.random.IntN(15) {
		at := t.at(day, 8, 30+t.random.IntN(120))
		if !at.After(confirms) || !at.Before(ends) {
			continue
		}
		if t.random.IntN(4) == 0 {
			t.tell(event{at: at.Add(-time.Minute), does: mistyped, sub: s})
		}
		t.tell(event{at: at, does: signedIn, sub: s})
	}
}

func (t *teller) invites(s *sub, team []colleague) {
	for i, c := range team {
		t.tell(event{at: t.at(c.invited, 15, 10+i), does: invited, sub: s, colleague: c})
	}
}

// must is an amount of the company's currency.
func (t *teller) must(amount string) models.Money {
	m, err := models.ParseAmount(amount, t.currency)
	if err != nil {
		panic(fmt.Sprintf("demo: %s of %s: %v", amount, t.Email, err))
	}
	return m
}

func whole(amount int64, currency string) models.Money {
	return models.FromMicros(amount*1_000_000, currency)
}
