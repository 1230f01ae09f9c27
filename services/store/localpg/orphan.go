package localpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// pidFile is PostgreSQL's own lock: the server's process, and the memory it shares with its children.
const pidFile = "postmaster.pid"

// clearRemains makes way for a new server after one that was killed. The instance lock is ours, so no other program of
// ours runs one.
func (s *Server) clearRemains(ctx context.Context) error {
	if err := endOrphan(ctx, s.data, s.cfg.Log); err != nil {
		return err
	}
	if err := s.disarmPidFile(); err != nil {
		return err
	}
	for _, path := range s.socket.files() {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// endOrphan ends a server that outlived its program, or that somebody started by hand.
func endOrphan(ctx context.Context, data string, log *slog.Logger) error {
	pid, err := recordedPid(data)
	if err != nil || pid == 0 || !serves(pid, data) {
		return err
	}
	log.Warn("ending a database server that an earlier run left", "pid", pid)
	began := time.Now()
	for signal := syscall.SIGINT; serves(pid, data); {
		if time.Since(began) > 30*time.Second {
			signal = syscall.SIGQUIT // its log is replayed at the next start
		}
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end the database server left by an earlier run (process %d): %w", pid, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the database server left by an earlier run (process %d) has not ended: %w", pid, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// disarmPidFile handles what the server would stop at: a file cut short by a crash of the machine, and a process number
// that belongs to somebody else by now. In the second case the file is kept and only the number becomes ours, which the
// server ignores as its parent's: it also names the shared memory, by which the server notices children still at work.
func (s *Server) disarmPidFile() error {
	path := filepath.Join(s.data, pidFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	pid, rest := parsePid(text)
	if pid == 0 {
		s.cfg.Log.Warn("removing an unreadable lock file of the database server", "file", path)
		return os.Remove(path)
	}
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return nil // stale, and the server can tell by itself
	}
	s.cfg.Log.Warn("the database server's lock file names a process that is not it", "file", path, "pid", pid)
	return replaceIn(s.data, pidFile, fmt.Sprintf("%d\n%s", os.Getpid(), rest), s.account)
}

// recordedPid is 0 where no process is recorded.
func recordedPid(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, pidFile))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	pid, _ := parsePid(text)
	return pid, err
}

func parsePid(text []byte) (pid int, rest []byte) {
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	pid, err := strconv.Atoi(strings.TrimSpace(string(first)))
	if err != nil || pid <= 1 {
		return 0, nil
	}
	return pid, rest
}

// endLeftovers ends the children of a server that was killed. Most notice by themselves; one busy with a long query
// does not, and would keep the installation down until it is through. Their work was never committed.
func (s *Server) endLeftovers() {
	for _, pid := range serverProcesses(s.data) {
		s.cfg.Log.Warn("ending a process of a database server that was killed", "pid", pid)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}
