package reports

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// mostSummed is how many entries a page adds up by what they were for. An entry costs about 3 µs, for its transfer is looked up:
// the page of a wallet with more in its days says what came of it all and asks for fewer days. Opening and closing balances
// cost two looks at an index, however many entries there are.
const mostSummed = 500_000

// explain says what a balance is made of: that of the filter's moment, or of the last of its days. Without days it begins with
// the month of the moment. nil where the filter asks for nothing.
func (b balance) explain(ctx context.Context, tx *store.Tx, f StatementFilter) (*models.Explained, error) {
	from, until := f.Days.Bounds()
	if f.At.IsZero() && from.IsZero() && until.IsZero() {
		return nil, nil
	}
	e := &models.Explained{From: from, Until: tx.Now}
	switch {
	case !f.At.IsZero():
		e.Until = f.At.UTC()
		if from.IsZero() {
			e.From = models.DayOf(f.At, f.Days.In()).FirstOfMonth().Start(f.Days.In())
		}
	case !until.IsZero() && until.Before(tx.Now):
		e.Until = until.Add(-time.Microsecond)
	}
	var before int64
	var err error
	if !e.From.IsZero() {
		if before, err = b.lastUntil(tx, "posted_at < ?", e.From); err != nil {
			return nil, err
		}
	}
	last, err := b.lastUntil(tx, "posted_at <= ?", e.Until)
	if err != nil {
		return nil, err
	}
	if e.Opening, _, err = b.after(ctx, tx, before); err != nil {
		return nil, err
	}
	if e.Closing, e.Last, err = b.after(ctx, tx, last); err != nil {
		return nil, err
	}
	e.Entries = max(last-before, 0)
	if e.Summed = e.Entries <= mostSummed; e.Summed && e.Entries > 0 {
		e.Parts, err = b.parts(ctx, tx, numbers{before + 1, last})
	}
	return e, err
}

// after is what an entry left, with the entry; zero and none for number 0, before the first.
func (b balance) after(ctx context.Context, tx *store.Tx, number int64) (models.Money, *models.StatementLine, error) {
	if number == 0 {
		return models.Zero(b.asset), nil, nil
	}
	lines, err := b.lines(ctx, tx, numbers{number, number}, newestNumber, 1)
	if err != nil || len(lines) == 0 {
		return models.Zero(b.asset), nil, err
	}
	return lines[0].BalanceAfter, &lines[0], nil
}

const sumEntries = `SELECT t.kind, count(*), sum(e.amount)::bigint
	FROM entries e JOIN transfers t ON t.tenant_id = e.tenant_id AND t.id = e.transfer_id
	WHERE e.tenant_id = $1 AND e.wallet_id = $2 AND e.number BETWEEN $3 AND $4
	GROUP BY t.kind, e.amount > 0 ORDER BY e.amount > 0 DESC, abs(sum(e.amount)) DESC, t.kind`

// parts adds the entries of a span up by what they were for. It reads these and no others.
func (b balance) parts(ctx context.Context, tx *store.Tx, span numbers) ([]models.ExplainedPart, error) {
	var parts []models.ExplainedPart
	err := tx.Rows(ctx, func(rows pgx.Rows) error {
		var p models.ExplainedPart
		var micros int64
		_, err := pgx.ForEachRow(rows, []any{&p.Kind, &p.Count, &micros}, func() error {
			p.Amount = models.FromMicros(micros, b.asset)
			parts = append(parts, p)
			return nil
		})
		return err
	}, sumEntries, tx.Actor.Tenant, b.wallet, span.first, span.last)
	return parts, err
}
