package billing

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// PurchaseOrder asks for a package of the catalogue at the price that the buyer has seen.
type PurchaseOrder struct {
	Offer models.ID
	Price models.Money
	Key   string
}

// BuyPackage buys a package for the parent account of the actor's tenant, out of the parent's balance: the package, the
// payment and its units exist together or not at all. Repeated under its key it buys nothing and returns what it bought.
// For: a parent's Admins, and a sub-account with Billing & Payments, which buys on its parent's behalf (PRV-3). Refuses:
// missing privilege; no such package (ErrNoSuchOffer); one that is not on sale in the parent's currency (ErrNotOnSale);
// another price than was seen (ErrPriceChanged, which says the new one); less on the balance than it costs
// (ledger.ErrInsufficientBalance, which says what is missing).
func (s *Service) BuyPackage(ctx context.Context, actor models.Actor, order PurchaseOrder) (models.Package, error) {
	if err := actor.Require(models.ShopInStore); err != nil {
		return models.Package{}, err
	}
	var bought models.Package
	done, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		made, event, err := buy(ctx, tx, order.Offer, &order.Price)
		bought = made.Package
		return event, err
	}, store.Once(order.Key, order))
	if err == nil && done.Repeated {
		return s.Package(ctx, actor, done.Subject)
	}
	return bought, err
}

// PreviewPurchase says what BuyPackage would buy now at the price of this moment, and what the balance would be.
// For and refusals: as BuyPackage.
func (s *Service) PreviewPurchase(ctx context.Context, actor models.Actor, offer models.ID) (models.PackagePurchase, error) {
	if err := actor.Require(models.ShopInStore); err != nil {
		return models.PackagePurchase{}, err
	}
	var made models.PackagePurchase
	err := s.store.Preview(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		made, event, err = buy(ctx, tx, offer, nil)
		return event, err
	})
	return made, err
}

// ShownOffer is a package on sale as its page shows it, also while it cannot be bought: what it costs in the parent's
// currency, and what the parent has. For and refusals: as BuyPackage, but for the balance.
func (s *Service) ShownOffer(ctx context.Context, actor models.Actor, id models.ID) (offer models.PackageOffer, price, has models.Money, err error) {
	if err := actor.Require(models.ShopInStore); err != nil {
		return offer, price, has, err
	}
	err = s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		var err error
		if offer, price, err = offerOnSale(ctx, tx, id); err != nil {
			return err
		}
		balance, err := ledger.BalanceOf(tx, tx.Actor.Tenant)
		has = balance.Balance
		return err
	})
	return offer, price, has, err
}

func offerOnSale(ctx context.Context, tx *store.Tx, id models.ID) (models.PackageOffer, models.Money, error) {
	offer, err := offerByID(ctx, tx, id)
	if err != nil {
		return offer, models.Money{}, err
	}
	currency, err := currencyOf(tx)
	if err != nil {
		return offer, models.Money{}, err
	}
	price, sold := offer.PriceIn(currency)
	if !sold || !offer.OnSale {
		return offer, price, ErrNotOnSale
	}
	return offer, price, nil
}

// buy is a purchase of the tenant's parent account; seen is the price it was shown, nil for whatever it is now.
func buy(ctx context.Context, tx *store.Tx, id models.ID, seen *models.Money) (models.PackagePurchase, models.Event, error) {
	offer, price, err := offerOnSale(ctx, tx, id)
	if err != nil {
		return models.PackagePurchase{}, models.Event{}, err
	}
	if seen != nil && !price.Equal(*seen) {
		return models.PackagePurchase{}, models.Event{}, ErrPriceChanged.Saying("The price has changed since you opened the page: it is " + price.String() + " now. Nothing was bought.")
	}
	paid, err := ledger.Purchase(ctx, tx, tx.Actor.Tenant, price, offer.Name, "")
	if errors.Is(err, ledger.ErrInsufficientBalance) {
		balance, unknown := ledger.BalanceOf(tx, tx.Actor.Tenant)
		if unknown != nil {
			return models.PackagePurchase{}, models.Event{}, unknown
		}
		missing := price.Sub(balance.Available())
		return models.PackagePurchase{}, models.Event{}, ledger.ErrInsufficientBalance.Saying("It costs " + price.String() + ", and " +
			balance.Available().String() + " is available: " + missing.String() + " is missing.")
	}
	if err != nil {
		return models.PackagePurchase{}, models.Event{}, err
	}
	made, err := acquire(ctx, tx, offer, models.BoughtPackage, price)
	return models.PackagePurchase{Package: made, Before: paid.From.Before, After: paid.From.After}, acquired(models.PackageBought, made), err
}

// GrantOrder asks for a package to be given to a parent account free of charge.
type GrantOrder struct {
	Parent models.ID
	Offer  models.ID
	Reason string
	Key    string
}

// MaxReason is how many characters a reason may have.
const MaxReason = 200

// GrantPackage gives a parent account a package of the catalogue, on sale or not, free of charge.
// For: staff who record money. Refuses: missing privilege; no reason; no such parent account (ledger.ErrNoSuchAccount); no
// such package (ErrNoSuchOffer).
func (s *Service) GrantPackage(ctx context.Context, actor models.Actor, order GrantOrder) (models.Package, error) {
	if err := actor.Require(models.RecordMoney); err != nil {
		return models.Package{}, err
	}
	var p models.Problems
	reason := strings.TrimSpace(order.Reason)
	if n := len([]rune(reason)); n == 0 || n > MaxReason {
		p.Add("reason", "Say why, in up to 200 characters.")
	}
	if order.Offer == models.NoID {
		p.Add("offer", "Choose a package.")
	}
	if p.Err() != nil {
		return models.Package{}, p.Err()
	}
	actor = actor.In(order.Parent)
	var granted models.Package
	done, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		offer, err := offerByID(ctx, tx, order.Offer)
		if err != nil {
			return models.Event{}, err
		}
		currency, err := currencyOf(tx)
		if err == nil && currency == "" {
			err = ledger.ErrNoSuchAccount
		}
		if err != nil {
			return models.Event{}, err
		}
		granted, err = acquire(ctx, tx, offer, models.GrantedPackage, models.Zero(currency))
		event := acquired(models.PackageGranted, granted)
		event.Details["reason"] = reason
		return event, err
	}, store.Once(order.Key, order))
	if err == nil && done.Repeated {
		return s.Package(ctx, actor, done.Subject)
	}
	return granted, err
}

// acquire makes a package of the tenant's parent account and issues its units. It ends so many days from now by the
// parent's calendar, at the same time of day.
func acquire(ctx context.Context, tx *store.Tx, offer models.PackageOffer, source models.PackageSource, price models.Money) (models.Package, error) {
	var zones []string
	if err := tx.Raw(`SELECT time_zone FROM accounts WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, tx.Actor.Tenant).Scan(&zones).Error; err != nil {
		return models.Package{}, err
	}
	zone := time.UTC
	if len(zones) > 0 {
		zone = models.Account{TimeZone: zones[0]}.Zone()
	}
	made := models.Package{ID: models.NewIDAt(tx.Now), Account: tx.Actor.Tenant, Offer: offer.ID, Name: offer.Name, Units: offer.Units, Countries: offer.Countries,
		Source: source, Price: price, AcquiredAt: tx.Now, ExpiresAt: tx.Now.In(zone).AddDate(0, 0, offer.ValidityDays).UTC()}
	tx.Queue(`INSERT INTO packages (tenant_id, id, account_id, offer_id, name, units, countries, source, currency, price, acquired_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, tx.Actor.Tenant, made.ID, made.Account, made.Offer, made.Name, made.Units,
		made.Countries, string(source), price.Asset, price.Micros(), made.AcquiredAt, made.ExpiresAt)
	_, err := ledger.IssueUnits(ctx, tx, made.ID)
	return made, err
}

func acquired(action models.Action, p models.Package) models.Event {
	return models.Event{Action: action, Account: p.Account, Subject: p.ID, Details: map[string]string{"name": p.Name, "units": strconv.FormatInt(p.Units, 10),
		"price": p.Price.String(), "until": p.ExpiresAt.Format(time.RFC3339)}}
}
