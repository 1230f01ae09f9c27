package proof

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// The refusals of what staff do about a tenant's books.
var (
	ErrNotFrozen = &models.Error{Kind: models.Conflict, Code: "books_not_frozen", Message: "The money of this account is not frozen, or not any more."}
	ErrFaulty    = &models.Error{Kind: models.Conflict, Code: "books_faulty",
		Message: "The books still have a fault. Clear it up and have them checked: once a whole check finds no fault, the money can be unfrozen."}
)

// MaxReason is how many characters a reason may have.
const MaxReason = 200

const pageSize = 50

// Page returns the checks of tenants by name, from the one after the cursor on, and apart from them all that have a fault or are
// frozen. A cursor that is none counts as not given.
// For: staff. Refuses: missing privilege.
func (s *Service) Page(ctx context.Context, actor models.Actor, after string) (models.BookCheckPage, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return models.BookCheckPage{}, err
	}
	from, _ := models.ParseID(after)
	var page models.BookCheckPage
	err := s.store.Survey(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		if page.Faulty, err = checksWhere(ctx, tx, `(f.tenant_id IS NOT NULL OR c.faults <> '[]') AND a.kind IN ('parent', 'operator')
			ORDER BY f.tenant_id IS NULL, a.name_key, a.id LIMIT 200`); err != nil {
			return err
		}
		page.Checks, err = checksWhere(ctx, tx, `a.kind = 'parent' AND ($1 = $2::uuid OR (a.name_key, a.id) > (SELECT p.name_key, p.id FROM accounts p
			WHERE p.tenant_id = $1 AND p.id = $1)) ORDER BY a.name_key, a.id LIMIT $3`, from, models.NoID, pageSize+1)
		return err
	})
	if len(page.Checks) > pageSize {
		page.Checks = page.Checks[:pageSize]
		page.Next = page.Checks[pageSize-1].Tenant.String()
	}
	return page, err
}

// Of returns the check of one tenant. For: staff. Refuses: missing privilege; no such tenant (ledger.ErrNoSuchAccount).
func (s *Service) Of(ctx context.Context, actor models.Actor, tenant models.ID) (models.BookCheck, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return models.BookCheck{}, err
	}
	var found []models.BookCheck
	err := s.store.Survey(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		found, err = checksWhere(ctx, tx, `a.tenant_id = $1 AND a.id = $1 AND a.kind IN ('parent', 'operator')`, tenant)
		return err
	})
	if err != nil || len(found) == 0 {
		return models.BookCheck{}, either(err, ledger.ErrNoSuchAccount)
	}
	return found[0], nil
}

func either(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func checksWhere(ctx context.Context, tx *store.Tx, which string, args ...any) (found []models.BookCheck, err error) {
	err = tx.Rows(ctx, func(rows pgx.Rows) error {
		var c models.BookCheck
		var faults []byte
		var frozenAt *time.Time
		var reason string
		_, err := pgx.ForEachRow(rows, []any{&c.Tenant, &c.Name, &c.CheckedAt, &c.Rows, &c.WholeAt, &c.WholeRows, &faults, &c.AskedAt, &frozenAt, &reason}, func() error {
			one := c
			if err := json.Unmarshal(faults, &one.Faults); err != nil {
				return err
			}
			for i, f := range one.Faults {
				rule := ruleOf[f.Rule]
				one.Faults[i].Says, one.Faults[i].Means, one.Faults[i].Freezes = rule.Says, rule.Means, rule.Freezes
			}
			if frozenAt != nil {
				one.Freeze = &models.Freeze{At: *frozenAt, Reason: reason}
			}
			found = append(found, one)
			return nil
		})
		return err
	}, `SELECT a.tenant_id, a.name, c.checked_at, coalesce(c.rows, 0), c.whole_at, coalesce(c.whole_rows, 0), coalesce(c.faults, '[]'), c.asked_at, f.frozen_at,
			coalesce(f.reason, '')
		FROM accounts a LEFT JOIN book_checks c ON c.tenant_id = a.id LEFT JOIN freezes f ON f.tenant_id = a.id WHERE `+which, args...)
	return found, err
}

// Freeze says since when the money of the actor's tenant stands still, nil where it does not. For: everybody, in their own.
func (s *Service) Freeze(ctx context.Context, actor models.Actor) (*models.Freeze, error) {
	var found *models.Freeze
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			var f models.Freeze
			_, err := pgx.ForEachRow(rows, []any{&f.At, &f.Reason}, func() error { found = &f; return nil })
			return err
		}, `SELECT frozen_at, reason FROM freezes WHERE tenant_id = $1`, actor.Tenant)
	})
	return found, err
}

// Frozen is how many tenants are frozen. For: staff. Refuses: missing privilege.
func (s *Service) Frozen(ctx context.Context, actor models.Actor) (n int64, err error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return 0, err
	}
	err = s.store.Survey(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) (err error) {
			n, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64])
			return err
		}, `SELECT count(*) FROM freezes`)
	})
	return n, err
}

// CheckNow has all of a tenant's books checked in the background, as soon as other whole checks are done. Asked for twice it is
// done once. For: staff who manage the operator. Refuses: missing privilege; no such tenant.
func (s *Service) CheckNow(ctx context.Context, actor models.Actor, tenant models.ID) error {
	if err := actor.Require(models.ManageOperator); err != nil {
		return err
	}
	if _, err := s.Of(ctx, actor, tenant); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor.In(tenant), func(_ context.Context, tx *store.Tx) (models.Event, error) {
		tx.Queue(`INSERT INTO book_checks (tenant_id, asked_at) VALUES ($1, $2) ON CONFLICT (tenant_id) DO UPDATE SET asked_at = excluded.asked_at`, tenant, tx.Now)
		tx.Later(WholeCheck{Tenant: tenant}, nil)
		return models.Event{Action: models.BooksCheckAsked, Account: tenant}, nil
	})
	return err
}

// Unfreeze lets money move again in a tenant.
// For: staff who manage the operator. Refuses: missing privilege; no reason; no such tenant; one that is not frozen
// (ErrNotFrozen); one of whose books a whole check has not found, since it was frozen, that they are right (ErrFaulty).
func (s *Service) Unfreeze(ctx context.Context, actor models.Actor, tenant models.ID, reason string) error {
	if err := actor.Require(models.ManageOperator); err != nil {
		return err
	}
	var p models.Problems
	reason = strings.TrimSpace(reason)
	if n := len([]rune(reason)); n == 0 || n > MaxReason {
		p.Add("reason", "Say what was cleared up, in up to 200 characters.")
	}
	if err := p.Err(); err != nil {
		return err
	}
	if _, err := s.Of(ctx, actor, tenant); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor.In(tenant), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		k, err := held(ctx, tx) // a check that is about to find another fault waits, and freezes again
		if err != nil {
			return models.Event{}, err
		}
		gone := tx.Exec(`DELETE FROM freezes WHERE tenant_id = ?`, tenant)
		if gone.Error != nil || gone.RowsAffected == 0 {
			return models.Event{}, either(gone.Error, ErrNotFrozen)
		}
		for _, f := range k.faults {
			if ruleOf[f.Rule].Freezes {
				return models.Event{}, ErrFaulty
			}
		}
		return models.Event{Action: models.BooksUnfrozen, Account: tenant, Details: map[string]string{"reason": reason}}, nil
	})
	return err
}

// tellStaff mails every staff Admin of a tenant that was frozen, once for each freeze.
func (s *Service) tellStaff(ctx context.Context, of TellStaff) error {
	var staff []models.User
	var operator models.Account
	var tenant, reason string
	err := s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		var found []struct{ Name, Reason string }
		if err := tx.Raw(`SELECT a.name, f.reason FROM accounts a JOIN freezes f ON f.tenant_id = a.id WHERE a.tenant_id = ? AND a.id = ? AND f.frozen_at = ?`,
			of.Tenant, of.Tenant, of.FrozenAt).Scan(&found).Error; err != nil || len(found) == 0 {
			return err
		}
		tenant, reason = found[0].Name, found[0].Reason
		if err := tx.Raw(`SELECT tenant_id, id, time_zone FROM accounts WHERE kind = 'operator'`).Scan(&operator).Error; err != nil {
			return err
		}
		return tx.Raw(`SELECT account_id, name, email, coalesce(time_zone, '') AS time_zone FROM users WHERE tenant_id = ? AND role = 'admin' AND disabled_at IS NULL
			AND password_hash <> '' ORDER BY email`, operator.TenantID).Scan(&staff).Error
	})
	if err != nil || len(staff) == 0 { // unfrozen meanwhile, or nobody there
		return err
	}
	_, err = s.store.Change(ctx, models.System(operator.TenantID), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		for _, u := range staff {
			if err := notify.Mail(ctx, tx, notify.BooksFrozen(s.installation, u, u.ZoneIn(operator), tenant, reason, "/staff/books", of.FrozenAt)); err != nil {
				return models.Event{}, err
			}
		}
		return models.Event{Action: models.BooksFaultTold, Account: operator.ID, Details: map[string]string{"tenant": tenant}}, nil
	}, store.Once("books frozen "+of.Tenant.String()+" "+of.FrozenAt.Format(time.RFC3339Nano), of))
	return err
}
