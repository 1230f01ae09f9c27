package usage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/usage"
)

func message(account models.ID, status string, when time.Time, n, cost int64) usage.Change {
	return usage.Change{Account: account, Kind: "message", Country: "DE", Status: status, At: when,
		Amounts: usage.Amounts{Quantity: n, Parts: 2 * n, Cost: cost, OwnCost: cost}}
}

// REP-1: what changed in one transaction is put together by account, kind, country, status and quarter of an hour, and what
// cancels out leaves nothing; what the transaction takes back is not counted.
func TestCount(t *testing.T) {
	w := newWorld(t)
	tenant, own := w.Clinic.ID, w.Clinic.Own.Account.ID
	noon := at("2026-11-20T12:00:00Z")
	w.count(t, tenant)
	w.count(t, tenant, message(own, "queued", noon, 1, 5), message(own, "queued", noon, -1, -5))
	if n := w.changes(t, tenant); n != 0 {
		t.Errorf("nothing was counted in %d rows", n)
	}
	w.count(t, tenant,
		message(own, "queued", noon, 1, 5), message(own, "queued", noon.Add(15*time.Minute-time.Microsecond), 2, 10),
		message(own, "queued", noon.Add(15*time.Minute), 4, 20), message(own, "sent", noon, 8, 40), message(tenant, "sent", noon, 16, 80))
	rows, err := w.Raw.Query(ctx, `SELECT 1 FROM usage_changes WHERE tenant_id = $1 AND quantity IN (3, 4, 8, 16) AND cost = 5 * quantity AND parts = 2 * quantity`, tenant)
	must(t, err)
	n := 0
	for rows.Next() {
		n++
	}
	if n != 4 || w.changes(t, tenant) != 4 {
		t.Errorf("%d of %d rows are right", n, w.changes(t, tenant))
	}
	gone := errors.New("gone")
	err = w.Store.Settle(ctx, tenant, func(_ context.Context, tx *store.Tx) error {
		usage.Count(tx, []usage.Change{message(own, "sent", noon, 1, 1)})
		return gone
	})
	if !errors.Is(err, gone) || w.changes(t, tenant) != 4 {
		t.Errorf("%v, %d rows", err, w.changes(t, tenant))
	}
	_, err = w.Raw.Exec(ctx, `DELETE FROM usage_changes`)
	must(t, err)
}

// REP-1: sums are by the parent's months and days and by quarters of an hour, with and without accounts, kind, country and
// status. A status that was passed through leaves no row.
func TestRoll(t *testing.T) {
	w := newWorld(t)
	tenant, own := w.Clinic.ID, w.Clinic.Own.Account.ID // in Berlin
	late := at("2026-10-31T23:10:00Z")                  // on 1 November there
	w.count(t, tenant, message(own, "queued", late, 3, 30))
	if n := w.roll(t); n != 1 {
		t.Errorf("%d changes were taken", n)
	}
	w.count(t, tenant, message(own, "queued", late, -3, -30), message(own, "delivered", late, 2, 20), message(own, "failed", late, 1, 0))
	if n := w.roll(t); n != 3 || w.changes(t, tenant) != 0 {
		t.Errorf("%d changes were taken, %d are left", n, w.changes(t, tenant))
	}
	day, month, quarter := usage.DayPeriod(models.Day{Year: 2026, Month: 11, Day: 1}), usage.MonthPeriod(models.Day{Year: 2026, Month: 11, Day: 1}), usage.QuarterPeriod(late)
	const total, delivered, failed = "3 2 1 0 6 0 20 20", "2 2 0 0 4 0 20 20", "1 0 1 0 2 0 0 0"
	for level, at := range map[usage.Level]string{usage.AccountMonths: fmt.Sprint(month, " North Clinic"), usage.AccountDays: fmt.Sprint(day, " North Clinic"),
		usage.Days: fmt.Sprint(day), usage.Quarters: fmt.Sprint(quarter)} {
		equal(t, fmt.Sprint("level ", level), w.level(t, tenant, level), at+" "+total)
		equal(t, fmt.Sprint("level ", level.Detailed()), w.level(t, tenant, level.Detailed()), at+" message DE delivered "+delivered, at+" message DE failed "+failed)
	}
	if w.roll(t) != 0 {
		t.Error("there was something left")
	}
}

// REP-1: a tenant's zone is that of its parent account when its first usage was added up, and stays.
func TestZoneOfSumsStays(t *testing.T) {
	w := newWorld(t)
	tenant, late := w.Clinic.ID, at("2026-10-31T23:10:00Z")
	w.count(t, tenant, message(tenant, "sent", late, 1, 1))
	w.roll(t)
	_, err := w.Raw.Exec(ctx, `UPDATE accounts SET time_zone = 'America/New_York' WHERE id = $1`, tenant)
	must(t, err)
	w.count(t, tenant, message(tenant, "sent", late, 1, 1))
	w.roll(t)
	equal(t, "days", w.level(t, tenant, usage.Days), fmt.Sprint(usage.DayPeriod(models.Day{Year: 2026, Month: 11, Day: 1}), " 2 0 0 0 4 0 2 2"))
}

// REP-1: fifty who count and eight who add up at once, in two tenants: every change is added exactly once.
func TestRollAtOnce(t *testing.T) {
	w := newWorld(t)
	var counting, rolling sync.WaitGroup
	done := make(chan struct{})
	for range 8 {
		rolling.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if _, err := w.usage.Roll(ctx); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for i := range 50 {
		counting.Go(func() {
			for _, tenant := range []models.ID{w.Clinic.ID, w.Harbor.ID} {
				for n := range 4 {
					w.count(t, tenant, message(tenant, "queued", at("2026-11-20T12:00:00Z").Add(time.Duration(i%5)*time.Hour), int64(n+1), 1))
				}
			}
		})
	}
	counting.Wait()
	close(done)
	rolling.Wait()
	w.roll(t)
	for _, tenant := range []models.ID{w.Clinic.ID, w.Harbor.ID} {
		got := w.level(t, tenant, usage.AccountMonths)
		if len(got) != 1 || !strings.HasSuffix(got[0], " 500 0 0 0 1000 0 200 200") || w.changes(t, tenant) != 0 {
			t.Errorf("the sums are %q, %d changes are left", got, w.changes(t, tenant))
		}
	}
}

// REP-1: a set that is not committed is taken again; a worker that dies has added nothing.
func TestRollIsAllOrNothing(t *testing.T) {
	w := newWorld(t)
	tenant := w.Clinic.ID
	w.count(t, tenant, message(tenant, "sent", at("2026-11-20T12:00:00Z"), 1, 1))
	_, err := w.Raw.Exec(ctx, `ALTER TABLE usage_quarters_by ADD CONSTRAINT never CHECK (period < 0)`)
	must(t, err)
	if _, err := w.usage.Roll(ctx); err == nil || w.changes(t, tenant) != 1 || len(w.level(t, tenant, usage.Days)) != 0 {
		t.Errorf("%v; %d changes, sums %v", err, w.changes(t, tenant), w.level(t, tenant, usage.Days))
	}
	backlog, err := w.usage.Backlog(ctx)
	must(t, err)
	w.Clock.Add(time.Hour)
	if later, err := w.usage.Backlog(ctx); err != nil || later.Changes != 1 || later.Oldest != backlog.Oldest+time.Hour {
		t.Errorf("%+v, an hour later %+v, %v", backlog, later, err)
	}
	_, err = w.Raw.Exec(ctx, `ALTER TABLE usage_quarters_by DROP CONSTRAINT never`)
	must(t, err)
	if n := w.roll(t); n != 1 || len(w.level(t, tenant, usage.Days)) != 1 {
		t.Errorf("%d changes were taken", n)
	}
	if backlog, err = w.usage.Backlog(ctx); err != nil || backlog != (usage.Backlog{}) {
		t.Errorf("%+v, %v", backlog, err)
	}
}

// REP-1: a charge counts itself, whoever inserts it, unless it pays messages; the check finds a sum that is not what the
// log says.
func TestChargesCountThemselves(t *testing.T) {
	w := newWorld(t)
	own := w.Clinic.Own.Account
	_, err := w.Ledger.Charge(ctx, w.Sam.Actor.In(w.Clinic.ID), ledger.ChargeOrder{Account: w.Clinic.Shared.Account.ID, Kind: "call", Country: "FR", Quantity: 5,
		Amount: models.FromMicros(500_000, "EUR"), Reference: "call 1", At: at("2026-11-02T12:00:00Z")})
	must(t, err)
	_, err = w.Raw.Exec(ctx, `INSERT INTO charges (tenant_id, id, account_id, payer_id, kind, country, quantity, parts, asset, amount, reference, charged_at, counts)
		VALUES ($1, gen_random_uuid(), $2, $2, 'message', 'DE', 1, 1, 'EUR', 0, 'bill', now(), false)`, w.Clinic.ID, own.ID)
	must(t, err)
	faults := func() (faults []string) {
		t.Helper()
		must(t, w.Store.Read(ctx, models.System(w.Clinic.ID), func(ctx context.Context, tx *store.Tx) (err error) {
			faults, err = usage.Faults(ctx, tx)
			return err
		}))
		return faults
	}
	if f := faults(); len(f) != 0 {
		t.Errorf("before it is added up: %q", f)
	}
	w.roll(t)
	equal(t, "accounts", w.level(t, w.Clinic.ID, usage.AccountMonths), fmt.Sprint(usage.MonthPeriod(models.Day{Year: 2026, Month: 11}), " Night Ward 0 0 0 5 0 0 500000 0"))
	if f := faults(); len(f) != 0 {
		t.Errorf("after: %q", f)
	}
	for _, spoil := range []string{`UPDATE usage_sums SET cost = cost + 1 WHERE level = 1`, `DELETE FROM usage_sums WHERE level = 8`,
		`UPDATE usage_sums SET period = period + 1 WHERE level = 4`} {
		_, err := w.Raw.Exec(ctx, spoil)
		must(t, err)
		if f := faults(); len(f) == 0 {
			t.Errorf("%s is no fault", spoil)
		}
	}
}
