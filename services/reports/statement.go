package reports

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"offshoot/models"
	"offshoot/services/store"
)

// StatementFilter says whose entries and of which days.
type StatementFilter struct {
	Account models.ID // NoID: the reader's own
	Days    models.Days
}

// StatementPage is a page of an account's entries, newest first.
type StatementPage struct {
	Account  models.ID
	Name     string
	Currency string
	Funding  models.Funding
	Balance  *models.Money // now; nil while the account spends its parent's
	Lines    []models.StatementLine
	PageLinks
}

// Statement returns a page of what came into an account's balance and went out of it, each entry with what it was for.
// For: a sub-account's users, their own; a parent's users, its own and any of its sub-accounts'; staff, any of the tenant
// they are at work in. Refuses: missing privilege; days the wrong way round; an account out of sight
// (ErrNoSuchAccount); a bad cursor.
//
// A sub-account that spends its parent's balance has none to show; what its own balance once had stays on its statement.
func (s *Service) Statement(ctx context.Context, actor models.Actor, filter StatementFilter, page Page) (StatementPage, error) {
	var found StatementPage
	err := s.readStatement(ctx, actor, filter, func(ctx context.Context, tx *store.Tx, b balance, span numbers) error {
		found = StatementPage{Account: b.ID, Name: b.Name, Currency: b.Currency, Funding: b.Funding}
		if !b.spendsParents() {
			now := models.FromMicros(b.micros, b.Currency)
			found.Balance = &now
		}
		var err error
		found.Lines, found.PageLinks, err = turn(page, func(cursor string, newer bool, limit int) ([]models.StatementLine, error) {
			part, order := span, newestNumber
			if cursor != "" {
				n, err := readNumber(cursor)
				switch {
				case err != nil:
					return nil, err
				case newer:
					part.first, order = max(part.first, n+1), oldestNumber
				default:
					part.last = min(part.last, n-1)
				}
			}
			return b.lines(ctx, tx, part, order, limit)
		}, func(l models.StatementLine) string { return strconv.FormatInt(l.Number, 10) })
		return err
	})
	return found, err
}

// ExportStatement hands every entry that Statement would show, page after page, to each.
// For and refusals: as Statement. An error of each ends it.
func (s *Service) ExportStatement(ctx context.Context, actor models.Actor, filter StatementFilter, each func(models.StatementLine) error) error {
	return s.readStatement(ctx, actor, filter, func(ctx context.Context, tx *store.Tx, b balance, span numbers) error {
		return b.each(ctx, tx, span, newestNumber, math.MaxInt32, each)
	})
}

// BalanceAsOf returns what an account had at a moment, and the last entry until then, which explains it; no entry: it
// never had anything until then. NoID is the reader's own account.
// For and refusals: as Statement.
func (s *Service) BalanceAsOf(ctx context.Context, actor models.Actor, account models.ID, at time.Time) (models.Money, *models.StatementLine, error) {
	var had models.Money
	var last *models.StatementLine
	err := s.readStatement(ctx, actor, StatementFilter{Account: account}, func(ctx context.Context, tx *store.Tx, b balance, _ numbers) error {
		had = models.Zero(b.Currency)
		until, err := b.lastUntil(tx, "posted_at <= ?", at)
		if err != nil || until == 0 {
			return err
		}
		lines, err := b.lines(ctx, tx, numbers{until, until}, newestNumber, 1)
		if err == nil && len(lines) == 1 {
			last, had = &lines[0], lines[0].BalanceAfter
		}
		return err
	})
	return had, last, err
}

// balance is the wallet that a statement tells of.
type balance struct {
	account
	wallet models.ID
	micros int64
}

// numbers are the entries from one number to another. An account's entries are numbered in order of time.
type numbers struct{ first, last int64 }

var everyEntry = numbers{1, math.MaxInt64}

func (s *Service) readStatement(ctx context.Context, actor models.Actor, filter StatementFilter, read func(context.Context, *store.Tx, balance, numbers) error) error {
	r, err := reachOf(actor)
	if err != nil {
		return err
	}
	var p models.Problems
	if checkDays(&p, filter.Days); p.Err() != nil {
		return p.Err()
	}
	return s.read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		a, err := find(tx, r, filter.Account)
		if err != nil {
			return err
		}
		b, err := balanceOf(tx, a)
		if err != nil {
			return err
		}
		span, err := b.within(tx, filter.Days)
		if err != nil {
			return err
		}
		return read(ctx, tx, b, span)
	})
}

func balanceOf(tx *store.Tx, a account) (balance, error) {
	var row struct {
		ID      models.ID
		Balance int64
	}
	err := tx.Raw(`SELECT id, balance FROM wallets WHERE tenant_id = ? AND account_id = ? AND kind = 'balance' AND asset = ?`,
		tx.Actor.Tenant, a.ID, a.Currency).Scan(&row).Error
	if err == nil && row.ID == models.NoID { // the operator has no balance
		err = ErrNoSuchAccount
	}
	return balance{a, row.ID, row.Balance}, err
}

// within are the entries of some days.
func (b balance) within(tx *store.Tx, days models.Days) (numbers, error) {
	span := everyEntry
	from, until := days.Bounds()
	if !from.IsZero() {
		before, err := b.lastUntil(tx, "posted_at < ?", from)
		if err != nil {
			return span, err
		}
		span.first = before + 1
	}
	if !until.IsZero() {
		last, err := b.lastUntil(tx, "posted_at < ?", until)
		if err != nil {
			return span, err
		}
		span.last = last
	}
	return span, nil
}

// lastUntil is the number of the last entry at or before a moment, 0 when there is none.
func (b balance) lastUntil(tx *store.Tx, condition string, at time.Time) (int64, error) {
	var number int64
	err := tx.Raw(`SELECT number FROM entries WHERE tenant_id = ? AND wallet_id = ? AND `+condition+`
		ORDER BY posted_at DESC, number DESC LIMIT 1`, tx.Actor.Tenant, b.wallet, at).Scan(&number).Error
	return number, err
}

const (
	newestNumber = "DESC"
	oldestNumber = "ASC"
)

// A transfer's other side is the account whose wallet stands against this one, unless that is the account itself, which
// pays for its usage into a wallet of its own, or the outside world.
const selectEntries = `SELECT e.number, e.posted_at, t.kind, t.note, t.reference, x.account_id, coalesce(a.name, ''), e.amount,
		e.balance_after, e.transfer_id, coalesce(c.kind, ''), coalesce(c.country, ''), coalesce(c.quantity, 0)
	FROM (SELECT * FROM entries WHERE tenant_id = $1 AND wallet_id = $2 AND number BETWEEN $3 AND $4 ORDER BY number %o LIMIT $5) e
	JOIN transfers t ON t.tenant_id = e.tenant_id AND t.id = e.transfer_id
	LEFT JOIN LATERAL (SELECT w.account_id FROM entries o
		JOIN wallets w ON w.tenant_id = o.tenant_id AND w.id = o.wallet_id
		WHERE o.tenant_id = e.tenant_id AND o.transfer_id = e.transfer_id AND w.kind <> 'outside' AND w.account_id <> $6
		ORDER BY o.wallet_id LIMIT 1) x ON true
	LEFT JOIN accounts a ON a.tenant_id = e.tenant_id AND a.id = x.account_id
	LEFT JOIN LATERAL (SELECT min(u.kind) AS kind, CASE WHEN min(u.country) = max(u.country) THEN min(u.country)::text ELSE '' END AS country,
			sum(u.quantity)::bigint AS quantity
		FROM charges u WHERE u.tenant_id = e.tenant_id AND u.transfer_id = e.transfer_id) c ON true
	ORDER BY e.number %o`

func (b balance) lines(ctx context.Context, tx *store.Tx, span numbers, order string, limit int) ([]models.StatementLine, error) {
	lines := make([]models.StatementLine, 0, min(limit, 201))
	err := b.each(ctx, tx, span, order, limit, func(l models.StatementLine) error {
		lines = append(lines, l)
		return nil
	})
	return lines, err
}

func (b balance) each(ctx context.Context, tx *store.Tx, span numbers, order string, limit int, each func(models.StatementLine) error) error {
	read := func(rows pgx.Rows) error {
		var (
			line            models.StatementLine
			other, transfer pgtype.UUID
			at              pgtype.Timestamptz
			amount, after   int64
		)
		targets := []any{&line.Number, &at, &line.Kind, &line.Note, &line.Reference, &other, &line.OtherName, &amount,
			&after, &transfer, &line.UsageKind, &line.Country, &line.Quantity}
		for rows.Next() {
			if err := rows.Scan(targets...); err != nil {
				return err
			}
			line.At, line.Other, line.Transfer = at.Time.UTC(), other.Bytes, transfer.Bytes
			line.Amount, line.BalanceAfter = models.FromMicros(amount, b.Currency), models.FromMicros(after, b.Currency)
			if err := each(line); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	return tx.Rows(ctx, read, strings.ReplaceAll(selectEntries, "%o", order), tx.Actor.Tenant, b.wallet, span.first, span.last, limit, b.ID)
}
