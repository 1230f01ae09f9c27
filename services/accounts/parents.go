package accounts

import (
	"context"
	"strings"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// ParentOrder asks for a new parent account.
type ParentOrder struct {
	Details
	Currency string
	Plan     models.Plan
	Credit   string // how far a post-pay parent may go below zero; empty: not at all
	Method   models.ActivationMethod
	Key      string
}

func (o ParentOrder) check() (ParentOrder, models.Money, error) {
	var p models.Problems
	o.Details = o.Details.check(&p)
	o.Currency = strings.ToUpper(strings.TrimSpace(o.Currency))
	credit := models.Zero(o.Currency)
	if !models.IsCurrency(o.Currency) {
		p.Add("currency", "Choose a currency from the list.")
	}
	switch o.Plan {
	case models.PostPay:
		if strings.TrimSpace(o.Credit) != "" {
			var err error
			if credit, err = models.ParseAmount(o.Credit, o.Currency); err != nil {
				p.Add("credit", sentence(err))
			}
		}
	case models.PrePay:
		if strings.TrimSpace(o.Credit) != "" {
			p.Add("credit", "Only a post-pay account has a credit line.")
		}
	default:
		p.Add("plan", "Choose how the account pays.")
	}
	if o.Method != models.ByPassword && o.Method != models.ByLink {
		p.Add("method", "Choose how the account signs in.")
	}
	return o, credit, p.Err()
}

// CreateParent creates a parent account with its Admin, its wallets and its activation. It returns the account, Pending.
// For: staff who manage parents. Refuses: missing privilege; wrong fields; an e-mail that is taken.
func (s *Service) CreateParent(ctx context.Context, actor models.Actor, order ParentOrder) (models.Account, error) {
	if err := actor.Require(models.ManageParents); err != nil {
		return models.Account{}, err
	}
	checked, credit, err := order.check()
	if err != nil {
		return models.Account{}, err
	}
	proof, err := s.newParentProof(ctx, checked.Method)
	if err != nil {
		return models.Account{}, err
	}
	id := keyedID(actor.Home, order.Key)
	var account models.Account
	done, err := s.store.Change(ctx, actor.In(id), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		account = models.Account{TenantID: id, ID: id, Kind: models.Parent, Plan: checked.Plan, Currency: checked.Currency,
			Status: models.Pending, CreatedAt: tx.Now}
		return models.Event{Action: models.ParentCreated, Account: id, Details: map[string]string{"plan": string(checked.Plan), "credit line": credit.String()}},
			s.create(ctx, tx, &account, checked.Details, credit, proof)
	}, store.Once(order.Key, order))
	if err == nil && done.Repeated {
		return s.Account(ctx, actor.In(id), id)
	}
	return account, err
}

// SetCreditLine says how far a post-pay parent's balance may go below zero.
// For: staff who manage parents. Refuses: missing privilege; no such parent; a pre-pay one; what is no amount, but nothing
// and zero mean no credit; more in use than that.
func (s *Service) SetCreditLine(ctx context.Context, actor models.Actor, parent models.ID, amount string) error {
	if err := actor.Require(models.ManageParents); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor.In(parent), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		a, err := accountByID(tx, parent)
		if err != nil {
			return models.Event{}, err
		}
		if a.Plan != models.PostPay {
			return models.Event{}, models.ErrCheckFields.At("credit", "Only a post-pay account has a credit line.")
		}
		credit := models.Zero(a.Currency)
		if typed, err := models.ParsePrice(amount, a.Currency); strings.TrimSpace(amount) != "" && (err != nil || !typed.IsZero()) {
			if credit, err = models.ParseAmount(amount, a.Currency); err != nil {
				return models.Event{}, models.ErrCheckFields.At("credit", sentence(err))
			}
		}
		return models.Event{Action: models.CreditLineChanged, Account: parent, Amount: &credit}, ledger.SetCreditLine(ctx, tx, parent, credit)
	})
	return err
}

// DeactivateParent stops a parent and, without changing them, all its sub-accounts; every session of the tenant ends.
// For: staff who manage parents. Refuses: missing privilege; no reason; no such parent; one that is deactivated already.
func (s *Service) DeactivateParent(ctx context.Context, actor models.Actor, parent models.ID, reason string) error {
	if err := actor.Require(models.ManageParents); err != nil {
		return err
	}
	var p models.Problems
	if reason = checkReason(&p, reason); p.Err() != nil {
		return p.Err()
	}
	return s.setParentStatus(ctx, actor, parent, func(ctx context.Context, tx *store.Tx, a models.Account) (models.Event, error) {
		if a.Status == models.Deactivated {
			return models.Event{}, ErrAlreadyDeactivated
		}
		tx.Queue(`UPDATE accounts SET status_before = status, status = 'deactivated', status_reason = $2, version = version + 1
			WHERE tenant_id = $1 AND id = $1`, parent, reason)
		identity.EndSessionsOfTenant(tx)
		return models.Event{Action: models.ParentDeactivated, Account: parent, Details: map[string]string{"reason": reason}}, s.tellStopped(ctx, tx, a, reason)
	})
}

// ReactivateParent gives a parent its earlier state back, and with it each sub-account its own.
// For: staff who manage parents. Refuses: missing privilege; no such parent; one that is not deactivated.
func (s *Service) ReactivateParent(ctx context.Context, actor models.Actor, parent models.ID) error {
	return s.setParentStatus(ctx, actor, parent, func(ctx context.Context, tx *store.Tx, a models.Account) (models.Event, error) {
		if a.Status != models.Deactivated {
			return models.Event{}, ErrNotDeactivated
		}
		tx.Queue(`UPDATE accounts SET status = status_before, status_before = '', status_reason = '', version = version + 1
			WHERE tenant_id = $1 AND id = $1`, parent)
		return models.Event{Action: models.ParentReactivated, Account: parent}, s.tellActive(ctx, tx, parent)
	})
}

func (s *Service) setParentStatus(ctx context.Context, actor models.Actor, parent models.ID,
	set func(context.Context, *store.Tx, models.Account) (models.Event, error)) error {
	if err := actor.Require(models.ManageParents); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor.In(parent), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		a, err := lockAccount(tx, parent)
		if err != nil {
			return models.Event{}, err
		}
		if a.Kind != models.Parent {
			return models.Event{}, ErrNoSuchAccount
		}
		return set(ctx, tx, a)
	})
	return err
}

// Install creates the operator's account and its first staff Admin, who then has the password given.
// For: the command line and the demo world. Refuses: wrong fields; a bad password; an operator that exists (ErrInstalled).
func (s *Service) Install(ctx context.Context, d Details, currency, password string) (models.Account, error) {
	var p models.Problems
	d = d.check(&p)
	if !models.IsCurrency(currency) {
		p.Add("currency", "Choose a currency from the list.")
	}
	if p.Err() != nil {
		return models.Account{}, p.Err()
	}
	if err := identity.CheckNewPassword(password, d.Email, d.ContactName, d.AccountName, s.installation.Name); err != nil {
		return models.Account{}, err
	}
	hash, err := s.people.HashPassword(ctx, password)
	if err != nil {
		return models.Account{}, err
	}
	id := models.NewID()
	var account models.Account
	_, err = s.store.Change(ctx, models.System(id), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		account = models.Account{TenantID: id, ID: id, Kind: models.Operator, Name: d.AccountName, ContactName: d.ContactName, Email: d.Email,
			Mobile: d.Mobile, Country: d.Country, TimeZone: d.TimeZone, Currency: currency, Status: models.Active, Version: 1, CreatedAt: tx.Now}
		row := tx.Exec(`INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, created_at, activated_at)
			VALUES (?,?,'operator',?,?,?,?,?,?,?,'active',?,?) ON CONFLICT DO NOTHING`,
			id, id, d.AccountName, d.ContactName, d.Email, d.Mobile, d.Country, d.TimeZone, currency, tx.Now, tx.Now)
		if row.Error != nil {
			return models.Event{}, row.Error
		}
		if row.RowsAffected == 0 {
			return models.Event{}, ErrInstalled
		}
		_, err := identity.AddUser(ctx, tx, identity.NewUser{Account: id, Name: d.ContactName, Email: d.Email, Role: models.Admin, Owner: true, PasswordHash: hash})
		return models.Event{Action: models.Installed, Account: id}, err
	})
	return account, err
}
