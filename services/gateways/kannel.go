package gateways

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"offshoot/models"
)

// kannel speaks the HTTP interface of Kannel's smsbox. Kannel signs nothing: the address that it is to call carries a stamp over
// tenant and message, and the address of inbound messages a secret from the configuration on both sides.
type kannel struct {
	Options
	sendsms        string
	user, password string
	inbound        string
	client         *http.Client
}

func newKannel(u *url.URL, o Options, secure bool) *kannel {
	password, _ := u.User.Password()
	path := strings.TrimSuffix(u.Path, "/")
	if path == "" {
		path = "/cgi-bin/sendsms"
	}
	return &kannel{Options: o, sendsms: base(u, secure) + path, user: u.User.Username(), password: password,
		inbound: u.Query().Get("inbound"), client: client(false)}
}

func (*kannel) Name() string { return "kannel" }

// Kannel's kinds of delivery report, and those that are asked for. That the operator has a message is no news: Kannel's own answer
// has told so.
const (
	dlrDelivered = 1
	dlrFailed    = 2
	dlrBuffered  = 4
	dlrAccepted  = 8
	dlrRejected  = 16
	dlrNotYet    = 32
	dlrMask      = dlrDelivered | dlrFailed | dlrRejected
)

func (k *kannel) Send(ctx context.Context, m Message) Answer {
	q := url.Values{"username": {k.user}, "password": {k.password}, "from": {m.From}, "to": {m.To},
		"text": {m.Body}, "charset": {"UTF-8"}, "coding": {"0"}}
	if m.Encoding == models.UCS2 {
		q.Set("coding", "2")
	}
	if m.ID != models.NoID {
		stamp, err := k.Stamps.Stamp(reportPurpose, stamped(m.Tenant, m.ID))
		if err != nil {
			return Answer{Outcome: Later, Problem: "The installation has no keys to sign with."}
		}
		q.Set("dlr-mask", strconv.Itoa(dlrMask))
		// Kannel puts the kind of the report for %d, and what the operator said for %A
		q.Set("dlr-url", k.callback("kannel", m)+"?stamp="+base64.RawURLEncoding.EncodeToString(stamp)+"&type=%d&answer=%A")
	}
	r, err := http.NewRequest(http.MethodGet, k.sendsms+"?"+q.Encode(), nil)
	if err != nil {
		return Answer{Outcome: Refused, Problem: "The gateway's address cannot be used."}
	}
	answer, none := ask(ctx, k.client, r)
	switch {
	case none != nil:
		return *none
	case answer.status < 200 || answer.status >= 300:
		return answer.refusal(answer.body)
	case strings.HasPrefix(answer.body, "0:"), strings.HasPrefix(answer.body, "3:"): // accepted for delivery, queued for later delivery
		return Answer{Outcome: Accepted}
	}
	return Answer{Outcome: Unknown, Problem: "The gateway's answer could not be understood."}
}

const reportPurpose = "kannel reports"

func stamped(tenant, message models.ID) []byte { return slices.Concat(tenant[:], message[:]) }

// Report reads what Kannel's smsbox tells at the dlr-url.
func (k *kannel) Report(r *http.Request) (Report, error) {
	tenant, message, err := named(r)
	if err != nil {
		return Report{}, err
	}
	q := r.URL.Query()
	stamp, err := base64.RawURLEncoding.DecodeString(q.Get("stamp"))
	if err != nil || !k.Stamps.Stamped(reportPurpose, stamped(tenant, message), stamp) {
		return Report{}, ErrForged
	}
	report := Report{Tenant: tenant, Message: message}
	kind, err := strconv.Atoi(q.Get("type"))
	if err != nil {
		return Report{}, ErrBadOne
	}
	switch kind {
	case dlrDelivered:
		report.Status = models.MessageDelivered
	case dlrFailed:
		report.Status, report.Problem = models.MessageFailed, "The operator could not deliver it"+reasonOf(q.Get("answer"))+"."
	case dlrRejected:
		report.Status, report.Problem = models.MessageFailed, "The operator refused it"+reasonOf(q.Get("answer"))+"."
	case dlrAccepted:
		report.Status = models.MessageSent
	case dlrBuffered, dlrNotYet: // it is being tried: no news
	default:
		return Report{}, ErrBadOne
	}
	return report, nil
}

// An SMPP operator's report reads "id:… sub:001 dlvrd:000 submit date:… done date:… stat:UNDELIV err:042 text:…".
var (
	dlrStat = regexp.MustCompile(`\bstat:([A-Z]{1,12})\b`)
	dlrErr  = regexp.MustCompile(`\berr:([0-9A-Za-z]{1,8})\b`)
)

func reasonOf(answer string) string {
	var words []string
	if found := dlrStat.FindStringSubmatch(answer); found != nil {
		words = append(words, found[1])
	}
	if found := dlrErr.FindStringSubmatch(answer); found != nil {
		words = append(words, "error "+found[1])
	}
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

// Inbound reads what an sms-service of Kannel gets, with a get-url that ends
// /gateways/kannel/inbound?secret=…&id=%I&from=%p&to=%P&text=%b&charset=%C&time=%T
func (k *kannel) Inbound(r *http.Request) (Inbound, error) {
	q := r.URL.Query()
	if k.inbound == "" || !hmac.Equal([]byte(q.Get("secret")), []byte(k.inbound)) {
		return Inbound{}, ErrForged
	}
	from, isFrom := number(q.Get("from"))
	to, isTo := number(q.Get("to"))
	id := q.Get("id")
	body, isText := textIn(q.Get("charset"), []byte(q.Get("text")))
	if !isFrom || !isTo || !isText || id == "" || len(id) > 100 || !utf8.ValidString(id) {
		return Inbound{}, ErrBadOne
	}
	in := Inbound{ID: id, From: from, To: to, Body: body}
	if seconds, err := strconv.ParseInt(q.Get("time"), 10, 64); err == nil && seconds > 0 && seconds < 1<<33 {
		in.At = time.Unix(seconds, 0).UTC()
	}
	return in, nil
}

// textIn reads a text in one of the character sets that Kannel names.
func textIn(charset string, raw []byte) (string, bool) {
	switch strings.ToUpper(charset) {
	case "UTF-16BE", "UCS-2", "UTF-16":
		if len(raw)%2 != 0 {
			return "", false
		}
		units := make([]uint16, 0, len(raw)/2)
		for pair := range slices.Chunk(raw, 2) {
			units = append(units, uint16(pair[0])<<8|uint16(pair[1]))
		}
		raw = []byte(string(utf16.Decode(units)))
	case "ISO-8859-1", "LATIN1", "WINDOWS-1252":
		raw = latin(raw)
	}
	return string(raw), utf8.Valid(raw)
}

func latin(raw []byte) []byte {
	var text []byte
	for _, b := range raw {
		text = utf8.AppendRune(text, rune(b))
	}
	return text
}
