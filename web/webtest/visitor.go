package webtest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"offshoot/services/identity"
	"offshoot/services/storetest"
)

// Visitor reads pages and fills in their forms as a person without scripts does: by labels, and with everything that the
// form itself carries along.
type Visitor struct {
	t      testing.TB
	portal *Portal
	client *http.Client

	Status int
	Header http.Header
	Path   string // where redirects led to, with the query
	Body   string
	Page   *goquery.Document // nil when the answer was no page
}

// Visitor returns somebody who has not signed in.
func (p *Portal) Visitor(t testing.TB) *Visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Visitor{t: t, portal: p, client: &http.Client{Jar: jar}}
}

// As returns a visitor who has signed in as one of the cast.
func (p *Portal) As(t testing.TB, who storetest.Person) *Visitor {
	t.Helper()
	v := p.Visitor(t)
	v.SignIn(who.Email, storetest.Passphrase)
	if v.Page.Find("main h1").Length() == 0 || v.Path == "/sign-in" {
		t.Fatalf("%s could not sign in: %s", who.Email, v.Text())
	}
	return v
}

// SignIn walks through the sign-in page.
func (v *Visitor) SignIn(email, password string) *Visitor {
	v.t.Helper()
	return v.Get("/sign-in").Fill("Email", email).Fill("Password", password).Press("Sign in")
}

// Cookie is the session that the visitor's browser holds, "" when it holds none.
func (v *Visitor) Cookie() identity.Token {
	v.t.Helper()
	address, err := url.Parse(v.portal.URL)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, cookie := range v.client.Jar.Cookies(address) {
		if cookie.Name == "session" {
			return identity.Token(cookie.Value)
		}
	}
	return ""
}

// Get opens a path.
func (v *Visitor) Get(path string) *Visitor {
	v.t.Helper()
	request, err := http.NewRequest(http.MethodGet, v.absolute(path), nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(request)
}

// Post sends a form as a hostile client does: whatever fields, whether a page has them or not.
func (v *Visitor) Post(path string, fields url.Values) *Visitor {
	v.t.Helper()
	request, err := http.NewRequest(http.MethodPost, v.absolute(path), strings.NewReader(fields.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", v.portal.URL)
	return v.do(request)
}

// Do sends any request with the visitor's cookies.
func (v *Visitor) Do(request *http.Request) *Visitor { v.t.Helper(); return v.do(request) }

// Clone is the same person in the same browser with another tab: cookies are shared, the page is not.
func (v *Visitor) Clone() *Visitor { return &Visitor{t: v.t, portal: v.portal, client: v.client} }

func (v *Visitor) absolute(path string) string {
	if strings.HasPrefix(path, "http") {
		return path
	}
	return v.portal.URL + path
}

func (v *Visitor) do(request *http.Request) *Visitor {
	v.t.Helper()
	answer, err := v.client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.Status, v.Header, v.Body, v.Path, v.Page = answer.StatusCode, answer.Header, string(body), answer.Request.URL.RequestURI(), nil
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		// A browser without scripts takes what stands in <noscript> for elements.
		root, err := html.ParseWithOptions(strings.NewReader(v.Body), html.ParseOptionEnableScripting(false))
		if err != nil {
			v.t.Fatal(err)
		}
		v.Page = goquery.NewDocumentFromNode(root)
	}
	return v
}

// Want fails the test unless the answer has the status.
func (v *Visitor) Want(status int) *Visitor {
	v.t.Helper()
	if v.Status != status {
		v.t.Fatalf("%s: status %d, want %d: %s", v.Path, v.Status, status, v.Text())
	}
	return v
}

// Text is what a person reads on the page, spaces folded.
func (v *Visitor) Text() string {
	if v.Page == nil {
		return v.Body
	}
	return fold(v.Page.Find("body").Text())
}

// Sees fails the test unless the page says all of the sentences.
func (v *Visitor) Sees(sentences ...string) *Visitor {
	v.t.Helper()
	for _, s := range sentences {
		if !strings.Contains(v.Text(), fold(s)) {
			v.t.Fatalf("%s (%d) does not say %q: %s", v.Path, v.Status, s, v.Text())
		}
	}
	return v
}

// SeesNot fails the test when the page says any of the sentences.
func (v *Visitor) SeesNot(sentences ...string) *Visitor {
	v.t.Helper()
	for _, s := range sentences {
		if strings.Contains(v.Text(), fold(s)) {
			v.t.Fatalf("%s says %q: %s", v.Path, s, v.Text())
		}
	}
	return v
}

// Problem is the sentence next to the field with that label, empty when there is none.
func (v *Visitor) Problem(label string) string {
	v.t.Helper()
	control := v.control(label)
	for _, id := range strings.Fields(control.AttrOr("aria-describedby", "")) {
		if strings.HasSuffix(id, "-error") {
			return fold(v.Page.Find("#" + id).Text())
		}
	}
	return ""
}

// Value is what the field with that label holds.
func (v *Visitor) Value(label string) string {
	v.t.Helper()
	control := v.control(label)
	if goquery.NodeName(control) == "textarea" {
		return control.Text()
	}
	if goquery.NodeName(control) == "select" {
		return selected(control)
	}
	return control.AttrOr("value", "")
}

// Fill types text into the field with that label, or chooses the option with that value or words.
func (v *Visitor) Fill(label, text string) *Visitor {
	v.t.Helper()
	control := v.control(label)
	switch goquery.NodeName(control) {
	case "textarea":
		control.SetText(text)
	case "select":
		control.Find("option").RemoveAttr("selected")
		option := control.Find("option").FilterFunction(func(_ int, o *goquery.Selection) bool {
			return o.AttrOr("value", o.Text()) == text || fold(o.Text()) == text
		})
		if option.Length() == 0 {
			v.t.Fatalf("%s: %q has no option %q", v.Path, label, text)
		}
		option.First().SetAttr("selected", "selected")
	default:
		control.SetAttr("value", text)
	}
	return v
}

// Tick ticks the checkbox or radio button with that label; Untick clears a checkbox.
func (v *Visitor) Tick(label string) *Visitor {
	v.t.Helper()
	control := v.control(label)
	if control.AttrOr("type", "") == "radio" {
		control.Closest("form").Find("input[type=radio]").Each(func(_ int, other *goquery.Selection) {
			if other.AttrOr("name", "") == control.AttrOr("name", "") {
				other.RemoveAttr("checked")
			}
		})
	}
	control.SetAttr("checked", "checked")
	return v
}

// Untick clears the checkbox with that label.
func (v *Visitor) Untick(label string) *Visitor {
	v.t.Helper()
	v.control(label).RemoveAttr("checked")
	return v
}

// Click follows the link with those words.
func (v *Visitor) Click(words string) *Visitor {
	v.t.Helper()
	link := v.named("a[href]", words)
	if link.Length() == 0 {
		v.t.Fatalf("%s has no link %q", v.Path, words)
	}
	return v.Get(v.resolve(link.First().AttrOr("href", "")))
}

// Press presses the button with those words and sends its form.
func (v *Visitor) Press(words string) *Visitor {
	v.t.Helper()
	path, fields, method := v.form(words)
	if method == http.MethodGet {
		return v.Get(path + "?" + fields.Encode())
	}
	return v.Post(path, fields)
}

// FormOf is what Press would send: for sending it again, or from many at once.
func (v *Visitor) FormOf(words string) (path string, fields url.Values) {
	v.t.Helper()
	path, fields, _ = v.form(words)
	return path, fields
}

func (v *Visitor) form(words string) (path string, fields url.Values, method string) {
	v.t.Helper()
	button := v.named("button, input[type=submit]", words).FilterFunction(func(_ int, b *goquery.Selection) bool {
		return b.AttrOr("type", "submit") == "submit"
	})
	if button.Length() == 0 {
		v.t.Fatalf("%s has no button %q: %s", v.Path, words, v.Text())
	}
	button = button.First()
	form := button.Closest("form")
	if id := button.AttrOr("form", ""); id != "" {
		form = v.Page.Find("form#" + id)
	}
	if form.Length() == 0 {
		v.t.Fatalf("%s: the button %q sends no form", v.Path, words)
	}
	fields = url.Values{}
	controls := form.Find("input, select, textarea")
	if id := form.AttrOr("id", ""); id != "" {
		controls = controls.AddSelection(v.Page.Find(`[form="` + id + `"]`).Not("button"))
	}
	controls.Each(func(_ int, c *goquery.Selection) { send(fields, c) })
	if name := button.AttrOr("name", ""); name != "" {
		fields.Add(name, button.AttrOr("value", ""))
	}
	action := button.AttrOr("formaction", form.AttrOr("action", v.Path))
	return v.resolve(action), fields, strings.ToUpper(form.AttrOr("method", "get"))
}

// send adds what a browser sends for one control.
func send(fields url.Values, c *goquery.Selection) {
	name := c.AttrOr("name", "")
	if _, disabled := c.Attr("disabled"); name == "" || disabled {
		return
	}
	switch kind := c.AttrOr("type", "text"); {
	case goquery.NodeName(c) == "select":
		fields.Add(name, selected(c))
	case goquery.NodeName(c) == "textarea":
		fields.Add(name, c.Text())
	case slices.Contains([]string{"checkbox", "radio"}, kind):
		if _, ticked := c.Attr("checked"); ticked {
			fields.Add(name, c.AttrOr("value", "on"))
		}
	case slices.Contains([]string{"submit", "button", "file", "image", "reset"}, kind):
	default:
		fields.Add(name, c.AttrOr("value", ""))
	}
}

func selected(control *goquery.Selection) string {
	option := control.Find("option[selected]")
	if option.Length() == 0 {
		option = control.Find("option").First()
	}
	return option.AttrOr("value", fold(option.Text()))
}

// control is the field that a label names. A label may have more words behind the name, like a help or "(optional)".
func (v *Visitor) control(label string) *goquery.Selection {
	v.t.Helper()
	if v.Page == nil {
		v.t.Fatalf("%s is no page", v.Path)
	}
	var labels *goquery.Selection
	for _, match := range []func(string) bool{
		func(text string) bool { return text == label },
		func(text string) bool { return strings.HasPrefix(text, label) },
	} {
		labels = v.Page.Find("label").FilterFunction(func(_ int, l *goquery.Selection) bool { return match(fold(l.Text())) })
		if labels.Length() > 0 {
			break
		}
	}
	if labels.Length() == 0 {
		v.t.Fatalf("%s (%d) has no field %q: %s", v.Path, v.Status, label, v.Text())
	}
	l := labels.First()
	if labels.Length() > 1 { // the field of the page itself, not one around it
		if inside := v.Page.Find("main label").FilterFunction(func(_ int, other *goquery.Selection) bool {
			return labels.IsSelection(other)
		}); inside.Length() > 0 {
			l = inside.First()
		}
	}
	if id := l.AttrOr("for", ""); id != "" {
		return v.Page.Find(`[id="` + id + `"]`)
	}
	return l.Find("input, select, textarea").First()
}

// named are the elements that a person calls by those words: its text, or its aria-label.
func (v *Visitor) named(selector, words string) *goquery.Selection {
	v.t.Helper()
	if v.Page == nil {
		v.t.Fatalf("%s is no page", v.Path)
	}
	found := v.Page.Find(selector).FilterFunction(func(_ int, e *goquery.Selection) bool {
		return fold(e.Text()) == words || e.AttrOr("aria-label", "") == words || e.AttrOr("value", "") == words
	})
	if inside := found.FilterFunction(func(_ int, e *goquery.Selection) bool { return e.Closest("main").Length() > 0 }); inside.Length() > 0 {
		return inside
	}
	return found
}

func (v *Visitor) resolve(reference string) string {
	base, err := url.Parse(v.Path)
	if err != nil {
		v.t.Fatal(err)
	}
	target, err := base.Parse(reference)
	if err != nil {
		v.t.Fatal(err)
	}
	return target.String()
}

// fold makes every run of white space, hard spaces included, one space.
func fold(text string) string { return strings.Join(strings.Fields(text), " ") }
