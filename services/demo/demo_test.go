package demo

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"offshoot/services/accounts"
	"offshoot/services/identity"
	"offshoot/services/notify"
	"offshoot/services/secrets"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var end = time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)

func options(dsn string) Options {
	return Options{
		Open: func(ctx context.Context, now func() time.Time) (*store.Store, error) {
			st, err := store.Open(ctx, dsn, now)
			if err == nil {
				st.UseKeys(secrets.ForTests())
			}
			return st, err
		},
		Installation: notify.Installation{Name: "Offshoot", PublicURL: "http://127.0.0.1:8080"},
		Hashing:      identity.Hashing{MemoryKiB: 64, Passes: 1, Lanes: 1},
		Now:          end,
	}
}

// look opens services at the moment where the story ends.
func look(t *testing.T, dsn string) *looked {
	t.Helper()
	p, err := options(dsn).player(context.Background(), end)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return &looked{player: p, raw: storetest.Raw(t, dsn)}
}

// looked is the finished world, with a connection that sees all of it.
type looked struct {
	*player
	raw *pgxpool.Pool
}

func checkBooks(t *testing.T, p *looked) {
	t.Helper()
	(&storetest.Services{Store: p.store, Raw: p.raw}).CheckBooks(t)
}

// lines are the rows of a query as text.
func lines(t *testing.T, p *looked, query string) []string {
	t.Helper()
	rows, err := p.raw.Query(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		return fmt.Sprint(values...), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// digest is the world without what chance has a part in: ids, passwords, codes, tokens.
func digest(t *testing.T, p *looked) string {
	t.Helper()
	return strings.Join(append(lines(t, p, `SELECT a.name, '|', a.email, a.status, a.funding, w.kind, w.balance, w.allocated, w.entries, w.last_at
			FROM accounts a LEFT JOIN wallets w ON w.tenant_id = a.tenant_id AND w.account_id = a.id ORDER BY a.email, w.kind, w.entries, w.balance, w.allocated, w.last_at`),
		append(lines(t, p, `SELECT a.email, m.status, m.package_id IS NOT NULL, count(*), sum(m.parts), sum(m.amount) FROM messages m
			JOIN accounts a ON a.tenant_id = m.tenant_id AND a.id = m.account_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`),
			lines(t, p, `SELECT a.email, count(*), sum(c.quantity), sum(c.parts), sum(c.amount), min(c.charged_at), max(c.charged_at)
			FROM charges c JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.account_id GROUP BY a.email ORDER BY 1`)...)...), "\n")
}

// The demo world of issue 2: accounts in every state, currencies without and with three decimals, usage of two months in
// several countries, books that close; and whoever comes second finds it made.
func TestLoad(t *testing.T) {
	dsn := storetest.Database(t)
	ctx := context.Background()
	both, at := errgroup.WithContext(ctx) // two programs at their first start
	for range 2 {
		both.Go(func() error {
			isDemo, err := Load(at, options(dsn))
			if err == nil && !isDemo {
				err = fmt.Errorf("the database does not hold the demo world")
			}
			return err
		})
	}
	if err := both.Wait(); err != nil {
		t.Fatal(err)
	}
	p := look(t, dsn)
	checkBooks(t, p)

	for state, least := range map[string]string{
		"active with own balance":    `kind = 'sub' AND status = 'active' AND funding = 'own'`,
		"active with shared balance": `kind = 'sub' AND status = 'active' AND funding = 'shared'`,
		"pending":                    `kind = 'sub' AND status = 'pending' AND status_before = ''`,
		"deactivated after use":      `kind = 'sub' AND status = 'deactivated' AND status_before = 'active'`,
		"deactivated while pending":  `kind = 'sub' AND status = 'deactivated' AND status_before = 'pending'`,
		"deleted":                    `kind = 'sub' AND status = 'deleted'`,
		"pending parent":             `kind = 'parent' AND status = 'pending'`,
		"parent without the feature": `kind = 'parent' AND status = 'active' AND sub_accounts_enabled IS NULL`,
		"a name with an apostrophe":  `kind = 'sub' AND name LIKE '%''%'`,
		"a name with an umlaut":      `kind = 'sub' AND name ~ '[äöü]'`,
		"a Japanese name":            `kind = 'sub' AND name ~ '[一-龠]'`,
		"euros":                      `kind = 'sub' AND currency = 'EUR'`,
		"yen":                        `kind = 'sub' AND currency = 'JPY'`,
		"dinars":                     `kind = 'sub' AND currency = 'JOD'`,
	} {
		if n := len(lines(t, p, `SELECT name FROM accounts WHERE `+least)); n == 0 {
			t.Errorf("there is no account: %s", state)
		}
	}
	if n := len(lines(t, p, `SELECT name FROM accounts WHERE kind = 'sub' AND status <> 'deleted'`)); n < 12 {
		t.Errorf("%d sub-accounts, want a dozen", n)
	}
	if n := len(lines(t, p, `SELECT DISTINCT country FROM charges`)); n < 8 {
		t.Errorf("usage in %d countries", n)
	}
	for what, rows := range map[string]string{
		"a message that was delivered":      `SELECT id FROM messages WHERE status = 'delivered' AND package_id IS NULL`,
		"one that failed and was refunded":  `SELECT id FROM messages WHERE status = 'failed' AND refund_id IS NOT NULL`,
		"one that units paid":               `SELECT id FROM messages WHERE status = 'delivered' AND package_id IS NOT NULL`,
		"one that a shared package paid":    `SELECT id FROM messages WHERE package_id IS NOT NULL AND payer_id = tenant_id AND account_id <> tenant_id`,
		"an answer to an incoming message":  `SELECT id FROM messages WHERE reply_to IS NOT NULL`,
		"a Sender ID that may be used":      `SELECT id FROM sender_ids WHERE status = 'approved'`,
		"a Sender ID that staff decide on":  `SELECT id FROM sender_ids WHERE status = 'requested'`,
		"a package that ended":              `SELECT id FROM packages WHERE expires_at < '` + end.Format(time.RFC3339) + `'`,
		"a group":                           `SELECT id FROM groups WHERE members >= 30`,
		"somebody who asked for no more":    `SELECT number FROM opt_outs WHERE source = 'inbound'`,
		"a limit given at a month start":    `SELECT account_id FROM month_starts s WHERE state = 'funded' AND EXISTS (SELECT FROM month_starts b WHERE b.account_id = s.account_id AND b.period < s.period)`,
		"one that waits for its limit":      `SELECT account_id FROM month_starts WHERE state = 'short' AND period = '2026-11' AND granted = 0`,
		"one whose month was stopped":       `SELECT account_id FROM month_starts WHERE state = 'stopped'`,
		"a limit that nothing is moved for": `SELECT account_id FROM month_starts WHERE state = 'capped' AND period = '2026-11'`,
		"two months that started":           `SELECT 1 WHERE (SELECT count(DISTINCT details ->> 'period') FROM action_log WHERE action = 'month.started') = 2`,
		"four priorities":                   `SELECT 1 WHERE (SELECT count(DISTINCT priority) FROM month_starts) >= 4`,
		"a cap that is almost reached":      `SELECT account_id FROM wallets WHERE kind = 'spent' AND drawn_month < cap_month AND drawn_month > 0.8 * cap_month AND drawn_day > 0 AND cap_day > 0`,
		"an auto-recharge with a history":   `SELECT account_id FROM recharges GROUP BY account_id HAVING count(*) >= 3`,
		"one that stands still":             `SELECT r.account_id FROM recharge_rules r JOIN falls f ON f.account_id = r.account_id AND f.kind = 'recharge' AND f.ended_at IS NULL WHERE paused_reason = 'times'`,
		"a low balance, told of":            `SELECT id FROM falls WHERE kind = 'low' AND ended_at IS NULL AND told_at IS NOT NULL`,
		"a parent that would be told":       `SELECT id FROM wallets WHERE account_id = tenant_id AND low_below > 0`,
		"a client that asks for credit":     `SELECT a.id FROM accounts a JOIN credit_requests r ON r.account_id = a.id WHERE a.funding = 'client' AND r.answered_at IS NULL`,
		"a trial":                           `SELECT id FROM accounts WHERE status = 'active' AND trial_ends_at > '` + end.Format(time.RFC3339) + `'`,
		"a trial that is over, told of":     `SELECT id FROM accounts WHERE status = 'active' AND trial_over_told_at IS NOT NULL`,
		"a mail of a limit not given":       `SELECT id FROM outbox WHERE subject LIKE 'Monthly limits for November 2026%'`,
		"a price that will change":          `SELECT country FROM rates WHERE effective_from > '` + end.Format(time.RFC3339) + `'`,
	} {
		if len(lines(t, p, rows)) == 0 {
			t.Errorf("there is no such thing: %s", what)
		}
	}
	if open := lines(t, p, `SELECT id FROM messages WHERE status NOT IN ('delivered', 'failed')`); len(open) > 60 { // the simulator never tells of some numbers
		t.Errorf("%d messages are still under way", len(open))
	}
	if open := lines(t, p, `SELECT id FROM sends WHERE status <> 'done'`); len(open) > 0 {
		t.Errorf("%d sends have not ended", len(open))
	}
	if n := len(lines(t, p, `SELECT DISTINCT kind FROM charges`)); n != 4 {
		t.Errorf("usage of %d kinds, want all 4", n)
	}
	if n := len(lines(t, p, `SELECT DISTINCT charged_at::date FROM charges`)); n < 60 {
		t.Errorf("usage on %d days, want two months", n)
	}
	if late := lines(t, p, `SELECT action, at FROM action_log WHERE at > '`+end.Format(time.RFC3339)+`'`); len(late) > 0 {
		t.Errorf("these lie ahead: %v", late)
	}
	if open := lines(t, p, `SELECT recipient FROM outbox WHERE status <> 'sent'`); len(open) > 0 {
		t.Errorf("these mails and texts were not delivered: %v", open)
	}
	for _, s := range append(SignIns(), SignIn{"Staff", assistant.Email, staffPassword},
		SignIn{"Parent's User", cast[0].team[0].email, parentPassword}, SignIn{"Sub-account's User", cast[0].subs[0].team[0].email, subPassword}) {
		if _, err := p.signIn(ctx, s.Email, s.Password); err != nil {
			t.Errorf("%s cannot sign in: %v", s.Email, err)
		}
	}

	before := digest(t, p)
	logged := lines(t, p, `SELECT count(*) FROM action_log`)[0]
	if isDemo, err := Load(ctx, options(dsn)); err != nil || !isDemo {
		t.Errorf("Load again: %v, %v", isDemo, err)
	}
	if after := digest(t, p); after != before || lines(t, p, `SELECT count(*) FROM action_log`)[0] != logged {
		t.Error("loading again has changed the world")
	}
}

// A first start that is stopped, wherever that is and however often, is finished by the next one: the world is the same
// as without.
func TestLoadAfterInterruptions(t *testing.T) {
	whole, pieces := storetest.Database(t), storetest.Database(t)
	ctx := context.Background()
	if _, err := Load(ctx, options(whole)); err != nil {
		t.Fatal(err)
	}
	interruptions := []int64{1100, 2000} // in the midst of usage, and when accounts have gone again
	for moment := int64(8); moment < 420; moment += 131 {
		interruptions = append(interruptions, moment) // in the midst of invitations and activations
	}
	slices.Sort(interruptions)
	for i, moment := range interruptions {
		o := options(pieces)
		if i > 0 {
			o.Now = o.Now.Add(time.Hour) // a later start goes on with the story that it finds
		}
		interrupted, stop := context.WithCancel(ctx)
		var moments atomic.Int64
		open := o.Open
		o.Open = func(ctx context.Context, now func() time.Time) (*store.Store, error) {
			return open(ctx, func() time.Time { // every change asks for the time once
				if moments.Add(1) == moment {
					stop()
				}
				return now()
			})
		}
		_, err := Load(interrupted, o)
		stop()
		if err == nil {
			t.Fatalf("it was not interrupted at moment %d of %d", moment, moments.Load())
		}
		if !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "bad connection") {
			t.Fatalf("stopped at moment %d, after the stops before it: %v", moment, err)
		}
	}
	if isDemo, err := Load(ctx, options(pieces)); err != nil || !isDemo {
		t.Fatalf("the world was not finished: %v, %v", isDemo, err)
	}
	p := look(t, pieces)
	checkBooks(t, p)
	compare(t, digest(t, look(t, whole)), digest(t, p))
}

func compare(t *testing.T, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			t.Fatalf("line %d of the world differs:\n%v\n%v", i, w[i:min(i+3, len(w))], g[i:min(i+3, len(g))])
		}
	}
}

// A database with an operator of its own is somebody's: nothing is added to it.
func TestLoadLeavesOthersAlone(t *testing.T) {
	dsn := storetest.Database(t)
	ctx := context.Background()
	p := look(t, dsn)
	if _, err := p.accounts.Install(ctx, accounts.Details{AccountName: "Acme Messaging", ContactName: "Kim Ode", Email: "kim@acme.example",
		Mobile: "0151 23456789", Country: "DE", TimeZone: "Europe/Berlin"}, "EUR", "correct horse battery staple"); err != nil {
		t.Fatal(err)
	}
	o := options(dsn)
	o.Making = func() { t.Error("it set about making a world") }
	if isDemo, err := Load(ctx, o); err != nil || isDemo {
		t.Errorf("Load: %v, %v", isDemo, err)
	}
	if n := len(lines(t, p, `SELECT id FROM accounts`)); n != 1 {
		t.Errorf("%d accounts, want the operator alone", n)
	}
	if _, err := p.people.UserByEmail(ctx, operator.Email); err == nil {
		t.Errorf("%s exists", operator.Email)
	}
}
