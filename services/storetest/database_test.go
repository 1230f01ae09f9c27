package storetest_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/services/store/localpg"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// Running: every test has a migrated database of its own, as a role that is bound by row-level security.
func TestDatabase(t *testing.T) {
	const names = `SELECT coalesce(string_agg(datname, ' ' ORDER BY datname), '') FROM pg_database WHERE datname LIKE 'offshoot_test_%'`
	outer := storetest.Database(t)
	before := ask(t, outer, names)
	t.Run("group", func(t *testing.T) {
		for i := range 4 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				began := time.Now()
				dsn := storetest.Database(t)
				t.Logf("cloned in %v", time.Since(began).Round(time.Millisecond))
				if got := ask(t, dsn, "SELECT to_regclass('accounts')::text"); got != "accounts" {
					t.Errorf("the table of accounts is %q", got)
				}
				if got := ask(t, dsn, "SELECT (rolsuper OR rolbypassrls)::text FROM pg_roles WHERE rolname = current_user"); got != "false" {
					t.Error("the role passes row-level security")
				}
				if got := ask(t, dsn, "SELECT coalesce(to_regclass('mine')::text, 'none')"); got != "none" {
					t.Error("another test's table is here")
				}
				// A connection left open does not keep the database.
				conn, err := pgx.Connect(t.Context(), storetest.RawDSN(t, dsn))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := conn.Exec(t.Context(), "CREATE TABLE mine ()"); err != nil {
					t.Fatal(err)
				}
			})
		}
	})
	if after := ask(t, outer, names); after != before {
		t.Errorf("the databases were %s and are %s", before, after)
	}
}

// Running: the server that is named serves instead of a private one, whichever way it is named, and keeps nothing.
func TestNamedServer(t *testing.T) {
	server := privateServer(t, newDir(t))
	const names = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database"
	before := ask(t, server.AdminDSN(""), names)
	config, err := pgx.ParseConfig(server.AdminDSN(""))
	if err != nil {
		t.Fatal(err)
	}
	words := fmt.Sprintf("host=%s port=%d user=%s dbname=%s", config.Host, config.Port, config.User, config.Database)
	for _, dsn := range []string{server.AdminDSN(""), words} {
		room := newDir(t)
		out, err := rerun(t, "TMPDIR="+room, "OFFSHOOT_TEST_DATABASE_URL="+dsn, "OFFSHOOT_TEST_APPLICATION_URL="+server.DSN(""))
		if err != nil {
			t.Errorf("with %s: %v\n%s", dsn, err, out)
		}
		if after := ask(t, server.AdminDSN(""), names); after != before {
			t.Errorf("the databases were %s and are %s", before, after)
		}
		if left := entries(t, room); left != "" {
			t.Errorf("a private server left %s", left)
		}
	}
	// It is the server that was asked, and its refusal is what the test says.
	if out, err := rerun(t, "OFFSHOOT_TEST_DATABASE_URL=host=/nowhere"); err == nil || !strings.Contains(out, "/nowhere") {
		t.Errorf("with no server there: %v\n%s", err, out)
	}
}

// Running: a test process removes its server, and those that killed test processes left, but none that is in use.
func TestLeftovers(t *testing.T) {
	room := newDir(t)
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"offshoot-test-dead", "offshoot-test-live", "other"} {
		dir := filepath.Join(room, name)
		server := privateServer(t, dir)
		if name != "offshoot-test-live" {
			if err := server.Stop(); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(room, "offshoot-test-young"), 0o711); err != nil {
		t.Fatal(err)
	}
	if out, err := rerun(t, "TMPDIR="+room, "OFFSHOOT_TEST_DATABASE_URL="); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if got, want := entries(t, room), "offshoot-test-live offshoot-test-young other"; got != want {
		t.Errorf("left are %s, not %s", got, want)
	}
}

// rerun is another test process, which asks for databases.
func rerun(t *testing.T, env ...string) (string, error) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run", "^TestDatabase$")
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func privateServer(t *testing.T, dir string) *localpg.Server {
	t.Helper()
	server, err := localpg.Start(t.Context(), localpg.Config{Dir: dir, NoSync: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	return server
}

// newDir can be reached by the account that a server runs as when the test is root's.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "storetest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

func entries(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range list {
		names = append(names, entry.Name())
	}
	return strings.Join(names, " ")
}

func ask(t *testing.T, dsn, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var answer string
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}
