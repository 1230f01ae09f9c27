package messaging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"offshoot/models"
	"offshoot/services/audience"
)

// MaxNumbers is how many rows may be typed and uploaded for one send. A group may have any number of members.
const MaxNumbers = 100_000

// chunk is how many recipients one transaction collects.
const chunk = 2000

// Where a recipient comes from, as the table has it.
const (
	fromTyped = "typed"
	fromFile  = "file"
	fromGroup = "group"
)

// collector puts rows of one source together and writes them chunk by chunk, each in a transaction of its own.
type collector struct {
	service      *Service
	tenant, send models.ID
	country      string // in which numbers are read
	source       string
	all          int64 // rows so far, of all sources
	rows         rows
}

// rows are a chunk as columns.
type rows struct {
	lines     []int64
	numbers   []string
	countries []string // "": refused
	problems  []string
	good      int64
}

func (r *rows) add(line int64, number, country, problem string) {
	r.lines, r.numbers = append(r.lines, line), append(r.numbers, number)
	r.countries, r.problems = append(r.countries, country), append(r.problems, problem)
	if country != "" {
		r.good++
	}
}

// typed takes numbers that stand one a line, or between commas and semicolons.
func (c *collector) typed(ctx context.Context, text string) error {
	c.source = fromTyped
	var line int64
	for text := range strings.Lines(text) {
		line++
		for _, number := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '\r' }) {
			if strings.TrimSpace(number) == "" {
				continue
			}
			if err := c.take(ctx, line, number); err != nil {
				return err
			}
		}
	}
	return c.write(ctx)
}

// file takes the numbers of an uploaded table: those of the column that its head calls number, or of the first one. A row
// that is blank is none.
func (c *collector) file(ctx context.Context, upload io.Reader) error {
	c.source = fromFile
	sheet, err := audience.OpenSheet(upload)
	if err != nil {
		return err
	}
	column := 0
	for first := true; ; first = false {
		row, err := sheet.Next()
		if errors.Is(err, io.EOF) {
			return c.write(ctx)
		}
		if err != nil {
			return err
		}
		if first && row.Problem == "" {
			if at := audience.NumberColumn(row.Cells); at >= 0 {
				column = at
				continue
			}
		}
		switch {
		case row.Problem != "":
			err = c.refuse(ctx, row.N, strings.Join(row.Cells, ","), row.Problem)
		case strings.TrimSpace(strings.Join(row.Cells, "")) == "":
		case column >= len(row.Cells):
			err = c.refuse(ctx, row.N, strings.Join(row.Cells, ","), "This row has no number.")
		default:
			err = c.take(ctx, row.N, row.Cells[column])
		}
		if err != nil {
			return err
		}
	}
}

func (c *collector) take(ctx context.Context, line int64, text string) error {
	n, problem := audience.ReadNumber(text, c.country)
	if problem != "" {
		return c.refuse(ctx, line, text, problem)
	}
	c.rows.add(line, n.E164, n.Country, "")
	return c.full(ctx)
}

// shownOf is how much of what was typed is kept beside the reason for which it is refused.
const shownOf = 60

func (c *collector) refuse(ctx context.Context, line int64, text, problem string) error {
	text = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	if runes := []rune(text); len(runes) > shownOf {
		text = string(runes[:shownOf]) + "…"
	}
	c.rows.add(line, text, "", problem)
	return c.full(ctx)
}

// full writes when a chunk is full, and refuses with ErrTooManyNumbers.
func (c *collector) full(ctx context.Context) error {
	if c.all++; c.all > MaxNumbers {
		field := "numbers"
		if c.source == fromFile {
			field = "file"
		}
		return ErrTooManyNumbers.At(field, ErrTooManyNumbers.Message)
	}
	if len(c.rows.lines) < chunk {
		return nil
	}
	return c.write(ctx)
}

func (c *collector) write(ctx context.Context) error {
	if len(c.rows.lines) == 0 {
		return nil
	}
	_, err := c.service.addRows(ctx, c.tenant, c.send, c.source, c.rows, models.NoID, models.NoID)
	c.rows = rows{}
	return err
}

// addRows writes a chunk after those that are there. A number that is there already is counted and not written again. Rows
// of a group are added only while the group has been collected up to the contact before, and then it is up to the contact to: whoever
// comes second with the same chunk adds nothing. It says whether it added.
func (s *Service) addRows(ctx context.Context, tenant, send models.ID, source string, r rows, before, to models.ID) (bool, error) {
	changed, err := s.store.Note(ctx, tenant, insertRows, send, source, r.lines, r.numbers, r.countries, r.problems,
		int64(len(r.lines)), r.good, orNull(before), orNull(to))
	if err != nil {
		return false, fmt.Errorf("recipients: %w", err)
	}
	return changed == 1, nil
}

const insertRows = `WITH s AS (
		SELECT rows FROM sends WHERE tenant_id = $1 AND id = $2 AND status = 'collecting' AND collected IS NOT DISTINCT FROM $10
		FOR NO KEY UPDATE
	), added AS (
		INSERT INTO send_recipients (tenant_id, send_id, position, source, line, number, country, problem)
		SELECT $1, $2, s.rows + n, $3, line, number, NULLIF(country, ''), problem
		FROM s, unnest($4::bigint[], $5::text[], $6::text[], $7::text[]) WITH ORDINALITY AS r (line, number, country, problem, n)
		ON CONFLICT DO NOTHING RETURNING country
	), counted AS (
		SELECT count(country) AS good, count(*) - count(country) AS refused FROM added
	)
	UPDATE sends SET rows = sends.rows + $8, recipients = recipients + good, refused = sends.refused + counted.refused,
		duplicates = duplicates + $9 - good, collected = coalesce($11, collected)
	FROM counted, s WHERE tenant_id = $1 AND id = $2`

// orNull is NULL for the ID of nothing.
func orNull(id models.ID) *models.ID {
	if id == models.NoID {
		return nil
	}
	return &id
}
