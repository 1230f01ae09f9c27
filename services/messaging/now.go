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
	body := Tidy(o.Body)
	size, err := Measure(body)
	if err != nil {
		refused, _ = asRule(err)
		return models.NoID, refused, nil
	}
	sender, err := senders.MayUse(tx, o.Account, o.Sender)
	if rule, is := asRule(err); is {
		return models.NoID, rule, nil
	}
	if err != nil {
		return models.NoID, nil, err
	}
	var currency string
	if err := tx.Raw(`SELECT currency FROM accounts WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, o.Account).Row().Scan(&currency); err != nil {
		return models.NoID, nil, err
	}
	prices, err := billing.PricesAt(tx, currency, tx.Now)
	if err != nil {
		return models.NoID, nil, err
	}
	parts, decided := int64(size.Parts), map[string]int64{}
	bill := ledger.Bill{Account: o.Account, Reference: o.Reference}
	m := newMessages{account: o.Account, send: models.NewIDAt(tx.Now), sender: sender.Name, body: body, encoding: size.Encoding, parts: parts}
	for _, to := range o.To {
		price, served := prices[to.Country]
		if !served {
			return models.NoID, refusal(models.Rule{Code: rulePrice, Says: "There is no price for messages to " + models.CountryName(to.Country) + "."}), nil
		}
		decided[to.Country] = price.Micros()
		m.numbers, m.countries = append(m.numbers, to.E164), append(m.countries, to.Country)
		bill.Items = append(bill.Items, ledger.Item{Country: to.Country, Parts: parts, Price: models.FromMicros(price.Micros()*parts, currency)})
	}
	receipts, err := ledger.Pay(ctx, tx, []ledger.Bill{bill})
	if err != nil {
		return models.NoID, nil, err
	}
	if receipts[0].Repeated {
		return models.NoID, ledger.ErrReferenceReused, nil
	}
	for _, p := range receipts[0].Items {
		if p.Refused != nil {
			return models.NoID, p.Refused, nil
		}
	}
	text, err := json.Marshal(decided)
	if err != nil {
		return models.NoID, nil, err
	}
	n := len(o.To)
	tx.Queue(`INSERT INTO sends (tenant_id, id, account_id, created_by, created_as, user_id, sender, sender_id, body, encoding, parts, status, run, prices,
			currency, rows, recipients, position, handled, created_at, started_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'running', 1, $12, $13, $14, $14, $14, $14, $15, $15)`,
		tx.Actor.Tenant, m.send, o.Account, tx.Actor.Email, tx.Actor.Entered(), orNull(tx.Actor.User), m.sender, orNull(o.Sender), body, string(size.Encoding), parts,
		string(text), currency, n, tx.Now)
	tx.Queue(`INSERT INTO send_recipients (tenant_id, send_id, position, source, line, number, country)
		SELECT $1, $2, position, 'typed', position, number, country FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS r (number, country, position)`,
		tx.Actor.Tenant, m.send, m.numbers, m.countries)
	ids, err := m.insert(tx, receipts[0].Items)
	if err != nil {
		return models.NoID, nil, err
	}
	if err := enqueueHandOver(ctx, tx, m.send, ids, 1); err != nil {
		return models.NoID, nil, err
	}
	return m.send, nil, tx.Enqueue(ctx, Accept{Tenant: tx.Actor.Tenant, Send: m.send, Run: 1}, nil)
}
