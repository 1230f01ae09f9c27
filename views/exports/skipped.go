package exports

import (
	"io"
	"strconv"

	"offshoot/models"
)

// SkippedCSV begins the file of the rows of a send that nothing is sent to.
func SkippedCSV(w io.Writer) *Sheet[models.Skip] {
	return newSheet(w, []string{"Source", "Row", "Number", "Reason"}, func(cells []string, s models.Skip) {
		cells[0], cells[1], cells[2], cells[3] = text(s.Source), "", text(s.Number), text(s.Problem)
		if s.Line > 0 {
			cells[1] = strconv.FormatInt(s.Line, 10)
		}
	})
}
