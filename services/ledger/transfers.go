package ledger

import (
	"context"
	"maps"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// TransferOrder asks for an amount to move between a parent and one of its sub-accounts: money, or whole units of a package.
type TransferOrder struct {
	SubAccount models.ID
	Amount     models.Money
	All        bool // with TransferBack: whatever is there; of the package whose units Amount is of, else of the balance
	Note       string
	Key        string // one-time key of the form or request; empty: none
}

// MaxNote is how many characters a note may have.
const MaxNote = 200

func (o TransferOrder) validate() error {
	var p models.Problems
	switch {
	case o.All:
	case o.Amount.IsUnits() && (!o.Amount.IsPositive() || !o.Amount.Amount.IsInteger()):
		p.Add("amount", "Enter a whole number of units above zero.")
	case !o.Amount.IsPositive():
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
// (ErrNoSuchAccount); a deactivated one; of money, one whose monthly limit moves its balance (ErrMonthlyLimit) or that spends the
// actor's (ErrSpendsParents); frozen books (ErrFrozen); more than is available (ErrInsufficientBalance); of units also no such
// package (ErrNoSuchPackage), one that has ended (ErrPackageEnded), more than are left (ErrInsufficientUnits).
// Repeated under the same key it moves nothing and returns the transfer it made.
func (s *Service) Transfer(ctx context.Context, actor models.Actor, order TransferOrder) (models.Transfer, error) {
	return s.move(ctx, actor, order, giveOut)
}

// TransferBack moves an amount, or all there is, from a sub-account to the actor's account, at once.
// For: a parent's Admins. Refuses as Transfer does, and with ErrNothingToReturn when all is nothing; but what is still there of
// one that spends the actor's balance can be taken back.
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
type direction func(context.Context, *store.Tx, TransferOrder, *funded) (models.Transfer, models.Event, error)

func (s *Service) move(ctx context.Context, actor models.Actor, order TransferOrder, way direction) (models.Transfer, error) {
	if err := permits(actor, order); err != nil {
		return models.Transfer{}, err
	}
	var posted models.Transfer
	done, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		posted, event, err = way(ctx, tx, order, &funded{})
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
		posted, event, err = way(ctx, tx, order, &funded{})
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
	posted, event, err := giveOut(ctx, tx, TransferOrder{SubAccount: sub, Amount: amount, Note: note}, nil)
	if err != nil {
		return models.Transfer{}, err
	}
	return posted, tx.Log(event)
}

// funded is how the sub-account of an order is funded, where that decides whether money may be transferred: for people, not for
// what changes the funding itself. It is read once its balance is held, so that no transfer slips in behind a change.
type funded struct {
	by     models.Funding
	parent models.Plan
}

func (f *funded) ask(tx *store.Tx, sub models.ID) {
	if f == nil {
		return
	}
	tx.Ask(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&f.by, &f.parent}, func() error { return nil })
		return err
	}, `SELECT a.funding, p.plan FROM accounts a JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.tenant_id WHERE a.tenant_id = $1 AND a.id = $2`,
		tx.Actor.Tenant, sub)
}

// refuses a transfer; out says that it goes to the sub-account.
func (f *funded) refuses(out bool) error {
	switch {
	case f == nil:
		return nil
	case out && f.by.DrawsFrom(f.parent):
		return ErrSpendsParents
	case f.by == models.MonthlyLimit && !f.by.DrawsFrom(f.parent):
		return ErrMonthlyLimit
	}
	return nil
}

func giveOut(ctx context.Context, tx *store.Tx, order TransferOrder, funded *funded) (models.Transfer, models.Event, error) {
	from, to, pkg, err := lockBoth(ctx, tx, order, tx.Actor.Tenant, order.SubAccount, funded)
	if err == nil {
		err = funded.refuses(true)
	}
	if err != nil {
		return models.Transfer{}, models.Event{}, err
	}
	if order.Amount.IsUnits() && !tx.Now.Before(pkg.ExpiresAt) {
		return models.Transfer{}, models.Event{}, ErrPackageEnded
	}
	p, err := post(tx, movement{kind: models.GivenOut, from: from, to: to, amount: order.Amount, note: order.Note})
	return p, unitsEvent(event(models.TransferPosted, p, p.To, p.From, order.Note), pkg), err
}

func takeBack(ctx context.Context, tx *store.Tx, order TransferOrder, funded *funded) (models.Transfer, models.Event, error) {
	from, to, pkg, err := lockBoth(ctx, tx, order, order.SubAccount, tx.Actor.Tenant, funded)
	if err == nil {
		err = funded.refuses(false)
	}
	if err != nil {
		return models.Transfer{}, models.Event{}, err
	}
	amount := order.Amount
	if order.All {
		if amount = from.balance(); !amount.IsPositive() {
			return models.Transfer{}, models.Event{}, ErrNothingToReturn
		}
	}
	p, err := post(tx, movement{kind: models.GivenBack, from: from, to: to, amount: amount, note: order.Note})
	return p, unitsEvent(event(models.TransferredBack, p, p.From, p.To, order.Note), pkg), err
}

// lockBoth takes the wallets that an order moves between, which are balances, or of units; and with units what closing the
// sub-account takes too, so that none are moved to one that is being closed. With money it asks how the sub-account is funded,
// where that matters.
func lockBoth(ctx context.Context, tx *store.Tx, order TransferOrder, from, to models.ID, funded *funded) (*wallet, *wallet, pack, error) {
	if !order.Amount.IsUnits() {
		w, err := lockAsking(ctx, tx, func() { funded.ask(tx, order.SubAccount) }, place{account: from, kind: balanceWallet}, place{account: to, kind: balanceWallet})
		if err != nil {
			return nil, nil, pack{}, err
		}
		return w[0], w[1], pack{}, nil
	}
	id, _ := models.PackageOf(order.Amount.Asset)
	pkg, err := packageByID(tx, id)
	if err != nil {
		return nil, nil, pkg, err
	}
	openUnits(tx, from, unitsWallet, id)
	openUnits(tx, to, unitsWallet, id)
	w, err := lock(ctx, tx, place{from, unitsWallet, order.Amount.Asset}, place{to, unitsWallet, order.Amount.Asset},
		place{account: order.SubAccount, kind: balanceWallet}, place{account: order.SubAccount, kind: spentWallet})
	if err != nil {
		return nil, nil, pkg, err
	}
	return w[0], w[1], pkg, nil
}

// event is the log's line of a transfer, told from one side.
func event(action models.Action, p models.Transfer, of, other models.Side, note string) models.Event {
	e := models.Event{Action: action, Account: of.Account, Other: other.Account, Amount: &p.Amount, BalanceAfter: &of.After, Transfer: p.ID}
	if note != "" {
		e.Details = map[string]string{"note": note}
	}
	return e
}

// unitsEvent is event with the package that the units are of, if any.
func unitsEvent(e models.Event, pkg pack) models.Event {
	if pkg.ID != models.NoID {
		details := map[string]string{"package": pkg.Name}
		maps.Copy(details, e.Details)
		e.Subject, e.Details = pkg.ID, details
	}
	return e
}
