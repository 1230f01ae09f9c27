package audience_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"offshoot/services/audience"
)

func rowsOf(t *testing.T, file string) (rows []audience.Row) {
	t.Helper()
	s, err := audience.OpenSheet(strings.NewReader(file))
	must(t, err)
	for {
		row, err := s.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		must(t, err)
		rows = append(rows, row)
	}
}

// MSG-5: files that are none.
func TestFilesThatAreNoSheets(t *testing.T) {
	for file, says := range map[string]string{
		"":                               "empty",
		"\xef\xbb\xbf":                   "empty",
		" \n\r\n":                        "empty",
		"\xff\xfen\x00u\x00":             "UTF-16",
		"\xfe\xff\x00n\x00u":             "UTF-16",
		"PK\x03\x04rest of a workbook":   "spreadsheet's own file",
		"n\x00u\x00m\x00b\x00e\x00r\x00": "no text",
	} {
		_, err := audience.OpenSheet(strings.NewReader(file))
		if !errors.Is(err, audience.ErrNotCSV) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// MSG-5: a row that cannot be read is refused by itself, and those behind it are read.
func TestRowsThatCannotBeRead(t *testing.T) {
	megabyte := strings.Repeat("x", 1<<20)
	for file, says := range map[string]string{
		"number,name\n1," + megabyte + "\n2,b\n":                "longer than 64 KB",
		"number,name\n1,\"" + megabyte + "\"\n2,b\n":            "longer than 64 KB",
		"number,name\n1,\"open\n2,b\n":                          "not closed",
		"number,name\n1,M\xfcller\n2,b\n":                       "CSV UTF-8",
		"number,name\n1" + strings.Repeat(",", 500) + "\n2,b\n": "200 columns",
	} {
		rows := rowsOf(t, file)
		if len(rows) < 3 || !strings.Contains(rows[1].Problem, says) || rows[1].N != 2 {
			t.Fatalf("%.30q: %.200v", file, rows)
		}
		if rows[2].Problem != "" || rows[2].N != 3 || strings.Join(rows[2].Cells, "|") != "2|b" {
			t.Errorf("%.30q: the row behind it: %v", file, rows[2])
		}
	}
	// a quote that nothing closes before a long rest of the file
	rows := rowsOf(t, "number\n\"open\n"+strings.Repeat("015112345671\n", 100_000))
	if len(rows) != 100_002 || rows[1].Problem == "" || rows[2].Problem != "" || rows[100_001].N != 100_002 {
		t.Error(len(rows), rows[1])
	}
}

// MSG-5: what programs write.
func TestSheetsAsProgramsWriteThem(t *testing.T) {
	for file, want := range map[string]string{
		"a,b\n1,2":                     "a|b/1|2",
		"\xef\xbb\xbfa,b\r\n1,2\r\n":   "a|b/1|2",
		"a;b\r\n1;2,5\r\n":             "a|b/1|2,5",
		"a\tb\n1\t2\n":                 "a|b/1|2",
		"a,b\r1,2\r":                   "a|b/1|2",
		"a,b\n\"1\",\"2\"\n":           "a|b/1|2",
		"a,b\n\"1,\"\"x\"\"\", 2 \n":   "a|b/1,\"x\"|2",
		"a,b\n1,\"two\nlines\"\n3,4":   "a|b/1|two\nlines/3|4",
		"a,b\n\n1,\n":                  "a|b//1|",
		"\"a;x\",b\n1,2\n":             "a;x|b/1|2",
		"a\n1\n2\n":                    "a/1/2",
		"a,b\n1, \"2\" \n5\" pipe,6\n": "a|b/1|2/5\" pipe|6",
	} {
		var got []string
		for _, row := range rowsOf(t, file) {
			if row.Problem != "" {
				t.Errorf("%q: %s", file, row.Problem)
			}
			got = append(got, strings.Join(row.Cells, "|"))
		}
		if strings.Join(got, "/") != want {
			t.Errorf("%q: %q, want %q", file, got, want)
		}
	}
	for head, want := range map[string]int{"Name;NUMBER": 1, "Mobile_Number;x": 0, "x;y": -1, "": -1, "Telefon;Number": 1} {
		if got := audience.NumberColumn(strings.Split(head, ";")); got != want {
			t.Error(head, got)
		}
	}
}

// A file of any size is read in little memory.
func TestSheetTakesLittleMemory(t *testing.T) {
	var before, m runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := audience.OpenSheet(io.MultiReader(strings.NewReader("number\n\""), io.LimitReader(endless{}, 200<<20)))
	must(t, err)
	for {
		if _, err := s.Next(); err != nil {
			break
		}
	}
	runtime.ReadMemStats(&m)
	if grown := int64(m.HeapSys) - int64(before.HeapSys); grown > 30<<20 {
		t.Errorf("%d MiB", grown>>20)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
