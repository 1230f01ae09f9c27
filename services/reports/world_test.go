package reports_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/reports"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var ctx = context.Background()

// world is the cast with the reports on its database.
type world struct {
	*storetest.World
	reports *reports.Service
	used    int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := storetest.NewWorld(t)
	return &world{World: w, reports: reports.New(w.Store)}
}

func (w *world) give(t testing.TB, c storetest.Company, to storetest.Person, amount, note string) models.Transfer {
	t.Helper()
	m, err := models.ParseAmount(amount, c.Currency)
	must(t, err)
	made, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: to.Account.ID, Amount: m, Note: note})
	must(t, err)
	return made
}

// use charges an account for messages at a moment.
func (w *world) use(t testing.TB, by models.Account, at time.Time, country string, messages int64, price string) ledger.Charge {
	t.Helper()
	m, err := models.ParsePrice(price, by.Currency)
	must(t, err)
	w.used++
	made, err := w.Ledger.Charge(ctx, w.Sam.Actor.In(by.TenantID), ledger.ChargeOrder{Account: by.ID, Kind: "message", Country: country,
		Quantity: messages, Parts: 2 * messages, Amount: m, Reference: fmt.Sprintf("use %d", w.used), At: at})
	must(t, err)
	return made
}

// failer is a test, also one of package rapid.
type failer interface {
	Helper()
	Fatal(...any)
}

func must(t failer, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused fails the test unless err is the refusal that is wanted, with a sentence at each of the fields.
func refused(t testing.TB, what string, err error, want *models.Error, fields ...string) {
	t.Helper()
	var refusal *models.Error
	if !errors.Is(err, want) || !errors.As(err, &refusal) {
		t.Errorf("%s: %v, not %v", what, err, want)
		return
	}
	if len(refusal.Fields) != len(fields) {
		t.Errorf("%s: fields %v, not %v", what, refusal.Fields, fields)
	}
	for _, field := range fields {
		if refusal.Fields[field] == "" {
			t.Errorf("%s: no sentence at %s", what, field)
		}
	}
}

func day(text string) models.Day {
	d, ok := models.ParseDay(text)
	if !ok {
		panic(text)
	}
	return d
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	must(t, err)
	return z
}

func at(text string) time.Time {
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return moment
}
