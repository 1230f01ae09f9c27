package identity

import (
	"context"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// sessionRow is a session with whom it belongs to.
type sessionRow struct {
	ID             models.ID
	Stage          Stage
	CreatedAt      time.Time
	SeenAt         time.Time
	ExpiresAt      time.Time
	ProvedAt       time.Time
	Flash          string
	AccessTenantID *models.ID
	AccessID       *models.ID
	User           models.User `gorm:"embedded;embeddedPrefix:user_"`
	At             standing    `gorm:"embedded"`
	Temporary      bool        // somebody else chose the password
	SecondFactor   bool
}

// standing is an account with all that decides what its people may do.
type standing struct {
	Account models.Account `gorm:"embedded;embeddedPrefix:account_"`
	Parent  models.Account `gorm:"embedded;embeddedPrefix:parent_"`
	Granted string
	// of a sub-account: the parts of the menu that its parent has narrowed, as feature=access, and whether it has groups and
	// Sender IDs or is shared any
	Narrowed    string
	SeesGroups  bool
	SeesSenders bool
	CreditedAt  *time.Time // of a sub-account on trial: when money last came to it
}

// privileges are what a person of that role may do in the account: what it was granted, without the pages where there would
// be nothing for it, and without what its parent has taken away part by part (PRV-4).
func (s standing) privileges(role models.Role) map[models.Privilege]bool {
	var granted []models.Privilege
	for p := range strings.FieldsSeq(s.Granted) {
		granted = append(granted, models.Privilege(p))
	}
	can := models.PrivilegesOf(s.Account.Kind, role, granted)
	if s.Account.Kind != models.Sub {
		return can
	}
	if !can[models.ManageAudience] && !s.SeesGroups {
		delete(can, models.ViewAudience)
	}
	if !can[models.AddSenderIDs] && !s.SeesSenders {
		delete(can, models.ViewSenderIDs)
	}
	if f := s.Account.Funding; f != models.OwnBalance && f != models.ClientPays { // it has no balance that credit could come to
		delete(can, models.RequestCredit)
	}
	access := map[string]models.FeatureAccess{}
	for narrowed := range strings.FieldsSeq(s.Narrowed) {
		feature, to, _ := strings.Cut(narrowed, "=")
		access[feature] = models.FeatureAccess(to)
	}
	models.Narrow(can, access)
	return can
}

// stopped says whether the account, or its parent for it, is deactivated or deleted.
func (s standing) stopped() bool { return isStopped(s.Account.Status) || isStopped(s.Parent.Status) }

// trialEnded says whether the account is one whose trial is over and to which no credit has come since (ACC-13).
func (s standing) trialEnded(now time.Time) bool {
	return models.Trial{EndsAt: s.Account.TrialEndsAt, CreditedAt: s.CreditedAt}.Ended(now)
}

func isStopped(status models.AccountStatus) bool {
	return status == models.Deactivated || status == models.Deleted
}

func columns(table, prefix, names string) string {
	var list []string
	for name := range strings.FieldsSeq(names) {
		list = append(list, table+"."+name+" AS "+prefix+name)
	}
	return strings.Join(list, ", ")
}

const (
	accountColumns = `tenant_id id kind name contact_name email mobile country time_zone currency status status_reason
		funding plan trial_ends_at sub_accounts_enabled staff_access_off version created_at activated_at`
	userColumns = `tenant_id id account_id name email role owner time_zone last_login_at disabled_at`
	// a tenant's own account stands for the parent of whoever has none, so that there is always one
	joinParent = ` JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.tenant_id`
)

var (
	standingColumns = columns("a", "account_", accountColumns) + ", " + columns("p", "parent_", accountColumns) + `,
		(SELECT coalesce(string_agg(g.privilege, ' '), '') FROM privileges g
		WHERE g.tenant_id = a.tenant_id AND g.account_id = a.id) AS granted,
		(SELECT coalesce(string_agg(f.feature || '=' || f.access, ' '), '') FROM feature_access f
		WHERE f.tenant_id = a.tenant_id AND f.account_id = a.id AND f.access <> 'full') AS narrowed,
		a.kind = 'sub' AND ` + store.SomethingToSee(models.SharedGroup, "a.tenant_id", "a.id") + ` AS sees_groups,
		a.kind = 'sub' AND ` + store.SomethingToSee(models.SharedSenderID, "a.tenant_id", "a.id") + ` AS sees_senders,
		(SELECT w.credited_at FROM wallets w WHERE w.tenant_id = a.tenant_id AND w.account_id = a.id AND w.kind = 'balance'
		AND a.trial_ends_at IS NOT NULL) AS credited_at`

	selectSession = `SELECT s.id, s.stage, s.created_at, s.seen_at, s.expires_at, coalesce(s.proved_at, s.created_at) AS proved_at,
		s.flash, s.access_tenant_id, s.access_id, u.password_temporary AS temporary, ` + hasSecondFactor + ` AS second_factor, ` +
		columns("u", "user_", userColumns) + ", " + standingColumns + `
		FROM sessions s
		JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
		JOIN accounts a ON a.tenant_id = s.tenant_id AND a.id = u.account_id` + joinParent + `
		WHERE s.tenant_id = ? AND s.token_hash = ?`
)

// Resolve returns the session that a cookie's token stands for, as things are now: one query, a second one in the books
// of the entered account while the person is in one.
//
// It refuses with ErrNoSession, whatever the reason: no such token, signed out, expired, the user disabled, the account or
// its parent deactivated or deleted, an activation that is over. An access that may not go on (its 30 minutes are over,
// it was ended, the helper lost the right to it, the account is deleted) ends here, in the log too, and the person is back
// in their own account, with a flash that says so.
//
// Of an account whose trial has ended (ACC-13) its people get a session with the one privilege models.RequestCredit, until credit comes;
// whoever has entered it sees it as it is.
func (s *Service) Resolve(ctx context.Context, token Token) (Session, error) {
	tenant, hash, ok := token.parse()
	if !ok {
		return Session{}, ErrNoSession
	}
	var row sessionRow
	err := s.store.Read(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(selectSession, tenant, hash).Scan(&row).Error
	})
	if err != nil {
		return Session{}, err
	}
	now := s.store.Now()
	if !row.holds(now) {
		return Session{}, ErrNoSession
	}
	if now.Sub(row.SeenAt) >= seenEvery {
		if _, err := s.store.Note(ctx, tenant, `UPDATE sessions SET seen_at = $3
			WHERE tenant_id = $1 AND id = $2 AND seen_at = $4`, row.ID, now, row.SeenAt); err != nil {
			return Session{}, err
		}
	}
	session := row.session(hash, now)
	if row.AccessID == nil || row.AccessTenantID == nil {
		return session, nil
	}
	return s.resolveAccess(ctx, session, *row.AccessTenantID, *row.AccessID)
}

func (r sessionRow) holds(now time.Time) bool {
	if r.ID == models.NoID || !now.Before(r.ExpiresAt) || r.User.DisabledAt != nil || r.At.stopped() {
		return false
	}
	// an activation ends with the account's becoming active, and nothing but an activation is open to a pending account
	return (r.Stage == StageActivation) == (r.At.Account.Status == models.Pending)
}

func (r sessionRow) session(hash []byte, now time.Time) Session {
	own := person(r.User, r.At.Account.Kind)
	own.Privileges = r.At.privileges(r.User.Role)
	ended := r.At.trialEnded(now)
	if ended { // whatever a route or a service asks for, this is where it is not: no route can forget it
		own.Privileges = map[models.Privilege]bool{models.RequestCredit: true}
	}
	if only, pre := r.Stage.privilege(); pre {
		own.Privileges = map[models.Privilege]bool{only: true}
	}
	return Session{ID: r.ID, Stage: r.Stage, Actor: own, User: r.User, Home: r.At.Account, Account: r.At.Account, Parent: r.At.Parent,
		Flash: r.Flash, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt, ProvedAt: r.ProvedAt, SecondFactor: r.SecondFactor, TrialEnded: ended,
		own: own, hash: hash, temporary: r.Temporary}
}

// person is a user at home, with no privileges yet.
func person(u models.User, kind models.AccountKind) models.Actor {
	return models.Actor{Tenant: u.TenantID, Account: u.AccountID, Kind: kind, User: u.ID, Email: u.Email, Role: u.Role,
		Home: u.TenantID, HomeAcct: u.AccountID}
}
