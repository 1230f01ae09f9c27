package exports

import (
	"io"
	"time"

	"offshoot/models"
	"offshoot/views/wording"
)

// ActionLogCSV begins the file of an action log (REP-3) for a reader in zone.
func ActionLogCSV(w io.Writer, zone *time.Location) *Sheet[models.LogLine] {
	zone = zoneOf(zone)
	head := []string{inZone("Time", zone), "Actor", "Acting as", "Action", "What happened", "Account", "Other account", "Asset",
		"Amount", "Balance after", "Reference", "Transfer"}
	var amounts figures
	return newSheet(w, head, func(cells []string, l models.LogLine) {
		cells[0] = stamp(l.At, zone)
		cells[1] = text(wording.Actor(l))
		cells[2] = text(l.ActingAs)
		cells[3] = text(string(l.Action))
		cells[4] = text(wording.LogSentence(l))
		cells[5] = text(l.AccountName)
		cells[6] = text(l.OtherName)
		cells[7] = asset(l.Amount)
		cells[8] = amounts.text(l.Amount)
		cells[9] = amounts.text(l.BalanceAfter)
		cells[10] = text(l.Reference)
		cells[11] = id(l.Transfer)
	})
}
