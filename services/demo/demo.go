// Package demo makes a world to look around in: an operator with its staff, companies of several countries and currencies
// with their sub-accounts in every state, and two months of what they did.
//
// The world is lived, not inserted: everything happens through the services, as staff, parents and sub-accounts would do
// it, at the moments of a clock that runs through the past. So whatever the services write (wallets, entries, the action
// log, mails with their codes) is there, and agrees.
//
// A story is made up first, without the database (story.go), and is the same whenever it starts at the same moment. Then
// it is played (play.go), each company by itself. Every event may be played twice: a world that was interrupted is
// finished at the next start.
package demo

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/identity"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// Options say where the world is to be. Only Open and Installation are needed.
type Options struct {
	// Open returns the store of a migrated database, with that clock. Each company is played on one of its own.
	Open         func(ctx context.Context, now func() time.Time) (*store.Store, error)
	Installation notify.Installation
	Hashing      identity.Hashing // of passwords; the zero value is production's
	Now          time.Time        // where the story ends; zero: now
	Making       func()           // called before anything is made, for a line that says why it takes a while
}

// SignIn is one way into the demo world.
type SignIn struct {
	As       string // "Staff"
	Email    string
	Password string
}

// SignIns are the ways in that tell most: as staff, as a parent, as one of its sub-accounts; then as a parent that pays afterwards, and
// as those whose balances are not as usual.
func SignIns() []SignIn {
	return []SignIn{
		{"Staff", operator.Email, staffPassword},
		{"Parent", cast[0].Email, parentPassword},
		{"Sub-account", cast[0].subs[0].Email, subPassword},
		{"Post-pay parent", guarded.email, parentPassword},
		{"Monthly limit", "lab@northclinic.example", subPassword},
		{"Client pays", "bonn@northclinic.example", subPassword},
		{"Trial ended", "hospiz@northclinic.example", subPassword},
	}
}

// Load makes the demo world in an empty database, or finishes one that was interrupted, and says whether the database
// holds the demo world. One that has another operator is somebody's own: it is left alone. Of several programs that load
// at once, one does it and the others wait.
func Load(ctx context.Context, o Options) (isDemo bool, err error) {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	office, err := o.player(ctx, o.Now.AddDate(0, 0, -days).UTC().Truncate(time.Second))
	if err != nil {
		return false, err
	}
	defer office.close()
	unlock, err := lock(ctx, office.store)
	if err != nil {
		return false, err
	}
	defer unlock()
	switch _, err := office.people.UserByEmail(ctx, assistant.Email); {
	case err == nil:
		return true, nil
	case !errors.Is(err, identity.ErrNoSuchUser):
		return false, err
	}
	began, err := office.install(ctx)
	if errors.Is(err, accounts.ErrInstalled) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if o.Making != nil {
		o.Making()
	}
	if err := office.price(ctx); err != nil {
		return false, err
	}
	companies, at := errgroup.WithContext(ctx)
	for i := range cast {
		companies.Go(func() error { return o.live(at, &cast[i], began) })
	}
	if err := companies.Wait(); err != nil {
		return false, err
	}
	office.clock.reach(began.AddDate(0, 0, days).Add(-time.Hour))
	if err := office.askForConsent(ctx); err != nil {
		return false, err
	}
	if err := office.raise(ctx, began.AddDate(0, 0, days)); err != nil {
		return false, err
	}
	office.clock.reach(began.AddDate(0, 0, days))
	if _, err := office.billing.ExpirePackages(ctx); err != nil {
		return false, err
	}
	return true, office.addAssistant(ctx)
}

// live plays a company's story. One that began in an earlier, interrupted attempt ends where it would have ended then.
func (o Options) live(ctx context.Context, c *company, began time.Time) error {
	p, err := o.player(ctx, began)
	if err != nil {
		return err
	}
	defer p.close()
	return p.play(ctx, c, c.story(began, began.AddDate(0, 0, days)))
}

// install makes the operator with its first staff Admin, or finds it, and returns when it began.
func (p *player) install(ctx context.Context) (time.Time, error) {
	d := operator
	d.AccountName = p.installation.Name
	if user, err := p.people.UserByEmail(ctx, d.Email); err == nil {
		account, err := p.accounts.Account(ctx, models.Actor{Tenant: user.TenantID, Account: user.AccountID}, user.AccountID)
		return account.CreatedAt, err
	}
	account, err := p.accounts.Install(ctx, d, "EUR", staffPassword)
	return account.CreatedAt, err
}

// addAssistant is the last event of the world, by which a finished one is known.
func (p *player) addAssistant(ctx context.Context) error {
	sam, err := p.signIn(ctx, operator.Email, staffPassword)
	if err != nil {
		return err
	}
	hash, err := p.people.HashPassword(ctx, staffPassword)
	if err != nil {
		return err
	}
	_, err = p.store.Change(ctx, sam.Actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		user, err := identity.AddUser(ctx, tx, identity.NewUser{Account: sam.Actor.Account, Name: assistant.ContactName, Email: assistant.Email,
			Role: models.Member, PasswordHash: hash})
		return models.Event{Action: models.UserAdded, Account: sam.Actor.Account, Subject: user.ID,
			Details: map[string]string{"name": assistant.ContactName, "email": assistant.Email}}, err
	})
	return err
}

// lock lets one program at a time make the world.
func lock(ctx context.Context, st *store.Store) (unlock func(), err error) {
	conn, err := st.Pool().Acquire(ctx)
	if err != nil {
		return nil, err
	}
	const key = 0x0ff5_4009
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		conn.Release()
		return nil, err
	}
	return func() {
		ctx := context.WithoutCancel(ctx)
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", key); err != nil {
			_ = conn.Conn().Close(ctx) // the lock goes with the connection
		}
		conn.Release()
	}, nil
}
