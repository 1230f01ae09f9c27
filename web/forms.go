package web

import (
	"errors"
	"strconv"
	"strings"

	"offshoot/models"
	"offshoot/services/store"
)

// ticked are the values of all checkboxes of one name that were ticked.
func (v *visit) ticked(name string) []string { return v.typed[name] }

// isTicked says whether a checkbox that stands alone was ticked.
func (v *visit) isTicked(name string) bool { return v.field(name) != "" }

// moneyKey is the one-time key that a money form carries. A form without one was not made by us, and could move an amount
// twice, so it is refused.
func (v *visit) moneyKey() (string, error) {
	key, ok := models.ParseID(v.field("key"))
	if !ok {
		return "", errBadForm
	}
	return key.String(), nil
}

// keyAfter is the key of a money form that comes back refused: the same, for nothing has happened, unless the key stands
// for something else already.
func keyAfter(refused *models.Error, key string) string {
	if errors.Is(refused, store.ErrKeyReused) {
		return newKey()
	}
	return key
}

// newKey is the key of a money form that is shown for the first time.
func newKey() string { return models.NewID().String() }

// version is that of the account from which a form was made; 0, which none has, when there is none.
func (v *visit) version() int {
	n, err := strconv.Atoi(v.field("version"))
	if err != nil {
		return 0
	}
	return n
}

// amount reads the amount in a field of the form, in the account's currency. Its refusal stands at that field.
func (v *visit) amount(name string) (models.Money, error) {
	m, err := models.ParseAmount(v.typed.Get(name), v.session.Account.Currency)
	if refused, ok := refusalOf(err); ok {
		return m, models.ErrCheckFields.At(name, refused.Message)
	}
	return m, err
}

// trimmed is a field without what a paste leaves around it.
func (v *visit) trimmed(name string) string { return strings.TrimSpace(v.field(name)) }
