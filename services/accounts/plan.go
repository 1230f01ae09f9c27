package accounts

import (
	"context"
	"fmt"
	"strings"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
)

var (
	// ErrPlanInUse is the refusal to change a plan while sub-accounts are in use (BAL-7).
	ErrPlanInUse = &models.Error{Kind: models.Conflict, Code: "plan_in_use",
		Message: "The plan cannot be changed while sub-accounts are in use. Deactivate them first."}
	// ErrPlanChanged is for a sub-account that is added or activated in the moment in which the plan changes.
	ErrPlanChanged = &models.Error{Kind: models.Conflict, Code: "plan_changed",
		Message: "Your plan was changed at this moment, and with it what sub-accounts can be funded by. Look at the form again and save it once more."}
)

// ChangePlan makes a pre-pay parent post-pay, with a credit line, or the other way round (BAL-7). Sub-accounts that are
// deactivated meanwhile have returned everything; activated again, a monthly limit is moved or caps, as the new plan has it.
// For: staff who manage parents. Refuses, in order: missing privilege; an unknown plan; no such parent; the plan that it has; a credit line
// of a pre-pay account, and what is no amount; while sub-accounts are Active or Pending, ErrPlanInUse, which names some; to
// pre-pay while the balance is below zero.
func (s *Service) ChangePlan(ctx context.Context, actor models.Actor, parent models.ID, plan models.Plan, credit string) error {
	if err := actor.Require(models.ManageParents); err != nil {
		return err
	}
	if plan != models.PrePay && plan != models.PostPay {
		return models.ErrCheckFields.At("plan", "Choose how the account pays.")
	}
	_, err := s.store.Change(ctx, actor.In(parent), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		found, err := accountByID(tx, parent)
		if err == nil && found.Kind != models.Parent {
			err = ErrNoSuchAccount
		}
		if err != nil {
			return models.Event{}, err
		}
		line := models.Zero(found.Currency)
		switch {
		case found.Plan == plan:
			return models.Event{}, models.ErrCheckFields.At("plan", "It is "+strings.ToLower(plan.Label())+" already.")
		case plan == models.PrePay && strings.TrimSpace(credit) != "":
			return models.Event{}, models.ErrCheckFields.At("plan_credit", "Only a post-pay account has a credit line.")
		case strings.TrimSpace(credit) != "":
			if line, err = models.ParseAmount(credit, found.Currency); err != nil {
				return models.Event{}, models.ErrCheckFields.At("plan_credit", sentence(err))
			}
		}
		if err := noneInUse(tx); err != nil { // the reason that people meet, before anybody waits
			return models.Event{}, err
		}
		// the balance before the account, as everywhere; whoever activates a sub-account holds it too
		if err := ledger.SetCreditLine(ctx, tx, parent, line); err != nil {
			return models.Event{}, planRefusal(err, plan)
		}
		a, err := lockAccount(tx, parent)
		if err != nil {
			return models.Event{}, err
		}
		if a.Plan != found.Plan { // somebody else was first
			return models.Event{}, models.ErrCheckFields.At("plan", "It is "+strings.ToLower(plan.Label())+" already.")
		}
		if err := noneInUse(tx); err != nil {
			return models.Event{}, err
		}
		tx.Queue(`UPDATE accounts SET plan = $2, version = version + 1 WHERE tenant_id = $1 AND id = $1`, parent, string(plan))
		event := models.Event{Action: models.PlanChanged, Account: parent, Details: map[string]string{"plan": string(plan), "before": string(a.Plan)}}
		if plan == models.PostPay {
			event.Amount = &line
		}
		return event, nil
	})
	return err
}

// planRefusal puts what the credit line refuses beside the field of the plan.
func planRefusal(err error, plan models.Plan) error {
	said := sayingAt(err, "credit")
	if said == "" {
		return err
	}
	if plan == models.PrePay {
		return ledger.ErrCreditInUse.At("plan", said+" Record money received first: a pre-pay balance is not below zero.")
	}
	return ledger.ErrCreditInUse.At("plan_credit", said)
}

// namedInUse is how many sub-accounts a refusal names.
const namedInUse = 5

// noneInUse refuses with ErrPlanInUse while the tenant has sub-accounts that are Active or Pending: those can become Active
// without anybody but themselves.
func noneInUse(tx *store.Tx) error {
	var names []string
	err := tx.Raw(`SELECT name FROM accounts WHERE tenant_id = ? AND kind = 'sub' AND status IN ('active', 'pending') ORDER BY name_key, id LIMIT ?`,
		tx.Actor.Tenant, namedInUse).Scan(&names).Error
	if err != nil || len(names) == 0 {
		return err
	}
	var all int
	err = tx.Raw(`SELECT count(*) FROM accounts WHERE tenant_id = ? AND kind = 'sub' AND status IN ('active', 'pending')`, tx.Actor.Tenant).Scan(&all).Error
	if err != nil {
		return err
	}
	said := strings.Join(names, ", ")
	if all > len(names) {
		said += fmt.Sprintf(" and %d more", all-len(names))
	}
	what := "sub-accounts are in use"
	if all == 1 {
		what = "sub-account is in use"
	}
	return ErrPlanInUse.Saying(fmt.Sprintf("%d %s: %s. They have to be deactivated before the plan can be changed.", all, what, said))
}

// keepsPlan makes sure that the parent's plan stays, until this transaction commits, what a new sub-account was made for;
// a change of the plan waits for it, and then sees the sub-account. It comes last, after the wallets: see ChangePlan. It refuses
// with ErrPlanChanged.
func keepsPlan(tx *store.Tx, plan models.Plan) error {
	var now models.Plan
	err := tx.Raw(`SELECT plan FROM accounts WHERE tenant_id = ? AND id = ? FOR SHARE`, tx.Actor.Tenant, tx.Actor.Tenant).Scan(&now).Error
	if err == nil && now != plan {
		return ErrPlanChanged
	}
	return err
}
