package exports

import (
	"io"
	"time"

	"offshoot/models"
)

// SenderIDsCSV begins the file of Sender IDs (MSG-7) for a reader in zone.
func SenderIDsCSV(w io.Writer, zone *time.Location) *Sheet[models.SenderID] {
	zone = zoneOf(zone)
	head := []string{"Sender ID", "Account", "Status", "Purpose", inZone("Requested", zone), "Requested by", "Reason"}
	return newSheet(w, head, func(cells []string, r models.SenderID) {
		cells[0] = mobile(r.Name)
		cells[1] = text(r.AccountName)
		cells[2] = text(r.Status.Label())
		cells[3] = text(r.Purpose)
		cells[4] = stamp(r.RequestedAt, zone)
		cells[5] = text(r.RequestedBy)
		cells[6] = text(r.Reason)
	})
}
