// Package reports reads what the other services wrote: the action log, statements, usage and the dashboards. It writes
// nothing.
//
// Whose rows a reader sees is decided once, in reachOf: a parent's users see their whole tenant, a sub-account itself,
// staff every tenant they are at work in. Moments that begin and end a day are worked out in Go and given to
// PostgreSQL as values, so that one database of time zones decides, and days that have no midnight or two are right.
//
// Usage is read from the sums that package usage keeps and from what waits to be added to them, in one snapshot: it is that
// of the log at any moment, and takes no longer with more messages. See usageQuery.source.
package reports

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// Service is the reports as pages and files use them.
type Service struct{ store *store.Store }

// New returns the reports on that store.
func New(s *store.Store) *Service { return &Service{store: s} }

// The refusals of reports.
var (
	ErrNoSuchAccount = &models.Error{Kind: models.NotFound, Code: "account_not_found",
		Message: "There is no such account."}
	ErrNoSuchPackage = &models.Error{Kind: models.NotFound, Code: "package_not_found",
		Message: "There is no such package."}
	ErrBadCursor = &models.Error{Kind: models.Invalid, Code: "bad_cursor",
		Message: "This link to a page of the list is broken. Open the list again."}
)

// settings are for every report. Compiling a query takes longer here than running it, for PostgreSQL takes the sums of a
// few days for those of thousands; and the sums of all accounts should not go through temporary files.
var settings = []string{"SET LOCAL jit = off", "SET LOCAL work_mem = '32MB'"}

// read is one snapshot for a report.
func (s *Service) read(ctx context.Context, actor models.Actor, work func(context.Context, *store.Tx) error) error {
	return s.store.Read(ctx, actor, settled(work))
}

// survey is read for a report of all tenants.
func (s *Service) survey(ctx context.Context, actor models.Actor, work func(context.Context, *store.Tx) error) error {
	return s.store.Survey(ctx, actor, settled(work))
}

func settled(work func(context.Context, *store.Tx) error) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		for _, setting := range settings {
			tx.Queue(setting)
		}
		return work(ctx, tx)
	}
}

// reach is whose rows a reader may see.
type reach struct {
	own        models.ID // this account's alone; NoID: all of the tenant's
	everywhere bool      // all tenants': staff who are not at work in one
}

// reachOf refuses with ErrMissingPrivilege whoever may see nothing.
func reachOf(actor models.Actor) (reach, error) {
	switch {
	case actor.Can(models.SupportAccounts):
		return reach{everywhere: actor.Tenant == actor.Account}, nil
	case actor.Can(models.ViewSubAccounts):
		return reach{}, nil
	case actor.Can(models.ViewAccount):
		return reach{own: actor.Account}, nil
	}
	return reach{}, models.ErrMissingPrivilege
}

// reachThrough is reachOf for a part of the menu that a sub-account's parent may hide (PRV-4).
func reachThrough(actor models.Actor, view models.Privilege) (reach, error) {
	if !actor.Can(models.SupportAccounts) {
		if err := actor.Require(view); err != nil {
			return reach{}, err
		}
	}
	return reachOf(actor)
}

// account is as much of an account as a report speaks of.
type account struct {
	ID       models.ID
	Name     string
	Kind     models.AccountKind
	Currency string
	Funding  models.Funding
	Plan     models.Plan // of its parent
	TimeZone string      // of its parent, whose calendar has its days and months
	// TrialEndsAt is of a sub-account on trial.
	TrialEndsAt *time.Time
	CreatedAt   time.Time
}

// spendsParents says whether its usage is paid by its parent, so that it has no balance to show.
func (a account) spendsParents() bool { return a.Funding.DrawsFrom(a.Plan) }

// hidesPrices says whether its own users are shown no prices (BAL-2). Whoever has a monthly limit sees what it uses of it.
func (a account) hidesPrices() bool { return a.Funding == models.SharedBalance }

// calendar is the zone of its parent.
func (a account) calendar() *time.Location { return models.Account{TimeZone: a.TimeZone}.Zone() }

// find returns an account within reach, deleted ones too: their history stays. NoID is the account that the reader is.
// It refuses with ErrNoSuchAccount.
func find(tx *store.Tx, r reach, id models.ID) (account, error) {
	switch {
	case id == models.NoID && r.own != models.NoID:
		id = r.own
	case id == models.NoID:
		id = tx.Actor.Tenant
	case r.own != models.NoID && id != r.own:
		return account{}, ErrNoSuchAccount
	}
	var a account
	err := tx.Raw(`SELECT a.id, a.name, a.kind, a.currency, a.funding, p.plan, p.time_zone, a.trial_ends_at, a.created_at
		FROM accounts a JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.tenant_id WHERE a.tenant_id = ? AND a.id = ?`,
		tx.Actor.Tenant, id).Scan(&a).Error
	if err == nil && a.ID == models.NoID {
		err = ErrNoSuchAccount
	}
	return a, err
}
