package notify_test

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/secrets"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// world is two companies' accounts on a database of their own, and a service that delivers for them.
type world struct {
	*testing.T
	store  *store.Store
	raw    *pgxpool.Pool
	notify *notify.Service
	acme   models.Account // a parent
	clinic models.Account // its sub-account
	other  models.Account // a parent of another tenant
	staff  models.Actor   // an Admin of the operator
}

func newWorld(t *testing.T, o notify.Options) *world {
	t.Helper()
	dsn := storetest.Database(t)
	st, err := store.Open(t.Context(), dsn, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	st.UseKeys(secrets.ForTests())
	service, err := notify.New(st, o)
	if err != nil {
		t.Fatal(err)
	}
	service.Hurry(10*time.Millisecond, 4, 2*time.Second)
	w := &world{T: t, store: st, raw: storetest.Raw(t, dsn), notify: service}
	account := func(tenant models.ID, kind models.AccountKind, name, contact, email string) models.Account {
		a := models.Account{TenantID: tenant, ID: models.NewID(), Kind: kind, Name: name, ContactName: contact, Email: email,
			Mobile: "+4915112345678", Country: "DE", TimeZone: "Europe/Berlin", Currency: "EUR", Status: models.Active}
		if kind == models.Parent {
			a.ID, a.Plan = tenant, models.PrePay
		} else {
			a.Funding = models.OwnBalance
		}
		w.change(tenant, func(_ context.Context, tx *store.Tx) error {
			tx.Queue(`INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency,
				status, funding, plan, created_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)`, a.TenantID, a.ID,
				string(a.Kind), a.Name, a.ContactName, a.Email, a.Mobile, a.Country, a.TimeZone, a.Currency, string(a.Status),
				string(a.Funding), string(a.Plan), tx.Now)
			return nil
		})
		return a
	}
	w.acme = account(models.NewID(), models.Parent, "Acme Health", "Ada Acme", "ada@acme.test")
	w.clinic = account(w.acme.ID, models.Sub, "North Clinic", "Noor North", "noor@north.test")
	w.other = account(models.NewID(), models.Parent, "Brightwater", "Ben Bright", "ben@bright.test")
	w.staff = models.Actor{Tenant: models.NewID(), Kind: models.Operator, User: models.NewID(), Email: "sam@operator.test",
		Privileges: models.PrivilegesOf(models.Operator, models.Admin, nil)}
	return w
}

// change runs work as the installation does, for something that logs one line.
func (w *world) change(tenant models.ID, work func(context.Context, *store.Tx) error) {
	w.Helper()
	if err := w.try(tenant, work); err != nil {
		w.Fatal(err)
	}
}

func (w *world) try(tenant models.ID, work func(context.Context, *store.Tx) error) error {
	_, err := w.store.Change(w.Context(), models.System(tenant), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return models.Event{Action: models.ActivationSent, Account: tenant}, work(ctx, tx)
	})
	return err
}

// mail puts a mail to the clinic into the outbox and returns its id.
func (w *world) mail(m notify.Message) models.ID {
	w.Helper()
	if m.To == "" {
		m.To = w.clinic.Email
	}
	m.Account = w.clinic.ID
	w.change(w.acme.ID, func(ctx context.Context, tx *store.Tx) error { return notify.Mail(ctx, tx, m) })
	return w.newest()
}

func (w *world) text(m notify.Message) models.ID {
	w.Helper()
	m.Account, m.To = w.clinic.ID, w.clinic.Mobile
	w.change(w.acme.ID, func(ctx context.Context, tx *store.Tx) error { return notify.Text(ctx, tx, m) })
	return w.newest()
}

func (w *world) newest() models.ID {
	return one[models.ID](w, `SELECT id FROM outbox ORDER BY created_at DESC, id DESC LIMIT 1`)
}

// row is what the outbox says about a message.
type row struct {
	Status    notify.Status
	Tries     int
	LastError string
	TenantID  models.ID
	Body      string // opened, where it is sealed
	Sealed    []byte
	SentAt    *time.Time
}

func (w *world) row(id models.ID) row {
	w.Helper()
	rows, err := w.raw.Query(w.Context(), `SELECT status, tries, last_error, tenant_id, body, sealed, sent_at FROM outbox WHERE id = $1`, id)
	if err != nil {
		w.Fatal(err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	if err != nil {
		w.Fatal(err)
	}
	if r.Sealed != nil {
		body, err := w.store.Keys().Open(r.Sealed, secrets.Place{Tenant: r.TenantID, Row: id, Column: "outbox.sealed"})
		if err != nil || r.Body != "" {
			w.Fatalf("%v, and beside it %q", err, r.Body)
		}
		r.Body = string(body)
	}
	return r
}

// logged returns what the action log says about a message, oldest first.
type logged struct {
	TenantID  models.ID
	AccountID models.ID
	Action    models.Action
	UserEmail string
	Details   map[string]string
}

func (w *world) logged(id models.ID) []logged {
	w.Helper()
	rows, err := w.raw.Query(w.Context(), `SELECT tenant_id, account_id, action, user_email, details FROM action_log
		WHERE subject_id = $1 ORDER BY at, id`, id)
	if err != nil {
		w.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByName[logged])
	if err != nil {
		w.Fatal(err)
	}
	return lines
}

func (w *world) actions(id models.ID) (actions []models.Action) {
	w.Helper()
	for _, l := range w.logged(id) {
		actions = append(actions, l.Action)
	}
	return actions
}

func one[T any](w *world, sql string, args ...any) T {
	w.Helper()
	var v T
	if err := w.raw.QueryRow(w.Context(), sql, args...).Scan(&v); err != nil {
		w.Fatal(err)
	}
	return v
}

// work starts the real job queue until the test ends.
func (w *world) work() {
	w.Helper()
	workers := river.NewWorkers()
	notify.AddWorkers(workers, w.notify)
	client, err := river.NewClient(riverpgxv5.New(w.store.Pool()), &river.Config{
		Queues:            map[string]river.QueueConfig{notify.Queue: {MaxWorkers: notify.QueueWorkers}},
		Workers:           workers,
		Logger:            slog.New(slog.DiscardHandler),
		FetchCooldown:     10 * time.Millisecond,
		FetchPollInterval: 30 * time.Millisecond,
	})
	if err != nil {
		w.Fatal(err)
	}
	if err := client.Start(context.Background()); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := client.Stop(ctx); err != nil {
			w.Error(err)
		}
	})
}

// becomes waits until a message has a status and its job is over.
func (w *world) becomes(id models.ID, status notify.Status) row {
	w.Helper()
	w.until("a message that is "+string(status), func() bool {
		return w.row(id).Status == status && one[int](w,
			`SELECT count(*) FROM river_job WHERE args->>'id' = $1 AND finalized_at IS NULL`, id.String()) == 0
	})
	return w.row(id)
}

func (w *world) until(what string, true func() bool) {
	w.Helper()
	for end := time.Now().Add(15 * time.Second); !true(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("waited in vain for %s", what)
		}
	}
}
