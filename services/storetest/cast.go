package storetest

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"offshoot/migrations"
	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/audience"
	"offshoot/services/billing"
	"offshoot/services/funding"
	"offshoot/services/identity"
	"offshoot/services/inbound"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
	"offshoot/services/notify"
	"offshoot/services/proof"
	"offshoot/services/refill"
	"offshoot/services/secrets"
	"offshoot/services/senders"
	"offshoot/services/sharing"
	"offshoot/services/store"
	"offshoot/services/store/localpg"
)

// Passphrase is the password of everybody in the cast.
const Passphrase = "correct horse battery staple"

// Clock is a test's time. It stands still until the test moves it.
type Clock struct{ micros atomic.Int64 }

// Now is the clock's time.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.micros.Load()).UTC() }

// Set moves the clock to a time; Add moves it on.
func (c *Clock) Set(t time.Time)     { c.micros.Store(t.UnixMicro()) }
func (c *Clock) Add(d time.Duration) { c.micros.Add(d.Microseconds()) }

// Services are all services on one test database, with a clock that the test moves.
type Services struct {
	DSN       string
	Clock     *Clock
	Store     *store.Store
	Raw       *pgxpool.Pool // passes every policy and grant
	Identity  *identity.Service
	Accounts  *accounts.Service
	Ledger    *ledger.Service
	Notify    *notify.Service
	Billing   *billing.Service
	Sharing   *sharing.Service
	Senders   *senders.Service
	Messaging *messaging.Service
	Audience  *audience.Service
	Inbound   *inbound.Service
	Refill    *refill.Service
	Funding   *funding.Service
	Proof     *proof.Service

	fingerprinting sync.Once
	fingerprint    string // the query
}

// New returns services on a database of their own. When the test ends, the books of every tenant are checked.
func New(t testing.TB) *Services {
	t.Helper()
	return On(t, Database(t))
}

// On is New on a database that the test has made.
func On(t testing.TB, dsn string) *Services {
	t.Helper()
	s := open(t, dsn, RawDSN(t, dsn))
	t.Cleanup(s.Store.Close)
	t.Cleanup(func() { s.CheckBooks(t) })
	return s
}

// Durable is New on a server of its own that really writes to the disk, for benchmarks. It ends with b.
func Durable(b *testing.B) (*Services, *localpg.Server) {
	b.Helper()
	dir, err := os.MkdirTemp("", "offshoot-bench-")
	must(b, err)
	must(b, os.Chmod(dir, 0o711)) // as root, the server's account must get in
	ctx := context.Background()
	config := localpg.Config{Dir: dir}
	server, err := localpg.Start(ctx, config)
	must(b, err)
	admin, err := pgx.Connect(ctx, server.AdminDSN(""))
	must(b, err)
	_, err = admin.Exec(ctx, `ALTER SYSTEM SET max_connections = 400`) // for pgbench with hundreds of callers
	must(b, err)
	must(b, admin.Close(ctx))
	must(b, server.Stop())
	server, err = localpg.Start(ctx, config)
	must(b, err)
	b.Cleanup(func() { _ = server.Stop(); _ = localpg.Remove(server.Dir()) })
	must(b, migrations.Up(ctx, server.OwnerDSN(""), server.DSN("")))
	s := open(b, server.DSN(""), server.AdminDSN(""))
	b.Cleanup(s.Store.Close)
	b.Cleanup(func() { s.CheckBooks(b) })
	return s, server
}

// Unchecked is New without the check of the books, for benchmarks that fill tables past the services.
func Unchecked(t testing.TB) *Services {
	t.Helper()
	dsn := Database(t)
	s := open(t, dsn, RawDSN(t, dsn))
	t.Cleanup(s.Store.Close)
	return s
}

func open(t testing.TB, dsn, raw string) *Services {
	t.Helper()
	s := &Services{DSN: dsn, Clock: &Clock{}}
	s.Clock.Set(time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC))
	var err error
	if s.Store, err = store.Open(context.Background(), s.DSN, s.Clock.Now); err != nil {
		t.Fatal(err)
	}
	if s.Raw, err = pgxpool.New(context.Background(), raw); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Raw.Close)
	s.Store.UseKeys(secrets.ForTests())
	installation := notify.Installation{Name: "Offshoot", PublicURL: "http://127.0.0.1:8080"}
	s.Identity = identity.New(s.Store, identity.Options{Hashing: identity.Hashing{MemoryKiB: 64, Passes: 1, Lanes: 1}, Installation: installation})
	if s.Notify, err = notify.New(s.Store, notify.Options{KeepBodies: true}); err != nil {
		t.Fatal(err)
	}
	s.Accounts = accounts.New(s.Store, s.Identity, installation)
	s.Ledger = ledger.New(s.Store)
	s.Billing = billing.New(s.Store)
	s.Sharing = sharing.New(s.Store)
	s.Senders = senders.New(s.Store, installation)
	s.Messaging = messaging.New(s.Store)
	s.Audience = audience.New(s.Store)
	s.Inbound = inbound.New(s.Store)
	s.Refill = refill.New(s.Store, installation)
	s.Funding = funding.New(s.Store, installation)
	s.Proof = proof.New(s.Store, installation)
	return s
}

// CheckBooks fails the test when anything in the books of any tenant is wrong.
func (s *Services) CheckBooks(t testing.TB) {
	t.Helper()
	for _, tenant := range s.tenants(t) {
		must(t, s.Store.Read(context.Background(), models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
			checked, err := proof.Check(ctx, tx)
			for _, fault := range checked.Broken() {
				t.Errorf("books of %s: %s", tenant, fault)
			}
			return err
		}))
	}
}

func (s *Services) tenants(t testing.TB) []models.ID {
	t.Helper()
	rows, err := s.Raw.Query(context.Background(), `SELECT id FROM accounts WHERE kind = 'parent'`)
	must(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[models.ID])
	must(t, err)
	return ids
}

// World is the cast: an operator and two companies that do not know each other.
type World struct {
	*Services
	Sam Person // staff Admin

	Clinic Company // North Clinic Group, EUR, pre-pay, feature enabled, 1,000.00 on its balance
	Harbor Company // Harbor Media, JPY, post-pay with a credit line of 50,000
}

// Company is a parent with its people and sub-accounts.
type Company struct {
	models.Account
	Admin Person
	// the first sub-account has a balance of its own, the second spends its parent's; both are Active
	Own, Shared Person
}

// Person is somebody who signs in with an e-mail and Passphrase, and the actor they are in their account.
type Person struct {
	Email   string
	Account models.Account
	Actor   models.Actor
}

// cast is the world as it was made once in this process; every test gets a copy of its database.
var cast struct {
	making   sync.Mutex
	template string
	world    World
}

// NewWorld returns the cast on a database of its own.
func NewWorld(t testing.TB) *World {
	t.Helper()
	w := UncheckedWorld(t)
	t.Cleanup(func() { w.CheckBooks(t) })
	return w
}

// UncheckedWorld is NewWorld without the check of the books, for tests that write past the services.
func UncheckedWorld(t testing.TB) *World {
	t.Helper()
	w := theCast(t)
	dsn := copyOf(t, cast.template)
	w.Services = open(t, dsn, RawDSN(t, dsn))
	t.Cleanup(w.Store.Close)
	return &w
}

// theCast is the world as every test finds it.
func theCast(t testing.TB) World {
	t.Helper()
	cast.making.Lock()
	defer cast.making.Unlock() // also when it cannot be made: the other tests then say so too
	if cast.template == "" {
		makeCast(t)
	}
	return cast.world
}

func makeCast(t testing.TB) {
	t.Helper()
	ready(t)
	name, err := databases.clone(databases.template)
	must(t, err)
	s := open(t, databases.app.database(name), databases.raw.database(name))
	cast.world = *WorldOn(t, s)
	s.Store.Close()
	s.Raw.Close()
	must(t, databases.freeze(name))
	cast.template = name
}

// WorldOn is NewWorld on services that the test has made.
func WorldOn(t testing.TB, s *Services) *World {
	t.Helper()
	w := &World{Services: s}
	ctx := context.Background()
	operator, err := w.Accounts.Install(ctx, accounts.Details{AccountName: "Offshoot Support", ContactName: "Sam Rivera", Email: "sam@offshoot.example",
		Mobile: "+4915112345670", Country: "DE", TimeZone: "Europe/Berlin"}, "EUR", Passphrase)
	must(t, err)
	w.Sam = w.person(t, operator, "sam@offshoot.example", models.Admin, nil)
	w.fillRateCard(t)

	w.Clinic = w.company(t, accounts.ParentOrder{Details: accounts.Details{AccountName: "North Clinic Group", ContactName: "Nora Weber",
		Email: "nora@clinic.example", Mobile: "+4915112345671", Country: "DE", TimeZone: "Europe/Berlin"}, Currency: "EUR", Plan: models.PrePay, Method: models.ByPassword})
	_, err = w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: w.Clinic.ID, Amount: models.FromMicros(1_000_000_000, "EUR"), Reference: "SEPA 1"})
	must(t, err)
	w.Clinic.Own = w.subAccount(t, w.Clinic, "North Clinic", "ward@clinic.example", "+4915112345672", models.OwnBalance, models.BillingPayments, models.ManageAudience)
	w.Clinic.Shared = w.subAccount(t, w.Clinic, "Night Ward", "night@clinic.example", "+4915112345673", models.SharedBalance)

	w.Harbor = w.company(t, accounts.ParentOrder{Details: accounts.Details{AccountName: "Harbor Media", ContactName: "Haru Sato",
		Email: "haru@harbor.example", Mobile: "+819012345678", Country: "JP", TimeZone: "Asia/Tokyo"}, Currency: "JPY", Plan: models.PostPay, Credit: "50000", Method: models.ByLink})
	w.Harbor.Own = w.subAccount(t, w.Harbor, "Pier One", "pier@harbor.example", "+819012345679", models.OwnBalance)
	w.Harbor.Shared = w.subAccount(t, w.Harbor, "Lighthouse", "light@harbor.example", "+819012345680", models.SharedBalance)
	return w
}

// AddCompany adds one more company in EUR, pre-pay, with nothing on its balance, and two sub-accounts as in Company.
// n tells several of one test apart.
func (w *World) AddCompany(t testing.TB, n int) Company {
	t.Helper()
	at := fmt.Sprintf("@company%d.example", n)
	c := w.company(t, accounts.ParentOrder{Details: accounts.Details{AccountName: fmt.Sprint("Company ", n), ContactName: "Alex Berg",
		Email: "alex" + at, Mobile: "+4915112345674", Country: "DE", TimeZone: "Europe/Berlin"}, Currency: "EUR", Plan: models.PrePay, Method: models.ByLink})
	c.Own = w.subAccount(t, c, "Own", "own"+at, "+4915112345675", models.OwnBalance)
	c.Shared = w.subAccount(t, c, "Shared", "shared"+at, "+4915112345676", models.SharedBalance)
	return c
}

// AddParent adds a parent account in Ireland, where figures have points, in EUR with 100.00 on its balance, which has not enabled sub-accounts yet.
func (w *World) AddParent(t testing.TB) Company {
	t.Helper()
	c := w.parent(t, accounts.ParentOrder{Details: accounts.Details{AccountName: "Sunrise Health", ContactName: "Mara Lind", Email: "mara@sunrise.example",
		Mobile: "+353850123456", Country: "IE", TimeZone: "Europe/Dublin"}, Currency: "EUR", Plan: models.PrePay, Method: models.ByLink})
	_, err := w.Ledger.RecordMoney(context.Background(), w.Sam.Actor, ledger.PaymentOrder{Parent: c.ID, Amount: models.FromMicros(100_000_000, "EUR"), Reference: "SEPA 9"})
	must(t, err)
	return c
}

// AddUser gives an account one more user, who signs in with Passphrase.
func (w *World) AddUser(t testing.TB, a models.Account, email string, role models.Role) {
	t.Helper()
	ctx := context.Background()
	hash, err := w.Identity.HashPassword(ctx, Passphrase)
	must(t, err)
	_, err = w.Store.Change(ctx, models.System(a.TenantID), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		_, err := identity.AddUser(ctx, tx, identity.NewUser{Account: a.ID, Name: "Kim Lee", Email: email, Role: role, PasswordHash: hash})
		return models.Event{Action: models.UserAdded, Account: a.ID}, err
	})
	must(t, err)
}

// AddActive gives a company one more sub-account, Active, with a balance of its own.
func (w *World) AddActive(t testing.TB, c Company, name, email string, granted ...models.Privilege) Person {
	t.Helper()
	return w.subAccount(t, c, name, email, "+4915112345677", models.OwnBalance, granted...)
}

// AddPending gives a company one more sub-account, which its user has not activated yet.
func (w *World) AddPending(t testing.TB, c Company, name, email string) models.Account {
	t.Helper()
	account, err := w.Accounts.AddSubAccount(context.Background(), c.Admin.Actor, accounts.SubAccountOrder{
		Details: accounts.Details{AccountName: name, ContactName: "Robin Frey", Email: email, Mobile: "+4915112345678", Country: c.Country, TimeZone: c.TimeZone},
		Funding: models.OwnBalance, Method: models.ByPassword})
	must(t, err)
	return account
}

// Fingerprint stands for everything in the database but sessions, known browsers, limits and jobs: it changes when anything
// else does, in tables of later steps too.
func (s *Services) Fingerprint(t testing.TB) string {
	t.Helper()
	ctx := context.Background()
	s.fingerprinting.Do(func() {
		must(t, s.Raw.QueryRow(ctx, `SELECT 'SELECT md5(string_agg(x, chr(10) ORDER BY x)) FROM (' ||
				string_agg(format('SELECT %L || (to_jsonb(t) - ''last_login_at'')::text AS x FROM %I t', relname, relname), ' UNION ALL ') || ') rows'
			FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
				AND relname NOT IN ('sessions', 'devices', 'limits', 'goose_db_version') AND relname NOT LIKE 'river%'`).Scan(&s.fingerprint))
	})
	var sum string
	must(t, s.Raw.QueryRow(ctx, s.fingerprint).Scan(&sum))
	return sum
}

// OneTimePassword is what the newest mail to an address says.
func (s *Services) OneTimePassword(t testing.TB, email string) string {
	t.Helper()
	return s.inOutbox(t, email, regexp.MustCompile(`[a-z2-9]{5}(-[a-z2-9]{5}){3}`))
}

// Code is what the newest text to a number says.
func (s *Services) Code(t testing.TB, mobile string) string {
	t.Helper()
	return s.inOutbox(t, mobile, regexp.MustCompile(`\b[0-9]{6}\b`))
}

// Link is the path of the link in the newest mail to an address.
func (s *Services) Link(t testing.TB, email string) string {
	t.Helper()
	return s.inOutbox(t, email, regexp.MustCompile(`/(activate/link|invitation)\?token=[\w-]+`))
}

// Sent is how many messages to a recipient say that, those that are sealed in the database among them. Every recipient for "".
func (s *Services) Sent(t testing.TB, recipient, says string) int {
	t.Helper()
	newest, err := s.Notify.Outbox(context.Background(), 200, "")
	must(t, err)
	if newest.Next != "" {
		t.Fatal("there are more messages than one page has")
	}
	n := 0
	for _, m := range newest.Messages {
		if (recipient == "" || m.To == recipient) && strings.Contains(m.Subject+"\n"+m.Body, says) {
			n++
		}
	}
	return n
}

func (s *Services) inOutbox(t testing.TB, recipient string, pattern *regexp.Regexp) string {
	t.Helper()
	newest, err := s.Notify.Outbox(context.Background(), 200, "")
	must(t, err)
	var body string
	if at := slices.IndexFunc(newest.Messages, func(m notify.Kept) bool { return m.To == recipient }); at >= 0 {
		body = newest.Messages[at].Body
	}
	found := pattern.FindString(body)
	if found == "" {
		t.Fatalf("not in the outbox of %s: %s", recipient, body)
	}
	return found
}

// Euros and Yen are amounts as a person types them.
func Euros(t testing.TB, text string) models.Money { return amount(t, text, "EUR") }
func Yen(t testing.TB, text string) models.Money   { return amount(t, text, "JPY") }

func amount(t testing.TB, text, currency string) models.Money {
	t.Helper()
	m, err := models.ParseAmount(text, currency)
	must(t, err)
	return m
}

// BalanceOf is what an account has now.
func (s *Services) BalanceOf(t testing.TB, a models.Account) models.Money {
	t.Helper()
	var b models.Balance
	err := s.Store.Read(context.Background(), models.System(a.TenantID), func(_ context.Context, tx *store.Tx) (err error) {
		b, err = ledger.BalanceOf(tx, a.ID)
		return err
	})
	must(t, err)
	return b.Balance
}

// Count is how many rows a query's FROM and WHERE find, over all tenants.
func (s *Services) Count(t testing.TB, from string, args ...any) int {
	t.Helper()
	var n int
	must(t, s.Raw.QueryRow(context.Background(), `SELECT count(*) FROM `+from, args...).Scan(&n))
	return n
}

func (w *World) company(t testing.TB, order accounts.ParentOrder) Company {
	t.Helper()
	c := w.parent(t, order)
	_, err := w.Accounts.EnableSubAccounts(context.Background(), c.Admin.Actor)
	must(t, err)
	return c
}

func (w *World) parent(t testing.TB, order accounts.ParentOrder) Company {
	t.Helper()
	account, err := w.Accounts.CreateParent(context.Background(), w.Sam.Actor, order)
	must(t, err)
	w.activate(t, account)
	return Company{Account: account, Admin: w.person(t, account, order.Email, models.Admin, nil)}
}

func (w *World) subAccount(t testing.TB, c Company, name, email, mobile string, funding models.Funding, granted ...models.Privilege) Person {
	t.Helper()
	account, err := w.Accounts.AddSubAccount(context.Background(), c.Admin.Actor, accounts.SubAccountOrder{
		Details: accounts.Details{AccountName: name, ContactName: "Team of " + name, Email: email, Mobile: mobile, Country: c.Country, TimeZone: c.TimeZone},
		Funding: funding, Privileges: granted, Method: models.ByPassword})
	must(t, err)
	w.activate(t, account)
	return w.person(t, account, email, models.Admin, granted)
}

// activate makes a Pending account Active with everybody's password, without walking through its mails.
func (w *World) activate(t testing.TB, a models.Account) {
	t.Helper()
	ctx := context.Background()
	hash, err := w.Identity.HashPassword(ctx, Passphrase)
	must(t, err)
	pool := w.Raw
	for _, sql := range []string{
		`UPDATE accounts SET status = 'active', activated_at = created_at WHERE tenant_id = $1 AND id = $2`,
		`UPDATE activations SET ended_at = created_at WHERE tenant_id = $1 AND account_id = $2`,
	} {
		_, err = pool.Exec(ctx, sql, a.TenantID, a.ID)
		must(t, err)
	}
	_, err = pool.Exec(ctx, `UPDATE users SET password_hash = $3, password_temporary = false WHERE tenant_id = $1 AND account_id = $2`, a.TenantID, a.ID, hash)
	must(t, err)
}

func (w *World) person(t testing.TB, a models.Account, email string, role models.Role, granted []models.Privilege) Person {
	t.Helper()
	user, err := w.Identity.UserByEmail(context.Background(), email)
	must(t, err)
	a.Status = models.Active
	can := models.PrivilegesOf(a.Kind, role, granted)
	if a.Funding == models.SharedBalance {
		delete(can, models.RequestCredit)
	}
	return Person{Email: email, Account: a, Actor: models.Actor{Tenant: a.TenantID, Account: a.ID, Kind: a.Kind, User: user.ID, Email: email,
		Role: role, Home: a.TenantID, HomeAcct: a.ID, Privileges: can}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// NewestTransfer is the last transfer that touched an account's balance.
func (s *Services) NewestTransfer(t testing.TB, a models.Account) models.ID {
	t.Helper()
	var id models.ID
	must(t, s.Raw.QueryRow(context.Background(), `SELECT e.transfer_id FROM entries e JOIN wallets w ON w.id = e.wallet_id
		WHERE w.account_id = $1 AND w.kind = 'balance' ORDER BY e.number DESC LIMIT 1`, a.ID).Scan(&id))
	return id
}
