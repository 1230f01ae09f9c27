// Package storetest gives tests what they stand on: databases of their own, the cast, the books check.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"offshoot/migrations"
	"offshoot/services/store/localpg"
)

// serverVariable names a PostgreSQL to use, by a role that may create databases and should not be a superuser. Without
// it each test process starts a private one.
const serverVariable = "OFFSHOOT_TEST_DATABASE_URL"

// Main is the whole of a package's TestMain: it runs the tests, then removes what their databases needed, and ends the
// process. A server is started only if a test asks for a database.
func Main(m *testing.M) {
	databases.cleaned = true
	code := m.Run()
	if err := databases.close(); err != nil {
		fmt.Fprintln(os.Stderr, "storetest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Database returns the DSN of a migrated database that only t uses. It is dropped when t ends, whoever is connected.
func Database(t testing.TB) string {
	t.Helper()
	ready(t)
	return copyOf(t, databases.template)
}

// ready sees to the server and the template. It fails a test whose process would leave them behind.
func ready(t testing.TB) {
	t.Helper()
	if !databases.cleaned {
		t.Fatal("TestMain must call storetest.Main, which removes the databases' server afterwards")
	}
	if err := databases.open(); err != nil {
		t.Fatal("storetest: ", err)
	}
}

// copyOf returns the DSN of a copy of a template, dropped when t ends.
func copyOf(t testing.TB, template string) string {
	t.Helper()
	name, err := databases.clone(template)
	if err != nil {
		t.Fatal("storetest: ", err)
	}
	t.Cleanup(func() {
		if err := databases.drop(name); err != nil {
			t.Error("storetest: ", err)
		}
	})
	return databases.dsn(name)
}

// databases are this process's.
var databases cluster

// cluster is a server with a migrated template on it.
type cluster struct {
	cleaned bool // Main will call close

	once     sync.Once
	failure  error
	private  *localpg.Server // nil when a server was named
	address  string          // of a database to give commands in
	prefix   string          // of all names: others may use the same server
	template string          // empty until it was made
	clones   atomic.Int64
}

// patience bounds each thing asked of the server, so that a test run ends even where the server hangs.
const patience = 2 * time.Minute

func (c *cluster) open() error {
	c.once.Do(func() { c.failure = c.start() })
	return c.failure
}

func (c *cluster) start() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c.prefix = "offshoot_test_" + strings.ToLower(rand.Text()[:10])
	if c.address = os.Getenv(serverVariable); c.address == "" {
		if err := c.startPrivate(ctx); err != nil {
			return err
		}
	}
	template := c.prefix + "_template"
	if err := c.run("CREATE DATABASE " + template); err != nil {
		return err
	}
	c.template = template
	if err := migrations.Up(ctx, c.dsn(template)); err != nil {
		return err
	}
	return c.freeze(template)
}

// freeze makes a database a template. A connection to one stops its being copied; a test that makes one by mistake is
// told so.
func (c *cluster) freeze(name string) error {
	return c.run("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false")
}

func (c *cluster) startPrivate(ctx context.Context) error {
	removeLeftovers()
	dir, err := os.MkdirTemp("", leftovers)
	if err != nil {
		return err
	}
	// As root, the server runs as another account, which must get in.
	if err := os.Chmod(dir, 0o711); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	if c.private, err = localpg.Start(ctx, localpg.Config{Dir: dir, NoSync: true, Log: log}); err != nil {
		return errors.Join(err, localpg.Remove(dir))
	}
	c.address = c.private.DSN("")
	return nil
}

// clone copies a template's files. The default strategy writes the copy to the log, and takes three times as long.
func (c *cluster) clone(template string) (string, error) {
	name := fmt.Sprintf("%s_%d", c.prefix, c.clones.Add(1))
	return name, c.run("CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY file_copy")
}

// drop drops a database, whoever is connected. A worker that vacuums it is the superuser's and cannot be sent away, but
// it ends soon by itself.
func (c *cluster) drop(name string) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		err := c.run("DROP DATABASE " + name + " WITH (FORCE)")
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "42501" || time.Now().After(deadline) {
			return err
		}
	}
}

func (c *cluster) run(command string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, command); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	return nil
}

// dsn is the server's address with another database; pgx takes the last of two, where the address is not a URL.
func (c *cluster) dsn(name string) string {
	u, err := url.Parse(c.address)
	if err != nil || u.Scheme == "" {
		return c.address + " dbname=" + name
	}
	u.Path = "/" + name
	return u.String()
}

func (c *cluster) close() error {
	if c.private != nil {
		return errors.Join(c.private.Stop(), localpg.Remove(c.private.Dir()))
	}
	var failed error
	for _, template := range []string{c.template, cast.template} {
		if template != "" {
			failed = errors.Join(failed, c.drop(template))
		}
	}
	return failed
}

// leftovers is how private servers' directories are named, to be found again.
const leftovers = "offshoot-test-*"

// removeLeftovers tidies up after test processes that were killed, or that a panic ended. Other processes' servers are
// in use, and those just being started are too young.
func removeLeftovers() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), leftovers))
	for _, dir := range dirs {
		if st, err := os.Stat(dir); err == nil && time.Since(st.ModTime()) > time.Minute {
			_ = localpg.Remove(dir)
		}
	}
}
