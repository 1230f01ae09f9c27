package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/shopspring/decimal"

	"offshoot/models"
)

// reader looks at what the portal shows of a company while everything goes on, and holds it against the record.
type reader struct {
	bank *bank
	browser
	life
	company *company
}

func (b *bank) readers() []*reader {
	var all []*reader
	for i, c := range b.world.companies {
		all = append(all, &reader{bank: b, company: c, browser: *newBrowser(c.admin, b.pages, i, &b.answered, &b.unanswered),
			life: life{lots: stream(b.seed, "reader of "+c.name), chances: []chance{{1, "", 0, 0}}, pace: 150 * time.Millisecond}})
	}
	return all
}

func (r *reader) live(ctx context.Context) error {
	for ctx.Err() == nil {
		s := r.next()
		if err := r.look(s); err != nil {
			return fmt.Errorf("reader of %s: %w", r.company.name, err)
		}
		select {
		case <-time.After(s.pause):
		case <-ctx.Done():
		}
	}
	return nil
}

func (r *reader) look(s step) error {
	subs := r.company.subs()
	one := subs[int(s.tail)%len(subs)]
	switch s.which % 5 {
	case 0, 1:
		return r.dashboard()
	case 2:
		return r.statement("/sub-accounts/"+one.id.String()+"/balance.csv", one.id, one.name)
	case 3:
		return r.statement("/statement.csv", r.company.id, r.company.name)
	default:
		return r.parcel()
	}
}

// dashboard: available and held are the total; received − spent = total, to the millionth, where all that was spent is known.
func (r *reader) dashboard() error {
	began := r.bank.record.moment()
	page, err := r.page("/")
	if err != nil {
		return err
	}
	ended := r.bank.record.moment()
	var shown [3]int64
	for i, label := range []string{"Available", "Held by sub-accounts", "Total"} {
		if shown[i], err = stat(page, label); err != nil {
			return err
		}
	}
	credit := int64(0)
	if r.company.postPay {
		credit = creditLine
	}
	if shown[0]-credit+shown[1] != shown[2] {
		r.bank.found("the dashboard of %s shows %d available and %d held, and a total of %d", r.company.name, shown[0], shown[1], shown[2])
	}
	concerns := func(a *act) bool { return a.Company == r.company.id }
	b := r.bank.record.between(began, ended, concerns)
	switch {
	case !r.company.sends:
		if !b.total(firstTotal, shown[2]) {
			r.bank.found("the dashboard of %s shows a total of %d, which the record cannot explain", r.company.name, shown[2])
		}
	case r.bank.machine.clock.now().Sub(opening(r.bank.seed)) < 28*24*time.Hour: // the chart tells of all that was spent
		spent, err := spentOf(page)
		if err != nil {
			return err
		}
		payments := r.bank.record.between(began, ended, func(a *act) bool { return concerns(a) && a.Kind == payment })
		if !payments.total(firstTotal, shown[2]+spent) {
			r.bank.found("the dashboard of %s shows a total of %d, and %d spent, which the record cannot explain", r.company.name, shown[2], spent)
		}
	default: // messages have cost something, or nothing, or it was given back
		most, least := b.bounds(firstTotal)
		if shown[2] > most || shown[2] < least-b.messages()*priceOfMessage {
			r.bank.found("the dashboard of %s shows a total of %d, and by the record it is from %d to %d less %d messages", r.company.name, shown[2], least, most, b.messages())
		}
	}
	r.bank.reads.Add(1)
	return nil
}

const (
	creditLine = 100_000_000_000
	firstTotal = 20_000_000_000
)

// stat is a figure of the dashboard, in millionths.
func stat(page *goquery.Document, label string) (int64, error) {
	var text string
	page.Find(".stat").Each(func(_ int, s *goquery.Selection) {
		if strings.TrimSpace(s.Find(".stat__label").Text()) == label {
			text = s.Find("data").AttrOr("value", "")
		}
	})
	return micros(text)
}

// spentOf is the cost of thirty days that stands under the chart.
func spentOf(page *goquery.Document) (int64, error) {
	text := page.Find("table tfoot td").First().Text()
	return micros(strings.NewReplacer(",", "", "\u00a0", "", "\u202f", "").Replace(strings.TrimSpace(text)))
}

// micros reads an exact decimal, perhaps with its currency after it.
func micros(text string) (int64, error) {
	text, _, _ = strings.Cut(strings.TrimSpace(text), " ")
	d, err := decimal.NewFromString(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no figure: %w", text, err)
	}
	d = d.Mul(decimal.NewFromInt(1_000_000))
	if !d.IsInteger() {
		return 0, fmt.Errorf("%q is finer than a millionth", text)
	}
	return d.IntPart(), nil
}

// entry is a line of a statement's file.
type entry struct {
	number              int64
	at, what, other     string
	amount, after       int64
	reference, transfer string
}

func entries(file []byte) ([]entry, error) {
	rows, err := table(file)
	if err != nil {
		return nil, err
	}
	var all []entry
	for _, row := range rows {
		e := entry{at: row["Time"], what: row["What"], other: row["Other account"], reference: row["Reference"], transfer: row["Transfer"]}
		if _, note, ok := strings.Cut(e.what, ": "); ok && e.reference == "" { // of a transfer
			e.reference = note
		}
		if e.number, err = strconv.ParseInt(row["Entry"], 10, 64); err != nil {
			return nil, err
		}
		if e.amount, err = micros(row["Amount"]); err != nil {
			return nil, err
		}
		if e.after, err = micros(row["Balance after"]); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// table reads a file by its heads; "Time (Europe/Berlin)" is Time.
func table(file []byte) ([]map[string]string, error) {
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("a file without a head")
	}
	var all []map[string]string
	for _, row := range rows[1:] {
		cells := map[string]string{}
		for i, head := range rows[0] {
			head, _, _ = strings.Cut(head, " (")
			cells[head] = row[i]
		}
		all = append(all, cells)
	}
	return all, nil
}

// statement: each balance is the one before and the amount; what is acknowledged stands there, once; nothing stands there that nobody
// asked for.
func (r *reader) statement(path string, account models.ID, name string) error {
	began := r.bank.record.moment()
	file, err := r.file(path)
	if err != nil {
		return err
	}
	ended := r.bank.record.moment()
	all, err := entries(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r.bank.holdChain(name+" of "+r.company.name, all)
	r.bank.holdRefs(name+" of "+r.company.name, all, account, r.bank.record.between(began, ended, func(a *act) bool { return a.standsIn(account) }))
	r.bank.holdRules(r.company, account, all)
	r.bank.reads.Add(1)
	return nil
}

// holdRules holds a statement against what was set once: the rule of what is recharged, the caps of who spends its parent's balance.
func (b *bank) holdRules(c *company, account models.ID, all []entry) {
	if account == c.id {
		b.holdCaps(c, all)
	}
	for _, s := range c.vans {
		if s.id == account {
			b.holdRecharges(s, all)
		}
	}
	for _, s := range c.limited {
		if s.id == account && !c.postPay {
			b.holdLimit(s, all)
		}
	}
}

// standsIn says whether a statement tells of an act by its reference.
func (a *act) standsIn(account models.ID) bool {
	switch a.Kind {
	case transfer, transferBack, everything:
		return a.Account == account || a.Company == account
	case payment:
		return a.Company == account
	case charge:
		return a.payer == account
	}
	return false
}

// amountIn is what an act of a known amount brings to an account.
func (a *act) amountIn(account models.ID) int64 {
	switch {
	case a.Kind == payment, a.Kind == transfer && a.Account == account, a.Kind == transferBack && a.Company == account:
		return a.Amount
	}
	return -a.Amount
}

// holdChain: whatever the order of the file, each balance follows from the one before, the first from nothing.
func (b *bank) holdChain(whose string, all []entry) {
	earlier := entry{}
	for _, later := range inOrder(all) {
		if later.number != earlier.number+1 {
			b.found("the statement of %s has entry %d after %d", whose, later.number, earlier.number)
		}
		if earlier.after+later.amount != later.after {
			b.found("the statement of %s: entry %d of %d leaves %d, and the one before left %d", whose, later.number, later.amount, later.after, earlier.after)
		}
		earlier = later
	}
}

// holdRefs: those that are sure stand there, all at most once.
func (b *bank) holdRefs(whose string, all []entry, account models.ID, expected between) {
	times := map[string]int{}
	for _, e := range all {
		times[e.reference]++
	}
	amounts := map[string]int64{}
	for _, e := range all {
		amounts[e.reference] = e.amount
	}
	for _, a := range append(expected.sure, expected.maybe...) {
		if times[a.Ref] > 1 {
			b.doubled(a.Ref, "stands in the statement of %s %d times", whose, times[a.Ref])
		}
		if times[a.Ref] > 0 && a.Kind != everything && amounts[a.Ref] != a.amountIn(account) {
			b.found("%s %s of %d stands in the statement of %s with %d", a.Kind, a.Ref, a.Amount, whose, amounts[a.Ref])
		}
	}
	for _, a := range expected.sure {
		if times[a.Ref] == 0 {
			b.lost(a.Ref, "was acknowledged and is not in the statement of %s", whose)
		}
	}
}

var parcelWords = regexp.MustCompile(`([\d,]+) of ([\d,]+) units used, ([\d,]+) shared, ([\d,]+) left`)

// parcel: of a package, used, given and left are always the whole.
func (r *reader) parcel() error {
	page, err := r.file("/usage")
	if err != nil {
		return err
	}
	found := parcelWords.FindSubmatch(page)
	if found == nil {
		return errors.New("/usage shows no package")
	}
	var n [4]int64
	for i := range n {
		if n[i], err = strconv.ParseInt(strings.ReplaceAll(string(found[i+1]), ",", ""), 10, 64); err != nil {
			return err
		}
	}
	if n[1] != r.company.units || n[0]+n[2]+n[3] != n[1] {
		r.bank.found("of %d units of %s, %d are used, %d given and %d left", n[1], r.company.name, n[0], n[2], n[3])
	}
	r.bank.reads.Add(1)
	return nil
}
