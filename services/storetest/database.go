// Package storetest gives tests what they stand on: databases of their own, the cast, the books check.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
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
	"github.com/jackc/pgx/v5/pgxpool"

	"offshoot/migrations"
	"offshoot/services/store/localpg"
)

// serverVariable names a PostgreSQL to use, by a role that may create databases and roles and passes row-level security, for
// tests look at rows and spoil them. Without it each test process starts a private one.
const serverVariable = "OFFSHOOT_TEST_DATABASE_URL"

// applicationVariable names the same server as the application's role. Without it, one is made and dropped.
const applicationVariable = "OFFSHOOT_TEST_APPLICATION_URL"

// Main is the whole of a package's TestMain: it runs the tests, then removes what their databases needed, and ends the
// process. A server is started only if a test asks for a database.
func Main(m *testing.M) {
	databases.cleaned = true
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue { // a package with models that did not choose
		_ = f.Value.Set(modelRuns) // the command line has the last word
	}
	code := m.Run()
	if err := databases.close(); err != nil {
		fmt.Fprintln(os.Stderr, "storetest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Database returns the DSN of a migrated database that only t uses, as the application's role. It is dropped when t ends,
// whoever is connected.
func Database(t testing.TB) string {
	t.Helper()
	ready(t)
	return copyOf(t, databases.template)
}

// Empty is Database with nothing in it, not even a schema.
func Empty(t testing.TB) string {
	t.Helper()
	ready(t)
	return copyOf(t, "template0")
}

// Raw connects to the database of a DSN as a role that no policy and no grant binds, to look at rows of all tenants and to
// spoil them.
func Raw(t testing.TB, dsn string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), RawDSN(t, dsn))
	if err != nil {
		t.Fatal("storetest: ", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// RawDSN is how Raw connects.
func RawDSN(t testing.TB, dsn string) string { return named(t, dsn, databases.raw) }

// OwnerDSN is the database of a DSN as the role that owns its tables and ran the migrations.
func OwnerDSN(t testing.TB, dsn string) string { return named(t, dsn, databases.owner) }

func named(t testing.TB, dsn string, as address) string {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal("storetest: ", err)
	}
	return as.database(config.Database)
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
	return databases.app.database(name)
}

// databases are this process's.
var databases cluster

// cluster is a server with a migrated template on it.
type cluster struct {
	cleaned bool // Main will call close

	once     sync.Once
	failure  error
	private  *localpg.Server // nil when a server was named
	owner    address
	app      address
	raw      address
	role     string    // of the application, where it was made for this run
	between  io.Closer // nil unless scopes are taken away
	prefix   string    // of all names: others may use the same server
	template string    // empty until it was made
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
	if given := os.Getenv(serverVariable); given == "" {
		if err := c.startPrivate(ctx); err != nil {
			return err
		}
	} else if err := c.useNamed(given); err != nil {
		return err
	}
	template := c.prefix + "_template"
	if err := c.run("CREATE DATABASE " + template); err != nil {
		return err
	}
	c.template = template
	if err := migrations.Up(ctx, c.owner.database(template), c.app.database(template)); err != nil {
		return err
	}
	if os.Getenv(unscopedVariable) != "" {
		var err error
		if c.app, c.between, err = unscoped(c.app); err != nil {
			return err
		}
	}
	return c.freeze(template)
}

// useNamed lets the migrations make the application's role, as they do for whoever names a server of their own.
func (c *cluster) useNamed(given string) error {
	config, err := pgx.ParseConfig(given)
	if err != nil {
		return err
	}
	c.owner, c.raw = address(given), address(given)
	if application := os.Getenv(applicationVariable); application != "" {
		c.app = address(application)
		return nil
	}
	c.role = c.prefix + "_app"
	c.app = address((&url.URL{Scheme: "postgres", User: url.UserPassword(c.role, rand.Text()),
		RawQuery: url.Values{"host": {config.Host}, "port": {fmt.Sprint(config.Port)}, "sslmode": {"disable"}}.Encode()}).String())
	return nil
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
	c.owner, c.app, c.raw = address(c.private.OwnerDSN("")), address(c.private.DSN("")), address(c.private.AdminDSN(""))
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
	conn, err := pgx.Connect(ctx, string(c.owner))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, command); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	return nil
}

// address is the server, as one role.
type address string

// database is the address with another database; pgx takes the last of two, where the address is not a URL.
func (a address) database(name string) string {
	u, err := url.Parse(string(a))
	if err != nil || u.Scheme == "" {
		return string(a) + " dbname=" + name
	}
	u.Path = "/" + name
	return u.String()
}

func (c *cluster) close() error {
	if c.between != nil {
		_ = c.between.Close()
	}
	if c.private != nil {
		return errors.Join(c.private.Stop(), localpg.Remove(c.private.Dir()))
	}
	var failed error
	for _, template := range []string{c.template, cast.template} {
		if template != "" {
			failed = errors.Join(failed, c.drop(template))
		}
	}
	if c.role != "" {
		failed = errors.Join(failed, c.run("DROP ROLE IF EXISTS "+c.role))
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
