package webtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"offshoot/services/storetest"
	"offshoot/static/axetest"
)

// Browser is a person with a real Chromium, with cookies of their own. A request that leaves the portal, a script that
// fails and a breach of the content security policy fail the test when it ends.
type Browser struct {
	t      testing.TB
	portal *Portal
	ctx    context.Context

	cookies cdp.BrowserContextID // what keeps people apart

	mu       sync.Mutex
	problems []string
}

// Chromium starts one browser for a test; people in it know nothing of each other.
type Chromium struct {
	t      testing.TB
	portal *Portal
	ctx    context.Context
}

// Chromium starts a browser. It fails the test where none is installed.
func (p *Portal) Chromium(t testing.TB) *Chromium {
	t.Helper()
	return &Chromium{t, p, axetest.Start(t)}
}

// Person opens a window with cookies of its own.
func (c *Chromium) Person() *Browser {
	c.t.Helper()
	var window target.ID
	var cookies cdp.BrowserContextID
	err := chromedp.Run(c.ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		ctx = cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
		var err error
		cookies, err = target.CreateBrowserContext().Do(ctx)
		if err != nil {
			return err
		}
		window, err = target.CreateTarget("about:blank").WithBrowserContextID(cookies).WithNewWindow(true).Do(ctx)
		return err
	}))
	if err != nil {
		c.t.Fatal("browser: ", err)
	}
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithTargetID(window))
	c.t.Cleanup(cancel)
	b := &Browser{t: c.t, portal: c.portal, ctx: ctx, cookies: cookies}
	chromedp.ListenTarget(ctx, b.watch)
	if err := chromedp.Run(ctx); err != nil { // attaches for as long as the test lasts
		c.t.Fatal("browser: ", err)
	}
	b.run(network.Enable(), log.Enable(), runtime.Enable(), emulation.SetFocusEmulationEnabled(true))
	c.t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, p := range b.problems {
			c.t.Error("browser: ", p)
		}
	})
	return b.Look(1280, false)
}

func (b *Browser) watch(event any) {
	problem := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, b.portal.URL) && !strings.HasPrefix(e.Request.URL, "data:") && !strings.HasPrefix(e.Request.URL, "blob:") {
			problem = "a request left the portal: " + e.Request.URL
		}
	case *log.EventEntryAdded:
		// a refused form is a 422 on purpose, and the browser logs every such answer
		if e.Entry.Level == log.LevelError && e.Entry.Source != log.SourceNetwork {
			problem = "logged: " + e.Entry.Text
		}
	case *runtime.EventExceptionThrown:
		problem = "a script failed: " + e.ExceptionDetails.Error()
	}
	if problem != "" {
		b.mu.Lock()
		b.problems = append(b.problems, problem)
		b.mu.Unlock()
	}
}

// SignIn walks through the sign-in page as one of the cast.
func (b *Browser) SignIn(who storetest.Person) *Browser {
	b.t.Helper()
	b.Open("/sign-in").Type("Email", who.Email).Type("Password", storetest.Passphrase).Press("Sign in")
	if b.Path() == "/sign-in" {
		b.t.Fatalf("%s could not sign in: %s", who.Email, b.Text())
	}
	return b
}

// Open goes to a path.
func (b *Browser) Open(path string) *Browser {
	b.t.Helper()
	b.run(chromedp.Navigate(b.portal.URL + path))
	return b
}

// Type replaces what stands in the field with that label.
func (b *Browser) Type(label, text string) *Browser {
	b.t.Helper()
	b.mark("field", label)
	b.run(chromedp.Evaluate(`(e => { e.focus(); e.select(); })(document.querySelector('`+marked+`'))`, nil), chromedp.KeyEvent(text))
	return b
}

// Choose takes an option of the select with that label, by its words or value. In a long one it types the words.
func (b *Browser) Choose(label, option string) *Browser {
	b.t.Helper()
	b.mark("field", label)
	var long bool
	b.run(chromedp.Evaluate(`document.querySelector('`+marked+`').role === 'combobox'`, &long))
	if long {
		b.run(chromedp.Evaluate(`(e => { e.focus(); e.select(); })(document.querySelector('`+marked+`'))`, nil), chromedp.KeyEvent(option))
		b.Until(`document.querySelector('` + marked + `').getAttribute('aria-activedescendant') !== null`)
		// by a click: a made-up Enter also sends the character that a real one, once handled, does not
		b.run(chromedp.Evaluate(`document.getElementById(document.querySelector('`+marked+`').getAttribute('aria-activedescendant')).click()`, nil))
		return b
	}
	var found bool
	b.run(chromedp.Evaluate(fmt.Sprintf(`(() => {
		const select = document.querySelector('%s'), words = %q;
		const option = [...select.options].find(o => o.value === words || o.text.trim() === words);
		if (option) { select.value = option.value; select.dispatchEvent(new Event('change', {bubbles: true})); }
		return !!option;
	})()`, marked, option), &found))
	if !found {
		b.t.Fatalf("%s: %q has no option %q", b.Path(), label, option)
	}
	return b
}

// Tick clicks the checkbox or radio button with that label.
func (b *Browser) Tick(label string) *Browser {
	b.t.Helper()
	b.mark("field", label)
	b.run(chromedp.Evaluate(`document.querySelector('`+marked+`').click()`, nil))
	return b
}

// Press presses the button with those words and waits for the page that answers.
func (b *Browser) Press(words string) *Browser {
	b.t.Helper()
	b.mark("button", words)
	b.follow(chromedp.Evaluate(`document.querySelector('`+marked+`').click()`, nil))
	return b
}

// Click follows the link with those words, or waits for the dialog that it opens instead.
func (b *Browser) Click(words string) *Browser {
	b.t.Helper()
	b.mark("a", words)
	click := chromedp.Evaluate(`document.querySelector('`+marked+`').click()`, nil)
	var dialog bool
	if b.run(chromedp.Evaluate(`document.querySelector('`+marked+`').hasAttribute('data-dialog')`, &dialog)); dialog {
		b.run(click)
		return b.Until(`!!document.querySelector('dialog[open]')`)
	}
	b.follow(click)
	return b
}

// follow does something that leads to another page, and waits until that page is there.
func (b *Browser) follow(action chromedp.Action) {
	b.t.Helper()
	b.run(chromedp.Evaluate(`window.leaving = true`, nil), action)
	b.Until(`!window.leaving && document.readyState === 'complete'`)
}

// Until waits until a script's expression is true.
func (b *Browser) Until(expression string) *Browser {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		var done bool
		ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
		err := chromedp.Run(ctx, chromedp.Evaluate(expression, &done))
		cancel()
		if err == nil && done {
			return b
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s: never %s (%v): %s", b.Path(), expression, err, b.Text())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Value reads what a script's expression is.
func (b *Browser) Value(expression string, into any) *Browser {
	b.t.Helper()
	b.run(chromedp.Evaluate(expression, into))
	return b
}

// Text is what a person reads on the page, spaces folded.
func (b *Browser) Text() string {
	var text string
	b.run(chromedp.Evaluate(`document.body ? document.body.innerText : ''`, &text))
	return fold(text)
}

// Path is where the browser is, with the query.
func (b *Browser) Path() string {
	var path string
	b.run(chromedp.Evaluate(`location.pathname + location.search`, &path))
	return path
}

// Sees fails the test unless the page says all of the sentences, soon.
func (b *Browser) Sees(sentences ...string) *Browser {
	b.t.Helper()
	for _, s := range sentences {
		deadline := time.Now().Add(5 * time.Second)
		for !strings.Contains(b.Text(), fold(s)) {
			if time.Now().After(deadline) {
				b.t.Fatalf("%s does not say %q: %s", b.Path(), s, b.Text())
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	return b
}

// SeesNot fails the test when the page says any of the sentences.
func (b *Browser) SeesNot(sentences ...string) *Browser {
	b.t.Helper()
	for _, s := range sentences {
		if strings.Contains(b.Text(), fold(s)) {
			b.t.Fatalf("%s says %q: %s", b.Path(), s, b.Text())
		}
	}
	return b
}

// Download is the file behind the link with those words, asked for with the browser's cookies.
func (b *Browser) Download(words string) string {
	b.t.Helper()
	b.mark("a", words)
	var file string
	b.run(chromedp.Evaluate(`fetch(document.querySelector('`+marked+`').href).then(r => r.ok ? r.text() : 'status ' + r.status)`, &file,
		func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return file
}

// Save presses the link with those words, which the browser saves as a file of that name, and returns what is in it.
func (b *Browser) Save(words, name string) string {
	b.t.Helper()
	dir := b.t.TempDir()
	b.mark("a", words)
	b.run(browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithBrowserContextID(b.cookies).WithDownloadPath(dir),
		chromedp.Evaluate(`document.querySelector('`+marked+`').click()`, nil))
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if saved, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			return string(saved)
		}
	}
	b.t.Fatalf("%s: %q saved no file %s", b.Path(), words, name)
	return ""
}

// Look sets the width of the window and the theme.
func (b *Browser) Look(width int64, dark bool) *Browser {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.run(chromedp.EmulateViewport(width, 900),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
	return b
}

// Axe fails the test when the page is not accessible.
func (b *Browser) Axe() *Browser {
	b.t.Helper()
	violations, err := axetest.Run(b.ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, v := range violations {
		b.t.Errorf("%s: %v", b.Path(), v)
	}
	return b
}

// Sideways is how many pixels the page is wider than the window.
func (b *Browser) Sideways() int {
	var over int
	b.run(chromedp.Evaluate(`document.documentElement.scrollWidth - window.innerWidth`, &over))
	return over
}

// Picture writes the whole page as a PNG.
func (b *Browser) Picture(file string) *Browser {
	b.t.Helper()
	var png []byte
	b.run(chromedp.FullScreenshot(&png, 100))
	return b.keep(file, png)
}

// Window writes what a window of that height shows, as wide as it is, as a PNG.
func (b *Browser) Window(file string, height int64) *Browser {
	b.t.Helper()
	var width int64
	var png []byte
	b.run(chromedp.Evaluate(`window.innerWidth`, &width))
	b.run(chromedp.EmulateViewport(width, height), chromedp.CaptureScreenshot(&png))
	return b.keep(file, png)
}

func (b *Browser) keep(file string, png []byte) *Browser {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
	return b
}

const marked = `[data-here]`

// mark finds an element as a person does, by its words, and marks it for the action that follows.
func (b *Browser) mark(kind, words string) {
	b.t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		var found bool
		b.run(chromedp.Evaluate(fmt.Sprintf(finder, kind, words), &found))
		if found {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s has no %s %q: %s", b.Path(), kind, words, b.Text())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

const finder = `(() => {
	const kind = %q, words = %q;
	const fold = s => (s || '').replace(/\s+/g, ' ').trim();
	document.querySelectorAll('[data-here]').forEach(e => e.removeAttribute('data-here'));
	const inMain = all => all.find(e => e.closest('main')) || all[0];
	const named = e => fold(e.innerText || e.textContent) === words || e.getAttribute('aria-label') === words;
	let found;
	if (kind === 'field') {
		const labels = [...document.querySelectorAll('label')];
		const exact = labels.filter(l => fold(l.textContent) === words);
		const label = inMain(exact.length ? exact : labels.filter(l => fold(l.textContent).startsWith(words)));
		found = label && (label.htmlFor ? document.getElementById(label.htmlFor) : label.querySelector('input, select, textarea'));
	} else {
		const all = [...document.querySelectorAll(kind === 'a' ? 'a[href]' : 'button, input[type=submit]')].filter(named);
		found = inMain(all.filter(e => e.checkVisibility()).concat(all));
	}
	if (found) found.setAttribute('data-here', '');
	return !!found;
})()`

// run does something in the browser, which may take its time on a busy machine, but not for ever.
func (b *Browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 45*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}
