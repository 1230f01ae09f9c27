package messaging

import (
	"bytes"
	"context"
	"slices"
	"strings"
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

// moved is a message that changed, as it was found.
type moved struct {
	ID       models.ID
	Old, New models.MessageStatus
	paid
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
	var ids []models.ID
	var from, to, problems, gateways, gatewayIDs []string
	for _, c := range changes {
		ids, to = append(ids, c.message), append(to, string(c.to))
		from = append(from, joined(c.from()))
		problems, gateways, gatewayIDs = append(problems, c.problem), append(gateways, c.gateway), append(gatewayIDs, c.gatewayID)
	}
	var found []moved
	err := tx.Rows(ctx, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, pgx.RowToStructByName[moved])
		return err
	}, moveMessages, tx.Actor.Tenant, ids[0], ids[len(ids)-1], ids, from, to, problems, gateways, gatewayIDs, tx.Now)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b moved) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	if err := refund(ctx, tx, found); err != nil {
		return nil, err
	}
	var counted []usage.Change
	for _, m := range found {
		counted = append(counted, usageOf(m.paid, m.Old, -1), usageOf(m.paid, m.New, 1))
	}
	usage.Count(tx, counted)
	return found, nil
}

// The bounds of the ids, which are sorted, let PostgreSQL leave out the months that no message is of. A row that somebody
// else had locked is looked at again, so the condition holds for what the row has become meanwhile.
const moveMessages = `WITH asked AS (
		SELECT * FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) a (id, earlier, status, problem, gateway, gateway_id)),
	held AS MATERIALIZED (
		SELECT m.id, m.status AS old, a.status, a.problem, a.gateway, a.gateway_id FROM asked a JOIN messages m ON m.id = a.id
		WHERE m.tenant_id = $1 AND m.id BETWEEN $2 AND $3
			AND CASE WHEN m.status = 'queued' AND m.tries > 0 THEN 'tried' ELSE m.status END = ANY (string_to_array(a.earlier, ','))
		ORDER BY m.id FOR UPDATE OF m)
	UPDATE messages m SET status = h.status, status_at = $10,
		problem = h.problem,
		gateway = CASE WHEN h.gateway <> '' THEN h.gateway ELSE m.gateway END,
		gateway_id = CASE WHEN h.gateway_id <> '' THEN h.gateway_id ELSE m.gateway_id END,
		tries = least(m.tries + CASE WHEN h.old = 'sending' AND h.gateway <> '' THEN 1 ELSE 0 END, 32767)
	FROM held h WHERE m.tenant_id = $1 AND m.id BETWEEN $2 AND $3 AND m.id = h.id
	RETURNING m.id, h.old, m.status AS new, m.account_id, m.payer_id, m.package_id, m.charge_id, m.country, m.parts::bigint AS parts,
		m.asset, m.amount, m.accepted_at`

// folded has one change a message, in the order of ids: of several the one that the first of them all would have led to,
// one after another. What is final stays, and a message that was delivered is not sent any more.
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
	slices.SortFunc(one, func(a, b change) int { return bytes.Compare(a.message[:], b.message[:]) })
	return one
}

func joined(statuses []models.MessageStatus) string {
	var words []string
	for _, s := range statuses {
		words = append(words, string(s))
	}
	return strings.Join(words, ",")
}

// refund gives back what messages cost that have just come to nothing.
func refund(ctx context.Context, tx *store.Tx, found []moved) error {
	var ids []models.ID
	var returns []ledger.Return
	for _, m := range found {
		if m.paid.comesBack(m.New) {
			ids = append(ids, m.ID)
			returns = append(returns, ledger.Return{Account: m.AccountID, Payer: m.PayerID, Amount: models.FromMicros(m.Amount, m.Asset), Transfer: *m.ChargeID})
		}
	}
	if len(ids) == 0 {
		return nil
	}
	refunds, err := ledger.GiveBack(ctx, tx, returns)
	if err != nil {
		return err
	}
	tx.Queue(`UPDATE messages m SET refund_id = r.refund FROM unnest($2::uuid[], $3::uuid[]) r (id, refund)
		WHERE m.tenant_id = $1 AND m.id BETWEEN $4 AND $5 AND m.id = r.id`, tx.Actor.Tenant, ids, refunds, ids[0], ids[len(ids)-1])
	return nil
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
