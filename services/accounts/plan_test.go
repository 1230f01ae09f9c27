package accounts_test

import (
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

// stopAll deactivates every sub-account of the cast's company.
func stopAll(t *testing.T, w *storetest.World, c storetest.Company) {
	t.Helper()
	for _, sub := range []models.ID{c.Own.Account.ID, c.Shared.Account.ID} {
		_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, sub, "plan")
		must(t, err)
	}
}

// BAL-7: who may not, plans that are none, lines that are none, and a change while sub-accounts are Active or Pending: the
// refusal says how many and who, and nothing changes.
func TestChangePlanRefused(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	unchanged(t, w, func() {
		for what, r := range map[string]struct {
			actor  models.Actor
			parent models.ID
			plan   models.Plan
			credit string
			want   error
			field  string
		}{
			"by the parent":         {c.Admin.Actor, c.ID, models.PostPay, "10", models.ErrMissingPrivilege, ""},
			"by nobody":             {models.Actor{}, c.ID, models.PostPay, "10", models.ErrMissingPrivilege, ""},
			"to nothing":            {w.Sam.Actor, c.ID, "", "10", models.ErrCheckFields, "plan"},
			"to what it is":         {w.Sam.Actor, c.ID, models.PrePay, "", models.ErrCheckFields, "plan"},
			"of a sub-account":      {w.Sam.Actor, c.Own.Account.ID, models.PostPay, "", accounts.ErrNoSuchAccount, ""},
			"of the operator":       {w.Sam.Actor, w.Sam.Account.ID, models.PostPay, "", accounts.ErrNoSuchAccount, ""},
			"of nobody":             {w.Sam.Actor, models.NewID(), models.PostPay, "", accounts.ErrNoSuchAccount, ""},
			"a line that is none":   {w.Sam.Actor, c.ID, models.PostPay, "1e9", models.ErrCheckFields, "plan_credit"},
			"a line below zero":     {w.Sam.Actor, c.ID, models.PostPay, "-1", models.ErrCheckFields, "plan_credit"},
			"a line of pre-pay":     {w.Sam.Actor, w.Harbor.ID, models.PrePay, "10", models.ErrCheckFields, "plan_credit"},
			"while two are in use":  {w.Sam.Actor, c.ID, models.PostPay, "10", accounts.ErrPlanInUse, ""},
			"while they are, there": {w.Sam.Actor, w.Harbor.ID, models.PrePay, "", accounts.ErrPlanInUse, ""},
		} {
			err := w.Accounts.ChangePlan(ctx, r.actor, r.parent, r.plan, r.credit)
			if refused(t, err, r.want, r.field); r.want == accounts.ErrPlanInUse && !strings.Contains(err.Error(), "2 sub-accounts are in use: ") {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	stopAll(t, w, c)
	for _, name := range []string{"A", "B", "C", "D", "E", "F"} {
		w.AddPending(t, c, name+" Ward", strings.ToLower(name)+"@clinic.example")
	}
	unchanged(t, w, func() {
		err := w.Accounts.ChangePlan(ctx, w.Sam.Actor, c.ID, models.PostPay, "")
		if refused(t, err, accounts.ErrPlanInUse, ""); !strings.Contains(err.Error(), "6 sub-accounts are in use: A Ward, B Ward, C Ward, D Ward, E Ward and 1 more") {
			t.Errorf("%v", err)
		}
	})
}

// BAL-7: with all sub-accounts deactivated the plan changes, with its credit line, and back only when nothing of it is in use.
func TestChangePlan(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	stopAll(t, w, c)
	must(t, w.Accounts.ChangePlan(ctx, w.Sam.Actor, c.ID, models.PostPay, "500"))
	got := show(t, w, c, c.ID)
	if got.Plan != models.PostPay || got.Balance.Credit.Text() != "500.00" || got.Balance.Available().Text() != "1500.00" {
		t.Errorf("%s, %+v", got.Plan, got.Balance)
	}
	_, err := w.Ledger.Charge(ctx, w.Sam.Actor.In(c.ID), ledger.ChargeOrder{Account: c.ID, Kind: ledger.MessageUsage, Country: "DE", Quantity: 1, Parts: 1,
		Amount: storetest.Euros(t, "1000.01"), Reference: "a"})
	must(t, err)
	unchanged(t, w, func() {
		err := w.Accounts.ChangePlan(ctx, w.Sam.Actor, c.ID, models.PrePay, "")
		if refused(t, err, ledger.ErrCreditInUse, "plan"); !strings.Contains(saying(err, "plan"), "0.01 EUR") {
			t.Errorf("%v", err)
		}
	})
	_, err = w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: c.ID, Amount: storetest.Euros(t, "0.01"), Reference: "SEPA 2"})
	must(t, err)
	must(t, w.Accounts.ChangePlan(ctx, w.Sam.Actor, c.ID, models.PrePay, ""))
	if got := show(t, w, c, c.ID); got.Plan != models.PrePay || !got.Balance.Credit.IsZero() {
		t.Errorf("%s, %+v", got.Plan, got.Balance)
	}
}

// BAL-4, BAL-7: a monthly limit of a deactivated sub-account fits the plan when it is activated again: of a post-pay parent it
// caps and nothing is moved, of a pre-pay one it is moved and caps nothing.
func TestLimitFitsTheNewPlan(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	sub := c.Own.Account
	must(t, w.Accounts.SetFunding(ctx, c.Admin.Actor, sub.ID, show(t, w, c, sub.ID).Version, models.FundingTerms{Funding: models.MonthlyLimit, Limit: "40"}))
	capOf := func() (limit *int64) {
		must(t, w.Raw.QueryRow(ctx, `SELECT cap_month FROM wallets WHERE account_id = $1 AND kind = 'spent'`, sub.ID).Scan(&limit))
		return limit
	}
	if w.BalanceOf(t, sub).Text() != "40.00" || capOf() != nil {
		t.Fatalf("pre-pay: %s, %v", w.BalanceOf(t, sub), capOf())
	}
	for range 2 {
		_, _ = w.Accounts.Deactivate(ctx, c.Admin.Actor, c.Shared.Account.ID, "plan")
		_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, sub.ID, "plan")
		must(t, err)
		must(t, w.Accounts.ChangePlan(ctx, w.Sam.Actor, c.ID, models.PostPay, "10"))
		must(t, w.Accounts.Reactivate(ctx, c.Admin.Actor, sub.ID))
		if limit := capOf(); !w.BalanceOf(t, sub).IsZero() || limit == nil || *limit != 40_000_000 {
			t.Errorf("post-pay: %s, %v", w.BalanceOf(t, sub), limit)
		}
		_, err = w.Accounts.Deactivate(ctx, c.Admin.Actor, sub.ID, "plan")
		must(t, err)
		must(t, w.Accounts.ChangePlan(ctx, w.Sam.Actor, c.ID, models.PrePay, ""))
		must(t, w.Accounts.Reactivate(ctx, c.Admin.Actor, sub.ID))
		if w.BalanceOf(t, sub).Text() != "40.00" || capOf() != nil {
			t.Errorf("pre-pay again: %s, %v", w.BalanceOf(t, sub), capOf())
		}
	}
}

// BAL-7: of a change of the plan and a sub-account that is added or activated at the same moment, never both were made for the old
// plan: whoever comes second sees the first.
func TestChangePlanRaces(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	sub := c.Own.Account
	must(t, w.Accounts.SetFunding(ctx, c.Admin.Actor, sub.ID, show(t, w, c, sub.ID).Version, models.FundingTerms{Funding: models.MonthlyLimit, Limit: "40"}))
	stopAll(t, w, c)
	plans := []models.Plan{models.PostPay, models.PrePay}
	for round := range 12 {
		to := plans[round%2]
		var switched, added error
		done := make(chan struct{}, 2)
		go func() {
			switched = w.Accounts.ChangePlan(ctx, w.Sam.Actor, c.ID, to, "")
			done <- struct{}{}
		}()
		go func() {
			if round%4 < 2 {
				added = w.Accounts.Reactivate(ctx, c.Admin.Actor, sub.ID)
			} else {
				_, added = w.Accounts.AddSubAccount(ctx, c.Admin.Actor, order(func(o *accounts.SubAccountOrder) {
					o.AccountName, o.Email, o.Funding, o.Limit = "Round Ward", "round@clinic.example", models.MonthlyLimit, "25"
				}))
			}
			done <- struct{}{}
		}()
		<-done
		<-done
		plan := show(t, w, c, c.ID).Plan
		switch {
		case switched == nil && plan != to:
			t.Fatalf("round %d: it is %s", round, plan)
		case switched != nil:
			refused(t, switched, accounts.ErrPlanInUse, "")
		}
		if added != nil {
			refused(t, added, accounts.ErrPlanChanged, "")
		}
		// what is in use fits the plan that is: a cap, or money
		var unfit int
		must(t, w.Raw.QueryRow(ctx, `SELECT count(*) FROM accounts a JOIN wallets s ON s.account_id = a.id AND s.kind = 'spent' JOIN wallets b ON b.account_id = a.id AND b.kind = 'balance'
			WHERE a.tenant_id = $1 AND a.kind = 'sub' AND a.status IN ('active', 'pending') AND a.funding = 'limit' AND ((s.cap_month IS NOT NULL) <> ($2 = 'post_pay') OR (b.balance = 0) <> ($2 = 'post_pay'))`,
			c.ID, string(plan)).Scan(&unfit))
		if unfit != 0 {
			t.Fatalf("round %d to %s: switched %v, added %v, and %d do not fit %s", round, to, switched, added, unfit, plan)
		}
		var inUse []models.ID
		rows, err := w.Raw.Query(ctx, `SELECT id FROM accounts WHERE tenant_id = $1 AND kind = 'sub' AND status IN ('active', 'pending')`, c.ID)
		must(t, err)
		for rows.Next() {
			var id models.ID
			must(t, rows.Scan(&id))
			inUse = append(inUse, id)
		}
		for _, id := range inUse {
			_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, id, "next round")
			must(t, err)
			if id != sub.ID {
				_, err = w.Accounts.Delete(ctx, c.Admin.Actor, id, "Round Ward")
				must(t, err)
			}
		}
		if plan != to { // the next round changes it again
			must(t, w.Accounts.ChangePlan(ctx, w.Sam.Actor, c.ID, to, ""))
		}
	}
}
