package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// Kinds of wallets, as the table has them.
const (
	balanceWallet = "balance"
	spentWallet   = "spent"
	outsideWallet = "outside"
)

// place names a wallet by what it is for, which is how rules speak of it.
type place struct {
	account models.ID
	kind    string
}

// wallet is a row that this transaction holds locked.
type wallet struct {
	ID        models.ID
	AccountID models.ID
	Kind      string
	Asset     string
	Balance   int64
	Floor     *int64
	LastAt    *time.Time
	ClosedAt  *time.Time
}

func (w wallet) balance() models.Money { return models.FromMicros(w.Balance, w.Asset) }

// available is what can still be taken out: down to the floor, which is below zero where there is a credit line.
func (w wallet) available() models.Money {
	if w.Floor == nil {
		return w.balance()
	}
	return models.FromMicros(w.Balance-*w.Floor, w.Asset)
}

// lock takes the wallets at two or more places for the rest of the transaction, in the order of their ids, whatever
// the order of the places: opposite transfers cannot wait for each other. It refuses with ErrNoSuchAccount when the
// actor's tenant has no such wallet, and with ErrAccountClosed.
//
// This is where work on one hot wallet will meet in sets, see Post.
func lock(ctx context.Context, tx *store.Tx, places ...place) ([]wallet, error) {
	accounts, kinds := make([]models.ID, len(places)), make([]string, len(places))
	for i, p := range places {
		accounts[i], kinds[i] = p.account, p.kind
	}
	var rows []wallet
	err := tx.Rows(ctx, func(found pgx.Rows) (err error) {
		rows, err = pgx.CollectRows(found, pgx.RowToStructByPos[wallet])
		return err
	}, lockWallets, tx.Actor.Tenant, accounts, kinds)
	if err != nil {
		return nil, err
	}
	locked := make([]wallet, len(places))
	for i, p := range places {
		at := slices.IndexFunc(rows, func(w wallet) bool { return w.AccountID == p.account && w.Kind == p.kind })
		if at < 0 {
			return nil, ErrNoSuchAccount
		}
		locked[i] = rows[at]
	}
	for _, w := range locked {
		if w.ClosedAt != nil {
			return nil, ErrAccountClosed
		}
	}
	return locked, nil
}

const lockWallets = `SELECT id, account_id, kind, asset, balance, floor, last_at, closed_at FROM wallets w
	WHERE tenant_id = $1 AND account_id = ANY($2) AND EXISTS (SELECT 1 FROM unnest($2::uuid[], $3::text[]) p(account, kind)
		WHERE p.account = w.account_id AND p.kind = w.kind) ORDER BY id FOR NO KEY UPDATE`

// movement is one transfer about to be posted: an amount from one locked wallet to another.
type movement struct {
	id        models.ID // models.NoID: a new one
	kind      models.TransferKind
	from, to  wallet
	amount    models.Money
	note      string
	reference string
}

const insertTransfer = `WITH moved AS (
		UPDATE wallets w SET balance = w.balance + x.amount, entries = w.entries + 1, last_at = $3, allocated = w.allocated + x.allocated
		FROM unnest($4::uuid[], $5::bigint[], $6::bigint[]) AS x(id, amount, allocated)
		WHERE w.tenant_id = $1 AND w.id = x.id AND w.closed_at IS NULL AND (w.floor IS NULL OR w.balance + x.amount >= w.floor)
		RETURNING w.id, w.entries, w.asset, w.balance, x.amount
	), posted AS (
		INSERT INTO transfers (tenant_id, id, kind, note, reference, posted_at) VALUES ($1, $2, $7, $8, $9, $3)
	)
	INSERT INTO entries (tenant_id, wallet_id, number, transfer_id, asset, amount, balance_after, posted_at)
	SELECT $1, id, entries, $2, asset, amount, balance, $3 FROM moved`

// post moves an amount between two wallets that this transaction has locked. It refuses with ErrWrongCurrency and
// ErrInsufficientBalance. The statement travels with the commit; should it find other balances than were locked, the
// numbers of the entries, the floors or the zero sum refuse it in the database.
//
// Combining (charges and transfers that meet on one hot wallet, taken as one set by one transaction) has its place here:
// a combiner would lock once, call the rules for each movement in order of arrival, and post them with one statement.
func post(tx *store.Tx, m movement) (models.Transfer, error) {
	if m.from.Asset != m.to.Asset || m.from.Asset != m.amount.Asset {
		return models.Transfer{}, ErrWrongCurrency
	}
	if m.from.Floor != nil && m.from.available().Less(m.amount) {
		return models.Transfer{}, ErrInsufficientBalance.Saying("Only "+m.from.available().String()+" is available.").
			At("amount", "Only "+m.from.available().String()+" is available.")
	}
	if m.id == models.NoID {
		m.id = models.NewID()
	}
	at := tx.Now
	for _, w := range []wallet{m.from, m.to} { // a wallet's entries never go back in time, whoever's clock was late
		if w.LastAt != nil && w.LastAt.After(at) {
			at = w.LastAt.UTC()
		}
	}
	micros, allocated := m.amount.Micros(), int64(0)
	if m.kind == models.GivenOut || m.kind == models.GivenBack {
		allocated = micros
	}
	tx.Queue(insertTransfer, tx.Actor.Tenant, m.id, at,
		[]models.ID{m.from.ID, m.to.ID}, []int64{-micros, micros}, []int64{-allocated, allocated},
		string(m.kind), m.note, m.reference)
	return models.Transfer{ID: m.id, Kind: m.kind, Amount: m.amount, Note: m.note, Reference: m.reference, PostedAt: at,
		From: models.Side{Account: m.from.AccountID, Before: m.from.balance(), After: m.from.balance().Sub(m.amount)},
		To:   models.Side{Account: m.to.AccountID, Before: m.to.balance(), After: m.to.balance().Add(m.amount)}}, nil
}
