package accounts

import (
	"context"
	"errors"
	"slices"
	"strings"

	"offshoot/models"
	"offshoot/services/funding"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// SubAccountOrder asks for a new sub-account.
type SubAccountOrder struct {
	Details
	Privileges     []models.Privilege
	Funding        models.Funding
	StartingAmount string // with own balance; empty: none
	Limit          string // with a monthly limit
	Priority       string // likewise; empty: the usual one
	CapDay         string // with a shared balance; empty: no cap
	CapMonth       string
	Method         models.ActivationMethod // how its user proves the e-mail
	Key            string                  // one-time key of the form
}

func (o *SubAccountOrder) check(currency string, methods []models.ActivationMethod) (funding.Terms, error) {
	var p models.Problems
	o.Details = o.Details.check(&p)
	checkPrivileges(&p, o.Privileges)
	terms := funding.Check(&p, models.FundingTerms{Funding: o.Funding, Start: o.StartingAmount, Limit: o.Limit, Priority: o.Priority,
		CapDay: o.CapDay, CapMonth: o.CapMonth}, currency)
	if !slices.Contains(methods, o.Method) {
		p.Add("method", "Choose how the sub-account signs in.")
	}
	return terms, p.Err()
}

// AddSubAccount creates a sub-account, its user and wallets, moves the starting amount or its limit of this month, and sends the activation mail and
// the code. It returns the account, Pending.
// For: a parent's Admins. Refuses: missing privilege; the feature not enabled; wrong fields; a name or e-mail that is
// taken; more than is available. Repeated under the same key it returns the account it made.
func (s *Service) AddSubAccount(ctx context.Context, actor models.Actor, order SubAccountOrder) (models.Account, error) {
	parent, terms, err := s.mayAdd(ctx, actor, &order, models.ByPassword, models.ByLink)
	if err != nil {
		return models.Account{}, err
	}
	proof, err := s.newProof(ctx, order.Method)
	if err != nil {
		return models.Account{}, err
	}
	account, _, err := s.add(ctx, actor, parent, order, terms, proof)
	return account, err
}

// AddAndHandOver is AddSubAccount with nothing sent (ACC-5): the account is Active at once, and its user signs in with a
// password that comes back here, once, to be handed over; it must be replaced at the first sign-in. An empty one is made
// up. Repeated under the same key no password comes back.
// For: a parent's Admins. Refuses as AddSubAccount, and at password what identity.CheckNewPassword refuses.
func (s *Service) AddAndHandOver(ctx context.Context, actor models.Actor, order SubAccountOrder, password string) (models.Handover, error) {
	parent, terms, err := s.mayAdd(ctx, actor, &order, models.ByHand)
	if wrong, ok := err.(*models.Error); ok && wrong.Is(models.ErrCheckFields) && password != "" { // all sentences at once
		if saying := sayingAt(identity.CheckNewPassword(password, order.Email, order.ContactName, order.AccountName), "password"); saying != "" {
			err = wrong.At("password", saying)
		}
	}
	if err != nil {
		return models.Handover{}, err
	}
	chosen, hash, err := s.people.PasswordToHandOver(ctx, password, order.Email, order.ContactName, order.AccountName)
	if err != nil {
		return models.Handover{}, err
	}
	account, repeated, err := s.add(ctx, actor, parent, order, terms, proof{method: models.ByHand, password: chosen, passwordHash: hash})
	if err != nil {
		return models.Handover{}, err
	}
	given := models.Handover{Account: account, SignIn: s.installation.Link("/sign-in"), Name: account.ContactName, Email: account.Email, Password: chosen}
	if repeated {
		given.Password = ""
	}
	return given, nil
}

// mayAdd says whether the actor may add that sub-account, and returns the actor's account and how the new one is funded. It
// leaves the order as it was read.
func (s *Service) mayAdd(ctx context.Context, actor models.Actor, order *SubAccountOrder, methods ...models.ActivationMethod) (models.Account, funding.Terms, error) {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return models.Account{}, funding.Terms{}, err
	}
	parent, err := s.own(ctx, actor)
	if err != nil {
		return models.Account{}, funding.Terms{}, err
	}
	if parent.SubAccountsEnabled == nil {
		return models.Account{}, funding.Terms{}, ErrFeatureOff
	}
	terms, err := order.check(parent.Currency, methods)
	return parent, terms, err
}

func (s *Service) add(ctx context.Context, actor models.Actor, parent models.Account, order SubAccountOrder, terms funding.Terms, proof proof) (_ models.Account, repeated bool, _ error) {
	var account models.Account
	done, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (event models.Event, err error) {
		account = models.Account{TenantID: actor.Tenant, ID: models.NewID(), Kind: models.Sub, Funding: order.Funding,
			Currency: parent.Currency, Status: models.Pending, CreatedAt: tx.Now}
		if proof.method == models.ByHand {
			now := tx.Now
			account.Status, account.ActivatedAt = models.Active, &now
		}
		if err := s.create(ctx, tx, &account, order.Details, models.Zero(parent.Currency), proof); err != nil {
			return models.Event{}, err
		}
		grant(tx, account.ID, order.Privileges)
		event = models.Event{Action: models.SubAccountAdded, Account: account.ID,
			Details: terms.Details()}
		event.Details["funding"], event.Details["privileges"], event.Details["method"] = string(order.Funding), list(order.Privileges), string(proof.method)
		return event, funding.Enter(ctx, tx, parent, account.ID, terms)
	}, store.Once(order.Key, order))
	if err == nil && done.Repeated {
		account, err = s.Account(ctx, actor, done.Account)
	}
	return account, done.Repeated, err
}

// create writes what every new account has: its row, its user, its wallets and, unless a password is handed over, its
// activation.
func (s *Service) create(ctx context.Context, tx *store.Tx, a *models.Account, d Details, credit models.Money, proof proof) error {
	a.Name, a.ContactName, a.Email, a.Mobile, a.Country, a.TimeZone = d.AccountName, d.ContactName, d.Email, d.Mobile, d.Country, d.TimeZone
	a.Version = 1
	row := tx.Exec(`INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency,
			status, funding, plan, created_at, activated_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
		a.TenantID, a.ID, a.Kind, a.Name, a.ContactName, a.Email, a.Mobile, a.Country, a.TimeZone, a.Currency,
		a.Status, a.Funding, a.Plan, a.CreatedAt, a.ActivatedAt)
	if row.Error != nil {
		return row.Error
	}
	if row.RowsAffected == 0 {
		return ErrNameTaken.At("account_name", ErrNameTaken.Message)
	}
	user, err := identity.AddUser(ctx, tx, identity.NewUser{Account: a.ID, Name: a.ContactName, Email: a.Email,
		Role: models.Admin, Owner: true, PasswordHash: proof.passwordHash, Temporary: true})
	if err != nil {
		return err
	}
	ledger.OpenWallets(tx, *a, credit)
	if proof.method == models.ByHand {
		return nil
	}
	return s.activation(ctx, tx, *a, user.ID, proof)
}

// EditOrder asks for changes of a sub-account's details.
type EditOrder struct {
	SubAccount models.ID
	Version    int // that the form was made of
	Details        // the e-mail is not read: it cannot change (ACC-3)
}

// EditSubAccount changes contact name, mobile, country and time zone; the account name too while the account is Pending.
// For: a parent's Admins. Refuses: missing privilege; no such sub-account; wrong fields; a form older than the last
// change (ErrStale); a name that is taken. What changes nothing is not logged.
func (s *Service) EditSubAccount(ctx context.Context, actor models.Actor, order EditOrder) (models.Account, error) {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return models.Account{}, err
	}
	var edited models.Account
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		before, err := lockSubAccount(tx, order.SubAccount)
		if err != nil {
			return models.Event{}, err
		}
		if before.Version != order.Version {
			return models.Event{}, ErrStale
		}
		d := order.Details
		d.Email = before.Email
		if before.ActivatedAt != nil {
			d.AccountName = before.Name
		}
		var p models.Problems
		if d = d.check(&p); p.Err() != nil {
			return models.Event{}, p.Err()
		}
		edited = before
		if d == detailsOf(before) {
			return models.Event{}, errUnchanged
		}
		edited.Name, edited.ContactName, edited.Mobile, edited.Country, edited.TimeZone = d.AccountName, d.ContactName, d.Mobile, d.Country, d.TimeZone
		edited.Version++
		err = tx.Exec(`UPDATE accounts SET name = ?, contact_name = ?, mobile = ?, country = ?, time_zone = ?, version = version + 1
			WHERE tenant_id = ? AND id = ?`, edited.Name, edited.ContactName, edited.Mobile, edited.Country, edited.TimeZone,
			tx.Actor.Tenant, edited.ID).Error
		if store.Violates(err, "accounts_name_key") {
			err = ErrNameTaken.At("account_name", ErrNameTaken.Message)
		}
		if err == nil && edited.ActivatedAt == nil && edited.Mobile != before.Mobile {
			err = s.replaceCode(ctx, tx, edited) // the old one went to a number that is no longer theirs
		}
		return models.Event{Action: models.SubAccountEdited, Account: edited.ID, Details: changes(before, edited)}, err
	})
	return edited, unlessUnchanged(err)
}

func detailsOf(a models.Account) Details {
	return Details{AccountName: a.Name, ContactName: a.ContactName, Email: a.Email, Mobile: a.Mobile, Country: a.Country, TimeZone: a.TimeZone}
}

// errUnchanged ends a change that would change nothing, so that the action log does not tell of it.
var errUnchanged = errors.New("accounts: nothing to change")

func unlessUnchanged(err error) error {
	if err == errUnchanged {
		return nil
	}
	return err
}

func changes(before, after models.Account) map[string]string {
	found := map[string]string{}
	note := func(what, was, is string) {
		if was != is {
			found[what] = was + " → " + is
		}
	}
	note("account name", before.Name, after.Name)
	note("contact name", before.ContactName, after.ContactName)
	note("mobile number", before.Mobile, after.Mobile)
	note("country", before.Country, after.Country)
	note("time zone", before.TimeZone, after.TimeZone)
	return found
}

// SetPrivileges grants a sub-account exactly the given privileges. Open sessions have them at their next request.
// For: a parent's Admins. Refuses: missing privilege; an unknown one; no such sub-account; a stale form. What changes
// nothing is not logged.
func (s *Service) SetPrivileges(ctx context.Context, actor models.Actor, sub models.ID, version int, wanted []models.Privilege) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	var p models.Problems
	if checkPrivileges(&p, wanted); p.Err() != nil {
		return p.Err()
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		a, err := lockSubAccount(tx, sub)
		if err != nil {
			return models.Event{}, err
		}
		if a.Version != version {
			return models.Event{}, ErrStale
		}
		before, err := granted(tx, sub)
		if err != nil {
			return models.Event{}, err
		}
		if list(before) == list(wanted) {
			return models.Event{}, errUnchanged
		}
		tx.Queue(`DELETE FROM privileges WHERE tenant_id = $1 AND account_id = $2`, tx.Actor.Tenant, sub)
		grant(tx, sub, wanted)
		newVersion(tx, sub)
		return models.Event{Action: models.PrivilegesChanged, Account: sub,
			Details: map[string]string{"privileges": list(wanted), "before": list(before)}}, nil
	})
	return unlessUnchanged(err)
}

// SetFunding changes out of which pocket a sub-account's usage is paid, or the terms of that. What the old way left goes back to
// the parent; a monthly limit of a pre-pay parent is moved at once, of one that is raised the difference, and of one that is
// cut what is unused goes back, up to the difference.
// For: a parent's Admins. Refuses: missing privilege; wrong terms; no such sub-account; a stale form; a deactivated account; at
// limit, more than is available. What changes nothing is not logged.
func (s *Service) SetFunding(ctx context.Context, actor models.Actor, sub models.ID, version int, typed models.FundingTerms) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		parent, err := accountByID(tx, tx.Actor.Tenant)
		if err != nil {
			return models.Event{}, err
		}
		var p models.Problems
		terms := funding.Check(&p, typed, parent.Currency)
		if p.Err() != nil {
			return models.Event{}, p.Err()
		}
		round, err := ledger.NewRound(ctx, tx, []models.ID{sub}) // wallets before accounts, as everywhere
		if err != nil {
			return models.Event{}, err
		}
		a, err := lockSubAccount(tx, sub)
		if err != nil {
			return models.Event{}, err
		}
		if a.Version != version {
			return models.Event{}, ErrStale
		}
		if a.Status == models.Deactivated {
			return models.Event{}, ledger.ErrAccountClosed
		}
		event, err := funding.Switch(ctx, tx, round, parent, a, terms)
		if err != nil {
			return models.Event{}, err
		}
		if event == nil {
			return models.Event{}, errUnchanged
		}
		round.Post()
		tx.Queue(`UPDATE accounts SET funding = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, sub, string(terms.Funding))
		return *event, nil
	})
	return unlessUnchanged(err)
}

func grant(tx *store.Tx, account models.ID, wanted []models.Privilege) {
	for _, p := range slices.Compact(slices.Sorted(slices.Values(wanted))) {
		tx.Queue(`INSERT INTO privileges (tenant_id, account_id, privilege) VALUES ($1, $2, $3)`, tx.Actor.Tenant, account, string(p))
	}
}

func newVersion(tx *store.Tx, account models.ID) {
	tx.Queue(`UPDATE accounts SET version = version + 1 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, account)
}

// list is privileges as the action log keeps them.
func list(privileges []models.Privilege) string {
	names := make([]string, 0, len(privileges))
	for _, g := range models.GrantablePrivileges {
		if slices.Contains(privileges, g.Privilege) {
			names = append(names, g.Label)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// sentence is the message of one of our refusals.
func sentence(err error) string {
	if e, ok := err.(*models.Error); ok {
		return e.Message
	}
	return err.Error()
}

// sayingAt is the sentence that a refusal has for a field; empty where it has none, or is no refusal.
func sayingAt(err error, field string) string {
	var refused *models.Error
	if !errors.As(err, &refused) {
		return ""
	}
	return refused.Fields[field]
}
