package billing

import (
	"context"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/sharing"
	"offshoot/services/store"
)

// Package returns a package of the actor's tenant as it was bought or granted.
// For: a parent's users, and whoever shops for it. Refuses: missing privilege; no such package (ledger.ErrNoSuchPackage).
func (s *Service) Package(ctx context.Context, actor models.Actor, id models.ID) (models.Package, error) {
	if !actor.Can(models.ViewSubAccounts) && !actor.Can(models.ShopInStore) && !actor.Can(models.SupportAccounts) {
		return models.Package{}, models.ErrMissingPrivilege
	}
	var found models.Package
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		found, err = packageByID(tx, id)
		return err
	})
	return found, err
}

func packageByID(tx *store.Tx, id models.ID) (models.Package, error) {
	var row struct {
		AccountID             models.ID
		OfferID               *models.ID
		Name                  string
		Units                 int64
		Countries             string
		Source, Currency      string
		Price                 int64
		AcquiredAt, ExpiresAt time.Time
		ExpiredAt             *time.Time
	}
	err := tx.Raw(`SELECT account_id, offer_id, name, units, array_to_string(countries, ' ') AS countries, source, currency, price, acquired_at, expires_at, expired_at
		FROM packages WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, id).Scan(&row).Error
	if err == nil && row.AccountID == models.NoID {
		err = ledger.ErrNoSuchPackage
	}
	p := models.Package{ID: id, Account: row.AccountID, Name: row.Name, Units: row.Units, Countries: strings.Fields(row.Countries), Source: models.PackageSource(row.Source),
		Price: models.FromMicros(row.Price, row.Currency), AcquiredAt: row.AcquiredAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(), ExpiredAt: row.ExpiredAt}
	if row.OfferID != nil {
		p.Offer = *row.OfferID
	}
	return p, err
}

// Usage returns the packages that the actor's account has to do with, those that have not ended first, by their end. A
// sub-account reads what it was given and what is Public, and none of its parent's figures.
// For: whoever may see Account usage. Refuses: missing privilege.
func (s *Service) Usage(ctx context.Context, actor models.Actor) ([]models.UsedPackage, error) {
	if err := actor.Require(models.ViewUnits); err != nil {
		return nil, err
	}
	var used []models.UsedPackage
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		used, err = usedBy(tx, actor.Account)
		return err
	})
	return used, err
}

// SubAccountUnits returns the packages of which a sub-account has or had units, or which are shared with it, and those that
// the actor's account can give it units of.
// For: a parent's users. Refuses: missing privilege. A sub-account that is not the actor's has none.
func (s *Service) SubAccountUnits(ctx context.Context, actor models.Actor, sub models.ID) (has, give []models.UsedPackage, err error) {
	if err := actor.Require(models.ViewSubAccounts); err != nil {
		return nil, nil, err
	}
	err = s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		var err error
		if has, err = usedBy(tx, sub); err != nil {
			return err
		}
		own, err := usedBy(tx, actor.Account)
		for _, p := range own {
			if p.Own && !p.HasEnded(tx.Now) && p.Left > 0 {
				give = append(give, p)
			}
		}
		return err
	})
	return has, give, err
}

// usedBy are the packages that an account has to do with, as it may see them.
func usedBy(tx *store.Tx, account models.ID) ([]models.UsedPackage, error) {
	held, err := ledger.UnitsOf(tx, account)
	if err != nil {
		return nil, err
	}
	ids := make([]models.ID, len(held))
	for i, h := range held {
		ids[i] = h.Package
	}
	settings, err := sharing.Settings(tx, models.SharedPackage, ids)
	if err != nil {
		return nil, err
	}
	sources, err := sourcesOf(tx, ids)
	if err != nil {
		return nil, err
	}
	used := make([]models.UsedPackage, 0, len(held))
	for _, h := range held {
		p := asUsed(h, account)
		if p.Own {
			p.Source, p.Setting = sources[p.ID], models.OnlyMe
			if setting, set := settings[p.ID]; set {
				p.Setting = setting
			}
		} else if p.Given == 0 && p.Used == 0 && p.Left == 0 && !h.Public {
			continue // all that it was given was taken back unused
		}
		used = append(used, p)
	}
	return used, nil
}

// sourcesOf says how packages were come by.
func sourcesOf(tx *store.Tx, ids []models.ID) (map[models.ID]models.PackageSource, error) {
	var rows []struct {
		ID     models.ID
		Source models.PackageSource
	}
	if len(ids) == 0 {
		return nil, nil
	}
	err := tx.Raw(`SELECT id, source FROM packages WHERE tenant_id = ? AND id IN ?`, tx.Actor.Tenant, ids).Scan(&rows).Error
	sources := make(map[models.ID]models.PackageSource, len(rows))
	for _, r := range rows {
		sources[r.ID] = r.Source
	}
	return sources, err
}

func asUsed(h models.UnitsHeld, reader models.ID) models.UsedPackage {
	p := models.UsedPackage{Own: h.Owner == reader, Package: models.Package{ID: h.Package, Account: h.Owner, Name: h.Name, Countries: h.Countries,
		AcquiredAt: h.AcquiredAt.UTC(), ExpiresAt: h.ExpiresAt.UTC()}}
	switch {
	case p.Own && h.Expired:
		p.Units, p.Used, p.Gone = h.Size, h.UsedByAll, h.Size-h.UsedByAll
	case p.Own:
		p.Units, p.Used, p.Left, p.Shared = h.Size, h.UsedByAll, h.Left, h.Size-h.UsedByAll-h.Left
	default:
		p.Given, p.Used = h.Given, h.Used
		if h.Public {
			p.Setting = models.Public
		}
		if !h.Expired {
			p.Left = h.Left
		}
	}
	return p
}

// SharedPackage is a package of the actor's account with how it is shared and who has units of it.
type SharedPackage struct {
	models.UsedPackage
	Version int // of the setting
	Holders models.PackageHolders
}

// ShowPackage returns a package of the actor's account with a page of the sub-accounts that were given units of it. An after
// that is no cursor begins at the first.
// For: a parent's Admins. Refuses: missing privilege; no such package (ledger.ErrNoSuchPackage).
func (s *Service) ShowPackage(ctx context.Context, actor models.Actor, id models.ID, after string) (SharedPackage, error) {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return SharedPackage{}, err
	}
	found := SharedPackage{}
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		used, err := usedBy(tx, actor.Account)
		if err != nil {
			return err
		}
		for _, p := range used {
			if p.ID == id && p.Own {
				found.UsedPackage = p
			}
		}
		if found.ID == models.NoID {
			return ledger.ErrNoSuchPackage
		}
		how, err := sharing.Of(tx, models.SharedPackage, id)
		if err != nil {
			return err
		}
		found.Version = how.Version
		found.Holders, err = holders(tx, id, after)
		return err
	})
	return found, err
}

// holders is a page of the sub-accounts that were given units of a package, in order of name.
func holders(tx *store.Tx, id models.ID, after string) (models.PackageHolders, error) {
	where, args := "", []any{tx.Actor.Tenant, id}
	if last, ok := models.ParseID(after); ok {
		where, args = ` AND (a.name_key, a.id) > (SELECT name_key, id FROM accounts WHERE tenant_id = ? AND id = ?)`, append(args, tx.Actor.Tenant, last)
	}
	var page models.PackageHolders
	err := tx.Raw(`SELECT a.id AS account, a.name, a.status, w.allocated / 1000000 AS given, (w.allocated - w.balance) / 1000000 AS used, w.balance / 1000000 AS left
		FROM wallets w JOIN accounts a ON a.tenant_id = w.tenant_id AND a.id = w.account_id
		WHERE w.tenant_id = ? AND w.package_id = ? AND w.kind = 'units' AND w.account_id <> w.tenant_id AND w.allocated > 0`+where+`
		ORDER BY a.name_key, a.id LIMIT ?`, append(args, pageSize+1)...).Scan(&page.Rows).Error
	if len(page.Rows) > pageSize {
		page.Rows = page.Rows[:pageSize]
		page.Next = page.Rows[pageSize-1].Account.String()
	}
	return page, err
}
