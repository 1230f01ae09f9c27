package reports

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"offshoot/models"
	"offshoot/services/store"
)

// messageQuery writes the SQL of the message log for one reader and filter. Messages lie in parts by month, and their ids are
// in order of time: days become bounds of the id, and the order is the id's.
type messageQuery struct {
	filter  MessageFilter
	tenant  models.ID
	account models.ID // NoID: all of the tenant's
	cost    costRule
	// of a send: when its messages were accepted
	since, until time.Time
}

// ofSend narrows the query to the account and the time of a send, which no index has: its messages stand close together.
// A send that did nothing yet has none.
func (q *messageQuery) ofSend(tx *store.Tx) error {
	var row struct {
		AccountID          models.ID
		CreatedAt          time.Time
		StartedAt, EndedAt *time.Time
	}
	err := tx.Raw(`SELECT account_id, created_at, started_at, ended_at FROM sends WHERE tenant_id = ? AND id = ?`, q.tenant, q.filter.Send).Scan(&row).Error
	switch {
	case err != nil:
		return err
	case row.AccountID == models.NoID, q.account != models.NoID && q.account != row.AccountID:
		return ErrNoSuchMessage
	}
	q.account, q.since, q.until = row.AccountID, row.CreatedAt, tx.Now.Add(time.Hour)
	if row.StartedAt != nil {
		q.since = *row.StartedAt
	}
	if row.EndedAt != nil {
		q.until = row.EndedAt.Add(time.Second)
	}
	return nil
}

func (q messageQuery) narrow() *where {
	w := &where{}
	w.and("tenant_id = ?", q.tenant)
	if q.account != models.NoID {
		w.and("account_id = ?", q.account)
	}
	if q.filter.Number != "" {
		w.and("recipient = ?", q.filter.Number)
	}
	if q.filter.Send != models.NoID {
		w.and("send_id = ?", q.filter.Send)
	}
	if q.filter.Status != "" { // one of ours: written out, it lets the indexes of what is rare be used
		w.and("status = '" + q.filter.Status + "'")
	}
	from, until := q.filter.Days.Bounds()
	if from.Before(q.since) {
		from = q.since
	}
	if until.IsZero() || !q.until.IsZero() && q.until.Before(until) {
		until = q.until
	}
	if !from.IsZero() {
		w.and("id >= ?", models.FirstIDAt(from))
	}
	if !until.IsZero() {
		w.and("id < ?", models.FirstIDAt(until))
	}
	return w
}

// named joins the names of accounts to messages that were chosen before.
func named(messages, order string) string {
	return `SELECT m.id, m.accepted_at, m.account_id, a.name, m.send_id, m.sender, m.recipient, m.country::text, m.body, m.encoding, m.parts, m.status,
			m.status_at, m.problem, m.asset, m.amount, m.package_id IS NOT NULL, m.payer_id = m.account_id, m.refund_id IS NOT NULL, m.gateway_id
		FROM (SELECT * FROM messages` + messages + `) m JOIN accounts a ON a.tenant_id = m.tenant_id AND a.id = m.account_id ORDER BY ` + order
}

func (q messageQuery) all() (string, []any) {
	w := q.narrow()
	return named(w.String(), "m.id DESC"), w.args
}

// page is up to limit messages beside a cursor, the nearest first.
func (q messageQuery) page(cursor models.ID, newer bool, limit int) (string, []any) {
	w := q.narrow()
	order := "id DESC"
	switch {
	case newer:
		w.and("id > ?", cursor)
		order = "id"
	case cursor != models.NoID:
		w.and("id < ?", cursor)
	}
	return named(w.String()+" ORDER BY "+order+" LIMIT "+w.arg(limit), "m."+order), w.args
}

// scan hands each row of a query made by named to each.
func (q messageQuery) scan(rows pgx.Rows, each func(models.LoggedMessage) error) error {
	var (
		m                     models.LoggedMessage
		id, account, send     pgtype.UUID
		accepted, since       pgtype.Timestamptz
		encoding, status      string
		asset                 string
		amount                int64
		parts                 int16
		isUnits, isOwn, given bool
	)
	targets := []any{&id, &accepted, &account, &m.AccountName, &send, &m.Sender, &m.Recipient, &m.Country, &m.Body, &encoding, &parts, &status,
		&since, &m.Problem, &asset, &amount, &isUnits, &isOwn, &given, &m.GatewayID}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		m.ID, m.Account, m.Send = id.Bytes, account.Bytes, send.Bytes
		m.AcceptedAt, m.StatusAt = accepted.Time.UTC(), since.Time.UTC()
		m.Encoding, m.Status, m.Parts, m.Refunded = models.Encoding(encoding), models.MessageStatus(status), int64(parts), given
		m.Paid = q.paid(asset, amount, isUnits, isOwn)
		if err := each(m); err != nil {
			return err
		}
	}
	return rows.Err()
}

// paid is what the reader sees of what was paid.
func (q messageQuery) paid(asset string, amount int64, isUnits, isOwn bool) *models.Money {
	if !isUnits && (q.cost == noCost || q.cost == ownCost && !isOwn) {
		return nil
	}
	paid := models.FromMicros(amount, asset)
	return &paid
}

// one is the message of an ID. It refuses with ErrNoSuchMessage.
func (q messageQuery) one(ctx context.Context, tx *store.Tx, id models.ID) (models.ShownMessage, error) {
	w := q.narrow()
	w.and("id = ?", id)
	var shown models.ShownMessage
	err := tx.Rows(ctx, func(rows pgx.Rows) error {
		return q.scan(rows, func(m models.LoggedMessage) error { shown.LoggedMessage = m; return nil })
	}, named(w.String(), "m.id"), w.args...)
	if err == nil && shown.ID == models.NoID {
		err = ErrNoSuchMessage
	}
	if err != nil {
		return shown, err
	}
	var row struct {
		ReplyTo            *models.ID
		Gateway            string
		Tries              int
		PayerID            models.ID
		PayerName          string
		PackageName        string
		ChargeID, RefundID *models.ID
		PackageID          *models.ID
	}
	err = tx.Raw(`SELECT m.reply_to, m.gateway, m.tries, m.payer_id, p.name AS payer_name, coalesce(k.name, '') AS package_name, m.package_id, m.charge_id, m.refund_id
		FROM messages m JOIN accounts p ON p.tenant_id = m.tenant_id AND p.id = m.payer_id
		LEFT JOIN packages k ON k.tenant_id = m.tenant_id AND k.id = m.package_id
		WHERE m.tenant_id = ? AND m.id = ?`, q.tenant, id).Scan(&row).Error
	shown.Gateway, shown.Tries, shown.Payer, shown.PayerName, shown.PackageName = row.Gateway, row.Tries, row.PayerID, row.PayerName, row.PackageName
	if row.ReplyTo != nil {
		shown.ReplyTo = *row.ReplyTo
	}
	if q.account == models.NoID || row.PayerID == q.account { // the transfer is one of the reader's own
		if row.ChargeID != nil {
			shown.Charge = *row.ChargeID
		}
		if row.RefundID != nil {
			shown.Refund = *row.RefundID
		}
	}
	return shown, err
}
