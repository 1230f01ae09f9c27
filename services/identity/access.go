package identity

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// AccessOrder asks to enter an account.
type AccessOrder struct {
	Tenant  models.ID // of the account; staff enter any, everyone else only their own
	Account models.ID
	Reason  string
	Consent models.ID // of staff, where the account asks for it: what was given to them; its reason stands for Reason
	From    Origin
}

// StartAccess takes the person into an account that is not theirs, for 30 minutes, and returns the session's new token.
// The books of the entered account tell of it before the session may use it.
//
// For: staff into any parent or sub-account, a parent's Admin into its own sub-accounts. Refuses, in order:
// ErrAlreadyAccessing (nobody goes on from an entered account), models.ErrMissingPrivilege, models.ErrCheckFields at
// reason (1 to 300 characters, unless a consent names it), ErrNoSuchAccount (deleted, the operator's, or not theirs to
// enter), ErrNoSuchConsent (not given to them for this account, used, withdrawn or too old), ErrConsentNeeded,
// ErrNoSession (it ended meanwhile).
//
// A consent takes the person in once, whatever becomes of the access. The account's owner gets a mail when staff enter.
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
	var err error
	if order.Consent == models.NoID {
		if order.Reason, err = parseReason(order.Reason); err != nil {
			return "", err
		}
	}
	if !own.Can(models.SupportAccounts) && order.Tenant != own.Home { // not even looked for
		return "", ErrNoSuchAccount
	}
	access := models.Access{ID: models.NewID(), Reason: order.Reason, EndsAt: s.store.Now().Add(AccessTTL)}
	helper := helping(own, order.Tenant, order.Account, access)
	_, err = s.store.Change(ctx, helper, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return s.startAccess(ctx, tx, own, order)
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

func (s *Service) startAccess(ctx context.Context, tx *store.Tx, own models.Actor, order AccessOrder) (models.Event, error) {
	var at standing
	err := tx.Raw(`SELECT `+standingColumns+` FROM accounts a`+joinParent+` WHERE a.tenant_id = ? AND a.id = ?`, tx.Actor.Tenant, order.Account).Scan(&at).Error
	if err != nil {
		return models.Event{}, err
	}
	event := models.Event{Action: models.AccessStarted, Account: order.Account, Subject: tx.Actor.Access.ID, Details: map[string]string{
		"reason": order.Reason, "helper_kind": string(own.Kind), "ip": clip(order.From.IP, 64)}}
	var consent *models.ID
	if err = mayEnter(own, at, order.Consent != models.NoID); err == nil && order.Consent != models.NoID {
		consent = &order.Consent
		var used Consent
		if used, err = useConsent(tx, own, order); err == nil {
			event.Details["reason"], event.Details["consent"] = used.Reason, used.DecidedBy
		}
	}
	if err != nil {
		return models.Event{}, err
	}
	tx.Queue(`INSERT INTO accesses (tenant_id, id, account_id, helper_tenant_id, helper_user_id, helper_email, helper_kind, reason, consent_id, started_at, ends_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, tx.Actor.Tenant, tx.Actor.Access.ID, order.Account, own.Home, own.User, own.Email,
		string(own.Kind), event.Details["reason"], consent, tx.Now, tx.Actor.Access.EndsAt)
	if own.Kind != models.Operator {
		return event, nil
	}
	return event, s.tellOwner(ctx, tx, at.Account, own.Email, event.Details["reason"])
}

// tellOwner mails the owner of an account that staff have entered. Whoever manages it comes and goes without: its people
// read that under Who accessed this account.
func (s *Service) tellOwner(ctx context.Context, tx *store.Tx, a models.Account, who, reason string) error {
	if a.Status != models.Active {
		return nil
	}
	owner, err := OwnerOf(tx, a.ID)
	if errors.Is(err, ErrNoSuchUser) || owner.DisabledAt != nil {
		return nil
	}
	if err != nil {
		return err
	}
	a.Email, a.ContactName = owner.Email, owner.Name
	return notify.Mail(ctx, tx, notify.AccessNotice(s.installation, a, "Support ("+who+")", reason, tx.Now, tx.Actor.Access.EndsAt))
}

// mayEnter is the rule of who enters what, asked at the start and again at every request: staff any account but the
// operator's, where its parent has turned staff access off only with a consent; a parent's Admins the sub-accounts of their
// own tenant, nobody a deleted one. Upward and sideways there is no way.
func mayEnter(own models.Actor, at standing, consented bool) error {
	a := at.Account
	switch {
	case a.ID == models.NoID, a.Status == models.Deleted, a.Kind == models.Operator:
		return ErrNoSuchAccount
	case own.Can(models.SupportAccounts) && at.Parent.StaffAccessOff != nil && !consented:
		return ErrConsentNeeded
	case own.Can(models.SupportAccounts):
		return nil
	case own.Can(models.AccessSubAccounts) && a.Kind == models.Sub && a.TenantID == own.Home:
		return nil
	}
	return ErrNoSuchAccount
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
