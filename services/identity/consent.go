package identity

import (
	"context"
	"errors"
	"time"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// How long a request of staff waits for an answer, and how long the consent may be used then.
const (
	ConsentAskTTL = 7 * 24 * time.Hour
	ConsentTTL    = 24 * time.Hour
)

// The refusals of consents.
var (
	ErrConsentNeeded = &models.Error{Kind: models.Conflict, Code: "consent_needed",
		Message: "This account asks for consent before support enters it. Ask for it, and say why."}
	ErrConsentNotNeeded = &models.Error{Kind: models.Conflict, Code: "consent_not_needed",
		Message: "This account does not ask for consent. You can enter it with a reason."}
	ErrConsentAsked = &models.Error{Kind: models.Conflict, Code: "consent_asked",
		Message: "You have asked for this already, and it is still open."}
	ErrNoSuchConsent = &models.Error{Kind: models.NotFound, Code: "consent_not_found",
		Message: "There is no such request or consent, or it is decided, used or expired."}
)

// ConsentStatus is how far a request of staff has come.
type ConsentStatus string

const (
	ConsentRequested ConsentStatus = "requested"
	ConsentGiven     ConsentStatus = "given"     // may be used, once
	ConsentRefused   ConsentStatus = "refused"   //
	ConsentWithdrawn ConsentStatus = "withdrawn" // before its use, or while somebody was in by it
	ConsentUsed      ConsentStatus = "used"      // somebody entered, or is in
	ConsentExpired   ConsentStatus = "expired"   // not answered, or not used, in time
)

// Consent is what one member of staff asked for: to enter one account, once.
type Consent struct {
	ID          models.ID
	Account     models.ID
	AccountName string
	Helper      string // e-mail
	Reason      string
	Status      ConsentStatus
	RequestedAt time.Time
	DecidedBy   string // e-mail of the Admin who gave, refused or withdrew it
	DecidedAt   *time.Time
	ExpiresAt   time.Time // of the request, or of the consent once it is given
	Inside      bool      // somebody is in the account by it now
}

// ConsentPage is one page of them, newest first.
type ConsentPage struct {
	Lines []Consent
	Next  models.ID // NoID: there are no more
}

const selectConsents = `SELECT c.id, c.account_id AS account, a.name AS account_name, c.helper_email AS helper, c.reason,
	CASE WHEN c.status IN ('requested', 'given') AND c.expires_at <= @now THEN 'expired' ELSE c.status END AS status,
	c.requested_at, c.decided_by, c.decided_at, c.expires_at,
	EXISTS (SELECT FROM accesses x WHERE x.tenant_id = c.tenant_id AND x.consent_id = c.id AND x.ended_at IS NULL AND x.ends_at > @now) AS inside
	FROM consents c JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.account_id
	WHERE c.tenant_id = @tenant`

// AskConsent files a request to enter an account whose parent has turned staff access off. The parent's Admins get a mail.
//
// For: staff at home. Refuses, in order: models.ErrMissingPrivilege, models.ErrCheckFields at reason, ErrNoSuchAccount,
// ErrConsentNotNeeded, ErrConsentAsked while an earlier one of theirs for this account is open or given.
func (s *Service) AskConsent(ctx context.Context, actor models.Actor, tenant, account models.ID, reason string) error {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return err
	}
	reason, err := parseReason(reason)
	if err != nil {
		return err
	}
	_, err = s.store.Change(ctx, actor.In(tenant), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		var at standing
		err := tx.Raw(`SELECT `+standingColumns+` FROM accounts a`+joinParent+` WHERE a.tenant_id = ? AND a.id = ?`, tenant, account).Scan(&at).Error
		if err != nil {
			return models.Event{}, err
		}
		if err = mayEnter(actor, at, false); err == nil {
			err = ErrConsentNotNeeded
		}
		if !errors.Is(err, ErrConsentNeeded) {
			return models.Event{}, err
		}
		id := models.NewID()
		if err := askConsent(tx, actor, id, account, reason); err != nil {
			return models.Event{}, err
		}
		return models.Event{Action: models.ConsentRequested, Account: account, Subject: id, Details: map[string]string{"reason": reason}},
			s.mailAdmins(ctx, tx, at.Parent, func(to models.Account) notify.Message {
				return notify.ConsentRequested(s.installation, to, at.Account.Name, actor.Email, reason, s.installation.Link("/settings/staff-access"))
			})
	})
	return err
}

func askConsent(tx *store.Tx, actor models.Actor, id, account models.ID, reason string) error {
	tx.Queue(`UPDATE consents SET status = 'expired' WHERE tenant_id = $1 AND account_id = $2 AND helper_user_id = $3
		AND status IN ('requested', 'given') AND expires_at <= $4`, tx.Actor.Tenant, account, actor.User, tx.Now)
	made := tx.Exec(`INSERT INTO consents (tenant_id, id, account_id, helper_tenant_id, helper_user_id, helper_email, reason, status, requested_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, 'requested', ?, ?) ON CONFLICT DO NOTHING`, tx.Actor.Tenant, id, account, actor.Home, actor.User, actor.Email,
		reason, tx.Now, tx.Now.Add(ConsentAskTTL))
	if made.Error == nil && made.RowsAffected == 0 {
		return ErrConsentAsked
	}
	return made.Error
}

// mailAdmins sends a mail to each of the people who decide for a parent account: its Admins who can sign in.
func (s *Service) mailAdmins(ctx context.Context, tx *store.Tx, parent models.Account, message func(to models.Account) notify.Message) error {
	var admins []models.User
	err := tx.Raw(`SELECT `+columns("users", "", userColumns)+` FROM users WHERE tenant_id = ? AND account_id = ? AND role = 'admin' AND disabled_at IS NULL
		ORDER BY id LIMIT 50`, tx.Actor.Tenant, parent.ID).Scan(&admins).Error
	if err != nil {
		return err
	}
	for _, admin := range admins {
		to := parent
		to.Email, to.ContactName = admin.Email, admin.Name
		if err := notify.Mail(ctx, tx, message(to)); err != nil {
			return err
		}
	}
	return nil
}

// GiveConsent lets the member of staff who asked enter that account, once, within ConsentTTL. They get a mail.
// For: a parent's Admins, in their own account. Refuses: missing privilege; ErrNoSuchConsent unless it waits for an answer.
func (s *Service) GiveConsent(ctx context.Context, actor models.Actor, id models.ID) error {
	return s.decideConsent(ctx, actor, id, models.ConsentGiven, `UPDATE consents SET status = 'given', decided_by = ?, decided_at = ?, expires_at = ?
		WHERE tenant_id = ? AND id = ? AND status = 'requested' AND expires_at > ?`)
}

// RefuseConsent turns a request down. Who asked gets a mail.
// For: a parent's Admins, in their own account. Refuses: missing privilege; ErrNoSuchConsent unless it waits for an answer.
func (s *Service) RefuseConsent(ctx context.Context, actor models.Actor, id models.ID) error {
	return s.decideConsent(ctx, actor, id, models.ConsentRefused, `UPDATE consents SET status = 'refused', decided_by = ?, decided_at = ?, expires_at = least(expires_at, ?)
		WHERE tenant_id = ? AND id = ? AND status = 'requested' AND expires_at > ?`)
}

// WithdrawConsent takes a consent back; whoever is in the account by it is out with their next request. They get a mail.
// For: a parent's Admins, in their own account. Refuses: missing privilege; ErrNoSuchConsent unless it is given or
// somebody is in by it.
func (s *Service) WithdrawConsent(ctx context.Context, actor models.Actor, id models.ID) error {
	return s.decideConsent(ctx, actor, id, models.ConsentWithdrawn, `UPDATE consents SET status = 'withdrawn', decided_by = ?, decided_at = ?, expires_at = least(expires_at, ?)
		WHERE tenant_id = ? AND id = ? AND (status = 'given' AND expires_at > ? OR status = 'used' AND EXISTS (SELECT FROM accesses x
		WHERE x.tenant_id = consents.tenant_id AND x.consent_id = consents.id AND x.ended_at IS NULL))`)
}

func (s *Service) decideConsent(ctx context.Context, actor models.Actor, id models.ID, action models.Action, update string) error {
	if err := actor.Require(models.DecideStaffAccess); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		done := tx.Exec(update, actor.Email, tx.Now, tx.Now.Add(ConsentTTL), tx.Actor.Tenant, id, tx.Now)
		if done.Error != nil {
			return models.Event{}, done.Error
		}
		if done.RowsAffected == 0 {
			return models.Event{}, ErrNoSuchConsent
		}
		var c Consent
		if err := tx.Raw(selectConsents+` AND c.id = @id`, map[string]any{"now": tx.Now, "tenant": tx.Actor.Tenant, "id": id}).Scan(&c).Error; err != nil {
			return models.Event{}, err
		}
		to := models.Account{ID: c.Account, Email: c.Helper, ContactName: c.Helper}
		return models.Event{Action: action, Account: c.Account, Subject: id, Details: map[string]string{"helper": c.Helper}},
			notify.Mail(ctx, tx, notify.ConsentDecided(s.installation, to, c.AccountName, actor.Email, string(c.Status)))
	})
	return err
}

// useConsent spends what was given to a member of staff: of fifty who try at once, one has it.
func useConsent(tx *store.Tx, own models.Actor, order AccessOrder) (Consent, error) {
	var used Consent
	err := tx.Raw(`UPDATE consents SET status = 'used' WHERE tenant_id = ? AND id = ? AND account_id = ? AND helper_tenant_id = ? AND helper_user_id = ?
		AND status = 'given' AND expires_at > ? RETURNING id, reason, decided_by`, tx.Actor.Tenant, order.Consent, order.Account, own.Home, own.User,
		tx.Now).Scan(&used).Error
	if err == nil && used.ID == models.NoID {
		err = ErrNoSuchConsent
	}
	return used, err
}

// Consents lists what staff asked a parent account for, at most limit (1 to 200) lines after the one that the page before
// named as Next. For: a parent's Admins, in their own account. Refuses: missing privilege.
func (s *Service) Consents(ctx context.Context, actor models.Actor, after models.ID, limit int) (ConsentPage, error) {
	if err := actor.Require(models.DecideStaffAccess); err != nil {
		return ConsentPage{}, err
	}
	limit = min(max(limit, 1), 200)
	var page ConsentPage
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		where := ``
		if after != models.NoID {
			where = ` AND (c.requested_at, c.id) < (SELECT requested_at, id FROM consents WHERE tenant_id = @tenant AND id = @after)`
		}
		return tx.Raw(selectConsents+where+` ORDER BY c.requested_at DESC, c.id DESC LIMIT @limit`,
			map[string]any{"now": tx.Now, "tenant": tx.Actor.Tenant, "after": after, "limit": limit + 1}).Scan(&page.Lines).Error
	})
	if err != nil {
		return ConsentPage{}, err
	}
	if len(page.Lines) > limit {
		page.Lines = page.Lines[:limit]
		page.Next = page.Lines[limit-1].ID
	}
	return page, nil
}

// ConsentFor says how a member of staff stands with an account: whether it asks for consent, and their latest request for
// it, nil when there is none. For: staff. Refuses: missing privilege; ErrNoSuchAccount.
func (s *Service) ConsentFor(ctx context.Context, actor models.Actor, tenant, account models.ID) (needed bool, latest *Consent, err error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return false, nil, err
	}
	err = s.store.Read(ctx, actor.In(tenant), func(ctx context.Context, tx *store.Tx) error {
		var at standing
		err := tx.Raw(`SELECT `+standingColumns+` FROM accounts a`+joinParent+` WHERE a.tenant_id = ? AND a.id = ?`, tenant, account).Scan(&at).Error
		if err != nil {
			return err
		}
		switch err := mayEnter(actor, at, false); {
		case err == nil:
			return nil
		case !errors.Is(err, ErrConsentNeeded):
			return err
		}
		needed = true
		var c Consent
		err = tx.Raw(selectConsents+` AND c.account_id = @account AND c.helper_user_id = @helper ORDER BY c.requested_at DESC, c.id DESC LIMIT 1`,
			map[string]any{"now": tx.Now, "tenant": tenant, "account": account, "helper": actor.User}).Scan(&c).Error
		if err == nil && c.ID != models.NoID {
			latest = &c
		}
		return err
	})
	return needed, latest, err
}

// DropConsentRequests ends the requests that wait for an answer, for a parent that does not ask for consent any more. For:
// a change of another service, which logs it.
func DropConsentRequests(tx *store.Tx) {
	tx.Queue(`UPDATE consents SET status = 'expired' WHERE tenant_id = $1 AND status = 'requested'`, tx.Actor.Tenant)
}
