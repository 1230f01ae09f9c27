// Package exports writes reports as CSV: UTF-8 without a mark, CRLF, by RFC 4180.
//
// Figures are written plainly: a point, no grouping, as many decimals as the currency has. Times are ISO 8601 with their
// offset in the reader's zone, and the head of their column names the zone. A cell of text that a spreadsheet would take
// for a formula gets an apostrophe in front of it; figures never do, nor do mobile numbers in E.164, a + and digits alone,
// which can be no formula and which other programs read.
package exports

import (
	"bufio"
	"encoding/csv"
	"io"
	"time"

	"offshoot/models"
)

// ContentType is what the files are served as.
const ContentType = "text/csv; charset=utf-8"

// buffered is how much is held back before it goes out: a refusal until then can still be answered as a page.
const buffered = 64 << 10

// Sheet is a file under way, one row after another.
type Sheet[Row any] struct {
	csv   *csv.Writer
	cells []string
	fill  func(cells []string, row Row)
}

func newSheet[Row any](w io.Writer, head []string, fill func([]string, Row)) *Sheet[Row] {
	out := csv.NewWriter(bufio.NewWriterSize(w, buffered))
	out.UseCRLF = true
	_ = out.Write(head) // into the buffer; a writer that fails says so again at the next flush
	return &Sheet[Row]{csv: out, cells: make([]string, len(head)), fill: fill}
}

// Write adds a row. It returns what writing to the file's end returned, once something went there.
func (s *Sheet[Row]) Write(row Row) error {
	s.fill(s.cells, row)
	return s.csv.Write(s.cells)
}

// Close sends what is still held back. A file without Close is cut short.
func (s *Sheet[Row]) Close() error {
	s.csv.Flush()
	return s.csv.Error()
}

// zoneOf is the reader's zone; without one it is UTC.
func zoneOf(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}

func inZone(what string, zone *time.Location) string { return what + " (" + zone.String() + ")" }

func asset(m *models.Money) string {
	if m == nil {
		return ""
	}
	return text(m.Asset)
}

func id(id models.ID) string {
	if id == models.NoID {
		return ""
	}
	return id.String()
}
