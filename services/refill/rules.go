package refill

import (
	"context"
	"errors"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// errUnchanged ends a change that changes nothing: it is not logged.
var errUnchanged = errors.New("refill: nothing to change")

func unlessUnchanged(err error) error {
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// SetRule turns a sub-account's auto-recharge on, or changes it. Where the balance is below the threshold already, it is
// recharged at once, by a job of the same transaction. A pause that was nobody's is over; what a person paused stays paused.
//
// For: a parent's Admins. Refuses: missing privilege; no such sub-account (ErrNoSuchAccount); models.ErrCheckFields
// (recharge_below, recharge_way, recharge_amount, recharge_times, recharge_most); one that has no balance to recharge
// (ErrNotRecharged); a stale form (ErrStale). What changes nothing is not logged.
func (s *Service) SetRule(ctx context.Context, actor models.Actor, sub models.ID, form models.RechargeForm) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		currency, err := currencyOf(tx, sub)
		if err != nil {
			return models.Event{}, err
		}
		wanted, err := check(form, currency)
		if err != nil {
			return models.Event{}, err
		}
		if err := ledger.Watch(ctx, tx, sub, ledger.RechargeFall, &wanted.Below); err != nil { // wallets before accounts, as everywhere
			return models.Event{}, err
		}
		funding, err := fundingHeld(tx, sub)
		if err != nil {
			return models.Event{}, err
		}
		if !funding.Rechargeable() {
			return models.Event{}, ErrNotRecharged
		}
		before, err := ruleHeld(tx, sub)
		if err != nil {
			return models.Event{}, err
		}
		if err := save(tx, sub, wanted, before, form.Version); err != nil {
			return models.Event{}, err
		}
		if fall, _, open, err := ledger.OpenFallOf(ctx, tx, sub, ledger.RechargeFall); err != nil {
			return models.Event{}, err
		} else if open { // it may be older than this change
			tx.Later(ledger.Fell{Tenant: tx.Actor.Tenant, Account: sub, Fall: fall, Of: ledger.RechargeFall}, nil)
		}
		return models.Event{Action: models.RechargeSet, Account: sub, Details: described(wanted)}, nil
	})
	return unlessUnchanged(err)
}

// save writes a rule in place of the one that the form showed.
func save(tx *store.Tx, sub models.ID, wanted models.RechargeRule, before *models.RechargeRule, version int) error {
	if before == nil {
		if version != 0 {
			return ErrStale
		}
		made := tx.Exec(`INSERT INTO recharge_rules (tenant_id, account_id, asset, below, amount, up_to, most_times, most_amount, set_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, tx.Actor.Tenant, sub, wanted.Below.Asset, wanted.Below.Micros(), wanted.Amount.Micros(),
			wanted.UpTo, wanted.MostTimes, wanted.MostAmount.Micros(), tx.Now)
		if made.Error == nil && made.RowsAffected == 0 {
			return ErrStale
		}
		return made.Error
	}
	switch {
	case before.Version != version:
		return ErrStale
	case before.StoppedAt == nil && same(*before, wanted) && before.Paused == "":
		return errUnchanged
	}
	return tx.Exec(`UPDATE recharge_rules SET below = ?, amount = ?, up_to = ?, most_times = ?, most_amount = ?, set_at = ?, stopped_at = NULL,
			paused_at = CASE WHEN paused_reason = 'person' THEN paused_at END, paused_reason = CASE WHEN paused_reason = 'person' THEN 'person' ELSE '' END,
			version = version + 1
		WHERE tenant_id = ? AND account_id = ?`, wanted.Below.Micros(), wanted.Amount.Micros(), wanted.UpTo, wanted.MostTimes, wanted.MostAmount.Micros(), tx.Now,
		tx.Actor.Tenant, sub).Error
}

// StopRule turns a sub-account's auto-recharge off. Its figures stay, for whoever turns it on again.
//
// For: a parent's Admins. Refuses: missing privilege; no such sub-account. Where it is off nothing happens.
func (s *Service) StopRule(ctx context.Context, actor models.Actor, sub models.ID) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		if _, err := currencyOf(tx, sub); err != nil {
			return models.Event{}, err
		}
		stopped, err := stop(ctx, tx, sub)
		if err == nil && !stopped {
			err = errUnchanged
		}
		return models.Event{Action: models.RechargeStopped, Account: sub}, err
	})
	return unlessUnchanged(err)
}

func stop(ctx context.Context, tx *store.Tx, sub models.ID) (stopped bool, err error) {
	if err := ledger.Watch(ctx, tx, sub, ledger.RechargeFall, nil); err != nil {
		return false, err
	}
	row := tx.Exec(`UPDATE recharge_rules SET stopped_at = ?, paused_at = NULL, paused_reason = '', version = version + 1
		WHERE tenant_id = ? AND account_id = ? AND stopped_at IS NULL`, tx.Now, tx.Actor.Tenant, sub)
	return row.RowsAffected > 0, row.Error
}

// FundingChanged ends what does not fit a sub-account's new funding, within the change that makes it: its auto-recharge unless
// it keeps a balance that is recharged, and its low-balance notice where it spends its parent's balance. Called in any case, before the accounts row
// is held, for it takes the sub-account's balance. Refuses with ledger.ErrNoSuchAccount.
func FundingChanged(ctx context.Context, tx *store.Tx, sub models.ID, to models.Funding, parent models.Plan) error {
	if !to.Rechargeable() {
		stopped, err := stop(ctx, tx, sub)
		if err != nil {
			return err
		}
		if stopped {
			if err := tx.Log(models.Event{Action: models.RechargeStopped, Account: sub, Details: map[string]string{"funding": string(to)}}); err != nil {
				return err
			}
		}
	}
	if to.DrawsFrom(parent) {
		return ledger.Watch(ctx, tx, sub, ledger.LowFall, nil)
	}
	return nil
}

// Pause has a sub-account's auto-recharge stand still until somebody resumes it. Nobody is mailed: a person did it.
//
// For: a parent's Admins. Refuses: missing privilege; no such sub-account; ErrNoRule.
func (s *Service) Pause(ctx context.Context, actor models.Actor, sub models.ID) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		if _, err := currencyOf(tx, sub); err != nil {
			return models.Event{}, err
		}
		rule, err := ruleHeld(tx, sub)
		switch {
		case err != nil:
			return models.Event{}, err
		case rule == nil || rule.StoppedAt != nil:
			return models.Event{}, ErrNoRule
		case rule.Paused == models.PausedByPerson:
			return models.Event{}, errUnchanged
		}
		pause(tx, sub, models.PausedByPerson)
		return models.Event{Action: models.RechargePaused, Account: sub, Details: map[string]string{"reason": string(models.PausedByPerson)}}, nil
	})
	return unlessUnchanged(err)
}

// Resume has a paused auto-recharge go on, whoever or whatever paused it. A sub-account that still waits is recharged in the
// same transaction.
//
// For: a parent's Admins. Refuses: missing privilege; no such sub-account; ErrNoRule; ErrStillPaused when it would be paused
// again at once for the same reason, which the refusal says. Where nothing is paused nothing happens.
func (s *Service) Resume(ctx context.Context, actor models.Actor, sub models.ID) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		if _, err := currencyOf(tx, sub); err != nil {
			return models.Event{}, err
		}
		set, err := s.take(ctx, tx, []models.ID{sub})
		if err != nil {
			return models.Event{}, err
		}
		r := set.rules[sub]
		switch {
		case r == nil:
			return models.Event{}, ErrNoRule
		case r.Paused == "":
			return models.Event{}, errUnchanged
		}
		was := r.Paused
		if r.waits() && set.why(r) == was {
			return models.Event{}, ErrStillPaused.Saying(StillPaused(was))
		}
		resume(tx, sub)
		r.Paused, r.PausedAt = "", nil
		if r.waits() {
			if err := set.follow(r); err != nil {
				return models.Event{}, err
			}
		}
		return models.Event{Action: models.RechargeResumed, Account: sub, Details: map[string]string{"reason": string(was)}}, set.end(ctx)
	})
	return unlessUnchanged(err)
}

// StillPaused says why a recharge that somebody resumes cannot go on, and what would help.
func StillPaused(why models.PauseReason) string {
	switch why {
	case models.PausedShort:
		return "Your balance is not enough for the next recharge. It goes on by itself as soon as money comes in."
	case models.PausedTimes:
		return "It was recharged as often today as it may. It goes on by itself tomorrow; to recharge it today, allow more times a day."
	case models.PausedAmount:
		return "It was recharged today by as much as it may. It goes on by itself tomorrow; to recharge it today, allow a larger amount a day."
	}
	return ErrStillPaused.Message
}

func pause(tx *store.Tx, sub models.ID, why models.PauseReason) {
	tx.Queue(`UPDATE recharge_rules SET paused_at = $3, paused_reason = $4 WHERE tenant_id = $1 AND account_id = $2`, tx.Actor.Tenant, sub, tx.Now, string(why))
}

func resume(tx *store.Tx, sub models.ID) {
	tx.Queue(`UPDATE recharge_rules SET paused_at = NULL, paused_reason = '' WHERE tenant_id = $1 AND account_id = $2`, tx.Actor.Tenant, sub)
}
