package ledger

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// Posted returns a transfer of the actor's tenant with what both sides had before and after it.
// For: a parent's users, staff at work in its tenant, and the users of an account whose balance it changed, who are not
// told what the other side has. Refuses with ErrNoSuchTransfer.
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
		Name      string
		Wallet    models.WalletKind
		Asset     string
		Amount    int64
		After     int64
		PostedAt  time.Time
	}
	err := tx.Raw(`SELECT t.kind, t.note, t.reference, t.posted_at, w.account_id, w.kind AS wallet, a.name, e.asset, e.amount,
			e.balance_after AS after FROM transfers t
		JOIN entries e ON e.tenant_id = t.tenant_id AND e.transfer_id = t.id
		JOIN wallets w ON w.tenant_id = e.tenant_id AND w.id = e.wallet_id
		JOIN accounts a ON a.tenant_id = w.tenant_id AND a.id = w.account_id
		WHERE t.tenant_id = ? AND t.id = ? ORDER BY e.amount`, tx.Actor.Tenant, id).Scan(&rows).Error
	if err != nil {
		return models.Transfer{}, err
	}
	all := tx.Actor.Can(models.ViewSubAccounts) || tx.Actor.Can(models.SupportAccounts)
	// Usage that the parent paid for is on the sub-account's record of spending too, and is not shown to it (BAL-2).
	own := func(i int) bool {
		return rows[i].AccountID == tx.Actor.Account && (rows[i].Wallet == models.BalanceWallet || rows[i].Wallet == models.UnitsWallet)
	}
	if len(rows) != 2 || !all && !own(0) && !own(1) {
		return models.Transfer{}, ErrNoSuchTransfer
	}
	side := func(i int) models.Side {
		s := models.Side{Account: rows[i].AccountID, Name: rows[i].Name, Wallet: rows[i].Wallet,
			Before: models.Zero(rows[i].Asset), After: models.Zero(rows[i].Asset)}
		if s.Untold = !all && s.Account != tx.Actor.Account; !s.Untold {
			s.After = models.FromMicros(rows[i].After, rows[i].Asset)
			s.Before = s.After.Sub(models.FromMicros(rows[i].Amount, rows[i].Asset))
		}
		return s
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
