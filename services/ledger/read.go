package ledger

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// Posted returns a transfer of the actor's tenant with what both sides had after it.
// For: a parent's users, and those of an account that took part. Refuses with ErrNoSuchTransfer.
func (s *Service) Posted(ctx context.Context, actor models.Actor, id models.ID) (models.Transfer, error) {
	var p models.Transfer
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		p, err = postedTransfer(tx, id)
		return err
	})
	return p, err
}

func postedTransfer(tx *store.Tx, id models.ID) (models.Transfer, error) {
	var rows []struct {
		Kind      models.TransferKind
		Note      string
		Reference string
		AccountID models.ID
		Asset     string
		Amount    int64
		After     int64
		PostedAt  time.Time
	}
	err := tx.Raw(`SELECT t.kind, t.note, t.reference, t.posted_at, w.account_id, e.asset, e.amount, e.balance_after AS after FROM transfers t
		JOIN entries e ON e.tenant_id = t.tenant_id AND e.transfer_id = t.id
		JOIN wallets w ON w.tenant_id = e.tenant_id AND w.id = e.wallet_id
		WHERE t.tenant_id = ? AND t.id = ? ORDER BY e.amount`, tx.Actor.Tenant, id).Scan(&rows).Error
	if err != nil {
		return models.Transfer{}, err
	}
	if len(rows) != 2 || (!tx.Actor.Can(models.ViewSubAccounts) && !tx.Actor.Can(models.SupportAccounts) &&
		rows[0].AccountID != tx.Actor.Account && rows[1].AccountID != tx.Actor.Account) {
		return models.Transfer{}, ErrNoSuchTransfer
	}
	side := func(i int) models.Side {
		after := models.FromMicros(rows[i].After, rows[i].Asset)
		return models.Side{Account: rows[i].AccountID, Before: after.Sub(models.FromMicros(rows[i].Amount, rows[i].Asset)), After: after}
	}
	r := rows[1]
	return models.Transfer{ID: id, Kind: r.Kind, Amount: models.FromMicros(r.Amount, r.Asset), Note: r.Note, Reference: r.Reference,
		PostedAt: r.PostedAt, From: side(0), To: side(1)}, nil
}

// Balance returns what the actor's account has. For: whoever may see the account.
func (s *Service) Balance(ctx context.Context, actor models.Actor) (models.Balance, error) {
	if err := actor.Require(models.ViewAccount); err != nil {
		return models.Balance{}, err
	}
	var b models.Balance
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		b, err = BalanceOf(tx, actor.Account)
		return err
	})
	return b, err
}
