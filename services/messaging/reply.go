package messaging

import (
	"context"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// ReplyOrder is an automatic answer to an inbound message.
type ReplyOrder struct {
	Account models.ID // whose number was written to: it pays, as for a send of its own
	Inbound models.ID // what is answered
	From    string    // the account's number, in E.164
	To      string    // E.164
	Country string    // of To
	Body    string
}

// Reply accepts one message within the caller's change: it is paid, counted and handed over as those of a send are. What
// the rules refuse (the text, a country without a price, an account that may not use anything, money) comes back as refused,
// with nothing written; an err is for what broke. It does not look at opt-outs: the caller has, and confirms one by it.
func Reply(ctx context.Context, tx *store.Tx, o ReplyOrder) (message models.ID, refused *models.Error, err error) {
	body := Tidy(o.Body)
	size, err := Measure(body)
	if err != nil {
		refused, _ = asRule(err)
		return models.NoID, refused, nil
	}
	var currency string
	if err := tx.Raw(`SELECT currency FROM accounts WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, o.Account).Row().Scan(&currency); err != nil {
		return models.NoID, nil, err
	}
	prices, err := billing.PricesAt(tx, currency, tx.Now)
	if err != nil {
		return models.NoID, nil, err
	}
	price, served := prices[o.Country]
	if !served {
		return models.NoID, refusal(models.Rule{Code: rulePrice, Says: "There is no price for messages to " + models.CountryName(o.Country) + "."}), nil
	}
	parts := int64(size.Parts)
	receipts, err := ledger.Pay(ctx, tx, []ledger.Bill{{Account: o.Account, Reference: "reply/" + o.Inbound.String(),
		Items: []ledger.Item{{Country: o.Country, Parts: parts, Price: models.FromMicros(price.Micros()*parts, currency)}}}})
	switch {
	case err != nil:
		return models.NoID, nil, err
	case len(receipts) != 1 || len(receipts[0].Items) != 1: // answered before
		return models.NoID, ledger.ErrReferenceReused, nil
	case receipts[0].Items[0].Refused != nil:
		return models.NoID, receipts[0].Items[0].Refused, nil
	}
	m := newMessages{account: o.Account, replyTo: o.Inbound, sender: o.From, body: body, encoding: size.Encoding, parts: parts,
		numbers: []string{o.To}, countries: []string{o.Country}}
	ids, err := m.insert(tx, receipts[0].Items)
	if err != nil {
		return models.NoID, nil, err
	}
	return ids[0], nil, enqueueHandOver(ctx, tx, models.NoID, ids, 1)
}
