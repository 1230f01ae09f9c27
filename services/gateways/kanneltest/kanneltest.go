// Package kanneltest runs a real Kannel for tests, with a stand-in for the operator behind it. Only tests import it.
//
// bearerbox and smsbox are Debian's, the operator speaks SMPP from the npm package that package.json pins. All of them listen on
// loopback ports and end with the test.
package kanneltest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/template"
	"time"
	"unicode/utf16"
)

// Kannel is a running one.
type Kannel struct {
	URL string // as GATEWAY_URL names it

	t        testing.TB
	settings settings
	operator *process
	mutex    sync.Mutex
	carried  []Carried
}

// Carried is a part of a message that arrived at the operator.
type Carried struct {
	From, To    string
	Units       []uint16 // of UTF-16: a character may begin in one part and end in the next
	Coding      int
	Parts, Part int
}

// Text puts the parts of one message together, as a phone does.
func Text(parts []Carried) string {
	slices.SortFunc(parts, func(a, b Carried) int { return a.Part - b.Part })
	var units []uint16
	for _, c := range parts {
		units = append(units, c.Units...)
	}
	return string(utf16.Decode(units))
}

type settings struct {
	Dir, Portal, Password, Inbound             string
	AdminPort, BoxPort, OperatorPort, SendPort int
}

// Start starts a Kannel that calls the portal back at an address. Where there is none, or no node with the operator's package, the test
// fails: what only a real one shows is not skipped.
func Start(t testing.TB, portal string) *Kannel {
	t.Helper()
	bearerbox, smsbox := find(t, "bearerbox"), find(t, "smsbox")
	if _, err := os.Stat(filepath.Join(folder(), "node_modules", "smpp")); err != nil {
		t.Fatal("the operator's package is missing: run `make operator`")
	}
	ports := free(t, 4)
	k := &Kannel{t: t, settings: settings{Dir: t.TempDir(), Portal: portal, Password: "secret-of-the-test", Inbound: "inbound-of-the-test",
		AdminPort: ports[0], BoxPort: ports[1], OperatorPort: ports[2], SendPort: ports[3]}}
	k.URL = fmt.Sprintf("kannel+http://offshoot:%s@127.0.0.1:%d?inbound=%s", k.settings.Password, ports[3], k.settings.Inbound)
	conf := filepath.Join(k.settings.Dir, "kannel.conf")
	out, err := os.OpenFile(conf, os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	must(t, template.Must(template.ParseFiles(filepath.Join(folder(), "kannel.conf"))).Execute(out, k.settings))
	must(t, out.Close())
	t.Cleanup(func() {
		if t.Failed() {
			k.logs()
		}
	})
	k.OperatorUp()
	t.Cleanup(k.OperatorDown)
	box := start(t, io.Discard, bearerbox, conf)
	t.Cleanup(box.stop)
	k.until("bearerbox listens", func() bool { return listens(k.settings.AdminPort) && listens(k.settings.BoxPort) })
	sms := start(t, io.Discard, smsbox, conf)
	t.Cleanup(sms.stop)
	k.until("smsbox listens", func() bool { return listens(k.settings.SendPort) })
	k.Online(true)
	return k
}

// OperatorUp starts the operator, which remembers nothing.
func (k *Kannel) OperatorUp() {
	k.t.Helper()
	read, write := io.Pipe()
	go k.listen(read)
	k.operator = start(k.t, write, "node", filepath.Join(folder(), "operator.mjs"), fmt.Sprint(k.settings.OperatorPort))
	k.until("the operator listens", func() bool { return listens(k.settings.OperatorPort) })
}

// OperatorDown takes the operator away.
func (k *Kannel) OperatorDown() { k.operator.stop() }

// Online waits until Kannel has noticed that the operator is there, or is away.
func (k *Kannel) Online(is bool) {
	k.t.Helper()
	k.until(fmt.Sprintf("the operator being online is %v", is), func() bool {
		answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/status.txt?password=%s", k.settings.AdminPort, k.settings.Password))
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		return err == nil && strings.Contains(string(text), "(online") == is
	})
}

func (k *Kannel) listen(lines io.Reader) {
	for scanner := bufio.NewScanner(lines); scanner.Scan(); {
		var c Carried
		if json.Unmarshal(scanner.Bytes(), &c) == nil && c.To != "" {
			k.mutex.Lock()
			k.carried = append(k.carried, c)
			k.mutex.Unlock()
		}
	}
}

// Carried are the parts of messages that arrived at the operator for a number, in the order of their arrival.
func (k *Kannel) Carried(to string) []Carried {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	var parts []Carried
	for _, c := range k.carried {
		if strings.TrimPrefix(c.To, "+") == strings.TrimPrefix(to, "+") {
			parts = append(parts, c)
		}
	}
	return parts
}

// Say has somebody send a message to one of our numbers.
func (k *Kannel) Say(from, to, text string) {
	k.t.Helper()
	line, err := json.Marshal(map[string]string{"from": from, "to": to, "text": text})
	must(k.t, err)
	_, err = k.operator.in.Write(append(line, '\n'))
	must(k.t, err)
}

func (k *Kannel) until(what string, done func() bool) {
	k.t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			k.t.Fatalf("after half a minute it is not so that %s", what)
		}
	}
}

func (k *Kannel) logs() {
	for _, name := range []string{"bearerbox.log", "smsbox.log"} {
		text, _ := os.ReadFile(filepath.Join(k.settings.Dir, name))
		k.t.Logf("the end of %s:\n%s", name, text[max(0, len(text)-6000):])
	}
}

// process is one that the test started, and ends.
type process struct {
	in  io.WriteCloser
	cmd *exec.Cmd
	end sync.Once
}

func start(t testing.TB, out io.Writer, name string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdout = out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	return &process{in: in, cmd: cmd}
}

// stop ends the process by its id: kindly, then not.
func (p *process) stop() {
	p.end.Do(func() {
		_ = p.in.Close()
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
		_ = p.cmd.Wait()
		late.Stop()
	})
}

// folder is where this file is.
func folder() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

func find(t testing.TB, name string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} { // not on everybody's path
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	t.Fatalf("no %s on this machine: install Debian's package kannel", name)
	return ""
}

func free(t testing.TB, n int) (ports []int) {
	t.Helper()
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func listens(port int) bool {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
