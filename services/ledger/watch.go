package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

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

// Thresholds are those of one balance. nil: nobody watches it.
type Thresholds struct{ Low, Recharge *models.Money }

// SetCaps says how much of its parent's balance a sub-account may draw. For: a change of another service. Refuses with
// ErrNoSuchAccount, ErrAccountClosed.
func SetCaps(ctx context.Context, tx *store.Tx, sub models.ID, day, month *models.Money) error {
	w, err := lock(ctx, tx, place{account: sub, kind: spentWallet})
	if err != nil {
		return err
	}
	tx.Queue(`UPDATE wallets SET cap_day = $3, cap_month = $4 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, w[0].ID, microsOrNull(day), microsOrNull(month))
	return nil
}

func microsOrNull(m *models.Money) *int64 {
	if m == nil {
		return nil
	}
	micros := m.Micros()
	return &micros
}

// OpenFall returns when a fall was and what it left, while it is open. The caller holds the balance.
func OpenFall(ctx context.Context, tx *store.Tx, id models.ID) (left models.Money, open bool, err error) {
	var asset string
	var balance int64
	var ended pgtype.Timestamptz
	err = tx.Rows(ctx, func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&asset, &balance, &ended}, func() error { open = !ended.Valid; return nil })
		return err
	}, `SELECT asset, balance, ended_at FROM falls WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, id)
	if open {
		left = models.FromMicros(balance, asset)
	}
	return left, open, err
}
