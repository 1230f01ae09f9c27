package ledger

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// Payments returns a page of the money that the actor's parent account has received, newest first. A cursor that is none
// counts as not given.
// For: a parent's Admins, sub-accounts with Billing & Payments (PRV-3), staff at work in the tenant. Refuses: missing
// privilege.
func (s *Service) Payments(ctx context.Context, actor models.Actor, q models.PaymentQuery) (models.PaymentPage, error) {
	if !actor.Can(models.SupportAccounts) {
		if err := actor.Require(models.BillingPayments); err != nil {
			return models.PaymentPage{}, err
		}
	}
	size := q.Size
	if size <= 0 {
		size = 50
	}
	size = min(size, 200)
	var page models.PaymentPage
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		if at, ok := parsePlace(q.Newer); ok {
			lines, err := payments(tx, ` AND (t.posted_at, t.id) > (?, ?) ORDER BY t.posted_at, t.id`, size+1, at.at, at.id)
			if err != nil {
				return err
			}
			if len(lines) > size {
				lines = lines[:size]
				slices.Reverse(lines)
				page = models.PaymentPage{Lines: lines, Newer: placeOf(lines[0]), Older: placeOf(lines[size-1])}
				return nil
			}
			q.Older = "" // it is the front of the list, which is a full page again, with what came since
		}
		at, from := parsePlace(q.Older)
		where, args := "", []any{}
		if from {
			where, args = ` AND (t.posted_at, t.id) < (?, ?)`, []any{at.at, at.id}
		}
		lines, err := payments(tx, where+` ORDER BY t.posted_at DESC, t.id DESC`, size+1, args...)
		if err != nil {
			return err
		}
		if len(lines) > size {
			lines = lines[:size]
			page.Older = placeOf(lines[size-1])
		}
		if from && len(lines) > 0 {
			page.Newer = placeOf(lines[0])
		}
		page.Lines = lines
		return nil
	})
	return page, err
}

func payments(tx *store.Tx, which string, limit int, args ...any) ([]models.ReceivedPayment, error) {
	var rows []struct {
		ID              models.ID
		PostedAt        time.Time
		Note, Reference string
		Asset           string
		Amount, After   int64
	}
	err := tx.Raw(`SELECT t.id, t.posted_at, t.note, t.reference, e.asset, e.amount, e.balance_after AS after FROM transfers t
		JOIN entries e ON e.tenant_id = t.tenant_id AND e.transfer_id = t.id
		JOIN wallets w ON w.tenant_id = e.tenant_id AND w.id = e.wallet_id AND w.kind = 'balance'
		WHERE t.tenant_id = ? AND t.kind = 'payment'`+which+` LIMIT ?`, append(append([]any{tx.Actor.Tenant}, args...), limit)...).Scan(&rows).Error
	lines := make([]models.ReceivedPayment, 0, len(rows))
	for _, r := range rows {
		lines = append(lines, models.ReceivedPayment{Transfer: r.ID, At: r.PostedAt, Amount: models.FromMicros(r.Amount, r.Asset),
			BalanceAfter: models.FromMicros(r.After, r.Asset), Reference: r.Reference, Note: r.Note})
	}
	return lines, err
}

// paymentPlace is where a line stands in the history: payments of one moment are ordered by their ids.
type paymentPlace struct {
	at time.Time
	id models.ID
}

func placeOf(p models.ReceivedPayment) string {
	return strconv.FormatInt(p.At.UnixMicro(), 10) + "." + p.Transfer.String()
}

// farthest is a moment in the year 9999: PostgreSQL takes no other calendar's.
const farthest = 253_370_764_800_000_000

func parsePlace(cursor string) (paymentPlace, bool) {
	micros, rest, _ := strings.Cut(cursor, ".")
	at, err := strconv.ParseInt(micros, 10, 64)
	id, ok := models.ParseID(rest)
	return paymentPlace{time.UnixMicro(at).UTC(), id}, ok && err == nil && at >= 0 && at <= farthest
}
