package ledger

import (
	"context"

	"offshoot/models"
	"offshoot/services/store"
)

// Round is a set of transfers between a parent and some of its sub-accounts, whose balances are held from its beginning to the
// end of the transaction. Each transfer sees what those before it left; all are posted by one statement.
type Round struct {
	tx     *store.Tx
	parent *wallet
	subs   map[models.ID]*wallet
	sheet  sheet
}

// NewRound takes the balances of the actor's parent account and of some of its sub-accounts, deactivated ones too. One that
// the tenant does not have is left out. For: a change of another service. Refuses with ErrNoSuchAccount when there is no parent,
// and with ErrFrozen.
func NewRound(ctx context.Context, tx *store.Tx, subs []models.ID) (*Round, error) {
	tenant := tx.Actor.Tenant
	var locked []*wallet
	tx.Ask(into(&locked), `SELECT `+walletColumns+` FROM wallets WHERE tenant_id = $1 AND account_id = ANY($1 || $2::uuid[]) AND kind = 'balance'
		ORDER BY id FOR NO KEY UPDATE`, tenant, subs)
	if err := tx.Answers(ctx); err != nil {
		return nil, err
	}
	r := &Round{tx: tx, subs: make(map[models.ID]*wallet, len(subs))}
	for _, w := range locked {
		if w.AccountID == tenant {
			r.parent = w
		} else {
			r.subs[w.AccountID] = w
		}
	}
	switch {
	case r.parent == nil:
		return nil, ErrNoSuchAccount
	case r.parent.Frozen:
		return nil, ErrFrozen
	}
	return r, nil
}

// Available is what the parent can still give.
func (r *Round) Available() models.Money { return r.parent.available() }

// Balance is what a sub-account has now. It is false of one that there is not, or that is closed: nothing moves there.
func (r *Round) Balance(sub models.ID) (models.Money, bool) {
	w := r.subs[sub]
	if w == nil || w.ClosedAt != nil {
		return models.Money{}, false
	}
	return w.balance(), true
}

// Give moves an amount from the parent to a sub-account. Refuses with ErrNoSuchAccount, ErrAccountClosed, ErrWrongCurrency,
// ErrInsufficientBalance; then nothing of it is posted, and the round goes on.
func (r *Round) Give(sub models.ID, amount models.Money, note string) (models.Transfer, error) {
	return r.move(sub, movement{kind: models.GivenOut, amount: amount, note: note})
}

// Recharge is Give by a rule: it answers no request for credit.
func (r *Round) Recharge(sub models.ID, amount models.Money, note string) (models.Transfer, error) {
	return r.move(sub, movement{kind: models.GivenOut, amount: amount, note: note, byRule: true})
}

// Back moves an amount from a sub-account to the parent. It refuses as Give.
func (r *Round) Back(sub models.ID, amount models.Money, note string) (models.Transfer, error) {
	return r.move(sub, movement{kind: models.GivenBack, amount: amount, note: note})
}

// move completes a movement between a sub-account and its parent.
func (r *Round) move(sub models.ID, m movement) (models.Transfer, error) {
	w := r.subs[sub]
	switch {
	case w == nil:
		return models.Transfer{}, ErrNoSuchAccount
	case w.ClosedAt != nil:
		return models.Transfer{}, ErrAccountClosed
	}
	m.from, m.to = r.parent, w
	action := models.TransferPosted
	if m.kind == models.GivenBack {
		m.from, m.to, action = w, r.parent, models.TransferredBack
	}
	posted, err := r.sheet.move(r.tx.Now, m)
	if err != nil {
		return models.Transfer{}, err
	}
	of, other := posted.To, posted.From
	if m.kind == models.GivenBack {
		of, other = other, of
	}
	return posted, r.tx.Log(event(action, posted, of, other, m.note))
}

// Post writes the transfers into the books. A round that is not posted has moved nothing.
func (r *Round) Post() { r.sheet.post(r.tx) }
