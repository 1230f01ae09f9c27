package audience

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"offshoot/models"
)

// ErrNotCSV is the refusal of a file that holds no rows of text.
var ErrNotCSV = &models.Error{Kind: models.Invalid, Code: "not_csv", Message: "This is not a CSV file."}

// What a file may have. A row that is longer is refused by itself; encoding/csv would read it whole into memory, or, behind a
// quote that nothing closes, the rest of the file.
const (
	longestRow  = 64 << 10
	mostCells   = 200
	longestHead = 4 << 10 // what is looked at to find out what kind of file it is
)

// Sheet reads a CSV file row by row in bounded memory: UTF-8 with or without a mark, cells between commas, semicolons or tabs
// (whatever the first row has most of), quoted or not, lines that end with LF, CRLF or CR.
type Sheet struct {
	in        *bufio.Reader
	separator byte
	row       int64
	again     [][]byte // lines that were read already, behind quotes that nothing closed
}

// Row is a row of a Sheet. Where there is a Problem, a sentence, the cells are what can be shown of it.
type Row struct {
	N       int64 // as spreadsheets count: the first is 1
	Cells   []string
	Problem string
}

// Blank says whether there is nothing in the row.
func (r Row) Blank() bool {
	for _, cell := range r.Cells {
		if cell != "" {
			return false
		}
	}
	return r.Problem == ""
}

// OpenSheet begins to read. Refuses with ErrNotCSV what is empty, UTF-16, or no text.
func OpenSheet(file io.Reader) (*Sheet, error) {
	s := &Sheet{in: bufio.NewReaderSize(file, longestRow)}
	head, err := s.in.Peek(longestHead)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = s.in.Discard(3) // they are there
		head = head[3:]
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, ErrNotCSV.Saying("This file is in UTF-16. Save it as CSV UTF-8 and upload that.")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, ErrNotCSV.Saying("This is a spreadsheet's own file. Save it as CSV UTF-8 and upload that.")
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return nil, ErrNotCSV.Saying("This file is empty.")
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return nil, ErrNotCSV.Saying("This file is no text. Save your list as CSV UTF-8 and upload that.")
	}
	s.separator = separatorOf(head)
	return s, nil
}

// separatorOf is what the first line has most of, outside of quotes.
func separatorOf(head []byte) byte {
	best, most := byte(','), 0
	for _, candidate := range []byte{',', ';', '\t'} {
		n, quoted := 0, false
	line:
		for _, b := range head {
			switch {
			case b == '"':
				quoted = !quoted
			case (b == '\n' || b == '\r') && !quoted:
				break line
			case b == candidate && !quoted:
				n++
			}
		}
		if n > most {
			best, most = candidate, n
		}
	}
	return best
}

// Next returns the next row, and io.EOF behind the last.
func (s *Sheet) Next() (Row, error) {
	line, err := s.line()
	if err != nil {
		return Row{}, err
	}
	s.row++
	row := Row{N: s.row}
	if len(line) > longestRow {
		row.Cells, row.Problem = []string{beginning(line)}, "This row is longer than 64 KB."
		return row, nil
	}
	cells, closed := s.cells(line)
	if !closed {
		if cells, closed, err = s.continued(line); err != nil {
			return Row{}, err
		}
	}
	if !closed {
		row.Cells, row.Problem = []string{beginning(line)}, "The quotes in this row are not closed."
		return row, nil
	}
	row.Cells = cells
	for i, cell := range cells {
		if !utf8.ValidString(cell) || strings.ContainsRune(cell, 0) {
			cells[i] = strings.ReplaceAll(strings.ToValidUTF8(cell, "�"), "\x00", "�")
			row.Problem = "This row has characters that cannot be read. Save the file as CSV UTF-8."
		}
	}
	if len(cells) > mostCells {
		row.Cells, row.Problem = cells[:mostCells], "This row has more than 200 columns."
	}
	return row, nil
}

// continued reads the lines that belong to a row that ends within quotes. Where nothing closes them the quote was none: what
// was read stands in rows of its own and is read again.
func (s *Sheet) continued(line []byte) (cells []string, closed bool, err error) {
	whole := bytes.Clone(line)
	var lines [][]byte
	for {
		next, err := s.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, false, err
		}
		if err == nil {
			lines = append(lines, next)
		}
		if err != nil || len(whole)+len(next) >= longestRow {
			s.again = append(lines, s.again...)
			return nil, false, nil
		}
		whole = append(append(whole, '\n'), next...)
		if bytes.Count(next, []byte{'"'})%2 == 1 { // two of them are one that closes nothing
			if cells, closed = s.cells(whole); closed {
				return cells, true, nil
			}
		}
	}
}

// line is the next line without its end, in memory of its own. Of one that is too long it returns the beginning, longer than
// longestRow.
func (s *Sheet) line() ([]byte, error) {
	if len(s.again) > 0 {
		line := s.again[0]
		s.again = s.again[1:]
		return line, nil
	}
	var line []byte
	for {
		part, err := s.in.ReadSlice('\n')
		if len(line) <= longestRow {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if at := bytes.IndexByte(line, '\r'); at >= 0 && len(line) <= longestRow {
			lines := bytes.Split(line, []byte("\r"))
			s.again = append(s.again, lines[1:]...)
			line = lines[0]
		}
		return line, nil
	}
}

// cells splits a row. closed is false when it ends within quotes.
func (s *Sheet) cells(line []byte) (cells []string, closed bool) {
	for {
		if rest := bytes.TrimLeft(line, " "); len(rest) > 0 && rest[0] == '"' {
			cell, after, ok := quoted(rest[1:])
			if !ok {
				return cells, false
			}
			end := bytes.IndexByte(after, s.separator)
			if end < 0 {
				return append(cells, strings.TrimSpace(cell+string(after))), true
			}
			cells, line = append(cells, strings.TrimSpace(cell+string(after[:end]))), after[end+1:]
			continue
		}
		end := bytes.IndexByte(line, s.separator)
		if end < 0 {
			return append(cells, strings.TrimSpace(string(line))), true
		}
		cells, line = append(cells, strings.TrimSpace(string(line[:end]))), line[end+1:]
	}
}

// quoted reads up to the quote that closes; two of them are one.
func quoted(text []byte) (cell string, after []byte, ok bool) {
	var b strings.Builder
	for {
		end := bytes.IndexByte(text, '"')
		if end < 0 {
			return "", nil, false
		}
		b.Write(text[:end])
		text = text[end+1:]
		if len(text) == 0 || text[0] != '"' {
			return b.String(), text, true
		}
		b.WriteByte('"')
		text = text[1:]
	}
}

// beginning is as much of a row as is worth showing.
func beginning(line []byte) string {
	const shown = 100
	if len(line) > shown {
		line = line[:shown]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(string(line), "�"), "\x00", "�")
}

// What the column of numbers, and that of names, is called in the files that people have.
var (
	numberHeads = []string{"number", "mobile number", "mobile", "phone number", "phone", "telephone", "cell", "cell phone", "msisdn", "recipient", "to",
		"nummer", "mobilnummer", "handy", "telefon", "telefonnummer", "rufnummer", "numéro", "téléphone", "móvil", "teléfono", "電話番号"}
	nameHeads = []string{"name", "full name", "contact", "contact name", "nom", "nombre", "名前"}
)

// NumberColumn is the column of a first row that holds numbers, -1 where none says so.
func NumberColumn(head []string) int { return columnOf(head, numberHeads) }

func columnOf(head, called []string) int {
	for _, want := range called {
		for i, cell := range head {
			if headKey(cell) == want {
				return i
			}
		}
	}
	return -1
}

// headKey is the head of a column without what makes no difference.
func headKey(cell string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.NewReplacer("_", " ", "-", " ", ".", " ").Replace(norm.NFKC.String(cell))), " "))
}
