package messaging

import (
	"context"
	"encoding/json"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/billing"
	"offshoot/services/ledger"
	"offshoot/services/senders"
	"offshoot/services/store"
)

// NowOrder is one text to a few people, accepted at once.
type NowOrder struct {
	Account   models.ID
	Sender    models.ID // a Sender ID; NoID: the account's registered mobile
	Body      string
	To        []audience.Number
	Reference string // accepted once per account
}

// SendNow accepts a text to a few people within the caller's change, without a look at it before: it is a send that has come
// to its end but for what the gateway does. All of it is paid, or nothing is sent. What the rules refuse (the text, the
// Sender ID, a country without a price, an account that may not use anything, money, or a reference that stands) comes back
// as refused, with nothing to be committed; an err is for what broke. Numbers that opted out are the caller's to leave out.
func SendNow(ctx context.Context, tx *store.Tx, o NowOrder) (send models.ID, refused *models.Error, err error) {
	sender, err := senders.MayUse(tx, o.Account, o.Sender)
	if rule, is := asRule(err); is {
		return models.NoID, rule, nil
	}
	if err != nil {
		return models.NoID, nil, err
	}
	m := atOnce{newMessages: newMessages{account: o.Account, send: models.NewIDAt(tx.Now), sender: sender.Name}, body: o.Body, reference: o.Reference, to: o.To}
	if refused, err = m.accept(ctx, tx); refused != nil || err != nil {
		return models.NoID, refused, err
	}
	prices, err := json.Marshal(m.prices)
	if err != nil {
		return models.NoID, nil, err
	}
	tx.Queue(`INSERT INTO sends (tenant_id, id, account_id, created_by, created_as, user_id, sender, sender_id, body, encoding, parts, status, run, prices,
			currency, rows, recipients, position, handled, created_at, started_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'running', 1, $12, $13, $14, $14, $14, $14, $15, $15)`,
		tx.Actor.Tenant, m.send, o.Account, tx.Actor.Email, tx.Actor.Entered(), orNull(tx.Actor.User), m.sender, orNull(o.Sender), m.newMessages.body,
		string(m.encoding), m.parts, string(prices), m.currency, len(o.To), tx.Now)
	tx.Queue(`INSERT INTO send_recipients (tenant_id, send_id, position, source, line, number, country)
		SELECT $1, $2, position, 'typed', position, number, country FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS r (number, country, position)`,
		tx.Actor.Tenant, m.send, m.numbers, m.countries)
	return m.send, nil, tx.Enqueue(ctx, Accept{Tenant: tx.Actor.Tenant, Send: m.send, Run: 1}, nil)
}

// atOnce is one text to a few people, accepted whole or not at all.
type atOnce struct {
	newMessages
	body      string // as it was given; newMessages has it as it is sent
	reference string
	to        []audience.Number

	currency string
	prices   map[string]int64 // by country, in millionths
	ids      []models.ID
}

// accept measures the text, prices and pays it, writes the messages and has them handed over. A reference that stands is
// refused with ledger.ErrReferenceReused.
func (a *atOnce) accept(ctx context.Context, tx *store.Tx) (refused *models.Error, err error) {
	a.newMessages.body = Tidy(a.body)
	size, err := Measure(a.newMessages.body)
	if err != nil {
		refused, _ = asRule(err)
		return refused, nil
	}
	a.encoding, a.parts = size.Encoding, int64(size.Parts)
	if err := tx.Raw(`SELECT currency FROM accounts WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, a.account).Row().Scan(&a.currency); err != nil {
		return nil, err
	}
	prices, err := billing.PricesAt(tx, a.currency, tx.Now)
	if err != nil {
		return nil, err
	}
	a.prices = map[string]int64{}
	bill := ledger.Bill{Account: a.account, Reference: a.reference}
	for _, to := range a.to {
		price, served := prices[to.Country]
		if !served {
			return refusal(models.Rule{Code: rulePrice, Says: "There is no price for messages to " + models.CountryName(to.Country) + "."}), nil
		}
		a.prices[to.Country] = price.Micros()
		a.numbers, a.countries = append(a.numbers, to.E164), append(a.countries, to.Country)
		bill.Items = append(bill.Items, ledger.Item{Country: to.Country, Parts: a.parts, Price: models.FromMicros(price.Micros()*a.parts, a.currency)})
	}
	receipts, err := ledger.Pay(ctx, tx, []ledger.Bill{bill})
	switch {
	case err != nil:
		return nil, err
	case receipts[0].Repeated:
		return ledger.ErrReferenceReused, nil
	}
	for _, p := range receipts[0].Items {
		if p.Refused != nil {
			return p.Refused, nil
		}
	}
	if a.ids, err = a.insert(tx, receipts[0].Items); err != nil {
		return nil, err
	}
	return nil, enqueueHandOver(ctx, tx, a.send, a.ids, 1)
}
