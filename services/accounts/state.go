package accounts

import (
	"context"

	"offshoot/models"
	"offshoot/services/funding"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// Deactivate stops a sub-account: its sessions end at once, and what it has goes back to the parent in the same
// transaction. History stays.
// For: a parent's Admins. Refuses: missing privilege; no reason; no such sub-account; one that is deactivated already.
func (s *Service) Deactivate(ctx context.Context, actor models.Actor, sub models.ID, reason string) (models.Returned, error) {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return models.Returned{}, err
	}
	var p models.Problems
	if reason = checkReason(&p, reason); p.Err() != nil {
		return models.Returned{}, p.Err()
	}
	var returned models.Returned
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		event, returned, err = s.deactivate(ctx, tx, sub, reason)
		return event, err
	})
	return returned, err
}

// PreviewDeactivate says what Deactivate would return now, and does nothing.
func (s *Service) PreviewDeactivate(ctx context.Context, actor models.Actor, sub models.ID) (models.Returned, error) {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return models.Returned{}, err
	}
	var returned models.Returned
	err := s.store.Preview(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		event, returned, err = s.deactivate(ctx, tx, sub, "preview")
		return event, err
	})
	return returned, err
}

func (s *Service) deactivate(ctx context.Context, tx *store.Tx, sub models.ID, reason string) (models.Event, models.Returned, error) {
	if sub == tx.Actor.Tenant {
		return models.Event{}, models.Returned{}, ErrNoSuchAccount
	}
	returned, err := ledger.Close(ctx, tx, sub, "Account deactivated")
	if err == ledger.ErrAccountClosed {
		err = closedAccount(tx, sub)
	}
	if err != nil {
		return models.Event{}, models.Returned{}, err
	}
	a, err := lockAccount(tx, sub)
	if err != nil {
		return models.Event{}, models.Returned{}, err
	}
	funding.Stopped(tx, sub, returned.Transfer.Amount)
	tx.Queue(`UPDATE accounts SET status_before = status, status = 'deactivated', status_reason = $3, version = version + 1
		WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, sub, reason)
	identity.EndSessionsOfAccount(tx, sub)
	event := models.Event{Action: models.SubAccountDeactivated, Account: sub, Details: map[string]string{"reason": reason}}
	return event, returned, s.tellStopped(ctx, tx, a, reason)
}

// tellStopped mails the owner of an account that is being deactivated. One that nobody has activated yet has no reader.
func (s *Service) tellStopped(ctx context.Context, tx *store.Tx, a models.Account, reason string) error {
	if a.Status != models.Active {
		return nil
	}
	return notify.Mail(ctx, tx, notify.Deactivated(s.installation, a, reason))
}

// tellActive mails the owner of an account that can be used again.
func (s *Service) tellActive(ctx context.Context, tx *store.Tx, account models.ID) error {
	a, err := accountByID(tx, account)
	if err != nil || a.Status != models.Active {
		return err
	}
	return notify.Mail(ctx, tx, notify.Reactivated(s.installation, a, s.installation.Link("/sign-in")))
}

// closedAccount tells a deleted account, which there is no more, from a deactivated one.
func closedAccount(tx *store.Tx, sub models.ID) error {
	if _, err := lockSubAccount(tx, sub); err != nil {
		return err
	}
	return ErrAlreadyDeactivated
}

// Reactivate gives a deactivated sub-account the state back that it had: Active, or Pending. One with a monthly limit of a
// pre-pay parent is given what it had not used of this month's, or waits for it when the parent has too little; nothing else
// is transferred.
// For: a parent's Admins. Refuses: missing privilege; no such sub-account; one that is not deactivated.
func (s *Service) Reactivate(ctx context.Context, actor models.Actor, sub models.ID) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		if _, err := ledger.NewRound(ctx, tx, []models.ID{sub}); err != nil { // wallets before accounts, as everywhere
			return models.Event{}, err
		}
		if err := ledger.Reopen(ctx, tx, sub); err != nil {
			return models.Event{}, err
		}
		a, err := lockSubAccount(tx, sub)
		if err != nil {
			return models.Event{}, err
		}
		if a.Status != models.Deactivated {
			return models.Event{}, ErrNotDeactivated
		}
		tx.Queue(`UPDATE accounts SET status = status_before, status_before = '', status_reason = '', version = version + 1
			WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, sub)
		parent, err := accountByID(tx, tx.Actor.Tenant)
		if err != nil {
			return models.Event{}, err
		}
		if err := funding.Resumed(ctx, tx, parent, sub); err != nil {
			return models.Event{}, err
		}
		return models.Event{Action: models.SubAccountReactivated, Account: sub}, s.tellActive(ctx, tx, sub)
	})
	return err
}

// Delete removes a sub-account from every list. Its sessions end, what it has goes back to the parent in the same
// transaction, its e-mail is free again, and its history stays. typedName is what the person typed to confirm.
// For: a parent's Admins. Refuses: missing privilege; no such sub-account; another name typed.
func (s *Service) Delete(ctx context.Context, actor models.Actor, sub models.ID, typedName string) (models.Returned, error) {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return models.Returned{}, err
	}
	var returned models.Returned
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		event, returned, err = remove(ctx, tx, sub, func(name string) bool { return typedName == name })
		return event, err
	})
	return returned, err
}

// PreviewDelete says what Delete would return now, and does nothing.
func (s *Service) PreviewDelete(ctx context.Context, actor models.Actor, sub models.ID) (models.Returned, error) {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return models.Returned{}, err
	}
	var returned models.Returned
	err := s.store.Preview(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		event, returned, err = remove(ctx, tx, sub, func(string) bool { return true })
		return event, err
	})
	return returned, err
}

func remove(ctx context.Context, tx *store.Tx, sub models.ID, confirmed func(name string) bool) (models.Event, models.Returned, error) {
	if sub == tx.Actor.Tenant {
		return models.Event{}, models.Returned{}, ErrNoSuchAccount
	}
	returned, err := ledger.Close(ctx, tx, sub, "Account deleted")
	if err != nil && err != ledger.ErrAccountClosed { // closed: a deactivated account has returned everything
		return models.Event{}, models.Returned{}, err
	}
	a, err := lockSubAccount(tx, sub)
	if err != nil {
		return models.Event{}, models.Returned{}, err
	}
	if !confirmed(a.Name) {
		return models.Event{}, models.Returned{}, ErrNameNotTyped.At("name", ErrNameNotTyped.Message)
	}
	funding.Ended(tx, sub, returned.Transfer.Amount)
	tx.Queue(`UPDATE accounts SET status = 'deleted', status_before = '', status_reason = '', version = version + 1
		WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, sub)
	tx.Queue(`UPDATE activations SET ended_at = $3 WHERE tenant_id = $1 AND account_id = $2 AND ended_at IS NULL`, tx.Actor.Tenant, sub, tx.Now)
	identity.EndSessionsOfAccount(tx, sub)
	identity.FreeEmails(tx, sub)
	return models.Event{Action: models.SubAccountDeleted, Account: sub, Details: map[string]string{"name": a.Name, "email": a.Email}}, returned, nil
}
