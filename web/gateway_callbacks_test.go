package web_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/services/gateways/kanneltest"
	"offshoot/services/messaging"
	"offshoot/services/secrets"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/web"
)

// calledBack is a portal with a gateway, as that gateway sees it.
type calledBack struct {
	*storetest.World
	address string
	handler http.Handler
	carrier *messaging.Carrier

	mutex   sync.Mutex
	inbound []gateways.Inbound
	broken  bool
}

func calledBy(t *testing.T, w *storetest.World, address, gateway string) *calledBack {
	t.Helper()
	c := &calledBack{World: w, address: address}
	g, err := gateways.New(gateway, gateways.Options{PublicURL: address, Stamps: secrets.ForTests()})
	if err != nil {
		t.Fatal(err)
	}
	c.carrier = messaging.NewCarrier(w.Store, g)
	server, err := web.New(web.Config{Store: w.Store, Identity: w.Identity, Accounts: w.Accounts, Ledger: w.Ledger, Messaging: w.Messaging, Carrier: c.carrier,
		Inbound: func(_ context.Context, in gateways.Inbound, name string) error {
			c.mutex.Lock()
			defer c.mutex.Unlock()
			if c.broken || name != g.Name() {
				return errors.New("no database")
			}
			c.inbound = append(c.inbound, in)
			return nil
		}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c.handler = server.Handler()
	return c
}

// ask makes one call and returns its status. A form is posted.
func (c *calledBack) ask(t *testing.T, path string, form url.Values, headers ...string) int {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	c.handler.ServeHTTP(answer, r)
	if answer.Code != http.StatusRequestEntityTooLarge && strings.Contains(answer.Body.String(), "<") {
		t.Errorf("%s is answered with a page", path)
	}
	return answer.Code
}

// accepted sends to numbers and returns the messages, which are accepted and not handed over.
func accepted(t *testing.T, w *storetest.World, who storetest.Person, text string, numbers ...string) (ids []models.ID) {
	t.Helper()
	ctx := t.Context()
	id, err := w.Messaging.Compose(ctx, who.Actor, messaging.Draft{Text: text, Numbers: strings.Join(numbers, "\n")})
	if err != nil {
		t.Fatal(err)
	}
	quote, err := w.Messaging.Quote(ctx, who.Actor, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Messaging.Start(ctx, who.Actor, messaging.StartOrder{Send: id, Quoted: quote.Quoted, Key: models.NewID().String()}); err != nil {
		t.Fatal(err)
	}
	if err := w.Messaging.Run(ctx, who.Account.TenantID, id); err != nil {
		t.Fatal(err)
	}
	err = w.Store.Read(ctx, models.System(who.Account.TenantID), func(_ context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT id FROM messages WHERE tenant_id = ? AND send_id = ? ORDER BY recipient`, who.Account.TenantID, id).Scan(&ids).Error
	})
	if err != nil || len(ids) != len(numbers) {
		t.Fatalf("%d messages were accepted, %v", len(ids), err)
	}
	return ids
}

func stampFor(t *testing.T, keys *secrets.Keys, tenant, message models.ID) string {
	t.Helper()
	stamp, err := keys.Stamp("kannel reports", slices.Concat(tenant[:], message[:]))
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(stamp)
}

// MSG-3, bad input: reports that are forged, of another tenant's message, or to a gateway that is not in use are refused and change
// nothing; a good one settles its message, and again changes nothing.
func TestKannelCallsBack(t *testing.T) {
	w := storetest.NewWorld(t)
	c := calledBy(t, w, "https://portal.example.com", "kannel+http://us:secret@gateway.internal?inbound=0123456789abcdef")
	ids := accepted(t, w, w.Clinic.Shared, "Hello", "+4915112345601", "+4915112345602")
	tenant := w.Clinic.ID
	other, err := secrets.Generate()
	if err != nil {
		t.Fatal(err)
	}
	address := func(gateway string, tenant, message models.ID, rest string) string {
		return "/gateways/" + gateway + "/reports/" + tenant.String() + "/" + message.String() + "?type=1&stamp=" + rest
	}
	good := stampFor(t, secrets.ForTests(), tenant, ids[0])
	before := w.Fingerprint(t)
	for what, call := range map[string]struct {
		path string
		form url.Values
		want int
	}{
		"without a stamp":           {path: address("kannel", tenant, ids[0], ""), want: http.StatusForbidden},
		"stamped by others":         {path: address("kannel", tenant, ids[0], stampFor(t, other, tenant, ids[0])), want: http.StatusForbidden},
		"of another message":        {path: address("kannel", tenant, ids[1], good), want: http.StatusForbidden},
		"of another tenant":         {path: address("kannel", w.Harbor.ID, ids[0], good), want: http.StatusForbidden},
		"to another gateway":        {path: address("twilio", tenant, ids[0], good), want: http.StatusNotFound},
		"to the simulator":          {path: address("simulator", tenant, ids[0], good), want: http.StatusNotFound},
		"of no kind":                {path: strings.Replace(address("kannel", tenant, ids[0], good), "type=1", "type=7", 1), want: http.StatusUnprocessableEntity},
		"of a message that is none": {path: "/gateways/kannel/reports/x/y?type=1&stamp=" + good, want: http.StatusNotFound},
		"inbound without a secret":  {path: "/gateways/kannel/inbound?id=1&from=4915112345678&to=4917000000&text=Hi", want: http.StatusForbidden},
		"a huge form":               {path: address("kannel", tenant, ids[0], ""), form: url.Values{"x": {strings.Repeat("x", 2<<20)}}, want: http.StatusRequestEntityTooLarge},
	} {
		if got := c.ask(t, call.path, call.form); got != call.want {
			t.Errorf("a call %s: %d, want %d", what, got, call.want)
		}
	}
	if w.Fingerprint(t) != before {
		t.Error("refused calls have changed something")
	}
	if got := c.ask(t, address("kannel", tenant, ids[0], good), nil); got != http.StatusOK {
		t.Errorf("before it was handed over: %d", got)
	}
	if w.Fingerprint(t) != before {
		t.Error("a message that no gateway was asked to take is reported")
	}

	w.Clock.Add(time.Second)
	if err := messaging.NewCarrier(w.Store, &gateways.Simulator{}).HandOver(t.Context(), wholeTenant(t, w, ids[0])); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := c.ask(t, address("kannel", tenant, ids[0], good), nil); got != http.StatusOK {
			t.Errorf("a good report: %d", got)
		}
		if n := w.Count(t, `messages WHERE id = $1 AND status = 'delivered'`, ids[0]); n != 1 {
			t.Error("it is not delivered")
		}
		before = w.Fingerprint(t)
	}
	if got := c.ask(t, strings.Replace(address("kannel", tenant, ids[0], good), "type=1", "type=2", 1), nil); got != http.StatusOK || w.Fingerprint(t) != before {
		t.Errorf("failed after it was delivered: %d, or something has changed", got)
	}

	const in = "/gateways/kannel/inbound?secret=0123456789abcdef&id=abc-1&from=%2B4915112345678&to=4917000000&charset=UTF-8&text=Gr%C3%BC%C3%9Fe"
	if got := c.ask(t, in, nil); got != http.StatusOK || len(c.inbound) != 1 || c.inbound[0].Body != "Grüße" || !c.inbound[0].At.Equal(w.Clock.Now()) {
		t.Errorf("an inbound message: %d, %+v", got, c.inbound)
	}
	c.broken = true
	if got := c.ask(t, in, nil); got != http.StatusServiceUnavailable {
		t.Errorf("when it cannot be kept, Kannel is told %d, and would not bring it again", got)
	}
}

// wholeTenant is the hand-over of all that waits of the send of a message.
func wholeTenant(t *testing.T, w *storetest.World, message models.ID) messaging.HandOver {
	t.Helper()
	job := messaging.HandOver{Last: models.FirstIDAt(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)), Since: w.Clock.Now()}
	if err := w.Raw.QueryRow(t.Context(), `SELECT tenant_id, send_id FROM messages WHERE id = $1`, message).Scan(&job.Tenant, &job.Send); err != nil {
		t.Fatal(err)
	}
	return job
}

// MSG-3, MSG-6: Twilio's callbacks, which it signs for the public address, whatever stands between it and the portal.
func TestTwilioCallsBack(t *testing.T) {
	w := storetest.NewWorld(t)
	c := calledBy(t, w, "https://portal.example.com", "twilio://AC1:token@api.twilio.com")
	ids := accepted(t, w, w.Clinic.Shared, "Hello", "+4915112345601")
	if err := messaging.NewCarrier(w.Store, &gateways.Simulator{}).HandOver(t.Context(), wholeTenant(t, w, ids[0])); err != nil {
		t.Fatal(err)
	}
	path := "/gateways/twilio/reports/" + w.Clinic.ID.String() + "/" + ids[0].String()
	signed := func(path, token string, form url.Values) string {
		mac := hmac.New(sha1.New, []byte(token))
		_, _ = io.WriteString(mac, "https://portal.example.com"+path)
		for _, name := range slices.Sorted(maps.Keys(form)) {
			_, _ = io.WriteString(mac, name+form.Get(name))
		}
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	form := url.Values{"MessageSid": {"SM0123456789"}, "MessageStatus": {"undelivered"}, "ErrorCode": {"30005"}}
	before := w.Fingerprint(t)
	if got := c.ask(t, path, form); got != http.StatusForbidden {
		t.Errorf("without a signature: %d", got)
	}
	if got := c.ask(t, path, form, "X-Twilio-Signature", signed(path, "other", form)); got != http.StatusForbidden {
		t.Errorf("with another's signature: %d", got)
	}
	if w.Fingerprint(t) != before {
		t.Error("refused calls have changed something")
	}
	for range 2 {
		if got := c.ask(t, path, form, "X-Twilio-Signature", signed(path, "token", form)); got != http.StatusOK {
			t.Errorf("signed: %d", got)
		}
	}
	if n := w.Count(t, `messages WHERE id = $1 AND status = 'failed' AND refund_id IS NOT NULL AND problem LIKE '%30005%' AND gateway_id = 'SM0123456789'`, ids[0]); n != 1 {
		t.Error("it has not failed, or was not refunded")
	}
	in := url.Values{"MessageSid": {"SM9876543210"}, "From": {"+4915112345678"}, "To": {"+4917000000"}, "Body": {"STOP"}}
	if got := c.ask(t, "/gateways/twilio/inbound", in, "X-Twilio-Signature", signed("/gateways/twilio/inbound", "token", in)); got != http.StatusOK || len(c.inbound) != 1 || c.inbound[0].Body != "STOP" {
		t.Errorf("inbound: %d %+v", got, c.inbound)
	}
}

// MSG-1, MSG-2, MSG-3, MSG-6: through a real Kannel, to an operator and back by the portal's own routes.
func TestMessagesThroughRealKannel(t *testing.T) {
	w := storetest.NewWorld(t)
	var c *calledBack
	portal := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(rw, r) }))
	defer portal.Close()
	k := kanneltest.Start(t, portal.URL)
	c = calledBy(t, w, portal.URL, k.URL)
	before := w.BalanceOf(t, w.Clinic.Account)
	text := strings.Repeat("Grüße aus 北京 😀. ", 8)
	ids := accepted(t, w, w.Clinic.Shared, text, "+4915112340001", "+4915112340002", "+4915112345603", "+4915112345604")
	if err := c.carrier.HandOver(t.Context(), wholeTenant(t, w, ids[0])); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); w.Count(t, `messages WHERE status IN ('delivered', 'failed')`) < 4; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not all are reported")
		}
	}
	for i, want := range []struct{ status, problem string }{{"failed", "The operator refused it."}, {"failed", "The operator could not deliver it (UNDELIV, error 042)."}, {"delivered", ""}, {"delivered", ""}} {
		if n := w.Count(t, `messages WHERE id = $1 AND status = $2 AND problem = $3 AND gateway = 'kannel' AND (refund_id IS NOT NULL) = ($2 = 'failed')`, ids[i], want.status, want.problem); n != 1 {
			t.Errorf("message %d is not %s %q", i, want.status, want.problem)
		}
	}
	parts := k.Carried("+4915112345603")
	if got := kanneltest.Text(parts); got != text {
		t.Errorf("arrived as %q", got)
	}
	if got, want := w.BalanceOf(t, w.Clinic.Account), before.Sub(models.FromMicros(2*int64(len(parts))*75_000, "EUR")); !got.Equal(want) {
		t.Errorf("two messages of %d parts cost what leaves %s, want %s", len(parts), got, want)
	}
	k.Say("4915112345603", "4917000000", "Grüße zurück 😀")
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		c.mutex.Lock()
		in := slices.Clone(c.inbound)
		c.mutex.Unlock()
		if len(in) == 1 {
			if in[0].Body != "Grüße zurück 😀" || in[0].From != "+4915112345603" || in[0].To != "+4917000000" {
				t.Errorf("inbound: %+v", in[0])
			}
			return
		}
		if time.Now().After(end) {
			t.Fatal("the answer has not come in")
		}
	}
}
