package localpg

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// writerDir makes the test binary a program of its own: it starts a server in the directory and writes rows until it
// is killed.
const writerDir = "OFFSHOOT_LOCALPG_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		if err := write(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if seedMade {
		if dir, err := seed(); err == nil {
			_ = os.RemoveAll(dir)
		}
	}
	os.Exit(code)
}

// write says each number that was committed, after it was.
func write(dir string) error {
	ctx := context.Background()
	s, err := Start(ctx, Config{Dir: dir, NoSync: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, s.OwnerDSN(""))
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "CREATE TABLE IF NOT EXISTS kept (n int PRIMARY KEY)"); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(s.Pid()); err != nil {
		return err
	}
	for n := 1; ; n++ {
		if _, err := conn.Exec(ctx, "INSERT INTO kept VALUES ($1)", n); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// writer is such a program.
type writer struct {
	cmd    *exec.Cmd
	server int
	lines  *bufio.Scanner
}

func startWriter(t *testing.T, dir string) *writer {
	t.Helper()
	w := &writer{cmd: exec.Command(testBinary(t))}
	w.cmd.Env = append(os.Environ(), writerDir+"="+dir)
	w.cmd.Stderr = os.Stderr
	out, err := w.cmd.StdoutPipe()
	must(t, err)
	must(t, w.cmd.Start())
	t.Cleanup(func() { _ = w.cmd.Process.Kill(); _ = w.cmd.Wait() })
	w.lines = bufio.NewScanner(out)
	w.server = w.next(t)
	return w
}

func (w *writer) next(t *testing.T) int {
	t.Helper()
	if !w.lines.Scan() {
		t.Fatalf("the writer ended: %v", w.lines.Err())
	}
	n, err := strconv.Atoi(w.lines.Text())
	must(t, err)
	return n
}

// rest is the last number acknowledged before the writer was killed.
func (w *writer) rest(t *testing.T, last int) int {
	t.Helper()
	for w.lines.Scan() {
		n, err := strconv.Atoi(w.lines.Text())
		if err != nil {
			break // cut short by the kill
		}
		last = n
	}
	return last
}

// newDir is a directory the server's account can reach, which those of t.TempDir are not when the test runs as root.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "localpg-test-")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	must(t, os.Chmod(dir, 0o711))
	return filepath.Join(dir, "data")
}

// madeDir is such a directory with a cluster in it, copied: making one is slow, and is tested elsewhere.
func madeDir(t *testing.T) string {
	t.Helper()
	from, err := seed()
	must(t, err)
	dir := newDir(t)
	out, err := exec.Command("cp", "-Rp", filepath.Join(from, "data"), dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

var seedMade bool

var seed = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("/tmp", "localpg-test-")
	if err != nil {
		return "", err
	}
	seedMade = true
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", err
	}
	s, err := Start(context.Background(), Config{Dir: filepath.Join(dir, "data"), NoSync: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return dir, err
	}
	return dir, s.Stop()
})

// quick is a configuration for all that does not need a disk to be waited for: the death of processes does not, since
// the system keeps what they wrote.
func quick(t *testing.T, dir string) Config {
	return Config{Dir: dir, NoSync: true, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), cfg)
	must(t, err)
	t.Cleanup(func() { must(t, s.Stop()) })
	return s
}

// refused starts a server that must not start, and returns why it did not.
func refused(t *testing.T, cfg Config) error {
	t.Helper()
	s, err := Start(t.Context(), cfg)
	if err == nil {
		_ = s.Stop()
		t.Fatal("the server started")
	}
	return err
}

func exec1(t *testing.T, dsn, sql string, args ...any) {
	t.Helper()
	must(t, try(t, dsn, sql, args...))
}

func try(t *testing.T, dsn, sql string, args ...any) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), sql, args...)
	return err
}

func ask(t *testing.T, dsn, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	defer conn.Close(context.Background())
	var answer string
	must(t, conn.QueryRow(t.Context(), sql).Scan(&answer))
	return answer
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, not %v", what, got, want)
	}
}

func says(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

// eventually waits for what happens by itself.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if pid <= 1 {
		t.Fatalf("process %d is not one to kill", pid)
	}
	must(t, syscall.Kill(pid, syscall.SIGKILL))
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can run the server as another account")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// testBinary is this program.
func testBinary(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	must(t, err)
	return path
}

func copyFile(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	in, err := os.Open(from)
	must(t, err)
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	must(t, err)
	_, err = io.Copy(out, in)
	must(t, err)
	must(t, out.Close())
}
