package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// FallKind says what a balance that is under a threshold leads to.
type FallKind string

const (
	LowFall      FallKind = "low"      // somebody is told
	RechargeFall FallKind = "recharge" // it is recharged
)

// Fell is the job of a balance that fell under a threshold, made by the transaction in which it did: one for each fall.
type Fell struct {
	Tenant  models.ID `json:"tenant"`
	Account models.ID `json:"account"`
	Fall    models.ID `json:"fall"`
	Of      FallKind  `json:"of"`
}

func (Fell) Kind() string { return "ledger.fell" }

// MoneyArrived is the job of money that came into a parent's balance while somebody waited for it, made by the transaction
// that brought it.
type MoneyArrived struct {
	Tenant models.ID `json:"tenant"`
}

func (MoneyArrived) Kind() string { return "ledger.money_arrived" }

// WakeOnCredit has the next money that comes into the parent's balance make the job MoneyArrived. The caller holds that
// balance, by a Round or a transfer within this transaction, so that none comes in unseen.
func WakeOnCredit(tx *store.Tx) {
	tx.Queue(`UPDATE wallets SET wakes = true WHERE tenant_id = $1 AND account_id = $1 AND kind = 'balance'`, tx.Actor.Tenant)
}

// watched is what a wallet of kind balance knows of who watches it: the thresholds, and the falls that are open.
type watched struct {
	LowBelow, RechargeBelow *int64
	LowFall, RechargeFall   *models.ID
	Wakes                   bool
}

// threshold is one of the two as settle looks at them.
type threshold struct {
	kind  FallKind
	below *int64
	fall  **models.ID
}

func (w *wallet) thresholds() [2]threshold {
	return [2]threshold{{LowFall, w.LowBelow, &w.LowFall}, {RechargeFall, w.RechargeBelow, &w.RechargeFall}}
}

// wake makes the job of money that came while somebody waited.
func (w *wallet) wake(tx *store.Tx) {
	w.Wakes = false
	tx.Later(MoneyArrived{Tenant: tx.Actor.Tenant}, nil)
}

// settle ends the falls of a locked balance that is at its thresholds again, or that nobody watches any more, and opens those
// that there are now. What can be spent counts, which with a credit line is more than the balance. It goes by what a transaction
// leaves, not by each step of it. debit says that money left it, which is what makes a balance low; used that something was
// paid with it, which is what it is recharged after: what a parent takes back it does not want to have come again.
func (w *wallet) settle(tx *store.Tx, debit, used bool) {
	for _, t := range w.thresholds() {
		switch {
		case *t.fall != nil && (t.below == nil || w.spare() >= *t.below):
			w.end(tx, t)
		case *t.fall == nil && t.below != nil && w.spare() < *t.below && w.ClosedAt == nil && (used || debit && t.kind == LowFall):
			w.open(tx, t)
		}
	}
}

func (w *wallet) open(tx *store.Tx, t threshold) {
	id := models.NewIDAt(tx.Now)
	*t.fall = &id
	tx.Queue(`INSERT INTO falls (tenant_id, id, account_id, kind, asset, threshold, balance, fell_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		tx.Actor.Tenant, id, w.AccountID, string(t.kind), w.Asset, *t.below, w.spare(), tx.Now)
	w.keep(tx, t.kind, &id)
	tx.Later(Fell{Tenant: tx.Actor.Tenant, Account: w.AccountID, Fall: id, Of: t.kind}, nil)
}

func (w *wallet) end(tx *store.Tx, t threshold) {
	tx.Queue(`UPDATE falls SET ended_at = $3 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, **t.fall, tx.Now)
	*t.fall = nil
	w.keep(tx, t.kind, nil)
}

// keep writes onto the wallet which fall is open.
func (w *wallet) keep(tx *store.Tx, kind FallKind, fall *models.ID) {
	if kind == LowFall {
		tx.Queue(`UPDATE wallets SET low_fall = $3 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, w.ID, fall)
	} else {
		tx.Queue(`UPDATE wallets SET recharge_fall = $3 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, w.ID, fall)
	}
}

// Watch sets one threshold of an account's balance, and leaves the other as it is; nil: nobody watches it any more. A balance
// that is under it falls at once, unless it has before and is still under; what is not under it any more has not fallen. That
// of a deactivated account can be set too: it falls when it is open again. The balance is held afterwards.
// For: a change of another service. Refuses a threshold that is not above zero, ErrNoSuchAccount, ErrWrongCurrency.
func Watch(ctx context.Context, tx *store.Tx, account models.ID, of FallKind, below *models.Money) error {
	if below != nil && !below.IsPositive() {
		return models.ErrCheckFields.At("below", "Enter an amount above zero.")
	}
	locked, err := lockEven(ctx, tx, func() {}, place{account: account, kind: balanceWallet})
	if err != nil {
		return err
	}
	w := locked[0]
	if below != nil && below.Asset != w.Asset {
		return ErrWrongCurrency
	}
	if of == LowFall {
		w.LowBelow = microsOrNull(below)
	} else {
		w.RechargeBelow = microsOrNull(below)
	}
	if below != nil { // a fall that the wallet names needs a threshold
		w.watch(tx)
	}
	for _, t := range w.thresholds() {
		if t.kind == of {
			w.look(tx, t)
		}
	}
	if below == nil {
		w.watch(tx)
	}
	return nil
}

// watch writes the thresholds.
func (w *wallet) watch(tx *store.Tx) {
	tx.Queue(`UPDATE wallets SET low_below = $3, recharge_below = $4 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, w.ID, w.LowBelow, w.RechargeBelow)
}

// look opens and ends the fall of one threshold by what there is, whatever led to it.
func (w *wallet) look(tx *store.Tx, t threshold) {
	under := t.below != nil && w.spare() < *t.below && w.ClosedAt == nil
	switch {
	case *t.fall != nil && !under:
		w.end(tx, t)
	case *t.fall == nil && under:
		w.open(tx, t)
	}
}

// OpenFallOf returns an account's fall of a kind, where one is open, and what it left. The caller holds the balance.
func OpenFallOf(ctx context.Context, tx *store.Tx, account models.ID, of FallKind) (id models.ID, left models.Money, open bool, err error) {
	var asset string
	var balance int64
	err = tx.Rows(ctx, func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&id, &asset, &balance}, func() error { open = true; return nil })
		return err
	}, `SELECT id, asset, balance FROM falls WHERE tenant_id = $1 AND account_id = $2 AND kind = $3 AND ended_at IS NULL`, tx.Actor.Tenant, account, string(of))
	if open {
		left = models.FromMicros(balance, asset)
	}
	return id, left, open, err
}
