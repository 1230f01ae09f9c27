package accounts_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused fails the test unless err is the named refusal and, where a field is given, says something next to it.
func refused(t *testing.T, err, want error, field string) {
	t.Helper()
	var rule *models.Error
	switch {
	case !errors.Is(err, want):
		t.Errorf("got %v, want %v", err, want)
	case field != "" && (!errors.As(err, &rule) || rule.Fields[field] == ""):
		t.Errorf("nothing is said next to %s: %v", field, rule)
	}
}

// saying is the sentence next to a field.
func saying(err error, field string) string {
	var rule *models.Error
	if !errors.As(err, &rule) {
		return ""
	}
	return rule.Fields[field]
}

// unchanged runs work and fails the test when anything in the database is another than before.
func unchanged(t *testing.T, w *storetest.World, work func()) {
	t.Helper()
	before := w.Fingerprint(t)
	work()
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
}

// atOnce runs work in fifty goroutines and waits for all of them.
func atOnce(work func()) {
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(work)
	}
	wg.Wait()
}

// tally counts outcomes of work that runs at the same time.
type tally struct {
	sync.Mutex
	of map[error]int
}

// add counts err as the first of the named refusals that it is, as nil, or as itself.
func (c *tally) add(err error, named ...error) {
	c.Lock()
	defer c.Unlock()
	if c.of == nil {
		c.of = map[error]int{}
	}
	for _, n := range named {
		if errors.Is(err, n) {
			err = n
			break
		}
	}
	c.of[err]++
}

// order is a sub-account's form, filled in well.
func order(change ...func(*accounts.SubAccountOrder)) accounts.SubAccountOrder {
	o := accounts.SubAccountOrder{Details: accounts.Details{AccountName: "Day Ward", ContactName: "Dana Stein", Email: "day@clinic.example",
		Mobile: "0151 12345679", Country: "DE", TimeZone: "Europe/Berlin"}, Funding: models.OwnBalance, Method: models.ByPassword}
	for _, c := range change {
		c(&o)
	}
	return o
}

func show(t *testing.T, w *storetest.World, c storetest.Company, sub models.ID) models.ShownAccount {
	t.Helper()
	got, err := w.Accounts.Show(ctx, c.Admin.Actor, sub)
	must(t, err)
	return got
}

// signIn returns the session that an e-mail and a password open.
func signIn(t *testing.T, w *storetest.World, email, password string) identity.Session {
	t.Helper()
	in, err := w.Identity.SignIn(ctx, identity.SignInOrder{Email: email, Password: password})
	must(t, err)
	return resolve(t, w, in.Token)
}

func resolve(t *testing.T, w *storetest.World, token identity.Token) identity.Session {
	t.Helper()
	session, err := w.Identity.Resolve(ctx, token)
	must(t, err)
	return session
}

func transfer(t *testing.T, w *storetest.World, c storetest.Company, sub models.ID, amount string) {
	t.Helper()
	_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: sub, Amount: storetest.Euros(t, amount)})
	must(t, err)
}
