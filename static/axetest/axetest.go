// Package axetest opens pages in Chromium for tests and measures them with axe. Only tests import it.
package axetest

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed all:dist
var dist embed.FS

// Rules are the sets of axe's rules that pages are held to.
var Rules = []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"}

// Violation is a rule of axe that a page breaks, with the elements that break it.
type Violation struct {
	Rule   string   `json:"rule"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Nodes  []string `json:"nodes"`
}

func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n\t%s", v.Rule, v.Impact, v.Help, strings.Join(v.Nodes, "\n\t"))
}

const run = `axe.run(document, {runOnly: %s, resultTypes: ['violations']}).then(result => JSON.stringify(
	result.violations.map(v => ({rule: v.id, impact: v.impact, help: v.help,
		nodes: v.nodes.map(n => n.target.join(' ') + ' — ' + n.any.concat(n.all, n.none).map(c => c.message).join('; '))}))))`

// Run measures the page that ctx, a browser of Open or chromedp's own, shows.
func Run(ctx context.Context) ([]Violation, error) {
	axe, err := dist.ReadFile("dist/axe.js")
	if err != nil {
		return nil, errors.New("axetest: axe is missing: run `make assets`")
	}
	rules, err := json.Marshal(Rules)
	if err != nil {
		return nil, err
	}
	var answer string
	// Through the debugger, which the page's content security policy doesn't bind.
	err = chromedp.Run(ctx,
		chromedp.ActionFunc(func(ctx context.Context) error {
			var there bool
			if err := chromedp.Evaluate("'axe' in window", &there).Do(ctx); err != nil || there {
				return err
			}
			return chromedp.Evaluate(string(axe)+"\n;0", nil).Do(ctx)
		}),
		chromedp.Evaluate(fmt.Sprintf(run, rules), &answer, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	if err != nil {
		return nil, err
	}
	var violations []Violation
	err = json.Unmarshal([]byte(answer), &violations)
	return violations, err
}

// Look is how a browser shows a page.
type Look struct {
	Width, Height int64
	Dark          bool
	NoScripts     bool
}

// Browser is a Chromium that notes what no page of ours may do.
type Browser struct {
	Context context.Context

	mutex    sync.Mutex
	trouble  []string
	allowing string
}

// Start starts a Chromium for one test, and returns the context of its first tab. Where none is installed the test fails:
// what only a browser shows is not skipped.
func Start(t testing.TB) context.Context {
	t.Helper()
	path := find()
	if path == "" {
		t.Fatal("no Chromium on this machine: install Debian's package chromium, or name one in CHROME")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true), chromedp.Flag("disable-sync", true),
		chromedp.UserDataDir(profile(t)))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(quiet))
	t.Cleanup(cancel)
	ctx, expire := context.WithTimeout(ctx, 15*time.Minute)
	t.Cleanup(expire)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatal("chromium: ", err)
	}
	return ctx
}

// Open starts a Chromium for one test that looks at pages in one way.
func Open(t testing.TB, look Look) *Browser {
	t.Helper()
	ctx := Start(t)
	b := &Browser{Context: ctx}
	chromedp.ListenTarget(ctx, b.note)
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	err := chromedp.Run(ctx, network.Enable(), log.Enable(), runtime.Enable(),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}),
		emulation.SetDeviceMetricsOverride(look.Width, look.Height, 1, look.Width < 600),
		emulation.SetScriptExecutionDisabled(look.NoScripts))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// quiet leaves out what chromedp says of events that are newer than itself.
func quiet(format string, values ...any) {
	if message := fmt.Sprintf(format, values...); !strings.Contains(message, "unhandled node event") {
		slog.Warn(message)
	}
}

// profile is a fresh folder for the browser. It goes on writing there while it ends, so the folder is removed patiently.
func profile(t testing.TB) string {
	folder, err := os.MkdirTemp("", "offshoot-browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 50 {
			if os.RemoveAll(folder) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	return folder
}

func find() string {
	for _, name := range []string{os.Getenv("CHROME"), "chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	return ""
}

// Visit opens an address and does what follows. Requests to any other server from then on are trouble.
func (b *Browser) Visit(address string, then ...chromedp.Action) error {
	b.mutex.Lock()
	b.allowing = origin(address)
	b.mutex.Unlock()
	ctx, stop := context.WithTimeout(b.Context, 30*time.Second)
	defer stop()
	return chromedp.Run(ctx, append([]chromedp.Action{chromedp.Navigate(address)}, then...)...)
}

func origin(address string) string {
	if parts := strings.SplitAfterN(address, "/", 4); len(parts) == 4 {
		return strings.Join(parts[:3], "")
	}
	return address
}

// Trouble returns what has gone wrong since it was last called: requests to other servers, errors in scripts,
// violations of the content security policy, warnings.
func (b *Browser) Trouble() []string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	trouble := b.trouble
	b.trouble = nil
	return trouble
}

func (b *Browser) note(event any) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		// The browser draws its own date fields with pictures out of data: addresses; one of ours would break the policy.
		if !strings.HasPrefix(e.Request.URL, b.allowing) && !strings.HasPrefix(e.Request.URL, "data:") {
			b.trouble = append(b.trouble, "request to "+e.Request.URL)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			b.trouble = append(b.trouble, string(e.Entry.Level)+": "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		b.trouble = append(b.trouble, "exception: "+e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			b.trouble = append(b.trouble, "console: "+string(e.Type))
		}
	}
}
