package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// chosen is the variable of the environment that says which mutant of a program is awake.
const chosen = "OFFSHOOT_MUTANT"

// together puts many mutants into one program, of which one is awake at a time, so that a package's tests are built once for
// all of them. A mutant that changes nothing but what is inside functions can be one of these: beside each function that it
// changes stands a copy with the mistake, and the function asks which of them is meant. It returns the files by their paths
// under root, and which mutants are in them; the others need programs of their own.
func together(root string, all []mutant) (files map[string]string, in map[string]bool) {
	files, in = map[string]string{}, map[string]bool{}
	sources := map[string]*source{}
	for i, m := range all {
		changed, err := m.apply(root)
		if err != nil {
			continue
		}
		fits := true
		found := map[*source]difference{}
		for file, text := range changed {
			s := sources[file]
			if s == nil {
				if s, err = readSource(filepath.Join(root, file)); err != nil {
					fits = false
					break
				}
				sources[file] = s
			}
			d, ok := s.compare(text)
			if fits = ok; !fits {
				break
			}
			found[s] = d
		}
		if !fits {
			continue
		}
		in[m.name] = true
		for s, d := range found {
			for _, spec := range d.imports {
				if !slices.Contains(s.added, spec) {
					s.added = append(s.added, spec)
				}
			}
			for _, v := range d.variants {
				v.mutant, v.number = m.name, i+1
				s.variants[v.function] = append(s.variants[v.function], v)
			}
		}
	}
	for file, s := range sources {
		if len(s.variants) > 0 {
			files[file] = s.text()
			files[filepath.Join(filepath.Dir(file), "zz_mutant.go")] = fmt.Sprintf("package %s\n\nimport \"os\"\n\nvar chosenMutant = os.Getenv(%q)\n", s.pkg, chosen)
		}
	}
	return files, in
}

// source is a Go file, and what mutants make of its functions.
type source struct {
	pkg       string
	code      string
	clause    int      // where the package clause ends
	rest      []string // what is outside of functions, but for imports
	imports   []string
	order     []string // names of functions, with their receivers
	functions map[string]function
	variants  map[string][]variant
	added     []string // imports that mutants need
}

type function struct {
	decl *ast.FuncDecl
	code string
	from int // where it begins in the file
	head string
}

// variant is a function as one mutant has it.
type variant struct {
	function string
	code     string
	name     int // where its name stands in the code
	mutant   string
	number   int
}

// difference is what a mutant makes of a file.
type difference struct {
	variants []variant
	imports  []string
}

func readSource(path string) (*source, error) {
	if !strings.HasSuffix(path, ".go") {
		return nil, fmt.Errorf("%s is no Go file", path)
	}
	code, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseSource(string(code))
}

func parseSource(code string) (*source, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", code, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	at := func(p token.Pos) int { return set.Position(p).Offset }
	s := &source{pkg: file.Name.Name, code: code, clause: at(file.Name.End()), functions: map[string]function{}, variants: map[string][]variant{}}
	for _, d := range file.Decls {
		from, to := at(d.Pos()), at(d.End())
		decl, isFunction := d.(*ast.FuncDecl)
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			for _, spec := range g.Specs {
				s.imports = append(s.imports, code[at(spec.Pos()):at(spec.End())])
			}
			continue
		}
		if !isFunction || decl.Body == nil {
			s.rest = append(s.rest, code[from:to])
			continue
		}
		name := decl.Name.Name
		if decl.Recv != nil {
			name = code[at(decl.Recv.List[0].Type.Pos()):at(decl.Recv.List[0].Type.End())] + " " + name
		}
		if _, twice := s.functions[name]; twice {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		s.order = append(s.order, name)
		s.functions[name] = function{decl: decl, code: code[from:to], from: from, head: code[from:at(decl.Body.Lbrace)]}
	}
	return s, nil
}

// compare returns the functions that are others in a changed file. It is false when something else has changed too.
func (s *source) compare(text string) (d difference, ok bool) {
	other, err := parseSource(text)
	if err != nil || !slices.Equal(s.rest, other.rest) || !slices.Equal(s.order, other.order) {
		return d, false
	}
	for _, name := range s.order {
		was, is := s.functions[name], other.functions[name]
		if was.code == is.code {
			continue
		}
		if was.head != is.head || was.decl.Type.TypeParams != nil || name == "init" || name == "main" {
			return d, false
		}
		d.variants = append(d.variants, variant{function: name, code: is.code, name: int(is.decl.Name.Pos() - is.decl.Pos())})
	}
	for _, spec := range other.imports {
		if !slices.Contains(s.imports, spec) {
			d.imports = append(d.imports, spec)
		}
	}
	return d, true
}

// text is the file with all variants.
func (s *source) text() string {
	var out bytes.Buffer
	out.WriteString(s.code[:s.clause])
	for _, spec := range s.added {
		fmt.Fprintf(&out, "\nimport %s", spec)
	}
	done := s.clause
	for _, name := range s.order {
		f := s.functions[name]
		variants := s.variants[name]
		if len(variants) == 0 {
			continue
		}
		out.WriteString(s.code[done:f.from])
		out.WriteString(f.asks(variants))
		out.WriteString(renamed(f.code, int(f.decl.Name.Pos()-f.decl.Pos()), f.decl.Name.Name, 0))
		for _, v := range variants {
			out.WriteString("\n\n" + renamed(v.code, v.name, f.decl.Name.Name, v.number))
		}
		done = f.from + len(f.code)
	}
	out.WriteString(s.code[done:])
	return out.String()
}

// renamed is a function with another name.
func renamed(code string, at int, name string, number int) string {
	return code[:at] + name + "Mutant" + strconv.Itoa(number) + code[at+len(name):]
}

// asks is a function of the name and type of f, which goes on with the variant of the mutant that is awake, or with f as it is.
func (f function) asks(variants []variant) string {
	slice := func(n ast.Node) string { return f.code[n.Pos()-f.decl.Pos() : n.End()-f.decl.Pos()] }
	var out strings.Builder
	out.WriteString("func ")
	name := f.decl.Name.Name
	before := ""
	if f.decl.Recv != nil {
		fmt.Fprintf(&out, "(xOf %s) ", slice(f.decl.Recv.List[0].Type))
		before = "xOf."
	}
	var params, args []string
	for _, field := range f.decl.Type.Params.List {
		for range max(len(field.Names), 1) {
			arg := "x" + strconv.Itoa(len(params))
			params = append(params, arg+" "+slice(field.Type))
			if _, variadic := field.Type.(*ast.Ellipsis); variadic {
				arg += "..."
			}
			args = append(args, arg)
		}
	}
	results, back := "", ""
	if r := f.decl.Type.Results; r != nil {
		results, back = slice(r), "return "
	}
	fmt.Fprintf(&out, "%s(%s) %s {\n\tswitch chosenMutant {\n", name, strings.Join(params, ", "), results)
	call := func(number int) string {
		return fmt.Sprintf("%s%s%sMutant%d(%s)", back, before, name, number, strings.Join(args, ", "))
	}
	for _, v := range variants {
		fmt.Fprintf(&out, "\tcase %q:\n\t\t%s\n", v.mutant, call(v.number))
		if back == "" {
			out.WriteString("\t\treturn\n")
		}
	}
	fmt.Fprintf(&out, "\t}\n\t%s\n}\n\n", call(0))
	return out.String()
}
