package reports

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"offshoot/models"
)

// Page asks for one page of a list that is never counted. Cursors are those of PageLinks, as they came back in an
// address; with neither it is the first page. Size is how many lines, 50 when 0, at most 200.
type Page struct {
	Older, Newer string
	Size         int
}

// PageLinks are the cursors of the pages before and after one, "" where there is none.
type PageLinks struct{ Newer, Older string }

func (p Page) size() int {
	if p.Size <= 0 {
		return 50
	}
	return min(p.Size, 200)
}

// turn reads a page of a list that has its newest line first. read returns up to limit lines next to a cursor, the
// nearest first, on its newer or its older side; from "" it reads the newest.
func turn[T any](page Page, read func(cursor string, newer bool, limit int) ([]T, error), cursor func(T) string) ([]T, PageLinks, error) {
	size := page.size()
	if page.Newer != "" {
		lines, err := read(page.Newer, true, size+1)
		if err != nil {
			return nil, PageLinks{}, err
		}
		if len(lines) > size {
			lines = lines[:size]
			slices.Reverse(lines)
			return lines, PageLinks{Newer: cursor(lines[0]), Older: cursor(lines[size-1])}, nil
		}
		page.Older = "" // it is the front of the list, which is a full page again, with what came since
	}
	lines, err := read(page.Older, false, size+1)
	if err != nil {
		return nil, PageLinks{}, err
	}
	var links PageLinks
	if len(lines) > size {
		lines = lines[:size]
		links.Older = cursor(lines[size-1])
	}
	if page.Older != "" && len(lines) > 0 {
		links.Newer = cursor(lines[0])
	}
	return lines, links, nil
}

// moment is the place of a line in a list ordered by time: two lines of one moment are ordered by their ids.
type moment struct {
	at time.Time
	id models.ID
}

func (m moment) cursor() string {
	place := binary.BigEndian.AppendUint64(nil, uint64(m.at.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(append(place, m.id[:]...))
}

func readMoment(cursor string) (moment, error) {
	place, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(place) != 24 {
		return moment{}, ErrBadCursor
	}
	micros := int64(binary.BigEndian.Uint64(place))
	if micros < 0 || micros > farthest {
		return moment{}, ErrBadCursor
	}
	return moment{time.UnixMicro(micros).UTC(), models.ID(place[8:])}, nil
}

// farthest is a moment in the year 9999: PostgreSQL takes no other calendar's.
const farthest = 253_370_764_800_000_000

func readNumber(cursor string) (int64, error) {
	n, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != cursor {
		return 0, ErrBadCursor
	}
	return n, nil
}

// checkDays refuses days that stand the wrong way round.
func checkDays(p *models.Problems, days models.Days) {
	if !days.From.IsZero() && !days.To.IsZero() && days.To.Before(days.From) {
		p.Add("to", "Choose a day that is not before "+days.From.String()+".")
	}
}
