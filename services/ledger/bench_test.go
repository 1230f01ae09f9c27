package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store/localpg"
	"offshoot/services/storetest"
)

// minimal is the least that a correct transfer can be, as one statement: locks in order, a condition on the debit, the
// transfer under its key, two entries and a log line. It knows no tenants, rules, actors or amounts of several kinds.
const minimal = `
CREATE TABLE mini_wallets (id bigint PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0)) WITH (fillfactor = 70);
CREATE TABLE mini_transfers (id bigserial PRIMARY KEY, key text UNIQUE NOT NULL, posted_at timestamptz NOT NULL);
CREATE TABLE mini_entries (wallet_id bigint NOT NULL REFERENCES mini_wallets, transfer_id bigint NOT NULL REFERENCES mini_transfers,
	amount bigint NOT NULL, balance_after bigint NOT NULL, PRIMARY KEY (wallet_id, transfer_id));
CREATE TABLE mini_log (id bigserial PRIMARY KEY, at timestamptz NOT NULL, action text NOT NULL, details jsonb NOT NULL);
GRANT ALL ON mini_wallets, mini_transfers, mini_entries, mini_log, mini_transfers_id_seq, mini_log_id_seq TO PUBLIC;
INSERT INTO mini_wallets SELECT n, 1000000000000 FROM generate_series(1, 400) n;
CREATE FUNCTION mini_transfer(source bigint, target bigint, sum bigint, once text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE t bigint; a bigint; b bigint;
BEGIN
	PERFORM 1 FROM mini_wallets WHERE id IN (source, target) ORDER BY id FOR NO KEY UPDATE;
	UPDATE mini_wallets SET balance = balance - sum WHERE id = source AND balance >= sum RETURNING balance INTO a;
	IF NOT FOUND THEN RETURN NULL; END IF;
	UPDATE mini_wallets SET balance = balance + sum WHERE id = target RETURNING balance INTO b;
	INSERT INTO mini_transfers (key, posted_at) VALUES (once, now()) RETURNING id INTO t;
	INSERT INTO mini_entries VALUES (source, t, -sum, a), (target, t, sum, b);
	INSERT INTO mini_log (at, action, details) VALUES (now(), 'transfer.posted', jsonb_build_object('transfer', t, 'amount', sum));
	RETURN t;
END $$;`

const (
	hotScript = "\\set target random(2, 200)\nSELECT mini_transfer(1, :target, 10000, gen_random_uuid()::text);\n"
	// pairs of two, as a parent and its sub-account are
	randomScript = "\\set pair random(1, 40)\nSELECT mini_transfer(:pair * 2 - 1, :pair * 2, 10000, gen_random_uuid()::text);\n"
)

// Transfers a second through the service, against pgbench running the minimal transfer on the same durable server, in
// turn: 1, 8 and 32 callers, all on one parent, and on random pairs of a parent and its sub-account.
func BenchmarkTransfersAgainstPgbench(b *testing.B) {
	services, server := storetest.Durable(b)
	w := storetest.WorldOn(b, services)
	companies := []storetest.Company{w.Clinic}
	for n := range 40 {
		c := w.AddCompany(b, n)
		fund(b, w, c)
		companies = append(companies, c)
	}
	fund(b, w, w.Clinic)
	hot := []storetest.Person{w.Clinic.Own}
	for n := range 30 {
		hot = append(hot, w.AddActive(b, w.Clinic, fmt.Sprint("Hot ", n), fmt.Sprintf("hot%d@clinic.example", n)))
	}
	conn, err := pgx.Connect(ctx, server.OwnerDSN(""))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := conn.Exec(ctx, minimal); err != nil {
		b.Fatal(err)
	}
	_ = conn.Close(ctx)

	onHot := func() error {
		_, err := w.Ledger.Transfer(ctx, w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: hot[rand.IntN(len(hot))].Account.ID,
			Amount: cents(1), Key: models.NewID().String()})
		return err
	}
	onRandom := func() error {
		c := companies[rand.IntN(len(companies))]
		_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: cents(1), Key: models.NewID().String()})
		return err
	}
	for _, shape := range []struct {
		name   string
		run    func() error
		script string
	}{{"hot parent", onHot, hotScript}, {"random pairs", onRandom, randomScript}} {
		for _, callers := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("%s/%d callers", shape.name, callers), func(b *testing.B) {
				var ours, theirs []float64
				for range 3 {
					ours = append(ours, through(b, callers, shape.run))
					theirs = append(theirs, pgbench(b, server, callers, shape.script))
				}
				slices.Sort(ours)
				slices.Sort(theirs)
				b.ReportMetric(ours[1], "transfers/s")
				b.ReportMetric(theirs[1], "pgbench/s")
				b.ReportMetric(ours[1]/theirs[1], "ratio")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

const round = 3 * time.Second

func fund(b *testing.B, w *storetest.World, c storetest.Company) {
	_, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: c.ID, Amount: cents(1_000_000_00), Reference: "bench"})
	if err != nil {
		b.Fatal(err)
	}
}

// through is how many times a second callers can run something.
func through(b *testing.B, callers int, run func() error) float64 {
	var done atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range callers {
		wg.Go(func() {
			for time.Since(start) < round {
				if err := run(); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(start).Seconds()
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

func pgbench(b *testing.B, server *localpg.Server, callers int, script string) float64 {
	b.Helper()
	file := filepath.Join(b.TempDir(), "script.sql")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		b.Fatal(err)
	}
	path := server.Program("pgbench")
	cfg, err := pgx.ParseConfig(server.DSN(""))
	if err != nil {
		b.Fatal(err)
	}
	out, err := exec.Command(path, "-n", "-M", "prepared", "-c", strconv.Itoa(callers), "-j", "2", "-T", strconv.Itoa(int(round.Seconds())),
		"-f", file, "-h", cfg.Host, "-p", strconv.Itoa(int(cfg.Port)), "-U", cfg.User, cfg.Database).CombinedOutput()
	found := tps.FindSubmatch(out)
	if err != nil || found == nil {
		b.Fatalf("pgbench: %v: %s", err, out)
	}
	n, _ := strconv.ParseFloat(string(found[1]), 64)
	return n
}
