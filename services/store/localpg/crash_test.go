package localpg

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Running: a server that is killed is started again with what was committed; one that stayed up for a healthy time begins
// a new count of restarts.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	rows := 0
	for _, test := range []struct {
		healthy time.Duration
		count   int
	}{{time.Hour, 2}, {time.Nanosecond, 1}} {
		cfg := quick(t, dir)
		cfg.pace = pace{first: time.Millisecond, longest: time.Second, healthy: test.healthy}
		s := start(t, cfg)
		exec1(t, s.OwnerDSN(""), "CREATE TABLE IF NOT EXISTS kept (n int)")
		for range 2 {
			rows++
			exec1(t, s.OwnerDSN(""), "INSERT INTO kept VALUES ($1)", rows)
			pid := s.Pid()
			kill(t, pid)
			eventually(t, "the server is back", func() bool { return s.Pid() != pid && try(t, s.OwnerDSN(""), "SELECT") == nil })
		}
		equal(t, fmt.Sprintf("the count of two restarts, where healthy is %v", test.healthy), s.Restarts(), test.count)
		must(t, s.Stop())
	}
	s := start(t, quick(t, dir))
	equal(t, "rows", ask(t, s.OwnerDSN(""), "SELECT string_agg(n::text, ' ' ORDER BY n) FROM kept"), "1 2 3 4")
}

// Running: a long query of a killed server does not keep the next one waiting, nor does it go on writing beside it.
func TestServerKilledWhileBusy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("this system does not tell which processes a killed server left: the query runs to its end")
	}
	cfg := quick(t, madeDir(t))
	s := start(t, cfg)
	conn, err := pgx.Connect(t.Context(), s.OwnerDSN(""))
	must(t, err)
	defer conn.Close(context.Background())
	var backend int
	must(t, conn.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&backend))
	t.Cleanup(func() {
		if serves(backend, s.data) {
			_ = syscall.Kill(backend, syscall.SIGKILL)
		}
	})
	busy := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), `DO $$ DECLARE till timestamptz = clock_timestamp() + '120 s';
			BEGIN WHILE clock_timestamp() < till LOOP END LOOP; END $$`)
		busy <- err
	}()
	eventually(t, "the query runs", func() bool {
		return ask(t, s.AdminDSN(""), "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'") == "1"
	})
	pid := s.Pid()
	kill(t, pid)
	eventually(t, "the server is back", func() bool { return s.Pid() != pid && try(t, s.OwnerDSN(""), "SELECT") == nil })
	if err := <-busy; err == nil {
		t.Error("the query went through")
	}
	if serves(backend, s.data) {
		t.Error("the query's process is still there")
	}
}

// Running: kill -9 of the program, alone or together with the server, loses nothing that was acknowledged.
func TestProgramKilled(t *testing.T) {
	t.Parallel()
	for _, both := range []bool{false, true} {
		t.Run(map[bool]string{false: "program", true: "both"}[both], func(t *testing.T) {
			t.Parallel()
			dir := madeDir(t)
			w := startWriter(t, dir)
			for range 50 {
				w.next(t)
			}
			if both {
				kill(t, w.server)
			}
			kill(t, w.cmd.Process.Pid)
			last := w.rest(t, 50)
			s := start(t, quick(t, dir))
			missing := fmt.Sprintf("SELECT count(*)::text FROM generate_series(1, %d) n WHERE NOT EXISTS (SELECT FROM kept k WHERE k.n = n)", last)
			equal(t, "acknowledged rows that are missing", ask(t, s.OwnerDSN(""), missing), "0")
			if serves(w.server, s.data) {
				t.Errorf("the first program's server, process %d, still runs", w.server)
			}
		})
	}
}

// Running: when the program is killed its server goes too, though nobody starts it again.
func TestServerDoesNotOutliveProgram(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("this system does not tell a child of its parent's death")
	}
	dir := madeDir(t)
	w := startWriter(t, dir)
	data := filepath.Join(dir, clusterName)
	if !serves(w.server, data) {
		t.Fatalf("process %d is not the server", w.server)
	}
	kill(t, w.cmd.Process.Pid)
	eventually(t, "the server has gone", func() bool { return len(serverProcesses(data)) == 0 })
}

// Running: Stop is prompt while the server is down and waits to be started again.
func TestStopDuringBackoff(t *testing.T) {
	t.Parallel()
	cfg := quick(t, madeDir(t))
	cfg.pace = pace{first: time.Hour, longest: time.Hour, healthy: time.Hour}
	s := start(t, cfg)
	kill(t, s.Pid())
	eventually(t, "the death is noticed", func() bool { return s.Restarts() == 1 })
	began := time.Now()
	must(t, s.Stop())
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("Stop took %v", took)
	}
	s = start(t, quick(t, s.Dir()))
	equal(t, "an answer", ask(t, s.OwnerDSN(""), "SELECT 'yes'"), "yes")
}

// Running: attempts come ever more slowly, up to a limit.
func TestPace(t *testing.T) {
	p := pace{}.completed()
	var waits []string
	for _, n := range []int64{1, 2, 3, 8, 9, 1 << 40} {
		waits = append(waits, p.wait(n).String())
	}
	equal(t, "the waits", strings.Join(waits, " "), "100ms 200ms 400ms 12.8s 15s 15s")
}

// Running: what a killed server leaves behind stops no start: its lock file may be cut short, or name a process that is
// somebody else's by now, which is left in peace.
func TestStalePidFile(t *testing.T) {
	t.Parallel()
	cfg := quick(t, madeDir(t))
	s := start(t, cfg)
	path := filepath.Join(s.data, pidFile)
	text, err := os.ReadFile(path)
	must(t, err)
	_, rest, _ := strings.Cut(string(text), "\n")
	must(t, s.Stop())

	ended := exec.Command("true")
	must(t, ended.Run())
	stranger, _ := s.stranger(t, "sleep", "60")
	for name, text := range map[string]string{
		"ended":    strconv.Itoa(ended.Process.Pid) + "\n" + rest,
		"stranger": strconv.Itoa(stranger.Process.Pid) + "\n" + rest,
		"ours":     strconv.Itoa(os.Getpid()) + "\n" + rest,
		"empty":    "",
		"garbage":  "not a number\n",
		"negative": "-1\n",
	} {
		t.Run(name, func(t *testing.T) {
			must(t, replaceIn(s.data, pidFile, text, s.account))
			s := start(t, cfg)
			equal(t, "an answer", ask(t, s.OwnerDSN(""), "SELECT 'yes'"), "yes")
			must(t, s.Stop())
		})
	}
	if err := syscall.Kill(stranger.Process.Pid, 0); err != nil {
		t.Errorf("the process that had the number: %v", err)
	}
}

// Running: a server that outlived its program, or was started by hand, is ended before the next one starts.
func TestOrphanIsEnded(t *testing.T) {
	t.Parallel()
	cfg := quick(t, madeDir(t))
	s := start(t, cfg)
	exec1(t, s.OwnerDSN(""), "CREATE TABLE kept AS SELECT 'here' AS word")
	must(t, s.Stop())
	orphan, ended := s.stranger(t, s.binaries.path("postgres"), "-D", s.data, "-c", "listen_addresses=", "-k", s.socket.path)
	eventually(t, "the orphan answers", func() bool { return try(t, s.OwnerDSN(""), "SELECT") == nil })
	s = start(t, cfg)
	<-ended
	equal(t, "the orphan's exit, 0 after an orderly end", orphan.ProcessState.ExitCode(), 0)
	equal(t, "the word", ask(t, s.OwnerDSN(""), "SELECT word FROM kept"), "here")
}

// stranger runs a program as the server's account, but not as ours to keep; the channel is closed when it has ended.
func (s *Server) stranger(t *testing.T, program string, args ...string) (*exec.Cmd, <-chan struct{}) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.account.credential(), Setpgid: true}
	must(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	return cmd, ended
}
