package proof_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/proof"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/services/usage"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var ctx = context.Background()

// broken is one way in which books go wrong, past the triggers, and which rules say so.
type broken struct {
	rules string // in a whole check
	new   string // in a check of what is new since before all of it was made; "": the same. "none" of them can be seen there
	spoil string
}

// Each way to break the books of North Clinic Group. Clinic's balance, and the wallets of its first sub-account.
var ways = []broken{
	{"zero_sum logged running balance", "zero_sum logged running", `UPDATE entries SET amount = amount + 1 WHERE amount > 0 AND transfer_id IN (SELECT id FROM transfers WHERE kind = 'payment')`},
	{"zero_sum two_sides logged numbered balance", "zero_sum two_sides logged numbered", `DELETE FROM entries WHERE number = 2 AND wallet_id = $balance`},
	{"zero_sum two_sides balance allocated", "zero_sum two_sides balance", `DELETE FROM entries WHERE wallet_id = $balance AND number = (SELECT max(number) FROM entries WHERE wallet_id = $balance)`},
	{"two_sides numbered balance", "two_sides numbered", `DELETE FROM entries WHERE transfer_id = (SELECT transfer_id FROM entries WHERE number = 2 AND wallet_id = $balance)`},
	{"belongs logged charged", "", `UPDATE entries SET asset = 'JPY' WHERE transfer_id = (SELECT transfer_id FROM charges WHERE reference = 'one')`},
	{"belongs", "", `UPDATE transfers SET posted_at = posted_at + interval '1 second' WHERE note = 'second'`},
	{"belongs moved", "moved", `DELETE FROM transfers WHERE kind = 'payment'`},
	{"ways allocated charged", "ways charged", `UPDATE transfers SET kind = 'charge' WHERE kind = 'transfer' AND note = 'first'`},
	{"ways", "", `UPDATE transfers SET kind = 'issue' WHERE kind = 'payment'`},
	{"running", "", `UPDATE entries SET balance_after = balance_after + 1 WHERE number = 2 AND wallet_id = $balance`},
	{"in_order belongs balance", "in_order belongs", `UPDATE entries SET posted_at = posted_at + interval '1 hour' WHERE number = 3 AND wallet_id = $balance`},
	{"balance assets", "balance", `UPDATE wallets SET balance = balance + 1 WHERE id = $balance`},
	{"balance", "", `UPDATE wallets SET entries = entries + 1 WHERE id = $balance`},
	{"balance", "", `UPDATE wallets SET last_at = last_at + interval '1 second' WHERE id = $balance`},
	{"balance", "", `UPDATE wallets SET balance = balance + CASE kind WHEN 'outside' THEN 5 ELSE -5 END WHERE tenant_id = $tenant AND (kind = 'outside' OR kind = 'balance' AND account_id = $own)`},
	{"floor", "", `ALTER TABLE wallets DROP CONSTRAINT wallets_check; UPDATE wallets SET floor = balance + 1 WHERE id = $balance`},
	{"allocated", "none", `UPDATE wallets SET allocated = allocated + 7 WHERE kind = 'balance' AND account_id = $own`},
	{"logged", "", `DELETE FROM action_log WHERE action = 'money.received'`},
	{"logged", "", `UPDATE action_log SET amount = amount + 1 WHERE action = 'money.received'`},
	{"logged", "", `UPDATE action_log SET asset = 'JPY' WHERE action = 'money.received'`},
	{"logged", "", `INSERT INTO action_log (tenant_id, id, at, user_email, action, account_id, asset, amount, transfer_id)
		SELECT tenant_id, gen_random_uuid(), at, '', action, account_id, asset, amount, transfer_id FROM action_log WHERE action = 'money.received'`},
	{"moved", "", `INSERT INTO action_log (tenant_id, id, at, user_email, action, account_id, asset, amount)
		SELECT tenant_id, gen_random_uuid(), at, '', action, account_id, asset, amount FROM action_log WHERE action = 'money.received'`},
	{"moved", "", `INSERT INTO action_log (tenant_id, id, at, user_email, action, account_id, asset, amount, transfer_id)
		SELECT tenant_id, gen_random_uuid(), at, '', 'transfer.posted', account_id, asset, amount, gen_random_uuid() FROM action_log WHERE action = 'money.received'`},
	{"charged usage", "charged", `DELETE FROM charges WHERE reference = 'one'`},
	{"charged", "", `DELETE FROM charges WHERE reference = 'slice#2'`},
	{"charged usage", "charged", `UPDATE charges SET amount = amount + 1 WHERE reference = 'one'`},
	{"charged paid", "", `UPDATE charges SET transfer_id = (SELECT id FROM transfers WHERE kind = 'issue' AND tenant_id = $tenant) WHERE reference = 'slice'`},
	{"paid usage", "paid", `INSERT INTO charges (tenant_id, id, account_id, payer_id, transfer_id, kind, country, quantity, parts, asset, amount, reference, charged_at)
		SELECT tenant_id, $fresh, account_id, payer_id, gen_random_uuid(), kind, country, 1, 1, asset, amount, 'orphan', charged_at FROM charges WHERE reference = 'one'`},
	{"messages_paid usage", "messages_paid", `UPDATE messages SET amount = amount + 1 WHERE recipient = '+4915112345601'`},
	{"messages_paid", "", `UPDATE messages SET charge_id = gen_random_uuid() WHERE recipient = '+4915112345601'`},
	{"messages_paid messages_named", "", `UPDATE messages SET charge_id = NULL WHERE recipient = '+4915112345601'`},
	{"messages_refunded", "none", `UPDATE messages SET refund_id = charge_id WHERE refund_id IS NOT NULL`},
	{"messages_named messages_paid", "", `UPDATE messages SET asset = 'units:' || $tenant::text WHERE recipient = '+4915112345601'`},
	{"closed_empty standing", "", `UPDATE wallets SET closed_at = now() WHERE kind = 'balance' AND account_id = $own`},
	{"standing", "", `UPDATE wallets SET closed_at = now() WHERE kind = 'spent' AND account_id = $own`},
	{"standing", "none", `UPDATE accounts SET status = 'active', status_before = '' WHERE name = 'Closed Ward'`},
	{"owned", "", `UPDATE wallets SET account_id = $fresh WHERE kind = 'used'`},
	{"owned", "", `DELETE FROM packages WHERE tenant_id = $tenant`},
	{"size conserved", "size", `UPDATE packages SET units = units - 1`},
	{"conserved balance assets units_held", "balance", `UPDATE wallets SET balance = balance + 1000000 WHERE kind = 'units' AND account_id = $own`},
	{"expired", "", `UPDATE packages SET expired_at = now()`},
	{"recharges", "", `UPDATE recharges SET amount = amount - 1`},
	{"recharges", "", `UPDATE recharges SET transfer_id = gen_random_uuid()`},
	{"recharges", "", `DELETE FROM falls`},
	{"limits", "none", `UPDATE monthly_limits SET account_id = $own`},
	{"accounts", "none", `DELETE FROM wallets WHERE kind = 'balance' AND account_id = (SELECT id FROM accounts WHERE name = 'Closed Ward') AND entries = 0`},
	{"accounts owned", "owned", `DELETE FROM accounts WHERE id = $tenant`},
	{"keys", "none", `UPDATE idempotency_keys SET event_id = gen_random_uuid() WHERE tenant_id = $tenant`},
	{"units_held", "none", `UPDATE wallets SET units_held = units_held + 1 WHERE kind = 'spent' AND account_id = $own`},
	{"drawn", "none", `UPDATE wallets SET drawn_month = drawn_month + 1 WHERE kind = 'spent' AND counted_day IS NOT NULL`},
	{"drawn", "none", `UPDATE wallets SET drawn_day = drawn_day + 1 WHERE kind = 'spent' AND counted_day IS NOT NULL`},
	{"falls", "none", `INSERT INTO falls (tenant_id, id, account_id, kind, asset, threshold, balance, fell_at) SELECT $tenant, $fresh, $own, 'low', 'EUR', 5, 1, now()`},
	{"falls", "none", `UPDATE wallets SET low_below = 1000000000000, low_fall = $fresh WHERE kind = 'balance' AND account_id = $own`},
	{"usage", "none", `UPDATE usage_changes SET cost = cost + 1`},
}

// The proof: each rule is shown to find its fault, in the tenant that has it and in no other, and a check of what is new
// finds those that it says it can.
func TestEachRuleFindsItsFault(t *testing.T) {
	w := storetest.UncheckedWorld(t)
	busy(t, w)
	past, err := store.Open(ctx, storetest.RawDSN(t, w.DSN), w.Clock.Now)
	must(t, err)
	t.Cleanup(past.Close)
	if whole, recent, other := after(t, w, past, `SELECT 1`); whole+recent+other != "" {
		t.Fatalf("before anything is broken: %q, %q, Harbor %q", whole, recent, other)
	}
	var balance models.ID
	must(t, w.Raw.QueryRow(ctx, `SELECT id FROM wallets WHERE account_id = $1 AND kind = 'balance'`, w.Clinic.ID).Scan(&balance))
	named := map[string]bool{}
	for i, b := range ways {
		spoil := strings.NewReplacer("$balance", quoted(balance), "$tenant", quoted(w.Clinic.ID), "$own", quoted(w.Clinic.Own.Account.ID),
			"$fresh", quoted(models.NewIDAt(w.Clock.Now()))).Replace(b.spoil)
		whole, recent, other := after(t, w, past, spoil)
		want := b.new
		switch want {
		case "":
			want = b.rules
		case "none":
			want = ""
		}
		if whole != sorted(b.rules) || recent != sorted(want) || other != "" {
			t.Errorf("%d. %s\n  whole %q, not %q\n  new   %q, not %q\n  Harbor %q", i, b.spoil, whole, sorted(b.rules), recent, sorted(want), other)
		}
		for key := range strings.FieldsSeq(b.rules) {
			named[key] = true
		}
	}
	for _, r := range proof.Rules() {
		if !named[r.Key] {
			t.Errorf("nothing shows that %s finds its fault", r.Key)
		}
	}
}

func quoted(id models.ID) string { return "'" + id.String() + "'::uuid" }

func sorted(keys string) string {
	list := strings.Fields(keys)
	slices.Sort(list)
	return strings.Join(list, " ")
}

var errUndo = errors.New("undo")

// after returns the keys of the rules that Clinic's books break after statements that go around every trigger, in a whole check
// and in one of what is new, and those that Harbor's break; and takes the statements back.
func after(t *testing.T, w *storetest.World, past *store.Store, spoil string) (whole, recent, other string) {
	t.Helper()
	_, err := past.Change(ctx, models.System(w.Clinic.ID), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		for _, sql := range append([]string{`SET LOCAL session_replication_role = replica`}, strings.Split(spoil, ";")...) {
			if err := tx.Exec(sql).Error; err != nil {
				return models.Event{}, fmt.Errorf("%s: %w", sql, err)
			}
		}
		all, err := proof.Check(ctx, tx)
		if err != nil {
			return models.Event{}, err
		}
		since, err := proof.CheckSince(ctx, tx, w.Clock.Now().Add(-time.Hour))
		if err != nil {
			return models.Event{}, err
		}
		tx.Actor = models.System(w.Harbor.ID)
		harbor, err := proof.Check(ctx, tx)
		if err != nil {
			return models.Event{}, err
		}
		whole, recent, other = keysOf(all), keysOf(since), keysOf(harbor)
		return models.Event{}, errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	return whole, recent, other
}

func keysOf(r proof.Report) string {
	var keys []string
	for _, l := range r.Broken() {
		keys = append(keys, l.Rule.Key)
	}
	return sorted(strings.Join(keys, " "))
}

// busy gives the books of both companies one of everything that is kept in them.
func busy(t testing.TB, w *storetest.World) {
	t.Helper()
	c := w.Clinic
	w.Clock.Add(24 * time.Hour) // after all that the cast's own making wrote
	_, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: c.ID, Amount: storetest.Euros(t, "50"), Reference: "SEPA 2"})
	must(t, err)
	give(t, w, c, "20", "first")
	w.Clock.Add(time.Minute)
	give(t, w, c, "5", "second")
	_, err = w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: storetest.Euros(t, "1")})
	must(t, err)
	for i, who := range []storetest.Person{c.Own, c.Shared} {
		_, err := w.Ledger.Charge(ctx, w.Sam.Actor.In(c.ID), ledger.ChargeOrder{Account: who.Account.ID, Kind: ledger.MessageUsage, Country: "DE", Quantity: 1, Parts: 1,
			Amount: storetest.Euros(t, "1"), Reference: []string{"one", "two"}[i]})
		must(t, err)
	}
	closed := w.AddActive(t, c, "Closed Ward", "closed@clinic.example")
	_, err = w.Accounts.Deactivate(ctx, c.Admin.Actor, closed.Account.ID, "Moved out")
	must(t, err)
	units(t, w, c)
	sent(t, w, c.Own.Account)
	recharged(t, w, c)
	_, err = w.Ledger.Transfer(ctx, w.Harbor.Admin.Actor, ledger.TransferOrder{SubAccount: w.Harbor.Own.Account.ID, Amount: storetest.Yen(t, "500"), Key: "key"})
	must(t, err)
}

func give(t testing.TB, w *storetest.World, c storetest.Company, amount, note string) models.Transfer {
	t.Helper()
	made, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: storetest.Euros(t, amount), Note: note, Key: note})
	must(t, err)
	return made
}

// units makes a package of ten and gives four to the first sub-account.
func units(t testing.TB, w *storetest.World, c storetest.Company) {
	t.Helper()
	pkg := models.NewIDAt(w.Clock.Now())
	change(t, w, c.ID, func(ctx context.Context, tx *store.Tx) error {
		tx.Queue(`INSERT INTO packages (tenant_id, id, account_id, name, units, countries, source, currency, price, acquired_at, expires_at)
			VALUES ($1, $2, $1, 'Ten', 10, '{DE}', 'granted', 'EUR', 0, $3, $4)`, c.ID, pkg, tx.Now, tx.Now.AddDate(0, 0, 30))
		_, err := ledger.IssueUnits(ctx, tx, pkg)
		return err
	})
	_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: models.Units(4, pkg)})
	must(t, err)
}

// recharged has one recharge stand in the books, and one monthly limit.
func recharged(t testing.TB, w *storetest.World, c storetest.Company) {
	t.Helper()
	fall, moved := models.NewIDAt(w.Clock.Now()), give(t, w, c, "3", "Auto-recharge")
	for _, sql := range []string{
		`INSERT INTO falls (tenant_id, id, account_id, kind, asset, threshold, balance, fell_at, ended_at) VALUES ($1, $3, $2, 'recharge', 'EUR', 1, 0, $6, $6)`,
		`INSERT INTO recharges SELECT * FROM json_populate_record(NULL::recharges, json_build_object('tenant_id', $1::uuid, 'id', $4::uuid, 'account_id', $2::uuid, 'fall_id', $3::uuid,
			'transfer_id', $5::uuid, 'asset', 'EUR', 'amount', 3000000, 'day', '2026-11-21', 'made_at', $6::timestamptz, 'number', 1, 'day_amount', 3000000, 'most_times', 5, 'most_amount', 9000000))`,
	} {
		must(t, exec(w, sql, c.ID, c.Own.Account.ID, fall, models.NewIDAt(w.Clock.Now()), moved.ID, w.Clock.Now()))
	}
	must(t, exec(w, `UPDATE accounts SET funding = 'limit' WHERE name = 'Closed Ward' AND tenant_id = $1`, c.ID))
	must(t, exec(w, `INSERT INTO monthly_limits (tenant_id, account_id, asset, amount, priority, period, set_at)
		SELECT tenant_id, id, 'EUR', 5000000, 100, '2026-11', $2 FROM accounts WHERE name = 'Closed Ward' AND tenant_id = $1`, c.ID, w.Clock.Now()))
}

// exec runs a statement whose parameters may be more than it uses.
func exec(w *storetest.World, sql string, args ...any) error {
	used := args[:0:0]
	for i, arg := range args {
		if at := fmt.Sprint("$", i+1); strings.Contains(sql, at) {
			sql = strings.ReplaceAll(sql, at, fmt.Sprint("$", len(used)+1))
			used = append(used, arg)
		}
	}
	_, err := w.Raw.Exec(ctx, sql, used...)
	return err
}

// sent accepts a slice of messages, as sends do, and gives the last of them back.
func sent(t testing.TB, w *storetest.World, a models.Account) {
	t.Helper()
	change(t, w, a.TenantID, func(ctx context.Context, tx *store.Tx) error {
		to := func(country string) ledger.Item {
			return ledger.Item{Country: country, Parts: 1, Price: storetest.Euros(t, "0.05")}
		}
		receipts, err := ledger.Pay(ctx, tx, []ledger.Bill{{Account: a.ID, Reference: "slice", Items: []ledger.Item{to("DE"), to("FR"), to("US"), to("US")}}})
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

// change does something within a change that must not fail.
func change(t testing.TB, w *storetest.World, tenant models.ID, do func(context.Context, *store.Tx) error) {
	t.Helper()
	_, err := w.Store.Change(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return models.Event{Action: models.MailSent, Account: tenant}, do(ctx, tx)
	})
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
