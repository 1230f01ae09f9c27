package gateways

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"offshoot/models"
)

// MSG-3, bad input: whatever comes back, only an answer with a SID means that Twilio has the message.
func TestTwilioAnswers(t *testing.T) {
	for _, c := range []struct {
		what    string
		answer  http.HandlerFunc
		outcome Outcome
		problem string
	}{
		{"created", with(201, `{"sid":"SM0123456789abcdef","status":"queued","error_code":null}`), Accepted, ""},
		{"created without a SID", with(201, `{"status":"queued"}`), Unknown, "could not be understood"},
		{"a SID that is none", with(201, `{"sid":"<script>"}`), Unknown, "could not be understood"},
		{"a page", with(200, page), Unknown, "could not be understood"},
		{"nothing", with(200, ""), Unknown, "could not be understood"},
		{"JSON of another kind", with(201, `["SM0123456789abcdef"]`), Unknown, "could not be understood"},
		{"JSON cut off", with(201, `{"sid":"SM0123`), Unknown, "could not be understood"},
		{"a huge answer", with(201, `{"sid":"`+strings.Repeat("S", 10<<20)+`"}`), Unknown, "could not be understood"},
		{"a number that is none", with(400, `{"code":21211,"message":"Invalid 'To' Phone Number: +49","status":400}`), Refused, "refused it: Invalid 'To' Phone Number: +49 (21211)"},
		{"a refusal as a page", with(400, page), Refused, "The gateway refused it."},
		{"a region that is not permitted", with(403, `{"code":21408,"message":"Permission to send an SMS has not been enabled"}`), Refused, "(21408)"},
		{"wrong token", with(401, `{"code":20003,"message":"Authenticate"}`), Later, "user and password"},
		{"the account is not active", with(403, `{"code":20005,"message":"Account not active"}`), Later, "user and password"},
		{"no such account", with(404, `{"code":20404,"message":"The requested resource was not found"}`), Later, "user and password"},
		{"too many", with(429, `{"code":20429,"message":"Too many requests"}`), Later, ""},
		{"in trouble", with(500, page), Later, "busy"},
		{"away", with(503, "", "Retry-After", "30"), Later, "busy"},
		{"a proxy that lost patience", with(504, page), Unknown, "could not be understood"},
		{"closed after the request", cutOff(""), Unknown, "did not answer"},
	} {
		host, asked := answering(t, c.answer)
		got := opened(t, "twilio+http://AC1:token@"+host).Send(t.Context(), someMessage(models.GSM7, "Hello"))
		if got.Outcome != c.outcome || !strings.Contains(got.Problem, c.problem) {
			t.Errorf("%s: %v %q, want %v %q", c.what, got.Outcome, got.Problem, c.outcome, c.problem)
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("%s: asked %d times, which is %d messages", c.what, n, n)
		}
		if c.what == "away" && got.After != 30*time.Second {
			t.Errorf("asked to wait 30 s, waits %s", got.After)
		}
	}
}

// MSG-3: what Twilio is asked.
func TestTwilioIsAsked(t *testing.T) {
	var got *http.Request
	host, _ := answering(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		got = r
		with(201, `{"sid":"SM0123456789abcdef"}`)(w, r)
	})
	m := someMessage(models.UCS2, "Grüße & 你好\n😀")
	answer := opened(t, "twilio+http://AC1:t%2Foken@"+host).Send(t.Context(), m)
	if answer.ID != "SM0123456789abcdef" {
		t.Fatal(answer)
	}
	user, password, _ := got.BasicAuth()
	want := url.Values{"From": {"Clinic"}, "To": {"+4915112345678"}, "Body": {m.Body},
		"StatusCallback": {"https://portal.example.com/gateways/twilio/reports/" + m.Tenant.String() + "/" + m.ID.String()}}
	if got.Method != http.MethodPost || got.URL.Path != "/2010-04-01/Accounts/AC1/Messages.json" || user != "AC1" || password != "t/oken" || got.PostForm.Encode() != want.Encode() {
		t.Errorf("%s %s %s:%s %v", got.Method, got.URL, user, password, got.PostForm)
	}
}

func posted(path string, form url.Values, signature []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if signature != nil {
		r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(signature))
	}
	return r
}

// The examples of Twilio's own documentation and libraries.
func TestTwilioSignature(t *testing.T) {
	g := opened(t, "twilio://AC1:12345@api.twilio.com").(*twilio)
	for documented, form := range map[string]url.Values{
		"RSOYDt4T1cUTdK1PDd93/VVr8B8=": {"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}},
		"IK+Dwps556ElfBT0I3Rgjkr1wJU=": {"Sid": {"CA123"}, "SidAccount": {"AC123"}, "Digits": {"5678", "1234", "1234"}},
	} {
		if got := base64.StdEncoding.EncodeToString(g.signature("https://mycompany.com/myapp.php?foo=1&bar=2", form)); got != documented {
			t.Errorf("the documented example is %s, ours %s", documented, got)
		}
	}
}

// MSG-3, bad input: reports that are not signed, signed by others, for another address, or changed afterwards.
func TestTwilioReports(t *testing.T) {
	g := opened(t, "twilio://AC1:token@api.twilio.com").(*twilio)
	other := opened(t, "twilio://AC1:other@api.twilio.com").(*twilio)
	tenant, message := models.NewID(), models.NewID()
	path := "/gateways/twilio/reports/" + tenant.String() + "/" + message.String()
	elsewhere := "/gateways/twilio/reports/" + models.NewID().String() + "/" + message.String()
	form := func(status string) url.Values {
		return url.Values{"MessageSid": {"SM0123456789abcdef"}, "MessageStatus": {status}, "ErrorCode": {"30005"}}
	}
	sign := func(by *twilio, path, status string) []byte {
		return by.signature("https://portal.example.com"+path, form(status))
	}
	for _, c := range []struct {
		what    string
		r       *http.Request
		refused error
		status  models.MessageStatus
		problem string
	}{
		{"no signature", posted(path, form("delivered"), nil), ErrForged, "", ""},
		{"another's signature", posted(path, form("delivered"), sign(other, path, "delivered")), ErrForged, "", ""},
		{"changed afterwards", posted(path, form("failed"), sign(g, path, "delivered")), ErrForged, "", ""},
		{"of another tenant", posted(elsewhere, form("delivered"), sign(g, path, "delivered")), ErrForged, "", ""},
		{"with more behind the address", posted(path+"?x=1", form("delivered"), sign(g, path, "delivered")), ErrForged, "", ""},
		{"no ids", posted("/gateways/twilio/reports/x/y", form("delivered"), sign(g, "/gateways/twilio/reports/x/y", "delivered")), ErrNoNews, "", ""},
		{"no status that there is", posted(path, form("happy"), sign(g, path, "happy")), ErrBadOne, "", ""},
		{"queued", posted(path, form("queued"), sign(g, path, "queued")), nil, "", ""},
		{"sent", posted(path, form("sent"), sign(g, path, "sent")), nil, models.MessageSent, ""},
		{"delivered", posted(path, form("delivered"), sign(g, path, "delivered")), nil, models.MessageDelivered, ""},
		{"undelivered", posted(path, form("undelivered"), sign(g, path, "undelivered")), nil, models.MessageFailed, "The operator could not deliver it (error 30005)."},
	} {
		got, err := g.Report(c.r)
		if fmt.Sprint(err) != fmt.Sprint(c.refused) || got.Status != c.status || got.Problem != c.problem {
			t.Errorf("%s: %+v %v", c.what, got, err)
		}
		if err == nil && (got.Tenant != tenant || got.Message != message || got.ID != "SM0123456789abcdef") {
			t.Errorf("%s: it speaks of %+v", c.what, got)
		}
	}
}

// MSG-3, MSG-6: what comes in, signed or not.
func TestTwilioInbound(t *testing.T) {
	g := opened(t, "twilio://AC1:token@api.twilio.com").(*twilio)
	const path = "/gateways/twilio/inbound"
	good := url.Values{"MessageSid": {"SM0123456789abcdef"}, "From": {"+4915112345678"}, "To": {"+4917000000"}, "Body": {"Hi 你好"}, "NumMedia": {"0"}}
	got, err := g.Inbound(posted(path, good, g.signature("https://portal.example.com"+path, good)))
	if err != nil || got.ID != "SM0123456789abcdef" || got.From != "+4915112345678" || got.To != "+4917000000" || got.Body != "Hi 你好" {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := g.Inbound(posted(path, good, []byte("forged"))); fmt.Sprint(err) != fmt.Sprint(ErrForged) {
		t.Errorf("forged: %v", err)
	}
	good.Set("Body", "\xff")
	if _, err := g.Inbound(posted(path, good, g.signature("https://portal.example.com"+path, good))); fmt.Sprint(err) != fmt.Sprint(ErrBadOne) {
		t.Errorf("bytes that are no text: %v", err)
	}
}
