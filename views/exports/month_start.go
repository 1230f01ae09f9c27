package exports

import (
	"io"
	"strconv"

	"offshoot/models"
)

// MonthStartCSV begins the file of the next month start (BAL-6), rehearsed.
func MonthStartCSV(w io.Writer) *Sheet[models.MonthTurn] {
	head := []string{"Sub-account", "Priority", "Goes back", "Monthly limit", "Currency", "Outcome"}
	return newSheet(w, head, func(cells []string, t models.MonthTurn) {
		cells[0] = text(t.Name)
		cells[1] = strconv.Itoa(t.Priority)
		cells[2] = t.Returned.Text()
		cells[3] = t.Amount.Text()
		cells[4] = text(t.Amount.Asset)
		cells[5] = text(t.State.Label())
	})
}
