package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"offshoot/services/storetest"
)

// asProgram makes the test binary be the program, so that its processes can be stopped and killed like the real ones.
const asProgram = "OFFSHOOT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	storetest.Main(m)
}

// program is one run of offshoot.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	done  chan struct{}
	mu    sync.Mutex
	lines []string // of both outputs
	news  chan struct{}
}

// start runs offshoot with that environment alone, besides the machine's own.
func start(t *testing.T, environment []string, in string, args ...string) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, cmd: exec.Command(self, args...), done: make(chan struct{}), news: make(chan struct{}, 1)}
	p.cmd.Env = append([]string{asProgram + "=yes", "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}, environment...)
	if cover := os.Getenv("GOCOVERDIR"); cover != "" {
		p.cmd.Env = append(p.cmd.Env, "GOCOVERDIR="+cover)
	}
	p.cmd.Stdin = strings.NewReader(in)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = write, write
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	go p.read(read)
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if t.Failed() {
			t.Logf("offshoot %s said:\n%s", strings.Join(args, " "), p.said())
		}
	})
	return p
}

func (p *program) read(from io.ReadCloser) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		p.mu.Unlock()
		select {
		case p.news <- struct{}{}:
		default:
		}
	}
	_ = p.cmd.Wait()
	_ = from.Close()
	close(p.done)
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

const patience = 2 * time.Minute

// await returns the first line that holds text.
func (p *program) await(text string) string {
	p.t.Helper()
	late := time.After(patience)
	for {
		p.mu.Lock()
		at := slices.IndexFunc(p.lines, func(line string) bool { return strings.Contains(line, text) })
		var line string
		if at >= 0 {
			line = p.lines[at]
		}
		p.mu.Unlock()
		if at >= 0 {
			return line
		}
		select {
		case <-p.news:
		case <-p.done:
			if !strings.Contains(p.said(), text) {
				p.t.Fatalf("it ended and never said %q", text)
			}
		case <-late:
			p.t.Fatalf("it does not say %q", text)
		}
	}
}

// address is where the portal of a run is.
func (p *program) address() string {
	p.t.Helper()
	_, address, _ := strings.Cut(p.await(" is at http://"), " is at ")
	return address
}

// ends waits for the end and returns the exit status, -1 for a program that was killed.
func (p *program) ends() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatal("it does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// runToEnd runs a command that is expected to end by itself.
func runToEnd(t *testing.T, environment []string, in string, args ...string) (status int, said string) {
	t.Helper()
	p := start(t, environment, in, args...)
	return p.ends(), p.said()
}

// dataFolder is a folder that a server's account can reach, as the tests' own folders cannot be.
func dataFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "offshoot-run-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// browser keeps cookies and follows redirects.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 30 * time.Second}
}

func get(t *testing.T, client *http.Client, address string) (status int, page string) {
	t.Helper()
	answer, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, answer)
}

func read(t *testing.T, answer *http.Response) (status int, page string) {
	t.Helper()
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body.String()
}

// signIn signs in and returns the page that it leads to.
func signIn(t *testing.T, address, email, password string) (client *http.Client, page string) {
	t.Helper()
	client = browser(t)
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address+"/sign-in",
		strings.NewReader(url.Values{"email": {email}, "password": {password}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", address)
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	status, page := read(t, answer)
	if status != http.StatusOK || answer.Request.URL.Path == "/sign-in" {
		t.Fatalf("%s cannot sign in at %s: %d at %s", email, address, status, answer.Request.URL.Path)
	}
	return client, page
}
