package ledger

import (
	"context"
	"strings"

	"offshoot/models"
	"offshoot/services/store"
)

// PaymentOrder tells of money that a parent paid by other means: a bank transfer, a cheque, cash.
type PaymentOrder struct {
	Parent    models.ID
	Amount    models.Money
	Reference string // of the bank or the receipt; booked once per parent
	Note      string
	Key       string
}

// Validate says what is wrong with the order by itself: amount, reference, note.
func (o PaymentOrder) Validate() error {
	var p models.Problems
	if !o.Amount.IsPositive() {
		p.Add("amount", "Enter an amount above zero.")
	}
	if n := len([]rune(strings.TrimSpace(o.Reference))); n == 0 || n > 120 {
		p.Add("reference", "Enter the reference of the payment, up to 120 characters.")
	}
	checkNote(&p, o.Note)
	return p.Err()
}

// ErrPaymentBooked is the refusal of a payment whose reference stands in the books already.
var ErrPaymentBooked = &models.Error{Kind: models.Conflict, Code: "payment_booked",
	Message: "A payment with this reference is booked already."}

// RecordMoney books money received from outside into a parent's balance.
// For: staff Admins. Refuses: missing privilege; a bad order; no such parent; a reference that is booked already.
func (s *Service) RecordMoney(ctx context.Context, actor models.Actor, order PaymentOrder) (models.Transfer, error) {
	if err := actor.Require(models.RecordMoney); err != nil {
		return models.Transfer{}, err
	}
	if err := order.Validate(); err != nil {
		return models.Transfer{}, err
	}
	actor = actor.In(order.Parent)
	var posted models.Transfer
	done, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		w, err := lock(ctx, tx, place{account: order.Parent, kind: outsideWallet}, place{account: order.Parent, kind: balanceWallet})
		if err != nil {
			return models.Event{}, err
		}
		reference := strings.TrimSpace(order.Reference)
		posted, err = post(tx, movement{kind: models.Payment, from: w[0], to: w[1], amount: order.Amount, note: order.Note, reference: reference})
		e := event(models.MoneyReceived, posted, posted.To, models.Side{}, order.Note)
		e.Reference = reference
		return e, err
	}, store.Once(order.Key, order))
	if store.Violates(err, "transfers_payment_reference_key") {
		err = ErrPaymentBooked.At("reference", ErrPaymentBooked.Message)
	}
	if err == nil && done.Repeated {
		return s.Posted(ctx, actor, done.Transfer)
	}
	return posted, err
}
