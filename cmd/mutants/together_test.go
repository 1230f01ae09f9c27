package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Mutants of functions become one program, in which the environment chooses; one that changes anything else does not.
func TestTogether(t *testing.T) {
	root := t.TempDir()
	const code = `// Package a is an example.
package a

import "fmt"

const most = 3

type box[T any] struct{ n int }

func (b *box[T]) add(n, m int, more ...int) (sum int, err error) { return b.n + n + m + len(more), nil }

func say(text string) { fmt.Println(text) }

func count() int { return most }
`
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.go", code)
	write("a_test.go", "func TestA(t *testing.T) {}\n")
	edits := func(name string, pairs ...string) mutant {
		m := mutant{name: name}
		for i := 0; i < len(pairs); i += 2 {
			m.edits = append(m.edits, edit{file: "a.go", part: true, old: pairs[i], instead: pairs[i+1]})
		}
		return m
	}
	files, in := together(root, []mutant{
		edits("sums", "b.n + n", "b.n - n"),
		edits("constant", "most = 3", "most = 4"),
		edits("signature", "say(text string)", "say(texts string)"),
		edits("imports", "import \"fmt\"", "import (\n\t\"fmt\"\n\t\"os\"\n)", "fmt.Println(text)", "fmt.Fprintln(os.Stderr, text)", "return most", "return most + 1"),
		edits("sums again", "len(more)", "-len(more)"),
	})
	if len(in) != 3 || !in["sums"] || !in["imports"] || !in["sums again"] || len(files) != 2 {
		t.Fatalf("%v of %d files", in, len(files))
	}
	text := files["a.go"]
	for _, part := range []string{
		"package a\nimport \"os\"\n", "const most = 3\n",
		"func (xOf *box[T]) add(x0 int, x1 int, x2 ...int) (sum int, err error) {\n\tswitch chosenMutant {\n\tcase \"sums\":\n\t\treturn xOf.addMutant1(x0, x1, x2...)\n\tcase \"sums again\":\n\t\treturn xOf.addMutant5(x0, x1, x2...)\n\t}\n\treturn xOf.addMutant0(x0, x1, x2...)\n}",
		"addMutant0(n, m int, more ...int) (sum int, err error) { return b.n + n + m + len(more), nil }",
		"addMutant1(n, m int, more ...int) (sum int, err error) { return b.n - n + m + len(more), nil }",
		"addMutant5(n, m int, more ...int) (sum int, err error) { return b.n + n + m + -len(more), nil }",
		"case \"imports\":\n\t\tsayMutant4(x0)\n\t\treturn\n\t}\n\tsayMutant0(x0)\n}", "{ return most + 1 }",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("without %q:\n%s", part, text)
		}
	}
	if !strings.Contains(files["zz_mutant.go"], "package a\n") {
		t.Error(files["zz_mutant.go"])
	}
	if _, err := parseSource(text); err != nil {
		t.Errorf("%v:\n%s", err, text)
	}
}

// Of those that are there, all files with many mutants in them are Go.
func TestPatchesFitTogether(t *testing.T) {
	all, err := mutants("traps")
	if err != nil {
		t.Fatal(err)
	}
	files, in := together("../..", all)
	for file, text := range files {
		if _, err := parseSource(text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	var alone []string
	for _, m := range all {
		if !in[m.name] {
			alone = append(alone, m.name)
		}
	}
	slices.Sort(alone)
	t.Logf("%d of %d fit together; alone: %s", len(in), len(all), strings.Join(alone, ", "))
	if len(in) < len(all)/2 {
		t.Errorf("only %d of %d fit together", len(in), len(all))
	}
}
