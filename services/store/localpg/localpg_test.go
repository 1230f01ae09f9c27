package localpg

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// Running: without DATABASE_URL a durable server of our own comes up, and comes up again with its rows.
func TestColdAndWarmStart(t *testing.T) {
	t.Parallel()
	cfg := quick(t, newDir(t))
	cfg.NoSync = false
	began := time.Now()
	s := start(t, cfg)
	cold := time.Since(began)
	for name, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
		"timezone": "UTC", "max_connections": "100", "shared_buffers": "128MB", "listen_addresses": "",
		"server_encoding": "UTF8", "lc_collate": "C",
	} {
		equal(t, name, ask(t, s.OwnerDSN(""), "SELECT current_setting('"+name+"')"), want)
	}
	equal(t, "a small letter", ask(t, s.OwnerDSN(""), "SELECT lower('ÉΩЖ')"), "éωж")
	st, err := os.Stat(s.socket.path)
	must(t, err)
	equal(t, "the mode of the socket's directory", st.Mode().Perm(), 0o700)
	group, err := syscall.Getpgid(s.Pid())
	must(t, err)
	equal(t, "the server's process group", group, s.Pid())
	exec1(t, s.OwnerDSN(""), "CREATE TABLE kept AS SELECT 'here' AS word")
	must(t, s.Stop())
	equal(t, "the process after Stop", s.Pid(), 0)
	if err := try(t, s.OwnerDSN(""), "SELECT"); err == nil {
		t.Error("the server answers after Stop")
	}
	must(t, s.Stop())

	began = time.Now()
	s = start(t, cfg)
	t.Logf("cold start %v, warm start %v", cold.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	equal(t, "the word", ask(t, s.OwnerDSN(""), "SELECT word FROM kept"), "here")
	equal(t, "restarts", s.Restarts(), 0)
}

// Running: the owner may make databases and the extensions migrations need, and is bound by row-level security; the
// application's role owns and may nothing; the superuser is another.
func TestRoles(t *testing.T) {
	t.Parallel()
	cfg := quick(t, madeDir(t))
	cfg.Name = "portal"
	s := start(t, cfg)
	equal(t, "the role", ask(t, s.OwnerDSN(""), "SELECT current_user||' of '||current_database()"), "portal of portal")
	equal(t, "the owner", ask(t, s.OwnerDSN(""), "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'portal'"), "portal")
	equal(t, "its powers", ask(t, s.OwnerDSN(""), `SELECT concat(rolsuper, rolbypassrls, rolcreaterole, rolreplication, rolcreatedb)
		FROM pg_roles WHERE rolname = current_user`), "fffft")
	equal(t, "the superuser", ask(t, s.AdminDSN(""), "SELECT current_user||' of '||current_database()"), "postgres of portal")

	// The way migrations come: goose, over database/sql.
	db, err := sql.Open("pgx", s.OwnerDSN(""))
	must(t, err)
	defer db.Close()
	migrations, err := goose.NewProvider(goose.DialectPostgres, db, fstest.MapFS{"00001_start.sql": {Data: []byte(`-- +goose Up
		CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gin;
		CREATE TABLE rows (tenant int); INSERT INTO rows VALUES (1), (2);
		ALTER TABLE rows ENABLE ROW LEVEL SECURITY; ALTER TABLE rows FORCE ROW LEVEL SECURITY;
		CREATE POLICY own ON rows USING (tenant = current_setting('app.tenant', true)::int);`)}})
	must(t, err)
	_, err = migrations.Up(t.Context())
	must(t, err)
	equal(t, "rows of no tenant", ask(t, s.OwnerDSN(""), "SELECT count(*)::text FROM rows"), "0")
	equal(t, "rows the superuser sees", ask(t, s.AdminDSN(""), "SELECT count(*)::text FROM rows"), "2")

	exec1(t, s.OwnerDSN(""), "CREATE DATABASE copied TEMPLATE template1 STRATEGY file_copy")
	equal(t, "the other database", ask(t, s.OwnerDSN("copied"), "SELECT current_database()::text"), "copied")
	for _, forbidden := range []string{"COPY (SELECT 1) TO PROGRAM 'true'", "ALTER SYSTEM SET fsync = off", "CREATE ROLE other", "SET ROLE postgres"} {
		if err := try(t, s.OwnerDSN(""), forbidden); err == nil {
			t.Errorf("the application may %s", forbidden)
		}
	}

	equal(t, "the application's role", ask(t, s.DSN(""), `SELECT concat(rolname, ' ', rolsuper, rolbypassrls, rolcreaterole, rolreplication, rolcreatedb)
		FROM pg_roles WHERE rolname = current_user`), "portal_app fffff")
	for _, forbidden := range []string{"SELECT count(*) FROM rows", "DROP TABLE rows", "CREATE TABLE mine (n int)", "SET ROLE portal", "CREATE DATABASE mine"} {
		if err := try(t, s.DSN(""), forbidden); err == nil {
			t.Errorf("the application's role may %s", forbidden)
		}
	}

	// A role that was given more is held to what it may be.
	exec1(t, s.AdminDSN(""), "ALTER ROLE portal SUPERUSER BYPASSRLS")
	exec1(t, s.AdminDSN(""), "ALTER ROLE portal_app SUPERUSER BYPASSRLS")
	must(t, s.Stop())
	s = start(t, cfg)
	equal(t, "its powers", ask(t, s.OwnerDSN(""), `SELECT string_agg(concat(rolsuper, rolbypassrls), ' ') FROM pg_roles WHERE rolname LIKE 'portal%'`), "ff ff")
}

// Running: settings that safety rests on cannot be changed in the cluster; the others are the installation's to change.
func TestSettings(t *testing.T) {
	t.Parallel()
	cfg := quick(t, madeDir(t))
	s := start(t, cfg)
	equal(t, "fsync without sync", ask(t, s.OwnerDSN(""), "SHOW fsync"), "off")
	must(t, s.Stop())
	must(t, appendTo(s.data, "postgresql.conf", "max_connections = 42\nlisten_addresses = '127.0.0.1'\nhba_file = '/tmp/none'\nfsync = off\n"))
	cfg.NoSync = false
	s = start(t, cfg)
	equal(t, "max_connections", ask(t, s.OwnerDSN(""), "SHOW max_connections"), "42")
	equal(t, "listen_addresses", ask(t, s.OwnerDSN(""), "SHOW listen_addresses"), "")
	equal(t, "fsync", ask(t, s.OwnerDSN(""), "SHOW fsync"), "on")
}

// Running: a second instance on the same data is refused, naming the process of the first.
func TestSecondInstance(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	first := startWriter(t, dir)
	err := refused(t, quick(t, dir))
	says(t, err, dir, "process "+strconv.Itoa(first.cmd.Process.Pid))
	link := filepath.Join(filepath.Dir(dir), "link")
	must(t, os.Symlink(dir, link))
	for _, err := range []error{err, refused(t, quick(t, link)), Remove(dir)} {
		if !errors.Is(err, ErrInUse) {
			t.Errorf("refused with %v", err)
		}
	}
	first.next(t)
}

// Running: edited access files are put right at the next start, and when a server that died is started again.
func TestAccessIsRewritten(t *testing.T) {
	t.Parallel()
	cfg := quick(t, madeDir(t))
	s := start(t, cfg)
	must(t, s.Stop())
	want := map[string]string{}
	for _, name := range []string{hbaFile, identFile} {
		text, err := os.ReadFile(filepath.Join(s.data, name))
		must(t, err)
		want[name] = string(text)
	}
	right := func() {
		t.Helper()
		for name, text := range want {
			got, err := os.ReadFile(filepath.Join(s.data, name))
			must(t, err)
			equal(t, name, string(got), text)
		}
		equal(t, "the rules in force", ask(t, s.AdminDSN(""), "SELECT string_agg(type||auth_method, ' ') FROM pg_hba_file_rules"), "localpeer")
	}
	victim := filepath.Join(filepath.Dir(cfg.Dir), "victim")
	must(t, os.WriteFile(victim, []byte("untouched"), 0o600))
	tamper := func() {
		t.Helper()
		must(t, os.WriteFile(filepath.Join(s.data, hbaFile), []byte("local all all trust\n"), 0o600))
		// Root must not be led to write through a link that the server's account made.
		must(t, os.Remove(filepath.Join(s.data, identFile)))
		must(t, os.Symlink(victim, filepath.Join(s.data, identFile)))
	}
	tamper()
	s = start(t, cfg)
	right()
	tamper()
	first := s.Pid()
	kill(t, first)
	eventually(t, "another server", func() bool { return s.Pid() != first && try(t, s.OwnerDSN(""), "SELECT") == nil })
	right()
	text, err := os.ReadFile(victim)
	must(t, err)
	equal(t, "the file linked to", string(text), "untouched")
}

// Running: where a socket's path would be too long, or could not be written in a DSN, a short private directory serves.
func TestOddDirectories(t *testing.T) {
	t.Parallel()
	base := newDir(t)
	for _, test := range []struct {
		name  string
		short bool
	}{
		{strings.Repeat("long", 40), true},
		{`odd"name'100%25?&#+[é`, false},
	} {
		t.Run(test.name[:3], func(t *testing.T) {
			dir := filepath.Join(base, test.name)
			s := start(t, quick(t, dir))
			equal(t, "short", s.socket.path != filepath.Join(dir, socketName), test.short)
			if len(socketFile(s.socket.path)) > maxSocketPath {
				t.Errorf("%s is too long", s.socket.path)
			}
			equal(t, "an answer", ask(t, s.OwnerDSN(""), "SELECT 'yes'"), "yes")
			must(t, s.Stop())
			if _, err := os.Stat(s.socket.path); test.short == (err == nil) {
				t.Errorf("after Stop, the socket's directory: %v", err)
			}
			must(t, Remove(dir))
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("after Remove, the installation's directory: %v", err)
			}
		})
	}
}

// Running: only what a socket's address or a DSN cannot hold goes elsewhere.
func TestSocketDir(t *testing.T) {
	t.Parallel()
	base := newDir(t)
	self, err := accountOf(os.Geteuid())
	must(t, err)
	longest := strings.Repeat("x", maxSocketPath-len(socketFile(filepath.Join(base, "_", socketName)))+1)
	for name, want := range map[string]bool{"plain": false, longest: false, longest + "x": true, "a,comma": true, "two words": true} {
		s := &Server{cfg: quick(t, filepath.Join(base, name)), account: self}
		must(t, os.MkdirAll(s.cfg.Dir, 0o711))
		dir, err := s.openSocketDir()
		must(t, err)
		defer dir.release()
		equal(t, fmt.Sprintf("elsewhere for %q", name), dir.temporary, want)
		if len(socketFile(dir.path)) > maxSocketPath || !isPrivate(dir.path, self) {
			t.Errorf("%s is too long or not private", dir.path)
		}
	}
}

// Running: Remove takes nothing that is not the server's.
func TestRemoveKeepsOthersFiles(t *testing.T) {
	t.Parallel()
	must(t, Remove(newDir(t)))
	dir := madeDir(t)
	must(t, start(t, quick(t, dir)).Stop())
	must(t, os.WriteFile(filepath.Join(dir, "keys"), nil, 0o600))
	must(t, Remove(dir))
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 1 || entries[0].Name() != "keys" {
		t.Errorf("left are %v", entries)
	}
}
