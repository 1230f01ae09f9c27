package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// Return is what a message that was paid and came to nothing gives back.
type Return struct {
	Account  models.ID // who used it
	Payer    models.ID
	Amount   models.Money // money, or units: as it was paid
	Transfer models.ID    // that paid
}

// GiveBack refunds within a change of another service, which makes sure that nothing is given back twice, with one transfer
// and log line for each (Account, Payer, asset); it returns the transfer of each Return in order, NoID where nothing was
// paid. What a closed account paid goes to its parent; units of a package that has expired are gone with the rest of it.
func GiveBack(ctx context.Context, tx *store.Tx, returns []Return) ([]models.ID, error) {
	given := make([]models.ID, len(returns))
	refunds, of := refundsOf(returns)
	if len(refunds) == 0 {
		return given, nil
	}
	wallets, err := lockRefunds(ctx, tx, refunds)
	if err != nil {
		return nil, err
	}
	var s sheet
	for _, r := range refunds {
		from, to, err := r.sides(tx.Actor.Tenant, wallets)
		if err != nil {
			return nil, err
		}
		posted, err := s.move(tx.Now, movement{kind: models.Refund, from: from, to: to, amount: r.amount, closed: true})
		if err != nil {
			return nil, err
		}
		r.id = posted.ID
		e := models.Event{Action: models.UsageRefunded, Account: r.account, Amount: &posted.Amount, BalanceAfter: &posted.To.After, Transfer: posted.ID}
		if to.AccountID != r.account {
			e.Other = to.AccountID
		}
		if err := tx.Log(e); err != nil {
			return nil, err
		}
	}
	s.post(tx)
	for i, r := range of {
		if r != nil {
			given[i] = r.id
		}
	}
	return given, nil
}

// refund is what goes back along one way.
type refund struct {
	account, payer models.ID
	amount         models.Money
	id             models.ID
	pkg            models.ID // whose units it is
	expired        bool
}

// refundsOf puts together what goes the same way, in the order in which it comes, and says where each return went.
func refundsOf(returns []Return) ([]*refund, []*refund) {
	type way struct {
		account, payer models.ID
		asset          string
	}
	var all []*refund
	by := map[way]*refund{}
	of := make([]*refund, len(returns))
	for i, r := range returns {
		if r.Transfer == models.NoID || !r.Amount.IsPositive() {
			continue
		}
		at := way{r.Account, r.Payer, r.Amount.Asset}
		if by[at] == nil {
			by[at] = &refund{account: r.Account, payer: r.Payer, amount: models.Zero(r.Amount.Asset)}
			by[at].pkg, _ = models.PackageOf(r.Amount.Asset)
			all = append(all, by[at])
		}
		by[at].amount = by[at].amount.Add(r.Amount)
		of[i] = by[at]
	}
	return all, of
}

// kinds are those of the wallets that a refund comes from and goes to.
func (r *refund) kinds() (from, to string) {
	if r.pkg != models.NoID {
		return usedWallet, unitsWallet
	}
	return spentWallet, balanceWallet
}

// lockRefunds takes the wallets that the refunds touch. Those of a parent are taken only for what goes to it: everybody
// meets there.
func lockRefunds(ctx context.Context, tx *store.Tx, refunds []*refund) (map[place]*wallet, error) {
	tenant := tx.Actor.Tenant
	closed := map[place]bool{}
	for {
		wanted := map[place]bool{}
		var packages []models.ID
		for _, r := range refunds {
			from, to := r.kinds()
			wanted[place{r.account, from, r.amount.Asset}] = true
			wanted[place{r.payer, to, r.amount.Asset}] = true
			if closed[place{r.payer, to, r.amount.Asset}] {
				if r.pkg != models.NoID {
					openUnits(tx, tenant, unitsWallet, r.pkg)
				}
				wanted[place{tenant, to, r.amount.Asset}] = true
			}
			if r.pkg != models.NoID {
				wanted[place{tenant, issuedWallet, r.amount.Asset}] = true
				wanted[place{account: r.account, kind: spentWallet}] = true
				packages = append(packages, r.pkg)
			}
		}
		var accounts []models.ID
		var kinds, assets []string
		for p := range wanted {
			accounts, kinds, assets = append(accounts, p.account), append(kinds, p.kind), append(assets, p.asset)
		}
		var rows []*wallet
		expired := map[models.ID]bool{}
		tx.Ask(into(&rows), lockPlaces, tenant, accounts, kinds, assets)
		if packages != nil {
			tx.Ask(func(rows pgx.Rows) error {
				var id models.ID
				_, err := pgx.ForEachRow(rows, []any{&id}, func() error { expired[id] = true; return nil })
				return err
			}, `SELECT id FROM packages WHERE tenant_id = $1 AND id = ANY($2) AND expired_at IS NOT NULL`, tenant, packages)
		}
		if err := tx.Answers(ctx); err != nil {
			return nil, err
		}
		locked := map[place]*wallet{}
		for _, w := range rows {
			locked[place{w.AccountID, w.Kind, w.Asset}] = w
		}
		again := false
		for _, r := range refunds {
			_, to := r.kinds()
			at := place{r.payer, to, r.amount.Asset}
			r.expired = expired[r.pkg]
			if w := locked[at]; w != nil && w.ClosedAt != nil && r.payer != tenant && !closed[at] {
				closed[at], again = true, true
			}
		}
		if !again {
			return locked, nil
		}
	}
}

// sides are the wallets that a refund moves between.
func (r *refund) sides(tenant models.ID, wallets map[place]*wallet) (from, to *wallet, err error) {
	fromKind, toKind := r.kinds()
	from = wallets[place{r.account, fromKind, r.amount.Asset}]
	to = wallets[place{r.payer, toKind, r.amount.Asset}]
	if to != nil && to.ClosedAt != nil {
		to = wallets[place{tenant, toKind, r.amount.Asset}]
	}
	if r.expired {
		to = wallets[place{tenant, issuedWallet, r.amount.Asset}]
	}
	if from == nil || to == nil {
		return nil, nil, ErrNoSuchAccount
	}
	return from, to, nil
}
