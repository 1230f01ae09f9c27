package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/migrations"
	"offshoot/services/demo"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

// elsewhere is a configuration with an empty database.
func elsewhere(t *testing.T) config {
	t.Helper()
	c := good()
	c.SecretKeys = "" // those of tests, which no configuration takes
	c.DatabaseURL = storetest.Empty(t)
	c.OwnerURL = storetest.OwnerDSN(t, c.DatabaseURL)
	return c
}

// ownedBy gives an empty database to a role of another name, as on another server, and returns the name.
func ownedBy(t *testing.T, dsn string) string {
	t.Helper()
	raw := storetest.Raw(t, dsn)
	config := raw.Config().ConnConfig
	role := "other_" + strings.ToLower(rand.Text()[:8])
	named, err := pgx.ParseConfig(storetest.OwnerDSN(t, dsn))
	if err != nil {
		t.Fatal(err)
	}
	change := func(sql string) {
		t.Helper()
		if _, err := raw.Exec(context.Background(), sql); err != nil {
			t.Error(err)
		}
	}
	change("CREATE ROLE " + role)
	change("GRANT " + role + " TO CURRENT_USER") // who is no superuser on a server elsewhere
	change("ALTER DATABASE " + config.Database + " OWNER TO " + role)
	t.Cleanup(func() { // the objects go to the role that will drop the database, the role goes
		change("REASSIGN OWNED BY " + role + " TO " + named.User)
		change("DROP OWNED BY " + role)
		change("DROP ROLE " + role)
	})
	return role
}

// silent is for what a command says to nobody.
var silent = slog.New(slog.DiscardHandler)

// The drill: money moves while the backup is made; it is brought back elsewhere; what is there is the state of one moment,
// row by row, with policies, grants, triggers and sealed secrets, and people can sign in.
func TestBackupDrill(t *testing.T) {
	w := storetest.NewWorld(t)
	from := good()
	from.DatabaseURL, from.OwnerURL = w.DSN, storetest.OwnerDSN(t, w.DSN)
	path := filepath.Join(t.TempDir(), "offshoot.backup")

	if _, err := w.Identity.SignIn(t.Context(), identity.SignInOrder{Email: w.Clinic.Admin.Email, Password: storetest.Passphrase}); err != nil {
		t.Fatal(err) // a session that must not be in the file
	}
	stop, busy := context.WithCancel(t.Context())
	var transfers sync.WaitGroup
	for range 3 {
		transfers.Go(func() {
			for stop.Err() == nil {
				_, err := w.Ledger.Transfer(t.Context(), w.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: w.Clinic.Own.Account.ID, Amount: storetest.Euros(t, "0.01")})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var said bytes.Buffer
	time.Sleep(200 * time.Millisecond)
	if err := backup(t.Context(), from, path, &said, silent); err != nil {
		t.Fatal(err)
	}
	busy()
	transfers.Wait()
	_, held, _ := strings.Cut(strings.TrimSuffix(said.String(), ".\n"), " holds ")
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}

	to := elsewhere(t)
	became := ownedBy(t, to.DatabaseURL)
	to.OwnerURL = with(storetest.RawDSN(t, to.DatabaseURL), "options", "-crole="+became)
	said.Reset()
	if err := restore(t.Context(), to, path, false, &said, silent); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(said.String(), "Restored "+held+". The books of all ") {
		t.Errorf("backed up: %s; restored: %s", held, said.String())
	}
	compare(t, storetest.RawDSN(t, w.DSN), storetest.RawDSN(t, to.DatabaseURL), became)
	second := filepath.Join(t.TempDir(), "second.backup")
	said.Reset()
	if err := backup(t.Context(), to, second, &said, silent); err != nil || !strings.HasSuffix(said.String(), " holds "+held+".\n") {
		t.Errorf("a backup of what was restored: %q, %v", said.String(), err)
	}

	again := storetest.On(t, to.DatabaseURL)
	if _, err := again.Identity.SignIn(t.Context(), identity.SignInOrder{Email: w.Clinic.Admin.Email, Password: storetest.Passphrase}); err != nil {
		t.Errorf("sign-in: %v", err)
	}
	if n := again.Count(t, "sessions"); n != 1 { // the one just begun
		t.Errorf("%d sessions", n)
	}
	page, err := again.Notify.Outbox(t.Context(), 50, "")
	if err != nil || len(page.Messages) == 0 {
		t.Fatalf("outbox: %d, %v", len(page.Messages), err)
	}
	for _, m := range page.Messages {
		if m.Body == "" || strings.Contains(m.Body, "keys that this program does not have") {
			t.Errorf("a message opens as %q", m.Body)
		}
	}
}

// catalogue is everything about a schema that keeps its data right and its tenants apart.
var catalogue = map[string]string{
	"columns":     `SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) FROM information_schema.columns WHERE table_schema = 'public'`,
	"policies":    `SELECT format('%s %s %s %s %s %s', polrelid::regclass, polname, polcmd, polroles::regrole[], pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM pg_policy`,
	"security":    `SELECT format('%s %s %s', oid::regclass, relrowsecurity, relforcerowsecurity) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
	"triggers":    `SELECT format('%s %s', tgrelid::regclass, pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal`,
	"constraints": `SELECT format('%s %s %s %s', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace`,
	"indexes":     `SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'`,
	"grants":      `SELECT format('%s %s %s', table_name, grantee, privilege_type) FROM information_schema.table_privileges WHERE table_schema = 'public'`,
	"functions":   `SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
	"owners":      `SELECT format('%s %s', relname, pg_get_userbyid(relowner)) FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
}

// compare holds a restored database against the one that lived on: the schema is the same, and every row of the tables that
// only grow is there as it was.
func compare(t *testing.T, source, restored, owner string) {
	t.Helper()
	for what, query := range catalogue {
		after := strings.ReplaceAll(lines(t, restored, query), owner, "offshoot")
		if before := lines(t, source, query); strings.Join(slices.Sorted(strings.Lines(before+"\n")), "") != strings.Join(slices.Sorted(strings.Lines(after+"\n")), "") || before == "" {
			t.Errorf("%s differ:\n%s\nand\n%s", what, before, after)
		}
	}
	for _, table := range []string{"transfers", "entries", "action_log", "charges", "users", "outbox", "privileges"} {
		had := map[string]bool{}
		for row := range strings.Lines(lines(t, source, `SELECT x::text FROM `+table+` x`)) {
			had[strings.TrimSpace(row)] = true
		}
		for row := range strings.Lines(lines(t, restored, `SELECT x::text FROM `+table+` x`)) {
			if !had[strings.TrimSpace(row)] {
				t.Errorf("%s: %s was never there", table, row)
			}
		}
	}
}

func lines(t *testing.T, dsn, query string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var all *string
	if err := conn.QueryRow(t.Context(), `SELECT string_agg(l, E'\n' ORDER BY l) FROM (`+query+`) q (l)`).Scan(&all); err != nil {
		t.Fatal(query, err)
	}
	if all == nil {
		return ""
	}
	return *all
}

// Bad input: files that are no backups, of others, cut short, of a newer version; databases that are not empty; names of
// other people's files; missing rights. Nothing is changed by any.
func TestBackupAndRestoreRefuse(t *testing.T) {
	w := storetest.NewWorld(t)
	from := good()
	from.DatabaseURL, from.OwnerURL = w.DSN, storetest.OwnerDSN(t, w.DSN)
	dir := t.TempDir()
	path := filepath.Join(dir, "offshoot.backup")
	letter := filepath.Join(dir, "letter")
	if err := os.WriteFile(letter, []byte("Dear Ann"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := func(what, says string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want …%s…", what, err, says)
		}
	}
	ctx := t.Context()
	refused("over a letter", "is no backup", backup(ctx, from, letter, &bytes.Buffer{}, silent))
	refused("into no folder", "no such file", backup(ctx, from, filepath.Join(dir, "none", "x"), &bytes.Buffer{}, silent))
	without := from
	without.OwnerURL = ""
	refused("without the owner", "DATABASE_OWNER_URL", backup(ctx, without, path, &bytes.Buffer{}, silent))
	empty := elsewhere(t)
	refused("of nothing", "not one of Offshoot", backup(ctx, empty, path, &bytes.Buffer{}, silent))
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := backup(cancelled, from, path, &bytes.Buffer{}, silent); err == nil {
		t.Error("a backup that was stopped succeeds")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}

	for range 2 { // the second replaces the first
		if err := backup(ctx, from, path, &bytes.Buffer{}, silent); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "half")
	if err := os.WriteFile(half, whole[:len(whole)*2/3], 0o600); err != nil {
		t.Fatal(err)
	}
	refused("nothing", "is no file", restore(ctx, empty, filepath.Join(dir, "none"), false, &bytes.Buffer{}, silent))
	refused("a folder", "is no file", restore(ctx, empty, dir, false, &bytes.Buffer{}, silent))
	refused("a letter", "is no backup", restore(ctx, empty, letter, false, &bytes.Buffer{}, silent))
	refused("half a backup", "", restore(ctx, empty, half, false, &bytes.Buffer{}, silent))
	refused("over another", "not empty", restore(ctx, from, path, false, &bytes.Buffer{}, silent))

	if _, err := w.Raw.Exec(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, true)`, migrations.Newest()+1); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(dir, "newer")
	if err := backup(ctx, from, newer, &bytes.Buffer{}, silent); err != nil {
		t.Fatal(err)
	}
	refused("of a newer version", "newer Offshoot", restore(ctx, empty, newer, false, &bytes.Buffer{}, silent))
	if err := isEmpty(ctx, empty.OwnerURL); err != nil {
		t.Errorf("a refused restore left something: %v", err)
	}

	// A copy for another purpose sends nothing.
	waiting := w.Count(t, "outbox WHERE status = 'waiting'")
	if err := restore(ctx, empty, path, true, &bytes.Buffer{}, silent); err != nil {
		t.Fatal(err)
	}
	copied := storetest.On(t, empty.DatabaseURL)
	if waiting == 0 || copied.Count(t, "outbox WHERE status = 'waiting'") != 0 || copied.Count(t, "outbox WHERE status = 'failed'") != waiting {
		t.Errorf("of %d messages that waited, %d wait in the copy", waiting, copied.Count(t, "outbox WHERE status = 'waiting'"))
	}
}

// The private PostgreSQL is backed up while offshoot run serves from it, and brought back into a new folder. Programs of
// their own, as an operator starts them.
func TestBackupOfARunningPortal(t *testing.T) {
	data, path := dataFolder(t), filepath.Join(t.TempDir(), "offshoot.backup")
	p := start(t, nil, "", "run", "--addr", "127.0.0.1:0", "--data", data)
	p.await("Ctrl-C")
	// its books are checked as it serves, and after it has stopped
	if status, said := runToEnd(t, nil, "", "verify", "--data", data); status != 0 || !strings.Contains(said, "no fault") {
		t.Errorf("verify beside it: %d, %s", status, said)
	}
	status, said := runToEnd(t, nil, "", "backup", path, "--data", data)
	_, held, _ := strings.Cut(strings.TrimSuffix(said, "."), " holds ")
	if status != 0 || held == "" {
		t.Fatalf("backup: %d, %q", status, said)
	}
	if status, said := runToEnd(t, nil, "", "restore", path, "--data", data); status != 1 || !strings.Contains(said, "another instance") {
		t.Errorf("restore into the running one: %d, %q", status, said)
	}
	p.signal(15)
	p.ends()
	if status, said := runToEnd(t, nil, "", "verify", "--data", data, "--quiet"); status != 0 || said != "" {
		t.Errorf("verify after it: %d, %s", status, said)
	}
	fresh := dataFolder(t)
	if status, said := runToEnd(t, nil, "", "restore", path, "--data", fresh); status != 0 || !strings.Contains(said, "Restored "+held) ||
		!strings.Contains(said, "do not open") {
		t.Fatalf("restore: %d, %q; backed up was %s", status, said, held)
	}
	if status, said := runToEnd(t, nil, "", "run", "--addr", "127.0.0.1:0", "--data", fresh); status != 1 || !strings.Contains(said, "do not open") {
		t.Errorf("run with other keys: %d, %q", status, said)
	}
	keys, err := os.ReadFile(filepath.Join(data, "secret.keys"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(fresh, "secret.keys"), keys, 0o600); err != nil {
		t.Fatal(err)
	}
	second := start(t, nil, "", "run", "--addr", "127.0.0.1:0", "--data", fresh)
	address := second.address()
	second.await("Ctrl-C")
	for _, s := range demo.SignIns() {
		signIn(t, address, s.Email, s.Password)
	}
	if _, page := get(t, browser(t), address+"/dev/outbox"); !strings.Contains(page, "activation code") {
		t.Error("the restored outbox has no codes")
	}
}
