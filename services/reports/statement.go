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

// StatementFilter says of what the statement is, and of which days.
type StatementFilter struct {
	Account models.ID // NoID: the reader's own
	Package models.ID // whose units it is a statement of; NoID: the account's balance
	Days    models.Days
	At      time.Time // explain the balance of this moment; zero: that of the days, where some are given
}

// StatementPage is a page of an account's entries, newest first.
type StatementPage struct {
	Account   models.ID
	Name      string
	Currency  string
	Funding   models.Funding
	CreatedAt time.Time     // of the account
	Balance   *models.Money // now; nil while the account spends its parent's
	Package   string        // name of the one it is of
	Packages  []models.StatementOf
	Lines     []models.StatementLine
	Explained *models.Explained
	PageLinks
}

// Statement returns a page of what came into an account's balance, or into what it has of a package, and went out of it, each
// entry with what it was for. Given a moment or days it explains them too, see models.Explained; all of it is one snapshot.
// For: a sub-account's users, their own; a parent's users, its own and any of its sub-accounts'; staff, any of the tenant
// they are at work in. Refuses: missing privilege; days the wrong way round; a moment to come, or before the first of the
// days; an account out of sight (ErrNoSuchAccount); a package that the account has never had units of (ErrNoSuchPackage); a
// bad cursor.
//
// A sub-account that spends its parent's balance has none to show; what its own balance once had stays on its statement.
func (s *Service) Statement(ctx context.Context, actor models.Actor, filter StatementFilter, page Page) (StatementPage, error) {
	var found StatementPage
	err := s.readStatement(ctx, actor, filter, func(ctx context.Context, tx *store.Tx, b balance, span numbers) error {
		found = StatementPage{Account: b.ID, Name: b.Name, Currency: b.Currency, Funding: b.Funding, CreatedAt: b.CreatedAt.UTC(), Package: b.pkg}
		if b.pkg != "" || !b.spendsParents() {
			now := models.FromMicros(b.micros, b.asset)
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
		if err != nil {
			return err
		}
		if found.Explained, err = b.explain(ctx, tx, filter); err != nil {
			return err
		}
		found.Packages, err = packagesHeld(tx, b.ID)
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

// balance is the wallet that a statement tells of.
type balance struct {
	account
	wallet  models.ID
	asset   string
	pkg     string // name of the package; "" of a balance
	micros  int64
	entries int64
}

// numbers are the entries from one number to another. An account's entries are numbered in order of time.
type numbers struct{ first, last int64 }

func (s *Service) readStatement(ctx context.Context, actor models.Actor, filter StatementFilter, read func(context.Context, *store.Tx, balance, numbers) error) error {
	r, err := reachOf(actor)
	if err != nil {
		return err
	}
	var p models.Problems
	checkDays(&p, filter.Days)
	if from, _ := filter.Days.Bounds(); !filter.At.IsZero() && filter.At.Before(from) {
		p.Add("at", "Choose a moment that is not before "+filter.Days.From.String()+".")
	}
	if filter.At.After(s.store.Now()) {
		p.Add("at", "Choose a moment that has passed.")
	}
	if p.Err() != nil {
		return p.Err()
	}
	return s.read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		a, err := find(tx, r, filter.Account)
		if err != nil {
			return err
		}
		b, err := balanceOf(tx, a)
		if filter.Package != models.NoID {
			b, err = unitsOf(tx, a, filter.Package)
		}
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

// balanceOf is the wallet that an account spends. It refuses with ErrNoSuchAccount: the operator has none.
func balanceOf(tx *store.Tx, a account) (balance, error) {
	b, err := walletOf(tx, a, `kind = 'balance' AND asset = ?`, a.Currency)
	if err == nil && b.wallet == models.NoID {
		err = ErrNoSuchAccount
	}
	return b, err
}

// unitsOf is what an account has of a package. It refuses with ErrNoSuchPackage where it has never had any.
func unitsOf(tx *store.Tx, a account, pkg models.ID) (balance, error) {
	b, err := walletOf(tx, a, `kind = 'units' AND asset = ?`, models.Units(0, pkg).Asset)
	if err == nil && b.wallet == models.NoID {
		err = ErrNoSuchPackage
	}
	if err == nil {
		err = tx.Raw(`SELECT name FROM packages WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, pkg).Scan(&b.pkg).Error
	}
	return b, err
}

func walletOf(tx *store.Tx, a account, which string, asset string) (balance, error) {
	var row struct {
		ID               models.ID
		Balance, Entries int64
	}
	err := tx.Raw(`SELECT id, balance, entries FROM wallets WHERE tenant_id = ? AND account_id = ? AND `+which, tx.Actor.Tenant, a.ID, asset).Scan(&row).Error
	return balance{account: a, wallet: row.ID, asset: asset, micros: row.Balance, entries: row.Entries}, err
}

// packagesHeld are those that the account has, or once had, units of; the latest first.
func packagesHeld(tx *store.Tx, account models.ID) ([]models.StatementOf, error) {
	var held []models.StatementOf
	err := tx.Raw(`SELECT p.id, p.name FROM wallets w JOIN packages p ON p.tenant_id = w.tenant_id AND p.id = w.package_id
		WHERE w.tenant_id = ? AND w.account_id = ? AND w.kind = 'units' AND w.entries > 0 ORDER BY p.id DESC LIMIT ?`,
		tx.Actor.Tenant, account, mostPackages).Scan(&held).Error
	return held, err
}

// mostPackages is how many packages a statement offers to choose from. Account usage leads to any.
const mostPackages = 200

// within are the entries of some days.
func (b balance) within(tx *store.Tx, days models.Days) (numbers, error) {
	span := numbers{1, max(b.entries, 1)}
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
	err := tx.Raw(lastUntil(condition), tx.Actor.Tenant, b.wallet, at).Scan(&number).Error
	return number, err
}

func lastUntil(condition string) string {
	return `SELECT number FROM entries WHERE tenant_id = ? AND wallet_id = ? AND ` + condition + ` ORDER BY posted_at DESC, number DESC LIMIT 1`
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
		WHERE o.tenant_id = e.tenant_id AND o.transfer_id = e.transfer_id AND w.kind NOT IN ('outside', 'issued') AND w.account_id <> $6
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
			line.Amount, line.BalanceAfter = models.FromMicros(amount, b.asset), models.FromMicros(after, b.asset)
			if err := each(line); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	return tx.Rows(ctx, read, strings.ReplaceAll(selectEntries, "%o", order), tx.Actor.Tenant, b.wallet, span.first, span.last, limit, b.ID)
}
