package accounts

import (
	"context"
	"time"

	"golang.org/x/text/unicode/norm"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// Account returns the actor's account or, for a parent's users, one of its sub-accounts; staff, any of the tenant they
// are at work in. Refuses with ErrNoSuchAccount.
func (s *Service) Account(ctx context.Context, actor models.Actor, id models.ID) (models.Account, error) {
	var a models.Account
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		a, err = visible(tx, id)
		return err
	})
	return a, err
}

// visible is accountByID for those who may see the account; to others there is none.
func visible(tx *store.Tx, id models.ID) (models.Account, error) {
	a := tx.Actor
	if id != a.Account && !a.Can(models.ViewSubAccounts) && !a.Can(models.SupportAccounts) {
		return models.Account{}, ErrNoSuchAccount
	}
	return accountByID(tx, id)
}

// Show returns an account with what belongs to it. For: those who may see it, as Account says.
func (s *Service) Show(ctx context.Context, actor models.Actor, id models.ID) (models.ShownAccount, error) {
	var found models.ShownAccount
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		found, err = show(tx, id)
		return err
	})
	return found, err
}

func show(tx *store.Tx, id models.ID) (models.ShownAccount, error) {
	var found models.ShownAccount
	var err error
	if found.Account, err = visible(tx, id); err != nil {
		return found, err
	}
	if found.Kind == models.Operator { // staff have no page of their own among the accounts
		return found, ErrNoSuchAccount
	}
	if found.Parent, err = accountByID(tx, found.TenantID); err != nil {
		return found, err
	}
	if found.Owner, err = identity.OwnerOf(tx, id); err != nil {
		return found, err
	}
	if found.Privileges, err = granted(tx, id); err != nil {
		return found, err
	}
	if found.Balance, err = ledger.BalanceOf(tx, id); err != nil {
		return found, err
	}
	if found.ParentBalance, err = ledger.BalanceOf(tx, found.TenantID); err != nil {
		return found, err
	}
	if found.LastActivity, err = lastActivity(tx, id); err != nil {
		return found, err
	}
	if found.Trial, err = trialOf(tx, found.Account); err != nil {
		return found, err
	}
	if found.Status == models.Pending {
		found.Activation, err = pendingActivation(tx, id)
	}
	return found, err
}

// lastActivity is when the account last used anything that cost something, money or units.
func lastActivity(tx *store.Tx, id models.ID) (*time.Time, error) {
	var row struct{ LastAt *time.Time }
	err := tx.Raw(`SELECT greatest(last_at, units_used_at) AS last_at FROM wallets WHERE tenant_id = ? AND account_id = ? AND kind = 'spent'`, tx.Actor.Tenant, id).Scan(&row).Error
	return row.LastAt, err
}

func pendingActivation(tx *store.Tx, id models.ID) (*models.OpenActivation, error) {
	var row struct {
		ID             models.ID
		Method         models.ActivationMethod
		CreatedAt      time.Time
		ExpiresAt      time.Time
		CodeAcceptedAt *time.Time
		CodesSent      int
	}
	err := tx.Raw(`SELECT id, method, created_at, expires_at, code_accepted_at, codes_sent FROM activations
		WHERE tenant_id = ? AND account_id = ? AND ended_at IS NULL`, tx.Actor.Tenant, id).Scan(&row).Error
	if err != nil || row.ID == models.NoID {
		return nil, err
	}
	return &models.OpenActivation{Method: row.Method, SentAt: row.CreatedAt, ExpiresAt: row.ExpiresAt, Expired: !row.ExpiresAt.After(tx.Now),
		CodeAccepted: row.CodeAcceptedAt != nil, CodesSent: row.CodesSent}, nil
}

// Find returns the accounts of the whole installation whose name, contact, e-mail or mobile has the text in it, fifty at
// most in order of name, and where the next page begins; with no text, the parents. A mobile number is found however it
// is written, in its own country's way or with the country's code.
// For: staff.
func (s *Service) Find(ctx context.Context, actor models.Actor, q models.FindQuery) (found []models.FoundAccount, next string, err error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return nil, "", err
	}
	var rows []struct {
		TenantID, ID                    models.ID
		Kind                            models.AccountKind
		Name, Email, Mobile, ParentName string
		Status                          models.AccountStatus
		Plan, ParentPlan                models.Plan
		Funding                         models.Funding
		Asset                           string
		Balance                         int64
		SortKey                         string
	}
	err = s.store.Survey(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		f := filter{sql: `a.kind = 'parent'`}
		if text := searchText(q.Text); text != "" {
			f = filter{sql: `a.kind <> 'operator' AND a.status <> 'deleted'`}
			if err := f.anywhere(tx, "accounts_like", "a", `a.search`, text); err != nil {
				return err
			}
		}
		if q.Status != "" {
			f.and(`a.status = ?`, clean(string(q.Status)))
		}
		if at, ok := parseCursor(q.After); ok && orders["name"].reads(at.Key) {
			f.and(`(`+nameOrder+`, a.id) > (?, ?::uuid)`, at.Key, at.ID)
		}
		return tx.Raw(`SELECT a.tenant_id, a.id, a.kind, a.name, a.email, a.mobile, a.status, a.plan, a.funding, p.name AS parent_name, p.plan AS parent_plan, w.asset, w.balance, `+nameOrder+` AS sort_key
			FROM accounts a JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.tenant_id
			JOIN wallets w ON w.tenant_id = a.tenant_id AND w.account_id = a.id AND w.kind = 'balance'
			WHERE `+f.sql+` ORDER BY `+nameOrder+`, a.id LIMIT 51`, f.args...).Scan(&rows).Error
	})
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		next = cursorAt{rows[pageSize-1].SortKey, rows[pageSize-1].ID}.String()
	}
	for _, r := range rows {
		found = append(found, models.FoundAccount{TenantID: r.TenantID, ID: r.ID, Kind: r.Kind, Name: r.Name, Email: r.Email, Mobile: r.Mobile,
			Status: r.Status, ParentName: r.ParentName, Plan: r.Plan, Funding: r.Funding, Draws: r.Kind == models.Sub && r.Funding.DrawsFrom(r.ParentPlan), Balance: models.FromMicros(r.Balance, r.Asset)})
	}
	return found, next, err
}

// Named returns the account that the text names: an ID, or the name of the actor's account or of one of its sub-accounts,
// whatever its capitals. For: a parent's users. Refuses with ErrNoSuchAccount.
func (s *Service) Named(ctx context.Context, actor models.Actor, text string) (models.Account, error) {
	if err := actor.Require(models.ViewSubAccounts); err != nil {
		return models.Account{}, err
	}
	if id, ok := models.ParseID(text); ok {
		return s.Account(ctx, actor, id)
	}
	var a models.Account
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		var row struct{ ID models.ID }
		err := tx.Raw(`WITH typed AS (SELECT lower(@name COLLATE "und-x-icu") AS name)
			SELECT id FROM (SELECT a.id, a.name_key FROM accounts a WHERE a.tenant_id = @tenant AND a.id = @tenant
				UNION ALL SELECT a.id, a.name_key FROM accounts a WHERE a.tenant_id = @tenant AND a.kind = 'sub' AND a.status <> 'deleted'
				AND a.name_key = (SELECT name FROM typed)) named JOIN typed ON named.name_key = typed.name LIMIT 1`,
			map[string]any{"tenant": actor.Tenant, "name": norm.NFC.String(clean(text))}).Scan(&row).Error
		if err != nil {
			return err
		}
		a, err = accountByID(tx, row.ID)
		return err
	})
	return a, err
}
