package inbound_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/gateways"
	"offshoot/services/inbound"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

const (
	wardsNumber = "+4915155500001"
	norasNumber = "+4915155500002"
	ada         = "+4915112340001"
)

// town is the cast with a number for the ward, which has 1.00 and may use interactive messages, and one for its parent; a part to
// Germany costs 0.075.
type town struct {
	*storetest.World
	in   *inbound.Service
	ward models.Actor
	seq  int
}

func newTown(t testing.TB) *town {
	t.Helper()
	w := storetest.NewWorld(t)
	c := &town{World: w, in: inbound.New(w.Store)}
	person := w.AddActive(t, w.Clinic, "Day Ward", "dayward@clinic.example", models.InteractiveMessages, models.ManageAudience)
	c.ward = person.Actor
	_, err := w.Ledger.Transfer(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: c.ward.Account, Amount: storetest.Euros(t, "1.00")})
	must(t, err)
	for number, email := range map[string]string{wardsNumber: "dayward@clinic.example", norasNumber: "nora@clinic.example"} {
		_, err := c.in.AssignNumber(ctx, w.Sam.Actor, inbound.NumberOrder{Number: number, Email: email})
		must(t, err)
	}
	return c
}

// says has somebody write to a number, and returns what was kept.
func (c *town) says(t testing.TB, from, to, text string) models.InboundMessage {
	t.Helper()
	c.seq++
	got, err := c.in.Receive(ctx, gateways.Inbound{ID: fmt.Sprint("m", c.seq), From: from, To: to, Body: text, At: c.Clock.Now()}, "simulator")
	must(t, err)
	if got.Repeated {
		t.Fatal("not new")
	}
	return c.kept(t, got.ID)
}

func (c *town) kept(t testing.TB, id models.ID) models.InboundMessage {
	t.Helper()
	for _, actor := range []models.Actor{c.ward, c.Clinic.Admin.Actor} {
		page, err := c.in.Messages(ctx, actor, models.InboundFilter{})
		must(t, err)
		for _, m := range page.Rows {
			if m.ID == id {
				return m
			}
		}
	}
	t.Fatal("not kept")
	return models.InboundMessage{}
}

func (c *town) rule(t testing.TB, kind models.RuleKind, keyword, reply string) {
	t.Helper()
	must(t, c.in.AddRule(ctx, c.ward, inbound.RuleOrder{Kind: kind, Keyword: keyword, Reply: reply}))
}

// MSG-6: what comes for nobody, comes twice, or is nonsense.
func TestBadInbound(t *testing.T) {
	c := newTown(t)
	before := c.Fingerprint(t)
	for _, to := range []string{"", "+4915155509999", "abc", "\xff\x00", strings.Repeat("9", 10_000)} {
		got, err := c.in.Receive(ctx, gateways.Inbound{ID: "x", From: ada, To: to, Body: "STOP"}, "simulator")
		if err != nil || got != (inbound.Received{}) {
			t.Error(to, got, err)
		}
	}
	if c.Fingerprint(t) != before {
		t.Error("a message for nobody changed something")
	}
	c.rule(t, models.DefaultRule, "", "Hello")
	for i, in := range []gateways.Inbound{
		{From: "", Body: "hi"}, {From: "INFO", Body: "STOP"}, {From: "12345", Body: "hi"}, {From: "\x00\xff", Body: "\x00\xff"},
		{From: ada, Body: strings.Repeat("x", 1<<20)}, {From: ada, Body: ""},
	} {
		in.ID, in.To = fmt.Sprint("bad", i), wardsNumber
		got, err := c.in.Receive(ctx, in, "simulator")
		must(t, err)
		m := c.kept(t, got.ID)
		if answered := m.ReplyID != models.NoID; answered != (in.From == ada) || answered == (m.Problem != "") {
			t.Errorf("%.30v: %.300v", in, m)
		}
	}
	if n := c.Count(t, `opt_outs`); n != 0 {
		t.Error("somebody without a number opted out")
	}
}

// MSG-6: the same callback fifty times at once is one message, one answer and one charge.
func TestInboundTwice(t *testing.T) {
	c := newTown(t)
	c.rule(t, models.DefaultRule, "", "Hello")
	var wg sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for range 50 {
		wg.Go(func() {
			got, err := c.in.Receive(ctx, gateways.Inbound{ID: "same", From: ada, To: wardsNumber, Body: "hi"}, "kannel")
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !got.Repeated {
				fresh++
			}
		})
	}
	wg.Wait()
	if n := c.Count(t, `inbound_messages`); fresh != 1 || n != 1 || c.Count(t, `messages`) != 1 {
		t.Error(fresh, n, c.Count(t, `messages`))
	}
	if got := c.balance(t); got.Micros() != 925_000 {
		t.Error(got)
	}
	// another gateway's message of the same name is another
	if got, err := c.in.Receive(ctx, gateways.Inbound{ID: "same", From: ada, To: wardsNumber, Body: "hi"}, "twilio"); err != nil || got.Repeated {
		t.Error(got, err)
	}
}

func (c *town) balance(t testing.TB) models.Money {
	return c.BalanceOf(t, models.Account{TenantID: c.ward.Tenant, ID: c.ward.Account})
}

// MSG-6: an answer is a send of the account; what cannot be paid is kept with its reason.
func TestAnswers(t *testing.T) {
	c := newTown(t)
	c.rule(t, models.ExactRule, "INFO", "We are open from 8 to 18.")
	m := c.says(t, ada, wardsNumber, "info")
	if m.Meaning != models.InboundRule || m.Keyword != "INFO" || m.ReplyID == models.NoID {
		t.Errorf("%+v", m)
	}
	if n := c.Count(t, `messages WHERE id = $1 AND reply_to = $2 AND sender = $3 AND recipient = $4 AND amount = 75000 AND status = 'queued'`, m.ReplyID, m.ID, wardsNumber, ada); n != 1 {
		t.Error("the answer is no message of the account")
	}
	if m := c.says(t, "+6421345678", wardsNumber, "info"); m.ReplyID != models.NoID || !strings.Contains(m.Problem, "price") {
		t.Errorf("%+v", m)
	}
	if m := c.says(t, ada, wardsNumber, "nothing fits"); m.Meaning != models.InboundNone || m.ReplyID != models.NoID || m.Problem != "" {
		t.Errorf("%+v", m)
	}
	if m := c.says(t, ada, norasNumber, "info"); m.Meaning != models.InboundNone {
		t.Error("another account's rule answered", m)
	}
	_, err := c.Ledger.TransferBack(ctx, c.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: c.ward.Account, Amount: storetest.Euros(t, "0.90")})
	must(t, err)
	before := c.Count(t, `messages`)
	if m := c.says(t, ada, wardsNumber, "info"); m.ReplyID != models.NoID || m.Problem == "" || m.Reply == "" {
		t.Errorf("%+v", m)
	}
	if m := c.says(t, ada, wardsNumber, "STOP"); m.Meaning != models.InboundStop || m.Problem == "" {
		t.Errorf("%+v", m)
	}
	if c.Count(t, `messages`) != before || c.Count(t, `opt_outs`) != 1 {
		t.Error("STOP is not honoured without money, or something was sent without")
	}
}

// MSG-5, MSG-6: STOP is confirmed once, honoured by every answer, and taken back by START.
func TestStopAndStart(t *testing.T) {
	c := newTown(t)
	c.rule(t, models.DefaultRule, "", "Hello")
	if m := c.says(t, ada, wardsNumber, " Stop! "); m.Meaning != models.InboundStop || m.ReplyID == models.NoID || !strings.Contains(m.Reply, "Day Ward") {
		t.Errorf("%+v", m)
	}
	for _, text := range []string{"STOP", "unsubscribe"} {
		if m := c.says(t, ada, wardsNumber, text); m.ReplyID != models.NoID || m.Reply != "" {
			t.Errorf("confirmed again: %+v", m)
		}
	}
	for _, text := range []string{"hi", "HELP"} {
		if m := c.says(t, ada, wardsNumber, text); m.ReplyID != models.NoID || !strings.Contains(m.Problem, "opted out") {
			t.Errorf("%+v", m)
		}
	}
	if m := c.says(t, ada, norasNumber, "hi"); m.Problem != "" {
		t.Error("opted out from another account", m)
	}
	s := audience.New(c.Store)
	page, err := s.OptOuts(ctx, c.ward, models.OptOutQuery{})
	must(t, err)
	if len(page.Rows) != 1 || page.Rows[0].Source != models.OptOutInbound {
		t.Error(page)
	}
	if m := c.says(t, ada, wardsNumber, "start"); m.Meaning != models.InboundStart || m.ReplyID == models.NoID {
		t.Errorf("%+v", m)
	}
	if m := c.says(t, ada, wardsNumber, "hi"); m.ReplyID == models.NoID {
		t.Errorf("%+v", m)
	}
	if n := c.Count(t, `action_log WHERE action IN ('opt_out.added', 'opt_out.removed')`); n != 2 {
		t.Error(n, "lines")
	}
}

// MSG-6: two machines that answer each other stop.
func TestNoLoops(t *testing.T) {
	c := newTown(t)
	c.rule(t, models.DefaultRule, "", "Hello")
	answered := 0
	for range 20 {
		if m := c.says(t, ada, wardsNumber, "Thank you for your message."); m.ReplyID != models.NoID {
			answered++
		}
	}
	if answered != 5 {
		t.Error(answered)
	}
	if m := c.says(t, ada, wardsNumber, "STOP"); m.ReplyID == models.NoID {
		t.Error("opting out is not confirmed", m)
	}
	if m := c.says(t, "+4915112340002", wardsNumber, "hi"); m.ReplyID == models.NoID {
		t.Error("somebody else is not answered")
	}
	if m := c.says(t, norasNumber, wardsNumber, "hi"); m.ReplyID != models.NoID {
		t.Error("one of our numbers is answered")
	}
	c.Clock.Add(61 * time.Minute)
	c.says(t, ada, wardsNumber, "START")
	if m := c.says(t, ada, wardsNumber, "hi"); m.ReplyID == models.NoID {
		t.Error("not answered after an hour", m)
	}
}

// MSG-6: a stopped account keeps what comes in and answers nothing.
func TestInboundOfStoppedAccount(t *testing.T) {
	c := newTown(t)
	c.rule(t, models.DefaultRule, "", "Hello")
	_, err := c.Accounts.Deactivate(ctx, c.Clinic.Admin.Actor, c.ward.Account, "unpaid")
	must(t, err)
	if m := c.says(t, ada, wardsNumber, "hi"); m.ReplyID != models.NoID || m.Problem == "" {
		t.Errorf("%+v", m)
	}
}

// ACC-9, MSG-6: under a deactivated parent a sub-account keeps what comes in and answers nothing, whoever pays; STOP counts all
// the same. Reactivated, it answers again.
func TestInboundUnderStoppedParent(t *testing.T) {
	c := newTown(t)
	c.rule(t, models.DefaultRule, "", "Hello")
	must(t, c.Accounts.DeactivateParent(ctx, c.Sam.Actor, c.Clinic.ID, "unpaid"))
	if m := c.says(t, ada, wardsNumber, "hi"); m.ReplyID != models.NoID || m.Problem == "" {
		t.Errorf("%+v", m)
	}
	if m := c.says(t, ada, wardsNumber, "STOP"); m.Meaning != models.InboundStop {
		t.Errorf("%+v", m)
	}
	if c.Count(t, "opt_outs WHERE account_id = $1", c.ward.Account) != 1 {
		t.Error("the opt-out was not kept")
	}
	must(t, c.Accounts.ReactivateParent(ctx, c.Sam.Actor, c.Clinic.ID))
	if m := c.says(t, ada, wardsNumber, "START"); m.ReplyID == models.NoID {
		t.Errorf("%+v", m)
	}
}

// MSG-6, ACC-15: a number belongs to one account of the installation; staff give and take it.
func TestNumbers(t *testing.T) {
	c := newTown(t)
	for _, actor := range []models.Actor{c.ward, c.Clinic.Admin.Actor, {}} {
		_, err := c.in.AssignNumber(ctx, actor, inbound.NumberOrder{Number: "015155500009", Email: "nora@clinic.example"})
		refused(t, err, models.ErrMissingPrivilege, "")
		refused(t, c.in.ReleaseNumber(ctx, actor, c.Clinic.ID, wardsNumber), models.ErrMissingPrivilege, "")
	}
	for field, o := range map[string]inbound.NumberOrder{"email": {Number: "+4915155500009", Email: "nobody@clinic.example"}, "number": {Number: "x", Email: "nora@clinic.example"}} {
		_, err := c.in.AssignNumber(ctx, c.Sam.Actor, o)
		refused(t, err, models.ErrCheckFields, field)
	}
	for _, email := range []string{"haru@harbor.example", "dayward@clinic.example"} {
		_, err := c.in.AssignNumber(ctx, c.Sam.Actor, inbound.NumberOrder{Number: wardsNumber, Email: email})
		refused(t, err, models.ErrCheckFields, "number")
	}
	refused(t, c.in.ReleaseNumber(ctx, c.Sam.Actor, c.Harbor.ID, wardsNumber), inbound.ErrNoSuchNumber, "")
	page, err := c.in.Numbers(ctx, c.Sam.Actor, "151555", "")
	must(t, err)
	if len(page.Rows) != 0 {
		t.Error("a number is found by its middle")
	}
	page, err = c.in.Numbers(ctx, c.Sam.Actor, "+49 151 555", "")
	must(t, err)
	if len(page.Rows) != 2 || page.Rows[0].AccountName != "Day Ward" || page.Rows[0].ParentName != "North Clinic Group" {
		t.Error(page)
	}
	must(t, c.in.ReleaseNumber(ctx, c.Sam.Actor, c.Clinic.ID, wardsNumber))
	_, err = c.in.AssignNumber(ctx, c.Sam.Actor, inbound.NumberOrder{Number: wardsNumber, Email: "HARU@harbor.example "})
	must(t, err)
	if got, err := c.in.Receive(ctx, gateways.Inbound{ID: "1", From: ada, To: wardsNumber, Body: "hi"}, "simulator"); err != nil || got.Account != c.Harbor.ID {
		t.Error(got, err)
	}
}

// MSG-6: the forms of keywords and rules, and who may use them.
func TestRules(t *testing.T) {
	c := newTown(t)
	night := c.Clinic.Own.Actor // without the privilege
	refused(t, c.in.AddRule(ctx, night, inbound.RuleOrder{Kind: models.ExactRule, Keyword: "A", Reply: "b"}), models.ErrMissingPrivilege, "")
	for name, o := range map[string]struct {
		order inbound.RuleOrder
		field string
	}{
		"no kind":          {inbound.RuleOrder{Keyword: "A", Reply: "b"}, "kind"},
		"no keyword":       {inbound.RuleOrder{Kind: models.ExactRule, Reply: "b"}, "keyword"},
		"signs":            {inbound.RuleOrder{Kind: models.PrefixRule, Keyword: "!!", Reply: "b"}, "keyword"},
		"long":             {inbound.RuleOrder{Kind: models.ExactRule, Keyword: strings.Repeat("x", 61), Reply: "b"}, "keyword"},
		"invalid":          {inbound.RuleOrder{Kind: models.ExactRule, Keyword: "a\xff", Reply: "b"}, "keyword"},
		"stop":             {inbound.RuleOrder{Kind: models.ExactRule, Keyword: "Stop.", Reply: "b"}, "keyword"},
		"no reply":         {inbound.RuleOrder{Kind: models.ExactRule, Keyword: "A", Reply: " "}, "reply"},
		"long reply":       {inbound.RuleOrder{Kind: models.ExactRule, Keyword: "A", Reply: strings.Repeat("x", 10_000)}, "reply"},
		"another's number": {inbound.RuleOrder{Kind: models.ExactRule, Keyword: "A", Reply: "b", Number: norasNumber}, "number"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.in.AddRule(ctx, c.ward, o.order), models.ErrCheckFields, o.field) })
	}
	for _, word := range []string{"ONE", "TWO", "THREE"} {
		c.rule(t, models.ExactRule, word, word)
	}
	rules, numbers, err := c.in.Rules(ctx, c.ward)
	must(t, err)
	if len(rules) != 3 || len(numbers) != 1 {
		t.Fatal(rules, numbers)
	}
	id := rules[2].ID
	for _, other := range []models.Actor{c.Clinic.Admin.Actor, c.Harbor.Admin.Actor} {
		for what, err := range map[string]error{"change": c.in.ChangeRule(ctx, other, id, inbound.RuleOrder{Kind: models.DefaultRule, Reply: "x", Version: 1}),
			"pause": c.in.PauseRule(ctx, other, id, true), "move": c.in.MoveRule(ctx, other, id, -1), "delete": c.in.DeleteRule(ctx, other, id)} {
			if !errors.Is(err, inbound.ErrNoSuchRule) {
				t.Error(what, err)
			}
		}
	}
	for range 5 {
		must(t, c.in.MoveRule(ctx, c.ward, id, -1))
	}
	must(t, c.in.PauseRule(ctx, c.ward, id, true))
	refused(t, c.in.ChangeRule(ctx, c.ward, id, inbound.RuleOrder{Kind: models.DefaultRule, Reply: "x", Version: 1}), inbound.ErrStale, "")
	must(t, c.in.DeleteRule(ctx, c.ward, rules[0].ID))
	must(t, c.in.AddRule(ctx, c.ward, inbound.RuleOrder{Kind: models.DefaultRule, Reply: "default", Number: wardsNumber}))
	rules, _, err = c.in.Rules(ctx, c.ward)
	must(t, err)
	var order []string
	for _, r := range rules {
		order = append(order, r.Keyword)
	}
	if strings.Join(order, " ") != "THREE TWO " || !rules[0].Paused {
		t.Error(order, rules)
	}
	v, err := c.in.Try(ctx, c.ward, wardsNumber, "three")
	must(t, err)
	if v.Reply != "default" || v.Rule == nil || v.Why == "" {
		t.Error(v)
	}
}
