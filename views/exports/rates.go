package exports

import (
	"io"
	"time"

	"offshoot/models"
)

// RatesCSV begins the file of a rate card, which can be imported again.
func RatesCSV(w io.Writer, zone *time.Location) *Sheet[models.Rate] {
	zone = zoneOf(zone)
	var prices figures
	return newSheet(w, []string{"Country", "Currency", "Price", inZone("Effective from", zone)}, func(cells []string, r models.Rate) {
		cells[0] = text(r.Country)
		cells[1] = text(r.Price.Asset)
		cells[2] = prices.text(&r.Price)
		cells[3] = r.From.In(zone).Format(time.RFC3339Nano)
	})
}
