package ledger

import (
	"context"

	"offshoot/models"
	"offshoot/services/store"
)

// TransferOrder asks for an amount to move between a parent and one of its sub-accounts.
type TransferOrder struct {
	SubAccount models.ID
	Amount     models.Money
	All        bool // with TransferBack: whatever is there
	Note       string
	Key        string // one-time key of the form or request; empty: none
}

// MaxNote is how many characters a note may have.
const MaxNote = 200

func (o TransferOrder) validate() error {
	var p models.Problems
	if !o.All && !o.Amount.IsPositive() {
		p.Add("amount", "Enter an amount above zero.")
	}
	checkNote(&p, o.Note)
	return p.Err()
}

func checkNote(p *models.Problems, note string) {
	if len([]rune(note)) > MaxNote {
		p.Add("note", "Keep the note under 200 characters.")
	}
}

// Transfer moves an amount from the actor's account to one of its sub-accounts, at once.
// For: a parent's Admins. Refuses: missing privilege; a bad order; a sub-account that is not the actor's
// (ErrNoSuchAccount); a deactivated one; more than is available (ErrInsufficientBalance). Repeated under the same key
// it moves nothing and returns the transfer it made.
func (s *Service) Transfer(ctx context.Context, actor models.Actor, order TransferOrder) (models.Transfer, error) {
	return s.move(ctx, actor, order, giveOut)
}

// TransferBack moves an amount, or all there is, from a sub-account to the actor's account, at once.
// For: a parent's Admins. Refuses as Transfer does, and with ErrNothingToReturn when all is nothing.
func (s *Service) TransferBack(ctx context.Context, actor models.Actor, order TransferOrder) (models.Transfer, error) {
	return s.move(ctx, actor, order, takeBack)
}

// PreviewTransfer says what Transfer would do now, with its refusals, and does nothing.
func (s *Service) PreviewTransfer(ctx context.Context, actor models.Actor, order TransferOrder) (models.Transfer, error) {
	return s.rehearse(ctx, actor, order, giveOut)
}

// PreviewTransferBack says what TransferBack would do now, with its refusals, and does nothing.
func (s *Service) PreviewTransferBack(ctx context.Context, actor models.Actor, order TransferOrder) (models.Transfer, error) {
	return s.rehearse(ctx, actor, order, takeBack)
}

// direction is one way between a parent and its sub-account.
type direction func(context.Context, *store.Tx, TransferOrder) (models.Transfer, models.Event, error)

func (s *Service) move(ctx context.Context, actor models.Actor, order TransferOrder, way direction) (models.Transfer, error) {
	if err := permits(actor, order); err != nil {
		return models.Transfer{}, err
	}
	var posted models.Transfer
	done, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		posted, event, err = way(ctx, tx, order)
		return event, err
	}, store.Once(order.Key, order))
	if err == nil && done.Repeated {
		return s.Posted(ctx, actor, done.Transfer)
	}
	return posted, err
}

func (s *Service) rehearse(ctx context.Context, actor models.Actor, order TransferOrder, way direction) (models.Transfer, error) {
	if err := permits(actor, order); err != nil {
		return models.Transfer{}, err
	}
	var posted models.Transfer
	err := s.store.Preview(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		posted, event, err = way(ctx, tx, order)
		return event, err
	})
	return posted, err
}

func permits(actor models.Actor, order TransferOrder) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	if order.SubAccount == actor.Account { // a parent is no sub-account of its own
		return ErrNoSuchAccount
	}
	return order.validate()
}

// Give moves an amount from the parent to its sub-account within a change of another service, and logs it.
func Give(ctx context.Context, tx *store.Tx, sub models.ID, amount models.Money, note string) (models.Transfer, error) {
	posted, event, err := giveOut(ctx, tx, TransferOrder{SubAccount: sub, Amount: amount, Note: note})
	if err != nil {
		return models.Transfer{}, err
	}
	return posted, tx.Log(event)
}

// ReturnAll moves whatever a sub-account has to its parent within a change of another service, and logs it. Where there is
// nothing, nothing is posted.
func ReturnAll(ctx context.Context, tx *store.Tx, sub models.ID, note string) (models.Transfer, error) {
	posted, event, err := takeBack(ctx, tx, TransferOrder{SubAccount: sub, All: true, Note: note})
	if err == ErrNothingToReturn {
		return models.Transfer{}, nil
	}
	if err != nil {
		return models.Transfer{}, err
	}
	return posted, tx.Log(event)
}

func giveOut(ctx context.Context, tx *store.Tx, order TransferOrder) (models.Transfer, models.Event, error) {
	w, err := lock(ctx, tx, place{tx.Actor.Tenant, balanceWallet}, place{order.SubAccount, balanceWallet})
	if err != nil {
		return models.Transfer{}, models.Event{}, err
	}
	p, err := post(tx, movement{kind: models.GivenOut, from: w[0], to: w[1], amount: order.Amount, note: order.Note})
	return p, event(models.TransferPosted, p, p.To, p.From, order.Note), err
}

func takeBack(ctx context.Context, tx *store.Tx, order TransferOrder) (models.Transfer, models.Event, error) {
	w, err := lock(ctx, tx, place{order.SubAccount, balanceWallet}, place{tx.Actor.Tenant, balanceWallet})
	if err != nil {
		return models.Transfer{}, models.Event{}, err
	}
	amount := order.Amount
	if order.All {
		if amount = w[0].balance(); !amount.IsPositive() {
			return models.Transfer{}, models.Event{}, ErrNothingToReturn
		}
	}
	p, err := post(tx, movement{kind: models.GivenBack, from: w[0], to: w[1], amount: amount, note: order.Note})
	return p, event(models.TransferredBack, p, p.From, p.To, order.Note), err
}

// event is the log's line of a transfer, told from one side.
func event(action models.Action, p models.Transfer, of, other models.Side, note string) models.Event {
	e := models.Event{Action: action, Account: of.Account, Other: other.Account, Amount: &p.Amount, BalanceAfter: &of.After, Transfer: p.ID}
	if note != "" {
		e.Details = map[string]string{"note": note}
	}
	return e
}
