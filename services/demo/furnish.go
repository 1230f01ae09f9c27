package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/billing"
	"offshoot/services/gateways"
	"offshoot/services/inbound"
	"offshoot/services/senders"
	"offshoot/services/sharing"
)

// thing is something that a company gets or arranges once.
type thing struct {
	day  int
	does act
	of   int // index of the sub-account; -1: the company itself
	text string
	unit int64 // units given
	to   []string
}

// things happen to the companies in this order.
func (t *teller) things() {
	for i, th := range t.company.has {
		e := event{at: t.at(th.day, 12, 5+i), does: th.does, thing: th}
		if th.of >= 0 {
			e.sub = &t.subs[th.of]
		}
		if th.does == bought {
			e.amount = t.mustPrice(th.text)
		}
		if th.does == grouped {
			e.letters = []letter{{country: t.Country, to: t.some(e.sub, t.homeOf(e.sub), 3*t.habitOf(e.sub).sends, 3*t.habitOf(e.sub).sends)}}
		}
		t.tell(e)
	}
}

func (t *teller) habitOf(s *sub) habit {
	if s == nil {
		return t.habit
	}
	return s.habit
}

func (t *teller) homeOf(s *sub) string { return t.habitOf(s).reach[0] }

// mustPrice is what a package costs in the company's currency.
func (t *teller) mustPrice(name string) models.Money {
	for _, o := range offers {
		if o.name == name {
			return t.must(o.prices[t.currency])
		}
	}
	panic("demo: no package " + name)
}

// arrange does one of these things. Each may be asked for again.
func (p *player) arrange(ctx context.Context, e event) error {
	switch e.does {
	case bought:
		return p.buy(ctx, e)
	case handed:
		return p.hand(ctx, e)
	case opening:
		return p.openToAll(ctx, e)
	case naming:
		return p.name(ctx, e)
	case grouped:
		return p.group(ctx, e)
	case numbered:
		return p.number(ctx, e)
	case answered:
		return p.answer(ctx, e)
	}
	return nil
}

func (p *player) buy(ctx context.Context, e event) error {
	on, err := p.billing.OnSale(ctx, p.owner)
	if err != nil {
		return err
	}
	for _, o := range on {
		if o.Name == e.thing.text {
			_, err := p.billing.BuyPackage(ctx, p.owner, billing.PurchaseOrder{Offer: o.ID, Price: e.amount, Key: fmt.Sprintf("demo-%s-%d", o.Name, e.thing.day)})
			return err
		}
	}
	return errors.New("demo: not on sale: " + e.thing.text)
}

// packageOf is the company's package of a name.
func (p *player) packageOf(ctx context.Context, name string) (models.ID, error) {
	has, err := p.billing.Usage(ctx, p.owner)
	if err != nil {
		return models.NoID, err
	}
	for _, h := range has {
		if h.Name == name {
			return h.ID, nil
		}
	}
	return models.NoID, errors.New("demo: nobody has bought " + name)
}

func (p *player) hand(ctx context.Context, e event) error {
	pkg, err := p.packageOf(ctx, e.thing.text)
	if err != nil {
		return err
	}
	return p.billing.ShareUnits(ctx, p.owner, billing.UnitsOrder{Package: pkg, SubAccount: p.of[e.sub], Units: e.thing.unit,
		Key: fmt.Sprintf("demo-units-%d-%s", e.thing.day, e.sub.Email)})
}

func (p *player) openToAll(ctx context.Context, e event) error {
	pkg, err := p.packageOf(ctx, e.thing.text)
	if err != nil {
		return err
	}
	now, err := p.sharing.Show(ctx, p.owner, models.SharedPackage, pkg)
	if err != nil || now.Setting == models.Public {
		return err
	}
	return p.billing.SetSharing(ctx, p.owner, pkg, models.Public, now.Version)
}

// name asks for a Sender ID; one with recipients is approved the next hour and shared with everybody.
func (p *player) name(ctx context.Context, e event) error {
	writer, err := p.writerOf(ctx, e.sub)
	if err != nil {
		return err
	}
	id, err := p.senders.Request(ctx, writer, senders.Request{Name: e.thing.text, Purpose: "Reminders and notices to people who know us", Key: "demo-" + e.thing.text})
	if err != nil || len(e.thing.to) == 0 {
		return err
	}
	p.clock.pass(47 * time.Minute)
	if err := unless(p.senders.Approve(ctx, p.staff, p.tenant, id), senders.ErrDecided); err != nil || e.sub != nil {
		return err
	}
	now, err := p.sharing.Show(ctx, p.owner, models.SharedSenderID, id)
	if err != nil || now.Setting == models.Public {
		return err
	}
	return p.sharing.Share(ctx, p.owner, sharing.Order{Kind: models.SharedSenderID, ID: id, Setting: models.Public, Version: now.Version})
}

// group keeps whom an account writes to as a group of contacts, and one of them as somebody who wants no more texts.
func (p *player) group(ctx context.Context, e event) error {
	writer, err := p.writerOf(ctx, e.sub)
	if err != nil {
		return err
	}
	group, err := p.audience.AddGroup(ctx, writer, audience.GroupOrder{Name: e.thing.text, Fields: []string{"Language"}, Key: "demo-" + e.thing.text})
	if err != nil {
		return err
	}
	people := e.letters[0].to
	for i, number := range people {
		_, err := p.audience.AddContact(ctx, writer, group, audience.ContactOrder{Number: number, Name: given[i%len(given)] + " " + family[i/len(given)%len(family)],
			Fields: map[string]string{"Language": "en"}})
		if rule := (*models.Error)(nil); err != nil && !(errors.As(err, &rule) && rule.Kind == models.Invalid) { // Invalid: is in the group already
			return err
		}
	}
	_, err = p.audience.AddOptOut(ctx, writer, people[len(people)-1])
	if rule := (*models.Error)(nil); errors.As(err, &rule) {
		return nil // has opted out already
	}
	return err
}

// number gives an account a number of the operator's, and its rules.
func (p *player) number(ctx context.Context, e event) error {
	_, err := p.inbound.AssignNumber(ctx, p.staff, inbound.NumberOrder{Number: e.thing.text, Email: p.emailOf(e.sub)})
	if rule := (*models.Error)(nil); err != nil && !errors.As(err, &rule) {
		return err
	}
	writer, err := p.writerOf(ctx, e.sub)
	if err != nil {
		return err
	}
	for _, r := range []inbound.RuleOrder{
		{Kind: models.ExactRule, Keyword: "TERMIN", Reply: "Bitte rufen Sie uns für einen Termin zwischen 8 und 12 Uhr an."},
		{Kind: models.PrefixRule, Keyword: "ABSAGE", Reply: "Danke, wir haben Ihre Absage erhalten."},
		{Kind: models.DefaultRule, Reply: "Danke für Ihre Nachricht. Wir melden uns."},
	} {
		r.Key = "demo-rule-" + string(r.Kind)
		if err := p.inbound.AddRule(ctx, writer, r); err != nil {
			return err
		}
	}
	return nil
}

// answer lets people write to an account's number, and its rules answer.
func (p *player) answer(ctx context.Context, e event) error {
	for i, body := range e.thing.to {
		_, err := p.inbound.Receive(ctx, gateways.Inbound{ID: fmt.Sprintf("demo-%d-%d", e.thing.day, i), From: fmt.Sprintf("+49151200000%02d", 11+i+e.thing.day),
			To: e.thing.text, Body: body, At: p.clock.Now()}, "simulator")
		if err != nil {
			return err
		}
		p.clock.pass(4 * time.Minute)
	}
	return p.carrier.Drain(ctx, p.tenant)
}

var (
	given  = []string{"Ada", "Ben", "Carla", "Deniz", "Elif", "Finn", "Greta", "Hugo", "Ida", "Jonas", "Klara", "Luca"}
	family = []string{"Albers", "Berger", "Çelik", "Dietrich", "Ernst", "Fiala"}
)
