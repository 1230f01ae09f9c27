package web_test

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/gateways"
	"offshoot/services/messaging"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// compose posts the form for messages, as a browser does: the fields first, the file last.
func compose(t *testing.T, p *webtest.Portal, v *webtest.Visitor, fields map[string]string, file string) *webtest.Visitor {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, name := range []string{"posted_in", "from", "text", "numbers", "group"} {
		if value, typed := fields[name]; typed {
			if err := form.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	name := ""
	if file != "" {
		name = "numbers.csv"
	}
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte(file))
	_ = form.Close()
	request, err := http.NewRequest(http.MethodPost, p.URL+"/messages", &body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Origin", p.URL)
	return v.Do(request)
}

// sendAt is the send whose page a visitor is on.
func sendAt(t *testing.T, v *webtest.Visitor) models.ID {
	t.Helper()
	found := regexp.MustCompile(`/messages/sends/([0-9a-f-]{36})`).FindStringSubmatch(v.Path)
	if found == nil {
		t.Fatal("not on a send: " + v.Path)
	}
	id, _ := models.ParseID(found[1])
	return id
}

func accept(t *testing.T, p *webtest.Portal, tenant, send models.ID) {
	t.Helper()
	if err := p.Messaging.Run(context.Background(), tenant, send); err != nil {
		t.Fatal(err)
	}
}

func handOverAll(t *testing.T, p *webtest.Portal, tenant models.ID) {
	t.Helper()
	if err := messaging.NewCarrier(p.Store, &gateways.Simulator{}).Drain(context.Background(), tenant); err != nil {
		t.Fatal(err)
	}
}

// MSG-1: numbers are pasted and uploaded; the preview says what goes where at what price, and what is left out; Send sends it once.
func TestSendMessages(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own
	give(t, p, own.Account, "10.00")
	v := p.As(t, own)
	v.Get("/messages/new").Want(200).Sees("From", "+4915112345672 (registered mobile)", "Numbers", "File")
	compose(t, p, v, map[string]string{"text": strings.Repeat("a", 200), "numbers": "+43 664 1234567\nnobody"}, "name,number\nA,+4915112505000\nB,+4915112505001\nC,12\n").Want(200).
		Sees("Preview", "2 rows are no number that messages can go to.", "Austria", "Germany", "0,42 EUR", "GSM-7", "2 parts", "Balance of North Clinic", "9,58 EUR", "Send 3 messages")
	id := sendAt(t, v)
	v.Click("Show the rows that are no numbers").Want(200).Sees("nobody", "line 2 of what was typed", "row 4 of the file").Click("Export CSV").Want(200)
	if rows := rowsOf(t, v); len(rows) != 3 || rows[1][2] != "nobody" || rows[2][1] != "4" {
		t.Errorf("%q", rows)
	}
	path, form := v.Get("/messages/sends/" + id.String()).FormOf("Send 3 messages")
	v.Post(path, form).Want(200).Sees("Sending", "0 of 3 recipients handled")
	v.Clone().Post(path, form).Want(200) // twice is once
	accept(t, p, own.Account.TenantID, id)
	v.Get("/messages/sends/"+id.String()).Want(200).Sees("3 of 3 recipients handled. 3 accepted messages wait", "0,42 EUR")
	handOverAll(t, p, own.Account.TenantID)
	accept(t, p, own.Account.TenantID, id)
	v.Get("/messages/sends/"+id.String()).Want(200).Sees("Done", "Delivered3")
	if got := balances(t, p, own.Account); got != "9.58 EUR" {
		t.Error(got)
	}
	v.Get("/messages/sends").Want(200).Sees("Done", "+4915112345672")
	p.As(t, p.Clinic.Admin).Get("/messages/sends").Want(200).Sees("North Clinic").Get("/messages/sends/"+id.String()).Want(200).Sees("By North Clinic", "0,42 EUR").SeesNot("Cancel")
}

// MSG-1, bad input: what cannot be sent comes back with what was typed, and its sentence beside the field.
func TestComposeBadInput(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Clinic.Own)
	for _, c := range []struct {
		fields               map[string]string
		file, label, problem string
	}{
		{map[string]string{"text": "", "numbers": "+4915112505000"}, "", "Text", "Enter a text."},
		{map[string]string{"text": "a\xff", "numbers": "+4915112505000"}, "", "Text", "This is not valid text: it has bytes that are no characters. Paste it again from where it comes from."},
		{map[string]string{"text": "Hi", "numbers": ""}, "", "Numbers", "Say whom this goes to: type numbers, upload a file, or choose a group."},
		{map[string]string{"text": "Hi", "numbers": "+4915112505000", "from": "x"}, "", "From", "Choose what this comes from."},
		{map[string]string{"text": "", "numbers": "1"}, "number\n1\n", "File", "Choose the file again: a page that comes back cannot keep it."},
	} {
		compose(t, p, v, c.fields, c.file).Want(422)
		if got := v.Problem(c.label); got != c.problem {
			t.Errorf("%v: %q, want %q", c.fields, got, c.problem)
		}
		if v.Value("Numbers") != c.fields["numbers"] {
			t.Errorf("%v: what was typed is gone", c.fields)
		}
	}
	compose(t, p, v, map[string]string{"text": strings.Repeat("x", 10_000), "numbers": "1"}, "").Want(422).Sees("This text takes 66 parts with its 10000 characters; 10 parts is the most.")
}

// Bad input: the price changes between preview and send: 409 with old and new, and nothing is sent.
func TestPriceChangedPage(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own
	give(t, p, own.Account, "10.00")
	v := compose(t, p, p.As(t, own), map[string]string{"text": "Hi", "numbers": "+4915112505000"}, "").Want(200)
	p.Clock.Add(60e9)
	price, err := models.ParsePrice("0.09", "EUR")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Billing.SetRate(context.Background(), p.Sam.Actor, billing.RateOrder{Currency: "EUR", Country: "DE", Price: price}); err != nil {
		t.Fatal(err)
	}
	v.Press("Send 1 message").Want(409).Sees("has changed since you looked at it", "You saw", "0,075 EUR", "0,09 EUR")
	if p.Count(t, "messages") != 0 || balances(t, p, own.Account) != "10.00 EUR" {
		t.Error("something was sent")
	}
	v.Press("Send 1 message").Want(200).Sees("Sending")
}

// BAL-2, MSG-2: who spends the parent's balance sees no price anywhere, and is told what blocked a send and who can change it.
func TestSharedBalanceSend(t *testing.T) {
	p := webtest.Open(t)
	shared := p.Clinic.Shared
	var numbers strings.Builder
	for i := range 14_000 {
		fmt.Fprintf(&numbers, "+4915112%06d\n", 505_000+i)
	}
	v := compose(t, p, p.As(t, shared), map[string]string{"text": "Hi", "numbers": numbers.String()}, "").Want(200).
		Sees("Send 14.000 messages", "does not pay for all of this").SeesNot("EUR", "Price")
	id := sendAt(t, v)
	v.Press("Send 14.000 messages").Want(200)
	accept(t, p, shared.Account.TenantID, id)
	v.Get("/messages/sends/"+id.String()).Want(200).Sees("Blocked", "is not enough for it", "North Clinic Group can add balance").SeesNot("EUR").
		Click("Why was this blocked?").Want(200).Sees("Refuses", "Balance", "Holds").SeesNot("EUR")
	p.As(t, p.Clinic.Admin).Get("/sub-accounts/"+shared.Account.ID.String()).Want(200).Click("Why was this blocked?").Want(200).Sees("0.025 EUR", "Refuses").
		Fill("To", "nonsense").Press("Ask the rules").Want(422).Sees("Ask the rules")
}

// MSG-1: pause, continue and cancel, with the consequences in figures.
func TestControlSendPages(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own
	give(t, p, own.Account, "10.00")
	v := compose(t, p, p.As(t, own), map[string]string{"text": "Hi", "numbers": "+4915112505000\n+4915112505001"}, "").Press("Send 2 messages").Want(200)
	id := sendAt(t, v)
	v.Press("Pause").Want(200).Sees("Paused").Press("Continue").Want(200).Sees("It goes on.")
	accept(t, p, own.Account.TenantID, id)
	v.Get("/messages/sends/"+id.String()).Click("Cancel").Want(200).Sees("0 messages are handed over already", "2 messages are accepted and not handed over").Press("Cancel").Want(200).Sees("Cancelled")
	if err := p.Messaging.CancelQueued(context.Background(), messaging.CancelRest{Tenant: own.Account.TenantID, Send: id}); err != nil {
		t.Fatal(err)
	}
	v.Get("/messages/sends/"+id.String()).Want(200).Sees("Cancelled2", "Given back0,15 EUR")
	if got := balances(t, p, own.Account); got != "10.00 EUR" {
		t.Error(got)
	}
	for _, stranger := range []storetest.Person{p.Clinic.Shared, p.Harbor.Admin} {
		s := p.As(t, stranger)
		s.Get("/messages/sends/" + id.String()).Want(404)
		s.Post("/messages/sends/"+id.String()+"/pause", nil).Want(404)
	}
}

// sentBy is a send that goes on.
func sentBy(t *testing.T, p *webtest.Portal, who storetest.Person) models.ID {
	t.Helper()
	ctx := context.Background()
	id, err := p.Messaging.Compose(ctx, who.Actor, messaging.Draft{Text: "Hi", Numbers: "+4915112505000\n+4915112505001\nnobody"})
	if err != nil {
		t.Fatal(err)
	}
	preview, err := p.Messaging.Quote(ctx, who.Actor, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Messaging.Start(ctx, who.Actor, messaging.StartOrder{Send: id, Quoted: preview.Quoted, Key: models.NewID().String()}); err != nil {
		t.Fatal(err)
	}
	accept(t, p, who.Account.TenantID, id)
	return id
}
