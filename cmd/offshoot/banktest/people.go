package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"offshoot/services/ledger"
)

// person is a client of the portal with a plan of their own.
type person struct {
	bank *bank
	name string
	browser
	life
	company *company
	subs    []*sub // with whom the person deals
	n       int    // steps so far

	away bool // the sub-account that a keeper looks after is deactivated
}

// What people do, and how often which.
var (
	movers = []chance{{10, transfer, 1, 900}, {6, transferBack, 1, 400}, {1, everything, 0, 0}, {2, unitsGiven, 1, 40}, {1, unitsBack, 0, 0}}
	// who deactivates a sub-account gives it something first, most of the time
	keepers = []chance{{4, transfer, 1, 900}, {1, unitsGiven, 1, 40}, {3, deactivation, 0, 0}, {3, reactivation, 0, 0}}
	clerks  = []chance{{1, payment, 100, 90_000}, {6, charge, 1, 300}}
	// whose monthly limit comes and goes with it
	wardens = []chance{{1, deactivation, 0, 0}, {1, reactivation, 0, 0}}
	writers = []chance{{1, sending, 1, 12}}
	// who uses much of little: what is recharged, what has caps, and what may be deactivated the next moment
	drivers = []chance{{1, charge, 1, 3000}}
	// who stops what recharges, and lets it go on
	tuners = []chance{{1, pausing, 0, 0}, {3, resuming, 0, 0}}
)

// people are all who use the portal, apart from those who read.
func (b *bank) people() []*person {
	var all []*person
	add := func(name string, who login, c *company, chances []chance, pace time.Duration, subs ...*sub) {
		p := &person{bank: b, name: name, company: c, subs: subs, life: life{lots: stream(b.seed, name), chances: chances, pace: pace},
			browser: *newBrowser(who, b.pages, len(all), &b.answered, &b.unanswered)}
		p.forgets = b.spoil == forgottenKeys
		all = append(all, p)
	}
	for i := range 2 {
		add(fmt.Sprintf("clerk%d", i+1), b.world.staff, nil, clerks, 120*time.Millisecond)
	}
	for i, c := range b.world.companies {
		for j := range 2 {
			add(fmt.Sprintf("mover%d.%d", i+1, j+1), c.admin, c, movers, 120*time.Millisecond, slices.Concat(c.movable, c.senders, []*sub{c.closing, c.vans[0]})...)
		}
		add(fmt.Sprintf("driver%d", i+1), b.world.staff, c, drivers, 150*time.Millisecond, c.vans[0], c.vans[0], c.vans[1], c.kiosk, c.closing)
		add(fmt.Sprintf("tuner%d", i+1), c.admin, c, tuners, 500*time.Millisecond, c.vans...)
		add(fmt.Sprintf("garage%d", i+1), c.admin, c, wardens, 900*time.Millisecond, c.vans[len(c.vans)-1])
		add(fmt.Sprintf("keeper%d", i+1), c.admin, c, keepers, 150*time.Millisecond, c.closing)
		add(fmt.Sprintf("warden%d", i+1), c.admin, c, wardens, 300*time.Millisecond, c.limited[len(c.limited)-1])
		for _, s := range c.senders {
			add(fmt.Sprintf("writer%d.%s", i+1, s.name), s.login, c, writers, 500*time.Millisecond, s)
		}
	}
	return all
}

// live takes steps until the bank closes; the last one is finished. What goes wrong with the bank itself ends it.
func (p *person) live(ctx context.Context) error {
	for ctx.Err() == nil {
		s := p.next()
		p.n++
		if err := p.take(s); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		select {
		case <-time.After(s.pause):
		case <-ctx.Done():
		}
	}
	return nil
}

func (p *person) take(s step) error {
	switch s.what {
	case transfer, transferBack, everything:
		return p.move(s)
	case unitsGiven, unitsBack:
		return p.moveUnits(s)
	case deactivation:
		return p.deactivate(s)
	case reactivation:
		return p.reactivate(s)
	case payment:
		return p.recordMoney(s)
	case charge:
		return p.recordUsage(s)
	case sending:
		return p.write(s)
	case pausing, resuming:
		return p.tune(s)
	}
	return fmt.Errorf("nobody knows how to do: %s", s.what)
}

func (p *person) sub(s step) *sub { return p.subs[int(s.which)%len(p.subs)] }

// ref is what this step is called in the portal's own rows.
func (p *person) ref(what string) string { return fmt.Sprintf("%s %s.%d", what, p.name, p.n) }

// hundredths is an amount as people type it.
func hundredths(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }

const ofHundredth = 10_000 // millionths

func (p *person) move(s step) error {
	to := p.sub(s)
	if s.what == everything { // not from those who write: their messages would wait for money that nobody brings
		some := append([]*sub{p.company.closing}, p.company.movable...)
		to = some[int(s.which)%len(some)]
	}
	a := &act{Kind: s.what, Company: p.company.id, Account: to.id, Amount: s.amount * ofHundredth, Ref: p.ref("move")}
	path := "/sub-accounts/" + to.id.String() + "/transfers"
	if s.what != transfer {
		path += "-back"
	}
	fields, ok, err := p.open(path+"/new", path)
	if err != nil || !ok {
		return err
	}
	fields.Set("note", a.Ref)
	if s.what == everything {
		a.Amount = 0
		fields.Set("all", "yes")
	} else {
		fields.Set("amount", hundredths(s.amount))
	}
	return p.post(a, path, fields)
}

func (p *person) moveUnits(s step) error {
	to := p.sub(s)
	page := "/sub-accounts/" + to.id.String() + "/balance"
	path := "/sub-accounts/" + to.id.String() + "/units"
	a := &act{Kind: s.what, Company: p.company.id, Account: to.id, Amount: s.amount, Ref: p.ref("units")}
	if s.what == unitsBack {
		path, a.Amount = path+"-back", 0
	}
	fields, ok, err := p.open(page, path)
	if err != nil || !ok {
		return err
	}
	if s.what == unitsGiven {
		fields.Set("package", p.company.parcel.String())
		fields.Set("units", strconv.FormatInt(s.amount, 10))
	}
	return p.post(a, path, fields)
}

func (p *person) deactivate(s step) error {
	at := "/sub-accounts/" + p.sub(s).id.String()
	if p.away {
		return nil
	}
	fields, ok, err := p.open(at+"/deactivation", at+"/deactivation")
	if err != nil || !ok {
		return err
	}
	a := &act{Kind: s.what, Company: p.company.id, Account: p.sub(s).id, Ref: p.ref("closing")}
	fields.Set("reason", a.Ref)
	err = p.post(a, at+"/deactivation", fields)
	p.away = a.done
	return err
}

func (p *person) reactivate(s step) error {
	if !p.away {
		return nil
	}
	at := "/sub-accounts/" + p.sub(s).id.String()
	fields, ok, err := p.open(at, at+"/activation")
	if err != nil || !ok {
		return err
	}
	a := &act{Kind: s.what, Company: p.company.id, Account: p.sub(s).id, Ref: p.ref("opening")}
	err = p.post(a, at+"/activation", fields)
	p.away = !a.done
	return err
}

func (p *person) recordMoney(s step) error {
	c := p.bank.world.companies[int(s.which)%len(p.bank.world.companies)]
	at := "/staff/accounts/" + c.id.String() + "/payments"
	fields, ok, err := p.open(at+"/new", at)
	if err != nil || !ok {
		return err
	}
	a := &act{Kind: s.what, Company: c.id, Account: c.id, Amount: s.amount * ofHundredth, total: s.amount * ofHundredth, Ref: p.ref("payment")}
	fields.Set("amount", hundredths(s.amount))
	fields.Set("reference", a.Ref)
	return p.post(a, at, fields)
}

func (p *person) recordUsage(s step) error {
	c, users := p.company, p.subs
	if c == nil {
		c = p.bank.world.companies[int(s.which)%len(p.bank.world.companies)]
		users = slices.Concat(c.movable, c.senders, []*sub{c.limited[0], c.limited[1], c.limited[1]})
	}
	who := users[int(s.tail)%len(users)]
	if who == c.limited[1] {
		s.amount *= 100
	}
	at := "/staff/accounts/" + c.id.String() + "/" + who.id.String() + "/usage"
	fields, ok, err := p.open(at+"/new", at)
	if err != nil || !ok {
		return err
	}
	a := &act{Kind: s.what, Company: c.id, Account: who.id, payer: who.payer(), Amount: s.amount * ofHundredth, total: -s.amount * ofHundredth, Ref: p.ref("usage")}
	fields.Set("kind", "call")
	fields.Set("country", "DE")
	fields.Set("quantity", "1")
	fields.Set("amount", hundredths(s.amount))
	fields.Set("reference", a.Ref)
	return p.post(a, at, fields)
}

// tune pauses what recharges a sub-account, or resumes it, whoever or whatever paused it.
func (p *person) tune(s step) error {
	at := "/sub-accounts/" + p.sub(s).id.String()
	path := at + "/recharge/pause"
	if s.what == resuming {
		path = at + "/recharge/resumption"
	}
	fields, ok, err := p.open(at+"/balance", path)
	if err != nil || !ok {
		return err
	}
	return p.post(&act{Kind: s.what, Company: p.company.id, Account: p.sub(s).id, Ref: p.ref("tuning")}, path, fields)
}

// write composes messages and starts them. What is composed and never started is nothing: only the start moves money.
func (p *person) write(s step) error {
	a := &act{Kind: s.what, Company: p.company.id, Account: p.sub(s).id, Amount: s.amount, Ref: p.ref("text"), messages: map[string]bool{}}
	country := "+49151"
	if s.tail%4 == 0 {
		country = "+33612" // by units, where it has some
	}
	for i := range s.amount {
		ending := 1000 + (int64(s.tail)/7+i*37)%9000
		if (s.tail+uint32(i))%9 == 0 {
			ending = 2 - int64(s.tail)%2 // refused, or taken and then failed: given back
		}
		number := fmt.Sprintf("%s%04d%04d", country, (int64(s.which)+i)%10_000, ending)
		if country == "+33612" {
			number = fmt.Sprintf("%s%02d%04d", country, (int64(s.which)+i)%100, ending)
		}
		a.messages[number] = true
	}
	var numbers []string
	for number := range a.messages {
		numbers = append(numbers, number)
	}
	fields, ok, err := p.open("/messages/new", "/messages")
	if err != nil || !ok {
		return err
	}
	fields.Set("text", a.Ref)
	fields.Set("numbers", strings.Join(numbers, "\n"))
	composed, err := p.until(http.MethodPost, "/messages", fields, nil)
	if err != nil {
		return err
	}
	if composed.status != http.StatusSeeOther {
		return p.bank.refused(a, composed)
	}
	fields, ok, err = p.open(composed.to, composed.to+"/start")
	if err != nil || !ok {
		return err
	}
	return p.post(a, composed.to+"/start", fields)
}

// open loads a page and finds the form on it that posts to an address. A page without it says no to this step: there is nothing
// to take back, or the account is deactivated.
func (p *person) open(path, action string) (url.Values, bool, error) {
	page, err := p.page(path)
	var refused refusedPage
	if errors.As(err, &refused) && refused.status < 500 {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	fields, ok := formIn(page, action)
	return fields, ok, nil
}

// post sends a form until there is an answer, always under the key that the form came with, and keeps the record.
func (p *person) post(a *act, path string, fields url.Values) error {
	a.Key = fields.Get("key")
	p.bank.record.issue(a)
	got, err := p.until(http.MethodPost, path, fields, &a.attempts)
	if err != nil {
		return err
	}
	switch {
	case got.status == http.StatusSeeOther:
		p.bank.record.settle(a, true, got.to)
		return nil
	case (a.Kind == deactivation || a.Kind == reactivation) && got.status == http.StatusConflict && a.attempts > 1:
		// they have no key and say that it was done already: by the attempt that was not answered, for nobody else does this
		p.bank.record.settle(a, true, sentence(got.body))
		return nil
	}
	return p.bank.refused(a, got)
}

// figures are what makes one and the same refusal many.
var figures = regexp.MustCompile(`[\d.,]+\d`)

// refused notes an answer that says no. Some of them nobody may ever get.
func (b *bank) refused(a *act, got answer) error {
	said := sentence(got.body)
	if a.issued != 0 {
		b.record.settle(a, false, fmt.Sprintf("%d %s", got.status, said))
	}
	of, _, _ := strings.Cut(said, ". ")
	b.refusals.add(fmt.Sprintf("%s: %d %s", a.Kind, got.status, figures.ReplaceAllString(of, "…")))
	if strings.Contains(string(got.body), "already used for something else") {
		b.found("%s %s: a form's own key is said to stand for something else", a.Kind, a.Ref)
	}
	if strings.Contains(said, ledger.ErrFrozen.Message) {
		b.found("%s %s: the books are said to have a fault, and money stands still", a.Kind, a.Ref)
	}
	return nil
}

// tally counts by words.
type tally struct {
	mu    sync.Mutex
	count map[string]int
}

func (t *tally) add(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count == nil {
		t.count = map[string]int{}
	}
	t.count[what]++
}
