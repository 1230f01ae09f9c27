package ledger

import (
	"context"
	"time"

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
// that is not active, or whose parent is not (ErrNotCharging); a reference that stands for something else
// (ErrReferenceReused); more than there is (ErrInsufficientBalance). Repeated under its reference it charges nothing and
// returns what was charged.
func (s *Service) Charge(ctx context.Context, actor models.Actor, order ChargeOrder) (Charge, error) {
	if err := actor.Require(models.RecordUsage); err != nil {
		return Charge{}, err
	}
	if err := order.Validate(); err != nil {
		return Charge{}, err
	}
	var made Charge
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		made, event, err = ChargeUsage(ctx, tx, order)
		if err == nil && made.Repeated {
			err = errRepeated
		}
		return event, err
	})
	if err == errRepeated { // nothing to commit and nothing to log
		err = nil
	}
	return made, err
}

// errRepeated rolls a repetition back: it has done nothing that should stay.
var errRepeated = &models.Error{Kind: models.Conflict, Code: "repeated", Message: "This was charged before."}

// ChargeUsage is Charge within a change of another service, which returns or logs the event. When the charge is Repeated
// there is no event.
func ChargeUsage(ctx context.Context, tx *store.Tx, order ChargeOrder) (Charge, models.Event, error) {
	if order.At.IsZero() {
		order.At = tx.Now
	}
	payer, err := payerOf(tx, order.Account)
	if err != nil {
		return Charge{}, models.Event{}, err
	}
	c := Charge{ID: models.NewID(), Account: order.Account, Payer: payer, ChargeOrder: order}
	if order.Amount.IsPositive() {
		c.Transfer = models.NewID()
	}
	claimed, err := claim(tx, c)
	if err != nil {
		return Charge{}, models.Event{}, err
	}
	if !claimed {
		before, err := chargeByReference(tx, order)
		return before, models.Event{}, err
	}
	event := models.Event{Action: models.UsageCharged, Account: order.Account, Subject: c.ID, Reference: order.Reference,
		Details: map[string]string{"kind": order.Kind, "country": order.Country}}
	w, err := lock(ctx, tx, place{payer, balanceWallet}, place{order.Account, spentWallet})
	if err != nil {
		return Charge{}, models.Event{}, err
	}
	if w[0].Asset != order.Amount.Asset {
		return Charge{}, models.Event{}, ErrWrongCurrency
	}
	if c.Transfer == models.NoID {
		return c, event, nil
	}
	p, err := post(tx, movement{id: c.Transfer, kind: models.UsageCharge, from: w[0], to: w[1], amount: order.Amount, reference: order.Reference})
	event.Amount, event.BalanceAfter, event.Transfer = &p.Amount, &p.From.After, p.ID
	if payer != order.Account {
		event.Other = payer
	}
	return c, event, err
}

// payerOf says whose balance pays for an account's usage, and refuses when the account, or its parent, is not active.
func payerOf(tx *store.Tx, account models.ID) (models.ID, error) {
	var row struct {
		Kind, Status, Funding, ParentStatus string
	}
	err := tx.Raw(`SELECT a.kind, a.status, a.funding, p.status AS parent_status FROM accounts a
		JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.tenant_id
		WHERE a.tenant_id = ? AND a.id = ?`, tx.Actor.Tenant, account).Scan(&row).Error
	switch {
	case err != nil:
		return models.NoID, err
	case row.Kind == "":
		return models.NoID, ErrNoSuchAccount
	case row.Status != string(models.Active) || row.ParentStatus != string(models.Active):
		return models.NoID, ErrNotCharging
	case row.Funding == string(models.SharedBalance):
		return tx.Actor.Tenant, nil
	}
	return account, nil
}

// claim writes the usage under its reference, or finds that it stands there already.
func claim(tx *store.Tx, c Charge) (bool, error) {
	var paid *models.ID
	if c.Transfer != models.NoID {
		paid = &c.Transfer
	}
	done := tx.Exec(`INSERT INTO charges (tenant_id, id, account_id, payer_id, transfer_id, kind, country, quantity, parts,
			asset, amount, reference, charged_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (tenant_id, account_id, reference) DO NOTHING`,
		tx.Actor.Tenant, c.ID, c.Account, c.Payer, paid, c.Kind, c.Country, c.Quantity, c.Parts,
		c.Amount.Asset, c.Amount.Micros(), c.Reference, c.At)
	return done.RowsAffected == 1, done.Error
}

func chargeByReference(tx *store.Tx, order ChargeOrder) (Charge, error) {
	var row struct {
		ID, PayerID   models.ID
		TransferID    *models.ID
		Kind, Country string
		Quantity      int64
		Parts         int64
		Asset         string
		Amount        int64
		ChargedAt     time.Time
	}
	err := tx.Raw(`SELECT id, payer_id, transfer_id, kind, country, quantity, parts, asset, amount, charged_at FROM charges
		WHERE tenant_id = ? AND account_id = ? AND reference = ?`, tx.Actor.Tenant, order.Account, order.Reference).Scan(&row).Error
	if err != nil {
		return Charge{}, err
	}
	c := Charge{ID: row.ID, Account: order.Account, Payer: row.PayerID, Repeated: true, ChargeOrder: ChargeOrder{
		Account: order.Account, Kind: row.Kind, Country: row.Country, Quantity: row.Quantity, Parts: row.Parts,
		Amount: models.FromMicros(row.Amount, row.Asset), Reference: order.Reference, At: row.ChargedAt}}
	if row.TransferID != nil {
		c.Transfer = *row.TransferID
	}
	if c.Kind != order.Kind || c.Country != order.Country || c.Quantity != order.Quantity || c.Parts != order.Parts || !c.Amount.Equal(order.Amount) {
		return Charge{}, ErrReferenceReused.At("reference", ErrReferenceReused.Message)
	}
	return c, nil
}
