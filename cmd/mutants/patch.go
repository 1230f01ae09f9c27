package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// mutant is one patch file: a trap, and the tests that must catch it.
type mutant struct {
	name  string // of the file, without its ending
	trap  string
	spec  string
	tests []tests
	edits []edit
}

// tests are tests of one package, all of which must fail.
type tests struct {
	folder string
	names  []string
}

// edit is one hunk: a text of a file, and what stands there instead.
type edit struct {
	file         string
	part         bool // of a line
	old, instead string
}

// read reads a patch: a head of "Word: text" lines (a line that begins with a space goes on with the one before), an empty
// line, and a diff. Its hunks need no line numbers: a hunk is found by its text, which must be in its file exactly once, so
// that what others change elsewhere in the file never moves it to a wrong place. A hunk that begins with "@@ part" is a part
// of a line, for lines that say much.
func read(path string) (mutant, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return mutant{}, err
	}
	m := mutant{name: strings.TrimSuffix(filepath.Base(path), ".patch")}
	head, diff, _ := strings.Cut(string(text), "\n\n")
	for _, line := range strings.Split(strings.ReplaceAll(head, "\n ", " "), "\n") {
		word, says, _ := strings.Cut(line, ":")
		says = strings.TrimSpace(says)
		switch word {
		case "Trap":
			m.trap = says
		case "Spec":
			m.spec = says
		case "Caught by":
			in := strings.Fields(says)
			if len(in) < 2 {
				return m, fmt.Errorf("%s: Caught by: a folder and its tests", m.name)
			}
			m.tests = append(m.tests, tests{in[0], in[1:]})
		case "Note":
		default:
			return m, fmt.Errorf("%s: %q is no line of a head", m.name, line)
		}
	}
	if m.trap == "" || m.spec == "" || m.tests == nil {
		return m, fmt.Errorf("%s: its head has to say Trap, Spec and Caught by", m.name)
	}
	return m, m.readHunks(diff)
}

func (m *mutant) readHunks(diff string) error {
	file, open := "", false
	for line := range strings.Lines(diff) {
		switch {
		case strings.HasPrefix(line, "--- a/"):
			file, open = strings.TrimSpace(line[len("--- a/"):]), false
		case strings.HasPrefix(line, "+++ "), strings.HasPrefix(line, "diff "), strings.HasPrefix(line, "index "):
		case strings.HasPrefix(line, "@@"):
			if file == "" {
				return fmt.Errorf("%s: a hunk of no file", m.name)
			}
			m.edits, open = append(m.edits, edit{file: file, part: strings.TrimSpace(line) == "@@ part"}), true
		case !open:
			return fmt.Errorf("%s: %q stands outside of a hunk", m.name, line)
		default:
			e := &m.edits[len(m.edits)-1]
			switch line[0] {
			case '-':
				e.old += line[1:]
			case '+':
				e.instead += line[1:]
			case ' ':
				e.old, e.instead = e.old+line[1:], e.instead+line[1:]
			case '\n': // an editor took the space away
				e.old, e.instead = e.old+line, e.instead+line
			default:
				return fmt.Errorf("%s: %q begins with neither of - + and space", m.name, line)
			}
		}
	}
	for i := range m.edits {
		if e := &m.edits[i]; e.part {
			e.old, e.instead = strings.TrimSuffix(e.old, "\n"), strings.TrimSuffix(e.instead, "\n")
		}
	}
	if m.edits == nil {
		return fmt.Errorf("%s: changes nothing", m.name)
	}
	return nil
}

// apply returns the files that the mutant changes, as it leaves them, by their paths under root. It refuses when a hunk's
// text is not in its file exactly once, or when a test that must fail is not there.
func (m mutant) apply(root string) (map[string]string, error) {
	changed := map[string]string{}
	var faults []error
	for i, e := range m.edits {
		text, ok := changed[e.file]
		if !ok {
			read, err := os.ReadFile(filepath.Join(root, e.file))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.name, err)
			}
			text = string(read)
		}
		if n := strings.Count(text, e.old); n != 1 || e.old == "" {
			faults = append(faults, fmt.Errorf("%s: hunk %d is %d times in %s, not once", m.name, i+1, n, e.file))
			continue
		}
		changed[e.file] = strings.Replace(text, e.old, e.instead, 1)
	}
	for _, t := range m.tests {
		for _, name := range t.names {
			if !hasTest(filepath.Join(root, t.folder), name) {
				faults = append(faults, fmt.Errorf("%s: %s has no test %s", m.name, t.folder, name))
			}
		}
	}
	return changed, errors.Join(faults...)
}

func hasTest(folder, name string) bool {
	files, _ := filepath.Glob(filepath.Join(folder, "*_test.go"))
	declared := regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(name) + `\(t \*testing\.T\)`)
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && declared.Match(text) {
			return true
		}
	}
	return false
}

// mutants reads all patches of a folder, in the order of their names.
func mutants(folder string) ([]mutant, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.patch"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, fmt.Errorf("no patches in %s", folder))
	}
	all := make([]mutant, len(files))
	for i, file := range files {
		if all[i], err = read(file); err != nil {
			return nil, err
		}
	}
	return all, nil
}
