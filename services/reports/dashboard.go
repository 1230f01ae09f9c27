package reports

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

const (
	dashboardDays  = 30
	dashboardLines = 5 // of each of its lists
	latestActions  = 8
)

// ParentDashboard returns what a parent needs to see at a glance: its balance, what needs attention, thirty days of usage
// with the thirty before them, who used most, what happened last. All figures are of one moment.
// For: a parent's users, and staff at work in its tenant. Refuses: missing privilege; no such parent (ErrNoSuchAccount).
func (s *Service) ParentDashboard(ctx context.Context, actor models.Actor, zone *time.Location) (models.ParentDashboard, error) {
	r, err := reachOf(actor)
	if err != nil {
		return models.ParentDashboard{}, err
	}
	if r.own != models.NoID {
		return models.ParentDashboard{}, models.ErrMissingPrivilege
	}
	var d models.ParentDashboard
	err = s.read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		parent, err := find(tx, r, models.NoID)
		if err != nil {
			return err
		}
		if parent.Kind != models.Parent {
			return ErrNoSuchAccount
		}
		if d, err = readFunds(tx, parent); err != nil {
			return err
		}
		now := models.LastDays(dashboardDays, tx.Now, models.Days{Zone: zone}.In())
		q := usageFor(parent, r, models.NoID)
		if d.Days, d.Used, d.UsedBefore, err = compared(ctx, tx, q, now); err != nil {
			return err
		}
		q.days = now
		if err := readFunding(ctx, tx, parent, &d); err != nil {
			return err
		}
		if err := readUsers(ctx, tx, q, &d); err != nil {
			return err
		}
		if err := readWaiting(tx, &d.Attention); err != nil {
			return err
		}
		if actor.Can(models.DecideStaffAccess) {
			if err := readConsents(tx, &d.Attention); err != nil {
				return err
			}
		}
		log, err := logPage(ctx, tx, logQuery{tenant: tx.Actor.Tenant}, Page{Size: latestActions})
		d.Latest = log.Lines
		return err
	})
	return d, err
}

// SubAccountDashboard returns what a sub-account needs to see at a glance: its balance, unless it spends its parent's,
// its usage of thirty days with the thirty before them, its latest entries.
// For: a sub-account's users. Refuses: missing privilege.
func (s *Service) SubAccountDashboard(ctx context.Context, actor models.Actor, zone *time.Location) (models.SubAccountDashboard, error) {
	r, err := reachOf(actor)
	if err != nil {
		return models.SubAccountDashboard{}, err
	}
	if r.own == models.NoID {
		return models.SubAccountDashboard{}, models.ErrMissingPrivilege
	}
	var d models.SubAccountDashboard
	err = s.read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		a, err := find(tx, r, models.NoID)
		if err != nil {
			return err
		}
		b, err := balanceOf(tx, a)
		if err != nil {
			return err
		}
		if !a.spendsParents() {
			balance := models.FromMicros(b.micros, a.Currency)
			d.Balance = &balance
		}
		d.HidesPrices = a.hidesPrices()
		if err := readLimits(tx, a, &d); err != nil {
			return err
		}
		now := models.LastDays(dashboardDays, tx.Now, models.Days{Zone: zone}.In())
		if d.Days, d.Used, d.UsedBefore, err = compared(ctx, tx, usageFor(a, r, a.ID), now); err != nil {
			return err
		}
		d.Latest, err = b.lines(ctx, tx, numbers{1, max(b.entries, 1)}, newestNumber, dashboardLines)
		return err
	})
	return d, err
}

// readFunds reads the parent's balance and what its sub-accounts hold.
func readFunds(tx *store.Tx, parent account) (models.ParentDashboard, error) {
	var row struct{ Own, Credit, Held int64 }
	err := tx.Raw(`SELECT coalesce(max(balance) FILTER (WHERE account_id = tenant_id), 0) AS own,
			coalesce(max(-floor) FILTER (WHERE account_id = tenant_id), 0) AS credit,
			coalesce(sum(balance) FILTER (WHERE account_id <> tenant_id), 0)::bigint AS held
		FROM wallets WHERE tenant_id = ? AND kind = 'balance' AND asset = ?`, tx.Actor.Tenant, parent.Currency).Scan(&row).Error
	in := func(micros int64) models.Money { return models.FromMicros(micros, parent.Currency) }
	d := models.ParentDashboard{Balance: in(row.Own), Credit: in(row.Credit), Held: in(row.Held)}
	d.Available, d.Total = d.Balance.Add(d.Credit), d.Balance.Add(d.Held)
	return d, err
}

// compared reads the usage of each of some days, with the day as many days before beside it.
func compared(ctx context.Context, tx *store.Tx, q usageQuery, days models.Days) (each []models.DayUsage, now, before models.Usage, err error) {
	n := days.Count()
	q.group = models.ByDay
	q.days = models.Days{From: days.From.AddDays(-n), To: days.To, Zone: days.Zone}
	used := map[models.Day]models.Usage{}
	err = q.each(ctx, tx, 0, func(row models.UsageRow) error {
		used[row.Day] = row.Usage
		return nil
	})
	on := func(day models.Day) models.Usage {
		if found, ok := used[day]; ok {
			return found
		}
		return q.none()
	}
	now, before = q.none(), q.none()
	for day := days.From; !days.To.Before(day); day = day.AddDays(1) {
		line := models.DayUsage{Day: day, Now: on(day), Before: on(day.AddDays(-n))}
		now, before = now.Add(line.Now), before.Add(line.Before)
		each = append(each, line)
	}
	return each, now, before, err
}
