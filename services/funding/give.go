package funding

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// MoneyArrived gives to those of a parent's sub-accounts that wait for this month's limit, in the parent's order of priority,
// as far as what it has now goes. Whoever still waits is given when the next money comes.
// For: the job ledger.MoneyArrived.
func (s *Service) MoneyArrived(ctx context.Context, tenant models.ID) error {
	return s.repeat(ctx, tenant, s.giveShort)
}

// giveDue gives those whose month has started their limit, or finds that they are short. The one that finds nobody due any
// more ends the month start: the log tells of it and, where somebody is short, the parent's Admins are told.
func (s *Service) giveDue(ctx context.Context, tx *store.Tx) (more bool, err error) {
	parent, period, err := running(ctx, tx)
	if err != nil || parent.Status != models.Active {
		return false, err
	}
	ids, err := pick(ctx, tx, `SELECT account_id FROM month_starts WHERE tenant_id = $1 AND period = $2 AND state = 'due'
		ORDER BY priority, set_at, account_id LIMIT $3`, tx.Actor.Tenant, period, chunk)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	round, err := ledger.NewRound(ctx, tx, ids)
	if err != nil {
		return false, err
	}
	done, err := give(ctx, tx, round, period, models.MonthDue, ids)
	if err != nil || !done {
		return true, err
	}
	return true, s.end(ctx, tx, parent, period)
}

// giveShort gives those who are short, and whose whole limit is there now. When there is nobody, it has the next money that
// comes in wake it.
func (s *Service) giveShort(ctx context.Context, tx *store.Tx) (more bool, err error) {
	parent, period, err := running(ctx, tx)
	if err != nil || parent.Status != models.Active {
		return false, err
	}
	const fitting = `SELECT account_id FROM month_starts WHERE tenant_id = $1 AND period = $2 AND state = 'short' AND amount - granted <= $3
		ORDER BY priority, set_at, account_id LIMIT $4`
	available, waiting, err := askWaiting(ctx, tx, period)
	if err != nil || !waiting {
		return false, err
	}
	ids, err := pick(ctx, tx, fitting, tx.Actor.Tenant, period, available.Micros(), chunk)
	if err != nil {
		return false, err
	}
	round, err := ledger.NewRound(ctx, tx, ids)
	if err != nil {
		return false, err
	}
	if len(ids) > 0 {
		_, err = give(ctx, tx, round, period, models.MonthShort, ids)
		return true, err
	}
	// from here on no money comes in unseen
	if ids, err = pick(ctx, tx, fitting, tx.Actor.Tenant, period, round.Available().Micros(), 1); err != nil || len(ids) > 0 {
		return true, err
	}
	ledger.WakeOnCredit(tx)
	return false, nil
}

// running is the actor's parent and the month that runs for its limits: the latest that was started, or that of its calendar.
func running(ctx context.Context, tx *store.Tx) (models.Account, string, error) {
	parent, err := readParent(ctx, tx)
	if err != nil {
		return parent, "", err
	}
	period := periodAt(tx.Now, parent)
	askLatest(tx, models.NoID, &period)
	return parent, period, tx.Answers(ctx)
}

// askWaiting is what the parent has, and whether anybody is short.
func askWaiting(ctx context.Context, tx *store.Tx, period string) (available models.Money, waiting bool, err error) {
	err = tx.Rows(ctx, func(rows pgx.Rows) error {
		var asset string
		var spare int64
		_, err := pgx.ForEachRow(rows, []any{&asset, &spare, &waiting}, func() error { available = models.FromMicros(spare, asset); return nil })
		return err
	}, `SELECT asset, balance - coalesce(floor, 0), EXISTS (SELECT 1 FROM month_starts WHERE tenant_id = $1 AND period = $2 AND state = 'short')
		FROM wallets WHERE tenant_id = $1 AND account_id = $1 AND kind = 'balance'`, tx.Actor.Tenant, period)
	return available, waiting, err
}

// want is what a sub-account waits for.
type want struct {
	account models.ID
	amount  models.Money
	used    bool // it is in use
	state   models.MonthStartState
}

// decide says who is given what it waits for: in their order, whoever's whole amount is still there. It returns what is left.
// The month start and its rehearsal both ask it.
func decide(available models.Money, wants []want) models.Money {
	for i := range wants {
		w := &wants[i]
		switch {
		case !w.used:
			w.state = models.MonthStopped
		case available.Less(w.amount):
			w.state = models.MonthShort
		default:
			w.state, available = models.MonthFunded, available.Sub(w.amount)
		}
	}
	return available
}

// give decides for some that are in a state, and moves what they are given. It returns whether nobody is in that state any more.
func give(ctx context.Context, tx *store.Tx, round *ledger.Round, period string, state models.MonthStartState, ids []models.ID) (done bool, err error) {
	wants, err := lockWants(ctx, tx, period, state, ids)
	if err != nil {
		return false, err
	}
	decide(round.Available(), wants)
	var account []models.ID
	var became []string
	var given []int64
	for _, w := range wants {
		if w.state == state { // it goes on waiting
			continue
		}
		moved := int64(0)
		if w.state == models.MonthFunded {
			if w.amount.IsPositive() {
				if _, err := round.Give(w.account, w.amount, limitNote(period)); err != nil {
					return false, err
				}
			}
			moved = w.amount.Micros()
		}
		account, became, given = append(account, w.account), append(became, string(w.state)), append(given, moved)
	}
	round.Post()
	tx.Queue(`UPDATE month_starts s SET state = x.state, granted = s.granted + x.given, funded_at = CASE WHEN x.state = 'funded' THEN $6 ELSE s.funded_at END
		FROM unnest($3::uuid[], $4::text[], $5::bigint[]) x(account, state, given)
		WHERE s.tenant_id = $1 AND s.account_id = x.account AND s.period = $2`, tx.Actor.Tenant, period, account, became, given, tx.Now)
	done = len(account) > 0
	tx.Ask(func(rows pgx.Rows) error {
		done = !rows.Next() && done
		return nil
	}, `SELECT 1 FROM month_starts WHERE tenant_id = $1 AND period = $2 AND state = $3 LIMIT 1`, tx.Actor.Tenant, period, string(state))
	return done, tx.Answers(ctx)
}

// lockWants takes the rows of those who are still in a state.
func lockWants(ctx context.Context, tx *store.Tx, period string, state models.MonthStartState, ids []models.ID) (wants []want, err error) {
	err = tx.Rows(ctx, func(rows pgx.Rows) error {
		var w want
		var asset string
		var amount int64
		_, err := pgx.ForEachRow(rows, []any{&w.account, &asset, &amount, &w.used}, func() error {
			w.amount = models.FromMicros(max(amount, 0), asset)
			wants = append(wants, w)
			return nil
		})
		return err
	}, `SELECT s.account_id, s.asset, s.amount - s.granted, l.account_id IS NOT NULL AND w.closed_at IS NULL AND `+inUse+`
		FROM month_starts s
		JOIN accounts a ON a.tenant_id = s.tenant_id AND a.id = s.account_id
		JOIN wallets w ON w.tenant_id = s.tenant_id AND w.account_id = s.account_id AND w.kind = 'balance'
		LEFT JOIN monthly_limits l ON l.tenant_id = s.tenant_id AND l.account_id = s.account_id
		WHERE s.tenant_id = $1 AND s.period = $2 AND s.state = $4 AND s.account_id = ANY($5)
		ORDER BY s.priority, s.set_at, s.account_id FOR NO KEY UPDATE OF s`, tx.Actor.Tenant, period, tx.Now, string(state), ids)
	return wants, err
}

// end writes what became of a month start into the log, and tells the parent's Admins when somebody is short.
func (s *Service) end(ctx context.Context, tx *store.Tx, parent models.Account, period string) error {
	now, err := countStates(ctx, tx, parent, period)
	if err != nil {
		return err
	}
	short := now.Counts[models.MonthShort]
	event := models.Event{Action: models.MonthStarted, Account: parent.ID, Details: map[string]string{"period": inWords(period),
		"funded": strconv.Itoa(now.Counts[models.MonthFunded]), "short": strconv.Itoa(short)}}
	if short > 0 {
		event.Details["missing"] = now.Missing.String()
		ledger.WakeOnCredit(tx)
	}
	if err := tx.Log(event); err != nil || short == 0 {
		return err
	}
	admins, err := adminsOf(ctx, tx)
	if err != nil {
		return err
	}
	for _, admin := range admins {
		to := models.Account{ID: parent.ID, Name: parent.Name, ContactName: admin.Name, Email: admin.Email}
		if err := notify.Mail(ctx, tx, notify.MonthShort(s.installation, to, inWords(period), short, now.Missing, s.installation.Link("/month-start?month=this"))); err != nil {
			return err
		}
	}
	return nil
}

func adminsOf(ctx context.Context, tx *store.Tx) (admins []models.User, err error) {
	err = tx.Rows(ctx, func(rows pgx.Rows) error {
		var u models.User
		_, err := pgx.ForEachRow(rows, []any{&u.Name, &u.Email}, func() error { admins = append(admins, u); return nil })
		return err
	}, `SELECT name, email FROM users WHERE tenant_id = $1 AND account_id = $1 AND role = 'admin' AND disabled_at IS NULL ORDER BY email`, tx.Actor.Tenant)
	return admins, err
}

// countStates is how a month has started: how many are in each state, and what those who wait are owed.
func countStates(ctx context.Context, tx *store.Tx, parent models.Account, period string) (models.MonthNow, error) {
	now := models.MonthNow{Period: period, Plan: parent.Plan, Counts: map[models.MonthStartState]int{}, Owed: models.Zero(parent.Currency), Missing: models.Zero(parent.Currency)}
	tx.Ask(func(rows pgx.Rows) error {
		var spare int64
		_, err := pgx.ForEachRow(rows, []any{&spare}, func() error { now.Available = models.FromMicros(spare, parent.Currency); return nil })
		return err
	}, `SELECT balance - coalesce(floor, 0) FROM wallets WHERE tenant_id = $1 AND account_id = $1 AND kind = 'balance'`, tx.Actor.Tenant)
	tx.Ask(func(rows pgx.Rows) error {
		var state models.MonthStartState
		var n int
		var owed string // more than a bigint holds, perhaps
		_, err := pgx.ForEachRow(rows, []any{&state, &n, &owed}, func() error {
			now.Counts[state] = n
			if state != models.MonthShort && state != models.MonthDue {
				return nil
			}
			micros, err := decimal.NewFromString(owed)
			now.Owed.Amount = now.Owed.Amount.Add(micros.Shift(-6))
			return err
		})
		return err
	}, `SELECT state, count(*), sum(greatest(amount - granted, 0))::text FROM month_starts WHERE tenant_id = $1 AND period = $2 GROUP BY state`, tx.Actor.Tenant, period)
	if err := tx.Answers(ctx); err != nil {
		return now, err
	}
	if missing := now.Owed.Sub(now.Available); missing.IsPositive() {
		now.Missing = missing
	}
	return now, nil
}
