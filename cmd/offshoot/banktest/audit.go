package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"offshoot/models"
)

// audit holds everything against everything, when nothing is broken any more and nobody asks: the record, what people can read, and
// the books.
func (b *bank) audit(ctx context.Context) error {
	// What a killed worker had begun is due after ten minutes: a new one begins it again, in the hour after.
	if err := b.machine.killWorker(ctx); err != nil {
		return err
	}
	if err := b.machine.clock.set(b.machine.clock.ahead() + time.Hour); err != nil {
		return err
	}
	if err := b.raise(ctx); err != nil {
		return err
	}
	for _, c := range b.world.companies {
		who := newBrowser(c.admin, b.pages, 0, &b.answered, &b.unanswered)
		if err := b.auditCompany(who, c); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return b.verify(ctx)
}

func (b *bank) auditCompany(who *browser, c *company) error {
	written, err := b.settledMessages(who, c)
	if err != nil {
		return err
	}
	spent, units := b.auditMessages(c, written)

	// received − spent = total
	total := int64(firstTotal)
	for _, a := range b.record.all() {
		if a.Company == c.id && a.done {
			total += a.total
		}
	}
	total -= spent
	page, err := who.page("/")
	if err != nil {
		return err
	}
	shown, err := stat(page, "Total")
	if err != nil {
		return err
	}
	if shown != total {
		b.found("%s has %d in the end, and by the record %d", c.name, shown, total)
	}

	own, err := b.auditStatement(who, "/statement.csv", c.id, c.name)
	if err != nil {
		return err
	}
	held := int64(0)
	for _, s := range c.subs() {
		has, err := b.auditStatement(who, "/sub-accounts/"+s.id.String()+"/balance.csv", s.id, s.name+" of "+c.name)
		if err != nil {
			return err
		}
		held += has
	}
	if own+held != total {
		b.found("the statements of %s end with %d and %d, and its total is %d", c.name, own, held, total)
	}
	if err := b.auditMonths(who, c); err != nil {
		return err
	}
	return b.auditLog(who, c, units)
}

// auditStatement holds a whole statement against the record and returns the balance that it ends with. Of each act the amount is
// known, so the balance is too, but for what messages cost and what went back all at once.
func (b *bank) auditStatement(who *browser, path string, account models.ID, name string) (int64, error) {
	now := b.record.moment()
	file, err := who.file(path)
	if err != nil {
		return 0, err
	}
	all, err := entries(file)
	if err != nil {
		return 0, err
	}
	b.holdChain(name, all)
	b.holdRefs(name, all, account, b.record.between(now, now, func(a *act) bool { return a.standsIn(account) }))
	b.reads.Add(1)
	known := map[string]*act{}
	for _, a := range b.record.all() {
		known[a.Ref] = a
	}
	for _, e := range all {
		if a := known[e.reference]; a != nil && !a.done {
			b.found("%s %s was refused (%s) and stands in the statement of %s", a.Kind, a.Ref, a.answer, name)
		}
	}
	if len(all) == 0 {
		return 0, nil
	}
	last := all[0]
	for _, e := range all {
		if e.number > last.number {
			last = e
		}
	}
	return last.after, nil
}

// message is a line of the file of messages.
type message struct {
	account, to, text, status, asset string
	paid                             int64
	refunded                         bool
}

// settledMessages waits until no message is on its way any more, or nothing has changed for a while, and returns them all.
func (b *bank) settledMessages(who *browser, c *company) ([]message, error) {
	expected := 0
	for _, a := range b.record.all() {
		if a.Company == c.id && a.Kind == sending && a.done {
			expected += len(a.messages)
		}
	}
	for deadline := time.Now().Add(25 * time.Second); ; time.Sleep(500 * time.Millisecond) {
		all, moving, err := b.readMessages(who)
		if err != nil {
			return nil, err
		}
		if len(all) >= expected && moving == 0 {
			return all, nil
		}
		if time.Now().After(deadline) {
			b.onTheWay.add(fmt.Sprintf("%d messages of %d, %d moving", len(all), expected, moving))
			return all, nil
		}
	}
}

func (b *bank) readMessages(who *browser) (all []message, moving int, err error) {
	file, err := who.file("/messages.csv")
	if err != nil {
		return nil, 0, err
	}
	rows, err := table(file)
	if err != nil {
		return nil, 0, err
	}
	for _, row := range rows {
		m := message{account: row["Account"], to: row["To"], text: row["Text"], status: row["Status"], asset: row["Asset"], refunded: row["Refunded"] == "yes"}
		if row["Paid"] != "" {
			if m.paid, err = micros(row["Paid"]); err != nil {
				return nil, 0, err
			}
		}
		switch m.status {
		case "Queued", "Sent":
			moving++
		}
		all = append(all, m)
	}
	return all, moving, nil
}

// auditMessages: of each send that was acknowledged every number has one message; none has two; no message is of a send that nobody
// started. It returns what they cost in the end, in millionths and in units.
func (b *bank) auditMessages(c *company, all []message) (spent, units int64) {
	type one struct{ text, to string }
	times := map[one]int{}
	for _, m := range all {
		times[one{m.text, m.to}]++
		b.messages++
		if m.refunded {
			b.given++
			continue
		}
		if strings.Contains(strings.ToLower(m.asset), "unit") || m.asset != c.currency {
			units += m.paid / 1_000_000
		} else {
			spent += m.paid
		}
	}
	for _, a := range b.record.all() {
		if a.Company != c.id || a.Kind != sending {
			continue
		}
		for number := range a.messages {
			n := times[one{a.Ref, number}]
			delete(times, one{a.Ref, number})
			switch {
			case n > 1:
				b.doubled(a.Ref, "has %d messages to %s", n, number)
			case n == 0 && a.done:
				b.lost(a.Ref, "was started and there is no message to %s", number)
			case n == 1 && !a.done:
				b.found("%s was refused (%s) and there is a message to %s", a.Ref, a.answer, number)
			}
		}
	}
	for m := range times {
		b.found("a message to %s says %q, which nobody wrote", m.to, m.text)
	}
	return spent, units
}

// auditLog: what has no reference of ours in a statement stands in the action log, as often as it was acknowledged.
func (b *bank) auditLog(who *browser, c *company, units int64) error {
	file, err := who.file("/action-log.csv")
	if err != nil {
		return err
	}
	rows, err := table(file)
	if err != nil {
		return err
	}
	logged := map[string]int{}
	transfers := map[string]int{}
	for _, row := range rows {
		logged[row["Action"]]++
		if row["Transfer"] != "" {
			transfers[row["Action"]+row["Transfer"]]++
		}
	}
	done := map[kind]int{}
	for _, a := range b.record.all() {
		if a.Company == c.id && a.done {
			done[a.Kind]++
		}
	}
	for of, action := range map[kind]models.Action{deactivation: models.SubAccountDeactivated, reactivation: models.SubAccountReactivated,
		charge: models.UsageCharged} {
		b.holdCount(c, of, done[of], logged[string(action)], of == charge)
	}
	for what, n := range transfers {
		if n > 1 {
			b.doubled(what, "stands in the action log of %s %d times", c.name, n)
		}
	}
	page, err := who.file("/usage")
	if err != nil {
		return err
	}
	found := parcelWords.FindStringSubmatch(string(page))
	if found == nil {
		return errors.New("/usage shows no package")
	}
	if strings.ReplaceAll(found[1], ",", "") != fmt.Sprint(units) {
		b.found("%s has used %s units, and by its messages %d", c.name, found[1], units)
	}
	return nil
}

func (b *bank) holdCount(c *company, of kind, acknowledged, logged int, atLeast bool) {
	switch {
	case logged < acknowledged:
		b.lost(string(of), "was acknowledged to %s %d times, and the action log has it %d times", c.name, acknowledged, logged)
	case logged > acknowledged && !atLeast:
		b.doubled(string(of), "was acknowledged to %s %d times, and the action log has it %d times", c.name, acknowledged, logged)
	}
}

// verify has the program check the books of every tenant, as an operator would.
func (b *bank) verify(ctx context.Context) error {
	verify := exec.CommandContext(ctx, b.machine.program, "verify")
	verify.Env = append(surroundings(), "DATABASE_URL="+b.machine.server.DSN(""), "OFFSHOOT_CLOCK="+b.machine.clock.path)
	said, err := verify.CombinedOutput()
	if status := new(exec.ExitError); errors.As(err, &status) && status.ExitCode() == 1 {
		b.found("offshoot verify: %s", said)
		return nil
	}
	if err != nil {
		return fmt.Errorf("offshoot verify: %w: %s", err, said)
	}
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	b.verified = "verify: " + lines[len(lines)-1]
	return nil
}
