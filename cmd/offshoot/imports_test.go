package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rule is what a folder may import of ours. "services/*" is every folder right below services; a folder's tests may also
// import the folder itself.
type rule struct {
	folder string
	code   []string
	tests  []string // besides what the code may
}

// onlyTests are the folders that no program contains: others may import them from tests, and from each other.
var onlyTests = []string{"services/storetest", "services/gateways/kanneltest", "web/webtest", "static/axetest", "cmd/offshoot/banktest"}

// rules are the whole of who may import whom:
//
//	cmd ─► web ─► services/* ─► services/store ─► models
//	        └──► views/pages ─► views/layouts, ui, paths ─► models
//
// A folder that is not here fails the test: whoever adds one decides where it belongs.
var rules = []rule{
	{"models", nil, nil},
	{"migrations", nil, anyService},
	{"static", nil, []string{"static/axetest"}},
	{"static/axetest", nil, nil},

	{"services/secrets", []string{"models"}, nil},
	{"services/store", []string{"models", "migrations", "services/secrets"}, anyService},
	{"services/store/localpg", nil, nil},
	{"services/notify", []string{"models", "services/store", "services/secrets"}, anyService},
	{"services/identity", []string{"models", "services/store", "services/notify", "services/secrets"}, anyService},
	{"services/usage", []string{"models", "services/store"}, anyService},
	{"services/ledger", []string{"models", "services/store", "services/notify", "services/usage"}, anyService},
	{"services/funding", []string{"models", "services/store", "services/notify", "services/ledger"}, anyService},
	{"services/refill", []string{"models", "services/store", "services/notify", "services/ledger"}, anyService},
	{"services/proof", []string{"models", "services/store", "services/notify", "services/usage", "services/ledger"}, anyService},
	{"services/billing", []string{"models", "services/store", "services/notify", "services/ledger", "services/sharing"}, anyService},
	{"services/sharing", []string{"models", "services/store"}, anyService},
	{"services/senders", []string{"models", "services/store", "services/notify", "services/sharing"}, anyService},
	{"services/audience", []string{"models", "services/store", "services/sharing"}, anyService},
	{"services/gateways", []string{"models"}, []string{"services/gateways/kanneltest", "services/secrets"}},
	{"services/gateways/kanneltest", nil, nil},
	{"services/messaging", []string{"models", "services/store", "services/notify", "services/usage", "services/ledger", "services/billing",
		"services/sharing", "services/senders", "services/audience", "services/gateways"}, anyService},
	{"services/inbound", []string{"models", "services/store", "services/notify", "services/sharing", "services/senders", "services/audience", "services/gateways",
		"services/messaging"}, anyService},
	{"services/accounts", []string{"models", "services/store", "services/notify", "services/identity", "services/ledger", "services/funding", "services/refill"}, anyService},
	{"services/reports", []string{"models", "services/store", "services/usage"}, append([]string{"views/wording", "views/exports"}, anyService...)},
	{"services/background", []string{"models", "services/store"}, anyService},
	{"services/demo", []string{"models", "services/*"}, anyService},
	{"services/storetest", []string{"models", "migrations", "services/*", "services/store/localpg"}, nil},

	{"views/paths", []string{"models"}, nil},
	{"views/wording", []string{"models"}, nil},
	{"views/ui", []string{"models", "static", "views/paths", "views/wording"}, nil},
	{"views/layouts", []string{"models", "static", "views/paths", "views/ui", "views/wording"}, nil},
	{"views/pages", []string{"models", "static", "views/paths", "views/wording", "views/ui", "views/layouts"}, nil},
	{"views/exports", []string{"models", "views/wording", "views/paths"}, nil},
	{"views/internal/gallery", []string{"models", "static", "views/ui", "views/layouts"}, []string{"static/axetest"}},

	{"web", []string{"models", "static", "views/*", "services/*"}, []string{"web/webtest", "services/gateways/kanneltest", "services/storetest", "static/axetest"}},
	{"web/webtest", []string{"models", "static", "views/*", "services/*", "services/storetest", "static/axetest", "web"}, nil},

	{"cmd/offshoot", []string{"models", "migrations", "static", "views/*", "services/*", "services/store/localpg", "web"},
		[]string{"services/storetest", "web/webtest", "static/axetest"}},
	{"cmd/mutants", nil, nil},
	{"cmd/offshoot/banktest", []string{"models", "migrations", "services/*", "services/store/localpg"}, nil},
}

// anyService is what tests of services may use of other services.
var anyService = []string{"models", "migrations", "services/*", "services/store/localpg", "services/storetest"}

// libraries are kept in the folders that hide them from the others; tests may use what they like.
var libraries = map[string][]string{
	"gorm.io/":                 {"services/store"},
	"github.com/labstack/echo": {"web"},
	"github.com/riverqueue/": {"services/store", "services/notify", "services/audience", "services/billing", "services/messaging",
		"services/inbound", "services/usage", "services/funding", "services/refill", "services/proof", "cmd/offshoot", "migrations"},
	"github.com/pressly/goose":     {"migrations"},
	"github.com/prometheus/":       {"cmd/offshoot"},
	"github.com/tink-crypto/":      {"services/secrets"},
	"github.com/spf13/cobra":       {"cmd/offshoot"},
	"github.com/caarlos0/env":      {"cmd/offshoot"},
	"github.com/wneessen/go-mail":  {"services/notify"},
	"github.com/Shopify/toxiproxy": {"cmd/offshoot/banktest"},
}

// The house of issue 2: imports point one way.
func TestImportsPointOneWay(t *testing.T) {
	seen := map[string]bool{}
	walkImports(t, "../..", func(folder, file, imported string, isTest bool) {
		seen[folder] = true
		if sentence := refuses(folder, imported, isTest); sentence != "" {
			t.Errorf("%s: %s", file, sentence)
		}
	})
	for _, r := range rules {
		if !seen[r.folder] {
			t.Errorf("rules speak of the folder %s, which has no Go files", r.folder)
		}
	}
	if len(seen) < 10 {
		t.Errorf("only %d folders were found: this test looks in the wrong place", len(seen))
	}
}

// The rule refuses what it is there to refuse.
func TestImportRuleRefuses(t *testing.T) {
	for _, c := range []struct {
		folder, imported string
		isTest, refused  bool
	}{
		{"models", "offshoot/services/store", false, true},
		{"models", "github.com/google/uuid", false, false},
		{"views/pages", "offshoot/services/ledger", false, true},
		{"views/pages", "offshoot/web", false, true},
		{"views/ui", "offshoot/views/pages", false, true},
		{"services/ledger", "offshoot/web", false, true},
		{"services/ledger", "offshoot/services/accounts", false, true},
		{"services/ledger", "offshoot/services/accounts", true, false},
		{"services/ledger", "offshoot/services/storetest", false, true},
		{"services/ledger", "offshoot/services/storetest", true, false},
		{"services/store", "offshoot/services/ledger", false, true},
		{"services/identity", "offshoot/services/notify", false, false},
		{"services/notify", "offshoot/services/identity", false, true},
		{"services/reports", "offshoot/services/ledger", false, true},
		{"services/accounts", "offshoot/services/identity", false, false},
		{"services/accounts", "gorm.io/gorm", false, true},
		{"services/store", "gorm.io/gorm", false, false},
		{"web", "offshoot/services/store/localpg", false, true},
		{"web", "offshoot/services/storetest", false, true},
		{"web", "offshoot/web/webtest", true, false},
		{"cmd/offshoot", "offshoot/services/storetest", false, true},
		{"cmd/offshoot", "offshoot/services/storetest", true, false},
		{"services/demo", "offshoot/services/accounts", false, false},
		{"services/demo", "offshoot/services/storetest", false, true},
		{"services/brandnew", "fmt", false, true},
		{"services/ledger", "offshoot/services/ledger", true, false},
		{"services/ledger", "github.com/labstack/echo/v4", false, true},
		{"services/ledger", "github.com/pressly/goose/v3", true, false},
	} {
		if got := refuses(c.folder, c.imported, c.isTest) != ""; got != c.refused {
			t.Errorf("%s importing %s (test: %v): refused %v, want %v", c.folder, c.imported, c.isTest, got, c.refused)
		}
	}
}

// refuses says what is wrong with a file in folder importing something, or "".
func refuses(folder, imported string, isTest bool) string {
	at := slices.IndexFunc(rules, func(r rule) bool { return r.folder == folder })
	if at < 0 {
		return "the folder " + folder + " is not in the rules: say what it may import"
	}
	for library, folders := range libraries {
		if !isTest && strings.HasPrefix(imported, library) && !slices.Contains(folders, folder) {
			return folder + " may not import " + imported + ", which stays in " + strings.Join(folders, ", ")
		}
	}
	ours, isOurs := strings.CutPrefix(imported, "offshoot/")
	if !isOurs {
		return ""
	}
	may := rules[at].code
	if isTest {
		may = append(append([]string{folder}, may...), rules[at].tests...)
	}
	if !permits(may, ours) {
		return folder + " may not import " + ours
	}
	return ""
}

func permits(may []string, ours string) bool {
	for _, m := range may {
		group, isGroup := strings.CutSuffix(m, "/*")
		if m == ours || isGroup && filepath.ToSlash(filepath.Dir(ours)) == group && !slices.Contains(onlyTests, ours) {
			return true
		}
	}
	return false
}

func walkImports(t *testing.T, root string, visit func(folder, file, imported string, isTest bool)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules" || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, source, parser.ImportsOnly)
		if err != nil {
			return err
		}
		file, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		file = filepath.ToSlash(file)
		folder := filepath.ToSlash(filepath.Dir(file))
		visit(folder, file, "fmt", false) // a folder without imports is seen too
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			visit(folder, file, imported, strings.HasSuffix(file, "_test.go"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
