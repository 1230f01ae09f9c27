package identity

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// AccessLine is one entry of *Who accessed this account*.
type AccessLine struct {
	ID         models.ID
	Account    models.ID
	Helper     string             // e-mail
	HelperKind models.AccountKind // Operator: support; Parent: the account that manages this one
	Reason     string
	ConsentOf  string // e-mail of the Admin whose consent let them in, or nothing
	StartedAt  time.Time
	EndsAt     time.Time
	EndedAt    *time.Time // nil: the person may still be in
}

// AccessPage is one page of them, newest first.
type AccessPage struct {
	Lines []AccessLine
	Next  models.ID // NoID: there are no more
}

// AccessesOf lists who entered an account, at most limit (1 to 200) lines after the one that the page before named as
// Next. For: the account's own users, its parent's users, staff at work in its tenant. Refuses with ErrNoSuchAccount.
func (s *Service) AccessesOf(ctx context.Context, actor models.Actor, account, after models.ID, limit int) (AccessPage, error) {
	own := account == actor.Account && actor.Can(models.ViewAccount)
	if !own && !actor.Can(models.ViewSubAccounts) && !actor.Can(models.SupportAccounts) {
		return AccessPage{}, ErrNoSuchAccount
	}
	limit = min(max(limit, 1), 200)
	var page AccessPage
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		var exists bool
		if err := tx.Raw(`SELECT EXISTS (SELECT FROM accounts WHERE tenant_id = ? AND id = ?)`, tx.Actor.Tenant, account).Scan(&exists).Error; err != nil {
			return err
		}
		if !exists {
			return ErrNoSuchAccount
		}
		where, args := ``, []any{tx.Now, tx.Actor.Tenant, account}
		if after != models.NoID {
			where = ` AND (x.started_at, x.id) < (SELECT started_at, id FROM accesses WHERE tenant_id = ? AND account_id = ? AND id = ?)`
			args = append(args, tx.Actor.Tenant, account, after)
		}
		return tx.Raw(`SELECT x.id, x.account_id AS account, x.helper_email AS helper, x.helper_kind, x.reason, coalesce(c.decided_by, '') AS consent_of,
			x.started_at, x.ends_at, coalesce(x.ended_at, CASE WHEN x.ends_at <= ? THEN x.ends_at END) AS ended_at
			FROM accesses x LEFT JOIN consents c ON c.tenant_id = x.tenant_id AND c.id = x.consent_id
			WHERE x.tenant_id = ? AND x.account_id = ?`+where+`
			ORDER BY x.started_at DESC, x.id DESC LIMIT ?`, append(args, limit+1)...).Scan(&page.Lines).Error
	})
	if err != nil {
		return AccessPage{}, err
	}
	if len(page.Lines) > limit {
		page.Lines = page.Lines[:limit]
		page.Next = page.Lines[limit-1].ID
	}
	return page, nil
}
