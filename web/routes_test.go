package web

import (
	"log/slog"
	"net/http"
	"slices"
	"testing"

	"offshoot/static"
)

// PRV-1: there is no way in but the list of routes: what the router answers is the list, the files under /static, and the
// page for what does not exist. A route added around the list fails here.
func TestRouterAnswersTheListAlone(t *testing.T) {
	s, err := New(Config{Demo: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	var declared, answered []string
	for _, r := range Routes() {
		declared = append(declared, r.Method+" "+r.Path)
		if r.Method == http.MethodGet {
			declared = append(declared, "HEAD "+r.Path)
		}
	}
	declared = append(declared, "GET "+static.Prefix+"*", "HEAD "+static.Prefix+"*", "echo_route_not_found /*")
	for _, r := range s.echo.Routes() {
		answered = append(answered, r.Method+" "+r.Path)
	}
	slices.Sort(declared)
	slices.Sort(answered)
	if !slices.Equal(declared, answered) {
		t.Errorf("declared %d, answered %d:\n%v\n%v", len(declared), len(answered), declared, answered)
	}
	if len(slices.Compact(declared)) != len(answered) {
		t.Error("a route is in the list twice")
	}
}
