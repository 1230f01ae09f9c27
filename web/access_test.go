package web_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"offshoot/web"
	"offshoot/web/webtest"
)

var update = flag.Bool("update", false, "write testdata/access.golden anew")

// PRV-1, ACC-9, ACC-11, ACC-12: who gets what from every route there is, made from the router's own list. A POST sends an
// empty form, so that 422 means "permitted, but say what". Routes that name something are asked with three ids: of North
// Clinic (to its parent its own, to other sub-accounts a sibling), of the asker's own account, and of another tenant.
// Run with -update after a deliberate change, and read the difference.
func TestAccessTable(t *testing.T) {
	p := webtest.Open(t)
	personas := cast(t, p)
	var table strings.Builder
	for i, persona := range personas {
		fmt.Fprintf(&table, "# %c  %s\n", 'a'+i, persona.name)
	}
	fmt.Fprintf(&table, "\n%-4s %-58s %-7s %-20s", "", "", "whose", "needs")
	for i := range personas {
		fmt.Fprintf(&table, "   %c", 'a'+i)
	}
	table.WriteString("\n")
	asked := 0
	for _, r := range web.Routes() {
		whose := []string{""}
		if strings.Contains(r.Path, ":") {
			whose = []string{"clinic", "own", "harbor"}
		}
		for _, whose := range whose {
			fmt.Fprintf(&table, "%-4s %-58s %-7s %-20s", r.Method, r.Path, whose, r.Needs)
			for _, persona := range personas {
				status, location := persona.ask(t, p, r.Method, persona.path(t, p, r.Path, whose), url.Values{})
				asked++
				if status >= 500 {
					t.Errorf("%s %s as %s: %d", r.Method, r.Path, persona.name, status)
				}
				if r.Needs != "" && persona.signedOut && (status != http.StatusSeeOther || !strings.HasPrefix(location, "/sign-in")) {
					t.Errorf("%s %s as %s: %d to %q", r.Method, r.Path, persona.name, status, location)
				}
				fmt.Fprintf(&table, " %d", status)
			}
			table.WriteString("\n")
		}
	}
	t.Logf("%d routes, %d personas, %d requests", len(web.Routes()), len(personas), asked)
	const golden = "testdata/access.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	lines, wanted := strings.Split(table.String(), "\n"), strings.Split(string(want), "\n")
	if len(lines) != len(wanted) {
		t.Errorf("%d lines, %s has %d", len(lines), golden, len(wanted))
	}
	for i, line := range lines {
		if i >= len(wanted) || line != wanted[i] {
			t.Errorf("line %d differs from %s:\n%s", i+1, golden, line)
		}
	}
}

// Always: an id of another tenant, of a sibling, or of nothing names nothing: in every path and in every field that takes an
// id, as everybody who may not see it, and nothing changes.
func TestForeignIDsNameNothing(t *testing.T) {
	p := webtest.Open(t)
	asked := 0
	for _, persona := range cast(t, p) {
		still := stillness{p: p, who: persona}
		for _, r := range web.Routes() {
			if !strings.Contains(r.Path, ":") {
				continue
			}
			still.next(t, r.Method+" "+r.Path+" with foreign ids")
			for _, whose := range []string{"harbor", "clinic", "nothing"} {
				if persona.sees(whose) {
					continue
				}
				path := persona.path(t, p, r.Path, whose)
				status, location := persona.ask(t, p, r.Method, path, everything(p, whose))
				asked++
				led := status == http.StatusSeeOther && (persona.signedOut || persona.owes || strings.HasPrefix(location, "/confirm-password"))
				if status != http.StatusNotFound && status != http.StatusForbidden && !led {
					t.Errorf("%s %s with an id of %s as %s: %d %s", r.Method, r.Path, whose, persona.name, status, location)
				}
			}
		}
		still.check(t)
	}
	if asked < 1000 {
		t.Errorf("only %d requests", asked)
	}
	t.Logf("%d requests", asked)
}

// Always: asking changes nothing: every GET, HEAD and every method that a path does not have, with the ways by
// which frameworks let one method pose as another. What has no route has no answer either.
func TestMethodTricks(t *testing.T) {
	p := webtest.Open(t)
	has := map[string]map[string]bool{}
	for _, r := range web.Routes() {
		if has[r.Path] == nil {
			has[r.Path] = map[string]bool{}
		}
		has[r.Path][r.Method] = true
	}
	asked := 0
	for _, persona := range cast(t, p) {
		if !slices.Contains([]string{"nobody", "staff admin", "parent admin", "sub, none", "staff in parent"}, persona.name) {
			continue // what has no route has none for the others either
		}
		still := stillness{p: p, who: persona}
		for path, methods := range has {
			path := persona.path(t, p, path, "clinic")
			still.next(t, path)
			for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECTED", "POST"} {
				if method == "POST" && methods["POST"] {
					continue
				}
				status, _ := persona.ask(t, p, method, path+"?_method=POST&X-HTTP-Method-Override=POST", nil, "X-HTTP-Method-Override", "POST", "X-Method-Override", "DELETE")
				asked++
				exists := methods[method] || method == "HEAD" && methods["GET"]
				answered := status < http.StatusMultipleChoices || status == http.StatusUnprocessableEntity
				if !exists && answered || status >= 500 {
					t.Errorf("%s %s as %s: %d", method, path, persona.name, status)
				}
			}
		}
		still.check(t)
	}
	t.Logf("%d requests", asked)
}
