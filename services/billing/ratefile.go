package billing

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"offshoot/models"
)

// What a file of rates may hold.
const (
	MaxRateRows  = 20_000
	maxRateBytes = 4 << 20
)

// The columns of a file of rates, in the order of ImportedRate.Text.
const (
	countryColumn = iota
	currencyColumn
	priceColumn
	fromColumn
)

var columnNames = [4]string{"country", "currency", "price", "effective from"}

// columnOf is the column that a head stands for; lists from elsewhere call them other names.
var columnOf = map[string]int{"country": countryColumn, "country code": countryColumn, "destination": countryColumn, "iso": countryColumn,
	"currency": currencyColumn, "currency code": currencyColumn, "price": priceColumn, "price per part": priceColumn, "rate": priceColumn,
	"effective from": fromColumn, "effective date": fromColumn, "valid from": fromColumn, "from": fromColumn}

// rateRow is a row of the file as it was read.
type rateRow struct {
	models.ImportedRate
	day models.Day // that it begins on; none: at once, or Rate.From is a moment
}

// readRates reads a file of rates: a head that names the columns in any order, then rows with commas, semicolons or tabs
// between their cells. A row that cannot be read is refused by itself; refuses a file without the columns, or too large.
func readRates(file io.Reader) ([]rateRow, error) {
	in := bufio.NewReaderSize(io.LimitReader(file, maxRateBytes+1), 64<<10)
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		_, _ = in.Discard(3)
	}
	start, _ := in.Peek(4 << 10)
	if len(bytes.TrimSpace(start)) == 0 {
		return nil, notRates("The file is empty.")
	}
	if bytes.IndexByte(start, 0) >= 0 {
		return nil, notRates("This is no text. Save the sheet as CSV in UTF-8.")
	}
	sheet := csv.NewReader(in)
	sheet.Comma, sheet.FieldsPerRecord, sheet.TrimLeadingSpace = separatorOf(start), -1, true
	head, err := sheet.Read()
	if bad := new(csv.ParseError); err != nil && !errors.As(err, &bad) {
		return nil, err
	}
	if err != nil {
		return nil, notRates("The first row cannot be read: check its quotes.")
	}
	at, err := columnsOf(head)
	if err != nil {
		return nil, err
	}
	var rows []rateRow
	for n := 2; ; n++ {
		cells, err := sheet.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if bad := new(csv.ParseError); err != nil && !errors.As(err, &bad) {
			return nil, err // of whoever sends the file
		}
		if len(rows) == MaxRateRows {
			return nil, notRates("The file has more than 20,000 rows. Split it.")
		}
		if sheet.InputOffset() > maxRateBytes {
			return nil, notRates("The file is too large: it may have four megabytes. Split it.")
		}
		row := rateRow{ImportedRate: models.ImportedRate{Row: n}}
		if err != nil {
			row.refuse("This row cannot be read: check its quotes.")
			rows = append(rows, row)
			continue
		}
		for column, place := range at {
			if place >= 0 && place < len(cells) {
				row.Text[column] = strings.TrimSpace(cells[place])
			}
		}
		if row.Text == [4]string{} {
			continue
		}
		row.read(sheet.Comma == ';')
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, notRates("The file has no rows below the names of its columns.")
	}
	return rows, nil
}

func notRates(sentence string) error { return ErrNotRates.At("file", sentence) }

// separatorOf is what stands most often in the first row.
func separatorOf(start []byte) rune {
	first, _, _ := bytes.Cut(start, []byte("\n"))
	best := ','
	for _, c := range ";\t" {
		if bytes.Count(first, []byte(string(c))) > bytes.Count(first, []byte(string(best))) {
			best = c
		}
	}
	return best
}

// columnsOf finds where each column stands, -1 for one that is not there. Only effective from may be missing.
func columnsOf(head []string) ([4]int, error) {
	at := [4]int{-1, -1, -1, -1}
	for i, name := range head {
		plain := strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == ' ' || r == '_' || r == '-' }), " ")
		if zone := strings.Index(plain, " ("); zone > 0 { // as exports name a column of times
			plain = plain[:zone]
		}
		if column, known := columnOf[plain]; known {
			if at[column] >= 0 {
				return at, notRates("Two columns are called " + columnNames[column] + ".")
			}
			at[column] = i
		}
	}
	for _, column := range []int{countryColumn, currencyColumn, priceColumn} {
		if at[column] < 0 {
			return at, notRates("The first row must name the columns: country, currency, price, effective from. There is no " + columnNames[column] + ".")
		}
	}
	return at, nil
}

func (r *rateRow) refuse(sentence string) { r.Outcome, r.Refusal = models.RateRefused, sentence }

var decimalComma = regexp.MustCompile(`^[0-9]{1,12},[0-9]{1,6}$`)

// read understands the row's cells by themselves. Where semicolons stand between cells, a price may have a comma.
func (r *rateRow) read(semicolons bool) {
	for _, text := range r.Text {
		if !utf8.ValidString(text) || len(text) > 200 {
			for i, text := range r.Text { // it is shown
				r.Text[i] = cut(strings.ToValidUTF8(text, "\ufffd"), 60)
			}
			r.refuse("This row is not written in UTF-8, or a cell is too long.")
			return
		}
	}
	country, known := models.CountryCalled(r.Text[countryColumn])
	if !known {
		r.refuse(fmt.Sprintf("There is no country “%s”. Use its two-letter code, like DE.", cut(r.Text[countryColumn], 60)))
		return
	}
	currency := strings.ToUpper(r.Text[currencyColumn])
	if !models.IsCurrency(currency) {
		r.refuse(fmt.Sprintf("There is no currency “%s”. Use its three-letter code, like EUR.", cut(r.Text[currencyColumn], 60)))
		return
	}
	text := r.Text[priceColumn]
	if semicolons && decimalComma.MatchString(text) {
		text = strings.Replace(text, ",", ".", 1)
	}
	price, err := models.ParsePrice(text, currency)
	if err != nil {
		r.refuse(fmt.Sprintf("“%s” is no price. Write it in digits with a point, like 0.045.", cut(r.Text[priceColumn], 60)))
		return
	}
	r.Rate = models.Rate{Country: country, Price: price}
	if from := r.Text[fromColumn]; from != "" {
		day, isDay := models.ParseDay(from)
		moment, err := time.Parse(time.RFC3339Nano, from)
		switch {
		case isDay:
			r.day = day
		case err == nil && moment.Year() >= 1970 && moment.Year() < 9999:
			r.Rate.From = moment.UTC()
		default:
			r.refuse(fmt.Sprintf("“%s” is no day. Write it like 2026-12-01.", cut(from, 60)))
		}
	}
}

func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
