package exports

import (
	"io"
	"time"

	"offshoot/models"
)

// MessagesCSV begins the file of a message log (MSG-4) for a reader in zone. byAccount adds whose message it is; showsPrice is
// false for a reader who is shown no prices: units of packages still are.
func MessagesCSV(w io.Writer, zone *time.Location, byAccount bool) *Sheet[models.LoggedMessage] {
	zone = zoneOf(zone)
	head := []string{inZone("Time", zone)}
	if byAccount {
		head = append(head, "Account")
	}
	head = append(head, "From", "To", "Country", "Text", "Encoding", "Parts", "Status", inZone("Status since", zone), "Problem", "Asset", "Paid", "Refunded", "Message")
	var amounts figures
	return newSheet(w, head, func(cells []string, m models.LoggedMessage) {
		cells[0] = stamp(m.AcceptedAt, zone)
		if byAccount {
			cells[1], cells = text(m.AccountName), cells[1:]
		}
		cells[1] = mobile(m.Sender)
		cells[2] = mobile(m.Recipient)
		cells[3] = text(m.Country)
		cells[4] = text(m.Body)
		cells[5] = m.Encoding.Label()
		cells[6] = count(m.Parts)
		cells[7] = m.Status.Label()
		cells[8] = stamp(m.StatusAt, zone)
		cells[9] = text(m.Problem)
		cells[10] = asset(m.Paid)
		cells[11] = amounts.text(m.Paid)
		cells[12] = ""
		if m.Refunded && m.Paid != nil {
			cells[12] = "yes"
		}
		cells[13] = id(m.ID)
	})
}
