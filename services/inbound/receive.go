package inbound

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/gateways"
	"offshoot/services/messaging"
	"offshoot/services/store"
)

// How often an account answers one number by itself within an hour: two machines that answer each other stop. Opting out is
// confirmed beyond that, but not for ever.
const (
	mostReplies       = 5
	mostConfirmations = 10
)

const (
	longestBody   = 5000
	longestSender = 32
)

// Received is where a message went. Account is NoID for a number that nobody has.
type Received struct {
	ID, Account models.ID
	Repeated    bool // it had come before
}

// Receive keeps a message for the account that has the number it went to, opts its sender out or in, and answers it, all of
// it or nothing. The same name of the same gateway again is the same message. A number that nobody has is no
// error: there is nothing that the gateway could do about it. For: the gateway's callbacks.
func (s *Service) Receive(ctx context.Context, in gateways.Inbound, gateway string) (Received, error) {
	to, from := plain(in.To, 40), plain(in.From, longestSender)
	if number, problem := audience.ReadNumber(to, "ZZ"); problem == "" {
		to = number.E164
	}
	owners, err := s.owners(ctx, to, from)
	if err != nil {
		return Received{}, err
	}
	owner, known := owners[to]
	if !known {
		return Received{}, nil
	}
	m := message{id: models.NoID, account: owner.AccountID, number: to, sender: from, body: plain(in.Body, longestBody), gateway: gateway, gatewayID: plain(in.ID, 200), sentAt: in.At}
	_, m.fromOurs = owners[from]
	var received Received
	err = s.store.Settle(ctx, owner.TenantID, func(ctx context.Context, tx *store.Tx) error {
		received = Received{Account: owner.AccountID}
		if received.ID, received.Repeated, err = m.keep(tx); err != nil || received.Repeated {
			return err
		}
		m.id = received.ID
		return m.answer(ctx, tx)
	})
	return received, err
}

// plain is text that can be kept, no longer than so many characters.
func plain(text string, longest int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text[:min(len(text), 4*longest)], "�"), "\x00", "")
	runes := []rune(text)
	return string(runes[:min(len(runes), longest)])
}

type owner struct{ TenantID, AccountID models.ID }

// owners are the accounts that have one of the numbers.
func (s *Service) owners(ctx context.Context, numbers ...string) (map[string]owner, error) {
	found := map[string]owner{}
	err := s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			var number string
			var o owner
			_, err := pgx.ForEachRow(rows, []any{&number, &o.TenantID, &o.AccountID}, func() error { found[number] = o; return nil })
			return err
		}, `SELECT number, tenant_id, account_id FROM inbound_numbers WHERE number = ANY ($1::text[])`, numbers)
	})
	return found, err
}

// message is one that came in.
type message struct {
	id, account                              models.ID
	number, sender, body, gateway, gatewayID string
	sentAt                                   time.Time
	fromOurs                                 bool // its sender is a number of this installation
}

// keep writes the message down, and says whether it was there already. Messages of one sender to one account wait for each
// other, so that what each of them finds of the others is settled.
func (m message) keep(tx *store.Tx) (id models.ID, repeated bool, err error) {
	if err := tx.Exec(`SELECT pg_advisory_xact_lock(hashtextextended(?, 0))`, m.account.String()+m.sender).Error; err != nil {
		return id, false, err
	}
	id = models.NewIDAt(tx.Now)
	if m.gatewayID == "" { // it has no name, so nothing can tell that it is another one
		m.gatewayID = id.String()
	}
	if m.sentAt.IsZero() {
		m.sentAt = tx.Now
	}
	row := tx.Exec(`INSERT INTO inbound_messages (tenant_id, id, account_id, number, sender, body, gateway, gateway_id, sent_at, meaning)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'none') ON CONFLICT (tenant_id, gateway, gateway_id) DO NOTHING`,
		tx.Actor.Tenant, id, m.account, m.number, m.sender, m.body, m.gateway, m.gatewayID, m.sentAt)
	if row.Error != nil || row.RowsAffected == 1 {
		return id, false, row.Error
	}
	err = tx.Raw(`SELECT id FROM inbound_messages WHERE tenant_id = ? AND gateway = ? AND gateway_id = ?`, tx.Actor.Tenant, m.gateway, m.gatewayID).Row().Scan(&id)
	return id, true, err
}

// answer does what the message asks for and answers it.
func (m message) answer(ctx context.Context, tx *store.Tx) error {
	sender, unanswerable := audience.ReadNumber(m.sender, "ZZ")
	optedOut, err := m.isOptedOut(ctx, tx, sender)
	if err != nil {
		return err
	}
	var name string
	if err := tx.Raw(`SELECT name FROM accounts WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, m.account).Row().Scan(&name); err != nil {
		return err
	}
	rules, err := rulesOf(tx, m.account)
	if err != nil {
		return err
	}
	v := verdict(name, m.number, m.body, optedOut, rules)
	confirmed := false // before, and only once
	switch {
	case sender.E164 == "":
	case v.Meaning == models.InboundStop:
		confirmed = optedOut
		_, err = audience.OptOut(tx, m.account, sender.E164, models.OptOutInbound)
		if err == nil && !optedOut {
			err = tx.Log(m.event(models.OptOutAdded, sender.E164))
		}
	case v.Meaning == models.InboundStart:
		optedOut = false
		if _, err = audience.OptIn(tx, m.account, sender.E164); err == nil {
			err = tx.Log(m.event(models.OptOutRemoved, sender.E164))
		}
	}
	if err != nil {
		return err
	}
	said, problem := v.Reply, ""
	var reply models.ID
	switch {
	case said == "" || confirmed:
		said = ""
	case unanswerable != "":
		problem = "The sender has no number that could be answered."
	case m.fromOurs:
		problem = "The sender is a number of this portal, which would answer in turn."
	case optedOut && v.Meaning != models.InboundStop:
		problem = "The sender has opted out."
	default:
		if reply, problem, err = m.reply(ctx, tx, sender, v); err != nil {
			return err
		}
	}
	keyword, ruleID := "", (*models.ID)(nil)
	if v.Rule != nil {
		keyword, ruleID = v.Rule.Keyword, &v.Rule.ID
	}
	tx.Queue(`UPDATE inbound_messages SET meaning = $3, rule_id = $4, keyword = $5, reply = $6, reply_id = $7, problem = $8 WHERE tenant_id = $1 AND id = $2`,
		tx.Actor.Tenant, m.id, string(v.Meaning), ruleID, keyword, said, orNull(reply), problem)
	return nil
}

func (m message) isOptedOut(ctx context.Context, tx *store.Tx, sender audience.Number) (bool, error) {
	out, err := audience.OptedOut(ctx, tx, []models.ID{m.account}, []string{sender.E164})
	return out[sender.E164], err
}

func (m message) event(action models.Action, number string) models.Event {
	return models.Event{Action: action, Account: m.account, Subject: m.id, Details: map[string]string{"number": number, "source": string(models.OptOutInbound)}}
}

// reply sends the answer unless there were too many. What the rules of payment refuse is a sentence, kept with the message.
func (m message) reply(ctx context.Context, tx *store.Tx, to audience.Number, v models.ReplyVerdict) (id models.ID, problem string, err error) {
	most := mostReplies
	if v.Meaning == models.InboundStop {
		most = mostConfirmations
	}
	var before int
	err = tx.Raw(`SELECT count(*) FROM inbound_messages WHERE tenant_id = ? AND account_id = ? AND sender = ? AND id >= ? AND reply_id IS NOT NULL`,
		tx.Actor.Tenant, m.account, m.sender, models.FirstIDAt(tx.Now.Add(-time.Hour))).Row().Scan(&before)
	switch {
	case err != nil:
		return id, "", err
	case before >= most:
		return id, "This sender was answered " + strconv.Itoa(before) + " times within an hour already.", nil
	}
	id, refused, err := messaging.Reply(ctx, tx, messaging.ReplyOrder{Account: m.account, Inbound: m.id, From: m.number, To: to.E164, Country: to.Country, Body: v.Reply})
	if refused != nil {
		return models.NoID, refused.Message, nil
	}
	return id, "", err
}

func orNull(id models.ID) *models.ID {
	if id == models.NoID {
		return nil
	}
	return &id
}
