package messaging

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/ledger"
	"offshoot/services/senders"
	"offshoot/services/store"
)

// Preview is a send before it is started: the send, and what it would take now.
type Preview struct {
	Send   models.Send
	Quote  models.Quote
	Quoted string // of the quote, to be given back when it is started; "" where no prices are shown
}

// Quote says what a send would take at the prices and out of the pockets of now. It is worked out by country: so many
// messages from each pocket, in the order in which the ledger would take them. Whoever else spends from the same pockets
// meanwhile may change that; the prices hold when the send is started with what was Quoted.
// For: those with ViewMessages, of sends of their own account. Refuses: missing privilege; ErrNoSuchSend; ErrNotReady while
// it is collecting; ErrStarted, ErrOver.
func (s *Service) Quote(ctx context.Context, actor models.Actor, id models.ID) (Preview, error) {
	if err := actor.Require(models.ViewMessages); err != nil {
		return Preview{}, err
	}
	var p Preview
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		row, err := shownSend(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := toStart(row); err != nil {
			return err
		}
		shown, err := progressOf(ctx, tx, row)
		if err != nil {
			return err
		}
		p.Send = shown.Send
		quote, err := quoteOf(ctx, tx, row)
		if err != nil {
			return err
		}
		hidden, err := hidesPrices(tx, row.AccountID)
		if err != nil {
			return err
		}
		if p.Quote = quote; hidden {
			p.Quote = quote.WithoutPrices()
		} else {
			p.Quoted, err = sealed(quote)
		}
		return err
	})
	return p, err
}

func toStart(row sendRow) error {
	switch row.Status {
	case models.SendReady:
		return nil
	case models.SendCollecting:
		return ErrNotReady
	case models.SendDone, models.SendCancelled:
		return ErrOver
	}
	return ErrStarted
}

// hidesPrices says whether the account sees no price: it spends its parent's balance (BAL-2). A parent sees them all the same.
func hidesPrices(tx *store.Tx, account models.ID) (bool, error) {
	if tx.Actor.Account != account {
		return false, nil
	}
	var funding models.Funding
	var plan models.Plan
	err := tx.Raw(`SELECT a.funding, p.plan FROM accounts a JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.tenant_id
		WHERE a.tenant_id = ? AND a.id = ?`, tx.Actor.Tenant, account).Row().Scan(&funding, &plan)
	return funding.DrawsFrom(plan), err
}

// heldAgainst are the accounts whose opt-outs count for a send: its own, and the owners of the group and the Sender ID.
func heldAgainst(tx *store.Tx, row sendRow) ([]models.ID, error) {
	var owners []models.ID
	err := tx.Raw(`SELECT account_id FROM groups WHERE tenant_id = @tenant AND id = @group UNION SELECT account_id FROM sender_ids WHERE tenant_id = @tenant AND id = @sender`,
		map[string]any{"tenant": tx.Actor.Tenant, "group": row.GroupID, "sender": row.SenderID}).Scan(&owners).Error
	if !slices.Contains(owners, row.AccountID) {
		owners = append(owners, row.AccountID)
	}
	return owners, err
}

// quoteOf works a quote out. It asks the ledger for the pockets of each country as if all of the send went there, so that it
// names every one that may come in question, and then takes from them as the ledger will.
func quoteOf(ctx context.Context, tx *store.Tx, row sendRow) (models.Quote, error) {
	q := models.Quote{At: tx.Now, Money: models.Zero(row.Currency)}
	prices, err := billing.PricesAt(tx, row.Currency, tx.Now)
	if err != nil {
		return q, err
	}
	against, err := heldAgainst(tx, row)
	if err != nil {
		return q, err
	}
	var all int64 // the price of all of it
	err = tx.Rows(ctx, func(rows pgx.Rows) error {
		var country string
		var good, out int64
		_, err := pgx.ForEachRow(rows, []any{&country, &good, &out}, func() error {
			price, served := prices[country]
			one := models.CountryQuote{Country: country, Recipients: good - out, Price: price, Total: models.Zero(row.Currency)}
			if !served {
				q.Unserved = append(q.Unserved, one)
				return nil
			}
			q.OptedOut += out
			if one.Recipients == 0 {
				return nil
			}
			one.Total = models.FromMicros(price.Micros()*one.Recipients*row.Parts, row.Currency)
			all += one.Total.Micros()
			q.Countries = append(q.Countries, one)
			q.Recipients += one.Recipients
			return nil
		})
		return err
	}, countByCountry, tx.Actor.Tenant, row.ID, against, row.Position)
	if err != nil {
		return q, err
	}
	q.Parts = q.Recipients * row.Parts
	t := &till{left: map[pocket]int64{}, taken: map[pocket]int64{}, beyond: map[pocket]int64{}, names: map[pocket]string{}}
	for _, c := range q.Countries {
		asked := ledger.Item{Country: c.Country, Parts: q.Parts, Price: models.FromMicros(all, row.Currency)}
		explained, err := explainAll(ctx, tx, row.AccountID, asked)
		if err != nil {
			return q, err
		}
		q.Missing = t.pay(explained.Pockets, c, row.Parts) > 0 || q.Missing
	}
	slices.SortFunc(q.Countries, func(a, b models.CountryQuote) int {
		return strings.Compare(models.CountryName(a.Country), models.CountryName(b.Country))
	})
	return t.fill(ctx, tx, q, row)
}

// The countries come in the order in which the list has them first, which is about the order in which they are paid.
const countByCountry = `SELECT r.country, count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM opt_outs o
		WHERE o.tenant_id = r.tenant_id AND o.account_id = ANY($3) AND o.number = r.number))
	FROM send_recipients r WHERE r.tenant_id = $1 AND r.send_id = $2 AND r.position > $4 AND r.country IS NOT NULL GROUP BY 1 ORDER BY min(r.position)`

// explainAll is ledger.Explain for ourselves: with every figure, whoever asks. What is shown of it is the caller's to choose.
func explainAll(ctx context.Context, tx *store.Tx, account models.ID, item ledger.Item) (ledger.Explanation, error) {
	reader := tx.Actor
	tx.Actor = models.System(reader.Tenant)
	tx.Actor.Privileges = map[models.Privilege]bool{models.ViewSubAccounts: true}
	defer func() { tx.Actor = reader }()
	return ledger.Explain(ctx, tx, account, item)
}

// pocket is what something is paid from: units of a package in an account's wallet, or its balance.
type pocket struct{ payer, pkg models.ID }

// till takes from pockets in order, as far as they go.
type till struct {
	order       []pocket
	left, taken map[pocket]int64 // millionths
	beyond      map[pocket]int64 // of what is there, what the account's caps keep it from
	names       map[pocket]string
}

// pay takes a country's messages out of the pockets in order and returns how many nothing can pay.
func (t *till) pay(pockets []ledger.Considered, c models.CountryQuote, parts int64) int64 {
	messages := c.Recipients
	for _, considered := range pockets {
		p := pocket{considered.Payer, considered.Package}
		if considered.Why != "" && !considered.Short {
			continue
		}
		if _, known := t.left[p]; !known {
			t.order, t.left[p], t.names[p] = append(t.order, p), considered.Has.Micros(), considered.Name
			if considered.Left != nil {
				t.beyond[p] = max(0, t.left[p]-considered.Left.Micros())
				t.left[p] -= t.beyond[p]
			}
		}
		each := parts * 1_000_000
		if p.pkg == models.NoID {
			each = parts * c.Price.Micros()
		}
		n := messages
		if each > 0 {
			n = min(messages, max(t.left[p], 0)/each)
		}
		t.left[p], t.taken[p], messages = t.left[p]-n*each, t.taken[p]+n*each, messages-n
	}
	return messages
}

// fill writes into the quote what was taken.
func (t *till) fill(ctx context.Context, tx *store.Tx, q models.Quote, row sendRow) (models.Quote, error) {
	var names []struct {
		ID   models.ID
		Name string
	}
	if err := tx.Raw(`SELECT id, name FROM accounts WHERE tenant_id = ? AND id IN (?, ?)`, tx.Actor.Tenant, tx.Actor.Tenant, row.AccountID).Scan(&names).Error; err != nil {
		return q, err
	}
	for _, p := range t.order {
		if t.taken[p] == 0 {
			continue
		}
		one := models.PocketQuote{Name: t.names[p], Payer: p.payer}
		if p.pkg != models.NoID {
			one.Amount, one.Left = models.FromMicros(t.taken[p], models.UnitsOf(p.pkg)), models.FromMicros(t.left[p], models.UnitsOf(p.pkg))
			q.Units += t.taken[p] / 1_000_000
		} else {
			one.Amount, one.Left = models.FromMicros(t.taken[p], row.Currency), models.FromMicros(t.left[p]+t.beyond[p], row.Currency)
			q.Money = q.Money.Add(one.Amount)
			for _, account := range names {
				if account.ID == p.payer {
					one.Name = account.Name
				}
			}
		}
		q.Pockets = append(q.Pockets, one)
	}
	return q, nil
}

// quoted is what a form gives back of the quote that its reader saw.
type quoted struct {
	Money  int64            `json:"m"` // millionths that balances pay
	Prices map[string]int64 `json:"p"` // per part by country
}

func sealed(q models.Quote) (string, error) {
	seen := quoted{Money: q.Money.Micros(), Prices: map[string]int64{}}
	for _, c := range q.Countries {
		seen.Prices[c.Country] = c.Price.Micros()
	}
	text, err := json.Marshal(seen)
	return string(text), err
}

// changesSince compares a quote with what its reader saw: the prices that are others now, and whether balances would pay
// more than was said.
func changesSince(text string, q models.Quote) (changes []models.PriceChange, err error) {
	var seen quoted
	if json.Unmarshal([]byte(text), &seen) != nil {
		return nil, ErrPricesChanged
	}
	for _, c := range q.Countries {
		if before, known := seen.Prices[c.Country]; !known || before != c.Price.Micros() {
			changes = append(changes, models.PriceChange{Country: c.Country, Old: models.FromMicros(before, c.Price.Asset), New: c.Price})
		}
	}
	switch {
	case len(changes) > 0:
		return changes, ErrPricesChanged
	case seen.Money < q.Money.Micros():
		return nil, ErrPricesChanged.Saying(fmt.Sprintf("Packages pay for less of this than when you looked at it: %s would come from the balance instead of %s. Nothing was sent.",
			q.Money, models.FromMicros(seen.Money, q.Money.Asset)))
	}
	return nil, nil
}

// senderStill refuses when the account may not use the Sender ID of a send any more.
func senderStill(tx *store.Tx, row sendRow) error {
	_, err := senders.MayUse(tx, row.AccountID, orNone(row.SenderID))
	return err
}
