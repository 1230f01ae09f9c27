package reports_test

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/reports"
	"offshoot/services/store"
	"offshoot/services/storetest"
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

func (b *books) account(tenant, id models.ID, kind models.AccountKind, currency, name string) {
	plan, funding := "", ""
	if kind == models.Parent {
		plan = string(models.PrePay)
	} else {
		funding = string(models.OwnBalance)
	}
	b.rows.Queue(`INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, funding, plan, created_at)
		VALUES ($1, $2, $3, $4, '', '', '', 'DE', 'UTC', $5, 'active', $6, $7, now())`, tenant, id, string(kind), name, currency, funding, plan)
}

func (b *books) parent(currency string) models.ID {
	id := models.NewID()
	b.account(id, id, models.Parent, currency, "Parent")
	return id
}

func (b *books) sub(tenant models.ID, currency, name string) models.ID {
	id := models.NewID()
	b.account(tenant, id, models.Sub, currency, name)
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
