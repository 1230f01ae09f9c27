package messaging

import (
	"context"

	"offshoot/models"
	"offshoot/services/audience"
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
	at := atOnce{newMessages: newMessages{account: o.Account, replyTo: o.Inbound, sender: o.From}, body: o.Body, reference: "reply/" + o.Inbound.String(),
		to: []audience.Number{{E164: o.To, Country: o.Country}}}
	refused, err = at.accept(ctx, tx)
	if refused != nil || err != nil {
		return models.NoID, refused, err
	}
	return at.ids[0], nil, nil
}
