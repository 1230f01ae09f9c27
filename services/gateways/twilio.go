package gateways

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"offshoot/models"
)

// twilio speaks Twilio's HTTP interface, which others imitate. Callbacks carry X-Twilio-Signature: an HMAC, under the account's token, of
// the address that was called and of the form.
type twilio struct {
	Options
	messages   string
	sid, token string
	client     *http.Client
}

func newTwilio(u *url.URL, o Options, secure bool) *twilio {
	sid := u.User.Username()
	token, _ := u.User.Password()
	return &twilio{Options: o, messages: base(u, secure) + "/2010-04-01/Accounts/" + url.PathEscape(sid) + "/Messages.json", sid: sid, token: token, client: client(true)}
}

func (*twilio) Name() string { return "twilio" }

// Codes of refusals that speak of our account there, not of the message: Later, until the operator mends that.
var twilioAccount = map[int]bool{20003: true, 20005: true, 20404: true, 20429: true}

func (t *twilio) Send(ctx context.Context, m Message) Answer {
	form := url.Values{"From": {m.From}, "To": {m.To}, "Body": {m.Body}}
	if m.ID != models.NoID {
		form.Set("StatusCallback", t.callback("twilio", m))
	}
	r, err := http.NewRequest(http.MethodPost, t.messages, strings.NewReader(form.Encode()))
	if err != nil {
		return Answer{Outcome: Refused, Problem: "The gateway's address cannot be used."}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(t.sid, t.token)
	answer, none := ask(ctx, t.client, r)
	if none != nil {
		return *none
	}
	var told struct {
		SID     string `json:"sid"`
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	readable := json.Unmarshal([]byte(answer.body), &told) == nil
	switch {
	case answer.status < 200 || answer.status >= 300:
		if readable && twilioAccount[told.Code] {
			answer.status = http.StatusUnauthorized
		} else if readable && told.Code != 0 && answer.status == http.StatusForbidden { // one message is not permitted, such as to a region
			answer.status = http.StatusBadRequest
		}
		if !readable {
			return answer.refusal("")
		}
		why := told.Message
		if told.Code != 0 {
			why += " (" + strconv.Itoa(told.Code) + ")"
		}
		return answer.refusal(why)
	case readable && twilioSID.MatchString(told.SID):
		return Answer{Outcome: Accepted, ID: told.SID}
	}
	return Answer{Outcome: Unknown, Problem: "The gateway's answer could not be understood."}
}

var twilioSID = regexp.MustCompile(`^[A-Za-z0-9_-]{4,64}$`)

// Report reads a status callback.
func (t *twilio) Report(r *http.Request) (Report, error) {
	tenant, message, err := named(r)
	if err != nil {
		return Report{}, err
	}
	form, err := t.signed(r)
	if err != nil {
		return Report{}, err
	}
	report := Report{Tenant: tenant, Message: message}
	if id := form.Get("MessageSid"); twilioSID.MatchString(id) {
		report.ID = id
	}
	switch form.Get("MessageStatus") {
	case "accepted", "scheduled", "queued", "sending", "receiving": // no news
	case "sent":
		report.Status = models.MessageSent
	case "delivered", "read":
		report.Status = models.MessageDelivered
	case "undelivered", "failed", "canceled":
		report.Status, report.Problem = models.MessageFailed, "The operator could not deliver it."
		if code := form.Get("ErrorCode"); len(code) <= 8 && code != "" && strings.Trim(code, "0123456789") == "" {
			report.Problem = "The operator could not deliver it (error " + code + ")."
		}
	default:
		return Report{}, ErrBadOne
	}
	return report, nil
}

// Inbound reads the callback of an incoming message.
func (t *twilio) Inbound(r *http.Request) (Inbound, error) {
	form, err := t.signed(r)
	if err != nil {
		return Inbound{}, err
	}
	from, isFrom := number(form.Get("From"))
	to, isTo := number(form.Get("To"))
	id, body := form.Get("MessageSid"), form.Get("Body")
	if !isFrom || !isTo || !twilioSID.MatchString(id) || !utf8.ValidString(body) {
		return Inbound{}, ErrBadOne
	}
	return Inbound{ID: id, From: from, To: to, Body: body}, nil
}

// signed is the form of a callback that somebody with the token has signed, for the public address it came to. A Host header is
// somebody else's word.
func (t *twilio) signed(r *http.Request) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		return nil, ErrBadOne
	}
	given, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Twilio-Signature"))
	if err != nil || !hmac.Equal(given, t.signature(strings.TrimSuffix(t.PublicURL, "/")+r.URL.RequestURI(), r.PostForm)) {
		return nil, ErrForged
	}
	return r.PostForm, nil
}

// signature signs an address and a form as Twilio does: the address, then each name with its value, in the order of the names.
func (t *twilio) signature(address string, form url.Values) []byte {
	mac := hmac.New(sha1.New, []byte(t.token))
	mac.Write([]byte(address))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(form[name]))) {
			mac.Write([]byte(name + value))
		}
	}
	return mac.Sum(nil)
}
