package accounts

import (
	"context"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/funding"
	"offshoot/services/ledger"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// longestTrial is how far away the last day of a trial may be.
const longestTrial = 5 // years

// checkTrialDay reads the last day of a trial.
func checkTrialDay(p *models.Problems, text string) models.Day {
	text = strings.TrimSpace(text)
	if text == "" {
		p.Add("trial_until", "Say which is the last day of the trial.")
		return models.Day{}
	}
	day, ok := models.ParseDay(text)
	if !ok {
		p.Add("trial_until", "Enter a day like 2026-12-31.")
	}
	return day
}

// trialEnd is the first moment after the last day of a trial, in the time zone that the sub-account will have; nil for no
// trial. Who leaves the day as it was on an account that is there, before, may leave one that is past. It refuses, at
// trial_until, what is no day, one that is past, and one that is years away.
func trialEnd(now time.Time, t models.TrialTerms, zone string, before models.Account) (*time.Time, error) {
	if !t.On {
		return nil, nil
	}
	var p models.Problems
	day := checkTrialDay(&p, t.Until)
	if p.Err() != nil {
		return nil, p.Err()
	}
	in := models.Account{TimeZone: zone}.Zone()
	today := models.DayOf(now, in)
	if before.TrialEndsAt != nil && day == trialDay(before) && (zone == before.TimeZone || day.Before(today)) {
		return before.TrialEndsAt, nil
	}
	end := day.AddDays(1).Start(in)
	switch {
	case !now.Before(end):
		p.Add("trial_until", "This day is past. Choose today or a later day.")
	case (models.Day{Year: today.Year + longestTrial, Month: today.Month, Day: today.Day}).Before(day):
		p.Add("trial_until", "Choose a day within the next five years.")
	}
	return &end, p.Err()
}

func trialDay(a models.Account) models.Day {
	return models.Trial{EndsAt: a.TrialEndsAt}.LastDay(a.Zone())
}

// trialText is a trial as the action log keeps it.
func trialText(a models.Account) string {
	if a.TrialEndsAt == nil {
		return "none"
	}
	return "until " + trialDay(a).String()
}

func sameMoment(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// setTrial gives an account that this transaction has locked another end of its trial, or none. Whoever was told of the
// old one is told of the new one too.
func (s *Service) setTrial(ctx context.Context, tx *store.Tx, before, after models.Account) error {
	if sameMoment(before.TrialEndsAt, after.TrialEndsAt) {
		return nil
	}
	tx.Queue(`UPDATE accounts SET trial_ends_at = $3, trial_warned_at = NULL, trial_over_told_at = NULL WHERE tenant_id = $1 AND id = $2`,
		tx.Actor.Tenant, after.ID, after.TrialEndsAt)
	trial, err := trialOf(tx, before)
	if err != nil || !trial.Ended(tx.Now) {
		return err
	}
	trial.EndsAt = after.TrialEndsAt
	if trial.Ended(tx.Now) {
		return nil
	}
	if err := funding.AnswerRequest(ctx, tx, after.ID); err != nil || after.Funding != models.MonthlyLimit || after.Status != models.Active {
		return err
	}
	parent, err := accountByID(tx, tx.Actor.Tenant)
	if err != nil {
		return err
	}
	return funding.Resumed(ctx, tx, parent, after.ID)
}

// holdForTrial takes, before the account's row, the balances of an account with a monthly limit: if it is its trial that
// stopped it, this month's is given when the trial goes on.
func holdForTrial(ctx context.Context, tx *store.Tx, sub models.ID) error {
	a, err := accountByID(tx, sub)
	if err != nil || a.TrialEndsAt == nil || a.Funding != models.MonthlyLimit {
		return err
	}
	_, err = ledger.NewRound(ctx, tx, []models.ID{sub})
	return err
}

// trialOf is the trial of an account of the actor's tenant.
func trialOf(tx *store.Tx, a models.Account) (models.Trial, error) {
	trial := models.Trial{EndsAt: a.TrialEndsAt}
	if a.TrialEndsAt == nil {
		return trial, nil
	}
	var row struct{ CreditedAt *time.Time }
	err := tx.Raw(`SELECT credited_at FROM wallets WHERE tenant_id = ? AND account_id = ? AND kind = 'balance'`, tx.Actor.Tenant, a.ID).Scan(&row).Error
	trial.CreditedAt = row.CreditedAt
	return trial, err
}

// trialNotice is how long before the end of a trial its people are told.
const trialNotice = 3 * 24 * time.Hour

// trialsAtOnce is how many one look takes; the next finds the rest.
const trialsAtOnce = 500

// selectTrials finds trials whose end is near, or past, and of which nobody was told. One that money has come to since is
// left alone, and so is an account that nobody can sign in to: it is told when it is active again.
const selectTrials = `SELECT a.tenant_id, a.id FROM accounts a
	JOIN accounts p ON p.tenant_id = a.tenant_id AND p.id = a.tenant_id AND p.status = 'active'
	LEFT JOIN wallets w ON w.tenant_id = a.tenant_id AND w.account_id = a.id AND w.kind = 'balance'
	WHERE a.trial_ends_at IS NOT NULL AND a.status = 'active' AND (w.credited_at IS NULL OR w.credited_at < a.trial_ends_at)
	AND (a.trial_ends_at <= @now AND a.trial_over_told_at IS NULL
		OR a.trial_ends_at > @now AND a.trial_ends_at <= @near AND a.trial_warned_at IS NULL)
	ORDER BY a.trial_ends_at, a.id LIMIT @most`

// RemindOfTrials tells the people of each sub-account whose trial ends within three days, once; and when it has ended, once
// more, and its parent too. It returns how many it told of. For: a periodic job.
func (s *Service) RemindOfTrials(ctx context.Context) (int, error) {
	told := 0
	for {
		var due []struct{ TenantID, ID models.ID }
		now := s.store.Now()
		err := s.store.Survey(ctx, models.System(models.NoID), func(_ context.Context, tx *store.Tx) error {
			return tx.Raw(selectTrials, map[string]any{"now": now, "near": now.Add(trialNotice), "most": trialsAtOnce}).Scan(&due).Error
		})
		if err != nil {
			return told, err
		}
		for _, d := range due {
			_, err := s.store.Change(ctx, models.System(d.TenantID), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
				return s.remindOfTrial(ctx, tx, d.ID)
			})
			if err == errUnchanged || err == ErrNoSuchAccount { // meanwhile somebody else did, or it was changed
				continue
			}
			if err != nil {
				return told, err
			}
			told++
		}
		if len(due) < trialsAtOnce {
			return told, nil
		}
	}
}

func (s *Service) remindOfTrial(ctx context.Context, tx *store.Tx, sub models.ID) (models.Event, error) {
	a, err := lockSubAccount(tx, sub)
	if err != nil {
		return models.Event{}, err
	}
	trial, err := trialOf(tx, a)
	if err != nil {
		return models.Event{}, err
	}
	var row struct{ TrialWarnedAt, TrialOverToldAt *time.Time }
	err = tx.Raw(`SELECT trial_warned_at, trial_over_told_at FROM accounts WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, sub).Scan(&row).Error
	if err != nil {
		return models.Event{}, err
	}
	parent, err := accountByID(tx, tx.Actor.Tenant)
	if err != nil {
		return models.Event{}, err
	}
	if a.Status != models.Active || parent.Status != models.Active {
		return models.Event{}, errUnchanged
	}
	event := models.Event{Account: sub, Details: map[string]string{"until": trialDay(a).String()}}
	link := s.installation.Link("/trial-ended")
	switch {
	case trial.Ended(tx.Now) && row.TrialOverToldAt == nil:
		event.Action = models.TrialEnded
		tx.Queue(`UPDATE accounts SET trial_over_told_at = $3 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, sub, tx.Now)
		if err := notify.Mail(ctx, tx, notify.TrialEnded(s.installation, a, parent.Name, trialDay(a), link)); err != nil {
			return models.Event{}, err
		}
		return event, notify.Mail(ctx, tx, notify.TrialEndedUnder(s.installation, parent, a, trialDay(a), s.installation.Link("/sub-accounts/"+sub.String())))
	case trial.Running(tx.Now) && row.TrialWarnedAt == nil && !tx.Now.Before(a.TrialEndsAt.Add(-trialNotice)):
		event.Action = models.TrialEnding
		tx.Queue(`UPDATE accounts SET trial_warned_at = $3 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, sub, tx.Now)
		return event, notify.Mail(ctx, tx, notify.TrialEnding(s.installation, a, parent.Name, trialDay(a), s.installation.Link("/sign-in")))
	}
	return models.Event{}, errUnchanged
}
