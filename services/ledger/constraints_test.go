package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/services/usage"
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

// The check of the books finds what is wrong: each rule is broken once, past the triggers, and named.
func TestTheBooksCheckFindsFaults(t *testing.T) {
	for name, spoil := range map[string]string{
		"a balance is the sum":          `UPDATE wallets SET balance = balance + 1 WHERE kind = 'balance' AND account_id = tenant_id`,
		"all wallets of an asset":       `UPDATE wallets SET balance = balance + 1 WHERE kind = 'balance' AND account_id = tenant_id`,
		"all wallets of an asset sum":   `UPDATE wallets SET balance = balance + 1 WHERE kind = 'units' AND account_id = tenant_id`,
		"says what the balance":         `UPDATE entries SET balance_after = balance_after + 1 WHERE number = 1`,
		"go back in time":               `UPDATE entries SET posted_at = posted_at + interval '1 hour' WHERE number = 1`,
		"sum to zero":                   `UPDATE entries SET amount = amount + 1 WHERE amount > 0`,
		"two entries or more":           `DELETE FROM entries`,
		"stands in the action log":      `DELETE FROM action_log WHERE transfer_id IS NOT NULL`,
		"what a parent has given":       `UPDATE wallets SET allocated = 7 WHERE kind = 'units'`,
		"has its charges":               `DELETE FROM charges`,
		"its transfer, and every":       `UPDATE charges SET asset = 'JPY' WHERE reference = 'slice'`,
		"by its transfer":               `DELETE FROM charges WHERE reference = 'slice#2'`,
		"what messages cost":            `UPDATE messages SET amount = amount + 1 WHERE recipient = '+4915112345601'`,
		"transfers that paid":           `UPDATE messages SET charge_id = gen_random_uuid()`,
		"what messages were given":      `UPDATE messages SET refund_id = charge_id WHERE refund_id IS NOT NULL`,
		"names what paid":               `UPDATE messages SET charge_id = NULL WHERE refund_id IS NULL`,
		"something names what paid":     `UPDATE messages SET package_id = gen_random_uuid() WHERE package_id IS NULL`,
		"holds nothing":                 `UPDATE wallets SET closed_at = now() WHERE kind = 'balance'`,
		"closed account holds":          `UPDATE wallets SET closed_at = now() WHERE kind = 'units'`,
		"nothing is left":               `UPDATE packages SET expired_at = now()`,
		"no more units of a package":    `UPDATE packages SET units = units - 1`,
		"the list's units":              `UPDATE wallets SET units_held = units_held + 1 WHERE kind = 'spent' AND account_id <> tenant_id`,
		"and no other":                  `UPDATE wallets SET closed_at = now() WHERE kind = 'spent'`,
		"charging transfer has its cha": `UPDATE charges SET transfer_id = (SELECT id FROM transfers WHERE kind = 'issue') WHERE reference = 'slice'`,
	} {
		t.Run(name, func(t *testing.T) {
			w := storetest.NewWorld(t)
			c := w.Clinic
			for _, amount := range []string{"5", "6"} {
				if _, err := give(w, c, storetest.Euros(t, amount)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := message(w, c.Own, storetest.Euros(t, "1"), "r"); err != nil {
				t.Fatal(err)
			}
			if err := giveUnits(w, c, c.Own.Account, pack(t, w, c.Account, "Units", 10, 30, "DE"), 4); err != nil {
				t.Fatal(err)
			}
			sent(t, w, c.Own.Account)
			faults := w.FaultsAfter(t, spoil)
			if !strings.Contains(strings.Join(faults, "\n"), name) {
				t.Errorf("found %q", faults)
			}
		})
	}
}

// sent accepts a slice of messages, as sends do, and gives the last of them back.
func sent(t *testing.T, w *storetest.World, a models.Account) {
	t.Helper()
	change(t, w, a.TenantID, func(ctx context.Context, tx *store.Tx) error {
		receipts, err := ledger.Pay(ctx, tx, []ledger.Bill{bill(a, "slice", to("DE", 1), to("FR", 1), to("US", 1), to("US", 1))})
		if err != nil {
			return err
		}
		for i, p := range receipts[0].Items {
			var by *models.ID
			if p.Package != models.NoID {
				by = &p.Package
			}
			tx.Queue(`INSERT INTO messages (tenant_id, id, account_id, sender, recipient, country, body, encoding, parts, status, status_at, payer_id, package_id,
					asset, amount, charge_id, accepted_at) VALUES ($1, $2, $3, 'Clinic', $4, 'DE', 'Hello', 'gsm7', 1, 'sent', $5, $6, $10, $7, $8, $9, $5)`,
				a.TenantID, models.NewIDAt(tx.Now), a.ID, fmt.Sprint("+491511234560", i), tx.Now, p.Payer, p.Amount.Asset, p.Amount.Micros(), p.Transfer, by)
			counted := usage.Change{Account: a.ID, Kind: ledger.MessageUsage, Country: "DE", Status: "sent", At: tx.Now, Amounts: usage.Amounts{Quantity: 1, Parts: 1}}
			switch {
			case i == 3:
				counted.Status = "failed"
			case p.Amount.IsUnits():
				counted.Units = p.Amount.Micros()
			default:
				counted.Cost, counted.OwnCost = p.Amount.Micros(), p.Amount.Micros()
			}
			usage.Count(tx, []usage.Change{counted})
		}
		last := receipts[0].Items[3]
		back, err := ledger.GiveBack(ctx, tx, []ledger.Return{{Account: a.ID, Payer: last.Payer, Amount: last.Amount, Transfer: last.Transfer}})
		if err == nil {
			tx.Queue(`UPDATE messages SET refund_id = $2, status = 'failed' WHERE tenant_id = $1 AND recipient = '+4915112345603'`, a.TenantID, back[0])
		}
		return err
	})
}
