package identity

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"offshoot/models"
	"offshoot/services/store"
)

// AccessOrder asks to enter an account.
type AccessOrder struct {
	Tenant  models.ID // of the account; staff enter any, everyone else only their own
	Account models.ID
	Reason  string
	From    Origin
}

// StartAccess takes the person into an account that is not theirs, for 30 minutes, and returns the session's new token.
// The books of the entered account tell of it before the session may use it.
//
// For: staff into any parent or sub-account, a parent's Admin into its own sub-accounts. Refuses, in order:
// ErrAlreadyAccessing (nobody goes on from an entered account), models.ErrMissingPrivilege, models.ErrCheckFields at
// reason (1 to 300 characters), ErrNoSuchAccount (deleted, the operator's, or not theirs to enter), ErrNoSession (it ended
// meanwhile).
func (s *Service) StartAccess(ctx context.Context, session Session, order AccessOrder) (Token, error) {
	own := session.self()
	if session.Actor.Access != nil {
		return "", ErrAlreadyAccessing
	}
	if !own.Can(models.SupportAccounts) {
		if err := own.Require(models.AccessSubAccounts); err != nil {
			return "", err
		}
	}
	reason, err := parseReason(order.Reason)
	if err != nil {
		return "", err
	}
	if !own.Can(models.SupportAccounts) && order.Tenant != own.Home { // not even looked for
		return "", ErrNoSuchAccount
	}
	access := models.Access{ID: models.NewID(), Reason: reason, EndsAt: s.store.Now().Add(AccessTTL)}
	helper := helping(own, order.Tenant, order.Account, access)
	_, err = s.store.Change(ctx, helper, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return startAccess(tx, own, order)
	})
	if err != nil {
		return "", err
	}
	token, err := s.renew(ctx, session, &helper)
	if err != nil {
		return "", errors.Join(err, s.closeAccess(context.WithoutCancel(ctx), helper, "not_entered"))
	}
	return token, nil
}

func startAccess(tx *store.Tx, own models.Actor, order AccessOrder) (models.Event, error) {
	var account models.Account
	err := tx.Raw(`SELECT tenant_id, id, kind, status FROM accounts WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, order.Account).Scan(&account).Error
	if err != nil {
		return models.Event{}, err
	}
	if !mayEnter(own, account) {
		return models.Event{}, ErrNoSuchAccount
	}
	access := tx.Actor.Access
	tx.Queue(`INSERT INTO accesses (tenant_id, id, account_id, helper_tenant_id, helper_user_id, helper_email, helper_kind, reason, started_at, ends_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, tx.Actor.Tenant, access.ID, account.ID, own.Home, own.User, own.Email,
		string(own.Kind), access.Reason, tx.Now, access.EndsAt)
	return models.Event{Action: models.AccessStarted, Account: account.ID, Subject: access.ID, Details: map[string]string{
		"reason": access.Reason, "helper_kind": string(own.Kind), "ip": clip(order.From.IP, 64)}}, nil
}

// mayEnter is the rule of who enters what, asked at the start and again at every request: staff any account but the
// operator's, a parent's Admins the sub-accounts of their own tenant, nobody a deleted one. Upward and sideways there is
// no way.
func mayEnter(own models.Actor, account models.Account) bool {
	switch {
	case account.ID == models.NoID, account.Status == models.Deleted, account.Kind == models.Operator:
		return false
	case own.Can(models.SupportAccounts):
		return true
	}
	return own.Can(models.AccessSubAccounts) && account.Kind == models.Sub && account.TenantID == own.Home
}

// parseReason wants a sentence: whoever reads the log of the entered account must be able to make something of it.
func parseReason(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return "", models.ErrCheckFields.At("reason", "Say why you enter this account.")
	case n > 300:
		return "", models.ErrCheckFields.At("reason", "Use at most 300 characters.")
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return "", models.ErrCheckFields.At("reason", "Use only characters that can be typed, on one line.")
	}
	return text, nil
}

// helping is a person in an account that is not theirs, with no privileges yet. Whatever they log carries both identities.
func helping(own models.Actor, tenant, account models.ID, access models.Access) models.Actor {
	kind := models.Sub
	if account == tenant {
		kind = models.Parent
	}
	return models.Actor{Tenant: tenant, Account: account, Kind: kind, User: own.User, Email: own.Email, Role: models.Admin,
		Home: own.Home, HomeAcct: own.HomeAcct, Privileges: map[models.Privilege]bool{}, Access: &access, Request: own.Request}
}

// EndAccess takes the person back to their own account and returns the session's new token. For: whoever is in an account
// that is not theirs. Refuses with ErrNotAccessing, then ErrNoSession (it ended meanwhile).
func (s *Service) EndAccess(ctx context.Context, session Session) (Token, error) {
	if session.Actor.Access == nil {
		return "", ErrNotAccessing
	}
	if err := s.closeAccess(ctx, session.Actor, "returned"); err != nil {
		return "", err
	}
	return s.renew(ctx, session, nil)
}

var errClosedBefore = errors.New("identity: the access was closed before")

// closeAccess writes the end of an access and its line in the log, once; how is one word for the log. An access that ran
// out ended when its time was over, not when that was noticed.
func (s *Service) closeAccess(ctx context.Context, helper models.Actor, how string) error {
	_, err := s.store.Change(ctx, helper, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		closed := tx.Exec(`UPDATE accesses SET ended_at = least(ends_at, ?) WHERE tenant_id = ? AND id = ? AND ended_at IS NULL`,
			tx.Now, tx.Actor.Tenant, helper.Access.ID)
		if closed.Error == nil && closed.RowsAffected == 0 {
			return models.Event{}, errClosedBefore
		}
		return models.Event{Action: models.AccessEnded, Account: helper.Account, Subject: helper.Access.ID,
			Details: map[string]string{"how": how}}, closed.Error
	})
	if errors.Is(err, errClosedBefore) {
		return nil
	}
	return err
}

// renew gives the session a new token and takes it into the account that helper is in, or with nil home. What the browser
// held before opens nothing any more; of two who try it with the same token, one gets ErrNoSession.
func (s *Service) renew(ctx context.Context, session Session, helper *models.Actor) (Token, error) {
	var tenant, access *models.ID
	if helper != nil {
		tenant, access = &helper.Tenant, &helper.Access.ID
	}
	token, hash := newToken(session.own.Tenant)
	renewed, err := s.store.Note(ctx, session.own.Tenant, `UPDATE sessions SET token_hash = $4, access_tenant_id = $5, access_id = $6
		WHERE tenant_id = $1 AND id = $2 AND token_hash = $3`, session.ID, session.hash, hash, tenant, access)
	if err == nil && renewed == 0 {
		err = ErrNoSession
	}
	if err != nil {
		return "", err
	}
	return token, nil
}
