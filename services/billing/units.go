package billing

import (
	"context"
	"strconv"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/sharing"
	"offshoot/services/store"
)

// UnitsOrder asks for units of a package to be given to a sub-account, on top of what it has of it.
type UnitsOrder struct {
	Package    models.ID
	SubAccount models.ID
	Units      int64
	Key        string
}

// MostUnits is how many units a package can have.
const MostUnits = 1_000_000_000

// Validate says what is wrong with the order by itself: package, sub-account, units.
func (o UnitsOrder) Validate() error {
	var p models.Problems
	if o.Package == models.NoID {
		p.Add("package", "Choose a package.")
	}
	if o.SubAccount == models.NoID {
		p.Add("account", "Type the name of a sub-account.")
	}
	if o.Units < 1 || o.Units > MostUnits {
		p.Add("units", "Enter a whole number above zero.")
	}
	return p.Err()
}

// ErrUnitsGiven is the refusal to keep a package to oneself while sub-accounts have units of it.
var ErrUnitsGiven = &models.Error{Kind: models.Conflict, Code: "units_given",
	Message: "Sub-accounts have units of this package. Take them back first."}

// ShareUnits gives units of the actor's package to a sub-account: they are its own then, and nobody else's. A package that
// was for its own account only is Custom from then on (SHR-2). Repeated under its key it gives nothing more.
// For: a parent's Admins. Refuses: missing privilege; a bad order; the account itself, or a sub-account that is not the
// actor's (ledger.ErrNoSuchAccount); a package that is not (ledger.ErrNoSuchPackage), or has ended (ledger.ErrPackageEnded);
// a deactivated sub-account (ledger.ErrAccountClosed); more than is left (ledger.ErrInsufficientUnits).
func (s *Service) ShareUnits(ctx context.Context, actor models.Actor, order UnitsOrder) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	if err := order.Validate(); err != nil {
		return err
	}
	if order.SubAccount == actor.Tenant {
		return ledger.ErrNoSuchAccount
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		if _, err := ledger.Give(ctx, tx, order.SubAccount, models.Units(order.Units, order.Package), ""); err != nil {
			return models.Event{}, err
		}
		p, err := packageByID(tx, order.Package)
		if err != nil {
			return models.Event{}, err
		}
		err = sharing.Add(ctx, tx, models.SharedPackage, order.Package, order.SubAccount, models.MayUse)
		return models.Event{Action: models.PackageShared, Account: order.SubAccount, Other: actor.Tenant, Subject: order.Package,
			Details: map[string]string{"name": p.Name, "units": strconv.FormatInt(order.Units, 10)}}, err
	}, store.Once(order.Key, order))
	return err
}

// SetSharing says who draws on a package of the actor's account: nobody else, every sub-account without a limit of its own,
// or those that were given units. Units that were given stay where they are whatever the setting, until they are taken back;
// so nobody keeps a package to themselves while others have units of it.
// For: a parent's Admins. Refuses: missing privilege; no such package (sharing.ErrNoSuchResource); Only me while units are
// given (ErrUnitsGiven); Custom while there are none; a setting that somebody changed meanwhile (sharing.ErrStale).
func (s *Service) SetSharing(ctx context.Context, actor models.Actor, id models.ID, setting models.ShareSetting, version int) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		order := sharing.Order{Kind: models.SharedPackage, ID: id, Setting: setting, Version: version}
		if setting == models.Custom {
			var holders []models.ID
			err := tx.Raw(`SELECT w.account_id FROM wallets w JOIN accounts a ON a.tenant_id = w.tenant_id AND a.id = w.account_id
				WHERE w.tenant_id = ? AND w.package_id = ? AND w.kind = 'units' AND w.account_id <> w.tenant_id AND w.allocated > 0 AND a.status <> 'deleted'
				ORDER BY w.account_id LIMIT ?`, actor.Tenant, id, sharing.Most+1).Scan(&holders).Error
			if err != nil {
				return models.Event{}, err
			}
			if len(holders) == 0 {
				return models.Event{}, models.ErrCheckFields.At("setting", "Give units to a sub-account: the package is Custom from then on.")
			}
			for _, account := range holders {
				order.Shares = append(order.Shares, models.Share{Account: account, May: models.MayUse})
			}
		}
		event, err := sharing.Set(ctx, tx, order)
		if err != nil || setting != models.OnlyMe {
			return event, err
		}
		// asked once the setting is held: whoever gives units at the same moment makes it Custom again, after this
		var given int64
		err = tx.Raw(`SELECT coalesce(sum(balance) / 1000000, 0)::bigint FROM wallets
			WHERE tenant_id = ? AND package_id = ? AND kind = 'units' AND account_id <> tenant_id`, actor.Tenant, id).Scan(&given).Error
		if err == nil && given > 0 {
			err = ErrUnitsGiven.At("setting", "Sub-accounts have "+strconv.FormatInt(given, 10)+" units of it that they have not used. Take them back first.")
		}
		return event, err
	})
	return err
}
