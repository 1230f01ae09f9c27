package web_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"offshoot/services/identity"
	"offshoot/services/storetest"
	"offshoot/web"
	"offshoot/web/webtest"
)

// ACC-11: too many tries are 429 with the time to wait, for people and programs, alike for every e-mail; the way out stands
// there and works; a browser in which the owner signed in before is let in.
func TestSignInLimitPages(t *testing.T) {
	p := webtest.Open(t)
	who := p.Clinic.Own
	owner := p.As(t, who)
	owner.Press("Sign out")
	bodies := map[string]int{}
	for _, email := range []string{who.Email, "eve@evil.example"} {
		v := p.Visitor(t)
		for range 10 {
			v.SignIn(email, "wrong").Want(http.StatusUnprocessableEntity).Sees("The e-mail or the password is not right.")
		}
		v.SignIn(email, storetest.Passphrase).Want(http.StatusTooManyRequests).Sees("Too many tries. Try again in 15 minutes.", "Forgotten password?")
		if got := v.Header.Get("Retry-After"); got != "900" {
			t.Errorf("Retry-After %q", got)
		}
		if v.Value("Email") != email || v.Value("Password") != "" {
			t.Errorf("keeps %q and %q", v.Value("Email"), v.Value("Password"))
		}
		bodies[strings.ReplaceAll(v.Body, email, "")]++
	}
	if len(bodies) != 1 {
		t.Error("the pages for a known and an unknown e-mail differ")
	}
	if owner.SignIn(who.Email, storetest.Passphrase).Want(http.StatusOK); owner.Path != "/" {
		t.Errorf("the owner is led to %s", owner.Path)
	}
	v := p.Visitor(t).Get("/forgotten-password").Fill("Email", who.Email).Press("Send link").Want(http.StatusOK)
	v.Get(p.PasswordLink(t, who.Email)).Fill("New password", freshPassphrase).Fill("Repeat the new password", freshPassphrase).Press("Set password").Want(http.StatusOK)
	if v.SignIn(who.Email, freshPassphrase).Want(http.StatusOK); v.Path != "/" {
		t.Errorf("with the new password one is led to %s", v.Path)
	}
}

// ACC-11: the device cookie is no session: out of scripts' reach, for this host alone, long-lived, left by signing out.
func TestDeviceCookie(t *testing.T) {
	p := webtest.Open(t)
	for name, c := range map[string]struct {
		secure bool
		name   string
	}{"plain": {false, "device"}, "secure": {true, "__Host-device"}} {
		server, err := web.New(web.Config{Store: p.Store, Identity: p.Identity, Accounts: p.Accounts, Ledger: p.Ledger, Notify: p.Notify, Secure: c.secure, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"email": {p.Clinic.Own.Email}, "password": {storetest.Passphrase}}
		answer := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodPost, "/sign-in", strings.NewReader(form.Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		server.Handler().ServeHTTP(answer, request)
		var device *http.Cookie
		for _, cookie := range answer.Result().Cookies() {
			if cookie.Name == c.name {
				device = cookie
			}
		}
		if device == nil || !device.HttpOnly || device.Secure != c.secure || device.SameSite != http.SameSiteLaxMode || device.Path != "/" || device.Domain != "" ||
			time.Duration(device.MaxAge)*time.Second != identity.DeviceTTL {
			t.Fatalf("%s: %+v", name, device)
		}
		request = httptest.NewRequest(http.MethodGet, "/", nil)
		request.AddCookie(&http.Cookie{Name: strings.Replace(c.name, "device", "session", 1), Value: device.Value})
		answer = httptest.NewRecorder()
		if server.Handler().ServeHTTP(answer, request); answer.Code != http.StatusSeeOther {
			t.Errorf("%s: the secret of a browser opens a page: %d", name, answer.Code)
		}
	}
}

// ACC-11: an address is what connects. X-Forwarded-For is believed from named proxies alone, and of it only what they wrote:
// nobody gets new tries, or spends another's, by writing one.
func TestSpoofedAddress(t *testing.T) {
	p := webtest.Open(t)
	networks := func(texts ...string) (all []netip.Prefix) {
		for _, text := range texts {
			all = append(all, netip.MustParsePrefix(text))
		}
		return all
	}
	for name, c := range map[string]struct {
		proxies   []netip.Prefix
		peer      string
		forwarded []string
		want      string
	}{
		"no proxies":                             {nil, "198.51.100.1", []string{"203.0.113.9"}, "198.51.100.1"},
		"no proxies, a private peer":             {nil, "10.1.0.1", []string{"203.0.113.9"}, "10.1.0.1"},
		"a proxy":                                {networks("10.1.0.0/16"), "10.1.0.1", []string{"203.0.113.9"}, "203.0.113.9"},
		"a proxy without the header":             {networks("10.1.0.0/16"), "10.1.0.1", nil, "10.1.0.1"},
		"somebody else than the proxy":           {networks("10.1.0.0/16"), "198.51.100.1", []string{"203.0.113.9"}, "198.51.100.1"},
		"a private peer that is not named":       {networks("10.1.0.0/16"), "10.2.0.1", []string{"203.0.113.9"}, "10.2.0.1"},
		"this machine, not named":                {networks("10.1.0.0/16"), "127.0.0.1", []string{"203.0.113.9"}, "127.0.0.1"},
		"written by the client before the proxy": {networks("10.1.0.0/16"), "10.1.0.1", []string{"203.0.113.1, 203.0.113.9"}, "203.0.113.9"},
		"a header of its own before the proxy's": {networks("10.1.0.0/16"), "10.1.0.1", []string{"203.0.113.1", "203.0.113.9"}, "203.0.113.9"},
		"pretending to be a proxy":               {networks("10.1.0.0/16"), "10.1.0.1", []string{"203.0.113.1, 10.1.0.7, 203.0.113.9"}, "203.0.113.9"},
		"a private address that is not named":    {networks("10.1.0.0/16"), "10.1.0.1", []string{"203.0.113.1, 192.168.0.1"}, "192.168.0.1"},
		"nonsense":                               {networks("10.1.0.0/16"), "10.1.0.1", []string{"203.0.113.1, x"}, "10.1.0.1"},
		"two proxies in a row":                   {networks("10.1.0.0/16", "fd00::/64"), "fd00::1", []string{"203.0.113.9, 10.1.0.1"}, "203.0.113.9"},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := web.New(web.Config{Store: p.Store, Identity: p.Identity, Accounts: p.Accounts, Ledger: p.Ledger, Notify: p.Notify, TrustedProxies: c.proxies, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			form := url.Values{"email": {"eve@evil.example"}, "password": {"wrong " + name}}
			request := httptest.NewRequest(http.MethodPost, "/sign-in", strings.NewReader(form.Encode()))
			request.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(c.peer), 999).String()
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			request.Header["X-Forwarded-For"] = c.forwarded
			for _, other := range []string{"X-Real-Ip", "True-Client-Ip", "Forwarded"} {
				request.Header.Set(other, "203.0.113.77")
			}
			answer := httptest.NewRecorder()
			server.Handler().ServeHTTP(answer, request)
			var ip string
			if err := p.Raw.QueryRow(t.Context(), `SELECT details->>'ip' FROM action_log WHERE action = 'session.refused' ORDER BY at DESC, id DESC LIMIT 1`).Scan(&ip); err != nil {
				t.Fatal(err)
			}
			if ip != c.want {
				t.Errorf("status %d: comes from %s, want %s", answer.Code, ip, c.want)
			}
			p.Clock.Add(20 * time.Minute)
		})
	}

	v := p.Visitor(t)
	for n := range 110 {
		form := url.Values{"email": {fmt.Sprintf("u%d@evil.example", n)}, "password": {"wrong"}}
		request, err := http.NewRequest(http.MethodPost, p.URL+"/sign-in", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n))
		v.Do(request)
	}
	v.Want(http.StatusTooManyRequests)
}

// ACC-11: what is typed at the doors, however it is made, is refused like anything else that is wrong.
func TestDoorsTakeAnything(t *testing.T) {
	p := webtest.Open(t)
	for name, typed := range map[string]string{"NUL": "a\x00b", "broken UTF-8": "\xff\xfe", "huge": strings.Repeat("a", 600<<10), "markup": `"><script>alert(1)</script>`} {
		v := p.Visitor(t)
		for path, form := range map[string]url.Values{
			"/sign-in":                 {"email": {typed}, "password": {typed}, "next": {typed}},
			"/forgotten-password":      {"email": {typed}},
			"/forgotten-password/link": {"token": {typed}, "password": {typed}, "repeated": {typed}},
		} {
			if v.Post(path, form); v.Status != http.StatusUnprocessableEntity && v.Status != http.StatusNotFound {
				t.Errorf("%s at %s: %d", name, path, v.Status)
			}
			if strings.Contains(v.Body, "<script>alert") {
				t.Errorf("%s at %s comes back as it was", name, path)
			}
		}
		v.Get("/forgotten-password/link?token=" + url.QueryEscape(typed[:min(len(typed), 20000)])).Want(http.StatusNotFound)
	}
	p.Visitor(t).Post("/sign-in", url.Values{"password": {strings.Repeat("a", 3<<20)}}).Want(http.StatusRequestEntityTooLarge)
}

// ACC-11: planted cookies, of a session or of a browser, are not what the person holds after signing in, and the planted
// session opens nothing.
func TestSignInPlantedCookies(t *testing.T) {
	p := webtest.Open(t)
	eve, err := p.Identity.SignIn(t.Context(), identity.SignInOrder{Email: p.Harbor.Own.Email, Password: storetest.Passphrase})
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"email": {p.Clinic.Own.Email}, "password": {storetest.Passphrase}}
	request, err := http.NewRequest(http.MethodPost, p.URL+"/sign-in", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.AddCookie(&http.Cookie{Name: "session", Value: string(eve.Token)})
	request.AddCookie(&http.Cookie{Name: "device", Value: "planted"})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	held := map[string]string{}
	for _, cookie := range answer.Cookies() {
		held[cookie.Name] = cookie.Value
	}
	if held["session"] == "" || held["session"] == string(eve.Token) || len(held["device"]) != 43 {
		t.Errorf("holds %v", held)
	}
	if status, location := ask(t, p, eve.Token, http.MethodGet, "/", nil); status != http.StatusSeeOther || !strings.HasPrefix(location, "/sign-in") {
		t.Errorf("the planted session gets %d to %s", status, location)
	}
}
