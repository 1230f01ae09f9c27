package ledger_test

import (
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/storetest"
)

// Always: what the services promise, the database enforces by itself. Each statement goes around them and is refused.
func TestTheDatabaseRefuses(t *testing.T) {
	w := storetest.NewWorld(t)
	c, h := w.Clinic, w.Harbor
	moved, err := give(w, c, storetest.Euros(t, "5"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := message(w, c.Own, storetest.Euros(t, "1"), "r"); err != nil {
		t.Fatal(err)
	}
	own := c.Own.Account.ID
	for name, try := range map[string]struct {
		sql  string
		args []any
		says string
	}{
		"a balance below its floor":    {`UPDATE wallets SET balance = -1 WHERE account_id = $1 AND kind = 'balance'`, []any{own}, "wallets_check"},
		"a balance that is no number":  {`UPDATE wallets SET balance = 'NaN' WHERE account_id = $1 AND kind = 'balance'`, []any{own}, "invalid input syntax for type bigint"},
		"a transfer changed":           {`UPDATE transfers SET note = 'x' WHERE id = $1`, []any{moved.ID}, "append-only"},
		"a transfer deleted":           {`DELETE FROM transfers WHERE id = $1`, []any{moved.ID}, "append-only"},
		"an entry changed":             {`UPDATE entries SET amount = amount + 1 WHERE transfer_id = $1`, []any{moved.ID}, "append-only"},
		"an entry deleted":             {`DELETE FROM entries WHERE transfer_id = $1`, []any{moved.ID}, "append-only"},
		"a charge changed":             {`UPDATE charges SET amount = 2 WHERE account_id = $1`, []any{own}, "append-only"},
		"a log line changed":           {`UPDATE action_log SET user_email = 'nobody' WHERE transfer_id = $1`, []any{moved.ID}, "append-only"},
		"a log line deleted":           {`DELETE FROM action_log WHERE transfer_id = $1`, []any{moved.ID}, "append-only"},
		"a one-sided transfer":         {`INSERT INTO entries SELECT tenant_id, wallet_id, 99, transfer_id, asset, 1, 1, posted_at FROM entries WHERE transfer_id = $1 LIMIT 1`, []any{moved.ID}, "do not sum to zero"},
		"two entries of one number":    {`INSERT INTO entries SELECT * FROM entries WHERE transfer_id = $1 LIMIT 1`, []any{moved.ID}, "entries_pkey"},
		"an entry of no amount":        {`INSERT INTO entries SELECT tenant_id, wallet_id, 99, transfer_id, asset, 0, 1, posted_at FROM entries WHERE transfer_id = $1 LIMIT 1`, []any{moved.ID}, "entries_amount_check"},
		"an entry in another asset":    {`INSERT INTO entries SELECT tenant_id, wallet_id, 99, transfer_id, 'JPY', 1, 1, posted_at FROM entries WHERE transfer_id = $1 LIMIT 1`, []any{moved.ID}, "entries_tenant_id_wallet_id_asset_fkey"},
		"another tenant's wallet":      {`INSERT INTO entries SELECT e.tenant_id, w.id, 99, e.transfer_id, w.asset, 1, 1, e.posted_at FROM entries e, wallets w WHERE e.transfer_id = $1 AND w.tenant_id = $2 LIMIT 1`, []any{moved.ID, h.ID}, "fkey"},
		"another tenant's transfer":    {`INSERT INTO entries SELECT w.tenant_id, w.id, 99, $1, w.asset, 1, 1, now() FROM wallets w WHERE w.tenant_id = $2 LIMIT 1`, []any{moved.ID, h.ID}, "fkey"},
		"a user in another tenant":     {`INSERT INTO users (tenant_id, id, account_id, name, email, role, created_at) VALUES ($1, gen_random_uuid(), $2, 'x', 'x@x', 'admin', now())`, []any{h.ID, own}, "fkey"},
		"a sub-account with no parent": {`UPDATE accounts SET tenant_id = gen_random_uuid() WHERE id = $1`, []any{own}, "fkey"},
		"a reference charged twice":    {`INSERT INTO charges SELECT tenant_id, gen_random_uuid(), account_id, payer_id, transfer_id, kind, country, quantity, parts, asset, amount, reference, charged_at FROM charges WHERE account_id = $1`, []any{own}, "reference"},
		"an e-mail in capitals":        {`UPDATE users SET email = 'X@X' WHERE account_id = $1`, []any{own}, "users_email_check"},
		"one e-mail twice":             {`INSERT INTO login_emails SELECT email, tenant_id, user_id FROM login_emails LIMIT 1`, nil, "login_emails_pkey"},
		"a zone that is the server's":  {`UPDATE accounts SET time_zone = 'Local' WHERE id = $1`, []any{own}, "accounts_time_zone_check"},
		"a cap of nothing":             {`UPDATE wallets SET cap_day = 0 WHERE account_id = $1 AND kind = 'spent'`, []any{own}, "wallets_caps"},
		"a cap below nothing":          {`UPDATE wallets SET cap_month = -1 WHERE account_id = $1 AND kind = 'spent'`, []any{own}, "wallets_caps"},
		"a cap on a balance":           {`UPDATE wallets SET cap_day = 1 WHERE account_id = $1 AND kind = 'balance'`, []any{own}, "wallets_caps"},
		"a threshold of nothing":       {`UPDATE wallets SET low_below = 0 WHERE account_id = $1 AND kind = 'balance'`, []any{own}, "wallets_watched"},
		"a watched record of spending": {`UPDATE wallets SET recharge_below = 1 WHERE account_id = $1 AND kind = 'spent'`, []any{own}, "wallets_watched"},
		"a record of spending wakes":   {`UPDATE wallets SET wakes = true WHERE account_id = $1 AND kind = 'spent'`, []any{own}, "wallets_watched"},
		"a fall that nobody watches":   {`UPDATE wallets SET low_fall = gen_random_uuid() WHERE account_id = $1 AND kind = 'balance'`, []any{own}, "wallets_falls"},
		"two open falls of a kind":     {`INSERT INTO falls SELECT $1, gen_random_uuid(), $2, 'low', 'EUR', 5, 1, now() FROM generate_series(1, 2)`, []any{c.ID, own}, "falls_open_key"},
		"a fall of another tenant's":   {`INSERT INTO falls SELECT $1, gen_random_uuid(), $2, 'low', 'EUR', 5, 1, now()`, []any{h.ID, own}, "fkey"},
		"two operators":                {`INSERT INTO accounts (tenant_id, id, kind, name, contact_name, email, mobile, country, time_zone, currency, status, created_at) SELECT x, x, 'operator', 'x', 'x', 'x', '', 'DE', 'UTC', 'EUR', 'active', now() FROM gen_random_uuid() x`, nil, "accounts_operator_key"},
	} {
		_, err := w.Raw.Exec(ctx, try.sql, try.args...)
		if err == nil || !strings.Contains(err.Error(), try.says) {
			t.Errorf("%s: %v, want %q", name, err, try.says)
		}
	}
	// a transfer is reversed at most once
	insert := `INSERT INTO transfers (tenant_id, id, kind, posted_at, reverses) VALUES ($1, $2, 'reversal', now(), $3)`
	tx, err := w.Raw.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, insert, c.ID, models.NewID(), moved.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, insert, c.ID, models.NewID(), moved.ID); err == nil || !strings.Contains(err.Error(), "transfers_reverses_key") {
		t.Errorf("reversed twice: %v", err)
	}
}

// Always: no column holds a number that is not whole. numeric takes NaN, which is above every floor, and floats lose amounts.
func TestTheDatabaseHoldsWholeNumbers(t *testing.T) {
	w := storetest.NewWorld(t)
	var found string
	err := w.Raw.QueryRow(ctx, `SELECT coalesce(string_agg(table_name || '.' || column_name || ' ' || data_type, ', '), '') FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name NOT LIKE 'river%' AND table_name NOT LIKE 'goose%'
		AND data_type IN ('numeric', 'real', 'double precision', 'money')`).Scan(&found)
	if err != nil || found != "" {
		t.Errorf("%s, %v", found, err)
	}
}
