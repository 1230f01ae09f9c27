package refill

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// latest is how many recharges a sub-account's page shows.
const latest = 5

// Shown returns how a sub-account's balance is looked after: its rule, what was recharged today and lately, its notice.
// For: a parent's users, and staff at work in its tenant. Refuses: missing privilege; no such sub-account (ErrNoSuchAccount).
func (s *Service) Shown(ctx context.Context, actor models.Actor, sub models.ID) (models.Refill, error) {
	if !actor.Can(models.ViewSubAccounts) && !actor.Can(models.SupportAccounts) {
		return models.Refill{}, models.ErrMissingPrivilege
	}
	var shown models.Refill
	err := s.store.Read(ctx, actor, func(_ context.Context, tx *store.Tx) (err error) {
		shown, err = read(tx, sub)
		return err
	})
	return shown, err
}

func read(tx *store.Tx, sub models.ID) (models.Refill, error) {
	tenant := tx.Actor.Tenant
	var a struct {
		Currency, TimeZone string
		Funding            models.Funding
		Plan               models.Plan
		LowBelow           *int64
		LowSince           *time.Time
		Waits              bool
	}
	err := tx.Raw(`SELECT a.currency, a.funding, p.plan, p.time_zone, w.low_below, l.fell_at AS low_since, r.id IS NOT NULL AS waits
		FROM accounts a JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.tenant_id
		JOIN wallets w ON w.tenant_id = a.tenant_id AND w.account_id = a.id AND w.kind = 'balance'
		LEFT JOIN falls l ON l.tenant_id = a.tenant_id AND l.account_id = a.id AND l.kind = 'low' AND l.ended_at IS NULL
		LEFT JOIN falls r ON r.tenant_id = a.tenant_id AND r.account_id = a.id AND r.kind = 'recharge' AND r.ended_at IS NULL
		WHERE a.tenant_id = ? AND a.id = ? AND a.kind = 'sub' AND a.status <> 'deleted'`, tenant, sub).Scan(&a).Error
	if err != nil {
		return models.Refill{}, err
	}
	if a.Currency == "" {
		return models.Refill{}, ErrNoSuchAccount
	}
	shown := models.Refill{Rechargeable: a.Funding.Rechargeable(), Watchable: !a.Funding.DrawsFrom(a.Plan), Waits: a.Waits, LowSince: a.LowSince,
		Low: watched{a.Currency, a.LowBelow}.low()}
	if shown.Rule, err = ruleOf(tx, sub, ""); err != nil || shown.Rule == nil {
		return shown, err
	}
	var rows []struct {
		TransferID models.ID
		Amount     int64
		MadeAt     time.Time
	}
	if err := tx.Raw(`SELECT transfer_id, amount, made_at FROM recharges WHERE tenant_id = ? AND account_id = ? ORDER BY id DESC LIMIT ?`,
		tenant, sub, latest).Scan(&rows).Error; err != nil {
		return shown, err
	}
	for _, row := range rows {
		shown.Latest = append(shown.Latest, models.Recharge{Transfer: row.TransferID, Amount: models.FromMicros(row.Amount, a.Currency), MadeAt: row.MadeAt})
	}
	var today struct{ Times, Spent int64 }
	err = tx.Raw(`SELECT count(*) AS times, coalesce(sum(amount), 0)::bigint AS spent FROM recharges WHERE tenant_id = ? AND account_id = ? AND day = ?::date`,
		tenant, sub, day(models.DayOf(tx.Now, models.Account{TimeZone: a.TimeZone}.Zone()))).Scan(&today).Error
	shown.Times, shown.Amount = int(today.Times), models.FromMicros(today.Spent, a.Currency)
	return shown, err
}

// LowNotice returns under what balance the Admins of the actor's parent account are told of it; nil: they are not.
// For: a parent's users. Refuses: missing privilege.
func (s *Service) LowNotice(ctx context.Context, actor models.Actor) (*models.Money, error) {
	if err := actor.Require(models.ViewSubAccounts); err != nil {
		return nil, err
	}
	var below *models.Money
	err := s.store.Read(ctx, actor, func(_ context.Context, tx *store.Tx) error {
		w, err := watchedOf(tx, actor.Account)
		below = w.low()
		return err
	})
	return below, err
}
