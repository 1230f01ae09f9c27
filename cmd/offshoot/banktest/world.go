package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/billing"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/notify"
	"offshoot/services/refill"
	"offshoot/services/store"
)

// world is who is there before anything happens.
type world struct {
	staff     login
	companies []*company
}

// company is a parent with its sub-accounts. All are Active.
type company struct {
	id       models.ID
	name     string
	zone     string
	currency string
	admin    login
	postPay  bool
	sends    bool // its sub-accounts write messages, so that its total moves in the background too
	parcel   models.ID
	units    int64

	movable []*sub // with a balance of their own, to which movers give and from which they take
	senders []*sub // who write: the first from its own balance, the second from its parent's
	closing *sub   // is deactivated and comes back
	limited []*sub // with a monthly limit; the last one is deactivated and comes back too
	vans    []*sub // that are recharged; the last one is deactivated and comes back too
	kiosk   *sub   // spends its parent's balance up to its caps
}

type sub struct {
	company *company
	id      models.ID
	name    string
	login   login
	funding models.Funding

	rule             *rule // by which it is recharged
	limit            int64 // a month, in millionths; 0: none
	capDay, capMonth int64 // of its parent's balance, in millionths; 0: none
}

// payer is whose balance its usage is taken from.
func (s *sub) payer() models.ID {
	plan := models.PrePay
	if s.company.postPay {
		plan = models.PostPay
	}
	if s.funding.DrawsFrom(plan) {
		return s.company.id
	}
	return s.id
}

type login struct{ email string }

// subs are all sub-accounts of a company.
func (c *company) subs() []*sub {
	return slices.Concat(c.movable, c.senders, []*sub{c.closing, c.kiosk}, c.limited, c.vans)
}

// companyOf is whose an account is.
func (w *world) companyOf(account models.ID) *company {
	for _, c := range w.companies {
		if c.id == account || c.nameOf(account) != "" {
			return c
		}
	}
	return nil
}

// What there is at first. Zones where it is another day than elsewhere, and one in which days begin at one o'clock in spring.
var places = []struct {
	name, country, zone, currency string
	postPay, sends, short         bool
}{
	{"Line Islands Traders", "GB", "Pacific/Kiritimati", "EUR", false, false, false},
	{"Spree Clinics", "IE", "Europe/Berlin", "EUR", false, true, false},
	{"Bay Couriers", "US", "America/Los_Angeles", "USD", false, false, true},
	{"Cedar Hotels", "GB", "Asia/Beirut", "EUR", true, true, false},
}

// mobiles are numbers of the countries, in which figures are written with points.
var mobiles = map[string]string{"GB": "+447400123456", "IE": "+353850123456", "US": "+12015550123"}

const (
	atFirst        = "20000.00" // on the balance of a parent
	mostOfIt       = "10200.00" // of what is left when limits are given
	ofSender       = "2000.00"  // on the balance of a sub-account that writes
	parcelUnits    = 100_000
	priceOfMessage = 75_000 // millionths of EUR, of one part
	capOfDay       = "60.00"
	capOfMonth     = "400.00"
)

// founder makes a world through the services, as the portal would.
type founder struct {
	ctx      context.Context
	store    *store.Store
	people   *identity.Service
	accounts *accounts.Service
	ledger   *ledger.Service
	billing  *billing.Service
	refill   *refill.Service
	raw      *pgx.Conn
	staff    models.Actor
	hash     string
}

// found makes the world on the machine's database.
func found(ctx context.Context, m *machine) (_ *world, err error) {
	f := founder{ctx: ctx}
	if f.store, err = store.Open(ctx, m.server.DSN(""), m.clock.now); err != nil {
		return nil, err
	}
	defer f.store.Close()
	if f.raw, err = pgx.Connect(ctx, m.server.AdminDSN("")); err != nil {
		return nil, err
	}
	defer f.raw.Close(ctx)
	f.store.UseKeys(m.keys)
	installation := notify.Installation{Name: "Offshoot", PublicURL: "http://localhost:8080"}
	// Signing in is not what is tried here: passwords cost little.
	f.people = identity.New(f.store, identity.Options{Installation: installation, Hashing: identity.Hashing{MemoryKiB: 64, Passes: 1, Lanes: 1}})
	f.accounts, f.ledger, f.billing = accounts.New(f.store, f.people, installation), ledger.New(f.store), billing.New(f.store)
	f.refill = refill.New(f.store, installation)
	if f.hash, err = f.people.HashPassword(ctx, everybodysPassword); err != nil {
		return nil, err
	}
	w := &world{staff: login{"sam@offshoot.example"}}
	operator, err := f.accounts.Install(ctx, accounts.Details{AccountName: "Offshoot Support", ContactName: "Sam Rivera", Email: w.staff.email,
		Mobile: "+4915112345670", Country: "DE", TimeZone: "Europe/Berlin"}, "EUR", everybodysPassword)
	if err != nil {
		return nil, err
	}
	if f.staff, err = f.actor(operator, w.staff.email); err != nil {
		return nil, err
	}
	offer, err := f.catalogue()
	if err != nil {
		return nil, err
	}
	for i := range places {
		c, err := f.company(i, offer)
		if err != nil {
			var refused *models.Error
			if errors.As(err, &refused) {
				err = fmt.Errorf("%w %v", err, refused.Fields)
			}
			return nil, fmt.Errorf("%s: %w", places[i].name, err)
		}
		w.companies = append(w.companies, c)
	}
	return w, nil
}

// catalogue is the rate card, and a package to be granted.
func (f *founder) catalogue() (offer models.ID, err error) {
	for _, currency := range []string{"EUR", "USD"} {
		for _, country := range []string{"DE", "FR"} {
			_, err := f.billing.SetRate(f.ctx, f.staff, billing.RateOrder{Currency: currency, Country: country, Price: models.FromMicros(priceOfMessage, currency)})
			if err != nil {
				return models.NoID, err
			}
		}
	}
	return f.billing.AddOffer(f.ctx, f.staff, billing.OfferOrder{Name: "Parcel", Units: parcelUnits, ValidityDays: 730, Countries: []string{"FR"},
		Prices: []models.Money{models.FromMicros(1_000_000, "EUR"), models.FromMicros(1_000_000, "USD")}})
}

func (f *founder) company(i int, offer models.ID) (*company, error) {
	p := places[i]
	at := fmt.Sprintf("@company%d.example", i+1)
	c := &company{name: p.name, zone: p.zone, currency: p.currency, admin: login{"ada" + at}, postPay: p.postPay, sends: p.sends, units: parcelUnits}
	order := accounts.ParentOrder{Details: accounts.Details{AccountName: p.name, ContactName: "Ada Berg", Email: c.admin.email,
		Mobile: mobiles[p.country], Country: p.country, TimeZone: p.zone}, Currency: p.currency, Plan: models.PrePay, Method: models.ByLink}
	if p.postPay {
		order.Plan, order.Credit = models.PostPay, "100000"
	}
	account, err := f.accounts.CreateParent(f.ctx, f.staff, order)
	if err != nil {
		return nil, err
	}
	c.id = account.ID
	if err := f.activate(account); err != nil {
		return nil, err
	}
	admin, err := f.actor(account, c.admin.email)
	if err != nil {
		return nil, err
	}
	if _, err := f.accounts.EnableSubAccounts(f.ctx, admin); err != nil {
		return nil, err
	}
	first, err := models.ParseAmount(atFirst, c.currency)
	if err != nil {
		return nil, err
	}
	if _, err := f.ledger.RecordMoney(f.ctx, f.staff, ledger.PaymentOrder{Parent: c.id, Amount: first, Reference: "at first"}); err != nil {
		return nil, err
	}
	granted, err := f.billing.GrantPackage(f.ctx, f.staff, billing.GrantOrder{Parent: c.id, Offer: offer, Reason: "At first"})
	if err != nil {
		return nil, err
	}
	c.parcel = granted.ID
	for _, name := range []string{"North", "South", "East"} {
		s, err := f.sub(c, admin, name, models.OwnBalance, "")
		if err != nil {
			return nil, err
		}
		c.movable = append(c.movable, s)
	}
	if c.closing, err = f.sub(c, admin, "Seasonal", models.OwnBalance, ""); err != nil {
		return nil, err
	}
	// The first is always funded; the second uses much, and where its parent is short of money it waits for some to come.
	for i, limit := range []string{"250.00", "9000.00", "400.00"} {
		s := &sub{company: c, name: fmt.Sprintf("Ward %d", i+1), funding: models.MonthlyLimit, limit: wholes(limit)}
		if err := f.add(admin, s, accounts.SubAccountOrder{Limit: limit, Priority: strconv.Itoa(i + 1)}); err != nil {
			return nil, err
		}
		if p.postPay { // nothing is moved to it: it may spend so much of its parent's balance
			s.capMonth = s.limit
		}
		c.limited = append(c.limited, s)
	}
	c.kiosk = &sub{company: c, name: "Kiosk", funding: models.SharedBalance, capDay: wholes(capOfDay), capMonth: wholes(capOfMonth)}
	if err := f.add(admin, c.kiosk, accounts.SubAccountOrder{CapDay: capOfDay, CapMonth: capOfMonth}); err != nil {
		return nil, err
	}
	if p.short {
		away, err := models.ParseAmount(mostOfIt, c.currency)
		if err != nil {
			return nil, err
		}
		if _, err := f.ledger.Transfer(f.ctx, admin, ledger.TransferOrder{SubAccount: c.movable[0].id, Amount: away, Note: "At first"}); err != nil {
			return nil, err
		}
	}
	for i, r := range rules {
		s, err := f.sub(c, admin, fmt.Sprintf("Van %d", i+1), models.OwnBalance, "")
		if err == nil {
			s.rule = &r
			err = f.refill.SetRule(f.ctx, admin, s.id, r.form())
		}
		if err != nil {
			return nil, err
		}
		c.vans = append(c.vans, s)
	}
	if !p.sends {
		return c, nil
	}
	own, err := f.sub(c, admin, "Desk", models.OwnBalance, ofSender)
	if err != nil {
		return nil, err
	}
	shared, err := f.sub(c, admin, "Shop", models.SharedBalance, "")
	c.senders = []*sub{own, shared}
	return c, err
}

func (f *founder) sub(c *company, admin models.Actor, name string, funding models.Funding, starts string) (*sub, error) {
	s := &sub{company: c, name: name, funding: funding}
	return s, f.add(admin, s, accounts.SubAccountOrder{StartingAmount: starts})
}

// add makes a sub-account under the terms of an order.
func (f *founder) add(admin models.Actor, s *sub, order accounts.SubAccountOrder) error {
	s.login = login{strings.ReplaceAll(strings.ToLower(s.name), " ", "") + "." + s.company.admin.email}
	order.Details = accounts.Details{AccountName: s.name, ContactName: "Team of " + s.name, Email: s.login.email, Mobile: "+4915112345672", Country: "DE", TimeZone: s.company.zone}
	order.Funding, order.Method = s.funding, models.ByPassword
	account, err := f.accounts.AddSubAccount(f.ctx, admin, order)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	s.id = account.ID
	return f.activate(account)
}

// activate makes a Pending account Active with everybody's password, without walking through its mails.
func (f *founder) activate(a models.Account) error {
	for _, sql := range []string{
		`UPDATE accounts SET status = 'active', activated_at = created_at WHERE tenant_id = $1 AND id = $2`,
		`UPDATE activations SET ended_at = created_at WHERE tenant_id = $1 AND account_id = $2`,
	} {
		if _, err := f.raw.Exec(f.ctx, sql, a.TenantID, a.ID); err != nil {
			return err
		}
	}
	_, err := f.raw.Exec(f.ctx, `UPDATE users SET password_hash = $3, password_temporary = false WHERE tenant_id = $1 AND account_id = $2`, a.TenantID, a.ID, f.hash)
	return err
}

// actor is the Admin of an account.
func (f *founder) actor(a models.Account, email string) (models.Actor, error) {
	user, err := f.people.UserByEmail(f.ctx, email)
	return models.Actor{Tenant: a.TenantID, Account: a.ID, Kind: a.Kind, User: user.ID, Email: email, Role: models.Admin, Home: a.TenantID, HomeAcct: a.ID,
		Privileges: models.PrivilegesOf(a.Kind, models.Admin, nil)}, err
}
