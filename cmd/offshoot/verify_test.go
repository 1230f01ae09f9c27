package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"offshoot/services/storetest"
)

// spoil goes around every trigger.
func spoil(t *testing.T, w *storetest.World, sql string, args ...any) {
	t.Helper()
	tx, err := w.Raw.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(context.Background(), `SET LOCAL session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(context.Background(), sql, args...); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// The proof on the command line, as the role that row-level security binds, as the owner and as a superuser: what it looked at,
// what is wrong and with whom, and its exit status. It changes nothing unless it is told to.
func TestVerify(t *testing.T) {
	w := storetest.UncheckedWorld(t)
	environment := func(dsn string) []string { return []string{"DATABASE_URL=" + dsn} }
	before := w.Fingerprint(t)
	status, said := runToEnd(t, environment(w.DSN), "", "verify")
	for _, part := range []string{"North Clinic Group (" + w.Clinic.ID.String() + "): ", "Harbor Media", "Offshoot Support", "no fault",
		"The entries of a transfer sum to zero", "3 accounts with their sub-accounts", "rows  faults  rule"} {
		if status != 0 || !strings.Contains(said, part) {
			t.Errorf("all is well: %d, without %q:\n%s", status, part, said)
		}
	}
	if status, said := runToEnd(t, environment(w.DSN), "", "verify", "--quiet"); status != 0 || said != "" {
		t.Errorf("quietly: %d, %q", status, said)
	}
	spoil(t, w, `UPDATE wallets SET balance = balance + 1 WHERE kind = 'balance' AND account_id = $1`, w.Clinic.ID)
	spoilt := w.Fingerprint(t)
	for name, dsn := range map[string]string{"bound": w.DSN, "owner": storetest.OwnerDSN(t, w.DSN), "superuser": storetest.RawDSN(t, w.DSN)} {
		status, said := runToEnd(t, environment(dsn), "", "verify", "--quiet")
		if status != 1 || !strings.Contains(said, "A balance is what its entries say, counted and dated: not so for wallet ") ||
			!strings.Contains(said, "North Clinic Group") || strings.Contains(said, "Harbor Media") || !strings.Contains(said, "the books of 1 of 3 accounts are not right") {
			t.Errorf("%s: %d, %s", name, status, said)
		}
	}
	if w.Fingerprint(t) != spoilt {
		t.Error("looking changed something")
	}
	if status, said := runToEnd(t, environment(w.DSN), "", "verify", "--tenant", "Harbor Media", "--tenant", w.Sam.Account.ID.String()); status != 0 || !strings.Contains(said, "2 accounts with") {
		t.Errorf("others alone: %d, %s", status, said)
	}
	status, said = runToEnd(t, environment(w.DSN), "", "verify", "--json", "--tenant", "North Clinic Group")
	lines := strings.Split(strings.TrimSpace(said), "\n")
	var one, all struct {
		Name   string
		Faults int64
		Faulty int
		Rows   int64
		Rules  []struct {
			Rule         string
			Rows, Faults int64
			Examples     []string
		}
	}
	if status != 1 || len(lines) != 3 || json.Unmarshal([]byte(lines[0]), &one) != nil || json.Unmarshal([]byte(lines[1]), &all) != nil {
		t.Fatalf("as JSON: %d, %s", status, said)
	}
	if one.Name != "North Clinic Group" || one.Faults != 2 || all.Faults != 2 || all.Faulty != 1 || one.Rows != all.Rows || one.Rows < 50 || len(one.Rules) != len(all.Rules) {
		t.Errorf("as JSON: %+v, %+v", one, all)
	}
	for _, wrong := range [][]string{{"verify", "--tenant", "Nobody"}, {"verify", "--json", "--quiet"}, {"verify", "--freeze", "--no-freeze"}, {"verify", "more"}, {"verify", "--what"}} {
		if status, said := runToEnd(t, environment(w.DSN), "", wrong...); status != 2 {
			t.Errorf("%v: %d, %s", wrong, status, said)
		}
	}
	if status, said := runToEnd(t, environment(storetest.Empty(t)), "", "verify"); status != 2 || !strings.Contains(said, "schema") {
		t.Errorf("a database that is not Offshoot's: %d, %s", status, said)
	}
	if status, said := runToEnd(t, environment("postgres://nobody@127.0.0.1:1/none"), "", "verify"); status != 2 || !strings.Contains(said, "does not answer") {
		t.Errorf("no database: %d, %s", status, said)
	}
	status, said = runToEnd(t, environment(w.DSN), "", "verify", "--freeze")
	if status != 1 || !strings.Contains(said, "Its money is frozen now.") || w.Count(t, "freezes WHERE tenant_id = $1", w.Clinic.ID) != 1 || w.Count(t, "freezes") != 1 {
		t.Errorf("with --freeze: %d, %s", status, said)
	}
	if w.Count(t, "book_checks WHERE whole_at IS NOT NULL") != 3 || w.Count(t, "river_job WHERE kind = 'books.tell_staff'") != 1 {
		t.Error("what was found is not kept")
	}
	spoil(t, w, `UPDATE wallets SET balance = balance - 1 WHERE kind = 'balance' AND account_id = $1`, w.Clinic.ID)
	spoil(t, w, `DELETE FROM freezes`)
	spoil(t, w, `DELETE FROM book_checks`)
	spoil(t, w, `DELETE FROM action_log WHERE action = 'books.frozen'`)
	if w.Fingerprint(t) != before {
		t.Error("--freeze changed more than that")
	}
}
