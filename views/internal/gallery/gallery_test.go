package gallery_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/chromedp/chromedp"

	"offshoot/static"
	"offshoot/static/axetest"
	"offshoot/views/internal/gallery"
)

const policy = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'"

func serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(static.Prefix, static.Handler())
	for _, pages := range []map[string]templ.Component{gallery.Pages(), gallery.Accents()} {
		for path, page := range pages {
			mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
				page := page
				switch q := r.FormValue("q"); {
				case path == "/sub-accounts" && q == "gone": // the session has ended
					http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
					return
				case path == "/sub-accounts":
					page = gallery.Found(q)
				}
				w.Header().Set("Content-Security-Policy", policy)
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				if err := page.Render(gallery.For(r.Context()), w); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			})
		}
	}
	mux.Handle("POST /deactivate", http.RedirectHandler("/sign-in", http.StatusSeeOther))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

var looks = map[string]axetest.Look{
	"light-1280": {Width: 1280, Height: 860},
	"dark-1280":  {Width: 1280, Height: 860, Dark: true},
	"light-375":  {Width: 375, Height: 760},
	"dark-375":   {Width: 375, Height: 760, Dark: true},
	"light-320":  {Width: 320, Height: 640},
	"no-scripts": {Width: 1280, Height: 860, NoScripts: true},
}

// Every component in both themes, on a desk, on a phone, and without scripts: nothing breaks the content security
// policy, nothing scrolls sideways, and axe finds nothing (the Always section). SHOTS=folder keeps pictures.
func TestPagesInABrowser(t *testing.T) {
	address := serve(t)
	for name, look := range looks {
		t.Run(name, func(t *testing.T) {
			browser := axetest.Open(t, look)
			for _, path := range slices.Sorted(maps.Keys(gallery.Pages())) {
				visit(t, browser, address, path, name, look)
			}
		})
	}
}

// An installation may choose among accents; each must be readable in both themes.
func TestAccentsInABrowser(t *testing.T) {
	address := serve(t)
	for _, name := range []string{"light-1280", "dark-1280"} {
		t.Run(name, func(t *testing.T) {
			browser := axetest.Open(t, looks[name])
			for _, path := range slices.Sorted(maps.Keys(gallery.Accents())) {
				visit(t, browser, address, path, name, looks[name])
			}
		})
	}
}

func visit(t *testing.T, browser *axetest.Browser, address, path, name string, look axetest.Look) {
	t.Helper()
	var shot []byte
	actions := []chromedp.Action{chromedp.WaitReady("main")}
	if !look.NoScripts {
		actions = append(actions, until("!document.querySelector('[data-chart]') || document.querySelector('[data-chart] canvas')"))
	}
	if err := browser.Visit(address+path, append(actions, chromedp.FullScreenshot(&shot, 100))...); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if folder := os.Getenv("SHOTS"); folder != "" {
		file := filepath.Join(folder, name+strings.ReplaceAll(path, "/", "-")+".png")
		if err := os.WriteFile(file, shot, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, trouble := range browser.Trouble() {
		t.Errorf("%s: %s", path, trouble)
	}
	if look.NoScripts {
		return // neither axe nor a measurement runs there
	}
	var wide int
	if err := chromedp.Run(browser.Context, chromedp.Evaluate("document.documentElement.scrollWidth - innerWidth", &wide)); err != nil {
		t.Fatal(err)
	}
	if wide > 0 {
		t.Errorf("%s: scrolls sideways by %d px", path, wide)
	}
	violations, err := axetest.Run(browser.Context)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, violation := range violations {
		t.Errorf("%s: %s", path, violation)
	}
}
