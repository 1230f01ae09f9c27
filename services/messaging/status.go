package messaging

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/usage"
)

// change is what a message shall become.
type change struct {
	message   models.ID
	to        models.MessageStatus
	problem   string // a sentence: why it failed
	gateway   string // its name, where it was asked
	gatewayID string // the gateway's own name for the message, where it says so
	reported  bool   // a callback of the gateway says so, which knows best
}

// tried is the status of a queued message that was offered to a gateway and, as far as we know, not taken.
const tried models.MessageStatus = "tried"

// from are the statuses from which a message may become what the change says; delivered, failed and cancelled are in none
// of them. A report may come before the gateway's answer, and long after everybody gave up waiting for that answer. It may
// even tell of a message that went back to the queue: the gateway has it after all, and must not get it twice. Of a message
// that was never offered to any gateway there is nothing to report.
func (c change) from() []models.MessageStatus {
	switch c.to {
	case models.MessageSending, models.MessageCancelled:
		return []models.MessageStatus{models.MessageQueued, tried}
	case models.MessageQueued, models.MessageUnconfirmed:
		return []models.MessageStatus{models.MessageSending}
	case models.MessageSent:
		if c.reported {
			return []models.MessageStatus{tried, models.MessageSending, models.MessageUnconfirmed}
		}
		return []models.MessageStatus{models.MessageSending, models.MessageUnconfirmed}
	case models.MessageDelivered:
		if c.reported {
			return []models.MessageStatus{tried, models.MessageSending, models.MessageUnconfirmed, models.MessageSent}
		}
	case models.MessageFailed:
		if c.reported {
			return []models.MessageStatus{tried, models.MessageSending, models.MessageUnconfirmed, models.MessageSent}
		}
		return []models.MessageStatus{models.MessageQueued, tried, models.MessageSending, models.MessageUnconfirmed}
	}
	return nil
}

// possibleFrom says whether the change is possible for a message as it was found.
func (c change) possibleFrom(m found) bool {
	status := m.Status
	if status == models.MessageQueued && m.Tries > 0 {
		status = tried
	}
	return slices.Contains(c.from(), status)
}

// found is a message as it was before a change.
type found struct {
	ID     models.ID
	Status models.MessageStatus
	Tries  int
	paid
}

// moved is a message that changed.
type moved struct {
	found
	New models.MessageStatus
}

// paid is what usage and a refund need to know of a message.
type paid struct {
	AccountID  models.ID
	PayerID    models.ID
	PackageID  *models.ID // nil: money
	ChargeID   *models.ID // nil: it cost nothing
	Country    string
	Parts      int64
	Asset      string
	Amount     int64 // millionths
	AcceptedAt time.Time
}

// move is the one place where the status of a message changes. It applies the changes of a tenant in one set, in any order;
// a change that is not possible from the message's present status leaves it as it is, and so does one of a message that the
// tenant does not have. What became failed or cancelled is refunded, once, since no message leaves these; usage is counted
// anew. It returns what did change.
//
// The messages are locked in the order of their ids, then the wallets of those that are refunded.
func move(ctx context.Context, tx *store.Tx, changes []change) ([]moved, error) {
	changes = folded(changes)
	if len(changes) == 0 {
		return nil, nil
	}
	asked := make(map[models.ID]change, len(changes))
	var ids []models.ID
	for _, c := range changes {
		asked[c.message] = c
		ids = append(ids, c.message)
	}
	slices.SortFunc(ids, func(a, b models.ID) int { return bytes.Compare(a[:], b[:]) }) // everybody locks in the same order
	var present []found
	err := tx.Rows(ctx, func(rows pgx.Rows) (err error) {
		present, err = pgx.CollectRows(rows, pgx.RowToStructByName[found])
		return err
	}, lockMessages, tx.Actor.Tenant, ids)
	if err != nil {
		return nil, err
	}
	var done []moved
	for _, m := range present {
		if c := asked[m.ID]; c.possibleFrom(m) {
			done = append(done, moved{m, c.to})
		}
	}
	if len(done) == 0 {
		return nil, nil
	}
	refunds, err := refund(ctx, tx, done)
	if err != nil {
		return nil, err
	}
	var counted []usage.Change
	for i, m := range done {
		c := asked[m.ID]
		tx.Queue(updateMessage, tx.Actor.Tenant, m.ID, string(c.to), c.problem, c.gateway, c.gatewayID, refunds[i], tx.Now)
		counted = append(counted, usageOf(m.paid, m.Status, -1), usageOf(m.paid, m.New, 1))
	}
	usage.Count(tx, counted)
	return done, nil
}

// Both statements look up one message at a time by all of its key. By an array of ids, or joined with the set of changes,
// PostgreSQL, which plans them once a connection, read all messages of the tenant where a month's part was new and not
// analyzed yet: among ten thousand that was most of the time that a send took. The updates travel together.
const (
	lockMessages = `SELECT m.* FROM unnest($2::uuid[]) asked(id)
		CROSS JOIN LATERAL (SELECT id, status, tries::int AS tries, account_id, payer_id, package_id, charge_id, country, parts::bigint AS parts, asset,
			amount, accepted_at FROM messages WHERE tenant_id = $1 AND id = asked.id FOR UPDATE) m`
	updateMessage = `UPDATE messages SET status = $3, problem = $4, gateway = coalesce(nullif($5, ''), gateway), gateway_id = coalesce(nullif($6, ''), gateway_id),
			tries = least(tries + CASE WHEN status = 'sending' AND $5 <> '' THEN 1 ELSE 0 END, 32767), refund_id = $7, status_at = $8
		WHERE tenant_id = $1 AND id = $2`
)

// folded has one change a message: of several the one that the first of them all would have led to, one after another. What is
// final stays, and a message that was delivered is not sent any more.
func folded(changes []change) []change {
	at := make(map[models.ID]int, len(changes))
	var one []change
	for _, c := range changes {
		i, again := at[c.message]
		switch {
		case c.from() == nil:
		case !again:
			at[c.message] = len(one)
			one = append(one, c)
		case !one[i].to.IsFinal() && (c.to.IsFinal() || one[i].to != models.MessageSent):
			one[i] = c
		}
	}
	return one
}

// refund gives back what messages cost that have just come to nothing, and returns the transfer that did so for each message; nil
// where nothing comes back.
func refund(ctx context.Context, tx *store.Tx, done []moved) ([]*models.ID, error) {
	var returns []ledger.Return
	var of []int
	for i, m := range done {
		if m.paid.comesBack(m.New) {
			of = append(of, i)
			returns = append(returns, ledger.Return{Account: m.AccountID, Payer: m.PayerID, Amount: models.FromMicros(m.Amount, m.Asset), Transfer: *m.ChargeID})
		}
	}
	refunds := make([]*models.ID, len(done))
	if len(returns) == 0 {
		return refunds, nil
	}
	transfers, err := ledger.GiveBack(ctx, tx, returns)
	if err != nil {
		return nil, err
	}
	for n, i := range of {
		if transfers[n] != models.NoID {
			refunds[i] = &transfers[n]
		}
	}
	return refunds, nil
}

// comesBack says whether a message with that status has its price given back.
func (m paid) comesBack(status models.MessageStatus) bool {
	return m.ChargeID != nil && m.Amount > 0 && (status == models.MessageFailed || status == models.MessageCancelled)
}

// usageOf is a message with a status as usage counts it, sign times. One that failed or was cancelled cost nothing.
func usageOf(m paid, status models.MessageStatus, sign int64) usage.Change {
	c := usage.Change{Account: m.AccountID, Kind: ledger.MessageUsage, Country: m.Country, Status: string(status), At: m.AcceptedAt,
		Amounts: usage.Amounts{Quantity: sign, Parts: sign * m.Parts}}
	switch {
	case m.comesBack(status):
	case m.PackageID != nil:
		c.Units = sign * m.Amount
	default:
		c.Cost = sign * m.Amount
		if m.PayerID == m.AccountID {
			c.OwnCost = c.Cost
		}
	}
	return c
}

// cancels are the changes that cancel messages which are not handed over yet.
func cancels(ids []models.ID) []change {
	var changes []change
	for _, id := range ids {
		changes = append(changes, change{message: id, to: models.MessageCancelled})
	}
	return changes
}
