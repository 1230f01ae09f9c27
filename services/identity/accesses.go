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
			where = ` AND (started_at, id) < (SELECT started_at, id FROM accesses WHERE tenant_id = ? AND account_id = ? AND id = ?)`
			args = append(args, tx.Actor.Tenant, account, after)
		}
		return tx.Raw(`SELECT id, account_id AS account, helper_email AS helper, helper_kind, reason, started_at, ends_at,
			coalesce(ended_at, CASE WHEN ends_at <= ? THEN ends_at END) AS ended_at
			FROM accesses WHERE tenant_id = ? AND account_id = ?`+where+`
			ORDER BY started_at DESC, id DESC LIMIT ?`, append(args, limit+1)...).Scan(&page.Lines).Error
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
