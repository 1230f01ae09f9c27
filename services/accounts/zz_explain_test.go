package accounts_test

import (
	"fmt"
	"testing"
)

func TestZZExplain(t *testing.T) {
	w := listed(t)
	for _, an := range []bool{false, true} {
		if an {
			_, err := w.Store.Pool().Exec(ctx, "ANALYZE")
			must(t, err)
		}
		rows, err := w.Store.Pool().Query(ctx, `EXPLAIN (ANALYZE, COSTS ON, TIMING OFF) SELECT a.id, a.name, a.contact_name, a.email, a.mobile, a.status, a.funding, b.asset, b.balance,
		u.last_login_at, s.last_at, (coalesce(u.last_login_at, '-infinity'))::text AS sort_key FROM accounts a
	JOIN wallets b ON b.tenant_id = a.tenant_id AND b.account_id = a.id AND b.kind = 'balance'
	JOIN wallets s ON s.tenant_id = a.tenant_id AND s.account_id = a.id AND s.kind = 'spent'
	JOIN users u ON u.tenant_id = a.tenant_id AND u.account_id = a.id AND u.owner WHERE a.tenant_id = $1 AND a.kind = 'sub' AND a.status <> 'deleted' ORDER BY coalesce(u.last_login_at, '-infinity') ASC, u.account_id ASC LIMIT 51`, w.Clinic.ID)
		must(t, err)
		for rows.Next() {
			var s string
			must(t, rows.Scan(&s))
			fmt.Println(s)
		}
	}
}
