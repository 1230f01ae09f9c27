package refill

import (
	"context"
	"errors"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

// Note is what a recharge's transfer says in both statements.
const Note = "Auto-recharge"

// together is how many sub-accounts one transaction recharges at most: their parent's balance is held meanwhile.
const together = 100

// recharge looks at some sub-accounts of a tenant, in their order, and recharges those that wait for it. It returns whether the
// parent has anything left. A tenant whose money stands still is left as it is: Turn comes back to it.
func (s *Service) recharge(ctx context.Context, tenant models.ID, subs []models.ID) (left bool, err error) {
	err = s.store.Settle(ctx, tenant, func(ctx context.Context, tx *store.Tx) error {
		set, err := s.take(ctx, tx, subs)
		if err != nil {
			return err
		}
		for _, sub := range subs {
			if r := set.rules[sub]; r != nil {
				if err := set.look(r); err != nil {
					return err
				}
			}
		}
		left = set.round.Available().IsPositive()
		return set.end(ctx)
	})
	if errors.Is(err, ledger.ErrFrozen) || errors.Is(err, ledger.ErrNoSuchAccount) {
		return false, nil
	}
	return left, err
}

// set is some sub-accounts with their rules, whose balances this transaction holds together with their parent's.
type set struct {
	service *Service
	tx      *store.Tx
	round   *ledger.Round
	parent  models.Account
	today   models.Day // by the parent's calendar
	rules   map[models.ID]*following
	paused  []*following // in this transaction, for those who are told
	woken   bool
}

// following is a rule with what it is held against.
type following struct {
	models.RechargeRule
	account models.ID
	name    string
	stopped bool       // the account is not in use
	fall    *models.ID // the open one, if any
	times   int        // today
	spent   models.Money
}

func (f *following) waits() bool { return f.fall != nil }

// followedRow is following as the tables have it.
type followedRow struct {
	Rule    ruleRow `gorm:"embedded"`
	Name    string
	Stopped bool
	Fall    *models.ID
	Times   int
	Spent   int64
}

func (r followedRow) following() *following {
	return &following{RechargeRule: r.Rule.rule(), account: r.Rule.AccountID, name: r.Name, stopped: r.Stopped, fall: r.Fall, times: r.Times,
		spent: models.FromMicros(r.Spent, r.Rule.Asset)}
}

// take holds the balances of some sub-accounts and reads their rules, but for those that are turned off. Refuses with
// ledger.ErrNoSuchAccount when the tenant is none, and with ledger.ErrFrozen.
func (s *Service) take(ctx context.Context, tx *store.Tx, subs []models.ID) (*set, error) {
	round, err := ledger.NewRound(ctx, tx, subs)
	if err != nil {
		return nil, err
	}
	t := &set{service: s, tx: tx, round: round, rules: make(map[models.ID]*following, len(subs))}
	tenant := tx.Actor.Tenant
	if t.parent, err = parentOf(tx); err != nil {
		return nil, err
	}
	t.today = models.DayOf(tx.Now, t.parent.Zone())
	var rows []followedRow
	err = tx.Raw(`SELECT `+ruleColumns+`, a.name, f.id AS fall, d.times, d.spent, a.status NOT IN ('pending', 'active')
			OR coalesce(a.trial_ends_at <= ? AND coalesce(w.credited_at < a.trial_ends_at, true), false) AS stopped
		FROM recharge_rules r
		JOIN accounts a ON a.tenant_id = r.tenant_id AND a.id = r.account_id
		JOIN wallets w ON w.tenant_id = r.tenant_id AND w.account_id = r.account_id AND w.kind = 'balance'
		LEFT JOIN falls f ON f.tenant_id = r.tenant_id AND f.account_id = r.account_id AND f.kind = 'recharge' AND f.ended_at IS NULL
		CROSS JOIN LATERAL (SELECT count(*) AS times, coalesce(sum(amount), 0)::bigint AS spent FROM recharges
			WHERE tenant_id = r.tenant_id AND account_id = r.account_id AND day = ?::date) d
		WHERE r.tenant_id = ? AND r.account_id IN ? AND r.stopped_at IS NULL ORDER BY r.account_id FOR NO KEY UPDATE OF r`,
		tx.Now, day(t.today), tenant, subs).Scan(&rows).Error
	for _, r := range rows {
		t.rules[r.Rule.AccountID] = r.following()
	}
	return t, err
}

// look does what a rule asks for now: it recharges, pauses, ends a pause, or nothing.
func (t *set) look(r *following) error {
	switch {
	case r.Paused == models.PausedByPerson:
		return nil
	case r.waits():
		return t.follow(r)
	case r.Paused == models.PausedShort:
		if t.enough(r) {
			t.goOn(r)
			return nil
		}
		t.wake()
		return nil
	case r.Paused != "" && models.DayOf(*r.PausedAt, t.parent.Zone()).Before(t.today):
		t.goOn(r)
	}
	return nil
}

// follow recharges a sub-account that waits for it, or pauses its rule. Where nothing may move, because the account or its
// parent is not in use, it goes on waiting.
func (t *set) follow(r *following) error {
	balance, open := t.round.Balance(r.account)
	if !open || t.parent.Status != models.Active || r.stopped {
		return nil
	}
	if why := t.why(r); why != "" {
		t.pause(r, why)
		return nil
	}
	if r.Paused != "" {
		t.goOn(r)
	}
	amount := r.Need(balance)
	posted, err := t.round.Recharge(r.account, amount, Note)
	if err != nil {
		return err
	}
	t.tx.Queue(`INSERT INTO recharges (tenant_id, id, account_id, fall_id, transfer_id, asset, amount, day, number, day_amount, most_times, most_amount, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, t.tx.Actor.Tenant, models.NewIDAt(t.tx.Now), r.account, *r.fall, posted.ID, amount.Asset, amount.Micros(),
		day(t.today), r.times+1, r.spent.Add(amount).Micros(), r.MostTimes, r.MostAmount.Micros(), t.tx.Now)
	return nil
}

// why says why a sub-account that waits cannot be recharged now; "" when it can.
func (t *set) why(r *following) models.PauseReason {
	balance, _ := t.round.Balance(r.account)
	need := r.Need(balance)
	switch {
	case r.times >= r.MostTimes:
		return models.PausedTimes
	case r.MostAmount.Less(r.spent.Add(need)):
		return models.PausedAmount
	case t.round.Available().Less(need):
		return models.PausedShort
	}
	return ""
}

// enough says whether the parent has what the next recharge takes.
func (t *set) enough(r *following) bool {
	balance, _ := t.round.Balance(r.account)
	return !t.round.Available().Less(r.Need(balance))
}

// pause notes why a rule is not followed. While it stands for the same reason nobody is told again.
func (t *set) pause(r *following, why models.PauseReason) {
	if why == models.PausedShort {
		t.wake()
	}
	if r.Paused == why {
		return
	}
	r.Paused = why
	pause(t.tx, r.account, why)
	t.paused = append(t.paused, r)
}

func (t *set) goOn(r *following) {
	resume(t.tx, r.account)
	_ = t.tx.Log(models.Event{Action: models.RechargeResumed, Account: r.account, Details: map[string]string{"reason": string(r.Paused)}})
	r.Paused, r.PausedAt = "", nil
}

// wake has the next money that comes in looked at. The parent's balance is held.
func (t *set) wake() {
	if !t.woken {
		ledger.WakeOnCredit(t.tx)
		t.woken = true
	}
}

// end posts the transfers, and tells of the pauses.
func (t *set) end(ctx context.Context) error {
	t.round.Post()
	if len(t.paused) == 0 {
		return nil
	}
	admins, err := adminsOf(t.tx, t.parent)
	if err != nil {
		return err
	}
	for _, r := range t.paused {
		if err := t.tx.Log(models.Event{Action: models.RechargePaused, Account: r.account, Details: map[string]string{"reason": string(r.Paused)}}); err != nil {
			return err
		}
		if err := t.service.tellPaused(ctx, t.tx, admins, r); err != nil {
			return err
		}
	}
	return nil
}
