package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"offshoot/services/demo"
	"offshoot/services/storetest"
)

// Private PostgreSQL, demo world and three sign-ins: the first start on an empty folder, a second instance, a crash of
// everything, a stop in good order (design: Running).
func TestRunOnAPrivatePostgreSQL(t *testing.T) {
	data := dataFolder(t)
	args := []string{"run", "--addr", "127.0.0.1:0", "--data", data}
	first := start(t, nil, "", args...)
	address := first.address()
	first.await("Ctrl-C")
	for _, s := range demo.SignIns() {
		line := first.await(s.Email)
		if !strings.Contains(line, s.As) || !strings.Contains(line, s.Password) {
			t.Errorf("the line of %s is %q", s.As, line)
		}
		signIn(t, address, s.Email, s.Password)
	}
	if status, page := get(t, browser(t), address+"/dev/outbox"); status != http.StatusOK || !strings.Contains(page, "activation code") {
		t.Errorf("/dev/outbox answers %d without a code", status)
	}

	status, said := runToEnd(t, nil, "", args...)
	if pid := strconv.Itoa(first.cmd.Process.Pid); status != 1 || !strings.Contains(said, "another instance") || !strings.Contains(said, pid) {
		t.Errorf("a second instance on the folder of process %s ends with %d and says %q", pid, status, said)
	}
	status, said = runToEnd(t, nil, "", "run", "--addr", strings.TrimPrefix(address, "http://"), "--data", dataFolder(t))
	if status != 1 || !strings.Contains(said, "another program listens on") {
		t.Errorf("on a taken port it ends with %d and says %q", status, said)
	}

	first.signal(syscall.SIGKILL)
	first.ends()
	second := start(t, nil, "", args...)
	address = second.address()
	second.await("Ctrl-C")
	if strings.Contains(second.said(), "Making the demo world") {
		t.Error("the demo world was made a second time")
	}
	staff := demo.SignIns()[0]
	signIn(t, address, staff.Email, staff.Password)

	server := serverPID(t, data)
	second.signal(syscall.SIGTERM)
	if status := second.ends(); status != 0 {
		t.Errorf("a stop in good order ends with %d", status)
	}
	if err := syscall.Kill(server, 0); err == nil {
		t.Errorf("the private PostgreSQL, process %d, outlived the program", server)
	}
}

func serverPID(t *testing.T, data string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "postgres", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// DATABASE_URL is the other way. A first start that is stopped in the middle of the demo world says so, and the next one
// finishes it. SIGTERM finishes a request that is under way, while it takes no new ones.
func TestRunOnADatabaseURL(t *testing.T) {
	data := dataFolder(t)
	environment := []string{"DATABASE_URL=" + storetest.Database(t), "OFFSHOOT_NAME=Acme", "OFFSHOOT_DATA=" + data}
	args := []string{"run", "--addr", "127.0.0.1:0"}
	stopped := start(t, environment, "", args...)
	stopped.await("Making the demo world")
	time.Sleep(300 * time.Millisecond)
	stopped.signal(syscall.SIGTERM)
	if status := stopped.ends(); status != 1 || !strings.Contains(stopped.said(), "stopped before it was ready") {
		t.Errorf("stopped in the middle, it ends with %d and says %q", status, stopped.said())
	}

	p := start(t, environment, "", args...)
	p.await("Making the demo world")
	address := p.address()
	p.await("Ctrl-C")
	if !strings.Contains(p.said(), "Acme is at ") {
		t.Error("it does not say the name of the installation")
	}
	if made, err := os.ReadDir(data); err != nil || len(made) != 1 || made[0].Name() != "secret.keys" {
		t.Errorf("with a DATABASE_URL it makes %v in the data folder", made)
	}
	parent := demo.SignIns()[1]
	signIn(t, address, parent.Email, parent.Password)

	host := strings.TrimPrefix(address, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	form := "email=nobody%40example.com&password=nothing"
	fmt.Fprintf(conn, "POST /sign-in HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		host, address, len(form), form[:10])
	time.Sleep(200 * time.Millisecond)
	p.signal(syscall.SIGTERM)
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		other, err := net.Dial("tcp", host)
		if err != nil {
			break
		}
		_ = other.Close()
		if time.Now().After(until) {
			t.Fatal("after SIGTERM it still takes new requests")
		}
	}
	fmt.Fprint(conn, form[10:])
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("the request under way was cut off: %v", err)
	}
	if answer.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("the request under way was answered with %d", answer.StatusCode)
	}
	_ = answer.Body.Close()
	if status := p.ends(); status != 0 {
		t.Errorf("it ends with %d", status)
	}
}
