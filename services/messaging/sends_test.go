package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
	"offshoot/services/storetest"
)

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// german are n different mobile numbers in Germany, one a line.
func german(n int) string {
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "+4915112%06d\n", 505_000+i)
	}
	return lines.String()
}

func compose(t testing.TB, w *storetest.World, who storetest.Person, d messaging.Draft) models.ID {
	t.Helper()
	if d.Text == "" {
		d.Text = "Hello"
	}
	id, err := w.Messaging.Compose(ctx, who.Actor, d)
	must(t, err)
	return id
}

func start(w *storetest.World, who storetest.Person, id models.ID) error {
	p, err := w.Messaging.Quote(ctx, who.Actor, id)
	if err != nil {
		return err
	}
	_, err = w.Messaging.Start(ctx, who.Actor, messaging.StartOrder{Send: id, Quoted: p.Quoted, Key: models.NewID().String()})
	return err
}

// sent composes, starts and accepts a send.
func sent(t testing.TB, w *storetest.World, who storetest.Person, d messaging.Draft) models.ID {
	t.Helper()
	id := compose(t, w, who, d)
	must(t, start(w, who, id))
	run(t, w, who, id)
	return id
}

func run(t testing.TB, w *storetest.World, who storetest.Person, id models.ID) {
	t.Helper()
	must(t, w.Messaging.Run(ctx, who.Account.TenantID, id))
}

func handOver(t testing.TB, w *storetest.World, who storetest.Person) {
	t.Helper()
	must(t, messaging.NewCarrier(w.Store, &gateways.Simulator{}).Drain(ctx, who.Account.TenantID))
}

func progress(t testing.TB, w *storetest.World, who storetest.Person, id models.ID) models.SendProgress {
	t.Helper()
	p, err := w.Messaging.Progress(ctx, who.Actor, id)
	must(t, err)
	return p
}

func give(t testing.TB, w *storetest.World, c storetest.Company, amount string) {
	t.Helper()
	_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: storetest.Euros(t, amount)})
	must(t, err)
}

// MSG-1, MSG-2: numbers are composed, quoted, paid when they are accepted, handed over and done; what is paid is the quote.
func TestSendFromEndToEnd(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	give(t, w, w.Clinic, "10")
	id := compose(t, w, who, messaging.Draft{Text: strings.Repeat("a", 161), Numbers: german(3) + "+436641234567; +43 664 1234567, 0151 12505000"})
	p, err := w.Messaging.Quote(ctx, who.Actor, id)
	must(t, err)
	// 3 × 2 parts × 0.075 + 1 × 2 parts × 0.06
	if p.Send.Recipients != 4 || p.Send.Duplicates != 2 || p.Send.Refused != 0 || p.Quote.Money.String() != "0.57 EUR" || p.Quote.Parts != 8 || p.Quote.Missing {
		t.Fatalf("%+v", p)
	}
	must(t, start(w, who, id))
	run(t, w, who, id)
	got := progress(t, w, who, id)
	if got.Status != models.SendRunning || got.Handled != 4 || got.Waiting() != 4 || got.Cost.String() != "0.57 EUR" {
		t.Fatalf("%+v", got)
	}
	if has := w.BalanceOf(t, who.Account); has.String() != "9.43 EUR" {
		t.Error(has)
	}
	handOver(t, w, who)
	run(t, w, who, id)
	if got = progress(t, w, who, id); got.Status != models.SendDone || got.ByStatus[models.MessageDelivered] != 4 || got.EndedAt == nil {
		t.Errorf("%+v", got)
	}
}

// MSG-1, bad input: every malformed row of an upload is told with its row and reason, and none of them is sent.
func TestUploadTellsEveryBadRow(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	give(t, w, w.Clinic, "10")
	file := "name;number\nAnna;+49 151 12345601\nBert;not a number\nCora;\nDora;+49151\nEmil;+4915112345601\nFinn;112\nGus;=1+1\n\nHedi;+4915112345602,+4915112345603\nIda;\xff\xfe\nJan;0151 12345604\n"
	id := sent(t, w, who, messaging.Draft{File: strings.NewReader(file)})
	list, err := w.Messaging.Skipped(ctx, who.Actor, id, 0)
	must(t, err)
	var rows []int64
	for _, s := range list.Skips {
		rows = append(rows, s.Line)
		if s.Source != "file" || s.Problem == "" {
			t.Errorf("%+v", s)
		}
	}
	if !slices.Equal(rows, []int64{3, 4, 5, 7, 8, 10, 11}) {
		t.Errorf("%+v", list.Skips)
	}
	got := progress(t, w, who, id)
	if got.Recipients != 2 || got.Refused != 7 || got.Duplicates != 1 || w.Count(t, "messages") != 2 {
		t.Errorf("%+v", got)
	}
}

// MSG-1, bad input: what cannot be composed is refused at its field, and leaves nothing.
func TestComposeRefuses(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	for name, c := range map[string]struct {
		draft messaging.Draft
		field string
	}{
		"no text":              {messaging.Draft{Numbers: german(1)}, "text"},
		"invalid UTF-8":        {messaging.Draft{Text: "a\xff", Numbers: german(1)}, "text"},
		"10,000 characters":    {messaging.Draft{Text: strings.Repeat("a", 10_000), Numbers: german(1)}, "text"},
		"nobody":               {messaging.Draft{Text: "a", Numbers: " \n"}, "numbers"},
		"commas only":          {messaging.Draft{Text: "a", Numbers: ",;\n,"}, "numbers"},
		"no such group":        {messaging.Draft{Text: "a", Group: models.NewID()}, "group"},
		"no such Sender ID":    {messaging.Draft{Text: "a", Numbers: german(1), Sender: models.NewID()}, "from"},
		"an empty file":        {messaging.Draft{Text: "a", File: strings.NewReader("")}, "file"},
		"too many of a file":   {messaging.Draft{Text: "a", File: strings.NewReader(strings.Repeat("1\n", messaging.MaxNumbers+2))}, "file"},
		"a picture for a file": {messaging.Draft{Text: "a", File: strings.NewReader("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00")}, "file"},
	} {
		_, err := w.Messaging.Compose(ctx, who.Actor, c.draft)
		var refused *models.Error
		if !errors.As(err, &refused) || refused.Fields[c.field] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.Count(t, "sends")+w.Count(t, "send_recipients") != 0 {
		t.Error("a refusal left something")
	}
}
