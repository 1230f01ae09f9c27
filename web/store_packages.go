package web

import (
	"errors"
	"net/http"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/ledger"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

// newPurchase asks for confirmation of what is to be bought, with what it leaves on the balance.
func (s *Server) newPurchase(v *visit) error {
	return v.purchase(http.StatusOK, newKey(), nil)
}

func (s *Server) createPurchase(v *visit) error {
	offer, err := v.id("offer")
	if err != nil {
		return err
	}
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	seen, err := models.ParsePrice(v.field("price"), v.session.Account.Currency)
	if err != nil {
		return errBadForm
	}
	bought, err := s.Billing.BuyPackage(v.ctx(), v.actor, billing.PurchaseOrder{Offer: offer, Price: seen, Key: key})
	if refused, ok := refusalOf(err); ok {
		if errors.Is(refused, billing.ErrPriceChanged) { // what is confirmed now is another order
			key = newKey()
		}
		return v.purchase(formStatus(refused), keyAfter(refused, key), refused)
	}
	if err != nil {
		return err
	}
	said := bought.Name + " is bought for " + v.moneyText(bought.Price) + ". Its units can be used at once."
	if v.actor.Can(models.ViewUnits) {
		return v.done(paths.AccountUsage(), said)
	}
	return v.done(paths.Store(), said)
}

func (v *visit) purchase(status int, key string, refused *models.Error) error {
	id, err := v.id("offer")
	if err != nil {
		return err
	}
	offer, price, has, err := v.server.Billing.ShownOffer(v.ctx(), v.actor, id)
	if errors.Is(err, billing.ErrNotOnSale) && refused != nil {
		return refused // it went off sale between page and purchase
	}
	if err != nil {
		return err
	}
	page := pages.NewPurchase{Offer: offer, Price: price, Has: has, Buyer: v.session.Parent.Name, ForParent: v.actor.Account != v.actor.Tenant, Key: key, Refused: refused}
	preview, err := v.server.Billing.PreviewPurchase(v.ctx(), v.actor, id)
	if short, ok := refusalOf(err); ok {
		if page.Why = short.Message; errors.Is(short, ledger.ErrInsufficientBalance) && refused != nil && errors.Is(refused, ledger.ErrInsufficientBalance) {
			page.Refused = nil // it is said already
		}
	} else if err != nil {
		return err
	} else {
		page.Preview = &preview
	}
	if page.Frame, err = v.frame(offer.Name); err != nil {
		return err
	}
	return v.page(status, page.View())
}
