package gateways_test

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/services/gateways/kanneltest"
	"offshoot/services/secrets"
)

// portal is what Kannel calls back: it reads callbacks with the adapter, as the portal's routes do.
type portal struct {
	mutex   sync.Mutex
	gateway gateways.Gateway
	away    bool
	reports map[models.ID][]gateways.Report
	inbound []gateways.Inbound
	refused []error
}

func (p *portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.away {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/inbound") {
		in, err := p.gateway.Inbound(r)
		if err != nil {
			p.refused = append(p.refused, err)
		}
		p.inbound = append(p.inbound, in)
		return
	}
	report, err := p.gateway.Report(r)
	if err != nil {
		p.refused = append(p.refused, err)
	}
	p.reports[report.Message] = append(p.reports[report.Message], report)
}

func (p *portal) became(m gateways.Message) []gateways.Report {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Clone(p.reports[m.ID])
}

// MSG-3: Debian's Kannel takes messages of the adapter, its operator gets them as they were written, and its reports and inbound
// messages come back; also when the operator is away for a while, or the portal.
func TestRealKannel(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	k := kanneltest.Start(t, address)
	p := &portal{reports: map[models.ID][]gateways.Report{}}
	if p.gateway, err = gateways.New(k.URL, gateways.Options{PublicURL: address, Stamps: secrets.ForTests()}); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: p}
	go server.Serve(listener)
	t.Cleanup(func() { _ = server.Close() })

	send := func(to, body string, encoding models.Encoding) gateways.Message {
		t.Helper()
		m := gateways.Message{Tenant: models.NewID(), ID: models.NewID(), From: "+4917000000", To: to, Body: body, Encoding: encoding}
		if answer := p.gateway.Send(t.Context(), m); answer.Outcome != gateways.Accepted {
			t.Fatalf("%s: %+v", to, answer)
		}
		return m
	}
	reported := func(m gateways.Message, status models.MessageStatus, problem string) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if all := p.became(m); len(all) > 0 {
				if all[0].Status != status || all[0].Tenant != m.Tenant || !strings.Contains(all[0].Problem, problem) {
					t.Errorf("%s: %+v, want %s %q", m.To, all[0], status, problem)
				}
				return
			}
		}
		t.Errorf("%s: no report", m.To)
	}

	delivered := send("+4915112345678", "Hello @ {all} of you: 5 € & more", models.GSM7)
	failed := send("+4915112340002", "Hello", models.GSM7)
	refused := send("+4915112340001", "Hello", models.GSM7)
	long := strings.Repeat("Grüße aus 北京 😀. ", 12) // 204 UTF-16 units: four parts
	inUCS2 := send("+4915112345679", long, models.UCS2)
	reported(delivered, models.MessageDelivered, "")
	reported(failed, models.MessageFailed, "(UNDELIV, error 042)")
	reported(refused, models.MessageFailed, "The operator refused it")
	reported(inUCS2, models.MessageDelivered, "")
	parts := k.Carried(inUCS2.To)
	if got := kanneltest.Text(parts); len(parts) != 4 || got != long {
		t.Errorf("%d parts arrived: %q", len(parts), got)
	}
	for _, part := range parts {
		if part.Coding != 8 || part.Parts != 4 {
			t.Errorf("a part of another kind: %+v", part)
		}
	}
	if n := len(p.became(inUCS2)); n != 1 {
		t.Errorf("a message of four parts is reported %d times", n)
	}
	if parts := k.Carried(delivered.To); len(parts) != 1 || kanneltest.Text(parts) != delivered.Body {
		t.Errorf("arrived as %q, want %q", kanneltest.Text(parts), delivered.Body)
	}

	k.Say("4915112345678", "4917000000", "STOP please")
	k.Say("4915112345678", "4917000000", "Grüße 你好 😀")
	arrived := func(n int) []gateways.Inbound {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			p.mutex.Lock()
			in := slices.Clone(p.inbound)
			p.mutex.Unlock()
			if len(in) >= n {
				return in
			}
		}
		t.Fatalf("%d inbound messages have not come", n)
		return nil
	}
	in := arrived(2)
	for i, body := range []string{"STOP please", "Grüße 你好 😀"} {
		if in[i].From != "+4915112345678" || in[i].To != "+4917000000" || in[i].Body != body || in[i].ID == "" || time.Since(in[i].At).Abs() > time.Hour {
			t.Errorf("inbound: %+v, want %q", in[i], body)
		}
	}

	// the operator is away: Kannel takes messages and keeps them
	k.OperatorDown()
	k.Online(false)
	kept := send("+4915112345680", "Kept meanwhile", models.GSM7)
	k.OperatorUp()
	reported(kept, models.MessageDelivered, "")
	k.Online(true)

	// the portal is away: Kannel brings its report again
	p.mutex.Lock()
	p.away = true
	p.mutex.Unlock()
	again := send("+4915112345681", "Reported again", models.GSM7)
	time.Sleep(1500 * time.Millisecond)
	p.mutex.Lock()
	p.away = false
	p.mutex.Unlock()
	reported(again, models.MessageDelivered, "")

	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.refused) > 0 {
		t.Errorf("refused callbacks: %v", p.refused)
	}
}
