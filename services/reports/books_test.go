package reports_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"offshoot/models"
	"offshoot/services/reports"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/services/usage"
)

// books are tenants, accounts and charges written straight into a database, many at a time: no balance pays for them.
type books struct {
	t       failer
	store   *store.Store
	raw     *pgxpool.Pool
	reports *reports.Service
	rows    pgx.Batch
}

type charge struct {
	account         models.ID
	at              time.Time
	country, kind   string
	quantity, parts int64
	amount          int64 // millionths
	paidByParent    bool
	message         models.ID // NoID: a charge
	status          models.MessageStatus
	units           bool // the amount is in units of a package
	refunded        bool
}

// counted is the charge as usage has it.
func (c charge) counted() usage.Change {
	counted := usage.Change{Account: c.account, Kind: c.kind, Country: c.country, Status: string(c.status), At: c.at, Amounts: usage.Amounts{Quantity: c.quantity, Parts: c.parts}}
	switch {
	case c.refunded:
	case c.units:
		counted.Units = c.amount
	case c.paidByParent:
		counted.Cost = c.amount
	default:
		counted.Cost, counted.OwnCost = c.amount, c.amount
	}
	return counted
}

// send writes a message that was accepted, and counts it.
func (b *books) send(tenant models.ID, c *charge) {
	b.t.Helper()
	c.message, c.kind, c.status, c.quantity = models.NewIDAt(c.at), "message", models.MessageQueued, 1
	var pack *models.ID
	if c.units {
		pack = &c.message
	}
	payer := c.account
	if c.paidByParent {
		payer = tenant
	}
	must(b.t, b.store.Settle(ctx, tenant, func(_ context.Context, tx *store.Tx) error {
		tx.Queue(`INSERT INTO messages (tenant_id, id, account_id, sender, recipient, country, body, encoding, parts, status, status_at, payer_id, package_id, asset, amount, accepted_at)
			VALUES ($1, $2, $3, 'Clinic', '+4915112345678', $4, 'Hello', 'gsm7', $5, $6, $7, $8, $9, CASE WHEN $9::uuid IS NULL THEN 'EUR' ELSE 'units:' || $9::text END, $10, $7)`,
			tenant, c.message, c.account, c.country, c.parts, c.status, c.at, payer, pack, c.amount)
		usage.Count(tx, []usage.Change{c.counted()})
		return nil
	}))
}

// move gives a message another status, and gives back what was paid where that is asked for.
func (b *books) move(tenant models.ID, c *charge, to models.MessageStatus, refund bool) {
	b.t.Helper()
	before := c.counted()
	before.Amounts = usage.Amounts{Quantity: -before.Quantity, Parts: -before.Parts, Units: -before.Units, Cost: -before.Cost, OwnCost: -before.OwnCost}
	c.status, c.refunded = to, c.refunded || refund
	must(b.t, b.store.Settle(ctx, tenant, func(_ context.Context, tx *store.Tx) error {
		tx.Queue(`UPDATE messages SET status = $3, refund_id = CASE WHEN $4 THEN id END WHERE tenant_id = $1 AND id = $2`, tenant, c.message, c.status, c.refunded)
		usage.Count(tx, []usage.Change{before, c.counted()})
		return nil
	}))
}

// roll adds up what waits.
func (b *books) roll(tenant models.ID) {
	b.t.Helper()
	_, err := usage.New(b.store).RollTenant(ctx, tenant)
	must(b.t, err)
}

// booksNow is when the books are read: after everything in them.
var booksNow = time.Date(2027, 1, 15, 12, 0, 0, 0, time.UTC)

func newBooks(t testing.TB) *books {
	t.Helper()
	dsn := storetest.Database(t)
	s, err := store.Open(ctx, dsn, func() time.Time { return booksNow })
	must(t, err)
	t.Cleanup(s.Close)
	return &books{t: t, store: s, raw: storetest.Raw(t, dsn), reports: reports.New(s)}
}

func (b *books) account(tenant, id models.ID, kind models.AccountKind, currency, name, zone string) {
	plan, funding := "", ""
	if kind == models.Parent {
		plan = string(models.PrePay)
	} else {
		funding = string(models.OwnBalance)
	}
	b.rows.Queue(`INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, funding, plan, created_at)
		VALUES ($1, $2, $3, $4, '', '', '', 'DE', $8, $5, 'active', $6, $7, now())`, tenant, id, string(kind), name, currency, funding, plan, zone)
}

func (b *books) parent(currency, zone string) models.ID {
	id := models.NewID()
	b.account(id, id, models.Parent, currency, "Parent", zone)
	return id
}

func (b *books) sub(tenant models.ID, currency, name string) models.ID {
	id := models.NewID()
	b.account(tenant, id, models.Sub, currency, name, "UTC")
	return id
}

func (b *books) use(tenant models.ID, c charge) {
	id, currency := models.NewID(), "(SELECT currency FROM accounts WHERE tenant_id = $1 AND id = $1)"
	var transfer *models.ID
	if c.amount > 0 {
		transfer = &id
		b.rows.Queue(`INSERT INTO transfers (tenant_id, id, kind, posted_at) VALUES ($1, $2, 'charge', $3)`, tenant, id, c.at)
	}
	payer := c.account
	if c.paidByParent {
		payer = tenant
	}
	b.rows.Queue(`INSERT INTO charges (tenant_id, id, account_id, payer_id, transfer_id, kind, country, quantity, parts, asset, amount, reference, charged_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, `+currency+`, $10, $11, $12)`,
		tenant, id, c.account, payer, transfer, c.kind, c.country, c.quantity, c.parts, c.amount, fmt.Sprint(id), c.at)
}

// post writes all that was asked for.
func (b *books) post() {
	b.t.Helper()
	tx, err := b.raw.Begin(ctx)
	must(b.t, err)
	must(b.t, tx.SendBatch(ctx, &b.rows).Close())
	must(b.t, tx.Commit(ctx))
	b.rows = pgx.Batch{}
}

func (b *books) boss(tenant models.ID) models.Actor {
	return models.Actor{Tenant: tenant, Account: tenant, Kind: models.Parent, Privileges: models.PrivilegesOf(models.Parent, models.Admin, nil)}
}

func (b *books) member(tenant, sub models.ID) models.Actor {
	return models.Actor{Tenant: tenant, Account: sub, Kind: models.Sub, Privileges: models.PrivilegesOf(models.Sub, models.Admin, nil)}
}
