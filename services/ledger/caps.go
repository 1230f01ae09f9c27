package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// counted is what a sub-account's wallet of kind spent keeps of what it draws from its parent's balance, net of what was given
// back: on a day of its parent's calendar and in that day's month. It is counted whether there are caps or not, so that one
// that is set at noon counts the morning (BAL-3).
//
// The day never goes back, whatever the clock or the parent's zone does, so that each day and month is counted once.
type counted struct {
	CapDay, CapMonth     *int64
	Day                  *time.Time
	DayAfter, MonthAfter *int64 // the number of the wallet's last entry that is not in the count
	DrawnDay, DrawnMonth int64
	Zone                 *string // of the parent; nil: nothing is counted here
}

const countedColumns = `cap_day, cap_month, counted_day, day_after, month_after, drawn_day, drawn_month`

func (c counted) counts() bool { return c.Zone != nil }

func (c counted) zone() *time.Location { return models.Account{TimeZone: *c.Zone}.Zone() }

// day is the day that is counted.
func (c counted) day() models.Day { return models.DayOf(*c.Day, time.UTC) }

// at is how the counts stand at the moment of a new entry. entries is how many the wallet has before it.
func (c counted) at(now time.Time, entries int64) counted {
	if !c.counts() {
		return c
	}
	today := models.DayOf(now, c.zone())
	if c.Day != nil && !c.day().Before(today) {
		return c
	}
	if c.Day == nil || c.day().MonthText() != today.MonthText() {
		c.DrawnMonth, c.MonthAfter = 0, &entries
	}
	day := time.Date(today.Year, today.Month, today.Day, 0, 0, 0, 0, time.UTC)
	c.Day, c.DrawnDay, c.DayAfter = &day, 0, &entries
	return c
}

// left is what the caps leave, the least of them, and whether there is any.
func (c counted) left() (int64, bool) {
	var left int64
	capped := false
	for _, at := range []struct {
		most  *int64
		drawn int64
	}{{c.CapDay, c.DrawnDay}, {c.CapMonth, c.DrawnMonth}} {
		if at.most != nil && (!capped || *at.most-at.drawn < left) {
			left, capped = *at.most-at.drawn, true
		}
	}
	return left, capped
}

// over is the cap that an amount would go over: the month's before the day's, which lasts less.
func (c counted) over(micros int64) (capOf, bool) {
	switch {
	case c.CapMonth != nil && micros > *c.CapMonth-c.DrawnMonth:
		return monthCap, true
	case c.CapDay != nil && micros > *c.CapDay-c.DrawnDay:
		return dayCap, true
	}
	return "", false
}

// capOf names a cap, as sentences do.
type capOf string

const (
	dayCap   capOf = "daily"
	monthCap capOf = "monthly"
)

// ErrCapReached is the refusal of usage that would draw more from the parent's balance than a sub-account may.
var ErrCapReached = &models.Error{Kind: models.Conflict, Code: "cap_reached",
	Message: "The limit of what this account may spend is reached."}

// refuses says which cap an amount would go over, and when that starts anew. It names no figures: who draws from a shared
// balance is shown none.
func (c counted) refuses(micros int64) *models.Error {
	of, is := c.over(micros)
	if !is {
		return nil
	}
	return ErrCapReached.Saying(c.reached(of) + " The parent account can change it.")
}

func (c counted) reached(of capOf) string {
	return fmt.Sprintf("The %s spending cap of this account is reached: what is left of it is not enough for this. %s", of, c.anew(of))
}

// anew says when a cap counts from zero again.
func (c counted) anew(of capOf) string {
	next := c.day().AddDays(1)
	if of == monthCap {
		next = c.day().AddMonths(1)
	}
	zone := c.zone()
	return "It starts anew on " + next.Start(zone).In(zone).Format("2 January 2006 at 15:04") + " (" + zone.String() + ")."
}

// figures is what a reader who may know them is told of a cap that an amount would go over.
func (c counted) figures(of capOf, asset string) string {
	most, drawn := c.CapDay, c.DrawnDay
	if of == monthCap {
		most, drawn = c.CapMonth, c.DrawnMonth
	}
	return fmt.Sprintf("Its %s spending cap is %s, and %s of that is used.", of, models.FromMicros(*most, asset), models.FromMicros(drawn, asset))
}

// countedRows are counts as a statement takes them; nil where there are none.
type countedRows struct {
	day                                        []*time.Time
	dayAfter, monthAfter, drawnDay, drawnMonth []*int64
}

func newCountedRows(n int) countedRows {
	return countedRows{make([]*time.Time, n), make([]*int64, n), make([]*int64, n), make([]*int64, n), make([]*int64, n)}
}

func (r *countedRows) set(i int, c counted) {
	r.day[i], r.dayAfter[i], r.monthAfter[i], r.drawnDay[i], r.drawnMonth[i] = c.Day, c.DayAfter, c.MonthAfter, &c.DrawnDay, &c.DrawnMonth
}

// SetCaps says how much of its parent's balance a sub-account may draw in a day and in a month of its parent's calendar; nil: as
// much as there is. What it drew before counts. For: a change of another service, of a deactivated account too. Refuses a cap
// that is not above zero, at the fields cap_day and cap_month; ErrNoSuchAccount, which a parent itself is too;
// ErrWrongCurrency.
func SetCaps(ctx context.Context, tx *store.Tx, sub models.ID, day, month *models.Money) error {
	var p models.Problems
	for field, most := range map[string]*models.Money{"cap_day": day, "cap_month": month} {
		if most != nil && !most.IsPositive() {
			p.Add(field, "Enter an amount above zero, or leave it empty for no limit.")
		}
	}
	if err := p.Err(); err != nil {
		return err
	}
	if sub == tx.Actor.Tenant {
		return ErrNoSuchAccount
	}
	w, err := lockEven(ctx, tx, func() {}, place{account: sub, kind: spentWallet})
	if err != nil {
		return err
	}
	if day != nil && day.Asset != w[0].Asset || month != nil && month.Asset != w[0].Asset {
		return ErrWrongCurrency
	}
	tx.Queue(`UPDATE wallets SET cap_day = $3, cap_month = $4 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, w[0].ID, microsOrNull(day), microsOrNull(month))
	return nil
}

func microsOrNull(m *models.Money) *int64 {
	if m == nil {
		return nil
	}
	micros := m.Micros()
	return &micros
}

func moneyOrNil(micros *int64, asset string) *models.Money {
	if micros == nil {
		return nil
	}
	m := models.FromMicros(*micros, asset)
	return &m
}

// CapsOf returns the caps of a sub-account and what it has drawn today and this month. For: pages and other services, within
// what they read. Refuses with ErrNoSuchAccount.
func CapsOf(ctx context.Context, tx *store.Tx, sub models.ID) (models.Caps, error) {
	var c counted
	var asset string
	found := false
	err := tx.Rows(ctx, func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&asset, &c.CapDay, &c.CapMonth, &c.Day, &c.DayAfter, &c.MonthAfter, &c.DrawnDay, &c.DrawnMonth, &c.Zone},
			func() error { found = true; return nil })
		return err
	}, `SELECT asset, `+countedColumns+`, (SELECT time_zone FROM accounts WHERE tenant_id = $1 AND id = $1)
		FROM wallets WHERE tenant_id = $1 AND account_id = $2 AND account_id <> $1 AND kind = 'spent'`, tx.Actor.Tenant, sub)
	if err == nil && !found {
		err = ErrNoSuchAccount
	}
	if err != nil {
		return models.Caps{}, err
	}
	c = c.at(tx.Now, 0)
	return models.Caps{Day: moneyOrNil(c.CapDay, asset), Month: moneyOrNil(c.CapMonth, asset),
		DrawnDay: models.FromMicros(c.DrawnDay, asset), DrawnMonth: models.FromMicros(c.DrawnMonth, asset)}, nil
}
