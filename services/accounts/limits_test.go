package accounts_test

import (
	"fmt"
	"testing"

	"offshoot/models"
	"offshoot/services/storetest"
)

// ACC-8, BAL-3, BAL-4: the list shows of each sub-account what is used of its limit or its caps, of this month and this day of
// its parent's calendar, and nothing of another's.
func TestListLimits(t *testing.T) {
	w := storetest.WorldOn(t, storetest.Unchecked(t)) // 20 November 2026, 10:30 in Berlin and 18:30 in Tokyo
	few := w.AddActive(t, w.Clinic, "Day Ward", "day@clinic.example").Account
	for _, c := range []struct {
		sql  string
		args []any
	}{
		{`UPDATE accounts SET funding = 'limit' WHERE id = ANY($1)`, []any{[]models.ID{few.ID, w.Clinic.Own.Account.ID, w.Harbor.Own.Account.ID}}},
		{`INSERT INTO monthly_limits (tenant_id, account_id, asset, amount, priority, period, set_at) SELECT tenant_id, id, currency, 50000000, 100, '2026-11', now() FROM accounts WHERE funding = 'limit'`, nil},
		{`INSERT INTO month_starts (tenant_id, account_id, period, state, asset, amount, most, priority, set_at, granted, started_at)
			SELECT tenant_id, account_id, p, CASE WHEN account_id = $1 THEN 'short' ELSE 'funded' END, asset, amount, amount, priority, now(), CASE WHEN account_id = $1 THEN 0 ELSE 50000000 END, now()
			FROM monthly_limits, unnest(ARRAY['2026-10', '2026-11']) p`, []any{few.ID}},
		{`UPDATE wallets SET balance = 12500000 WHERE kind = 'balance' AND account_id = $1`, []any{w.Clinic.Own.Account.ID}},
		{`UPDATE wallets SET cap_day = 5000000, cap_month = 40000000, counted_day = '2026-11-19', drawn_day = 2000000, drawn_month = 10000000 WHERE kind = 'spent' AND account_id = $1`, []any{w.Clinic.Shared.Account.ID}},
		{`UPDATE wallets SET cap_month = 40000000, counted_day = '2026-11-20', drawn_day = 2000000, drawn_month = 10000000 WHERE kind = 'spent' AND account_id = $1`, []any{w.Harbor.Own.Account.ID}},
	} {
		_, err := w.Raw.Exec(ctx, c.sql, c.args...)
		must(t, err)
	}
	for _, c := range []struct {
		of   storetest.Company
		want string
	}{
		{w.Clinic, "Day Ward: 0.00 of 50.00 EUR short; Night Ward: 10.00 of 40.00 EUR, 0.00 of 5.00 EUR today, draws; North Clinic: 37.50 of 50.00 EUR; "},
		{w.Harbor, "Lighthouse: draws; Pier One: 10 of 40 JPY, draws; "}, // post-pay: limits draw
	} {
		said := ""
		for _, r := range list(t, w, c.of, models.AccountQuery{}).Rows {
			said += r.Name + ":"
			for i, l := range r.Limits {
				said += fmt.Sprintf("%s %s of %s", map[bool]string{true: ","}[i > 0], l.Used.Text(), l.Amount)
				said += map[bool]string{true: " short"}[l.Short] + map[bool]string{true: " today"}[l.Daily]
			}
			said += map[bool]string{true: map[bool]string{true: ", draws", false: " draws"}[len(r.Limits) > 0]}[r.Draws] + "; "
		}
		if said != c.want {
			t.Errorf("%s lists %s", c.of.Name, said)
		}
	}
	if got := names(list(t, w, w.Clinic, models.AccountQuery{Funding: models.MonthlyLimit})); got != "Day Ward, North Clinic" {
		t.Errorf("with a limit are %s", got)
	}
}
