package refill_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var ctx = context.Background()

// world is the cast with the jobs that the tests work on by hand.
type world struct {
	*storetest.World
	t    *testing.T
	used atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{World: storetest.NewWorld(t), t: t}
}

// job is a waiting one.
type job struct {
	kind string
	args []byte
}

// jobs takes all waiting jobs of refill.
func (w *world) jobs() []job {
	w.t.Helper()
	rows, err := w.Raw.Query(ctx, `DELETE FROM river_job WHERE kind IN ('ledger.fell', 'ledger.money_arrived') RETURNING kind, args, id`)
	must(w.t, err)
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (j job, err error) {
		var id int64
		return j, row.Scan(&j.kind, &j.args, &id)
	})
	must(w.t, err)
	return found
}

func (w *world) do(j job) error { return w.doIn(ctx, j) }

func (w *world) doIn(ctx context.Context, j job) error {
	if j.kind == (ledger.MoneyArrived{}).Kind() {
		var args ledger.MoneyArrived
		must(w.t, json.Unmarshal(j.args, &args))
		return w.Refill.MoneyArrived(ctx, args.Tenant)
	}
	var args ledger.Fell
	must(w.t, json.Unmarshal(j.args, &args))
	return w.Refill.Fell(ctx, args)
}

// work does all waiting jobs, and what they make, and returns how many there were.
func (w *world) work() int {
	w.t.Helper()
	n := 0
	for waiting := w.jobs(); len(waiting) > 0; waiting = w.jobs() {
		for _, j := range waiting {
			must(w.t, w.do(j))
			n++
		}
	}
	return n
}

// fund gives a sub-account balance.
func (w *world) fund(who storetest.Person, amount string) {
	w.t.Helper()
	_, err := w.Ledger.Transfer(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: who.Account.ID, Amount: storetest.Euros(w.t, amount)})
	must(w.t, err)
}

// back takes balance of a sub-account back.
func (w *world) back(who storetest.Person, amount string) error {
	_, err := w.Ledger.TransferBack(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: who.Account.ID, Amount: storetest.Euros(w.t, amount)})
	return err
}

// use has a sub-account use something.
func (w *world) use(who storetest.Person, amount string) {
	w.t.Helper()
	must(w.t, w.charge(who, storetest.Euros(w.t, amount)))
}

func (w *world) charge(who storetest.Person, amount models.Money) error {
	_, err := w.Ledger.Charge(ctx, w.Sam.Actor.In(who.Account.TenantID), ledger.ChargeOrder{Account: who.Account.ID, Kind: ledger.MessageUsage,
		Country: "DE", Quantity: 1, Parts: 1, Amount: amount, Reference: fmt.Sprint("use ", w.used.Add(1))})
	return err
}

// receive brings money to the parent.
func (w *world) receive(amount string) {
	w.t.Helper()
	_, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: w.Clinic.ID, Amount: storetest.Euros(w.t, amount), Reference: fmt.Sprint("Received ", w.used.Add(1))})
	must(w.t, err)
}

// rule sets the rule of the clinic's sub-account with a balance of its own, which is not paused then.
func (w *world) rule(form models.RechargeForm) {
	w.t.Helper()
	if shown := w.shown(); shown.Rule != nil {
		form.Version = shown.Rule.Version
	}
	must(w.t, w.Refill.SetRule(ctx, w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID, form))
}

func (w *world) shown() models.Refill {
	w.t.Helper()
	shown, err := w.Refill.Shown(ctx, w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID)
	must(w.t, err)
	return shown
}

func (w *world) balance() string { return w.BalanceOf(w.t, w.Clinic.Own.Account).Text() }
func (w *world) parents() string { return w.BalanceOf(w.t, w.Clinic.Account).Text() }
func (w *world) recharges() int  { return w.Count(w.t, "recharges") }

// paused is why the rule is, "" while it is not.
func (w *world) paused() models.PauseReason {
	w.t.Helper()
	if rule := w.shown().Rule; rule != nil {
		return rule.Paused
	}
	return ""
}

// at is the clock's time, as people in Berlin read it.
func at(text string) time.Time {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	found, err := time.ParseInLocation("2006-01-02 15:04", text, berlin)
	if err != nil {
		panic(err)
	}
	return found
}

// change is one of another service.
func (w *world) change(work func(context.Context, *store.Tx) error) error {
	_, err := w.Store.Change(ctx, w.Clinic.Admin.Actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return models.Event{Action: models.FundingChanged, Account: w.Clinic.Own.Account.ID}, work(ctx, tx)
	})
	return err
}

func code(err error) string {
	var refused *models.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
