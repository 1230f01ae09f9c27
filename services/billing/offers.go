package billing

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// OfferOrder is a package of the catalogue as staff want it.
type OfferOrder struct {
	Name         string
	Units        int64
	ValidityDays int
	Countries    []string
	OnSale       bool
	Prices       []models.Money
	Version      int // of the offer that is changed
}

// Validate says what is wrong with the order by itself: name, units, validity, countries, prices.
func (o OfferOrder) Validate() error {
	var p models.Problems
	if n := len([]rune(strings.TrimSpace(o.Name))); n == 0 || n > 120 {
		p.Add("name", "Enter a name, up to 120 characters.")
	}
	if o.Units < 1 || o.Units > 1_000_000_000 {
		p.Add("units", "Enter a whole number from 1 to 1,000,000,000.")
	}
	if o.ValidityDays < 1 || o.ValidityDays > 3660 {
		p.Add("validity", "Enter a number of days from 1 to 3660.")
	}
	for _, code := range o.Countries {
		if !models.IsCountry(code) {
			p.Add("countries", fmt.Sprintf("There is no country “%s”.", cut(code, 60)))
		}
	}
	if len(o.Prices) == 0 {
		p.Add("prices", "Enter its price in one currency at least.")
	}
	seen := map[string]bool{}
	for _, price := range o.Prices {
		if !models.IsCurrency(price.Asset) {
			p.Add("prices", fmt.Sprintf("There is no currency “%s”.", cut(price.Asset, 60)))
		} else if seen[price.Asset] {
			p.Add("prices", "There are two prices in "+price.Asset+".")
		} else if !price.IsPositive() {
			p.Add("prices", "Enter a price above zero. What is free is granted on the account's page.")
		}
		seen[price.Asset] = true
	}
	return p.Err()
}

// AddOffer puts a package into the catalogue.
// For: staff who manage the operator. Refuses: missing privilege; a bad order.
func (s *Service) AddOffer(ctx context.Context, actor models.Actor, order OfferOrder) (models.ID, error) {
	if err := permitsOffer(actor, order); err != nil {
		return models.NoID, err
	}
	id := models.NewID()
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		name := strings.TrimSpace(order.Name)
		tx.Queue(`INSERT INTO package_offers (id, name, units, validity_days, countries, on_sale, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			id, name, order.Units, order.ValidityDays, countriesOf(order), order.OnSale, tx.Now)
		putOfferPrices(tx, id, order.Prices)
		return models.Event{Action: models.OfferAdded, Account: actor.Account, Subject: id, Details: map[string]string{"name": name,
			"changes": described(asOffer(order))}}, nil
	})
	return id, err
}

// ChangeOffer changes a package of the catalogue, or takes it off sale. What was bought of it stays as it was sold.
// For: staff who manage the operator. Refuses: missing privilege; a bad order; no such package (ErrNoSuchOffer); one that
// somebody changed meanwhile (ErrStaleOffer).
func (s *Service) ChangeOffer(ctx context.Context, actor models.Actor, id models.ID, order OfferOrder) error {
	if err := permitsOffer(actor, order); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		if err := tx.Exec(`SELECT FROM package_offers WHERE id = ? FOR UPDATE`, id).Error; err != nil {
			return models.Event{}, err
		}
		before, err := offerByID(ctx, tx, id)
		if err != nil {
			return models.Event{}, err
		}
		if before.Version != order.Version {
			return models.Event{}, ErrStaleOffer
		}
		name := strings.TrimSpace(order.Name)
		tx.Queue(`UPDATE package_offers SET name = $2, units = $3, validity_days = $4, countries = $5, on_sale = $6, version = version + 1 WHERE id = $1`,
			id, name, order.Units, order.ValidityDays, countriesOf(order), order.OnSale)
		tx.Queue(`DELETE FROM package_prices WHERE offer_id = $1`, id)
		putOfferPrices(tx, id, order.Prices)
		return models.Event{Action: models.OfferChanged, Account: actor.Account, Subject: id, Details: map[string]string{"name": before.Name,
			"changes": described(before) + " → " + described(asOffer(order))}}, nil
	})
	return err
}

func permitsOffer(actor models.Actor, order OfferOrder) error {
	if err := actor.Require(models.ManageOperator); err != nil {
		return err
	}
	return order.Validate()
}

func countriesOf(order OfferOrder) []string {
	codes := slices.Clone(order.Countries)
	slices.Sort(codes)
	return append([]string{}, slices.Compact(codes)...)
}

func asOffer(o OfferOrder) models.PackageOffer {
	return models.PackageOffer{Name: strings.TrimSpace(o.Name), Units: o.Units, ValidityDays: o.ValidityDays, Countries: countriesOf(o), OnSale: o.OnSale, Prices: o.Prices}
}

// described is what the log keeps of an offer.
func described(o models.PackageOffer) string {
	where, sale := "everywhere", "on sale"
	if len(o.Countries) > 0 {
		where = strings.Join(o.Countries, " ")
	}
	if !o.OnSale {
		sale = "not on sale"
	}
	said := fmt.Sprintf("%s, %d units, %d days, %s, %s", o.Name, o.Units, o.ValidityDays, where, sale)
	for _, price := range o.Prices {
		said += ", " + price.String()
	}
	return said
}

func putOfferPrices(tx *store.Tx, id models.ID, prices []models.Money) {
	for _, price := range prices {
		tx.Queue(`INSERT INTO package_prices (offer_id, currency, price) VALUES ($1, $2, $3)`, id, price.Asset, price.Micros())
	}
}

// Offers returns the whole catalogue, what is on sale first, by name. For: staff. Refuses: missing privilege.
func (s *Service) Offers(ctx context.Context, actor models.Actor) ([]models.PackageOffer, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return nil, err
	}
	var found []models.PackageOffer
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		found, err = offers(ctx, tx, `true`)
		return err
	})
	return found, err
}

// Offer returns a package of the catalogue. For: staff. Refuses: missing privilege; no such package (ErrNoSuchOffer).
func (s *Service) Offer(ctx context.Context, actor models.Actor, id models.ID) (models.PackageOffer, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return models.PackageOffer{}, err
	}
	var found models.PackageOffer
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		found, err = offerByID(ctx, tx, id)
		return err
	})
	return found, err
}

// OnSale returns the packages that the actor's parent account can buy, in its currency, by name.
// For: whoever may see the Store. Refuses: missing privilege.
func (s *Service) OnSale(ctx context.Context, actor models.Actor) ([]models.PackageOffer, error) {
	if err := actor.Require(models.ViewStore); err != nil {
		return nil, err
	}
	var found []models.PackageOffer
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		currency, err := currencyOf(tx)
		if err != nil {
			return err
		}
		found, err = offers(ctx, tx, `o.on_sale AND EXISTS (SELECT FROM package_prices s WHERE s.offer_id = o.id AND s.currency = $1)`, currency)
		return err
	})
	return found, err
}

func offerByID(ctx context.Context, tx *store.Tx, id models.ID) (models.PackageOffer, error) {
	found, err := offers(ctx, tx, `o.id = $1`, id)
	if err == nil && len(found) == 0 {
		err = ErrNoSuchOffer
	}
	if err != nil {
		return models.PackageOffer{}, err
	}
	return found[0], nil
}

// offers reads packages of the catalogue with their prices. The catalogue is kept by hand, and small.
func offers(ctx context.Context, tx *store.Tx, where string, args ...any) ([]models.PackageOffer, error) {
	var found []models.PackageOffer
	err := tx.Rows(ctx, func(rows pgx.Rows) error {
		var o models.PackageOffer
		var currencies []string
		var prices []int64
		_, err := pgx.ForEachRow(rows, []any{&o.ID, &o.Name, &o.Units, &o.ValidityDays, &o.Countries, &o.OnSale, &o.Version, &currencies, &prices}, func() error {
			offer := o
			offer.Countries = slices.Clone(o.Countries)
			for i, currency := range currencies {
				offer.Prices = append(offer.Prices, models.FromMicros(prices[i], currency))
			}
			found = append(found, offer)
			return nil
		})
		return err
	}, `SELECT o.id, o.name, o.units, o.validity_days, o.countries::text[], o.on_sale, o.version,
			coalesce(array_agg(p.currency::text ORDER BY p.currency) FILTER (WHERE p.currency IS NOT NULL), '{}'),
			coalesce(array_agg(p.price ORDER BY p.currency) FILTER (WHERE p.currency IS NOT NULL), '{}')
		FROM package_offers o LEFT JOIN package_prices p ON p.offer_id = o.id WHERE `+where+` GROUP BY o.id`, args...)
	sort.SliceStable(found, func(i, j int) bool {
		if found[i].OnSale != found[j].OnSale {
			return found[i].OnSale
		}
		return strings.ToLower(found[i].Name) < strings.ToLower(found[j].Name)
	})
	return found, err
}

// currencyOf is the currency of the actor's tenant.
func currencyOf(tx *store.Tx) (string, error) {
	var found []string
	err := tx.Raw(`SELECT currency FROM accounts WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, tx.Actor.Tenant).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}
