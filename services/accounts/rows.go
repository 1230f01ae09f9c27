package accounts

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

const accountColumns = `tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, status_reason,
	funding, plan, trial_ends_at, sub_accounts_enabled, staff_access_off, version, created_at, activated_at`

// accountRow is models.Account as the table has it.
type accountRow struct {
	TenantID           models.ID
	ID                 models.ID
	Kind               models.AccountKind
	Name               string
	ContactName        string
	Email              string
	Mobile             string
	Country            string
	TimeZone           string
	Currency           string
	Status             models.AccountStatus
	StatusReason       string
	Funding            models.Funding
	Plan               models.Plan
	TrialEndsAt        *time.Time
	SubAccountsEnabled *time.Time
	StaffAccessOff     *time.Time
	Version            int
	CreatedAt          time.Time
	ActivatedAt        *time.Time
}

// accountByID returns an account of the actor's tenant, whatever its state but deleted.
func accountByID(tx *store.Tx, id models.ID) (models.Account, error) {
	return scanAccount(tx, `SELECT `+accountColumns+` FROM accounts WHERE tenant_id = ? AND id = ? AND status <> 'deleted'`, id)
}

// lockAccount is accountByID, and nobody else changes the row until the transaction ends.
func lockAccount(tx *store.Tx, id models.ID) (models.Account, error) {
	return scanAccount(tx, `SELECT `+accountColumns+` FROM accounts WHERE tenant_id = ? AND id = ? AND status <> 'deleted' FOR NO KEY UPDATE`, id)
}

// lockSubAccount is lockAccount for sub-accounts only.
func lockSubAccount(tx *store.Tx, id models.ID) (models.Account, error) {
	a, err := lockAccount(tx, id)
	if err == nil && a.Kind != models.Sub {
		return models.Account{}, ErrNoSuchAccount
	}
	return a, err
}

func scanAccount(tx *store.Tx, query string, id models.ID) (models.Account, error) {
	var row accountRow
	if err := tx.Raw(query, tx.Actor.Tenant, id).Scan(&row).Error; err != nil {
		return models.Account{}, err
	}
	if row.ID == models.NoID {
		return models.Account{}, ErrNoSuchAccount
	}
	return models.Account(row), nil
}

func granted(tx *store.Tx, account models.ID) ([]models.Privilege, error) {
	var found []models.Privilege
	err := tx.Raw(`SELECT privilege FROM privileges WHERE tenant_id = ? AND account_id = ? ORDER BY privilege`, tx.Actor.Tenant, account).Scan(&found).Error
	return found, err
}

// own returns the actor's account.
func (s *Service) own(ctx context.Context, actor models.Actor) (models.Account, error) {
	var a models.Account
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		a, err = accountByID(tx, actor.Account)
		return err
	})
	return a, err
}
