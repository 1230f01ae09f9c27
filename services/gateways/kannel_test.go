package gateways

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"offshoot/models"
)

// stamps sign for tests; what they sign is told apart by purpose and data.
type stamps string

func (s stamps) Stamp(purpose string, data []byte) ([]byte, error) {
	return []byte(fmt.Sprintf("%s %s %x", s, purpose, data)), nil
}

func (s stamps) Stamped(purpose string, data, given []byte) bool {
	made, _ := s.Stamp(purpose, data)
	return string(made) == string(given)
}

var options = Options{PublicURL: "https://portal.example.com", Stamps: stamps("ours")}

// opened is the gateway of an address in tests.
func opened(t *testing.T, address string) Gateway {
	t.Helper()
	g, err := New(address, options)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func someMessage(encoding models.Encoding, body string) Message {
	return Message{Tenant: models.NewID(), ID: models.NewID(), From: "Clinic", To: "+4915112345678", Body: body, Encoding: encoding}
}

// answering is a stand-in gateway's address without its scheme, and how often it was asked.
func answering(t *testing.T, answer http.HandlerFunc) (host string, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), asked
}

func with(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// cutOff answers with the beginning of something.
func cutOff(head string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, head)
			_ = conn.Close()
		}
	}
}

func closed(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

const page = "<!DOCTYPE html><html><body><h1>Welcome to nginx!</h1></body></html>"

// MSG-3, bad input: whatever comes back, only Kannel's own words mean that it has the message, and only what certainly did not reach
// it, or was certainly not taken, may be offered again.
func TestKannelAnswers(t *testing.T) {
	for _, c := range []struct {
		what    string
		answer  http.HandlerFunc
		outcome Outcome
		problem string
	}{
		{"accepted", with(202, "0: Accepted for delivery"), Accepted, ""},
		{"queued", with(202, "3: Queued for later delivery"), Accepted, ""},
		{"an error in success's clothes", with(202, "4: something else"), Unknown, "could not be understood"},
		{"a page instead of Kannel", with(200, page), Unknown, "could not be understood"},
		{"nothing at all", with(200, ""), Unknown, "could not be understood"},
		{"no content", with(204, ""), Unknown, "could not be understood"},
		{"a huge answer", with(200, strings.Repeat("x", 10<<20)), Unknown, "could not be understood"},
		{"a huge answer that begins well", with(202, "0: Accepted for delivery"+strings.Repeat(" ", 10<<20)), Accepted, ""},
		{"no number", with(400, "Empty receiver number not allowed, rejected"), Refused, "refused it: Empty receiver number not allowed, rejected"},
		{"a refusal as a page", with(400, page), Refused, "The gateway refused it."},
		{"a refusal with control characters", with(400, "bad\x00\x1b[2J\nnumber"), Refused, "refused it: bad [2J number"},
		{"wrong password", with(403, "Authorization failed for sendsms"), Later, "user and password"},
		{"no such path", with(404, "Unknown request."), Later, "no gateway at the address"},
		{"a redirect", with(302, "", "Location", "https://elsewhere.example/"), Later, "no gateway at the address"},
		{"temporal failure", with(503, "Temporal failure, try again later."), Later, "busy"},
		{"a proxy without Kannel behind it", with(502, page), Later, "busy"},
		{"a proxy that lost patience", with(504, page), Unknown, "could not be understood"},
		{"closed after the request", cutOff(""), Unknown, "did not answer"},
		{"an answer cut off in its head", cutOff("HTTP/1.1 202 Acc"), Unknown, "did not answer"},
		{"an answer cut off in its body", cutOff("HTTP/1.1 202 Accepted\r\nContent-Length: 24\r\n\r\n0: Acc"), Accepted, ""},
		{"an answer cut off before its body", cutOff("HTTP/1.1 202 Accepted\r\nContent-Length: 24\r\n\r\n"), Unknown, "could not be understood"},
		{"not HTTP", cutOff("SSH-2.0-OpenSSH_9.2\r\n"), Unknown, "did not answer"},
	} {
		host, asked := answering(t, c.answer)
		got := opened(t, "kannel+http://us:secret@"+host).Send(t.Context(), someMessage(models.GSM7, "Hello"))
		if got.Outcome != c.outcome || !strings.Contains(got.Problem, c.problem) {
			t.Errorf("%s: %v %q, want %v %q", c.what, got.Outcome, got.Problem, c.outcome, c.problem)
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("%s: asked %d times, which is %d messages", c.what, n, n)
		}
	}
	if got := opened(t, "kannel+http://us:secret@"+closed(t)).Send(t.Context(), someMessage(models.GSM7, "Hello")); got.Outcome != Later {
		t.Errorf("nobody listens: %v", got)
	}
	if got := opened(t, "kannel+http://us:secret@no-such-host.invalid").Send(t.Context(), someMessage(models.GSM7, "Hello")); got.Outcome != Later {
		t.Errorf("no such host: %v", got)
	}
	host, _ := answering(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	if got := opened(t, "kannel+http://us:secret@"+host).Send(ctx, someMessage(models.GSM7, "Hello")); got.Outcome != Unknown {
		t.Errorf("it has the request and is silent: %v", got)
	}
}

// MSG-3: what Kannel is asked.
func TestKannelIsAsked(t *testing.T) {
	var q url.Values
	host, _ := answering(t, func(w http.ResponseWriter, r *http.Request) {
		q = r.URL.Query()
		with(202, "0: Accepted for delivery")(w, r)
	})
	k := opened(t, "kannel+http://us%40:s%26cret@"+host)
	m := someMessage(models.UCS2, "Grüße & 你好 100% 😀\nEnd")
	if got := k.Send(t.Context(), m); got.Outcome != Accepted {
		t.Fatal(got)
	}
	stamp, _ := options.Stamps.Stamp(reportPurpose, stamped(m.Tenant, m.ID))
	for name, want := range map[string]string{"username": "us@", "password": "s&cret", "from": "Clinic", "to": "+4915112345678", "text": m.Body,
		"charset": "UTF-8", "coding": "2", "dlr-mask": "19",
		"dlr-url": "https://portal.example.com/gateways/kannel/reports/" + m.Tenant.String() + "/" + m.ID.String() +
			"?stamp=" + base64.RawURLEncoding.EncodeToString(stamp) + "&type=%d&answer=%A"} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	m.Encoding, m.ID = models.GSM7, models.NoID
	k.Send(t.Context(), m)
	if q.Get("coding") != "0" || q.Has("dlr-url") || q.Has("dlr-mask") {
		t.Errorf("a text of the portal itself, without reports: %v", q)
	}
}

// MSG-3, bad input: reports forged, of another message, another tenant, unreadable.
func TestKannelReports(t *testing.T) {
	k := opened(t, "kannel+http://us:secret@gateway.internal")
	m := someMessage(models.GSM7, "")
	stamp := func(s Stamps, tenant, message models.ID) string {
		made, _ := s.Stamp(reportPurpose, stamped(tenant, message))
		return base64.RawURLEncoding.EncodeToString(made)
	}
	address := func(tenant, message fmt.Stringer, stamp, rest string) string {
		return "/gateways/kannel/reports/" + tenant.String() + "/" + message.String() + "?stamp=" + stamp + rest
	}
	good := stamp(options.Stamps, m.Tenant, m.ID)
	for _, c := range []struct {
		what, address string
		refused       error
		status        models.MessageStatus
		problem       string
	}{
		{"no stamp", address(m.Tenant, m.ID, "", "&type=1"), ErrForged, "", ""},
		{"no base64", address(m.Tenant, m.ID, "***", "&type=1"), ErrForged, "", ""},
		{"stamp of others", address(m.Tenant, m.ID, stamp(stamps("theirs"), m.Tenant, m.ID), "&type=1"), ErrForged, "", ""},
		{"another message", address(m.Tenant, models.NewID(), good, "&type=1"), ErrForged, "", ""},
		{"another tenant", address(models.NewID(), m.ID, good, "&type=1"), ErrForged, "", ""},
		{"the two changed over", address(m.ID, m.Tenant, good, "&type=1"), ErrForged, "", ""},
		{"no ids", "/gateways/kannel/reports/x/y?stamp=" + good + "&type=1", ErrNoNews, "", ""},
		{"no type", address(m.Tenant, m.ID, good, ""), ErrBadOne, "", ""},
		{"no number", address(m.Tenant, m.ID, good, "&type=%25d"), ErrBadOne, "", ""},
		{"no type that there is", address(m.Tenant, m.ID, good, "&type=3"), ErrBadOne, "", ""},
		{"delivered", address(m.Tenant, m.ID, good, "&type=1&answer=id:1+stat:DELIVRD+err:000"), nil, models.MessageDelivered, ""},
		{"failed", address(m.Tenant, m.ID, good, "&type=2&answer="+url.QueryEscape("id:1 sub:001 dlvrd:000 submit date:2611220200 stat:UNDELIV err:042 text:<b>")), nil,
			models.MessageFailed, "The operator could not deliver it (UNDELIV, error 042)."},
		{"rejected without a word", address(m.Tenant, m.ID, good, "&type=16"), nil, models.MessageFailed, "The operator refused it."},
		{"taken by the operator", address(m.Tenant, m.ID, good, "&type=8"), nil, models.MessageSent, ""},
		{"buffered", address(m.Tenant, m.ID, good, "&type=4"), nil, "", ""},
	} {
		got, err := k.Report(httptest.NewRequest(http.MethodGet, c.address, nil))
		if err != c.refused && fmt.Sprint(err) != fmt.Sprint(c.refused) {
			t.Errorf("%s: %v, want %v", c.what, err, c.refused)
		}
		if got.Status != c.status || got.Problem != c.problem {
			t.Errorf("%s: %q %q", c.what, got.Status, got.Problem)
		}
		if c.refused == nil && (got.Tenant != m.Tenant || got.Message != m.ID) {
			t.Errorf("%s: it speaks of %s %s", c.what, got.Tenant, got.Message)
		}
	}
}

// MSG-3, MSG-6, bad input: what comes in without the secret, from nobody, as bytes that are no text.
func TestKannelInbound(t *testing.T) {
	k := opened(t, "kannel+http://us:secret@gateway.internal?inbound=0123456789abcdef")
	const good = "/gateways/kannel/inbound?secret=0123456789abcdef&id=abc-1&from=%2B4915112345678&to=4917000000&time=1795312800"
	for _, c := range []struct {
		what, address string
		refused       error
		body          string
	}{
		{"no secret", "/gateways/kannel/inbound?id=1&from=4915112345678&to=4917000000&text=Hi", ErrForged, ""},
		{"wrong secret", strings.Replace(good, "abcdef", "abcdeg", 1) + "&text=Hi", ErrForged, ""},
		{"no id", strings.Replace(good, "id=abc-1", "id=", 1) + "&text=Hi", ErrBadOne, ""},
		{"from a name", strings.Replace(good, "from=%2B4915112345678", "from=ACME", 1) + "&text=Hi", ErrBadOne, ""},
		{"half a character", good + "&charset=UTF-16BE&text=%00H%00", ErrBadOne, ""},
		{"no UTF-8", good + "&charset=UTF-8&text=%ff%fe", ErrBadOne, ""},
		{"nothing", good + "&charset=UTF-8&text=", nil, ""},
		{"UTF-8", good + "&charset=UTF-8&text=Gr%C3%BC%C3%9Fe", nil, "Grüße"},
		{"UCS-2", good + "&charset=UTF-16BE&text=%4F%60%59%7D%D8%3D%DE%00", nil, "你好😀"},
		{"Latin 1", good + "&charset=ISO-8859-1&text=%DF", nil, "ß"},
	} {
		got, err := k.Inbound(httptest.NewRequest(http.MethodGet, c.address, nil))
		if fmt.Sprint(err) != fmt.Sprint(c.refused) || got.Body != c.body {
			t.Errorf("%s: %q %v, want %q %v", c.what, got.Body, err, c.body, c.refused)
		}
		if err == nil && (got.From != "+4915112345678" || got.To != "+4917000000" || got.ID != "abc-1" || got.At.Unix() != 1795312800) {
			t.Errorf("%s: %+v", c.what, got)
		}
	}
	closed := opened(t, "kannel+http://us:secret@gateway.internal")
	if _, err := closed.Inbound(httptest.NewRequest(http.MethodGet, strings.Replace(good, "0123456789abcdef", "", 1)+"&text=Hi", nil)); fmt.Sprint(err) != fmt.Sprint(ErrForged) {
		t.Errorf("without a secret on our side everything is forged: %v", err)
	}
}
