// Program mutants puts known mistakes into the program, one at a time, and runs the tests that must notice.
//
// Each file of the folder traps is a mistake that somebody made or easily could: the traps of design.md first, in the form
// in which a tired engineer would write them into today's code. A mutant is caught when every test that its head names
// fails by what it found. It is missed when one of them passes, or hangs until the harness ends it. A patch that no longer
// applies, does not compile, or names a test that also fails without it, is broken: the code has moved on and the patch has
// to follow. The last line counts them; the program ends with 1 unless all are caught.
//
//	go run ./cmd/mutants            all of them
//	go run ./cmd/mutants 03-        those whose name contains it; -v shows what the tests said
//	go run ./cmd/mutants -all 03-   which of all tests of its packages fail: for whoever writes one
//
// Nothing in the working tree is written: the changed files lie in a temporary folder, and the go command lays them over
// the tree (-overlay). Mutants that change functions alone are built into one program for each package, in which one of them
// is awake at a time (see together); the others, of constants, tables and migrations, each have the go command build anew what
// depends on them.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const folder = "cmd/mutants/traps"

// patience is what the tests of one mutant have in one package. Those that hang are ended then, and have missed it.
const patience = 150 * time.Second

func main() {
	verbose := flag.Bool("v", false, "show what the tests said")
	atOnce := flag.Int("j", 2, "how many at once")
	every := flag.Bool("all", false, "run all tests of the packages that a mutant names, and say which fail")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, flag.Args(), *atOnce, *verbose, *every)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
	}
	if !ok || err != nil {
		os.Exit(1)
	}
}

func run(ctx context.Context, wanted []string, atOnce int, verbose, every bool) (bool, error) {
	root, err := os.Getwd()
	if err != nil {
		return false, err
	}
	all, err := mutants(filepath.Join(root, folder))
	if err != nil {
		return false, err
	}
	if len(wanted) > 0 {
		all = slices.DeleteFunc(all, func(m mutant) bool {
			return !slices.ContainsFunc(wanted, func(w string) bool { return strings.Contains(m.name, w) })
		})
	}
	room, err := os.MkdirTemp("", "offshoot-mutants-")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.RemoveAll(room) }()
	began := time.Now()
	ask := tryAll
	programs := built{}
	if !every {
		if programs, err = build(ctx, root, room, all, atOnce); err != nil {
			return false, err
		}
		slices.SortStableFunc(all, func(a, b mutant) int { return cmp.Compare(programs.own(a), programs.own(b)) }) // what is quick comes first
		red, err := baseline(ctx, all, programs, atOnce)
		if err != nil {
			return false, err
		}
		ask = func(ctx context.Context, over string, m mutant) result { return try(ctx, over, m, programs, red) }
	}

	counts := map[verdict]int{}
	results := make([]chan result, len(all))
	for i := range results {
		results[i] = make(chan result, 1)
	}
	go each(atOnce, len(all), func(i int) {
		over := ""
		changed, err := all[i].apply(root)
		if err == nil {
			over, err = overlay(root, filepath.Join(room, all[i].name), changed)
		}
		if err != nil {
			results[i] <- result{verdict: broken, says: "the patch no longer applies", output: err.Error()}
			return
		}
		results[i] <- ask(ctx, over, all[i])
	})
	for i, m := range all {
		r := <-results[i]
		counts[r.verdict]++
		fmt.Printf("%-7s %s (%s; %s)\n        %s, %.0f s\n", r.verdict, m.trap, m.spec, m.name, r.says, r.took.Seconds())
		if verbose || r.verdict == broken {
			fmt.Println(indent(r.output))
		}
	}
	fmt.Printf("%d mutants: %d caught, %d missed, %d broken, in %s\n", len(all), counts[caught], counts[missed], counts[broken], time.Since(began).Round(time.Second))
	return len(all) > 0 && counts[caught] == len(all), nil
}

// each calls do for every number below n, so many at once.
func each(atOnce, n int, do func(i int)) {
	var all sync.WaitGroup
	turns := make(chan struct{}, max(atOnce, 1))
	for i := range n {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			do(i)
		})
	}
	all.Wait()
}

type verdict string

const (
	caught verdict = "caught"
	missed verdict = "MISSED"
	broken verdict = "BROKEN"
)

type result struct {
	verdict verdict
	says    string
	output  string
	took    time.Duration
}

// baseline returns the tests that fail without any mutant, as folder and name: they catch nothing.
func baseline(ctx context.Context, all []mutant, programs built, atOnce int) (map[string]bool, error) {
	var folders []string
	names := map[string][]string{}
	for _, m := range all {
		for _, t := range m.tests {
			if names[t.folder] == nil {
				folders = append(folders, t.folder)
			}
			names[t.folder] = append(names[t.folder], t.names...)
		}
	}
	red, faults := map[string]bool{}, make([]error, len(folders))
	var mu sync.Mutex
	each(atOnce, len(folders), func(i int) {
		names := names[folders[i]]
		slices.Sort(names)
		names = slices.Compact(names)
		ran, err := programs[folders[i]].run(ctx, folders[i], names, "", "", 10*time.Minute)
		if err != nil {
			faults[i] = err
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, name := range names {
			if ran.ended[name] == "fail" || ran.ended[name] == "" {
				red[folders[i]+" "+name] = true
			}
		}
	})
	return red, errors.Join(faults...)
}

// tryAll asks all tests of a mutant's packages which of them fail.
func tryAll(ctx context.Context, over string, m mutant) result {
	began := time.Now()
	r := result{verdict: missed, says: "by nothing"}
	var by []string
	for _, t := range m.tests {
		ran, err := goTest(ctx, t.folder, nil, over, 2*patience)
		if r.output += ran.output; err != nil || len(ran.ended) == 0 {
			return result{verdict: broken, says: "no test of " + t.folder + " ran: does it compile?", output: ran.output}
		}
		for name, ended := range ran.ended {
			if ended == "fail" && !strings.Contains(name, "/") {
				by = append(by, name)
			}
		}
		if ran.hung {
			by = append(by, t.folder+" hangs")
		}
	}
	if slices.Sort(by); len(by) > 0 {
		r.verdict, r.says = caught, "by "+strings.Join(by, ", ")
	}
	r.took = time.Since(began)
	return r
}

// try asks a mutant's tests.
func try(ctx context.Context, over string, m mutant, programs built, red map[string]bool) result {
	began := time.Now()
	r := result{verdict: caught}
	var by []string
	for _, t := range m.tests {
		ran, err := programs[t.folder].run(ctx, t.folder, t.names, m.name, over, patience)
		r.output += ran.output
		switch {
		case err != nil:
			r.verdict, r.says, r.output = broken, "the go command failed", err.Error()
			return r
		case len(ran.ended) == 0 && !ran.hung:
			r.verdict, r.says = broken, "no test of "+t.folder+" ran: does it compile?"
			return r
		}
		for _, name := range t.names {
			switch {
			case red[t.folder+" "+name]:
				r.verdict, r.says = broken, name+" fails without the mutant too"
				return r
			case ran.ended[name] == "fail" && !ran.hung:
				by = append(by, name)
			case r.verdict == caught:
				r.verdict, r.says = missed, name+" passes"
				if ran.hung {
					r.says = t.folder + " hangs"
				} else if ran.ended[name] == "" {
					r.says = name + " did not run to its end"
				}
			}
		}
	}
	if r.verdict == caught {
		r.says = "by " + strings.Join(by, ", ")
	}
	r.took = time.Since(began)
	return r
}

// overlay writes changed files into a room of their own, and the list by which the go command finds them.
func overlay(root, room string, changed map[string]string) (string, error) {
	var list struct{ Replace map[string]string }
	list.Replace = map[string]string{}
	for file, text := range changed {
		to := filepath.Join(room, file)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			return "", err
		}
		list.Replace[filepath.Join(root, file)] = to
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(room, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(room, "overlay.json")
	return path, os.WriteFile(path, text, 0o644)
}

// ran is what became of the tests of one package.
type ran struct {
	ended  map[string]string // "pass", "fail" or "skip", by name; of those that ran
	hung   bool              // the harness ended it
	output string
}

// program is the tests of a package, built with some mutants in it. Without any it is nothing, and go test builds it anew.
type program struct {
	path string
	has  map[string]bool
}

// built are the programs by their packages.
type built map[string]program

// own is how many programs have to be built for a mutant alone.
func (b built) own(m mutant) (n int) {
	for _, t := range m.tests {
		if !b[t.folder].has[m.name] {
			n++
		}
	}
	return n
}

// build makes a program of each package whose tests are to catch mutants that fit together. Where that does not compile, each
// mutant gets a program of its own, which says what is wrong with it.
func build(ctx context.Context, root, room string, all []mutant, atOnce int) (built, error) {
	files, in := together(root, all)
	over, err := overlay(root, filepath.Join(room, "together"), files)
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, m := range all {
		for _, t := range m.tests {
			if in[m.name] && !slices.Contains(folders, t.folder) {
				folders = append(folders, t.folder)
			}
		}
	}
	programs := built{}
	var mu sync.Mutex
	each(atOnce, len(folders), func(i int) {
		path := filepath.Join(room, strings.ReplaceAll(folders[i], "/", "-")+".test")
		said, err := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", over, "-o", path, "./"+folders[i]).CombinedOutput()
		if err != nil {
			fmt.Fprintf(os.Stderr, "mutants: the mutants do not fit into one program of %s, which takes longer:\n%s\n", folders[i], indent(string(said)))
			return
		}
		mu.Lock()
		defer mu.Unlock()
		programs[folders[i]] = program{path, in}
	})
	return programs, ctx.Err()
}

// run runs some tests of a package with one mutant, "": none.
func (p program) run(ctx context.Context, folder string, names []string, mutant, over string, timeout time.Duration) (ran, error) {
	if p.path == "" || mutant != "" && !p.has[mutant] {
		return goTest(ctx, folder, names, over, timeout)
	}
	command := exec.CommandContext(ctx, "go", "tool", "test2json", p.path, "-test.v=test2json", "-test.timeout", timeout.String(), "-test.run", only(names))
	command.Dir = folder
	command.Env = append(os.Environ(), chosen+"="+mutant)
	return outcome(ctx, command)
}

func only(names []string) string { return "^(" + strings.Join(names, "|") + ")$" }

func goTest(ctx context.Context, folder string, names []string, overlay string, timeout time.Duration) (ran, error) {
	args := []string{"test", "-json", "-count=1", "-vet=off", "-timeout", timeout.String()}
	if names != nil {
		args = append(args, "-run", only(names))
	}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	return outcome(ctx, exec.CommandContext(ctx, "go", append(args, "./"+folder)...))
}

// outcome runs tests and reads what became of them.
func outcome(ctx context.Context, command *exec.Cmd) (ran, error) {
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err := command.Run()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		return ran{}, err
	}
	r := ran{ended: map[string]string{}}
	var said strings.Builder
	said.Write(errs.Bytes())
	lines := bufio.NewScanner(&out)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e struct{ Action, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		said.WriteString(e.Output)
		if e.Test != "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip") {
			r.ended[e.Test] = e.Action
		}
		r.hung = r.hung || strings.HasPrefix(e.Output, "panic: test timed out")
	}
	r.output = said.String()
	return r, errors.Join(lines.Err(), ctx.Err())
}

func indent(text string) string {
	return "        " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n        ")
}
