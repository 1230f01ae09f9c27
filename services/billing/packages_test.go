package billing_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func offer(t testing.TB, w *storetest.World, change func(*billing.OfferOrder)) models.ID {
	t.Helper()
	order := billing.OfferOrder{Name: "SMS 1000", Units: 1000, ValidityDays: 30, Countries: []string{"DE", "AT"}, OnSale: true,
		Prices: []models.Money{price(t, "40", "EUR"), price(t, "5000", "JPY")}}
	if change != nil {
		change(&order)
	}
	id, err := w.Billing.AddOffer(ctx, w.Sam.Actor, order)
	must(t, err)
	return id
}

// left is how many units of a package an account can use.
func left(t testing.TB, w *storetest.World, who models.Account, pkg models.ID) int64 {
	t.Helper()
	var units int64
	must(t, w.Raw.QueryRow(ctx, `SELECT coalesce(sum(balance) / 1000000, 0)::bigint FROM wallets WHERE account_id = $1 AND package_id = $2 AND kind = 'units'`,
		who.ID, pkg).Scan(&units))
	return units
}

// send pays for so many one-part messages of an account to Germany, as a slice of a send does.
func send(t testing.TB, w *storetest.World, who storetest.Person, messages int, reference string) []ledger.Paid {
	t.Helper()
	bill := ledger.Bill{Account: who.Account.ID, Reference: reference}
	for range messages {
		bill.Items = append(bill.Items, ledger.Item{Country: "DE", Parts: 1, Price: price(t, "0.075", who.Account.Currency)})
	}
	var receipts []ledger.Receipt
	_, err := w.Store.Change(ctx, models.System(who.Account.TenantID), func(ctx ctxt, tx *store.Tx) (e models.Event, err error) {
		receipts, err = ledger.Pay(ctx, tx, []ledger.Bill{bill})
		return models.Event{Action: models.SubAccountEdited, Account: who.Account.ID}, err
	})
	must(t, err)
	return receipts[0].Items
}

// SHR-2, BIL-1: bad packages.
func TestOfferRefusals(t *testing.T) {
	w := storetest.NewWorld(t)
	id := offer(t, w, nil)
	before := w.Fingerprint(t)
	good := billing.OfferOrder{Name: "A", Units: 1, ValidityDays: 1, Prices: []models.Money{price(t, "1", "EUR")}, Version: 1}
	for at, change := range map[string]func(*billing.OfferOrder){
		"name":      func(o *billing.OfferOrder) { o.Name = "  " },
		"units":     func(o *billing.OfferOrder) { o.Units = 0 },
		"validity":  func(o *billing.OfferOrder) { o.ValidityDays = 3661 },
		"countries": func(o *billing.OfferOrder) { o.Countries = []string{"DE", "XX"} },
		"prices":    func(o *billing.OfferOrder) { o.Prices = append(o.Prices, o.Prices[0]) },
	} {
		order := good
		change(&order)
		_, err := w.Billing.AddOffer(ctx, w.Sam.Actor, order)
		if field(err, at) == "" {
			t.Errorf("%s: %v", at, err)
		}
	}
	for _, prices := range [][]models.Money{nil, {models.Zero("EUR")}, {price(t, "1", "EUX")}} {
		order := good
		order.Prices = prices
		if err := w.Billing.ChangeOffer(ctx, w.Sam.Actor, id, order); field(err, "prices") == "" {
			t.Errorf("%v: %v", prices, err)
		}
	}
	good.Version = 7
	refuses(t, "stale", w.Billing.ChangeOffer(ctx, w.Sam.Actor, id, good), billing.ErrStaleOffer)
	refuses(t, "nothing", w.Billing.ChangeOffer(ctx, w.Sam.Actor, models.NewID(), good), billing.ErrNoSuchOffer)
	refuses(t, "a parent", w.Billing.ChangeOffer(ctx, w.Clinic.Admin.Actor, id, good), models.ErrMissingPrivilege)
	_, err := w.Billing.Offers(ctx, w.Clinic.Admin.Actor)
	refuses(t, "a parent", err, models.ErrMissingPrivilege)
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
}

// SHR-2, PRV-3: who buys what it may not, at another price, off sale, or without the money buys nothing.
func TestPurchaseRefusals(t *testing.T) {
	w := storetest.NewWorld(t)
	id, dear := offer(t, w, nil), offer(t, w, func(o *billing.OfferOrder) { o.Name, o.Prices = "Dear", []models.Money{price(t, "1000.01", "EUR")} })
	dollars := offer(t, w, func(o *billing.OfferOrder) { o.Name, o.Prices = "Dollars", []models.Money{price(t, "1", "USD")} })
	off := offer(t, w, func(o *billing.OfferOrder) { o.Name, o.OnSale = "Off", false })
	before := w.Fingerprint(t)
	buy := func(who storetest.Person, id models.ID, seen models.Money) error {
		_, err := w.Billing.BuyPackage(ctx, who.Actor, billing.PurchaseOrder{Offer: id, Price: seen})
		return err
	}
	forty := price(t, "40", "EUR")
	refuses(t, "no Billing & Payments", buy(w.Clinic.Shared, id, forty), models.ErrMissingPrivilege)
	refuses(t, "nothing", buy(w.Clinic.Admin, models.NewID(), forty), billing.ErrNoSuchOffer)
	refuses(t, "in dollars", buy(w.Clinic.Admin, dollars, price(t, "1", "USD")), billing.ErrNotOnSale)
	refuses(t, "off sale", buy(w.Clinic.Admin, off, forty), billing.ErrNotOnSale)
	err := buy(w.Clinic.Admin, id, price(t, "39", "EUR"))
	refuses(t, "another price", err, billing.ErrPriceChanged)
	if !strings.Contains(err.Error(), "40.00 EUR") {
		t.Error(err)
	}
	err = buy(w.Clinic.Admin, dear, price(t, "1000.01", "EUR"))
	refuses(t, "too dear", err, ledger.ErrInsufficientBalance)
	if !strings.Contains(err.Error(), "0.01 EUR is missing") {
		t.Error(err)
	}
	_, err = w.Billing.GrantPackage(ctx, w.Sam.Actor, billing.GrantOrder{Parent: w.Clinic.ID, Offer: id, Reason: " "})
	if field(err, "reason") == "" {
		t.Error(err)
	}
	for _, parent := range []models.ID{models.NewID(), w.Sam.Account.ID, w.Clinic.Own.Account.ID} {
		_, err = w.Billing.GrantPackage(ctx, w.Sam.Actor, billing.GrantOrder{Parent: parent, Offer: id, Reason: "Because"})
		refuses(t, "to no parent", err, ledger.ErrNoSuchAccount)
	}
	_, err = w.Billing.GrantPackage(ctx, w.Clinic.Admin.Actor, billing.GrantOrder{Parent: w.Clinic.ID, Offer: id, Reason: "Me"})
	refuses(t, "to oneself", err, models.ErrMissingPrivilege)
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
}

// SHR-2, PRV-3: a sub-account with Billing & Payments buys for its parent, once however often the form is sent; the preview
// is the purchase; what was sold stays as it was when the offer changes.
func TestPurchase(t *testing.T) {
	w := storetest.NewWorld(t)
	id := offer(t, w, nil)
	seen, err := w.Billing.PreviewPurchase(ctx, w.Clinic.Own.Actor, id)
	must(t, err)
	if seen.Before.String() != "1000.00 EUR" || seen.After.String() != "960.00 EUR" || w.Count(t, "packages") != 0 {
		t.Error(seen)
	}
	order := billing.PurchaseOrder{Offer: id, Price: seen.Price, Key: "one"}
	var bought [8]models.Package
	var waiting sync.WaitGroup
	for i := range bought {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			var err error
			if bought[i], err = w.Billing.BuyPackage(ctx, w.Clinic.Own.Actor, order); err != nil {
				t.Error(err)
			}
		}()
	}
	waiting.Wait()
	for _, b := range bought {
		if b.ID != bought[0].ID || b.Units != 1000 {
			t.Errorf("%+v", b)
		}
	}
	if w.Count(t, "packages") != 1 || w.BalanceOf(t, w.Clinic.Account).String() != "960.00 EUR" || left(t, w, w.Clinic.Account, bought[0].ID) != 1000 ||
		left(t, w, w.Clinic.Own.Account, bought[0].ID) != 0 {
		t.Error("not bought once, by and for the parent")
	}
	if end := w.Clock.Now().AddDate(0, 0, 30); bought[0].Account != w.Clinic.ID || !bought[0].ExpiresAt.Equal(end) {
		t.Error(bought[0].Account, bought[0].ExpiresAt)
	}
	must(t, w.Billing.ChangeOffer(ctx, w.Sam.Actor, id, billing.OfferOrder{Name: "SMS 10", Units: 10, ValidityDays: 1, Prices: []models.Money{price(t, "1", "EUR")}, Version: 1}))
	kept, err := w.Billing.Package(ctx, w.Clinic.Admin.Actor, bought[0].ID)
	must(t, err)
	if kept.Name != "SMS 1000" || kept.Units != 1000 || kept.Price.String() != "40.00 EUR" || !kept.Covers("AT") || kept.Covers("FR") {
		t.Errorf("%+v", kept)
	}
	if on, err := w.Billing.OnSale(ctx, w.Clinic.Admin.Actor); err != nil || len(on) != 0 {
		t.Error(on, err)
	}
	_, err = w.Billing.Package(ctx, w.Harbor.Admin.Actor, bought[0].ID)
	refuses(t, "another tenant", err, ledger.ErrNoSuchPackage)
}

// ACC-15, SHR-2: staff give a parent a package free of charge, with the reason in the log, once however often the form is sent.
func TestGrantPackageOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	order := billing.GrantOrder{Parent: w.Clinic.ID, Offer: offer(t, w, nil), Reason: "An apology", Key: "one"}
	first, err := w.Billing.GrantPackage(ctx, w.Sam.Actor, order)
	must(t, err)
	again, err := w.Billing.GrantPackage(ctx, w.Sam.Actor, order)
	must(t, err)
	if again.ID != first.ID || w.Count(t, "packages") != 1 || left(t, w, w.Clinic.Account, first.ID) != 1000 || w.BalanceOf(t, w.Clinic.Account).String() != "1000.00 EUR" {
		t.Errorf("%+v, then %+v", first, again)
	}
	if n := w.Count(t, "action_log WHERE action = $1 AND details->>'reason' = 'An apology'", string(models.PackageGranted)); n != 1 {
		t.Errorf("logged %d times", n)
	}
}

// SHR-2: the validity of a package is days of its parent's calendar: over a change of the clocks it ends at the same time of day.
func TestValidityIsDaysOfTheCalendar(t *testing.T) {
	w := storetest.NewWorld(t)
	id := offer(t, w, nil)                                              // 30 days
	w.Clock.Set(time.Date(2027, time.March, 20, 11, 0, 0, 0, time.UTC)) // noon in Berlin, and summer time begins on the 28th
	got, err := w.Billing.GrantPackage(ctx, w.Sam.Actor, billing.GrantOrder{Parent: w.Clinic.ID, Offer: id, Reason: "An apology"})
	must(t, err)
	if end := time.Date(2027, time.April, 19, 10, 0, 0, 0, time.UTC); !got.ExpiresAt.Equal(end) {
		t.Errorf("it ends at %s, not %s", got.ExpiresAt, end)
	}
}

// SHR-2: a package ends once, also where several are at it; what is left anywhere is gone, nothing is refunded, and nobody
// draws on it after its end even before the job comes.
func TestPackagesEndOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	pkg, other := w.AddPackage(t, w.Clinic, 100, 10), w.AddPackage(t, w.Harbor, 7, 30)
	must(t, w.Billing.ShareUnits(ctx, w.Clinic.Admin.Actor, billing.UnitsOrder{Package: pkg, SubAccount: w.Clinic.Own.Account.ID, Units: 40}))
	_, err := w.Ledger.Transfer(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: w.Clinic.Own.Account.ID, Amount: storetest.Euros(t, "1")})
	must(t, err)
	if paid := send(t, w, w.Clinic.Own, 3, "before"); paid[2].Package != pkg {
		t.Error(paid)
	}
	if n, err := w.Billing.ExpirePackages(ctx); n != 0 || err != nil {
		t.Error(n, err)
	}
	w.Clock.Add(10 * 24 * time.Hour)
	if paid := send(t, w, w.Clinic.Own, 1, "at its end"); paid[0].Package != models.NoID || paid[0].Refused != nil {
		t.Error("drawn on after its end:", paid)
	}
	refuses(t, "sharing", w.Billing.ShareUnits(ctx, w.Clinic.Admin.Actor, billing.UnitsOrder{Package: pkg, SubAccount: w.Clinic.Own.Account.ID, Units: 1}), ledger.ErrPackageEnded)
	balance := w.BalanceOf(t, w.Clinic.Account)
	var ended [6]int
	var waiting sync.WaitGroup
	for i := range ended {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			var err error
			if ended[i], err = w.Billing.ExpirePackages(ctx); err != nil {
				t.Error(err)
			}
		}()
	}
	waiting.Wait()
	total := 0
	for _, n := range ended {
		total += n
	}
	if total != 1 || w.Count(t, "action_log WHERE action = 'package.expired' AND details ->> 'left' = '97'") != 1 || w.Count(t, "packages WHERE expired_at IS NOT NULL") != 1 {
		t.Error("ended", total, "times")
	}
	if left(t, w, w.Clinic.Account, pkg) != 0 || left(t, w, w.Clinic.Own.Account, pkg) != 0 || left(t, w, w.Harbor.Account, other) != 7 {
		t.Error("units are left, or of another package gone")
	}
	if !w.BalanceOf(t, w.Clinic.Account).Equal(balance) {
		t.Error("money came back")
	}
	used, err := w.Billing.Usage(ctx, w.Clinic.Admin.Actor)
	must(t, err)
	if len(used) != 1 || used[0].Used != 3 || used[0].Gone != 97 || used[0].Left != 0 || used[0].Shared != 0 {
		t.Errorf("%+v", used)
	}
}
