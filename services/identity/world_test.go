package identity_test

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/notify"
	"offshoot/services/secrets"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// world is an operator and two companies that do not know each other, in a database of the test's own.
//
//	operator   ann@operator.example (Admin), bob@operator.example (User)
//	North      nora@north.example (Admin), ned@north.example (User)
//	 ├ Clinic  clara@clinic.example, active, may manage its audience
//	 ├ Harbour hank@harbour.example, active
//	 └ Kiosk   kim@kiosk.example, pending with a one-time password
//	South      sam@south.example (Admin)
//	 └ Bakery  bea@bakery.example, active
type world struct {
	*testing.T
	ctx      context.Context
	dsn      string
	store    *store.Store
	raw      *pgxpool.Pool
	identity *identity.Service
	clock    *clock
	person   map[string]models.User // by the part of the e-mail before the @

	operator, north, clinic, harbour, kiosk, south, bakery models.ID
}

const (
	password = "four words make one sentence"
	oneTime  = "abcde-fghij-kmnpq-rstuv"
)

var cheap = identity.Options{Hashing: identity.Hashing{MemoryKiB: 64, Passes: 1, Lanes: 1},
	Installation: notify.Installation{Name: "Portal", PublicURL: "https://portal.example"}}

type clock struct {
	sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.Lock()
	defer c.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.at = c.at.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, ctx: t.Context(), clock: &clock{at: time.Date(2026, 3, 29, 0, 59, 30, 0, time.UTC)}, person: map[string]models.User{}}
	dsn := storetest.Database(t)
	s, err := store.Open(context.Background(), dsn, w.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.UseKeys(secrets.ForTests())
	w.dsn, w.store, w.identity, w.raw = dsn, s, identity.New(s, cheap), storetest.Raw(t, dsn)

	w.operator = w.account(models.NoID, models.Operator, "Operator", models.Active)
	w.user(w.operator, w.operator, "ann@operator.example", models.Admin)
	w.user(w.operator, w.operator, "bob@operator.example", models.Member)
	w.north = w.account(models.NoID, models.Parent, "North", models.Active)
	w.user(w.north, w.north, "nora@north.example", models.Admin)
	w.user(w.north, w.north, "ned@north.example", models.Member)
	w.clinic = w.account(w.north, models.Sub, "Clinic", models.Active)
	w.user(w.north, w.clinic, "clara@clinic.example", models.Admin)
	w.exec(`INSERT INTO privileges VALUES ($1, $2, $3)`, w.north, w.clinic, string(models.ManageAudience))
	w.harbour = w.account(w.north, models.Sub, "Harbour", models.Active)
	w.user(w.north, w.harbour, "hank@harbour.example", models.Admin)
	w.kiosk = w.account(w.north, models.Sub, "Kiosk", models.Pending)
	w.user(w.north, w.kiosk, "kim@kiosk.example", models.Admin)
	w.activation(w.person["kim"], "password")
	w.south = w.account(models.NoID, models.Parent, "South", models.Active)
	w.user(w.south, w.south, "sam@south.example", models.Admin)
	w.bakery = w.account(w.south, models.Sub, "Bakery", models.Active)
	w.user(w.south, w.bakery, "bea@bakery.example", models.Admin)
	return w
}

func (w *world) account(tenant models.ID, kind models.AccountKind, name string, status models.AccountStatus) models.ID {
	w.Helper()
	id := models.NewID()
	if tenant == models.NoID {
		tenant = id
	}
	funding, plan := "", ""
	switch kind {
	case models.Sub:
		funding = "own"
	case models.Parent:
		plan = "pre_pay"
	}
	w.exec(`INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, funding, plan, created_at)
		VALUES ($1, $2, $3, $4, '', '', '', 'DE', 'Europe/Berlin', 'EUR', $5, $6, $7, $8)`, tenant, id, string(kind), name, string(status),
		funding, plan, w.clock.now())
	return id
}

// user has the password of all, or while its account is pending the one-time one.
func (w *world) user(tenant, account models.ID, email string, role models.Role) models.User {
	w.Helper()
	secret, temporary := password, false
	if account == w.kiosk {
		secret, temporary = oneTime, true
	}
	hash, err := w.identity.HashPassword(w.ctx, secret)
	w.ok(err)
	var u models.User
	w.change(models.System(tenant), func(ctx context.Context, tx *store.Tx) (err error) {
		u, err = identity.AddUser(ctx, tx, identity.NewUser{Account: account, Name: email, Email: email, Role: role,
			Owner: role == models.Admin, PasswordHash: hash, Temporary: temporary})
		return err
	})
	w.person[nickname(email)] = u
	return u
}

func nickname(email string) string {
	for i, r := range email {
		if r == '@' {
			return email[:i]
		}
	}
	return email
}

func (w *world) activation(u models.User, method string) {
	w.Helper()
	var link []byte
	if method == "link" {
		link = []byte(models.NewID().String())
	}
	now := w.clock.now()
	w.exec(`INSERT INTO activations (tenant_id, id, account_id, user_id, method, expires_at, link_hash, code_hash, code_expires_at, code_sent_at, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'x', $6, $8, $8)`, u.TenantID, models.NewID(), u.AccountID, u.ID, method, now.Add(72*time.Hour), link, now)
}

func (w *world) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.raw.Exec(context.Background(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

// scan reads one row as the database has it.
func (w *world) scan(into any, sql string, args ...any) {
	w.Helper()
	if err := w.raw.QueryRow(context.Background(), sql, args...).Scan(into); err != nil {
		w.Fatal(err)
	}
}

func (w *world) count(sql string, args ...any) (n int) {
	w.Helper()
	w.scan(&n, "SELECT count(*) FROM "+sql, args...)
	return n
}

// change is what another service would do in a transaction of its own.
func (w *world) change(actor models.Actor, work func(ctx context.Context, tx *store.Tx) error) {
	w.Helper()
	w.ok(w.tryChange(actor, work))
}

func (w *world) tryChange(actor models.Actor, work func(ctx context.Context, tx *store.Tx) error) error {
	_, err := w.store.Change(w.ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return models.Event{Action: models.UserAdded, Account: actor.Account}, work(ctx, tx)
	})
	return err
}

func (w *world) status(account models.ID, status models.AccountStatus) {
	w.Helper()
	w.exec(`UPDATE accounts SET status = $2, status_before = CASE WHEN $2 = 'deactivated' THEN 'active' ELSE '' END WHERE id = $1`,
		account, string(status))
}

func (w *world) trySignIn(email, password string) (identity.SignedIn, error) {
	return w.identity.SignIn(w.ctx, identity.SignInOrder{Email: email, Password: password,
		From: identity.Origin{IP: "192.0.2.7", UserAgent: "Test", Request: "req-1"}})
}

// signIn returns the token of one of the people.
func (w *world) signIn(name string) identity.Token {
	w.Helper()
	in, err := w.trySignIn(w.person[name].Email, password)
	w.ok(err)
	return in.Token
}

func (w *world) resolve(token identity.Token) identity.Session {
	w.Helper()
	session, err := w.identity.Resolve(w.ctx, token)
	w.ok(err)
	return session
}

// opensNothing fails unless the token is refused as if it had never been.
func (w *world) opensNothing(token identity.Token) {
	w.Helper()
	session, err := w.identity.Resolve(w.ctx, token)
	w.refused(err, identity.ErrNoSession)
	if session.Actor.User != models.NoID || len(session.Actor.Privileges) > 0 {
		w.Fatalf("a refused token gave %+v", session)
	}
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) refused(err, with error) {
	w.Helper()
	if !errors.Is(err, with) {
		w.Fatalf("got %v, want %v", err, with)
	}
}

// field fails unless err is about that form field.
func field(t *testing.T, err error, name string) string {
	t.Helper()
	var refusal *models.Error
	if !errors.As(err, &refusal) || refusal.Fields[name] == "" {
		t.Fatalf("got %v, want a sentence at %s", err, name)
	}
	return refusal.Fields[name]
}

type line struct {
	Tenant, Account, User, As, Access models.ID
	Email, Request                    string
	Details                           map[string]string
}

// log returns the lines of one action, oldest first.
func (w *world) log(action models.Action) (lines []line) {
	w.Helper()
	rows, err := w.raw.Query(context.Background(), `SELECT tenant_id, account_id, user_id, as_account_id, access_id, user_email, request_id, details
		FROM action_log WHERE action = $1 ORDER BY at, id`, string(action))
	w.ok(err)
	defer rows.Close()
	for rows.Next() {
		var l line
		var user, as, access *models.ID
		var details []byte
		w.ok(rows.Scan(&l.Tenant, &l.Account, &user, &as, &access, &l.Email, &l.Request, &details))
		for into, from := range map[*models.ID]*models.ID{&l.User: user, &l.As: as, &l.Access: access} {
			if from != nil {
				*into = *from
			}
		}
		w.ok(json.Unmarshal(details, &l.Details))
		lines = append(lines, l)
	}
	w.ok(rows.Err())
	return lines
}
