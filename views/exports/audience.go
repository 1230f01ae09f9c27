package exports

import (
	"io"
	"strconv"
	"time"

	"offshoot/models"
)

// ContactsCSV begins the file of a group's contacts, which can be imported again, for a reader in zone.
func ContactsCSV(w io.Writer, fields []string, zone *time.Location) *Sheet[models.Contact] {
	zone = zoneOf(zone)
	head := []string{"Number", "Name"}
	for _, name := range fields {
		head = append(head, text(name))
	}
	return newSheet(w, append(head, inZone("Opted out since", zone)), func(cells []string, c models.Contact) {
		cells[0], cells[1] = mobile(c.Number), text(c.Name)
		for i, name := range fields {
			cells[2+i] = text(c.Fields[name])
		}
		cells[2+len(fields)] = ""
		if c.OptedOut != nil {
			cells[2+len(fields)] = stamp(*c.OptedOut, zone)
		}
	})
}

// RefusedRowsCSV begins the file of the rows of an import that were refused.
func RefusedRowsCSV(w io.Writer) *Sheet[models.ImportRow] {
	return newSheet(w, []string{"Row", "What stood there", "Why it was refused"}, func(cells []string, r models.ImportRow) {
		cells[0], cells[1], cells[2] = strconv.FormatInt(r.Row, 10), text(r.Number), text(r.Problem)
	})
}

// OptOutsCSV begins the file of an account's opt-outs for a reader in zone.
func OptOutsCSV(w io.Writer, zone *time.Location) *Sheet[models.OptOut] {
	zone = zoneOf(zone)
	return newSheet(w, []string{"Number", "How", inZone("Since", zone)}, func(cells []string, o models.OptOut) {
		cells[0], cells[1], cells[2] = mobile(o.Number), text(o.Source.Label()), stamp(o.Since, zone)
	})
}

// InboundCSV begins the file of incoming messages for a reader in zone.
func InboundCSV(w io.Writer, zone *time.Location) *Sheet[models.InboundMessage] {
	zone = zoneOf(zone)
	head := []string{"Message", inZone("Time", zone), "From", "To", "Text", "Taken for", "Keyword", "Answer", "Answered by", "Why not answered"}
	return newSheet(w, head, func(cells []string, m models.InboundMessage) {
		cells[0], cells[1], cells[2], cells[3] = id(m.ID), stamp(m.At, zone), mobile(m.Sender), mobile(m.Number)
		cells[4], cells[5], cells[6], cells[7] = text(m.Body), m.Meaning.Label(), text(m.Keyword), text(m.Reply)
		cells[8], cells[9] = id(m.ReplyID), text(m.Problem)
	})
}
