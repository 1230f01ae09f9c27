package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/audience"
	"offshoot/services/billing"
	"offshoot/services/funding"
	"offshoot/services/gateways"
	"offshoot/services/identity"
	"offshoot/services/inbound"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
	"offshoot/services/notify"
	"offshoot/services/refill"
	"offshoot/services/senders"
	"offshoot/services/sharing"
	"offshoot/services/store"
)

// player plays stories on services of its own, whose clock it moves.
type player struct {
	clock        *clock
	store        *store.Store
	people       *identity.Service
	accounts     *accounts.Service
	ledger       *ledger.Service
	funding      *funding.Service
	refill       *refill.Service
	notify       *notify.Service
	billing      *billing.Service
	sharing      *sharing.Service
	senders      *senders.Service
	audience     *audience.Service
	inbound      *inbound.Service
	messaging    *messaging.Service
	carrier      *messaging.Carrier
	installation notify.Installation

	company *company
	tenant  models.ID
	staff   models.Actor
	owner   models.Actor // of the company
	of      map[*sub]models.ID
	writers map[*sub]models.Actor // who writes an account's messages
	inside  identity.Session      // of whoever accesses an account
	watched map[*sub]bool         // it is recharged, or somebody is told when its balance is low
	lived   time.Time             // until when an earlier attempt has played
}

// player opens the services for a story that starts at a moment.
func (o Options) player(ctx context.Context, start time.Time) (*player, error) {
	c := &clock{}
	c.reach(start)
	st, err := o.Open(ctx, c.Now)
	if err != nil {
		return nil, err
	}
	// Whatever is mailed and texted in the story stays in the outbox, whoever carries mail later.
	mails, err := notify.New(st, notify.Options{KeepBodies: true})
	if err != nil {
		st.Close()
		return nil, err
	}
	people := identity.New(st, identity.Options{Hashing: o.Hashing, Installation: o.Installation})
	return &player{clock: c, store: st, people: people, accounts: accounts.New(st, people, o.Installation), ledger: ledger.New(st),
		funding: funding.New(st, o.Installation), refill: refill.New(st, o.Installation),
		notify: mails, billing: billing.New(st), sharing: sharing.New(st), senders: senders.New(st, o.Installation), audience: audience.New(st),
		inbound: inbound.New(st), messaging: messaging.New(st), carrier: messaging.NewCarrier(st, &gateways.Simulator{}),
		installation: o.Installation, of: map[*sub]models.ID{}, writers: map[*sub]models.Actor{}, watched: map[*sub]bool{}}, nil
}

func (p *player) close() { p.store.Close() }

// play lives through a story. Events that an earlier, interrupted attempt has played do nothing.
func (p *player) play(ctx context.Context, c *company, story []event) error {
	p.company = c
	for _, e := range story {
		if err := ctx.Err(); err != nil {
			return err
		}
		if gone, known := p.of[e.sub]; known && gone == models.NoID {
			continue
		}
		p.clock.reach(e.at)
		err := p.act(ctx, e)
		if err == nil {
			err = p.work(ctx, e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", e.about(c), err)
		}
		if e.does == used { // nothing is mailed
			continue
		}
		if err := p.deliver(ctx); err != nil {
			return err
		}
	}
	return p.deliver(ctx)
}

func (e event) about(c *company) string {
	name := c.AccountName
	if e.sub != nil {
		name += ", " + e.sub.AccountName
	}
	return fmt.Sprintf("%s, event %d of %s", name, e.does, e.at.Format(time.RFC3339))
}

func (p *player) act(ctx context.Context, e event) error {
	switch e.does {
	case joined:
		return p.join(ctx)
	case confirmed:
		return p.confirm(ctx, e.sub)
	case enabled:
		_, err := p.accounts.EnableSubAccounts(ctx, p.owner)
		return unless(err, accounts.ErrFeatureOn)
	case opened:
		return p.openSub(ctx, e)
	case invited:
		return p.invite(ctx, e)
	case used:
		return p.use(ctx, e)
	case paid:
		_, err := p.ledger.RecordMoney(ctx, p.staff, ledger.PaymentOrder{Parent: p.tenant, Amount: e.amount, Reference: e.text,
			Note: "Bank transfer", Key: "demo-" + e.text})
		return err
	case gave:
		_, err := p.ledger.Transfer(ctx, p.owner, p.transfer(e))
		return unless(err, ledger.ErrAccountClosed)
	case tookBack:
		_, err := p.ledger.TransferBack(ctx, p.owner, p.transfer(e))
		return unless(err, ledger.ErrAccountClosed)
	case permitted:
		return p.permit(ctx, e)
	case funded:
		return p.fund(ctx, e)
	case automated:
		return p.automate(ctx, e)
	case watched:
		return p.watch(ctx, e)
	case asked:
		return p.ask(ctx, e)
	case deactivated:
		_, err := p.accounts.Deactivate(ctx, p.owner, p.of[e.sub], e.text)
		return unless(err, accounts.ErrAlreadyDeactivated)
	case deleted:
		_, err := p.accounts.Delete(ctx, p.owner, p.of[e.sub], e.sub.AccountName)
		return err
	case signedIn:
		_, err := p.signIn(ctx, p.emailOf(e.sub), passwordOf(e.sub))
		return unless(err, identity.ErrAccountDeactivated)
	case mistyped:
		_, err := p.signIn(ctx, p.emailOf(e.sub), strings.ToUpper(passwordOf(e.sub)))
		return unless(err, identity.ErrWrongSignIn)
	case bought, handed, opening, naming, grouped, numbered, answered:
		return p.arrange(ctx, e)
	case entered:
		return p.enter(ctx, e, operator.Email, staffPassword)
	case visited:
		return p.enter(ctx, e, p.company.Email, parentPassword)
	case left:
		_, err := p.people.EndAccess(ctx, p.inside)
		return unless(err, identity.ErrNotAccessing)
	}
	return nil
}

// unless is err, or nil where it says that the event was played before.
func unless(err, before error) error {
	if errors.Is(err, before) {
		return nil
	}
	return err
}

func (p *player) emailOf(s *sub) string {
	if s == nil {
		return p.company.Email
	}
	return s.Email
}

func passwordOf(s *sub) string {
	if s == nil {
		return parentPassword
	}
	return subPassword
}

// join makes the company's account, as staff.
func (p *player) join(ctx context.Context) error {
	sam, err := p.signIn(ctx, operator.Email, staffPassword)
	if err != nil {
		return err
	}
	p.staff = sam.Actor
	account, err := p.accounts.CreateParent(ctx, p.staff, accounts.ParentOrder{Details: p.company.Details, Currency: p.company.currency,
		Plan: p.company.plan, Credit: p.company.credit, Method: models.ByLink, Key: "demo-" + p.company.Email})
	if p.tenant = account.ID; err != nil {
		return err
	}
	return p.remember(ctx)
}

// openSub adds a sub-account, as the company's Admin. One that was deleted in an earlier attempt is gone.
func (p *player) openSub(ctx context.Context, e event) error {
	s := e.sub
	account, err := p.accounts.AddSubAccount(ctx, p.owner, accounts.SubAccountOrder{Details: s.Details, Privileges: s.privileges,
		Funding: s.funding, StartingAmount: s.start, Limit: s.limit, Priority: s.priority, Trial: models.TrialTerms{On: e.text != "", Until: e.text},
		Method: s.method, Key: "demo-" + s.Email})
	if errors.Is(err, accounts.ErrNoSuchAccount) {
		account, err = models.Account{}, nil
	}
	p.of[s] = account.ID
	return err
}

func (p *player) transfer(e event) ledger.TransferOrder {
	return ledger.TransferOrder{SubAccount: p.of[e.sub], Amount: e.amount, Note: e.text,
		Key: fmt.Sprintf("demo-%d-%d-%s", e.does, e.at.UnixMilli(), e.sub.Email)}
}

// errPlayed takes back a change that found nothing to do.
var errPlayed = errors.New("demo: played before")

// use charges what a campaign used, all of it at once.
func (p *player) use(ctx context.Context, e event) error {
	account := p.tenant
	if e.sub != nil {
		account = p.of[e.sub]
	}
	if len(e.letters) > 0 {
		return p.write(ctx, e)
	}
	_, err := p.store.Change(ctx, models.System(p.tenant), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		var charged []models.Event
		for _, order := range e.orders {
			order.Account = account
			made, event, err := ledger.ChargeUsage(ctx, tx, order)
			if err != nil {
				return models.Event{}, err
			}
			if !made.Repeated {
				charged = append(charged, event)
			}
		}
		if len(charged) == 0 {
			return models.Event{}, errPlayed
		}
		for _, event := range charged[1:] {
			if err := tx.Log(event); err != nil {
				return models.Event{}, err
			}
		}
		return charged[0], nil
	})
	if e.sub != nil && p.watched[e.sub] { // what came back of messages meanwhile, and recharges by that, the story has only reckoned
		err = unless(err, ledger.ErrInsufficientBalance)
	}
	return unless(unless(err, errPlayed), ledger.ErrNotCharging)
}

func (p *player) permit(ctx context.Context, e event) error {
	now, err := p.accounts.Show(ctx, p.owner, p.of[e.sub])
	if err != nil || sameSet(now.Privileges, e.privileges) {
		return err
	}
	return p.accounts.SetPrivileges(ctx, p.owner, now.ID, now.Version, e.privileges)
}

func sameSet(a, b []models.Privilege) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func (p *player) enter(ctx context.Context, e event, email, password string) error {
	session, err := p.signIn(ctx, email, password)
	if err != nil {
		return err
	}
	token, err := p.people.StartAccess(ctx, session, identity.AccessOrder{Tenant: p.tenant, Account: p.of[e.sub], Reason: e.text, From: origin})
	if err != nil {
		return err
	}
	p.inside, err = p.people.Resolve(ctx, token)
	return err
}
