package gallery_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"offshoot/static/axetest"
)

// What scripts add to pages, done by hand in a browser.
func TestScripts(t *testing.T) {
	address := serve(t)
	var browser *axetest.Browser
	visit := func(t *testing.T, path string, actions ...chromedp.Action) {
		t.Helper()
		actions = append(actions, picture(t, path))
		if err := browser.Visit(address+path, actions...); err != nil {
			t.Fatal(err)
		}
		for _, trouble := range browser.Trouble() {
			t.Error(trouble)
		}
	}
	value := func(expression string, into any) chromedp.Action { return chromedp.Evaluate(expression, into) }
	ready := until("document.querySelector('[data-theme-choices]:not([hidden])')")

	// audited measures what the page shows right now.
	audited := chromedp.ActionFunc(func(ctx context.Context) error {
		violations, err := axetest.Run(ctx)
		for _, violation := range violations {
			t.Errorf("%s", violation)
		}
		return err
	})
	try := func(name string, journey func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			browser = axetest.Open(t, looks["light-1280"])
			journey(t)
		})
	}

	try("balances follow the typing, exactly", func(t *testing.T) {
		var yours, theirs, none string
		visit(t, "/north-clinic", chromedp.WaitReady("[data-following]"),
			chromedp.SendKeys("#field-amount", "0.07"),
			value("document.querySelectorAll('[data-after]')[0].innerText", &yours),
			value("document.querySelectorAll('[data-after] data')[1].value", &theirs),
			chromedp.SendKeys("#field-amount", "9"), // three decimals: no amount of euros
			value("document.querySelectorAll('[data-after]')[0].innerText", &none))
		if yours != "12,480.48\u00a0EUR" || theirs != "1204.57 EUR" || none != "—" {
			t.Errorf("yours %q, theirs %q, then %q", yours, theirs, none)
		}
	})

	try("more than there is shows below zero", func(t *testing.T) {
		var yours string
		visit(t, "/north-clinic", chromedp.WaitReady("[data-following]"), chromedp.SendKeys("#field-amount", "999999999999.99"),
			value("document.querySelector('[data-after] .money--negative').innerText", &yours))
		if yours != "\u2212999,999,987,519.44\u00a0EUR" {
			t.Errorf("yours %q", yours)
		}
	})

	try("a slash goes to the page's search, which filters while typing and keeps the focus", func(t *testing.T) {
		var rows int
		var focused, search, removes string
		visit(t, "/sub-accounts", ready, press("/", "/"), chromedp.KeyEvent("harbour"),
			until("document.querySelectorAll('#list tbody tr').length === 1"),
			value("document.querySelectorAll('#list tbody tr').length", &rows),
			value("document.activeElement.getAttribute('aria-label')", &focused),
			until("document.querySelector('[role=status].visually-hidden').textContent === '1 shown'"),
			until("location.search.includes('q=harbour')"),
			value("location.search", &search),
			value("document.querySelector('.pill__remove').getAttribute('href')", &removes))
		if rows != 1 || focused != "Search sub-accounts" || !strings.Contains(search, "status=active") {
			t.Errorf("%d rows, focus in %q, address %q, pill %q", rows, focused, search, removes)
		}
	})

	try("an answer that is another page is opened", func(t *testing.T) {
		var title string
		visit(t, "/sub-accounts", ready, press("/", "/"), chromedp.KeyEvent("gone"),
			until("document.title.startsWith('Sign in')"), chromedp.Title(&title))
	})

	try("a menu opens at its button and closes by Escape", func(t *testing.T) {
		var gap, right float64
		var open bool
		visit(t, "/sub-accounts", ready, chromedp.Click("[popovertarget=row-5]"), chromedp.WaitVisible("#row-5"),
			value("Math.min(Math.abs(document.querySelector('#row-5').getBoundingClientRect().top - document.querySelector('[popovertarget=row-5]').getBoundingClientRect().bottom), Math.abs(document.querySelector('#row-5').getBoundingClientRect().bottom - document.querySelector('[popovertarget=row-5]').getBoundingClientRect().top))", &gap),
			value("Math.abs(document.querySelector('#row-5').getBoundingClientRect().right - document.querySelector('[popovertarget=row-5]').getBoundingClientRect().right)", &right),
			picture(t, "/menu"), audited,
			chromedp.KeyEvent(kb.Escape), value("!!document.querySelector('.menu:popover-open')", &open))
		if gap > 8 || right > 8 || open {
			t.Errorf("%v px below, %v px beside, open %v", gap, right, open)
		}
	})

	try("what is irreversible in a menu asks first", func(t *testing.T) {
		var question string
		var sent bool
		visit(t, "/sub-accounts", ready, chromedp.Click("[popovertarget=row-0]"), chromedp.Click("#row-0 .menu__item--danger"),
			chromedp.WaitVisible("dialog[open]"), chromedp.Text("#confirm-question", &question),
			picture(t, "/confirm"), audited,
			chromedp.Click("dialog[open] button[value=no]"),
			value("location.pathname !== '/sub-accounts'", &sent))
		if question != "Deactivate North Clinic? Its sessions end at once." || sent {
			t.Errorf("asked %q, sent %v", question, sent)
		}
		visit(t, "/sub-accounts", ready, chromedp.Click("[popovertarget=row-0]"), chromedp.Click("#row-0 .menu__item--danger"),
			chromedp.Click("dialog[open] button[value=yes]"), until("location.pathname === '/sign-in'"))
	})

	try("a dialog opens instead of the page, and Escape closes it", func(t *testing.T) {
		var path string
		var open bool
		visit(t, "/kit", ready, chromedp.Click("[data-dialog=dialog]"), chromedp.WaitVisible("#dialog"), chromedp.Location(&path),
			picture(t, "/dialog"), audited,
			chromedp.KeyEvent(kb.Escape), value("document.querySelector('#dialog').open", &open))
		if !strings.HasSuffix(path, "/kit") || open {
			t.Errorf("at %s, open %v", path, open)
		}
	})

	try("a long list is searched by typing, and the select is what is sent", func(t *testing.T) {
		var chosen, shown, expanded string
		visit(t, "/new", ready, chromedp.Click("#field-zone"), chromedp.KeyEvent("amm"), chromedp.WaitVisible("#field-zone-options"),
			picture(t, "/combobox"), audited,
			press("Enter", "\r"),
			value("document.querySelector('select[name=zone]').value", &chosen),
			chromedp.Value("#field-zone", &shown),
			chromedp.AttributeValue("#field-zone", "aria-expanded", &expanded, nil),
		)
		if chosen != "Asia/Amman" || shown != "Asia/Amman" || expanded != "false" {
			t.Errorf("chosen %q, shown %q, expanded %q", chosen, shown, expanded)
		}
		visit(t, "/new", ready, chromedp.Click("#field-zone"), chromedp.KeyEvent("xyz"), chromedp.KeyEvent(kb.Tab),
			value("document.querySelector('select[name=zone]').value", &chosen), chromedp.Value("#field-zone", &shown))
		if chosen != "Europe/Berlin" || shown != "Europe/Berlin" {
			t.Errorf("nothing found: chosen %q, shown %q", chosen, shown)
		}
	})

	try("the theme chosen is kept, and the chart follows it", func(t *testing.T) {
		var theme, background, kept string
		visit(t, "/dashboard", chromedp.WaitReady("canvas"), chromedp.Click(".person"), chromedp.Click("[data-theme-choice=dark]"),
			chromedp.WaitReady("canvas"), picture(t, "/person-menu"), audited,
			value("document.documentElement.dataset.bsTheme", &theme), value("getComputedStyle(document.body).backgroundColor", &background))
		visit(t, "/kit", ready, value("document.documentElement.dataset.bsTheme", &kept),
			chromedp.Click(".person"), chromedp.Click("[data-theme-choice=system]"))
		if theme != "dark" || kept != "dark" || background != "rgb(14, 18, 23)" {
			t.Errorf("theme %q, background %q, kept %q", theme, background, kept)
		}
	})

	try("a second press of a form's button sends nothing", func(t *testing.T) {
		var count int
		visit(t, "/north-clinic", ready,
			value(`(() => { let sent = 0; const form = document.querySelector('form[action="/transfers"]');
				document.addEventListener('submit', (event) => { if (!event.defaultPrevented) sent++; event.preventDefault(); });
				const button = form.querySelector('button'); button.click(); button.click(); return sent })()`, &count))
		if count != 1 {
			t.Errorf("sent %d times", count)
		}
	})

	try("the first problem of a refused form has the focus and leads to its field", func(t *testing.T) {
		var first, then string
		visit(t, "/refused", ready, value("document.activeElement.textContent", &first),
			press("Enter", "\r"), until("document.activeElement.id === 'field-name'"), value("document.activeElement.id", &then))
		if first != "Another of your sub-accounts has this name." || then != "field-name" {
			t.Errorf("focus on %q, then %q", first, then)
		}
	})

	try("the time left in an entered account runs", func(t *testing.T) {
		visit(t, "/north-clinic", ready, until("document.querySelector('[data-countdown]').textContent === '24:08'"))
	})
}

// The menus of a phone and of a page without scripts are the browser's own.
func TestMenuWithoutScripts(t *testing.T) {
	address := serve(t)
	look := looks["light-375"]
	look.NoScripts = true
	browser := axetest.Open(t, look)
	if err := browser.Visit(address+"/sub-accounts", chromedp.Click(".top__menu"), chromedp.WaitVisible("#side"), picture(t, "/phone-menu")); err != nil {
		t.Error(err)
	}
	if err := browser.Visit(address+"/sub-accounts", chromedp.Click("[popovertarget=filter-funding]"), chromedp.WaitVisible("#filter-funding"), picture(t, "/phone-filter")); err != nil {
		t.Error(err)
	}
}

// A statement on paper has no menus and no dark background.
func TestPrint(t *testing.T) {
	address := serve(t)
	browser := axetest.Open(t, looks["dark-1280"])
	var shown []string
	var background string
	err := browser.Visit(address+"/north-clinic", emulation.SetEmulatedMedia().WithMedia("print"),
		chromedp.Evaluate("['.side', '.access', '.page-head__actions', '.tabs', '.person', '.btn'].filter(name => [...document.querySelectorAll(name)].some(element => element.checkVisibility()))", &shown),
		chromedp.Evaluate("getComputedStyle(document.body).backgroundColor", &background),
		picture(t, "/print"))
	if err != nil {
		t.Fatal(err)
	}
	if len(shown) > 0 || background != "rgb(255, 255, 255)" {
		t.Errorf("printed: %v on %s", shown, background)
	}
}

// until waits for something to become true, also while the browser goes from one page to the next.
func until(expression string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for {
			var is bool
			if err := chromedp.Evaluate("!!("+expression+")", &is).Do(ctx); err == nil && is {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("never true: %s", expression)
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
}

// press is a key as a keyboard sends it: what the page prevents is not typed.
func press(key, text string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		if err := input.DispatchKeyEvent(input.KeyDown).WithKey(key).WithText(text).Do(ctx); err != nil {
			return err
		}
		return input.DispatchKeyEvent(input.KeyUp).WithKey(key).Do(ctx)
	})
}

func picture(t *testing.T, name string) chromedp.ActionFunc {
	return func(ctx context.Context) error {
		folder := os.Getenv("SHOTS")
		if folder == "" {
			return nil
		}
		var shot []byte
		if err := chromedp.CaptureScreenshot(&shot).Do(ctx); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, "act"+strings.ReplaceAll(name, "/", "-")+".png"), shot, 0o644)
	}
}
