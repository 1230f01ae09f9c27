package funding_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/funding"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

// zones are of all offsets, of quarters and half hours, some without a midnight on some days or with two, some that cross the
// date line.
var zones = []string{"UTC", "Europe/Berlin", "Africa/Cairo", "Asia/Beirut", "America/Havana", "America/Sao_Paulo", "America/Asuncion", "Asia/Amman",
	"Asia/Tehran", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati", "Etc/GMT+12",
	"America/St_Johns", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Africa/Casablanca", "America/Santiago", "Atlantic/Azores", "Pacific/Easter"}

// turns are the ways in which a month may turn. Each brings all parents from one month to the next, or to the fourth after it.
var turns = []struct {
	name   string
	months int
	turn   func(*oncePlan, models.Day)
}{
	{"early", 1, (*oncePlan).early},
	{"late", 1, (*oncePlan).late},
	{"twice", 1, (*oncePlan).twice},
	{"four workers", 1, (*oncePlan).fourWorkers},
	{"killed midway", 1, (*oncePlan).killed},
	{"clock back", 1, (*oncePlan).clockBack},
	{"three months down", 4, (*oncePlan).late},
}

// BAL-5: every sub-account's month is applied exactly once, however it turns. The check walks each way through one month in a few of
// the zones. With OFFSHOOT_MONTHS=108 each goes through that many, in all of them.
func TestEveryMonthOnce(t *testing.T) {
	if given := os.Getenv("OFFSHOOT_MONTHS"); given != "" {
		var months int
		if _, err := fmt.Sscan(given, &months); err != nil {
			t.Fatal(err)
		}
		for _, way := range turns {
			t.Run(way.name, func(t *testing.T) {
				p := newOncePlan(t, zones...)
				for range (months + way.months - 1) / way.months {
					p.to(way.months, way.turn)
				}
				p.check(way.name)
			})
		}
		return
	}
	p := newOncePlan(t, "Asia/Beirut", "America/Havana", "Pacific/Apia", "Etc/GMT+12", "Pacific/Kiritimati", "Europe/Berlin")
	for _, way := range turns {
		p.to(way.months, way.turn)
		p.check(way.name)
	}
}

// oncePlan is a parent in each zone, each with two sub-accounts with limits, and the months that should have been applied.
type oncePlan struct {
	*testing.T
	w       *storetest.World
	parents []models.Account
	subs    int
	month   models.Day
	funded  int // months that were funded
	missed  int
}

func newOncePlan(t *testing.T, zones ...string) *oncePlan {
	w := storetest.NewWorld(t)
	funding.InChunksOf(w.Funding, 1)
	p := &oncePlan{T: t, w: w, month: models.Day{Year: 2026, Month: time.November, Day: 1}}
	w.Clock.Set(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	for i, zone := range zones {
		numbered++
		parent, err := w.Accounts.CreateParent(ctx, w.Sam.Actor, accounts.ParentOrder{Details: accounts.Details{AccountName: "Parent of " + zone, ContactName: "Alex Berg",
			Email: fmt.Sprintf("alex%d@zones.example", numbered), Mobile: "+4915112345674", Country: "DE", TimeZone: zone}, Currency: "EUR", Plan: models.PrePay, Method: models.ByLink})
		must(t, err)
		_, err = w.Raw.Exec(ctx, `UPDATE accounts SET status = 'active', activated_at = now(), sub_accounts_enabled = now() WHERE id = $1`, parent.ID)
		must(t, err)
		_, err = w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: parent.ID, Amount: storetest.Euros(t, "1000"), Reference: fmt.Sprint("zone ", i)})
		must(t, err)
		admin := w.Clinic.Admin.Actor
		admin.Tenant, admin.Account = parent.ID, parent.ID
		c := storetest.Company{Account: parent, Admin: storetest.Person{Actor: admin}}
		limited(t, w, c, "A", "100", "1")
		limited(t, w, c, "B", "60.5", "2")
		p.parents, p.subs = append(p.parents, parent), p.subs+2
	}
	return p
}

// to goes on by some months.
func (p *oncePlan) to(months int, turn func(*oncePlan, models.Day)) {
	p.month = p.month.AddMonths(months)
	turn(p, p.month)
	p.funded, p.missed = p.funded+p.subs, p.missed+p.subs*(months-1)
}

func (p *oncePlan) set(at time.Time) { p.w.Clock.Set(at) }

func (p *oncePlan) start() { must(p, p.w.Funding.StartMonths(ctx)) }

// started is how many months of sub-accounts in a zone have a row.
func (p *oncePlan) started(parent models.Account, period string) int {
	return p.w.Count(p, `month_starts WHERE tenant_id = $1 AND period = $2`, parent.ID, period)
}

// early asks a second before the first moment of the month of every zone, at it, and a while after.
func (p *oncePlan) early(month models.Day) {
	type moment struct {
		at     time.Time
		parent models.Account
	}
	var moments []moment
	for _, parent := range p.parents {
		moments = append(moments, moment{month.Start(parent.Zone()), parent})
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return a.at.Compare(b.at) })
	for i, m := range moments {
		if i == 0 || moments[i-1].at.Before(m.at) {
			p.set(m.at.Add(-time.Second))
			p.start()
			if n := p.started(m.parent, month.MonthText()); n != 0 {
				p.Errorf("%s started a second early", m.parent.Name)
			}
			p.set(m.at)
			p.start()
		}
		if n := p.started(m.parent, month.MonthText()); n != 2 {
			p.Errorf("%s has %d rows at its first moment of %s", m.parent.Name, n, month.MonthText())
		}
	}
}

// late is three days into the month, everywhere: at its end where it is 29 February, in an hour in which it is that everywhere.
func (p *oncePlan) late(month models.Day) {
	day := month.AddDays(3)
	if leap := month.AddDays(28); leap.Month == time.February {
		day = leap
	}
	p.set(day.Start(time.UTC).Add(9 * time.Hour))
	p.start()
}

func (p *oncePlan) twice(month models.Day) {
	p.late(month)
	p.start()
	p.w.Clock.Add(time.Hour)
	p.start()
}

func (p *oncePlan) fourWorkers(month models.Day) {
	p.set(month.AddDays(2).Start(time.UTC))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := p.w.Funding.StartMonths(ctx); err != nil {
				p.Error(err)
			}
		})
	}
	wg.Wait()
}

// killed is cut off at any moment, by its context and by the database, until one run comes through.
func (p *oncePlan) killed(month models.Day) {
	p.set(month.AddDays(2).Start(time.UTC))
	for range 4 {
		cut, cancel := context.WithTimeout(ctx, time.Duration(rand.Int64N(int64(150*time.Millisecond))))
		_ = p.w.Funding.StartMonths(cut)
		cancel()
	}
	sql := func(s string) {
		_, err := p.w.Raw.Exec(ctx, s)
		must(p, err)
	}
	sql(`CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF random() < 0.2 THEN RAISE EXCEPTION 'cut off'; END IF; RETURN NEW; END $$`)
	for _, table := range []string{"transfers", "month_starts", "monthly_limits"} {
		sql(`CREATE TRIGGER cut_off BEFORE INSERT OR UPDATE ON ` + table + ` FOR EACH ROW EXECUTE FUNCTION cut_off()`)
	}
	for range 3 {
		_ = p.w.Funding.StartMonths(ctx)
	}
	sql(`DROP FUNCTION cut_off() CASCADE`)
	p.start()
}

// clockBack is set back by two hours right after the month has turned, zone by zone, and by a day at the end.
func (p *oncePlan) clockBack(month models.Day) {
	for _, parent := range p.parents[:3] {
		at := month.Start(parent.Zone())
		for _, step := range []time.Duration{0, -2 * time.Hour, time.Minute} {
			p.set(at.Add(step))
			p.start()
		}
	}
	p.w.Clock.Add(-24 * time.Hour)
	p.start()
	p.set(month.AddDays(2).Start(time.UTC))
	p.start()
}

// check compares what is in the tables and the books with what should be there.
func (p *oncePlan) check(way string) {
	p.Helper()
	for _, c := range []struct {
		what, from string
		want       int
	}{
		{"months that were funded", `month_starts WHERE state = 'funded' AND granted = amount`, p.funded + p.subs},
		{"months that were missed", `month_starts WHERE state = 'missed'`, p.missed},
		{"months", `month_starts`, p.funded + p.missed + p.subs},
		{"transfers of limits", `transfers WHERE note LIKE 'Monthly limit for %'`, p.funded + p.subs},
		{"transfers of limits, each of another account or month", `(SELECT DISTINCT w.account_id, t.note FROM transfers t
			JOIN entries e ON e.tenant_id = t.tenant_id AND e.transfer_id = t.id JOIN wallets w ON w.tenant_id = e.tenant_id AND w.id = e.wallet_id
			WHERE t.note LIKE 'Monthly limit for %' AND w.account_id <> w.tenant_id) x`, p.funded + p.subs},
		{"transfers of what was unused", `transfers WHERE note LIKE 'Unused of %'`, p.funded},
		{"months that ended in the log", `action_log WHERE action = 'month.started'`, p.funded / 2},
		{"limits in the month that runs", `monthly_limits WHERE period = '` + p.month.MonthText() + `'`, p.subs},
		{"sub-accounts that have their limit", `wallets w JOIN monthly_limits l ON l.tenant_id = w.tenant_id AND l.account_id = w.account_id
			WHERE w.kind = 'balance' AND w.balance = l.amount`, p.subs},
		{"parents that have the rest", `wallets WHERE kind = 'balance' AND account_id = tenant_id AND balance = 839500000`, len(p.parents)},
	} {
		if got := p.w.Count(p, c.from); got != c.want {
			p.Errorf("after %s, %s: %d %s, not %d", way, p.month.MonthText(), got, c.what, c.want)
		}
	}
	p.Logf("%s: until %s every one of %d months of %d sub-accounts in %d zones exactly once, %d missed", way, p.month.MonthText(), p.funded, p.subs, len(p.parents), p.missed)
}
