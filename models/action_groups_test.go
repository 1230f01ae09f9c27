package models_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"

	"offshoot/models"
)

// REP-3: every action can be filtered for: it is in one group, and in one only.
func TestActionGroupsHoldEveryAction(t *testing.T) {
	groups := map[models.Action]int{}
	for _, group := range models.ActionGroups {
		if found, ok := models.ActionGroupOf(group.Key); !ok || found.Label != group.Label {
			t.Errorf("the key %q leads to %q", group.Key, found.Label)
		}
		for _, action := range group.Actions {
			groups[action]++
		}
	}
	for _, action := range declaredActions(t, ".") {
		if groups[action] != 1 {
			t.Errorf("%s is in %d groups", action, groups[action])
		}
	}
}

// declaredActions are the values of all constants of type Action in the package's source.
func declaredActions(t *testing.T, dir string) []models.Action {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var actions []models.Action
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Action" {
				return true
			}
			for _, value := range spec.Values {
				if text, err := strconv.Unquote(value.(*ast.BasicLit).Value); err == nil {
					actions = append(actions, models.Action(text))
				}
			}
			return true
		})
	}
	if len(actions) < 30 {
		t.Fatalf("found %d actions only: %v", len(actions), actions)
	}
	return actions
}
