package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/migrations"
	"offshoot/services/secrets"
	"offshoot/services/store/localpg"
)

// machine is an installation as it stands in production: two portals and one worker on one PostgreSQL, settings as serve and
// work demand them, on loopback. Between portals and PostgreSQL, and between people and portals, lie wires.
type machine struct {
	settings
	dir      string
	keys     *secrets.Keys
	clock    *clockFile
	calendar calendar

	database localpg.Config
	mu       sync.Mutex // of server
	server   *localpg.Server
	bridge   *bridge
	exchange *exchange

	portals [2]*process
	worker  *process
	toData  [3]*wire // of the portals and the worker
	toPages [2]*wire
	mails   *mailbox
}

const everybodysPassword = "correct horse battery staple"

// build starts PostgreSQL and lays the wires. The world is made before open starts the rest.
func build(ctx context.Context, s settings, dir string) (_ *machine, err error) {
	m := &machine{dir: dir, settings: s, exchange: newExchange(), clock: &clockFile{path: filepath.Join(dir, "clock")},
		calendar: calendar{lots: stream(s.seed, "calendar")}}
	defer func() {
		if err != nil {
			m.close()
		}
	}()
	if err := m.clock.set(time.Until(opening(s.seed))); err != nil {
		return nil, err
	}
	if m.keys, err = secrets.Generate(); err != nil {
		return nil, err
	}
	m.database = localpg.Config{Dir: filepath.Join(dir, "database"), Log: slog.New(slog.DiscardHandler), StopGrace: time.Second}
	if m.server, err = localpg.Start(ctx, m.database); err != nil {
		return nil, err
	}
	if err = migrations.Up(ctx, m.server.OwnerDSN(""), m.server.DSN("")); err != nil {
		return nil, err
	}
	if m.mails, err = newMailbox(); err != nil {
		return nil, err
	}
	if m.bridge, err = newBridge(m.socket()); err != nil {
		return nil, err
	}
	for i, who := range []string{"portal 1 to PostgreSQL", "portal 2 to PostgreSQL", "worker to PostgreSQL"} {
		if m.toData[i], err = m.exchange.lay(who, m.bridge.address()); err != nil {
			return nil, err
		}
	}
	for i := range m.portals {
		at, err := listenable()
		if err != nil {
			return nil, err
		}
		if m.toPages[i], err = m.exchange.lay(fmt.Sprintf("people to portal %d", i+1), at); err != nil {
			return nil, err
		}
		if m.portals[i], err = newProcess(dir, fmt.Sprintf("portal-%d", i+1), s.program, "serve", "http://"+at+"/readyz", m.environment(m.toData[i], at)); err != nil {
			return nil, err
		}
	}
	m.worker, err = newProcess(dir, "worker", s.program, "work", "", m.environment(m.toData[2], "127.0.0.1:0"))
	return m, err
}

// socket is where PostgreSQL answers.
func (m *machine) socket() string {
	config, err := pgx.ParseConfig(m.server.DSN(""))
	if err != nil {
		panic(err) // our own address
	}
	return filepath.Join(config.Host, fmt.Sprintf(".s.PGSQL.%d", config.Port))
}

func (m *machine) environment(toData *wire, listen string) []string {
	keys, err := m.keys.Text()
	if err != nil {
		panic(err) // made a moment ago
	}
	data := "postgres://offshoot_app@" + toData.address() + "/offshoot?sslmode=disable"
	if m.spoil == looseCommits {
		data += "&synchronous_commit=off"
	}
	return []string{"DATABASE_URL=" + data,
		"OFFSHOOT_ADDR=" + listen, "OFFSHOOT_SECRET_KEYS=" + keys, "OFFSHOOT_PUBLIC_URL=http://localhost:8080", "OFFSHOOT_DRAIN=0s",
		"SMTP_URL=smtp+plain://" + m.mails.address(), "OFFSHOOT_MAIL_FROM=bank@offshoot.example", "GATEWAY_URL=simulator:in-production",
		"OFFSHOOT_CLOCK=" + m.clock.path}
}

// open starts portals and worker.
func (m *machine) open() error {
	for _, p := range m.processes() {
		if err := p.start(); err != nil {
			return err
		}
	}
	for _, p := range m.processes() {
		if err := p.revive(time.Minute); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) processes() []*process { return []*process{m.portals[0], m.portals[1], m.worker} }

// close ends everything that build and open started.
func (m *machine) close() {
	for _, p := range m.processes() {
		if p != nil {
			p.kill()
			_ = p.log.Close()
		}
	}
	if m.bridge != nil {
		m.bridge.close()
	}
	if m.mails != nil {
		m.mails.close()
	}
	if m.server != nil {
		_ = m.server.Stop()
	}
}

// killWorker kills the worker.
func (m *machine) killWorker(ctx context.Context) error {
	m.worker.kill()
	return m.forgetWorker(ctx)
}

// turn moves the clock. No worker runs.
func (m *machine) turn() error {
	return m.clock.set(m.clock.ahead() + m.calendar.next(m.clock.now()))
}

// forgetWorker lets ten minutes pass for the job queue: whoever led it leads no more, and what the worker had begun is due
// again. A worker that is killed in earnest is missed for as long.
func (m *machine) forgetWorker(ctx context.Context) error {
	return m.asAdmin(ctx, `DELETE FROM river_leader`,
		`UPDATE river_job SET attempted_at = now() - interval '10 minutes' WHERE state = 'running'`)
}

// killDatabase kills PostgreSQL and starts it again: the same directory, whatever state it was left in.
func (m *machine) killDatabase(ctx context.Context, away time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := syscall.Kill(m.server.Pid(), syscall.SIGKILL); err != nil {
		return err
	}
	_ = m.server.Stop() // that it was killed is no news
	time.Sleep(away)
	server, err := localpg.Start(ctx, m.database)
	if err != nil {
		return err
	}
	m.server = server
	return nil
}

// backend is the process of one connection that is doing something, of none in particular: nothing tells which comes first.
func (m *machine) backend(ctx context.Context, then string) (pid int, err error) {
	conn, err := pgx.Connect(ctx, m.server.AdminDSN(""))
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	const busiest = `SELECT pid FROM pg_stat_activity WHERE usename = 'offshoot_app' AND backend_type = 'client backend'
		ORDER BY xact_start IS NULL, state <> 'active', query_start DESC LIMIT 1`
	for range 200 { // until somebody is in the middle of something
		err = conn.QueryRow(ctx, strings.Replace(busiest, "ORDER", "AND xact_start IS NOT NULL ORDER", 1)).Scan(&pid)
		if err == nil {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	if err != nil {
		err = conn.QueryRow(ctx, busiest).Scan(&pid)
	}
	if err == nil && then != "" {
		_, err = conn.Exec(ctx, then, pid)
	}
	return pid, err
}

func (m *machine) terminateBackend(ctx context.Context) error {
	_, err := m.backend(ctx, `SELECT pg_terminate_backend($1)`)
	return err
}

// killBackend is kill -9 of one server process, after which PostgreSQL ends all others and recovers by itself.
func (m *machine) killBackend(ctx context.Context) error {
	pid, err := m.backend(ctx, "")
	if err != nil {
		return err
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// asAdmin runs statements past every policy: what the bank may do to the machine, never to money.
func (m *machine) asAdmin(ctx context.Context, statements ...string) error {
	return m.admin(ctx, func(conn *pgx.Conn) error {
		for _, sql := range statements {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m *machine) admin(ctx context.Context, use func(*pgx.Conn) error) error {
	var err error
	for range 100 { // it may just be recovering
		var conn *pgx.Conn
		if conn, err = pgx.Connect(ctx, m.server.AdminDSN("")); err == nil {
			err = use(conn)
			_ = conn.Close(ctx)
			if err == nil {
				return nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// clockFile is what the program under test reads its time from.
type clockFile struct {
	path string
	mu   sync.Mutex
	back []time.Time // when it was set back, before it was
}

func (c *clockFile) set(ahead time.Duration) error {
	if before := c.ahead(); before > ahead {
		c.mu.Lock()
		c.back = append(c.back, time.Now().Add(before))
		c.mu.Unlock()
	}
	beside := c.path + ".new"
	if err := os.WriteFile(beside, []byte(ahead.String()), 0o644); err != nil {
		return err
	}
	return os.Rename(beside, c.path) // a reader finds the one or the other
}

// cameTwice says whether the clock was set back from a day to the one before, somewhere.
func (c *clockFile) cameTwice(day, zone string) bool {
	there, err := time.LoadLocation(zone)
	if err != nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, at := range c.back {
		if at.In(there).Format(time.DateOnly) == day && at.Add(-setBack).In(there).Format(time.DateOnly) != day {
			return true
		}
	}
	return false
}

func (c *clockFile) ahead() time.Duration {
	text, err := os.ReadFile(c.path)
	if err != nil {
		return 0
	}
	d, _ := time.ParseDuration(strings.TrimSpace(string(text)))
	return d
}

func (c *clockFile) now() time.Time { return time.Now().Add(c.ahead()) }
