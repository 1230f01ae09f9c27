package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) listOffers(v *visit) error {
	offers, err := s.Billing.Offers(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	frame, err := v.frame("Rates & packages")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.StaffOffers{Frame: frame, Offers: offers, MayChange: v.actor.Can(models.ManageOperator)}.View())
}

func (s *Server) newOffer(v *visit) error {
	return v.offerForm(http.StatusOK, pages.OfferForm{OnSale: true, Prices: map[string]string{}}, models.NoID, nil)
}

func (s *Server) createOffer(v *visit) error {
	form, order, err := v.offerTyped()
	if err == nil {
		_, err = s.Billing.AddOffer(v.ctx(), v.actor, order)
	}
	if refused, ok := refusalOf(err); ok {
		return v.offerForm(formStatus(refused), form, models.NoID, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffOffers(), "The package is in the catalogue.")
}

func (s *Server) editOffer(v *visit) error {
	id, err := v.id("offer")
	if err != nil {
		return err
	}
	offer, err := s.Billing.Offer(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	return v.offerForm(http.StatusOK, formOfOffer(offer), id, nil)
}

func (s *Server) updateOffer(v *visit) error {
	id, err := v.id("offer")
	if err != nil {
		return err
	}
	form, order, err := v.offerTyped()
	if err == nil {
		err = s.Billing.ChangeOffer(v.ctx(), v.actor, id, order)
	}
	if refused, ok := refusalOf(err); ok {
		if errors.Is(refused, billing.ErrStaleOffer) {
			offer, err := s.Billing.Offer(v.ctx(), v.actor, id)
			if err != nil {
				return err
			}
			form = formOfOffer(offer)
		}
		return v.offerForm(formStatus(refused), form, id, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffOffers(), "The package is saved. What was bought before stays as it was sold.")
}

func formOfOffer(o models.PackageOffer) pages.OfferForm {
	form := pages.OfferForm{Name: o.Name, Units: strconv.FormatInt(o.Units, 10), Validity: strconv.Itoa(o.ValidityDays), Countries: strings.Join(o.Countries, ", "),
		OnSale: o.OnSale, Version: o.Version, Prices: map[string]string{}}
	for _, price := range o.Prices {
		form.Prices[price.Asset] = price.Text()
	}
	return form
}

// offerTyped reads the form of a package: what is wrong with it stands at its fields, all at once.
func (v *visit) offerTyped() (pages.OfferForm, billing.OfferOrder, error) {
	form := pages.OfferForm{Name: v.trimmed("name"), Units: v.trimmed("units"), Validity: v.trimmed("validity"), Countries: v.trimmed("countries"),
		OnSale: v.isTicked("on_sale"), Version: v.version(), Prices: map[string]string{}}
	order := billing.OfferOrder{Name: form.Name, Units: wholeNumber(form.Units), ValidityDays: int(wholeNumber(form.Validity)), OnSale: form.OnSale, Version: form.Version}
	for _, text := range strings.FieldsFunc(form.Countries, func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '\r' }) {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		code, known := models.CountryCalled(text)
		if !known {
			code = text // which validating refuses, naming it
		}
		order.Countries = append(order.Countries, code)
	}
	var wrong models.Problems
	for name := range v.typed {
		currency, isPrice := strings.CutPrefix(name, pages.PriceField)
		text := v.trimmed(name)
		if !isPrice || !models.IsCurrency(currency) || text == "" {
			continue
		}
		form.Prices[currency] = text
		price, err := models.ParseAmount(text, currency)
		if refused, bad := refusalOf(err); bad {
			wrong.Add(name, refused.Message)
			price = models.FromMicros(1, currency) // said at its field
		}
		order.Prices = append(order.Prices, price)
	}
	slices.SortFunc(order.Prices, func(a, b models.Money) int { return strings.Compare(a.Asset, b.Asset) })
	err := order.Validate()
	for name, sentence := range wrong {
		refused := models.ErrCheckFields
		if others, ok := refusalOf(err); ok {
			refused = others
		}
		err = refused.At(name, sentence)
	}
	return form, order, err
}

// offerForm has a field for a price in each currency that there is a rate card in.
func (v *visit) offerForm(status int, form pages.OfferForm, id models.ID, refused *models.Error) error {
	currencies, err := v.server.Billing.RateCurrencies(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	for currency := range form.Prices {
		currencies = append(currencies, currency)
	}
	currencies = append(currencies, v.session.Account.Currency)
	slices.Sort(currencies)
	frame, err := v.frame("Rates & packages")
	if err != nil {
		return err
	}
	return v.page(status, pages.StaffOffer{Frame: frame, ID: id, Form: form, Currencies: slices.Compact(currencies), Refused: refused}.View())
}

func (s *Server) newGrant(v *visit) error {
	return v.grantForm(http.StatusOK, pages.GrantForm{Key: newKey()}, nil)
}

func (s *Server) createGrant(v *visit) error {
	parent, err := v.parent()
	if err != nil {
		return err
	}
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	form := pages.GrantForm{Offer: v.field("offer"), Reason: v.trimmed("reason"), Key: key}
	offer, _ := models.ParseID(form.Offer)
	granted, err := s.Billing.GrantPackage(v.ctx(), v.actor, billing.GrantOrder{Parent: parent.ID, Offer: offer, Reason: form.Reason, Key: key})
	if refused, ok := refusalOf(err); ok {
		form.Key = keyAfter(refused, key)
		return v.grantForm(formStatus(refused), form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffAccount(parent.TenantID, parent.ID), granted.Name+" is granted to "+parent.Name+".")
}

func (v *visit) grantForm(status int, form pages.GrantForm, refused *models.Error) error {
	parent, err := v.parent()
	if err != nil {
		return err
	}
	offers, err := v.server.Billing.Offers(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	frame, err := v.frame("Grant package")
	if err != nil {
		return err
	}
	return v.page(status, pages.NewGrant{Frame: frame, Parent: parent, Offers: offers, Form: form, Refused: refused}.View())
}
