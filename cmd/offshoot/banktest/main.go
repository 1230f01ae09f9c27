// Banktest is the bank: it drives running portals over HTTP with many people at once while it kills and cuts off what they run on,
// and keeps a record of its own of everything that was acknowledged to it. At the end nothing acknowledged may be missing, nothing may
// have happened twice, and every read in between must have shown the exact total.
//
//	go run ./cmd/offshoot/banktest -offshoot ./bin/offshoot-clock -for 60s -seed 7
//
// The program under test is the real one, built with the tag clock, so that months can be turned: two portals (serve) and a worker
// (work) with the settings that production demands, on a PostgreSQL of their own. toxiproxy stands between each of them and
// PostgreSQL, and between the portals and people.
//
// People transfer and take back, record payments and usage, send messages, move units of packages, deactivate and reactivate, pause and
// resume what recharges. Months turn while the worker is dead. Held against the record and against each other are: every statement, line by
// line, with the rule of who is recharged (a fall once, and no day more than it may), the caps of who spends its parent's balance, and the
// limit of who has one; the total of every dashboard; messages; the action log; what offshoot verify says; and what the programs logged.
//
// Whoever is not answered asks again with the same one-time key. Everything that is left to lot comes from the seed, see plan.go: a run
// with the same seed makes the same plan. What of it falls on what, the machine decides anew.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// settings are the flags.
type settings struct {
	program string
	dir     string
	seed    uint64
	lasts   time.Duration
	faults  int
	spoil   string
}

// What can be spoiled.
const (
	forgottenKeys = "keys"
	looseCommits  = "commits"
)

func main() {
	var s settings
	flag.StringVar(&s.program, "offshoot", "", "the program under test, built with -tags clock")
	flag.StringVar(&s.dir, "dir", "", "folder for the database, logs and the record; kept. A temporary one, which goes when all is well, unless set")
	flag.Uint64Var(&s.seed, "seed", 0, "seed of the plan; drawn by lot when 0")
	flag.DurationVar(&s.lasts, "for", 0, "how long people come")
	flag.IntVar(&s.faults, "faults", 0, "how many faults at least")
	flag.StringVar(&s.spoil, "spoil", "", "to try the bank itself. "+forgottenKeys+": whoever is not answered fills in the form anew, and things happen twice; "+
		looseCommits+": PostgreSQL acknowledges commits before it has them, and they are lost when it is killed")
	flag.Parse()
	if s.program == "" || flag.NArg() > 0 || s.spoil != "" && s.spoil != forgottenKeys && s.spoil != looseCommits || s.lasts == 0 && s.faults == 0 {
		fmt.Fprintln(os.Stderr, "banktest: -offshoot and one of -for and -faults are needed")
		flag.Usage()
		os.Exit(2)
	}
	if s.seed == 0 {
		s.seed = uint64(rand.Uint32())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	right, err := s.run(ctx, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "banktest:", err)
	}
	if err != nil || !right {
		os.Exit(1)
	}
}

func (s settings) run(ctx context.Context, out io.Writer) (right bool, err error) {
	fmt.Fprintf(out, "bank: seed %d\n", s.seed)
	dir, keep := s.dir, true
	if dir == "" {
		keep = false
		if dir, err = os.MkdirTemp("", "offshoot-bank-"); err != nil {
			return false, err
		}
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return false, err
	}
	if err := os.Chmod(dir, 0o711); err != nil { // as root, PostgreSQL's account must get in
		return false, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return false, err
	}
	began := time.Now()
	b, err := newBank(ctx, s, dir)
	if err != nil {
		return false, err
	}
	fmt.Fprintf(out, "bank: open after %v\n", time.Since(began).Round(100*time.Millisecond))
	err = b.business(ctx)
	fmt.Fprintf(out, "bank: closed after %v more\n", time.Since(b.opened).Round(100*time.Millisecond))
	closed := time.Now()
	if err == nil {
		err = b.audit(ctx)
	}
	fmt.Fprintf(out, "bank: audited in %v\n", time.Since(closed).Round(100*time.Millisecond))
	b.machine.close()
	if closing := b.record.close(); err == nil {
		err = closing
	}
	b.report(out, time.Since(began), err)
	right = err == nil && len(b.findings()) == 0
	if right && !keep {
		return true, os.RemoveAll(dir)
	}
	fmt.Fprintln(out, "bank: its record and the logs are in", dir)
	return right, err
}

// bank is one run.
type bank struct {
	settings
	machine *machine
	world   *world
	record  *record
	pages   [2]string
	opened  time.Time

	answered, unanswered, reads atomic.Int64
	faults, refusals, ended     tally

	mu                    sync.Mutex
	problems              []string
	actsLost, actsDoubled map[string]bool
	messages, given       int64
	months                int
	falls, recharges      int
	verified              string
}

func newBank(ctx context.Context, s settings, dir string) (*bank, error) {
	b := &bank{settings: s, actsLost: map[string]bool{}, actsDoubled: map[string]bool{}}
	var err error
	if b.record, err = newRecord(filepath.Join(dir, "record.jsonl")); err != nil {
		return nil, err
	}
	if b.machine, err = build(ctx, s, dir); err != nil {
		return nil, err
	}
	if b.world, err = found(ctx, b.machine); err == nil {
		err = b.machine.open()
	}
	if err != nil {
		b.machine.close()
		return nil, err
	}
	for i, w := range b.machine.toPages {
		b.pages[i] = "http://" + w.address()
	}
	b.opened = time.Now()
	return b, nil
}

// business is the time in which people come and things break. It ends when both the time is over and enough has broken; then
// everybody finishes what they began.
func (b *bank) business(ctx context.Context) error {
	day, over := context.WithCancelCause(ctx)
	var everybody sync.WaitGroup
	come := func(live func(context.Context) error) {
		everybody.Go(func() {
			if err := live(day); err != nil {
				over(err)
			}
		})
	}
	for _, p := range b.people() {
		come(p.live)
	}
	for _, r := range b.readers() {
		come(r.live)
	}
	come(func(ctx context.Context) error {
		err := b.disturb(ctx)
		over(nil)
		return err
	})
	everybody.Wait()
	if err := context.Cause(day); err != nil && err != context.Canceled {
		return err
	}
	return ctx.Err()
}

// disturb strikes one fault after another.
func (b *bank) disturb(ctx context.Context) error {
	plan := troubles{lots: stream(b.seed, "faults"), kinds: faultKinds}
	if b.spoil == looseCommits { // little is lost at a time, so nothing else happens
		plan.kinds = []faultKind{databaseKilled, backendKilled}
	}
	for n := 0; ctx.Err() == nil && (n < b.settings.faults || time.Since(b.opened) < b.lasts); n++ {
		t := plan.next()
		if b.spoil == looseCommits { // there must be something to lose
			t.after += 2 * time.Second
		}
		b.breathe(ctx)
		time.Sleep(t.after)
		if err := b.strike(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", t.of, err)
		}
		b.faults.add(string(t.of))
	}
	return nil
}

// breathe waits until some have been answered since the last fault, at least for a while: on a slow machine nobody would come to
// anything otherwise, and nothing could go wrong.
func (b *bank) breathe(ctx context.Context) {
	const some = 25
	enough := b.answered.Load() + some
	for deadline := time.Now().Add(10 * time.Second); b.answered.Load() < enough && time.Now().Before(deadline) && ctx.Err() == nil; {
		time.Sleep(10 * time.Millisecond)
	}
}

// found notes something that is wrong.
func (b *bank) found(format string, values ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, fmt.Sprintf(format, values...))
}

// lost notes that something acknowledged is missing somewhere.
func (b *bank) lost(ref, format string, values ...any) {
	b.found("LOST "+ref+" "+format, values...)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.actsLost[ref] = true
}

// doubled notes that something stands somewhere more often than it was asked for.
func (b *bank) doubled(ref, format string, values ...any) {
	b.found("DOUBLED "+ref+" "+format, values...)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.actsDoubled[ref] = true
}

// findings are what is wrong, each once.
func (b *bank) findings() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(b.problems)))
}

// report says what happened. What ended the bank before it had looked at everything is told elsewhere.
func (b *bank) report(out io.Writer, took time.Duration, ended error) {
	effects := map[kind]int{}
	asked, done := 0, 0
	for _, a := range b.record.all() {
		asked++
		if a.done {
			done++
			effects[a.Kind]++
		}
	}
	struck := 0
	for _, n := range b.faults.count {
		struck += n
	}
	fmt.Fprintf(out, "bank: %d faults survived in %v\n", struck, took.Round(time.Second))
	list(out, b.faults.count)
	if len(b.ended.count) > 0 {
		fmt.Fprintln(out, "bank: ended by themselves and were started again")
		list(out, b.ended.count)
	}
	fmt.Fprintf(out, "bank: %d requests answered, %d not\n", b.answered.Load(), b.unanswered.Load())
	fmt.Fprintf(out, "bank: %d effects asked for, %d acknowledged\n", asked, done)
	words := map[string]int{}
	for of, n := range effects {
		words[string(of)] = n
	}
	list(out, words)
	fmt.Fprintf(out, "bank: %d messages accepted, %d of them given back\n", b.messages, b.given)
	fmt.Fprintf(out, "bank: %d balances fell, %d recharges\n", b.falls, b.recharges)
	fmt.Fprintf(out, "bank: %d month starts of a parent, the clock is at %s\n", b.months, b.machine.clock.now().UTC().Format(time.DateTime))
	fmt.Fprintf(out, "bank: %d lost, %d doubled, %d reads checked\n", len(b.actsLost), len(b.actsDoubled), b.reads.Load())
	if b.verified != "" {
		fmt.Fprintln(out, "bank:", b.verified)
	}
	if len(b.refusals.count) > 0 {
		fmt.Fprintln(out, "bank: refused")
		list(out, b.refusals.count)
	}
	findings := b.findings()
	for i, f := range findings {
		if i == 40 {
			fmt.Fprintf(out, "bank: and %d more\n", len(findings)-i)
			break
		}
		fmt.Fprintln(out, "bank: WRONG:", f)
	}
	switch {
	case ended != nil:
		fmt.Fprintln(out, "bank: it ended before everything was looked at")
	case len(findings) == 0:
		fmt.Fprintln(out, "bank: all is right")
	}
}

func list(out io.Writer, count map[string]int) {
	for _, what := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(out, "  %6d  %s\n", count[what], strings.TrimSpace(what))
	}
}
