package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/PuerkitoBio/goquery"

	"offshoot/models"
)

// browser is a person's: it has cookies, and goes to one portal or the other. What is not answered it asks again, as a patient
// person does: a page by loading it anew, a form by sending the same form, key and all.
type browser struct {
	who     login
	portals [2]string
	client  *http.Client
	turn    int
	forgets bool // the key of a form that was not answered: to try whether the bank finds what that leads to

	unanswered *atomic.Int64 // requests
	answered   *atomic.Int64
}

const patience = 4 * time.Second // for one answer

func newBrowser(who login, portals [2]string, turn int, answered, unanswered *atomic.Int64) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it has no options that could be wrong
	}
	return &browser{who: who, portals: portals, turn: turn, answered: answered, unanswered: unanswered,
		client: &http.Client{Jar: jar, Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: 10 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what came back.
type answer struct {
	status int
	to     string // of a redirect: the path
	body   []byte
}

// errUnanswered says that nobody knows whether a request was heard.
var errUnanswered = errors.New("not answered")

// ask sends one request to one of the portals. Anything but a whole answer that is no failure of the portal's own counts as none.
func (b *browser) ask(method, path string, form url.Values) (answer, error) {
	at := b.portals[b.turn%2]
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequest(method, at+path, body)
	if err != nil {
		return answer{}, err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", at)
	}
	got, err := b.client.Do(request)
	if err != nil {
		return b.none(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return b.none(err)
	}
	if got.StatusCode >= 500 {
		return b.none(fmt.Errorf("status %d", got.StatusCode))
	}
	b.answered.Add(1)
	to, err := url.Parse(got.Header.Get("Location"))
	if err != nil {
		return answer{}, err
	}
	return answer{got.StatusCode, to.Path, text}, nil
}

func (b *browser) none(err error) (answer, error) {
	b.unanswered.Add(1)
	b.turn++ // perhaps the other one answers
	return answer{}, fmt.Errorf("%w: %w", errUnanswered, err)
}

// errClosing ends a person's day: nothing was answered for too long.
var errClosing = errors.New("the portal did not answer for two minutes")

// until asks until there is an answer, signs in where that is asked for, and goes on.
func (b *browser) until(method, path string, form url.Values, attempts *int) (answer, error) {
	var last error
	pause := 40 * time.Millisecond
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
		if attempts != nil {
			*attempts++
		}
		got, err := b.ask(method, path, form)
		switch {
		case errors.Is(err, errUnanswered):
			last = err
			time.Sleep(pause)
			pause = min(2*pause, 400*time.Millisecond)
			if b.forgets && form.Has("key") {
				form.Set("key", models.NewID().String())
			}
			continue
		case err != nil:
			return got, err
		case got.status == http.StatusSeeOther && got.to == "/sign-in" && path != "/sign-in":
			if err := b.signIn(); err != nil {
				return got, err
			}
			continue
		case got.status == http.StatusTooManyRequests:
			last = fmt.Errorf("%s: too many requests", path)
			time.Sleep(time.Second)
			continue
		}
		return got, nil
	}
	return answer{}, fmt.Errorf("%s %s: %w (%w)", method, path, errClosing, last)
}

// signIn walks through the sign-in page.
func (b *browser) signIn() error {
	got, err := b.until(http.MethodPost, "/sign-in", url.Values{"email": {b.who.email}, "password": {everybodysPassword}}, nil)
	if err != nil {
		return err
	}
	if got.status != http.StatusSeeOther {
		return fmt.Errorf("%s cannot sign in: %d %s", b.who.email, got.status, sentence(got.body))
	}
	return nil
}

// page loads one.
func (b *browser) page(path string) (*goquery.Document, error) {
	got, err := b.until(http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, err
	}
	if got.status != http.StatusOK {
		return nil, refusedPage{path, got}
	}
	return goquery.NewDocumentFromReader(bytes.NewReader(got.body))
}

// file loads one.
func (b *browser) file(path string) ([]byte, error) {
	got, err := b.until(http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, err
	}
	if got.status != http.StatusOK {
		return nil, refusedPage{path, got}
	}
	return got.body, nil
}

// refusedPage is a page that this person does not get.
type refusedPage struct {
	path string
	answer
}

func (r refusedPage) Error() string {
	return fmt.Sprintf("%s: %d %s %s", r.path, r.status, r.to, sentence(r.body))
}

// formIn finds the form of a page that posts to an address, and returns what it carries along.
func formIn(page *goquery.Document, action string) (url.Values, bool) {
	form := page.Find("main form").FilterFunction(func(_ int, f *goquery.Selection) bool { return f.AttrOr("action", "") == action }).First()
	return fieldsOf(form), form.Length() > 0
}

func fieldsOf(form *goquery.Selection) url.Values {
	fields := url.Values{}
	form.Find("input, textarea").Each(func(_ int, f *goquery.Selection) {
		name, kind := f.AttrOr("name", ""), f.AttrOr("type", "text")
		if _, ticked := f.Attr("checked"); name == "" || (kind == "checkbox" || kind == "radio") && !ticked || kind == "submit" || kind == "file" {
			return
		}
		fields.Add(name, f.AttrOr("value", f.Text()))
	})
	form.Find("select").Each(func(_ int, f *goquery.Selection) {
		chosen := f.Find("option[selected]").First()
		if chosen.Length() == 0 {
			chosen = f.Find("option").First()
		}
		if name := f.AttrOr("name", ""); name != "" && chosen.Length() > 0 {
			fields.Add(name, chosen.AttrOr("value", chosen.Text()))
		}
	})
	return fields
}

// sentence is what a page says went wrong.
func sentence(body []byte) string {
	page, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	if err != nil {
		return ""
	}
	for _, where := range []string{".error-summary__list", ".error-summary", ".problem__text", "main p"} {
		if said := page.Find(where).First(); said.Length() > 0 {
			return strings.Join(strings.Fields(said.Text()), " ")
		}
	}
	return ""
}
