package ledger_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// Charges a second, each of a message at 0.01, of 32 sub-accounts that spend their parent's balance, and of 32 that have their
// own: one by one, taken together, and in bills of 200; against pgbench running the statements that a single charge is, in
// the same three round trips, as the same role, on the same durable server. In turn, three rounds, the middle one counts.
func BenchmarkCharges(b *testing.B) {
	services, server := storetest.Durable(b)
	w := storetest.WorldOn(b, services)
	fund(b, w, w.Clinic)
	shared, own := payersFor(b, w, 32)
	conn, err := pgx.Connect(ctx, server.OwnerDSN(""))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, minimal+`CREATE TABLE bench (name text, n int, account uuid, payer uuid, spent uuid, balance uuid, PRIMARY KEY (name, n)); GRANT SELECT ON bench TO PUBLIC`); err != nil {
		b.Fatal(err)
	}
	for name, accounts := range map[string][]models.Account{"shared balance": shared, "own balances": own} {
		for n, a := range accounts {
			_, err := w.Raw.Exec(ctx, `INSERT INTO bench SELECT $1, $2, a.id, p.account_id, s.id, p.id FROM accounts a
				JOIN wallets s ON s.account_id = a.id AND s.kind = 'spent'
				JOIN wallets p ON p.account_id = CASE a.funding WHEN 'own' THEN a.id ELSE a.tenant_id END AND p.kind = 'balance' WHERE a.id = $3`, name, n, a.ID)
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	alone := ledger.New(w.Store, ledger.OneByOne())
	for _, shape := range []struct {
		name     string
		accounts []models.Account
	}{{"shared balance", shared}, {"own balances", own}} {
		script := chargeScript(w.Clinic.ID, shape.name, len(shape.accounts))
		charge := func(l *ledger.Service) func() error {
			return func() error {
				_, err := l.Charge(ctx, w.Sam.Actor.In(w.Clinic.ID), ledger.ChargeOrder{Account: shape.accounts[rand.IntN(len(shape.accounts))].ID,
					Kind: ledger.MessageUsage, Country: "DE", Quantity: 1, Parts: 1, Amount: cents(1), Reference: models.NewID().String()})
				return err
			}
		}
		for _, callers := range []int{8, 32, 256} {
			b.Run(fmt.Sprintf("%s/%d callers", shape.name, callers), func(b *testing.B) {
				var single, together, bills, theirs, least []float64
				for range 3 {
					single = append(single, through(b, callers, charge(alone)))
					together = append(together, through(b, callers, charge(w.Ledger)))
					bills = append(bills, billsOf(b, w, shape.accounts, callers))
					theirs = append(theirs, pgbench(b, server, callers, script))
					least = append(least, pgbench(b, server, callers, hotScript))
				}
				for name, rates := range map[string][]float64{"single/s": single, "together/s": together, "bills/s": bills, "pgbench/s": theirs, "minimal/s": least} {
					slices.Sort(rates)
					b.ReportMetric(rates[1], name)
				}
				b.ReportMetric(together[1]/theirs[1], "ratio")
				b.ReportMetric(bills[1]/theirs[1], "bills-ratio")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// payersFor adds sub-accounts that spend their parent's balance, and as many with a funded one of their own.
func payersFor(b *testing.B, w *storetest.World, n int) (shared, own []models.Account) {
	for i := range 2 * n {
		p := w.AddActive(b, w.Clinic, fmt.Sprint("Payer ", i), fmt.Sprintf("payer%d@clinic.example", i))
		if i%2 == 0 {
			shown, err := w.Accounts.Show(ctx, w.Clinic.Admin.Actor, p.Account.ID)
			if err != nil {
				b.Fatal(err)
			}
			if err := w.Accounts.SetFunding(ctx, w.Clinic.Admin.Actor, p.Account.ID, shown.Version, models.FundingTerms{Funding: models.SharedBalance}); err != nil {
				b.Fatal(err)
			}
			shared = append(shared, p.Account)
			continue
		}
		if _, err := w.Ledger.Transfer(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: p.Account.ID, Amount: cents(10_000_00)}); err != nil {
			b.Fatal(err)
		}
		own = append(own, p.Account)
	}
	return shared, own
}

// billsOf is how many messages a second callers pay in bills of 200.
func billsOf(b *testing.B, w *storetest.World, accounts []models.Account, callers int) float64 {
	const items = 200
	var paid atomic.Int64
	rate := through(b, callers, func() error {
		bill := ledger.Bill{Account: accounts[rand.IntN(len(accounts))].ID, Reference: models.NewID().String(), Items: make([]ledger.Item, items)}
		for i := range bill.Items {
			bill.Items[i] = ledger.Item{Country: "DE", Parts: 1, Price: models.FromMicros(100, "EUR")}
		}
		_, err := w.Store.Change(ctx, models.System(w.Clinic.ID), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
			_, err := ledger.Pay(ctx, tx, []ledger.Bill{bill})
			return models.Event{Action: models.MailSent, Account: w.Clinic.ID}, err
		})
		paid.Add(1)
		return err
	})
	return rate * items
}

// chargeScript is a single charge as the service sends it, three round trips, with values for its arguments.
func chargeScript(tenant models.ID, name string, accounts int) string {
	with := func(sql string, args ...string) string {
		for n := len(args); n > 0; n-- {
			sql = strings.ReplaceAll(sql, fmt.Sprint("$", n), args[n-1])
		}
		return strings.Join(strings.Fields(sql), " ") + ";\n"
	}
	id := func(n string) string {
		return "('00000000-0000-7000-8000-' || lpad(to_hex(:" + n + "::bigint), 12, '0'))::uuid"
	}
	of := func(column string) string {
		return "(SELECT " + column + " FROM bench WHERE name = '" + name + "' AND n = :k)"
	}
	array := func(values ...string) string { return "ARRAY[" + strings.Join(values, ", ") + "]" }
	t := "'" + tenant.String() + "'::uuid"
	now := "'2026-11-20 09:30:00Z'::timestamptz"
	var s strings.Builder
	fmt.Fprintf(&s, "\\set k random(0, %d)\n", accounts-1)
	for _, n := range []string{"c", "t", "l"} {
		fmt.Fprintf(&s, "\\set %s random(1, 281474976710655)\n", n)
	}
	s.WriteString("\\startpipeline\nBEGIN;\nSELECT set_config('app.tenant', '" + tenant.String() + "', true), set_config('plan_cache_mode', 'force_generic_plan', true);\n")
	s.WriteString(with(ledger.SelectPayers, t, array(of("account"))))
	s.WriteString("\\endpipeline\n\\startpipeline\n")
	s.WriteString(with(ledger.LockWallets, t, array(of("spent"), of("balance"))))
	s.WriteString(with(ledger.FindCharges, t, array(of("account")), array(id("c")+"::text")))
	s.WriteString("\\endpipeline\n\\startpipeline\n")
	s.WriteString(with(ledger.InsertCharges, t, array(id("c")), array(of("account")), array(of("payer")), array(id("t")), array("'message'"), array("'DE'"),
		array("1"), array("1"), array("'EUR'"), array("10000"), array(id("c")+"::text"), array(now), "true"))
	s.WriteString(with(ledger.PostTransfers, t, array(of("balance"), of("spent")), array("-10000", "10000"), array("1", "1"), array(now, now), array("0", "0"), array("false", "false"),
		array(id("t")), array("'charge'"), array("''"), array(id("c")+"::text"), array(now),
		array(of("balance"), of("spent")), array("1", "1"), array(id("t"), id("t")), array("-10000", "10000"), array("-10000", "10000"), array(now, now)))
	s.WriteString(with(`INSERT INTO action_log (tenant_id, at, id, user_email, action, account_id, other_account_id, asset, amount, balance_after, transfer_id,
		subject_id, reference, details) VALUES ($1, $2, $3, 'sam@offshoot.example', 'usage.charged', $4, $5, 'EUR', 10000, 0, $6, $3, $3::text, '{"kind": "message", "country": "DE"}')`,
		t, now, id("l"), of("account"), of("payer"), id("t")))
	s.WriteString("COMMIT;\n\\endpipeline\n")
	return s.String()
}
