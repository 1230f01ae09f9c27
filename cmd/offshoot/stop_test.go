package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"offshoot/services/storetest"
)

// serving starts serve on a database, and returns where it is.
func serving(t *testing.T, database string, more ...string) (*program, string) {
	t.Helper()
	environment := append([]string{"DATABASE_URL=" + database, "SMTP_URL=smtp+plain://127.0.0.1:1", "OFFSHOOT_MAIL_FROM=portal@acme.test",
		"OFFSHOOT_PUBLIC_URL=http://localhost:8080", "OFFSHOOT_ADDR=127.0.0.1:0", "OFFSHOOT_SECRET_KEYS=" + ownKeys(),
		"GATEWAY_URL=simulator:in-production"}, more...)
	p := start(t, environment, "", "serve")
	var line struct{ Address string }
	if err := json.Unmarshal([]byte(p.await(`"msg":"serving"`)), &line); err != nil {
		t.Fatal(err)
	}
	return p, "http://" + line.Address
}

// own is a world whose secrets are sealed under ownKeys, as serve wants them: it has none that wait.
func own(t *testing.T) *storetest.World {
	t.Helper()
	w := storetest.NewWorld(t)
	if _, err := w.Raw.Exec(t.Context(), `UPDATE outbox SET sealed = NULL`); err != nil {
		t.Fatal(err)
	}
	return w
}

// conversation is a request by hand: what is sent when is up to the test.
type conversation struct {
	net.Conn
	answers *bufio.Reader
}

// open begins a request in the name of who is signed in.
func open(t *testing.T, address string, client *http.Client, method, path, headers string) conversation {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", at.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.(*net.TCPConn).SetReadBuffer(256 << 10)
	var cookies []string
	for _, c := range client.Jar.Cookies(at) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nCookie: %s\r\n%s\r\n", method, path, at.Host, address, strings.Join(cookies, "; "), headers)
	return conversation{conn, bufio.NewReaderSize(conn, 4<<10)}
}

var keyField = regexp.MustCompile(`name="key" value="([^"]+)"`)

// SIGTERM while a long export is being read and a transfer is half sent: both are answered to their last byte, the money has moved, /readyz
// says that it is stopping while requests are still taken, and the program ends with 0.
func TestStopWithRequestsInFlight(t *testing.T) {
	w := own(t)
	const many = 60_000
	if _, err := w.Raw.Exec(t.Context(), `INSERT INTO action_log (tenant_id, id, at, user_email, action, account_id, reference)
		SELECT $1, gen_random_uuid(), now() - interval '1 day', 'x@y.test', 'session.started', $1, repeat('r', 100) FROM generate_series(1, $2)`, w.Clinic.ID, many); err != nil {
		t.Fatal(err)
	}
	p, address := serving(t, w.DSN, "OFFSHOOT_DRAIN=2s")
	client, _ := signIn(t, address, w.Clinic.Admin.Email, storetest.Passphrase)
	sub := "/sub-accounts/" + w.Clinic.Own.Account.ID.String()
	_, page := get(t, client, address+sub+"/transfers/new")
	key := keyField.FindStringSubmatch(page)
	if key == nil {
		t.Fatal("the form has no key")
	}
	before := w.BalanceOf(t, w.Clinic.Own.Account)

	export := open(t, address, client, "GET", "/action-log.csv", "")
	answer, err := http.ReadResponse(export.answers, nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the export: %v, %v", answer, err)
	}
	form := url.Values{"amount": {"1.25"}, "key": {key[1]}}.Encode()
	transfer := open(t, address, client, "POST", sub+"/transfers", fmt.Sprintf("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(form)))
	fmt.Fprint(transfer, form[:5])
	time.Sleep(200 * time.Millisecond)

	p.signal(syscall.SIGTERM)
	time.Sleep(200 * time.Millisecond)
	if status, says := get(t, browser(t), address+"/readyz"); status != http.StatusServiceUnavailable || says != "stopping" {
		t.Errorf("/readyz while stopping: %d %q", status, says)
	}
	if status, _ := get(t, client, address+sub); status != http.StatusOK {
		t.Errorf("a page while draining: %d", status)
	}
	client.CloseIdleConnections()
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		other, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
		if err != nil {
			break
		}
		_ = other.Close()
		if time.Now().After(until) {
			t.Fatal("long after SIGTERM it still takes new requests")
		}
	}

	fmt.Fprint(transfer, form[5:])
	moved, err := http.ReadResponse(transfer.answers, nil)
	if err != nil || moved.StatusCode != http.StatusSeeOther {
		t.Errorf("the transfer: %v, %v", moved, err)
	}
	file, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Errorf("the export was cut off: %v", err)
	}
	if rows := strings.Count(string(file), "\n"); rows < many || !strings.HasSuffix(string(file), "\n") {
		t.Errorf("the export has %d lines of %d", rows, many)
	}
	if status := p.ends(); status != 0 {
		t.Errorf("it ends with %d", status)
	}
	after := w.BalanceOf(t, w.Clinic.Own.Account)
	if after.Micros()-before.Micros() != 1_250_000 {
		t.Errorf("the balance went from %s to %s", before, after)
	}
}

// Metrics: at their own address and nowhere else, with every figure that was promised, and with nothing in a label that somebody
// sent.
func TestMetrics(t *testing.T) {
	w := own(t)
	p, address := serving(t, w.DSN, "OFFSHOOT_METRICS_ADDR=127.0.0.1:0", "OFFSHOOT_DRAIN=0s")
	var line struct{ Address string }
	if err := json.Unmarshal([]byte(p.await(`"msg":"metrics"`)), &line); err != nil {
		t.Fatal(err)
	}
	client, _ := signIn(t, address, w.Clinic.Admin.Email, storetest.Passphrase)
	for _, path := range []string{"/s3cret-path", "/sub-accounts/" + w.Clinic.Own.Account.ID.String() + "?search=s3cret", "/metrics"} {
		get(t, client, address+path)
	}
	request, err := http.NewRequestWithContext(t.Context(), "S3CRET", address+"/sign-in", nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := client.Do(request); err == nil {
		_ = answer.Body.Close()
	}
	status, figures := get(t, browser(t), "http://"+line.Address+"/metrics")
	for range 100 { // an answer is there before it is counted
		if strings.Contains(figures, "\noffshoot_requests_in_flight 0") {
			break
		}
		time.Sleep(20 * time.Millisecond)
		status, figures = get(t, browser(t), "http://"+line.Address+"/metrics")
	}
	if status != http.StatusOK {
		t.Fatal(status)
	}
	for _, want := range []string{`offshoot_request_duration_seconds_count{method="POST",route="/sign-in",status="303"} 1`,
		`offshoot_request_duration_seconds_bucket{method="GET",route="/sub-accounts/:id",status="200",le="+Inf"} 1`,
		`offshoot_actions_total{action="session.started"} 1`, "offshoot_requests_in_flight 0", `offshoot_build_info{go="go`, "offshoot_db_connections_busy ",
		"offshoot_db_connections_max ", "offshoot_db_waits_total ", "offshoot_password_hashes_queued 0", `offshoot_jobs{state="available"} `,
		`offshoot_outbox_messages{status="waiting"} `, `offshoot_outbox_oldest_seconds{status="waiting"} `, `offshoot_outbox_messages{status="failed"} 0`,
		"offshoot_usage_changes ", "offshoot_usage_oldest_seconds ", "offshoot_messages_outside_parts 0",
		"go_goroutines ", "process_resident_memory_bytes "} {
		if !strings.Contains(figures, "\n"+want) {
			t.Errorf("%s is not among the figures", want)
		}
	}
	for _, secret := range []string{"s3cret", "S3CRET", w.Clinic.ID.String(), w.Clinic.Own.Account.ID.String(), w.Clinic.Admin.Email, w.Clinic.Name} {
		if strings.Contains(figures, secret) {
			t.Errorf("%s is among the figures", secret)
		}
	}
	if status, page := get(t, client, address+"/metrics"); status != http.StatusNotFound || strings.Contains(page, "offshoot_") {
		t.Errorf("the portal's own /metrics answers %d", status)
	}
	for _, other := range []string{"/", "/debug/pprof/", "/sign-in"} {
		if status, _ := get(t, browser(t), "http://"+line.Address+other); status != http.StatusNotFound {
			t.Errorf("%s at the metrics' address answers %d", other, status)
		}
	}
}
