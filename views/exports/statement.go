package exports

import (
	"io"
	"strconv"
	"time"

	"offshoot/models"
	"offshoot/views/wording"
)

// StatementCSV begins the file of a statement (BAL-11) for a reader in zone.
func StatementCSV(w io.Writer, zone *time.Location) *Sheet[models.StatementLine] {
	zone = zoneOf(zone)
	head := []string{"Entry", inZone("Time", zone), "What", "Other account", "Asset", "Amount", "Balance after", "Reference", "Transfer"}
	var amounts figures
	return newSheet(w, head, func(cells []string, l models.StatementLine) {
		cells[0] = strconv.FormatInt(l.Number, 10)
		cells[1] = stamp(l.At, zone)
		cells[2] = text(wording.EntrySentence(l))
		cells[3] = text(l.OtherName)
		cells[4] = text(l.Amount.Asset)
		cells[5] = amounts.text(&l.Amount)
		cells[6] = amounts.text(&l.BalanceAfter)
		cells[7] = text(l.Reference)
		cells[8] = id(l.Transfer)
	})
}
