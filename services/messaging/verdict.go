package messaging

import (
	"context"
	"fmt"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/billing"
	"offshoot/services/ledger"
	"offshoot/services/senders"
	"offshoot/services/store"
)

// The rules that decide whether an account may send, in the order in which they are asked.
const (
	ruleOwnState    = "own_state"
	ruleParentState = "parent_state"
	ruleTrial       = "trial"
	ruleFeature     = "feature_access"
	ruleSender      = "sender_not_usable"
	ruleOptOut      = "opted_out"
	rulePrice       = "no_price"
	ruleUnits       = "units"
	ruleCap         = "cap"
	ruleBalance     = "insufficient_balance"
)

// question is one message that an account would send.
type question struct {
	account models.ID
	sender  models.ID // NoID: the registered mobile
	against []models.ID
	number  string // "": whoever it is
	country string
	parts   int64
}

// account is what the rules know of who would send.
type accountOf struct {
	Kind         models.AccountKind
	Name         string
	Status       models.AccountStatus
	Funding      models.Funding
	Currency     string
	TrialEndsAt  *time.Time
	CreditedAt   *time.Time
	ParentName   string
	ParentStatus models.AccountStatus
	ParentPlan   models.Plan
	ParentZone   string
	Access       models.FeatureAccess // to Messages
}

// verdictOf asks every rule of one message. It is the one place that knows them all: a start that is refused and the reason
// of a blocked send are its first broken rule, the page Why was this blocked? shows all of it. Figures are those that the
// actor may see.
func verdictOf(ctx context.Context, tx *store.Tx, q question) (models.Verdict, error) {
	var a accountOf
	found := tx.Raw(`SELECT a.kind, a.name, a.status, coalesce(a.funding, '') AS funding, a.currency, a.trial_ends_at, b.credited_at,
			p.name AS parent_name, p.status AS parent_status, p.plan AS parent_plan, p.time_zone AS parent_zone, coalesce(f.access, 'full') AS access
		FROM accounts a JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.tenant_id
		LEFT JOIN wallets b ON b.tenant_id = a.tenant_id AND b.account_id = a.id AND b.kind = 'balance' AND b.asset = a.currency
		LEFT JOIN feature_access f ON f.tenant_id = a.tenant_id AND f.account_id = a.id AND f.feature = 'messages'
		WHERE a.tenant_id = ? AND a.id = ?`, tx.Actor.Tenant, q.account).Scan(&a)
	if found.Error != nil {
		return models.Verdict{}, found.Error
	}
	if found.RowsAffected == 0 {
		return models.Verdict{}, ledger.ErrNoSuchAccount
	}
	v := models.Verdict{Rules: []models.Rule{a.ownState(), a.parentState(), a.trial(tx.Now), a.feature()}}
	sender, err := senderRule(tx, q)
	if err != nil {
		return v, err
	}
	optOut, err := optOutRule(ctx, tx, q)
	if err != nil {
		return v, err
	}
	price, each, err := priceRule(tx, q, a)
	if err != nil {
		return v, err
	}
	v.Rules = append(v.Rules, sender, optOut, price)
	money, err := moneyRules(ctx, tx, q, a, each, price.Holds)
	v.Rules = append(v.Rules, money.units, money.cap, money.balance)
	return v, err
}

func (a accountOf) isSub() bool { return a.Kind == models.Sub }

func (a accountOf) ownState() models.Rule {
	r := models.Rule{Code: ruleOwnState, Name: "State of the account", Holds: a.Status == models.Active, Says: a.Name + " is active."}
	if !r.Holds {
		r.Says, r.Who = fmt.Sprintf("%s is %s and cannot send.", a.Name, strings.ToLower(a.Status.Label())), "An Admin of "+a.ParentName+" can activate it."
		if !a.isSub() {
			r.Who = "The operator of this portal can activate it."
		}
	}
	return r
}

func (a accountOf) parentState() models.Rule {
	r := models.Rule{Code: ruleParentState, Name: "State of the parent account", Holds: a.ParentStatus == models.Active, Says: a.ParentName + " is active."}
	if !r.Holds {
		r.Says, r.Who = a.ParentName+" is deactivated, which stops all its sub-accounts.", "The operator of this portal can activate it."
	}
	r.Moot = !a.isSub()
	return r
}

func (a accountOf) trial(now time.Time) models.Rule {
	r := models.Rule{Code: ruleTrial, Name: "Trial", Holds: !models.TrialOver(now, a.TrialEndsAt, a.CreditedAt), Moot: a.TrialEndsAt == nil}
	if r.Moot {
		r.Says = a.Name + " is not on trial."
		return r
	}
	zone := models.Account{TimeZone: a.ParentZone}.Zone()
	ends := a.TrialEndsAt.In(zone).Format("2 January 2006 at 15:04") + " (" + zone.String() + ")"
	switch {
	case !r.Holds:
		r.Says, r.Who = fmt.Sprintf("The trial of %s ended on %s.", a.Name, ends), "It can send again as soon as credit is added to it. An Admin of "+a.ParentName+" can do that, or let the trial go on."
	case now.Before(*a.TrialEndsAt):
		r.Says = fmt.Sprintf("Its trial goes on until %s.", ends)
	default:
		r.Says = "Credit was added after its trial."
	}
	return r
}

func (a accountOf) feature() models.Rule {
	r := models.Rule{Code: ruleFeature, Name: "Access to Messages", Holds: a.Access == models.FullAccess, Says: "Its people may send messages.", Moot: !a.isSub()}
	if !r.Holds {
		r.Says = fmt.Sprintf("The part Messages of its menu is %s, so nobody there can send.", strings.ToLower(a.Access.Label()))
		r.Who = "An Admin of " + a.ParentName + " can change that under Privileges."
	}
	return r
}

func senderRule(tx *store.Tx, q question) (models.Rule, error) {
	r := models.Rule{Code: ruleSender, Name: "Sender ID"}
	sender, err := senders.MayUse(tx, q.account, q.sender)
	if refused, is := asRule(err); is {
		r.Code, r.Says = refused.Code, refused.Message
		return r, nil
	}
	r.Holds, r.Says = true, "It may send from "+sender.Name+"."
	return r, err
}

func optOutRule(ctx context.Context, tx *store.Tx, q question) (models.Rule, error) {
	r := models.Rule{Code: ruleOptOut, Name: "Opt-out", Holds: true, Moot: q.number == "", Says: q.number + " has not opted out."}
	if r.Moot {
		r.Says = "It depends on the number: those who opted out are skipped."
		return r, nil
	}
	out, err := audience.OptedOut(ctx, tx, q.against, []string{q.number})
	if out[q.number] {
		r.Holds, r.Says, r.Who = false, q.number+" has asked not to be written to.", "Only its owner can change that, by answering START."
	}
	return r, err
}

func priceRule(tx *store.Tx, q question, a accountOf) (models.Rule, models.Money, error) {
	name := models.CountryName(q.country)
	r := models.Rule{Code: rulePrice, Name: "Price", Holds: true, Says: name + " has a price."}
	prices, err := billing.PricesAt(tx, a.Currency, tx.Now)
	price, served := prices[q.country]
	if !served {
		r.Holds, r.Says, r.Who = false, "There is no price for messages to "+name+", so none go there.", "The operator of this portal keeps the prices."
	}
	return r, price, err
}

// moneyVerdict is what the rules about money say.
type moneyVerdict struct{ units, cap, balance models.Rule }

// moneyRules are what the ledger would decide. Units are no rule that refuses: what they do not pay, a balance does.
func moneyRules(ctx context.Context, tx *store.Tx, q question, a accountOf, each models.Money, priced bool) (moneyVerdict, error) {
	v := moneyVerdict{models.Rule{Code: ruleUnits, Name: "Units of packages", Holds: true}, models.Rule{Code: ruleCap, Name: "Spending cap", Holds: true},
		models.Rule{Code: ruleBalance, Name: "Balance", Holds: true}}
	if !priced {
		v.notAsked("Not asked, for there is no price.")
		v.units.Moot, v.units.Says = true, v.balance.Says
		return v, nil
	}
	price := models.FromMicros(each.Micros()*q.parts, a.Currency)
	e, err := ledger.Explain(ctx, tx, q.account, ledger.Item{Country: q.country, Parts: q.parts, Price: price})
	if err != nil {
		return v, err
	}
	var why []string
	for _, p := range e.Pockets {
		if p.Package != models.NoID && p.Why != "" {
			why = append(why, strings.TrimSuffix(p.Name, ".")+": "+p.Why)
		}
	}
	switch {
	case e.Paid.Refused == nil && e.Paid.Package != models.NoID:
		v.units.Says = fmt.Sprintf("%s of a package pay for it.", e.Paid.Amount)
		v.notAsked("Not needed: units pay.")
		return v, nil
	case len(why) > 0:
		v.units.Says = "They do not pay for it. " + strings.Join(why, " ")
	default:
		v.units.Says = "No package covers " + models.CountryName(q.country) + ", so the balance pays."
	}
	switch e.Rule {
	case ruleOwnState, ruleParentState, ruleTrial: // said above
		v.notAsked("Not asked, for the account cannot use anything.")
		return v, nil
	case ledger.ErrFrozen.Code:
		v.notAsked("Not asked, for no money moves.")
		v.balance = models.Rule{Code: ledger.ErrFrozen.Code, Name: "Books", Says: "A check of the books of " + a.ParentName + " found a fault, so no money moves.", Who: "Support has been told and clears it up."}
		return v, nil
	}
	v.cap.Moot, v.cap.Says = !a.draws(), "It spends a balance of its own, which has no limit."
	if a.draws() {
		v.cap.Says = "Its spending caps leave room for it."
	}
	if e.Rule == ruleCap {
		v.notAsked("Not asked, for a spending cap is reached.")
		v.cap.Code, v.cap.Moot, v.cap.Holds, v.cap.Says = ledger.ErrCapReached.Code, false, false, e.Pockets[len(e.Pockets)-1].Why
		v.cap.Who = "An Admin of " + a.ParentName + " can change it."
		return v, nil
	}
	from := a.Name
	if a.draws() {
		from = a.ParentName
	}
	v.balance.Says = "The balance of " + from + " pays for it."
	if e.Paid.Refused == nil {
		return v, nil
	}
	v.balance.Holds, v.balance.Says = false, "The balance of "+from+" is not enough for it."
	for _, p := range e.Pockets {
		if p.Package == models.NoID && p.Has != nil {
			v.balance.Says = fmt.Sprintf("The balance of %s has %s, and this takes %s.", from, *p.Has, p.Needs)
		}
	}
	v.balance.Who = whoPays(a)
	return v, nil
}

// notAsked says of the cap and the balance that they do not matter here.
func (v *moneyVerdict) notAsked(because string) {
	v.cap.Moot, v.balance.Moot, v.cap.Says, v.balance.Says = true, true, because, because
}

// draws says whether it spends its parent's balance.
func (a accountOf) draws() bool { return a.isSub() && a.Funding.DrawsFrom(a.ParentPlan) }

func whoPays(a accountOf) string {
	switch {
	case !a.isSub():
		return "Add balance, or buy a package in the Store."
	case a.draws():
		return "An Admin of " + a.ParentName + " can add balance or share units."
	case a.Funding == models.MonthlyLimit:
		return "An Admin of " + a.ParentName + " can raise its monthly limit or share units."
	}
	return "An Admin of " + a.ParentName + " can transfer balance to it or share units."
}

// refusal is a broken rule as an error.
func refusal(r models.Rule) *models.Error {
	return &models.Error{Kind: models.Conflict, Code: r.Code, Message: strings.TrimSpace(r.Says + " " + r.Who)}
}

// Asked is what somebody wants to know of an account: whether it may send from here to there.
type Asked struct {
	Account models.ID // NoID: the actor's own
	Sender  models.ID // NoID: its registered mobile
	To      string    // as typed, in the account's country
	Parts   int64
}

// Explained is the answer, together with what can be chosen from.
type Explained struct {
	Account models.Account
	Senders []models.Sender
	Asked   Asked
	Number  string // the recipient in E.164
	Verdict *models.Verdict
}

// Why says which rules let an account send and which do not (MSG-2). With nothing asked it takes the newest send of the
// account that a rule blocks, where there is one.
// For: those with ViewMessages of their own account, a parent's users of its sub-accounts. Refuses: missing privilege; no such
// account; a number that is none, at the field to; parts out of reach, at the field parts.
func (s *Service) Why(ctx context.Context, actor models.Actor, asked Asked) (Explained, error) {
	own := asked.Account == models.NoID || asked.Account == actor.Account
	needs := models.ViewSubAccounts
	if own {
		needs, asked.Account = models.ViewMessages, actor.Account
	}
	if err := actor.Require(needs); err != nil {
		return Explained{}, err
	}
	x := Explained{Asked: asked}
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		a := &x.Account
		found := tx.Raw(`SELECT tenant_id, id, kind, name, country, status, funding FROM accounts WHERE tenant_id = ? AND id = ? AND status <> 'deleted'`, actor.Tenant, asked.Account).Scan(a)
		if found.Error != nil {
			return found.Error
		}
		if found.RowsAffected == 0 {
			return ledger.ErrNoSuchAccount
		}
		var err error
		if x.Senders, err = senders.Usable(tx, a.ID); err != nil {
			return err
		}
		if asked.To == "" {
			if err := lastBlocked(tx, &x.Asked); err != nil || x.Asked.To == "" {
				return err
			}
		}
		n, problem := audience.ReadNumber(x.Asked.To, a.Country)
		if problem != "" {
			return models.ErrCheckFields.At("to", problem)
		}
		if x.Asked.Parts < 1 || x.Asked.Parts > MaxParts {
			return models.ErrCheckFields.At("parts", fmt.Sprintf("Enter a number from 1 to %d.", MaxParts))
		}
		x.Number = n.E164
		against, err := heldAgainst(tx, sendRow{AccountID: a.ID, SenderID: orNull(x.Asked.Sender)})
		if err != nil {
			return err
		}
		v, err := verdictOf(ctx, tx, question{account: a.ID, sender: x.Asked.Sender, against: against, number: n.E164, country: n.Country, parts: x.Asked.Parts})
		x.Verdict = &v
		return err
	})
	return x, err
}

// lastBlocked asks for the newest send of the account that is blocked, and whom it would have gone to next.
func lastBlocked(tx *store.Tx, asked *Asked) error {
	var row struct {
		SenderID *models.ID
		Parts    int64
		Number   string
	}
	err := tx.Raw(`SELECT s.sender_id, s.parts, r.number FROM sends s
		JOIN LATERAL (SELECT number FROM send_recipients r WHERE r.tenant_id = s.tenant_id AND r.send_id = s.id AND r.position > s.position
			AND r.country IS NOT NULL ORDER BY r.position LIMIT 1) r ON true
		WHERE s.tenant_id = ? AND s.account_id = ? AND s.status = 'blocked' ORDER BY s.id DESC LIMIT 1`, tx.Actor.Tenant, asked.Account).Scan(&row).Error
	if err == nil && row.Number != "" {
		asked.Sender, asked.Parts, asked.To = orNone(row.SenderID), row.Parts, row.Number
	}
	return err
}
