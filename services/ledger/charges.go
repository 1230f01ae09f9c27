package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"offshoot/models"
	"offshoot/services/store"
)

// Usage kinds.
const (
	MessageUsage = "message"
	CallUsage    = "call"
	NumberUsage  = "number"
	KeywordUsage = "keyword"
)

// ChargeOrder tells of usage and its price. The ledger prices nothing itself.
type ChargeOrder struct {
	Account   models.ID // who used it
	Kind      string
	Country   string // ISO 3166-1 alpha-2 of the destination
	Quantity  int64  // messages, calls, months …
	Parts     int64  // message parts; 0 where there are none
	Amount    models.Money
	Reference string    // the caller's own name for this usage; charged once per account
	At        time.Time // when it was used; zero: now
}

// Charge is usage as the books have it.
type Charge struct {
	ID       models.ID
	Account  models.ID
	Payer    models.ID // whose balance paid
	Transfer models.ID // NoID when it cost nothing
	ChargeOrder
	Repeated bool // it was charged before under the same reference
}

// Validate says what is wrong with the order by itself: kind, country, quantity, parts, amount, reference.
func (o ChargeOrder) Validate() error {
	var p models.Problems
	switch o.Kind {
	case MessageUsage, CallUsage, NumberUsage, KeywordUsage:
	default:
		p.Add("kind", "Choose what was used.")
	}
	if !models.IsCountry(o.Country) {
		p.Add("country", "Choose the destination country.")
	}
	if o.Quantity < 1 || o.Quantity > 1_000_000_000 {
		p.Add("quantity", "Enter a whole number above zero.")
	}
	if o.Parts < 0 || o.Parts > 1_000_000_000 {
		p.Add("parts", "Enter a whole number.")
	}
	if o.Amount.IsNegative() {
		p.Add("amount", "Enter an amount of zero or more.")
	}
	if n := len([]rune(o.Reference)); n == 0 || n > 120 {
		p.Add("reference", "Enter a reference, up to 120 characters.")
	}
	return p.Err()
}

// Charge records usage of an account and takes its price from the wallet that the account's funding says, all or nothing.
// For: staff Admins, and the installation itself. Refuses: missing privilege; a bad order; no such account; an account
// that is not active, or whose parent is not (ErrNotCharging), whose tenant's books are frozen (ErrFrozen), or whose trial is
// over (ErrTrialEnded); a reference that stands for something else (ErrReferenceReused); more than its caps leave of its
// parent's balance (ErrCapReached); more than there is (ErrInsufficientBalance). Repeated under its reference it charges nothing and
// returns what was charged.
//
// Charges that meet at one wallet are taken together, see store.Together.
func (s *Service) Charge(ctx context.Context, actor models.Actor, order ChargeOrder) (Charge, error) {
	if err := actor.Require(models.RecordUsage); err != nil {
		return Charge{}, err
	}
	if err := order.Validate(); err != nil {
		return Charge{}, err
	}
	made, err := s.charges.Do(ctx, actor, s.payers.of(order.Account), order)
	if err == nil {
		s.payers.keep(order.Account, made.Payer)
	}
	return made, err
}

// chargeTogether charges a set of orders, each by itself, and logs those that it charges.
func chargeTogether(ctx context.Context, tx *store.Tx, asked []store.Asked[ChargeOrder]) ([]store.Answer[Charge], error) {
	orders := make([]ChargeOrder, len(asked))
	for i, a := range asked {
		orders[i] = a.Order
	}
	charged, err := chargeAll(ctx, tx, orders)
	if err != nil {
		return nil, err
	}
	answers := make([]store.Answer[Charge], len(asked))
	for i, c := range charged {
		answers[i] = store.Answer[Charge]{Value: c.Charge, Err: c.err}
		if c.err == nil && !c.Repeated {
			if err := tx.LogAs(asked[i].Actor, c.event); err != nil {
				return nil, err
			}
		}
	}
	return answers, nil
}

// ChargeUsage is Charge within a change of another service, which returns or logs the event. When the charge is Repeated
// there is no event.
func ChargeUsage(ctx context.Context, tx *store.Tx, order ChargeOrder) (Charge, models.Event, error) {
	charged, err := chargeAll(ctx, tx, []ChargeOrder{order})
	if err != nil {
		return Charge{}, models.Event{}, err
	}
	return charged[0].Charge, charged[0].event, charged[0].err
}

// charged is what became of one order.
type charged struct {
	Charge
	event models.Event
	err   error
}

// chargeAll charges orders in their order, each accepted or refused by itself against what those before it left.
func chargeAll(ctx context.Context, tx *store.Tx, orders []ChargeOrder) ([]charged, error) {
	var accounts []models.ID
	seen := map[models.ID]bool{}
	for i, o := range orders {
		if o.At.IsZero() {
			orders[i].At = tx.Now
		}
		if !seen[o.Account] {
			seen[o.Account] = true
			accounts = append(accounts, o.Account)
		}
	}
	payers := readPayers(tx, accounts)
	if err := tx.Answers(ctx); err != nil {
		return nil, err
	}
	wallets, before, err := lockCharges(ctx, tx, payers, orders)
	if err != nil {
		return nil, err
	}
	made := make([]charged, len(orders))
	var s sheet
	var rows chargeRows
	for i, o := range orders {
		at := reference{o.Account, o.Reference}
		c := &made[i]
		if c.err = chargeOne(tx, &s, payers[o.Account], wallets, before[at], o, c); c.err != nil || c.Repeated {
			continue
		}
		before[at] = &c.Charge
		rows.add(chargeRow{id: c.ID, account: o.Account, payer: c.Payer, transfer: c.Transfer, kind: o.Kind, country: o.Country, quantity: o.Quantity,
			parts: o.Parts, asset: o.Amount.Asset, amount: o.Amount.Micros(), reference: o.Reference, at: o.At})
	}
	rows.insert(tx, true)
	s.post(tx)
	return made, nil
}

// chargeOne holds one order to the rules and writes its transfer onto the sheet.
func chargeOne(tx *store.Tx, s *sheet, p *purse, wallets map[models.ID]*wallet, before *Charge, o ChargeOrder, made *charged) error {
	if stopped := p.stopped(tx.Now); stopped != nil {
		return stopped
	}
	if before != nil {
		made.Charge = *before
		made.Repeated = true
		return sameAs(*before, o)
	}
	from, to := wallets[last(p.pockets).wallet], wallets[p.spent]
	if from == nil || to == nil || from.ClosedAt != nil || to.ClosedAt != nil { // closed between the two looks at it
		return ErrNotCharging
	}
	if from.Asset != o.Amount.Asset {
		return ErrWrongCurrency
	}
	made.Charge = Charge{ID: models.NewID(), Account: o.Account, Payer: from.AccountID, ChargeOrder: o}
	made.event = models.Event{Action: models.UsageCharged, Account: o.Account, Subject: made.ID, Reference: o.Reference,
		Details: map[string]string{"kind": o.Kind, "country": o.Country}}
	if !o.Amount.IsPositive() {
		return nil
	}
	item, counts := Item{Price: o.Amount}, to.counted.at(when(tx.Now, from, to), to.Entries)
	looked := considered{pocket: last(p.pockets), spare: from.spare()}
	if _, over := counts.over(o.Amount.Micros()); over && p.isDrawn(looked.pocket) {
		looked.why = overCap
	} else if looked.spare < o.Amount.Micros() {
		looked.why = hasTooLittle
	}
	if looked.why != pays {
		return p.refuses(item, counts, []considered{looked})
	}
	posted, err := s.move(tx.Now, movement{kind: models.UsageCharge, from: from, to: to, amount: o.Amount, reference: o.Reference})
	if err != nil {
		return err
	}
	made.Transfer = posted.ID
	made.event.Amount, made.event.BalanceAfter, made.event.Transfer = &posted.Amount, &posted.From.After, posted.ID
	if from.AccountID != o.Account {
		made.event.Other = from.AccountID
	}
	return nil
}

// sameAs refuses a repetition that asks for something else.
func sameAs(c Charge, o ChargeOrder) error {
	if c.Kind != o.Kind || c.Country != o.Country || c.Quantity != o.Quantity || c.Parts != o.Parts || !c.Amount.Equal(o.Amount) {
		return ErrReferenceReused.At("reference", ErrReferenceReused.Message)
	}
	return nil
}

// lockCharges takes the wallets of all that are active, and then, with their wallets of kind spent held, looks for what was
// charged before under the same references.
func lockCharges(ctx context.Context, tx *store.Tx, payers map[models.ID]*purse, orders []ChargeOrder) (map[models.ID]*wallet, map[reference]*Charge, error) {
	wallets, before := map[models.ID]*wallet{}, map[reference]*Charge{}
	var ids []models.ID
	for _, p := range payers {
		if p.stopped(tx.Now) != nil {
			continue
		}
		for _, id := range []models.ID{p.spent, last(p.pockets).wallet} {
			if _, twice := wallets[id]; !twice {
				wallets[id] = nil
				ids = append(ids, id)
			}
		}
	}
	if ids == nil {
		return wallets, before, nil
	}
	account, text := make([]models.ID, len(orders)), make([]string, len(orders))
	for i, o := range orders {
		account[i], text[i] = o.Account, o.Reference
	}
	var locked []*wallet
	lockWallets(tx, ids, &locked)
	tx.Ask(func(rows pgx.Rows) error {
		var c Charge
		var transfer pgtype.UUID
		var asset string
		var amount int64
		_, err := pgx.ForEachRow(rows, []any{&c.ID, &c.Account, &c.Payer, &transfer, &c.Kind, &c.Country, &c.Quantity, &c.Parts, &asset, &amount, &c.Reference, &c.At}, func() error {
			found := c
			found.Transfer, found.Amount, found.ChargeOrder.Account = transfer.Bytes, models.FromMicros(amount, asset), c.Account
			before[reference{c.Account, c.Reference}] = &found
			return nil
		})
		return err
	}, findCharges, tx.Actor.Tenant, account, text)
	if err := tx.Answers(ctx); err != nil {
		return nil, nil, err
	}
	for _, w := range locked {
		wallets[w.ID] = w
	}
	return wallets, before, nil
}

const findCharges = `SELECT c.* FROM unnest($2::uuid[], $3::text[]) o(account, reference)
		CROSS JOIN LATERAL (SELECT id, account_id, payer_id, transfer_id, kind, country, quantity, parts, asset, amount, reference, charged_at FROM charges
			WHERE tenant_id = $1 AND account_id = o.account AND reference = o.reference OFFSET 0) c`

// chargeRow is one row of charges.
type chargeRow struct {
	id, account, payer, transfer models.ID // transfer NoID: it cost nothing
	kind, country                string
	quantity, parts              int64
	asset                        string
	amount                       int64
	reference                    string
	at                           time.Time
}

// chargeRows are rows that are written by one statement.
type chargeRows []chargeRow

func (r *chargeRows) add(row chargeRow) { *r = append(*r, row) }

// insert writes the rows. counts says whether they are usage by themselves, which the table then counts; those that pay
// messages are not.
func (r chargeRows) insert(tx *store.Tx, counts bool) {
	n := len(r)
	if n == 0 {
		return
	}
	id, account, payer, transfer := make([]models.ID, n), make([]models.ID, n), make([]models.ID, n), make([]*models.ID, n)
	kind, country, asset, reference := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	quantity, parts, amount, at := make([]int64, n), make([]int64, n), make([]int64, n), make([]time.Time, n)
	for i, c := range r {
		id[i], account[i], payer[i] = c.id, c.account, c.payer
		if c.transfer != models.NoID {
			transfer[i] = &r[i].transfer
		}
		kind[i], country[i], asset[i], reference[i] = c.kind, c.country, c.asset, c.reference
		quantity[i], parts[i], amount[i], at[i] = c.quantity, c.parts, c.amount, c.at
	}
	tx.Queue(insertCharges,
		tx.Actor.Tenant, id, account, payer, transfer, kind, country, quantity, parts, asset, amount, reference, at, counts)
}

const insertCharges = `INSERT INTO charges (tenant_id, id, account_id, payer_id, transfer_id, kind, country, quantity, parts, asset, amount, reference, charged_at, counts)
		SELECT $1, x.*, $14 FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::text[],
			$11::bigint[], $12::text[], $13::timestamptz[]) x`
