package ledger

import (
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// purse is all that an account may pay with, in the order in which it does (MSG-2): units that are its own or were given to
// it, the package that ends first first; units that its parent shares with everybody, likewise; then the balance that its
// funding says.
type purse struct {
	account      models.ID
	tenant       models.ID
	status       models.AccountStatus
	parentStatus models.AccountStatus
	spent        models.ID // its wallet of kind spent
	counts       counted   // what it drew from its parent's balance, as it was read
	trialEnds    *time.Time
	credited     *time.Time
	frozen       bool
	pockets      []*pocket
}

// pocket is one wallet that may pay.
type pocket struct {
	wallet    models.ID
	payer     models.ID
	asset     string
	spare     int64     // as it was read
	pkg       models.ID // NoID: a balance
	name      string    // of the package
	countries []string  // none: everywhere
	ends      time.Time
}

// covers says whether a package is good for messages to a country.
func (p *pocket) covers(country string) bool {
	return len(p.countries) == 0 || slices.Contains(p.countries, country)
}

// needs is what an item takes out of the pocket.
func (p *pocket) needs(i Item) models.Money {
	if p.pkg != models.NoID {
		return models.Units(i.Parts, p.pkg)
	}
	return i.Price
}

// considered is a pocket that was looked at, and the rule by which it cannot pay.
type considered struct {
	*pocket
	spare int64
	why   refusal
}

type refusal string

const (
	pays          refusal = ""
	hasEnded      refusal = "ended"
	doesNotCover  refusal = "not_covered"
	overCap       refusal = "cap"
	hasTooLittle  refusal = "too_little"
	otherCurrency refusal = "currency"
)

// choose decides which pocket pays an item: the first that can pay the whole of it. spare says what a pocket has left at
// this point, counts what the account has drawn from its parent's balance by then. It tells of every pocket up to that one why it cannot pay; the last one that it looked at pays, unless it is
// refused too. Everything that charges messages, or explains why they were refused, asks it.
func (p *purse) choose(now time.Time, i Item, counts counted, spare func(*pocket) int64) []considered {
	looked := make([]considered, 0, len(p.pockets))
	for _, at := range p.pockets {
		c := considered{pocket: at, spare: spare(at)}
		isPackage := at.pkg != models.NoID
		needs := at.needs(i)
		_, over := counts.over(needs.Micros())
		switch {
		case isPackage && !now.Before(at.ends):
			c.why = hasEnded
		case isPackage && !at.covers(i.Country):
			c.why = doesNotCover
		case needs.Asset != at.asset:
			c.why = otherCurrency
		case over && p.isDrawn(at):
			c.why = overCap
		case c.spare < needs.Micros():
			c.why = hasTooLittle
		}
		looked = append(looked, c)
		if c.why == pays {
			break
		}
	}
	return looked
}

// isDrawn says whether a pocket is the parent's balance, for what a sub-account takes out of it is capped.
func (p *purse) isDrawn(at *pocket) bool { return at.pkg == models.NoID && at.payer != p.account }

// stopped refuses an account that may not use anything at some moment: by its parent's state or its own, because its parent's
// books are frozen, or because its trial is over.
func (p *purse) stopped(now time.Time) *models.Error {
	if refused := p.inactive(); refused != nil {
		return refused
	}
	switch {
	case p.frozen:
		return ErrFrozen
	case models.TrialOver(now, p.trialEnds, p.credited):
		return ErrTrialEnded
	}
	return nil
}

func (p *purse) inactive() *models.Error {
	switch {
	case p.status == "":
		return ErrNoSuchAccount
	case p.account != p.tenant && p.parentStatus != models.Active:
		return ErrNotCharging.Saying("The parent account is not active, so its sub-accounts cannot use anything. Support can activate it again.")
	case p.status == models.Active:
		return nil
	case p.status == models.Pending:
		return ErrNotCharging.Saying("This account is not activated yet and cannot use anything. It is active once its user has signed in for the first time.")
	case p.account == p.tenant:
		return ErrNotCharging.Saying("This account is deactivated and cannot use anything. Support can activate it again.")
	}
	return ErrNotCharging.Saying("This account is deactivated and cannot use anything. Its parent account can activate it again.")
}

// refuses is the refusal of an item that no pocket pays: by the rule of the last one, which is the balance, and who can help. It
// never tells a sub-account what its parent has.
func (p *purse) refuses(i Item, counts counted, looked []considered) *models.Error {
	if len(looked) == 0 {
		return ErrNoSuchAccount
	}
	last := looked[len(looked)-1]
	if last.why == otherCurrency {
		return ErrWrongCurrency
	}
	if last.why == overCap {
		return counts.refuses(last.needs(i).Micros())
	}
	units := ""
	if len(looked) > 1 {
		units = "No package has units for this, and "
	}
	var says string
	switch {
	case p.account == p.tenant:
		says = fmt.Sprintf("%sit costs %s where only %s is available. Add credit to the balance.", units, i.Price, models.FromMicros(last.spare, last.asset))
	case last.payer == p.account:
		says = fmt.Sprintf("%sit costs %s where only %s is available. The parent account can transfer more.", units, i.Price, models.FromMicros(last.spare, last.asset))
	default:
		says = units + "the balance that this account shares with its parent account is not enough. The parent account can add credit."
	}
	return ErrInsufficientBalance.Saying(capital(says))
}

func capital(sentence string) string {
	if sentence[0] >= 'a' && sentence[0] <= 'z' {
		return string(sentence[0]-'a'+'A') + sentence[1:]
	}
	return sentence
}

// readPurses asks for the purses of some accounts; they are there with the transaction's next answer. Packages that ended, or
// have nothing left, are left out, but for those of the last thirty days when all are asked for, which is for explaining.
func readPurses(tx *store.Tx, accounts []models.ID, all bool) map[models.ID]*purse {
	purses := map[models.ID]*purse{}
	tenant, since := tx.Actor.Tenant, tx.Now
	for _, id := range accounts {
		purses[id] = &purse{account: id, tenant: tenant}
	}
	if all {
		since = since.AddDate(0, 0, -30)
	}
	tx.Ask(func(rows pgx.Rows) error {
		var u pocket
		var public bool
		_, err := pgx.ForEachRow(rows, []any{&u.wallet, &u.payer, &u.asset, &u.spare, &u.pkg, &u.name, &u.countries, &u.ends, &public}, func() error {
			for id, p := range purses {
				if id == u.payer || public && u.payer == tenant {
					copied := u
					copied.countries = slices.Clone(u.countries)
					p.pockets = append(p.pockets, &copied)
				}
			}
			return nil
		})
		for id, p := range purses { // they come in the order of their end
			slices.SortStableFunc(p.pockets, func(a, b *pocket) int {
				switch {
				case a.payer == id && b.payer != id:
					return -1
				case a.payer != id && b.payer == id:
					return 1
				}
				return 0
			})
		}
		return err
	}, selectUnits, tenant, accounts, since, all)
	askPayers(tx, purses, accounts)
	return purses
}

// readPayers is readPurses for usage that no package pays: the one pocket is a balance.
func readPayers(tx *store.Tx, accounts []models.ID) map[models.ID]*purse {
	purses := map[models.ID]*purse{}
	for _, id := range accounts {
		purses[id] = &purse{account: id, tenant: tx.Actor.Tenant}
	}
	askPayers(tx, purses, accounts)
	return purses
}

// askPayers asks for what state the accounts are in, and for the last of their pockets.
func askPayers(tx *store.Tx, purses map[models.ID]*purse, accounts []models.ID) {
	tx.Ask(func(rows pgx.Rows) error {
		var id models.ID
		var found purse
		var b pocket
		c := &found.counts
		_, err := pgx.ForEachRow(rows, []any{&id, &found.status, &found.parentStatus, &found.trialEnds, &found.credited, &found.frozen, &found.spent,
			&c.CapDay, &c.CapMonth, &c.Day, &c.DayAfter, &c.MonthAfter, &c.DrawnDay, &c.DrawnMonth, &c.Zone, &b.wallet, &b.payer, &b.asset, &b.spare}, func() error {
			p, balance := purses[id], b
			p.status, p.parentStatus, p.trialEnds, p.credited, p.frozen = found.status, found.parentStatus, found.trialEnds, found.credited, found.frozen
			p.spent, p.counts = found.spent, found.counts
			p.pockets = append(p.pockets, &balance)
			return nil
		})
		return err
	}, selectPayers, tx.Actor.Tenant, accounts)
}

// An account's state, its wallet of kind spent with what that counts, and the balance that pays for it, by the rule of
// models.Funding.DrawsFrom.
const selectPayers = `SELECT a.id, a.status, p.status, a.trial_ends_at, CASE WHEN a.trial_ends_at IS NOT NULL THEN
			(SELECT credited_at FROM wallets o WHERE o.tenant_id = a.tenant_id AND o.account_id = a.id AND o.kind = 'balance' AND o.asset = a.currency) END,
		EXISTS (SELECT FROM freezes WHERE tenant_id = $1), s.id, s.cap_day, s.cap_month, s.counted_day, s.day_after, s.month_after, s.drawn_day, s.drawn_month,
		CASE WHEN a.id <> $1 THEN p.time_zone END, b.id, b.account_id, b.asset, b.balance - coalesce(b.floor, 0)
	FROM accounts a
	JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.tenant_id
	JOIN wallets s ON s.tenant_id = a.tenant_id AND s.account_id = a.id AND s.kind = 'spent' AND s.asset = a.currency
	JOIN wallets b ON b.tenant_id = a.tenant_id AND b.kind = 'balance' AND b.asset = a.currency
		AND b.account_id = CASE WHEN a.funding = 'shared' OR a.funding = 'limit' AND p.plan = 'post_pay' THEN a.tenant_id ELSE a.id END
	WHERE a.tenant_id = $1 AND a.id = ANY($2)`

// Units of the accounts, and those of their parent that everybody may use.
const selectUnits = `SELECT w.id, w.account_id, w.asset, w.balance, p.id, p.name, p.countries::text[], p.expires_at, s.id IS NOT NULL
	FROM wallets w
	JOIN packages p ON p.tenant_id = w.tenant_id AND p.id = w.package_id
	LEFT JOIN sharings s ON s.tenant_id = p.tenant_id AND s.id = p.id AND s.kind = 'package' AND s.setting = 'public' AND w.account_id = w.tenant_id
	WHERE w.tenant_id = $1 AND w.kind = 'units' AND w.account_id = ANY($1 || $2::uuid[]) AND (w.balance > 0 OR $4)
		AND p.expires_at > $3 AND (w.account_id = ANY($2) OR s.id IS NOT NULL)
	ORDER BY p.expires_at, p.id`
