package web

import (
	"net/http"
	"strconv"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/views/pages"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (s *Server) newPayment(v *visit) error {
	parent, err := v.parent()
	if err != nil {
		return err
	}
	return v.paymentForm(http.StatusOK, parent, pages.PaymentForm{Key: newKey()}, nil)
}

func (s *Server) createPayment(v *visit) error {
	parent, err := v.parent()
	if err != nil {
		return err
	}
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	form := pages.PaymentForm{Amount: v.field("amount"), Reference: v.trimmed("reference"), Note: v.trimmed("note"), Key: key}
	amount, wrong := models.ParseAmount(form.Amount, parent.Currency)
	order := ledger.PaymentOrder{Parent: parent.ID, Amount: amount, Reference: form.Reference, Note: form.Note, Key: key}
	if err = atField("amount", wrong, order.Validate()); err == nil {
		_, err = s.Ledger.RecordMoney(v.ctx(), v.actor, order)
	}
	if refused, ok := refusalOf(err); ok {
		form.Key = keyAfter(refused, key)
		return v.paymentForm(formStatus(refused), parent, form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffAccount(parent.TenantID, parent.ID), v.moneyText(amount)+" recorded for "+parent.Name+".")
}

func (v *visit) paymentForm(status int, parent models.ShownAccount, form pages.PaymentForm, refused *models.Error) error {
	frame, err := v.frame("Record money")
	if err != nil {
		return err
	}
	return v.page(status, pages.NewPayment{Frame: frame, Parent: parent, Form: form, Refused: refused}.View())
}

func (s *Server) newUsage(v *visit) error {
	account, err := v.usedBy()
	if err != nil {
		return err
	}
	form := pages.UsageForm{Kind: ledger.MessageUsage, Country: account.Country, Quantity: "1", Reference: "staff-" + newKey()[24:]}
	return v.usageForm(http.StatusOK, account, form, nil)
}

func (s *Server) createUsage(v *visit) error {
	account, err := v.usedBy()
	if err != nil {
		return err
	}
	form := pages.UsageForm{Kind: v.field("kind"), Country: v.field("country"), Quantity: v.trimmed("quantity"), Parts: v.trimmed("parts"),
		Price: v.field("amount"), Reference: v.trimmed("reference")}
	price, wrong := models.ParsePrice(form.Price, account.Currency)
	order := ledger.ChargeOrder{Account: account.ID, Kind: form.Kind, Country: form.Country, Quantity: wholeNumber(form.Quantity), Parts: wholeNumber(form.Parts),
		Amount: price, Reference: form.Reference}
	if form.Parts == "" {
		order.Parts = 0
	}
	var charge ledger.Charge
	if err = atField("amount", wrong, order.Validate()); err == nil {
		charge, err = s.Ledger.Charge(v.ctx(), v.actor.In(account.TenantID), order)
	}
	if refused, ok := refusalOf(err); ok {
		return v.usageForm(formStatus(refused), account, form, refused)
	}
	if err != nil {
		return err
	}
	said := "The usage is recorded, " + v.moneyText(price) + " charged."
	if charge.Repeated {
		said = "This usage was recorded before under the same reference. Nothing was charged again."
	}
	return v.done(paths.StaffAccount(account.TenantID, account.ID), said)
}

func (v *visit) usageForm(status int, account models.ShownAccount, form pages.UsageForm, refused *models.Error) error {
	frame, err := v.frame("Record usage")
	if err != nil {
		return err
	}
	return v.page(status, pages.NewUsage{Frame: frame, Account: account, Form: form, Kinds: usageKinds, Refused: refused}.View())
}

var usageKinds = []ui.Option{
	{Value: ledger.MessageUsage, Label: "Messages"},
	{Value: ledger.CallUsage, Label: "Calls"},
	{Value: ledger.NumberUsage, Label: "Number"},
	{Value: ledger.KeywordUsage, Label: "Keyword"},
}

// usedBy is the account in the path, as staff see it.
func (v *visit) usedBy() (models.ShownAccount, error) {
	tenant, id, err := v.tenantAndID()
	if err != nil {
		return models.ShownAccount{}, err
	}
	return v.server.Accounts.Show(v.ctx(), v.actor.In(tenant), id)
}

// wholeNumber reads digits; anything else is -1, which no order takes.
func wholeNumber(text string) int64 {
	n, err := strconv.ParseUint(text, 10, 40)
	if err != nil {
		return -1
	}
	return int64(n)
}

// atField is everything that is wrong with a form: what its field of that name could not be read for, and what else was found.
func atField(name string, unread, found error) error {
	refused, bad := refusalOf(unread)
	if !bad {
		if unread != nil {
			return unread
		}
		return found
	}
	if others, ok := refusalOf(found); ok {
		return others.At(name, refused.Message)
	}
	return models.ErrCheckFields.At(name, refused.Message)
}
