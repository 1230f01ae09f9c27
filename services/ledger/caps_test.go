package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/proof"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func setCaps(w *storetest.World, sub models.Account, day, month *models.Money) error {
	return try(w, sub.TenantID, func(ctx context.Context, tx *store.Tx) error { return ledger.SetCaps(ctx, tx, sub.ID, day, month) })
}

func euros(t testing.TB, text string) *models.Money {
	m := storetest.Euros(t, text)
	return &m
}

func capsOf(t testing.TB, w *storetest.World, sub models.Account) models.Caps {
	t.Helper()
	var caps models.Caps
	if err := w.Store.Read(ctx, models.System(sub.TenantID), func(ctx context.Context, tx *store.Tx) (err error) {
		caps, err = ledger.CapsOf(ctx, tx, sub.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return caps
}

// BAL-3: bad input. A cap of nothing is refused where it was typed, so are another currency's, another tenant's account and the
// parent itself.
func TestBadCapsAreRefused(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	zero, below, yen := cents(0), cents(-1), storetest.Yen(t, "5")
	for name, try := range map[string]struct {
		sub        models.Account
		day, month *models.Money
		want       error
		field      string
	}{
		"a day of nothing":         {c.Shared.Account, &zero, nil, models.ErrCheckFields, "cap_day"},
		"a month of nothing":       {c.Shared.Account, nil, &zero, models.ErrCheckFields, "cap_month"},
		"below nothing":            {c.Shared.Account, euros(t, "5"), &below, models.ErrCheckFields, "cap_month"},
		"another currency":         {c.Shared.Account, &yen, nil, ledger.ErrWrongCurrency, ""},
		"the parent":               {c.Account, euros(t, "5"), nil, ledger.ErrNoSuchAccount, ""},
		"another company's":        {models.Account{TenantID: c.ID, ID: w.Harbor.Shared.Account.ID}, euros(t, "5"), nil, ledger.ErrNoSuchAccount, ""},
		"an account there is none": {models.Account{TenantID: c.ID, ID: models.NewID()}, euros(t, "5"), nil, ledger.ErrNoSuchAccount, ""},
	} {
		err := setCaps(w, try.sub, try.day, try.month)
		if !errors.Is(err, try.want) {
			t.Errorf("%s: %v", name, err)
		}
		var refused *models.Error
		if try.field != "" && errors.As(err, &refused) && refused.Fields[try.field] == "" {
			t.Errorf("%s: nothing is said at %s", name, try.field)
		}
	}
	if caps := capsOf(t, w, c.Shared.Account); caps.Day != nil || caps.Month != nil {
		t.Errorf("caps %+v", caps)
	}
}

// BAL-3: what a cap does not leave room for is refused, whichever way usage is charged, and says which cap, when it starts anew
// and who can change it, without a figure. What was drawn before the cap was set counts; a refund makes room again; another
// day, and another month, start anew.
func TestCapsRefuse(t *testing.T) {
	w := storetest.NewWorld(t)
	w.Clock.Set(time.Date(2026, 11, 30, 11, 0, 0, 0, time.UTC))
	c := w.Clinic
	a := c.Shared.Account
	first, err := message(w, c.Shared, storetest.Euros(t, "3"), "before")
	if err != nil {
		t.Fatal(err)
	}
	if err := setCaps(w, a, euros(t, "5"), euros(t, "8")); err != nil {
		t.Fatal(err)
	}
	refused := func(err error, says ...string) {
		t.Helper()
		var e *models.Error
		if !errors.Is(err, ledger.ErrCapReached) || !errors.As(err, &e) {
			t.Fatalf("err %v", err)
		}
		for _, want := range append(says, "The parent account can change it.") {
			if !strings.Contains(e.Message, want) {
				t.Errorf("%q does not say %q", e.Message, want)
			}
		}
		if strings.Contains(e.Message, "EUR") {
			t.Errorf("%q names figures", e.Message)
		}
	}
	_, err = message(w, c.Shared, cents(201), "too much")
	refused(err, "daily spending cap", "1 December 2026 at 00:00 (Europe/Berlin)")
	if _, err := message(w, c.Shared, cents(0), "for nothing"); err != nil {
		t.Errorf("what costs nothing: %v", err)
	}
	items := pay(t, w, c.ID, bill(a, "slice", ledger.Item{Country: "DE", Parts: 1, Price: cents(150)}, ledger.Item{Country: "DE", Parts: 1, Price: cents(100)},
		ledger.Item{Country: "DE", Parts: 1, Price: cents(50)}))[0].Items
	if items[0].Refused != nil || items[1].Refused == nil || items[2].Refused != nil {
		t.Fatalf("paid %+v", items)
	}
	refused(items[1].Refused, "daily spending cap")
	change(t, w, c.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := ledger.GiveBack(ctx, tx, []ledger.Return{{Account: a.ID, Payer: c.ID, Amount: cents(40), Transfer: first.Transfer}})
		return err
	})
	if caps := capsOf(t, w, a); !caps.DrawnDay.Equal(cents(460)) || !caps.DrawnMonth.Equal(cents(460)) || !caps.Day.Equal(cents(500)) || !caps.Month.Equal(cents(800)) {
		t.Errorf("caps %+v", caps)
	}
	if _, err := message(w, c.Shared, cents(40), "what came back"); err != nil {
		t.Error(err)
	}
	if _, err := message(w, c.Shared, cents(1), "and no more"); !errors.Is(err, ledger.ErrCapReached) {
		t.Errorf("err %v", err)
	}
	// the parent of it has its own pocket, and other sub-accounts theirs
	if _, err := w.Ledger.Charge(ctx, w.Sam.Actor.In(c.ID), ledger.ChargeOrder{Account: c.ID, Kind: ledger.MessageUsage, Country: "DE", Quantity: 1, Amount: cents(900), Reference: "parent's"}); err != nil {
		t.Error(err)
	}

	w.Clock.Set(time.Date(2026, 11, 30, 22, 59, 59, 0, time.UTC)) // one second to midnight in Berlin
	if _, err := message(w, c.Shared, cents(1), "still that day"); !errors.Is(err, ledger.ErrCapReached) {
		t.Errorf("err %v", err)
	}
	w.Clock.Add(time.Second)
	if caps := capsOf(t, w, a); !caps.DrawnDay.IsZero() || !caps.DrawnMonth.IsZero() {
		t.Errorf("in December %+v", caps)
	}
	for day := range 2 {
		w.Clock.Set(time.Date(2026, 12, 1+day, 12, 0, 0, 0, time.UTC))
		if _, err := message(w, c.Shared, cents(400), fmt.Sprint("december ", day)); err != nil {
			t.Error(err)
		}
	}
	w.Clock.Add(24 * time.Hour)
	_, err = message(w, c.Shared, cents(1), "month")
	refused(err, "monthly spending cap", "1 January 2027 at 00:00 (Europe/Berlin)")
	if err := setCaps(w, a, nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := message(w, c.Shared, cents(900), "no caps"); err != nil {
		t.Error(err)
	}
}

// BAL-3, MSG-2: units of packages are not drawn from the balance and pay whatever the caps say; own balances have no cap.
func TestCapsLeaveUnitsAndOwnBalances(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	for _, of := range []storetest.Person{c.Own, c.Shared} {
		if err := setCaps(w, of.Account, euros(t, "0.01"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := give(w, c, storetest.Euros(t, "5")); err != nil {
		t.Fatal(err)
	}
	if _, err := message(w, c.Own, storetest.Euros(t, "5"), "own"); err != nil {
		t.Error(err)
	}
	if err := giveUnits(w, c, c.Shared.Account, pack(t, w, c.Account, "Units", 10, 30, "DE"), 4); err != nil {
		t.Fatal(err)
	}
	items := pay(t, w, c.ID, bill(c.Shared.Account, "units", to("DE", 4), to("DE", 1)))[0].Items
	if items[0].Refused != nil || !errors.Is(items[1].Refused, ledger.ErrCapReached) {
		t.Errorf("paid %+v", items)
	}
	if caps := capsOf(t, w, c.Shared.Account); !caps.DrawnDay.IsZero() {
		t.Errorf("drawn %s", caps.DrawnDay)
	}
}

// BAL-3, BAL-4: a monthly limit under a post-pay parent draws from its balance; under a pre-pay one it does not, and neither does a
// client that pays itself. The ledger's statement and models.Funding.DrawsFrom say the same.
func TestWhoDrawsFromItsParent(t *testing.T) {
	w := storetest.NewWorld(t)
	for _, c := range []storetest.Company{w.Clinic, w.Harbor} {
		price := models.FromMicros(1_000_000, c.Currency)
		for _, funding := range models.Fundings {
			if _, err := w.Raw.Exec(ctx, `UPDATE accounts SET funding = $2 WHERE id = $1`, c.Shared.Account.ID, string(funding)); err != nil {
				t.Fatal(err)
			}
			made, err := message(w, c.Shared, price, "as "+string(funding))
			if drew := err == nil && made.Payer == c.ID; drew != funding.DrawsFrom(c.Plan) || err != nil && !errors.Is(err, ledger.ErrInsufficientBalance) {
				t.Errorf("%s under %s: %+v, %v", funding, c.Plan, made, err)
			}
		}
		if _, err := w.Raw.Exec(ctx, `UPDATE accounts SET funding = 'shared' WHERE id = $1`, c.Shared.Account.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// BAL-3: fifty at once for the last of a cap: exactly what fits is charged.
func TestFiftyAtOnceForTheLastOfACap(t *testing.T) {
	bothWays(t, func(t *testing.T, w *storetest.World) {
		c := w.Clinic
		if err := setCaps(w, c.Shared.Account, euros(t, "10"), euros(t, "0.70")); err != nil {
			t.Fatal(err)
		}
		var fits, over atomic.Int64
		var all sync.WaitGroup
		for i := range 50 {
			all.Add(1)
			go func() {
				defer all.Done()
				var err error
				if i%2 == 0 {
					_, err = message(w, c.Shared, cents(10), fmt.Sprint("at once ", i))
				} else {
					err = try(w, c.ID, func(ctx context.Context, tx *store.Tx) error {
						receipts, err := ledger.Pay(ctx, tx, []ledger.Bill{bill(c.Shared.Account, fmt.Sprint("bill ", i), ledger.Item{Country: "DE", Parts: 1, Price: cents(10)})})
						if err == nil && receipts[0].Items[0].Refused != nil {
							return receipts[0].Items[0].Refused
						}
						return err
					})
				}
				switch {
				case err == nil:
					fits.Add(1)
				case errors.Is(err, ledger.ErrCapReached):
					over.Add(1)
				default:
					t.Error(err)
				}
			}()
		}
		all.Wait()
		if fits.Load() != 7 || over.Load() != 43 {
			t.Errorf("%d fit, %d were refused", fits.Load(), over.Load())
		}
		if caps := capsOf(t, w, c.Shared.Account); !caps.DrawnMonth.Equal(cents(70)) {
			t.Errorf("drawn %s", caps.DrawnMonth)
		}
	})
}

// capModel is a cap in a few lines: the latest day that was counted, and what was drawn in it and in its month.
type capModel struct {
	day, month     *int64 // cents
	today          models.Day
	drawn, inMonth int64
	last           time.Time // when something was posted
}

// on is the model when something is posted at a moment: never before what was posted last.
func (m capModel) on(at time.Time, zone *time.Location) capModel {
	if m.last.After(at) {
		at = m.last
	}
	m.last = at
	return m.turned(at, zone)
}

// turned is the model on the day of a moment, unless it has counted a later one.
func (m capModel) turned(at time.Time, zone *time.Location) capModel {
	if today := models.DayOf(at, zone); m.today.Before(today) {
		if m.today.IsZero() || m.today.MonthText() != today.MonthText() {
			m.inMonth = 0
		}
		m.today, m.drawn = today, 0
	}
	return m
}

func (m capModel) fits(amount int64) bool {
	return (m.day == nil || m.drawn+amount <= *m.day) && (m.month == nil || m.inMonth+amount <= *m.month)
}

// BAL-3: caps against a model of them, with charges, refunds, days and months turning, the parent moving between zones, its clock
// going back, caps set and taken off.
func TestCapsAgainstTheirModel(t *testing.T) {
	w := storetest.NewWorld(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		w.Clock.Set(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC))
		c := w.AddCompany(t, 3000+n)
		fundWith(t, w, c, 1_000_000)
		a := c.Shared.Account
		zone := c.Zone()
		m := capModel{last: w.Clock.Now()}
		var paid []ledger.Charge
		step := 0
		amounts := rapid.Int64Range(1, 60)
		most := rapid.Ptr(rapid.Int64Range(1, 200), true)
		post := func(amount int64) {
			m = m.on(w.Clock.Now(), zone)
			m.drawn, m.inMonth = m.drawn+amount, m.inMonth+amount
		}
		r.Repeat(map[string]func(*rapid.T){
			"charge": func(r *rapid.T) {
				step++
				amount := amounts.Draw(r, "amount")
				made, err := message(w, c.Shared, cents(amount), fmt.Sprint("charge ", step))
				fits := m.on(w.Clock.Now(), zone).fits(amount)
				if (err == nil) != fits || err != nil && !errors.Is(err, ledger.ErrCapReached) {
					r.Fatalf("%v, the model says it fits: %v of %+v", err, fits, m)
				}
				if fits {
					post(amount)
					paid = append(paid, made)
				}
			},
			"pay": func(r *rapid.T) {
				step++
				amounts := rapid.SliceOfN(amounts, 1, 4).Draw(r, "amounts")
				var items []ledger.Item
				for _, amount := range amounts {
					items = append(items, ledger.Item{Country: "DE", Parts: 1, Price: cents(amount)})
				}
				for i, p := range pay(t, w, c.ID, bill(a, fmt.Sprint("bill ", step), items...))[0].Items {
					fits := m.on(w.Clock.Now(), zone).fits(amounts[i])
					if (p.Refused == nil) != fits {
						r.Fatalf("item %d: %v, the model says it fits: %v of %+v", i, p.Refused, fits, m)
					}
					if fits {
						post(amounts[i])
					}
				}
			},
			"refund": func(r *rapid.T) {
				if len(paid) == 0 {
					r.Skip("nothing to give back")
				}
				i := rapid.IntRange(0, len(paid)-1).Draw(r, "which")
				change(t, w, c.ID, func(ctx context.Context, tx *store.Tx) error {
					_, err := ledger.GiveBack(ctx, tx, []ledger.Return{{Account: a.ID, Payer: c.ID, Amount: paid[i].Amount, Transfer: paid[i].Transfer}})
					return err
				})
				post(-paid[i].Amount.Micros() / 10_000)
				paid = slices.Delete(paid, i, i+1)
			},
			"time": func(r *rapid.T) {
				w.Clock.Add(rapid.SampledFrom([]time.Duration{time.Minute, 7 * time.Hour, 25 * time.Hour, 9 * 24 * time.Hour, -2 * time.Hour, -26 * time.Hour}).Draw(r, "by"))
			},
			"zone": func(r *rapid.T) {
				name := rapid.SampledFrom([]string{"Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Pago_Pago"}).Draw(r, "zone")
				w.Clock.Add(time.Millisecond)
				if _, err := w.Raw.Exec(ctx, `UPDATE accounts SET time_zone = $2 WHERE id = $1`, c.ID, name); err != nil {
					t.Fatal(err)
				}
				zone = models.Account{TimeZone: name}.Zone()
			},
			"caps": func(r *rapid.T) {
				m.day, m.month = most.Draw(r, "day"), most.Draw(r, "month")
				var day, month *models.Money
				if m.day != nil {
					day = new(models.Money)
					*day = cents(*m.day)
				}
				if m.month != nil {
					month = new(models.Money)
					*month = cents(*m.month)
				}
				if err := setCaps(w, a, day, month); err != nil {
					r.Fatal(err)
				}
			},
			"": func(r *rapid.T) {
				m := m.turned(w.Clock.Now(), zone)
				caps := capsOf(t, w, a)
				if !caps.DrawnDay.Equal(cents(m.drawn)) || !caps.DrawnMonth.Equal(cents(m.inMonth)) {
					r.Fatalf("drawn %s and %s, the model says %+v", caps.DrawnDay, caps.DrawnMonth, m)
				}
				must(r, w.Store.Read(ctx, models.System(c.ID), func(ctx context.Context, tx *store.Tx) error {
					checked, err := proof.Check(ctx, tx, "drawn", "falls")
					if faults := checked.Broken(); len(faults) > 0 {
						r.Fatal(faults)
					}
					return err
				}))
			},
		})
	})
}

func must(t interface{ Fatal(...any) }, err error) {
	if err != nil {
		t.Fatal(err)
	}
}
