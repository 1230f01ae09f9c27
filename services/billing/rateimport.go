package billing

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// PreviewRates says what ImportRates would do with a file now, row by row, and does nothing. For and refusals: as
// ImportRates, but for the last two.
func (s *Service) PreviewRates(ctx context.Context, actor models.Actor, file io.Reader) (models.RateImport, error) {
	if err := actor.Require(models.ManageOperator); err != nil {
		return models.RateImport{}, err
	}
	rows, err := readRates(file)
	if err != nil {
		return models.RateImport{}, err
	}
	var done models.RateImport
	err = s.store.Preview(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		done, event, err = importRates(ctx, tx, rows)
		return event, err
	})
	return done, err
}

// ImportRates sets all prices of a file that can be set, in one change; rows that cannot are left out. seal is that of the
// preview: what was not seen there is not done. Repeated under its key it does nothing.
// For: staff who manage the operator. Refuses: missing privilege; a file that is none (ErrNotRates); outcomes that are not
// those of the preview (ErrImportChanged); nothing to set (ErrNothingToImport).
func (s *Service) ImportRates(ctx context.Context, actor models.Actor, file io.Reader, seal, key string) (models.RateImport, error) {
	if err := actor.Require(models.ManageOperator); err != nil {
		return models.RateImport{}, err
	}
	rows, err := readRates(file)
	if err != nil {
		return models.RateImport{}, err
	}
	var done models.RateImport
	_, err = s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		done, event, err = importRates(ctx, tx, rows)
		switch {
		case err != nil:
		case done.Seal != seal:
			err = ErrImportChanged
		case done.Changes() == 0:
			err = ErrNothingToImport
		}
		return event, err
	}, store.Once(key, seal))
	return done, err
}

// importRates decides about each row and writes the prices that are new.
func importRates(ctx context.Context, tx *store.Tx, read []rateRow) (models.RateImport, models.Event, error) {
	if err := oneAtATime(tx); err != nil {
		return models.RateImport{}, models.Event{}, err
	}
	zone, err := operatorZone(tx)
	if err != nil {
		return models.RateImport{}, models.Event{}, err
	}
	rows := slices.Clone(read) // the change may run again
	for i := range rows {
		rows[i].begin(tx.Now, zone)
	}
	card, err := linesFor(ctx, tx, rows)
	if err != nil {
		return models.RateImport{}, models.Event{}, err
	}
	slices.SortStableFunc(rows, func(a, b rateRow) int { return a.Rate.From.Compare(b.Rate.From) })
	type moment struct {
		line
		from time.Time
	}
	first := map[moment]int{} // rows of the file
	var set []models.Rate
	for i := range rows {
		r := &rows[i]
		if r.Outcome == models.RateRefused {
			continue
		}
		key := moment{line{r.Rate.Price.Asset, r.Rate.Country}, r.Rate.From}
		if other, twice := first[key]; twice {
			r.refuse(fmt.Sprintf("Row %d has this country and currency from the same day.", other))
			continue
		}
		first[key] = r.Row
		card.decide(r, tx.Now, zone)
		if r.Outcome == models.RateNew || r.Outcome == models.RateChanged {
			card.put(key.line, r.Rate)
			set = append(set, r.Rate)
		}
	}
	putRates(tx, set)
	done := summed(rows)
	return done, models.Event{Action: models.RatesImported, Account: tx.Actor.Account, Details: map[string]string{
		"new": strconv.Itoa(done.New), "changed": strconv.Itoa(done.Changed)}}, nil
}

// begin says from when the row's price holds.
func (r *rateRow) begin(now time.Time, zone *time.Location) {
	if r.Outcome == models.RateRefused || !r.Rate.From.IsZero() {
		return
	}
	r.AtOnce = r.day.IsZero() || r.day == models.DayOf(now, zone)
	r.Rate.From, _ = momentOf(r.day, now, zone)
}

// line names a line of the rate card through time.
type line struct{ currency, country string }

// timelines are lines' prices in order of time: the one in force, and those that follow.
type timelines map[line][]models.Rate

// at is the price of a moment, nil where there is none.
func (t timelines) at(l line, at time.Time) *models.Rate {
	var found *models.Rate
	for i, r := range t[l] {
		if r.From.After(at) {
			break
		}
		found = &t[l][i]
	}
	return found
}

func (t timelines) put(l line, rate models.Rate) {
	place, found := slices.BinarySearchFunc(t[l], rate.From, func(r models.Rate, at time.Time) int { return r.From.Compare(at) })
	if found {
		t[l][place] = rate
		return
	}
	t[l] = slices.Insert(t[l], place, rate)
}

func (t timelines) decide(r *rateRow, now time.Time, zone *time.Location) {
	before := t.at(line{r.Rate.Price.Asset, r.Rate.Country}, r.Rate.From)
	switch {
	case r.Rate.From.Before(now): // only what stands there already, as an export has it
		if before == nil || !before.From.Equal(r.Rate.From) || !before.Price.Equal(r.Rate.Price) {
			r.refuse(passed(now, zone))
			return
		}
		r.Outcome = models.RateUnchanged
	case before == nil:
		r.Outcome = models.RateNew
	case before.Price.Equal(r.Rate.Price):
		r.Outcome = models.RateUnchanged
	default:
		old := before.Price
		r.Outcome, r.Before = models.RateChanged, &old
	}
}

// linesFor reads what the rate card says, from now on, of the lines that the rows are about.
func linesFor(ctx context.Context, tx *store.Tx, rows []rateRow) (timelines, error) {
	seen := timelines{}
	var currencies, countries []string
	for _, r := range rows {
		l := line{r.Rate.Price.Asset, r.Rate.Country}
		if _, known := seen[l]; known || r.Outcome == models.RateRefused {
			continue
		}
		seen[l] = nil
		currencies, countries = append(currencies, l.currency), append(countries, l.country)
	}
	err := tx.Rows(ctx, func(found pgx.Rows) error {
		var l line
		var price int64
		var from time.Time
		_, err := pgx.ForEachRow(found, []any{&l.currency, &l.country, &price, &from}, func() error {
			seen[l] = append(seen[l], models.Rate{Country: l.country, Price: models.FromMicros(price, l.currency), From: from.UTC()})
			return nil
		})
		return err
	}, `SELECT l.currency, l.country, r.price, r.effective_from FROM unnest($1::char(3)[], $2::char(2)[]) l(currency, country)
		CROSS JOIN LATERAL (SELECT price, effective_from FROM rates r WHERE r.currency = l.currency AND r.country = l.country
			AND effective_from >= coalesce((SELECT effective_from FROM rates n WHERE n.currency = l.currency AND n.country = l.country
				AND n.effective_from <= $3 ORDER BY effective_from DESC LIMIT 1), '-infinity')) r
		ORDER BY 1, 2, 4`, currencies, countries, tx.Now)
	return seen, err
}

// putRates is putRate for many: none of them is in force before now, which decide has seen to.
func putRates(tx *store.Tx, set []models.Rate) {
	currencies, countries := make([]string, len(set)), make([]string, len(set))
	from, prices := make([]time.Time, len(set)), make([]int64, len(set))
	for i, r := range set {
		currencies[i], countries[i], from[i], prices[i] = r.Price.Asset, r.Country, r.From, r.Price.Micros()
	}
	tx.Queue(`INSERT INTO rates (currency, country, effective_from, price) SELECT * FROM unnest($1::char(3)[], $2::char(2)[], $3::timestamptz[], $4::bigint[])
		ON CONFLICT (currency, country, effective_from) DO UPDATE SET price = excluded.price`, currencies, countries, from, prices)
}

var outcomeOrder = []models.RateOutcome{models.RateRefused, models.RateChanged, models.RateNew, models.RateUnchanged}

// summed puts what needs looking at first, counts, and seals.
func summed(rows []rateRow) models.RateImport {
	slices.SortFunc(rows, func(a, b rateRow) int {
		return cmp.Or(cmp.Compare(slices.Index(outcomeOrder, a.Outcome), slices.Index(outcomeOrder, b.Outcome)), cmp.Compare(a.Row, b.Row))
	})
	var done models.RateImport
	seal := sha256.New()
	for _, r := range rows {
		switch r.Outcome {
		case models.RateNew:
			done.New++
		case models.RateChanged:
			done.Changed++
		case models.RateUnchanged:
			done.Unchanged++
		case models.RateRefused:
			done.Refused++
		}
		done.Rows = append(done.Rows, r.ImportedRate)
		if r.Outcome != models.RateNew && r.Outcome != models.RateChanged {
			continue
		}
		from, before := "at once", "" // the moment of at once is another each time
		if !r.AtOnce {
			from = strconv.FormatInt(r.Rate.From.UnixMicro(), 10)
		}
		if r.Before != nil {
			before = r.Before.Text()
		}
		fmt.Fprintln(seal, r.Outcome, r.Rate.Country, r.Rate.Price.Asset, r.Rate.Price.Micros(), before, from)
	}
	done.Seal = hex.EncodeToString(seal.Sum(nil))
	return done
}

// RatesToApply is a file with the rows of an import that set a price and no others, which has the same seal. A preview
// carries it along until it is applied.
func RatesToApply(seen models.RateImport) string {
	var file strings.Builder
	sheet := csv.NewWriter(&file)
	_ = sheet.Write(columnNames[:]) // to memory
	for _, r := range seen.Rows {
		if r.Outcome != models.RateNew && r.Outcome != models.RateChanged {
			continue
		}
		from := ""
		if !r.AtOnce {
			from = r.Rate.From.Format(time.RFC3339Nano)
		}
		_ = sheet.Write([]string{r.Rate.Country, r.Rate.Price.Asset, r.Rate.Price.Text(), from})
	}
	sheet.Flush()
	return file.String()
}
