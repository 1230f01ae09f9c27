package refill

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// Again is after how long somebody is told again of a balance that stays low. It is a day of hours, not of a calendar: who is told at
// ten to midnight is not told again ten minutes later.
const Again = 24 * time.Hour

// SetLowNotice sets under what balance somebody is told of it, or that nobody is: of a sub-account its parent's Admins and its
// owner, of the parent its Admins. A balance that is under it already is told of at once.
//
// For: a parent's Admins, for a sub-account or their own account. Refuses: missing privilege; no such account; models.ErrCheckFields
// (low_below); a sub-account that spends its parent's balance (ErrNoBalanceOfItsOwn); a stale form (ErrStale). What
// changes nothing is not logged.
func (s *Service) SetLowNotice(ctx context.Context, actor models.Actor, account models.ID, form models.LowForm) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		before, err := watchedOf(tx, account)
		if err != nil {
			return models.Event{}, err
		}
		var below *models.Money
		event := models.Event{Action: models.LowNoticeSet, Account: account}
		if form.Below != "" {
			var p models.Problems
			m, _ := amount(&p, "low_below", form.Below, before.Currency)
			if err := p.Err(); err != nil {
				return models.Event{}, err
			}
			below, event.Details = &m, map[string]string{"below": m.String()}
		}
		if err := ledger.Watch(ctx, tx, account, ledger.LowFall, below); err != nil { // wallets before accounts, as everywhere
			return models.Event{}, err
		}
		if drawn, err := drawsFromParent(tx, account); err != nil || drawn && below != nil {
			if err == nil {
				err = ErrNoBalanceOfItsOwn
			}
			return models.Event{}, err
		}
		switch was := before.low(); {
		case form.Was != text(was):
			return models.Event{}, ErrStale
		case text(was) == text(below):
			return models.Event{}, errUnchanged
		}
		return event, nil
	})
	return unlessUnchanged(err)
}

// text is a threshold as a form has it.
func text(below *models.Money) string {
	if below == nil {
		return ""
	}
	return below.Text()
}

// watched is an account whose balance is watched.
type watched struct {
	Currency string
	LowBelow *int64
}

func (w watched) low() *models.Money {
	if w.LowBelow == nil {
		return nil
	}
	m := models.FromMicros(*w.LowBelow, w.Currency)
	return &m
}

func watchedOf(tx *store.Tx, account models.ID) (watched, error) {
	var w watched
	err := tx.Raw(`SELECT a.currency, w.low_below FROM accounts a JOIN wallets w ON w.tenant_id = a.tenant_id AND w.account_id = a.id AND w.kind = 'balance'
		WHERE a.tenant_id = ? AND a.id = ? AND a.status <> 'deleted'`, tx.Actor.Tenant, account).Scan(&w).Error
	if err == nil && w.Currency == "" {
		err = ErrNoSuchAccount
	}
	return w, err
}

// drawsFromParent says whether an account spends its parent's balance; its funding stays so until the transaction ends.
func drawsFromParent(tx *store.Tx, account models.ID) (bool, error) {
	funding, err := fundingHeld(tx, account)
	if err != nil || funding == "" {
		return false, err
	}
	var plan models.Plan
	err = tx.Raw(`SELECT plan FROM accounts WHERE tenant_id = ? AND id = tenant_id`, tx.Actor.Tenant).Scan(&plan).Error
	return funding.DrawsFrom(plan), err
}

// fallen is a balance that is under its threshold.
type fallen struct {
	AccountID   models.ID
	Kind        models.AccountKind
	Name        string
	ContactName string
	Email       string
	Status      models.AccountStatus
	Funding     models.Funding
	Asset       string
	Threshold   int64
	Left        int64
}

func (f fallen) low() notify.Low {
	return notify.Low{Account: f.AccountID, Name: f.Name, Left: models.FromMicros(f.Left, f.Asset), Below: models.FromMicros(f.Threshold, f.Asset)}
}

func (f fallen) owner() models.Account {
	return models.Account{ID: f.AccountID, Name: f.Name, ContactName: f.ContactName, Email: f.Email}
}

// selectFallen is what stands in mails of open falls f: what is left now, and with a parent's also of its credit line.
const selectFallen = `SELECT f.account_id, a.kind, a.name, a.contact_name, a.email, a.status, a.funding, f.asset, w.low_below AS threshold, w.balance - w.floor AS left
	FROM falls f JOIN accounts a ON a.tenant_id = f.tenant_id AND a.id = f.account_id
	JOIN wallets w ON w.tenant_id = f.tenant_id AND w.account_id = f.account_id AND w.kind = 'balance' AND w.low_below IS NOT NULL
	WHERE f.tenant_id = ? AND f.id IN ? ORDER BY f.fell_at, f.id`

// tellLow tells of a fall for the first time. For one that has ended, or was told of, it does nothing.
func (s *Service) tellLow(ctx context.Context, tenant, fall models.ID) error {
	return s.store.Settle(ctx, tenant, func(ctx context.Context, tx *store.Tx) error {
		told := tx.Exec(`UPDATE falls SET told_at = ? WHERE tenant_id = ? AND id = ? AND kind = 'low' AND ended_at IS NULL AND told_at IS NULL`, tx.Now, tenant, fall)
		if told.Error != nil || told.RowsAffected == 0 {
			return told.Error
		}
		parent, found, err := fallenOf(tx, []models.ID{fall})
		if err != nil {
			return err
		}
		for _, f := range found {
			if err := s.tellOwner(ctx, tx, parent, f); err != nil {
				return err
			}
			if f.Kind != models.Sub {
				continue
			}
			admins, err := adminsOf(tx, parent)
			if err != nil {
				return err
			}
			for _, admin := range admins {
				if err := mail(ctx, tx, notify.LowBalance(s.installation, admin, f.low(), s.balancePage(f.AccountID))); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func fallenOf(tx *store.Tx, falls []models.ID) (models.Account, []fallen, error) {
	parent, err := parentOf(tx)
	if err != nil {
		return parent, nil, err
	}
	var found []fallen
	err = tx.Raw(selectFallen, tx.Actor.Tenant, falls).Scan(&found).Error
	return parent, found, err
}

// tellOwner mails those whose balance it is: a parent's Admins, or a sub-account's owner, who is told nothing of its parent's.
func (s *Service) tellOwner(ctx context.Context, tx *store.Tx, parent models.Account, f fallen) error {
	if f.Kind != models.Sub {
		admins, err := adminsOf(tx, parent)
		for _, admin := range admins {
			if err == nil {
				err = mail(ctx, tx, notify.OwnBalanceLow(s.installation, admin, f.low(), "", s.installation.Link("/billing")))
			}
		}
		return err
	}
	if f.Status != models.Active { // nobody reads it
		return nil
	}
	return mail(ctx, tx, notify.OwnBalanceLow(s.installation, f.owner(), f.low(), parent.Name, s.installation.Link("/statement")))
}

// remindedTogether is how many falls one transaction tells of again.
const remindedTogether = 500

// Remind tells again of every balance that stays low, a day after it was told of last. What is due in a tenant comes in one mail
// to each Admin. After days in which nobody reminded, one reminder makes up for all. One tenant that fails stops no other. For: a periodic job.
func (s *Service) Remind(ctx context.Context) error {
	var tenants []models.ID
	err := s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) (err error) {
			tenants, err = pgx.CollectRows(rows, pgx.RowTo[models.ID])
			return err
		}, `SELECT DISTINCT f.tenant_id FROM falls f JOIN accounts p ON p.tenant_id = f.tenant_id AND p.id = f.tenant_id AND p.status = 'active'
			WHERE f.ended_at IS NULL AND f.kind = 'low' AND coalesce(f.told_at, f.fell_at) <= $1 ORDER BY f.tenant_id`, tx.Now.Add(-Again))
	})
	if err != nil {
		return err
	}
	var failed error
	for _, tenant := range tenants {
		for n := remindedTogether; n == remindedTogether && ctx.Err() == nil; {
			if n, err = s.remind(ctx, tenant); err != nil {
				failed = errors.Join(failed, err)
				break
			}
		}
	}
	return errors.Join(failed, ctx.Err())
}

// remind tells of some falls of a tenant, and returns of how many. When each is told of stays the same hour: what is late today is not late
// every day.
func (s *Service) remind(ctx context.Context, tenant models.ID) (reminded int, err error) {
	err = s.store.Settle(ctx, tenant, func(ctx context.Context, tx *store.Tx) error {
		var due []models.ID
		if err := tx.Raw(`UPDATE falls f SET told_at = d.last + interval '24 hours' * floor(extract(epoch FROM ?::timestamptz - d.last) / 86400)
			FROM (SELECT id, coalesce(told_at, fell_at) AS last FROM falls WHERE tenant_id = ? AND ended_at IS NULL AND kind = 'low'
				AND coalesce(told_at, fell_at) <= ? ORDER BY coalesce(told_at, fell_at), id LIMIT ? FOR UPDATE SKIP LOCKED) d
			WHERE f.tenant_id = ? AND f.id = d.id RETURNING f.id`, tx.Now, tenant, tx.Now.Add(-Again), remindedTogether, tenant).Scan(&due).Error; err != nil {
			return err
		}
		if reminded = len(due); reminded == 0 {
			return nil
		}
		parent, found, err := fallenOf(tx, due)
		if err != nil {
			return err
		}
		var subs []notify.Low
		for _, f := range found {
			if err := s.tellOwner(ctx, tx, parent, f); err != nil {
				return err
			}
			if f.Kind == models.Sub {
				subs = append(subs, f.low())
			}
		}
		return s.tellAgain(ctx, tx, parent, subs)
	})
	return reminded, err
}

// tellAgain mails a parent's Admins of all sub-accounts that stay low, once.
func (s *Service) tellAgain(ctx context.Context, tx *store.Tx, parent models.Account, subs []notify.Low) error {
	if len(subs) == 0 {
		return nil
	}
	admins, err := adminsOf(tx, parent)
	if err != nil {
		return err
	}
	link := s.installation.Link("/sub-accounts")
	if len(subs) == 1 {
		link = s.balancePage(subs[0].Account)
	}
	for _, admin := range admins {
		if err := mail(ctx, tx, notify.StillLow(s.installation, admin, subs, link)); err != nil {
			return err
		}
	}
	return nil
}
