package ledger

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// pack is a package as its units need to know it. The packages are the catalogue's.
type pack struct {
	ID        models.ID
	AccountID models.ID
	Name      string
	Units     int64
	ExpiresAt time.Time
	ExpiredAt *time.Time
}

func packageByID(tx *store.Tx, id models.ID) (pack, error) {
	var p pack
	err := tx.Raw(`SELECT id, account_id, name, units, expires_at, expired_at FROM packages WHERE tenant_id = ? AND id = ?`,
		tx.Actor.Tenant, id).Scan(&p).Error
	if err == nil && p.ID == models.NoID {
		err = ErrNoSuchPackage
	}
	return p, err
}

// openUnits gives an account a wallet of a package's units, unless it has one. Accounts without wallets get none.
func openUnits(tx *store.Tx, account models.ID, kind string, pkg models.ID) {
	var floor *int64
	if kind != issuedWallet {
		floor = new(int64)
	}
	tx.Queue(`INSERT INTO wallets (tenant_id, id, account_id, kind, asset, package_id, floor) SELECT $1, $2, $3, $4, $5, $6, $7
		WHERE EXISTS (SELECT 1 FROM wallets WHERE tenant_id = $1 AND account_id = $3 AND kind = 'balance') ON CONFLICT DO NOTHING`,
		tx.Actor.Tenant, models.NewID(), account, kind, models.UnitsOf(pkg), pkg, floor)
}

// IssueUnits puts the units of a package, which the same change has bought or been granted, into the wallet of the package's
// account, and logs it. Refuses with ErrNoSuchPackage, ErrAccountClosed.
func IssueUnits(ctx context.Context, tx *store.Tx, id models.ID) (models.Transfer, error) {
	p, err := packageByID(tx, id)
	if err != nil {
		return models.Transfer{}, err
	}
	asset := models.UnitsOf(id)
	openUnits(tx, tx.Actor.Tenant, issuedWallet, id)
	openUnits(tx, p.AccountID, unitsWallet, id)
	w, err := lock(ctx, tx, place{tx.Actor.Tenant, issuedWallet, asset}, place{p.AccountID, unitsWallet, asset},
		place{account: p.AccountID, kind: balanceWallet}, place{account: p.AccountID, kind: spentWallet})
	if err != nil {
		return models.Transfer{}, err
	}
	posted, err := post(tx, movement{kind: models.UnitsIssued, from: w[0], to: w[1], amount: models.Units(p.Units, id)})
	if err != nil {
		return models.Transfer{}, err
	}
	return posted, tx.Log(unitsEvent(event(models.PackageUnitsIssued, posted, posted.To, models.Side{}, ""), p))
}

// Purchase takes the price of something from what an account may spend, and logs it; where it costs nothing, nothing is
// posted. Refuses with ErrNoSuchAccount, ErrAccountClosed, ErrWrongCurrency, ErrInsufficientBalance.
func Purchase(ctx context.Context, tx *store.Tx, payer models.ID, price models.Money, note, reference string) (models.Transfer, error) {
	if !price.IsPositive() {
		return models.Transfer{}, nil
	}
	w, err := lock(ctx, tx, place{account: payer, kind: balanceWallet}, place{account: payer, kind: spentWallet})
	if err != nil {
		return models.Transfer{}, err
	}
	posted, err := post(tx, movement{kind: models.Purchase, from: w[0], to: w[1], amount: price, note: note, reference: reference})
	if err != nil {
		return models.Transfer{}, err
	}
	e := event(models.PurchasePaid, posted, posted.From, models.Side{}, note)
	e.Reference = reference
	return posted, tx.Log(e)
}

// ExpireUnits moves what is left of a package, in whosever wallets, back to where it was issued from, and logs each. It
// returns how much that was. The caller then marks the package as expired, in the same change.
// Refuses with ErrNoSuchPackage.
func ExpireUnits(ctx context.Context, tx *store.Tx, id models.ID) (models.Money, error) {
	left := models.Zero(models.UnitsOf(id))
	p, err := packageByID(tx, id)
	if err != nil {
		return left, err
	}
	wallets, err := lockUntilAll(ctx, tx, func() {}, `package_id = $2 OR kind = 'spent' AND account_id IN (
		SELECT account_id FROM wallets WHERE tenant_id = $1 AND package_id = $2 AND kind = 'units')`, id)
	if err != nil {
		return left, err
	}
	at := slices.IndexFunc(wallets, func(w *wallet) bool { return w.Kind == issuedWallet })
	if at < 0 {
		return left, nil // nothing was issued
	}
	var s sheet
	for _, w := range wallets {
		if w.Kind != unitsWallet || w.Balance == 0 {
			continue
		}
		posted, err := s.move(tx.Now, movement{kind: models.UnitsExpired, from: w, to: wallets[at], amount: w.balance()})
		if err != nil {
			return left, err
		}
		left = left.Add(posted.Amount)
		if err := tx.Log(unitsEvent(event(models.PackageUnitsExpired, posted, posted.From, models.Side{}, ""), p)); err != nil {
			return left, err
		}
	}
	s.post(tx)
	return left, nil
}

// lockUntilAll takes all wallets that meet a condition. One that somebody made meanwhile, while holding one of the others,
// is seen only by a statement that begins later, so that it looks until there is none. Each look does first before.
func lockUntilAll(ctx context.Context, tx *store.Tx, first func(), condition string, args ...any) ([]*wallet, error) {
	args = append([]any{tx.Actor.Tenant}, args...)
	for {
		var locked []*wallet
		var now int
		first()
		tx.Ask(into(&locked), `SELECT `+walletColumns+` FROM wallets WHERE tenant_id = $1 AND (`+condition+`) ORDER BY id FOR NO KEY UPDATE`, args...)
		tx.Ask(func(rows pgx.Rows) (err error) {
			now, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
			return err
		}, `SELECT count(*) FROM wallets WHERE tenant_id = $1 AND (`+condition+`)`, args...)
		if err := tx.Answers(ctx); err != nil {
			return nil, err
		}
		if now == len(locked) {
			return locked, nil
		}
	}
}

// UnitsOf are the packages that an account has to do with: its own, those it was given units of or has used, and those that
// its parent shares with everybody; those that have not ended first, by their end. For: pages, within their Read.
func UnitsOf(tx *store.Tx, account models.ID) ([]models.UnitsHeld, error) {
	var rows []struct {
		Package, Owner                               models.ID
		Name, Countries                              string
		AcquiredAt, ExpiresAt                        time.Time
		Expired, Public                              bool
		Size, Given, Used, UsedByAll, Left, LeftHere int64
	}
	err := tx.Raw(`SELECT p.id AS package, p.account_id AS owner, p.name, array_to_string(p.countries, ' ') AS countries, p.acquired_at, p.expires_at,
			p.expired_at IS NOT NULL OR p.expires_at <= @now AS expired, s.id IS NOT NULL AS public, p.units AS size,
			coalesce(u.allocated, 0) / 1000000 AS given, coalesce(d.balance, 0) / 1000000 AS used, coalesce(u.balance, 0) / 1000000 AS left,
			CASE WHEN s.id IS NOT NULL AND @account <> @tenant THEN coalesce(o.balance, 0) / 1000000 ELSE 0 END AS left_here,
			(SELECT coalesce(sum(balance), 0) / 1000000 FROM wallets x WHERE x.tenant_id = p.tenant_id AND x.package_id = p.id AND x.kind = 'used')::bigint AS used_by_all
		FROM packages p
		LEFT JOIN wallets u ON u.tenant_id = p.tenant_id AND u.account_id = @account AND u.kind = 'units' AND u.package_id = p.id
		LEFT JOIN wallets d ON d.tenant_id = p.tenant_id AND d.account_id = @account AND d.kind = 'used' AND d.package_id = p.id
		LEFT JOIN wallets o ON o.tenant_id = p.tenant_id AND o.account_id = p.tenant_id AND o.kind = 'units' AND o.package_id = p.id
		LEFT JOIN sharings s ON s.tenant_id = p.tenant_id AND s.id = p.id AND s.kind = 'package' AND s.setting = 'public' AND p.account_id = p.tenant_id
		WHERE p.tenant_id = @tenant AND (p.account_id = @account OR u.id IS NOT NULL OR d.id IS NOT NULL OR s.id IS NOT NULL)
		ORDER BY p.expired_at IS NOT NULL OR p.expires_at <= @now, p.expires_at, p.id`,
		map[string]any{"tenant": tx.Actor.Tenant, "account": account, "now": tx.Now}).Scan(&rows).Error
	held := make([]models.UnitsHeld, 0, len(rows))
	for _, r := range rows {
		held = append(held, models.UnitsHeld{Package: r.Package, Owner: r.Owner, Name: r.Name, Countries: strings.Fields(r.Countries), AcquiredAt: r.AcquiredAt,
			ExpiresAt: r.ExpiresAt, Expired: r.Expired, Size: r.Size, Given: r.Given, Used: r.Used, UsedByAll: r.UsedByAll, Left: r.Left,
			LeftShared: r.LeftHere, Public: r.Public})
	}
	return held, err
}
