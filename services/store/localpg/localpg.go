// Package localpg runs a PostgreSQL server of the program's own, for installations that name no DATABASE_URL.
//
// The server is a child of the program and answers on a Unix socket only, in a directory nobody else may enter. It is
// made to be killed: a server that ends is started again, a program that ends takes its server along, and whatever
// either of them left behind is cleared at the next start. What was committed stays.
//
// Three roles exist. AdminDSN is the superuser, which passes row-level security and is for maintenance. OwnerDSN owns the
// database and its tables and may create others: migrations are its. DSN is the application's, which owns nothing, so that
// every policy and grant binds it.
//
// Below the directory that is given to Start:
//
//	postgres       the cluster; never there half made
//	postgres.lock  locked, and naming the program's process, while an instance runs
//	run            the socket, unless its path would be too long for one
package localpg

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Server is a running private PostgreSQL. Its methods may be called from any goroutine.
type Server struct {
	cfg      Config
	data     string
	lock     *instanceLock
	account  account
	binaries binaries
	socket   socketDir
	forks    forkThread

	pid      atomic.Int64
	restarts atomic.Int64

	closing context.Context // done from the moment Stop is called
	close   context.CancelFunc
	kept    chan struct{} // closed when the keeper has ended, and stopErr is set
	stopErr error
	stop    sync.Once
}

// Start brings the server up and returns when it answers, with role and database in place; ctx bounds the start alone.
// After a crash that includes the replay of its log, however long that takes.
//
// Refusals, in order: a name that cannot be a role's; ErrInUse, with the process that uses the directory; data of
// another account; files that are no cluster; ErrNoServer or ErrOtherVersion, which leave the data untouched; a directory
// that the server's account cannot reach; whatever the server itself says.
func Start(ctx context.Context, cfg Config) (_ *Server, err error) {
	if cfg, err = cfg.completed(); err != nil {
		return nil, err
	}
	began := time.Now()
	s := &Server{cfg: cfg, data: filepath.Join(cfg.Dir, clusterName), kept: make(chan struct{})}
	s.closing, s.close = context.WithCancel(context.Background())
	s.forks = newForkThread()
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	if s.lock, err = lockInstance(cfg.Dir); err != nil {
		return nil, err
	}
	if s.account, err = chooseAccount(cfg.Accounts, s.data); err != nil {
		return nil, err
	}
	version, err := clusterVersion(s.data)
	if err != nil {
		return nil, err
	}
	if s.binaries, err = chooseBinaries(cfg.BinDirs, s.data, version); err != nil {
		return nil, err
	}
	if err = s.checkReach(); err != nil {
		return nil, err
	}
	if s.socket, err = s.openSocketDir(); err != nil {
		return nil, err
	}
	if version == "" {
		if err = s.createCluster(ctx); err != nil {
			return nil, err
		}
	}
	p, err := s.launch(ctx)
	if err != nil {
		return nil, err
	}
	if err = s.ensureRoles(ctx); err != nil {
		_ = p.stop(cfg.StopGrace)
		return nil, err
	}
	go s.keep(p)
	cfg.Log.Info("private PostgreSQL is running", "version", s.binaries.major, "pid", s.Pid(),
		"account", s.account.name, "data", s.data, "took", time.Since(began).Round(time.Millisecond))
	return s, nil
}

// Stop ends the server and returns when it is gone: work under way is rolled back, then what does not end is forced.
// Commits are safe either way. Later calls return what the first did.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		s.close()
		<-s.kept
		s.release()
	})
	return s.stopErr
}

// DSN is how the application connects: as its own role, to the database named, or to its own if the name is empty.
// It has the form of a URL, as DATABASE_URL has.
func (s *Server) DSN(database string) string { return s.dsn(s.application(), database) }

// OwnerDSN is like DSN, but as the role that owns the database: for migrations.
func (s *Server) OwnerDSN(database string) string { return s.dsn(s.cfg.Name, database) }

// AdminDSN is like DSN, but as the superuser: for maintenance and tests, never for serving requests.
func (s *Server) AdminDSN(database string) string { return s.dsn(superuser, database) }

// Program is the path of a program that belongs to the server: pg_dump, pgbench.
func (s *Server) Program(name string) string { return s.binaries.path(name) }

// Dir is the directory given to Start, as an absolute path.
func (s *Server) Dir() string { return s.cfg.Dir }

// Pid is the server's process, 0 while there is none.
func (s *Server) Pid() int { return int(s.pid.Load()) }

// Restarts counts how often the server had to be started again in a row. A server that has stayed up for a minute
// begins a new row.
func (s *Server) Restarts() int { return int(s.restarts.Load()) }

// Remove deletes all that Start and the server made in dir, and dir itself if nothing else is in it. A directory that is
// not there is fine; one in use is refused with ErrInUse.
func Remove(dir string) error {
	dir, err := realDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lock, err := lockInstance(dir)
	if err != nil {
		return err
	}
	defer lock.release()
	if err := endOrphan(context.Background(), filepath.Join(dir, clusterName), slog.Default()); err != nil {
		return err
	}
	made := append(halfMadeIn(dir), filepath.Join(dir, clusterName), filepath.Join(dir, socketName), lock.file.Name())
	for _, path := range made {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return err
	}
	return os.Remove(dir)
}

// port only names the socket's file, since the server listens nowhere else.
const port = "5432"

func (s *Server) dsn(role, database string) string {
	if database == "" {
		database = s.cfg.Name
	}
	where := url.Values{"host": {s.socket.path}, "port": {port}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: where.Encode()}
	return u.String()
}

// release gives back what Start took; the server must be gone.
func (s *Server) release() {
	s.close()
	s.forks.end()
	s.socket.release()
	if s.lock != nil {
		s.lock.release()
	}
}
