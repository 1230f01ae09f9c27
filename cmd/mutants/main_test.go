package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every patch still finds the text that it changes, and the tests that it names. Whether they still catch it is for
// make mutants, which takes minutes.
func TestPatchesApply(t *testing.T) {
	all, err := mutants("traps")
	if err != nil {
		t.Fatal(err)
	}
	for line := 1; line <= 17; line++ { // of the table of traps in design.md
		prefix := fmt.Sprintf("%02d-", line)
		if !slices.ContainsFunc(all, func(m mutant) bool { return strings.HasPrefix(m.name, prefix) }) {
			t.Errorf("no patch puts the trap of line %d in", line)
		}
	}
	for _, m := range all {
		if _, err := m.apply("../.."); err != nil {
			t.Error(err)
		}
	}
}

// A patch that is wrong is refused with a sentence that names it.
func TestPatchesThatAreRefused(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"a.go": "one\ntwo\nthree\ntwo\n", "a_test.go": "func TestA(t *testing.T) {}\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const head = "Trap: t\nSpec: s\nCaught by: . TestA\n\n--- a/a.go\n"
	for text, want := range map[string]string{
		"": "is no line of a head",
		"Trap: t\nCaught by: . TestA\n\n--- a/a.go\n@@\n-one\n":          "has to say",
		"Trap: t\nSpec: s\nCaught by: .\n\n--- a/a.go\n@@\n-one\n":       "a folder and its tests",
		"Trap: t\nSpec: s\nCaught by: . TestB\n\n--- a/a.go\n@@\n-one\n": "has no test TestB",
		"Trap: t\nSpec: s\nCaught by: . TestA\n\n@@\n-one\n":             "a hunk of no file",
		"Trap: t\nSpec: s\nCaught by: . TestA\n\n--- a/b.go\n@@\n-one\n": "no such file",
		head:                     "changes nothing",
		head + "-one\n":          "outside of a hunk",
		head + "@@\n-two\n":      "is 2 times",
		head + "@@\n-four\n":     "is 0 times",
		head + "@@\n+new\n":      "not once",
		head + "@@\n-one\n*\n":   "begins with neither",
		head + "@@ part\n-tw\n+": "is 2 times",
	} {
		file := filepath.Join(root, "p.patch")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := read(file)
		if err == nil {
			_, err = m.apply(root)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	file := filepath.Join(root, "p.patch")
	if err := os.WriteFile(file, []byte(head+"@@\n two\n-three\n+four\n@@ part\n-ne\n+nce\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := m.apply(root); err != nil || changed["a.go"] != "once\ntwo\nfour\ntwo\n" {
		t.Errorf("%q, %v", changed, err)
	}
}
