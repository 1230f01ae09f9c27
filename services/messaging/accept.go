package messaging

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/usage"
)

const (
	// slice is how many recipients one transaction accepts: the ledger charges them as one, and whoever waits for the same
	// balance waits for no more.
	slice = 500
	// acceptTurn is how long the job of one send works before it lets others have theirs.
	acceptTurn = time.Second
	// ahead is how many messages of one send may wait to be handed over. A gateway that is down keeps the rest of a send from
	// being paid, and whoever cancels it has that many to get back.
	ahead = 20_000
)

// Turned is how a turn of a send ended.
type Turned int

const (
	Over  Turned = iota // done, or somebody or a rule stopped it: there is nothing to come back for
	Going               // there are more to accept
	Ahead               // what is accepted has to be handed over first
)

// Turn accepts recipients of a running send for a while, slice by slice, each in one transaction with the messages, what
// they cost, what usage counts and the job that hands them over. It may be called any number of times, also at once: a slice
// begins where the send stands when it has locked it. For: the job of a send.
func (s *Service) Turn(ctx context.Context, job Accept) (Turned, error) {
	began := time.Now()
	limit := slice
	if waiting, err := s.waiting(ctx, job); err != nil || waiting >= s.ahead {
		return Ahead, err
	}
	for accepted := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return Going, err
		}
		var turned Turned
		var n int
		err := s.store.Settle(ctx, job.Tenant, func(ctx context.Context, tx *store.Tx) (err error) {
			n, turned, err = accept(ctx, tx, job, limit)
			return err
		})
		var short *cutShort
		if errors.As(err, &short) { // again, with those before the one that could not be paid, or that one alone
			limit = short.limit
			continue
		}
		if err != nil || turned != Going {
			return turned, err
		}
		limit = slice
		if accepted += int64(n); accepted >= s.ahead {
			return Ahead, nil
		}
		if time.Since(began) > s.turn {
			return Going, nil
		}
	}
}

// waiting is how many messages of the send are accepted and not handed over, counted no further than it matters.
func (s *Service) waiting(ctx context.Context, job Accept) (n int64, err error) {
	err = s.store.Read(ctx, models.System(job.Tenant), func(_ context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT count(*) FROM (SELECT 1 FROM messages WHERE tenant_id = ? AND send_id = ? AND status = 'queued' LIMIT ?) q`,
			job.Tenant, job.Send, s.ahead).Row().Scan(&n)
	})
	return n, err
}

// cutShort takes a slice back: something in it could not be paid, and it is to be tried with fewer.
type cutShort struct{ limit int }

func (c *cutShort) Error() string {
	return "messaging: the slice is taken again with " + strconv.Itoa(c.limit)
}

type recipient struct {
	Position int64
	Number   string
	Country  string
	problem  string // why it is skipped
}

// accept takes the next recipients of a send, at most limit. It says how many messages it made, and how the send stands.
func accept(ctx context.Context, tx *store.Tx, job Accept, limit int) (int, Turned, error) {
	row, err := sendOf(ctx, tx, job.Send, whileWorking)
	if err != nil || row.Status != models.SendRunning || row.Run != job.Run {
		if errors.Is(err, ErrNoSuchSend) {
			err = nil
		}
		return 0, Over, err
	}
	if err := senderStill(tx, row); err != nil {
		return 0, Over, block(ctx, tx, row, "", err)
	}
	next, err := nextOf(ctx, tx, row, limit)
	if err != nil {
		return 0, Over, err
	}
	if len(next) == 0 {
		turned, err := finishSend(tx, row)
		return 0, turned, err
	}
	prices, err := row.pricesDecided()
	if err != nil {
		return 0, Over, err
	}
	against, err := heldAgainst(tx, row)
	if err != nil {
		return 0, Over, err
	}
	var numbers []string
	for _, r := range next {
		numbers = append(numbers, r.Number)
	}
	optedOut, err := audience.OptedOut(ctx, tx, against, numbers)
	if err != nil {
		return 0, Over, err
	}
	bill := ledger.Bill{Account: row.AccountID, Reference: "send/" + row.ID.String() + "/" + strconv.FormatInt(next[0].Position, 10)}
	var writing []recipient
	var skipped []recipient
	var index []int // of each item of the bill in next
	for i, r := range next {
		price, served := prices[r.Country]
		switch {
		case optedOut[r.Number]:
			r.problem = "It has opted out: asked not to be written to."
		case !served:
			r.problem = "There was no price for messages to " + models.CountryName(r.Country) + "."
		}
		if r.problem != "" {
			skipped = append(skipped, r)
			continue
		}
		writing, index = append(writing, r), append(index, i)
		bill.Items = append(bill.Items, ledger.Item{Country: r.Country, Parts: row.Parts, Price: models.FromMicros(price*row.Parts, row.Currency)})
	}
	if len(bill.Items) > 0 {
		receipts, err := ledger.Pay(ctx, tx, []ledger.Bill{bill})
		if err != nil {
			return 0, Over, err
		}
		if len(receipts) != 1 || len(receipts[0].Items) != len(bill.Items) {
			return 0, Over, errors.New("messaging: " + bill.Reference + " was charged before")
		}
		paidFor := receipts[0].Items
		if at := slices.IndexFunc(paidFor, func(p ledger.Paid) bool { return p.Refused != nil }); at >= 0 {
			if len(next) == 1 {
				return 0, Over, block(ctx, tx, row, next[0].Country, paidFor[0].Refused)
			}
			return 0, Over, &cutShort{max(index[at], 1)}
		}
		if err := write(ctx, tx, row, writing, paidFor); err != nil {
			return 0, Over, err
		}
	}
	tx.Queue(`UPDATE sends SET position = $3, handled = handled + $4, skipped = skipped + $5 WHERE tenant_id = $1 AND id = $2`,
		job.Tenant, row.ID, next[len(next)-1].Position, len(next), len(skipped))
	if len(skipped) > 0 {
		var positions []int64
		var problems []string
		for _, r := range skipped {
			positions, problems = append(positions, r.Position), append(problems, r.problem)
		}
		tx.Queue(`UPDATE send_recipients r SET problem = p.problem FROM unnest($3::bigint[], $4::text[]) p (position, problem)
			WHERE r.tenant_id = $1 AND r.send_id = $2 AND r.position = p.position`, job.Tenant, row.ID, positions, problems)
	}
	return len(writing), Going, nil
}

func nextOf(ctx context.Context, tx *store.Tx, row sendRow, limit int) (next []recipient, err error) {
	err = tx.Rows(ctx, func(rows pgx.Rows) (err error) {
		next, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (one recipient, err error) {
			return one, r.Scan(&one.Position, &one.Number, &one.Country)
		})
		return err
	}, `SELECT position, number, country FROM send_recipients WHERE tenant_id = $1 AND send_id = $2 AND position > $3 AND country IS NOT NULL
		ORDER BY position LIMIT $4`, tx.Actor.Tenant, row.ID, row.Position, limit)
	return next, err
}

// write makes the messages that were paid for, counts them, and has them handed over.
func write(ctx context.Context, tx *store.Tx, row sendRow, to []recipient, paidFor []ledger.Paid) error {
	m := newMessages{send: row.ID, sender: row.Sender, body: row.Body, encoding: row.Encoding, parts: row.Parts, account: row.AccountID}
	for _, r := range to {
		m.numbers, m.countries = append(m.numbers, r.Number), append(m.countries, r.Country)
	}
	ids, err := m.insert(tx, paidFor)
	if err != nil {
		return err
	}
	return enqueueHandOver(ctx, tx, row.ID, ids, priorityAt(row.Handled))
}

// priorityAt lets the beginnings of all sends go before the long rest of big ones.
func priorityAt(handled int64) int {
	switch {
	case handled < 1000:
		return 1
	case handled < 10_000:
		return 2
	}
	return 3
}

// newMessages are messages with one text, about to be written.
type newMessages struct {
	account, send, replyTo models.ID
	sender, body           string
	encoding               models.Encoding
	parts                  int64
	numbers, countries     []string
}

// insert writes them with what paid for each, counts them as usage, and returns their ids, which are in their order.
func (m newMessages) insert(tx *store.Tx, paidFor []ledger.Paid) ([]models.ID, error) {
	var ids, payers []models.ID
	for range m.numbers {
		ids = append(ids, models.NewIDAt(tx.Now))
	}
	slices.SortFunc(ids, func(a, b models.ID) int { return bytes.Compare(a[:], b[:]) })
	var packages, charges []*models.ID
	var assets []string
	var amounts []int64
	var counted []usage.Change
	for i, p := range paidFor {
		one := paid{AccountID: m.account, PayerID: p.Payer, PackageID: orNull(p.Package), ChargeID: orNull(p.Transfer), Country: m.countries[i],
			Parts: m.parts, Asset: p.Amount.Asset, Amount: p.Amount.Micros(), AcceptedAt: tx.Now}
		payers, packages, charges = append(payers, one.PayerID), append(packages, one.PackageID), append(charges, one.ChargeID)
		assets, amounts = append(assets, one.Asset), append(amounts, one.Amount)
		counted = append(counted, usageOf(one, models.MessageQueued, 1))
	}
	tx.Queue(`INSERT INTO messages (tenant_id, id, account_id, send_id, reply_to, sender, recipient, country, body, encoding, parts, status, status_at,
			payer_id, package_id, asset, amount, charge_id, accepted_at)
		SELECT $1, id, $2, $3, $4, $5, recipient, country, $6, $7, $8, 'queued', $9, payer, package, asset, amount, charge, $9
		FROM unnest($10::uuid[], $11::text[], $12::text[], $13::uuid[], $14::uuid[], $15::text[], $16::bigint[], $17::uuid[])
			AS m (id, recipient, country, payer, package, asset, amount, charge)`,
		tx.Actor.Tenant, m.account, orNull(m.send), orNull(m.replyTo), m.sender, m.body, string(m.encoding), m.parts, tx.Now,
		ids, m.numbers, m.countries, payers, packages, assets, amounts, charges)
	usage.Count(tx, counted)
	return ids, nil
}

// finishSend ends a send all of whose recipients are handled, once nothing of it waits any more.
func finishSend(tx *store.Tx, row sendRow) (Turned, error) {
	var waits bool
	err := tx.Raw(`SELECT EXISTS (SELECT 1 FROM messages WHERE tenant_id = ? AND send_id = ? AND status IN ('queued', 'sending'))`,
		tx.Actor.Tenant, row.ID).Row().Scan(&waits)
	if err != nil || waits {
		return Ahead, err
	}
	tx.Queue(`UPDATE sends SET status = 'done', ended_at = $3 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, row.ID, tx.Now)
	return Over, tx.Log(models.Event{Action: models.SendingDone, Account: row.AccountID, Subject: row.ID,
		Details: map[string]string{"recipients": count(row.Recipients), "skipped": count(row.Skipped)}})
}

// block stops a send by the rule that refused its next message, which goes to country. Where money is short, or a cap is
// reached, what was paid is handed over nevertheless; by any other rule that waits too.
func block(ctx context.Context, tx *store.Tx, row sendRow, country string, refused error) error {
	rule, is := asRule(refused)
	if !is {
		return refused
	}
	held := !errors.Is(rule, ledger.ErrInsufficientBalance) && !errors.Is(rule, ledger.ErrCapReached)
	code, reason := rule.Code, rule.Message
	if country != "" {
		broken, err := brokenFor(ctx, tx, row, country)
		if err != nil {
			return err
		}
		if broken != nil {
			code, reason = broken.Code, broken.Message
		}
	}
	tx.Queue(`UPDATE sends SET status = 'blocked', held = $3, problem = $4, reason = $5 WHERE tenant_id = $1 AND id = $2`,
		tx.Actor.Tenant, row.ID, held, code, reason)
	return tx.Log(models.Event{Action: models.SendingBlocked, Account: row.AccountID, Subject: row.ID,
		Details: map[string]string{"handled": count(row.Handled), "recipients": count(row.Recipients), "reason": reason}})
}

// brokenFor is the first broken rule of a message to a country, in the words that the sending account may read.
func brokenFor(ctx context.Context, tx *store.Tx, row sendRow, country string) (*models.Error, error) {
	reader := tx.Actor
	tx.Actor = models.Actor{Tenant: reader.Tenant, Account: row.AccountID, Kind: models.Sub}
	if row.AccountID == reader.Tenant {
		tx.Actor.Kind = models.Parent
	}
	defer func() { tx.Actor = reader }()
	v, err := verdictOf(ctx, tx, question{account: row.AccountID, sender: orNone(row.SenderID), country: country, parts: row.Parts})
	if err != nil {
		return nil, err
	}
	if broken, is := v.Broken(); is {
		return refusal(broken), nil
	}
	return nil, nil
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

// Run accepts what is left of a running send, as its jobs would. For: the demo world and tests, where no job queue works.
func (s *Service) Run(ctx context.Context, tenant, send models.ID) error {
	for {
		job := Accept{Tenant: tenant, Send: send}
		err := s.store.Read(ctx, models.System(tenant), func(_ context.Context, tx *store.Tx) error {
			return tx.Raw(`SELECT run FROM sends WHERE tenant_id = ? AND id = ?`, tenant, send).Row().Scan(&job.Run)
		})
		if err != nil {
			return err
		}
		if turned, err := s.Turn(ctx, job); err != nil || turned != Going {
			return err
		}
	}
}
