package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
)

// audit holds everything against everything, when nothing is broken any more and nobody asks: the record, what people can read, and
// the books.
func (b *bank) audit(ctx context.Context) error {
	admins := map[*company]*browser{}
	for _, c := range b.world.companies {
		admins[c] = newBrowser(c.admin, b.pages, 0, &b.answered, &b.unanswered)
	}
	if err := b.settle(ctx, admins); err != nil {
		return err
	}
	for _, c := range b.world.companies {
		if err := b.auditCompany(admins[c], c); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	if err := b.auditPrograms(ctx); err != nil {
		return err
	}
	return b.verify(ctx)
}

func (b *bank) auditCompany(who *browser, c *company) error {
	if err := b.auditRecharges(who, c); err != nil {
		return err
	}
	written, _, err := b.readMessages(who)
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
	if err := b.auditCaps(who, c); err != nil {
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
	b.holdRules(b.world.companyOf(account), account, all)
	b.reads.Add(1)
	known := map[string]*act{}
	for _, a := range b.record.all() {
		known[a.Ref] = a
	}
	for _, e := range all {
		a := known[e.reference]
		if a != nil && !a.done {
			b.found("%s %s was refused (%s) and stands in the statement of %s", a.Kind, a.Ref, a.answer, name)
		}
		if a == nil && !ofItself.MatchString(e.what) && e.reference != "at first" {
			b.found("nobody asked for what stands in the statement of %s: %s, of %d", name, e.what, e.amount)
		}
		if e.noteOf() == closedNote && e.amount < 0 && e.after != 0 {
			b.found("%s was deactivated and kept %d", name, e.after)
		}
	}
	if len(all) == 0 {
		return 0, nil
	}
	return inOrder(all)[len(all)-1].after, nil
}

// ofItself is what a statement tells of that people did not ask for by its reference.
var ofItself = regexp.MustCompile(`^\d*\s*[Mm]essage|^Refund|^Transfer.*: (Auto-recharge|Account deactivated|Starting amount|At first|Monthly limit for .*|Unused of .*)$`)

// message is a line of the file of messages.
type message struct {
	account, to, text, status, asset string
	paid                             int64
	refunded                         bool
}

// settle waits until no message is on its way any more: until those that were asked for are there, and none moves. What a killed worker
// had begun is due after ten minutes, and what failed is tried again after seconds first, then minutes, then hours, two hours later where the
// clock was set back meanwhile. So hours pass, each with a worker that begins anew and
// has done what it can.
func (b *bank) settle(ctx context.Context, admins map[*company]*browser) error {
	const hours = 12
	moving := map[string]int{}
	for range hours {
		if err := b.machine.killWorker(ctx); err != nil {
			return err
		}
		if err := b.machine.clock.set(b.machine.clock.ahead() + time.Hour); err != nil {
			return err
		}
		if err := b.raise(ctx); err != nil {
			return err
		}
		for still := 0; still < 8; still++ {
			now, err := b.moving(admins)
			if err != nil || len(now) == 0 {
				return err
			}
			if !maps.Equal(now, moving) {
				still = 0
			}
			moving = now
			time.Sleep(250 * time.Millisecond)
		}
	}
	for name, n := range moving {
		b.lost("messages", "%d of %s are on their way after %d hours", n, name, hours)
	}
	return nil
}

// moving are the messages of each company that are not there yet, or have not come to their end.
func (b *bank) moving(admins map[*company]*browser) (map[string]int, error) {
	all := map[string]int{}
	for _, c := range b.world.companies {
		written, moving, err := b.readMessages(admins[c])
		if err != nil {
			return nil, err
		}
		for _, a := range b.record.all() {
			if a.Company == c.id && a.Kind == sending && a.done {
				moving += len(a.messages)
			}
		}
		if moving -= len(written); moving > 0 {
			all[c.name] = moving
		}
	}
	return all, nil
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
	moved := map[movedUnits]int{}
	for _, row := range rows {
		logged[row["Action"]]++
		if m, ok := unitsOf(row, c); ok {
			moved[m]++
		}
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
	for _, a := range b.record.all() {
		if a.Company == c.id && a.done && (a.Kind == unitsGiven || a.Kind == unitsBack) {
			moved[movedUnits{a.Kind, c.nameOf(a.Account), a.Amount}]--
		}
	}
	for m, n := range moved {
		switch {
		case n < 0:
			b.lost(string(m.kind), "%d of %s of %s: acknowledged %d times more often than the action log has it", m.units, m.account, c.name, -n)
		case n > 0:
			b.doubled(string(m.kind), "%d of %s of %s: the action log has it %d times more often than it was acknowledged", m.units, m.account, c.name, n)
		}
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

// movedUnits are units that somebody gave or took back: of what is taken back all goes, so how many is not known.
type movedUnits struct {
	kind    kind
	account string
	units   int64
}

// unitsOf reads them off a line of the action log. What a deactivation returns nobody took back.
func unitsOf(row map[string]string, c *company) (movedUnits, bool) {
	if row["Amount"] == "" || row["Asset"] == c.currency {
		return movedUnits{}, false
	}
	switch models.Action(row["Action"]) {
	case models.TransferPosted:
		n, err := micros(row["Amount"])
		return movedUnits{unitsGiven, row["Account"], n / 1_000_000}, err == nil
	case models.TransferredBack:
		return movedUnits{unitsBack, row["Account"], 0}, !strings.Contains(row["What happened"], closedNote)
	}
	return movedUnits{}, false
}

func (c *company) nameOf(account models.ID) string {
	for _, s := range c.subs() {
		if s.id == account {
			return s.name
		}
	}
	return ""
}

// auditPrograms: whatever was killed and cut off, no program may have panicked, no rule of the database may have had to refuse what the
// portal wrote, and no job may have been given up.
func (b *bank) auditPrograms(ctx context.Context) error {
	for _, p := range b.machine.processes() {
		log, err := os.ReadFile(p.log.Name())
		if err != nil {
			return err
		}
		for said := range strings.Lines(string(log)) {
			if unheardOf.MatchString(said) {
				b.found("%s says: %.500s", p.name, said)
			}
		}
	}
	return b.machine.admin(ctx, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT kind || ': ' || coalesce(errors[array_upper(errors, 1)] ->> 'error', '') FROM river_job WHERE state IN ('discarded', 'cancelled')`)
		if err != nil {
			return err
		}
		given, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, job := range given {
			b.found("a job was given up: %s", job)
		}
		return err
	})
}

// unheardOf is what no fault explains: a panic, and every refusal of PostgreSQL but those of connections (08), of what is short (53), of
// what an operator does (57) and of what is done again by itself (40).
var unheardOf = regexp.MustCompile(`(?:panic:|panicked|SQLSTATE (?:0[^8]|[1-3]|4[^0]|5[^37]|[6-9]|[A-Z]))`)

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
