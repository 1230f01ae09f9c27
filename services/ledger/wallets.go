package ledger

import (
	"context"

	"offshoot/models"
	"offshoot/services/store"
)

// OpenWallets gives a new account its wallets, with nothing in them. credit is how far a parent's balance may go below zero.
func OpenWallets(tx *store.Tx, account models.Account, credit models.Money) {
	const insert = `INSERT INTO wallets (tenant_id, id, account_id, kind, asset, floor) VALUES ($1, $2, $3, $4, $5, $6)`
	floor := -credit.Micros()
	tx.Queue(insert, account.TenantID, models.NewID(), account.ID, balanceWallet, account.Currency, floor)
	tx.Queue(insert, account.TenantID, models.NewID(), account.ID, spentWallet, account.Currency, 0)
	if account.Kind == models.Parent {
		tx.Queue(insert, account.TenantID, models.NewID(), account.ID, outsideWallet, account.Currency, nil)
	}
}

// Close returns what a sub-account has to its parent, balance and units, once, and lets nothing move in or out any more. Its
// balance does not fall by that, and has not fallen any more. Refuses with ErrNoSuchAccount, ErrAccountClosed, ErrFrozen.
func Close(ctx context.Context, tx *store.Tx, sub models.ID, note string) (models.Returned, error) {
	tenant := tx.Actor.Tenant
	var returned models.Returned
	first := func() { // what it holds units of, its parent has a wallet for
		tx.Queue(`INSERT INTO wallets (tenant_id, id, account_id, kind, asset, package_id, floor)
			SELECT $1, gen_random_uuid(), $1, 'units', asset, package_id, 0 FROM wallets WHERE tenant_id = $1 AND account_id = $2 AND kind = 'units'
			ORDER BY asset ON CONFLICT DO NOTHING`, tenant, sub)
	}
	wallets, err := lockUntilAll(ctx, tx, first, `account_id = $2 AND kind <> 'used' OR account_id = $1 AND (kind = 'balance' OR kind = 'units' AND package_id IN (
		SELECT package_id FROM wallets WHERE tenant_id = $1 AND account_id = $2 AND kind = 'units'))`, sub)
	if err != nil {
		return returned, err
	}
	parents := map[string]*wallet{} // by asset
	var own []*wallet
	for _, w := range wallets {
		switch {
		case w.AccountID == tenant:
			parents[w.Asset] = w
		case w.ClosedAt != nil:
			return returned, ErrAccountClosed
		default:
			own = append(own, w)
		}
	}
	if len(own) == 0 {
		return returned, ErrNoSuchAccount
	}
	var s sheet
	for _, w := range own {
		if w.Frozen {
			return returned, ErrFrozen
		}
		w.LowBelow, w.RechargeBelow = nil, nil // nobody watches a closed account
		if w.Balance == 0 || w.Kind == spentWallet {
			continue
		}
		posted, err := s.move(tx.Now, movement{kind: models.GivenBack, from: w, to: parents[w.Asset], amount: w.balance(), note: note})
		if err != nil {
			return returned, err
		}
		var pkg pack
		if id, is := models.PackageOf(w.Asset); is {
			if pkg, err = packageByID(tx, id); err != nil {
				return returned, err
			}
			returned.Units = append(returned.Units, models.UnitsReturned{Transfer: posted, Package: pkg.Name})
		} else {
			returned.Transfer = posted
		}
		if err := tx.Log(unitsEvent(event(models.TransferredBack, posted, posted.From, posted.To, note), pkg)); err != nil {
			return returned, err
		}
	}
	s.post(tx)
	for _, w := range own {
		w.settle(tx, false, false)
	}
	tx.Queue(`UPDATE wallets SET closed_at = $3 WHERE tenant_id = $1 AND account_id = $2 AND kind <> 'used'`, tenant, sub, tx.Now)
	return returned, nil
}

// Reopen lets amounts move again. A balance that somebody watches has fallen then, for there is nothing in it.
func Reopen(ctx context.Context, tx *store.Tx, sub models.ID) error {
	wallets, err := lockUntilAll(ctx, tx, func() {}, `account_id = $2`, sub)
	if err != nil {
		return err
	}
	tx.Queue(`UPDATE wallets SET closed_at = NULL WHERE tenant_id = $1 AND account_id = $2`, tx.Actor.Tenant, sub)
	for _, w := range wallets {
		w.ClosedAt = nil
		for _, t := range w.thresholds() {
			w.look(tx, t)
		}
	}
	return nil
}

// SetCreditLine says how far a post-pay parent's balance may go below zero. Who waits for money is told when it is raised. For: a
// change of another service, made by staff. Refuses with ErrCreditInUse when more than that is used.
func SetCreditLine(ctx context.Context, tx *store.Tx, parent models.ID, credit models.Money) error {
	w, err := lock(ctx, tx, place{account: parent, kind: balanceWallet})
	if err != nil {
		return err
	}
	if w[0].balance().Less(credit.Neg()) {
		return ErrCreditInUse.At("credit", "It uses "+w[0].balance().Neg().String()+" of its credit now.")
	}
	before := w[0].spare()
	floor := -credit.Micros()
	w[0].Floor = &floor
	woken := w[0].Wakes && w[0].spare() > before
	tx.Queue(`UPDATE wallets SET floor = $3, wakes = wakes AND NOT $4 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, w[0].ID, floor, woken)
	if woken {
		w[0].wake(tx)
	}
	for _, t := range w[0].thresholds() {
		w[0].look(tx, t)
	}
	return nil
}

// BalanceOf returns the balance of an account of the actor's tenant. It refuses with ErrNoSuchAccount.
func BalanceOf(tx *store.Tx, account models.ID) (models.Balance, error) {
	var rows []struct {
		Kind      string
		Asset     string
		Balance   int64
		Floor     *int64
		Allocated int64
	}
	err := tx.Raw(`SELECT kind, asset, balance, floor, allocated FROM wallets
		WHERE tenant_id = ? AND account_id = ? AND kind IN ('balance', 'spent')`, tx.Actor.Tenant, account).Scan(&rows).Error
	if err != nil {
		return models.Balance{}, err
	}
	if len(rows) == 0 {
		return models.Balance{}, ErrNoSuchAccount
	}
	var b models.Balance
	for _, r := range rows {
		if r.Kind == spentWallet {
			b.Spent = models.FromMicros(r.Balance, r.Asset)
			continue
		}
		b.Balance = models.FromMicros(r.Balance, r.Asset)
		b.Allocated = models.FromMicros(r.Allocated, r.Asset)
		b.Credit = models.Zero(r.Asset)
		if r.Floor != nil {
			b.Credit = models.FromMicros(-*r.Floor, r.Asset)
		}
	}
	return b, nil
}
