package gateways

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"offshoot/models"
)

// longestAnswer is how much of a gateway's answer is read. All that matters stands at its beginning.
const longestAnswer = 64 << 10

// client asks a gateway. It follows no redirect, and does not ask again by itself: net/http repeats a GET on a connection that was
// kept open and broke, which would be the message twice, so that connections are not kept for requests without a body.
func client(keep bool) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = !keep
	transport.DisableCompression = true
	transport.MaxIdleConnsPerHost = 32
	transport.ResponseHeaderTimeout = 15 * time.Second
	transport.TLSHandshakeTimeout = 5 * time.Second
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// said is what a gateway answered.
type said struct {
	status int
	header http.Header
	body   string // its beginning
	whole  bool
}

// ask makes a request. Where it did not get an answer it returns what that means: Later when the request certainly never left, for
// want of a connection; else Unknown.
func ask(ctx context.Context, by *http.Client, r *http.Request) (said, *Answer) {
	var left atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { left.Store(true) }})
	answer, err := by.Do(r.WithContext(ctx))
	switch {
	case err != nil && !left.Load():
		return said{}, &Answer{Outcome: Later, Problem: "The gateway cannot be reached."}
	case err != nil:
		return said{}, &Answer{Outcome: Unknown, Problem: "The gateway did not answer."}
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	return said{answer.StatusCode, answer.Header, string(body), err == nil}, nil
}

// refusal is what an answer without success means, whatever gateway gave it. What speaks of our own settings is Later: nothing is
// lost while the operator mends them. So is a gateway in trouble that says so; a time-out behind it tells nothing.
func (s said) refusal(why string) Answer {
	switch {
	case s.status >= 300 && s.status < 400, s.status == http.StatusNotFound, s.status == http.StatusMethodNotAllowed:
		return Answer{Outcome: Later, Problem: "There is no gateway at the address that was set.", After: time.Minute}
	case s.status == http.StatusUnauthorized, s.status == http.StatusForbidden, s.status == http.StatusProxyAuthRequired:
		return Answer{Outcome: Later, Problem: "The gateway does not take the user and password that were set.", After: time.Minute}
	case s.status == http.StatusTooManyRequests, s.status == http.StatusRequestTimeout, s.status == http.StatusTooEarly,
		s.status == http.StatusInternalServerError, s.status == http.StatusBadGateway, s.status == http.StatusServiceUnavailable:
		return Answer{Outcome: Later, Problem: "The gateway is busy.", After: s.retryAfter()}
	case s.status >= 400 && s.status < 500:
		problem := "The gateway refused it."
		if why = sentence(why); why != "" {
			problem = "The gateway refused it: " + why
		}
		return Answer{Outcome: Refused, Problem: problem}
	}
	return Answer{Outcome: Unknown, Problem: "The gateway's answer could not be understood."}
}

func (s said) retryAfter() time.Duration {
	seconds, err := strconv.ParseUint(s.header.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// sentence makes what a stranger's server said fit for a page: one line, not too long; nothing of a web page.
func sentence(text string) string {
	if strings.Contains(text, "<") {
		return ""
	}
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(text); len(runes) > 200 {
		text = string(runes[:199]) + "…"
	}
	return text
}

// named is whose message a callback speaks of: its address ends with /tenant/message.
func named(r *http.Request) (tenant, message models.ID, err error) {
	parts := strings.Split(r.URL.Path, "/")
	if len(parts) < 3 {
		return models.NoID, models.NoID, ErrNoNews
	}
	tenant, isTenant := models.ParseID(parts[len(parts)-2])
	message, isMessage := models.ParseID(parts[len(parts)-1])
	if !isTenant || !isMessage {
		return models.NoID, models.NoID, ErrNoNews
	}
	return tenant, message, nil
}

// callback is the address that a gateway's reports of a message come to.
func (o Options) callback(gateway string, m Message) string {
	return strings.TrimSuffix(o.PublicURL, "/") + "/gateways/" + gateway + "/reports/" + m.Tenant.String() + "/" + m.ID.String()
}

// number makes of a number as gateways write it one in E.164, and leaves a short code as it is.
func number(text string) (string, bool) {
	digits := strings.TrimPrefix(strings.TrimSpace(text), "+")
	if len(digits) < 3 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	if len(digits) < 7 {
		return digits, true
	}
	return "+" + digits, true
}

// base is the address of a gateway as HTTP has it.
func base(u *url.URL, secure bool) string {
	scheme := "http"
	if secure {
		scheme = "https"
	}
	return scheme + "://" + u.Host
}
