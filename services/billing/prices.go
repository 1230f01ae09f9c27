package billing

import (
	"strings"
	"sync"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// PricesAt returns what a part costs at a moment, by destination country, in a currency. Nothing can be sent to a country
// that is missing. It looks into the index once for each country there is, however many prices there have been. For: a read
// or change of another service.
func PricesAt(tx *store.Tx, currency string, at time.Time) (map[string]models.Money, error) {
	var rows []struct {
		Country string
		Price   int64
	}
	err := tx.Raw(`SELECT c.country, r.price FROM unnest(string_to_array(?, ' ')) AS c(country) CROSS JOIN LATERAL
			(SELECT price FROM rates WHERE currency = ? AND country = c.country::char(2) AND effective_from <= ?
				ORDER BY effective_from DESC LIMIT 1) r`, everyCountry(), currency, at).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	prices := make(map[string]models.Money, len(rows))
	for _, r := range rows {
		prices[r.Country] = models.FromMicros(r.Price, currency)
	}
	return prices, nil
}

// everyCountry are the codes of all countries with spaces between them.
var everyCountry = sync.OnceValue(func() string {
	var codes []string
	for _, c := range models.Countries() {
		codes = append(codes, c.Code)
	}
	return strings.Join(codes, " ")
})
