package localpg

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// process is one run of the server.
type process struct {
	cmd    *exec.Cmd
	log    *serverLog
	ready  time.Time     // when it first answered
	exited chan struct{} // closed when it has ended; err is set by then
	err    error
}

// launch runs the server and returns when it answers. What it started has ended again if it fails.
func (s *Server) launch(ctx context.Context) (*process, error) {
	for deadline := time.Now().Add(30 * time.Second); ; {
		p, err := s.tryLaunch(ctx)
		if !errors.Is(err, errMemoryHeld) || time.Now().After(deadline) {
			return p, err
		}
		s.endLeftovers()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// errMemoryHeld says that processes of a server that was killed still run: they may be writing, so none may begin.
var errMemoryHeld = errors.New("processes of an earlier server have not ended yet")

const saysMemoryHeld = "pre-existing shared memory block"

func (s *Server) tryLaunch(ctx context.Context) (*process, error) {
	if err := s.clearRemains(ctx); err != nil {
		return nil, err
	}
	if err := s.writeAccess(); err != nil {
		return nil, err
	}
	p, err := s.spawn()
	if err != nil {
		return nil, err
	}
	if err := s.await(ctx, p); err != nil {
		_ = p.stop(s.cfg.StopGrace)
		s.pid.Store(0)
		if said := p.log.tail(); strings.Contains(said, saysMemoryHeld) {
			return nil, fmt.Errorf("%w: %s", errMemoryHeld, said)
		}
		return nil, err
	}
	p.ready = time.Now()
	return p, nil
}

func (s *Server) spawn() (*process, error) {
	args := []string{"-D", s.data}
	for _, setting := range s.fixedSettings() {
		args = append(args, "-c", setting)
	}
	p := &process{cmd: s.command("postgres", args...), log: newServerLog(s.cfg.Log), exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	// The children of a killed server hold its output open; its end must not wait for theirs.
	p.cmd.WaitDelay = 100 * time.Millisecond
	if err := s.forks.start(p.cmd); err != nil {
		return nil, err
	}
	s.pid.Store(int64(p.cmd.Process.Pid))
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// fixedSettings are those that safety rests on. On the command line they win over everything that is written in the
// cluster.
func (s *Server) fixedSettings() []string {
	durable := "on"
	if s.cfg.NoSync {
		durable = "off"
	}
	return []string{
		"listen_addresses=",
		"port=" + port,
		// It is a list, so a path with a comma or a space needs its quotes.
		`unix_socket_directories="` + strings.ReplaceAll(s.socket.path, `"`, `""`) + `"`,
		"unix_socket_permissions=0700",
		"hba_file=" + s.data + "/" + hbaFile,
		"ident_file=" + s.data + "/" + identFile,
		"timezone=UTC",
		"log_timezone=UTC",
		"fsync=" + durable,
		"full_page_writes=" + durable,
		// A commit is handed to the system before it is acknowledged, even in tests: they kill servers.
		"synchronous_commit=on",
		// Its words are read here, line by line, and some are understood.
		"log_destination=stderr",
		"logging_collector=off",
		"log_line_prefix=",
		"lc_messages=C",
	}
}

const saysReady = "ready to accept connections"

// await returns when the server takes connections. It has no limit but ctx: replaying the log after a crash takes as
// long as it takes, and giving up would only begin it again.
func (s *Server) await(ctx context.Context, p *process) error {
	notice := time.NewTicker(10 * time.Second)
	defer notice.Stop()
	for {
		err := s.ping(ctx)
		if err == nil || !passing(err) {
			return err
		}
		select {
		case <-p.exited:
			return fmt.Errorf("the database server ended while it started (%w): %s", p.err, p.log.tail())
		case <-ctx.Done():
			return fmt.Errorf("the database server did not answer in time: %w (%w)", ctx.Err(), err)
		case <-notice.C:
			if strings.Contains(p.log.tail(), saysReady) {
				return fmt.Errorf("the database server runs but cannot be reached: %w", err)
			}
			s.cfg.Log.Info("waiting for the private PostgreSQL", "said", p.log.last())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *Server) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.AdminDSN("postgres"))
	if err != nil {
		return err
	}
	_ = conn.Close(ctx)
	return nil
}

// passing tells a server that is not there yet from one that will not have us.
func passing(err error) bool {
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) {
		return true
	}
	const cannotConnectNow, tooManyConnections = "57P03", "53300"
	return refusal.Code == cannotConnectNow || refusal.Code == tooManyConnections
}

// stop asks for a fast shutdown, which writes everything down; then for an immediate one, which leaves that to the next
// start; then kills.
func (p *process) stop(grace time.Duration) error {
	steps := []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, grace}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}}
	for _, step := range steps {
		_ = p.cmd.Process.Signal(step.signal)
		select {
		case <-p.exited:
			return nil
		case <-time.After(step.wait):
		}
	}
	return fmt.Errorf("the database server (process %d) does not end", p.cmd.Process.Pid)
}
