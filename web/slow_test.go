package web_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"offshoot/services/reports"
	"offshoot/services/storetest"
	"offshoot/web"
)

// buffer is a log that several goroutines write.
type buffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *buffer) String() string {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.String()
}

// serve is the portal behind the server that production has, with limits that a test can wait for.
func serve(t *testing.T, change func(*web.Config), faster func(*http.Server)) (address string, log *buffer) {
	t.Helper()
	w := storetest.NewWorld(t)
	log = &buffer{}
	c := web.Config{Store: w.Store, Identity: w.Identity, Accounts: w.Accounts, Ledger: w.Ledger, Reports: reports.New(w.Store), Notify: w.Notify, Sharing: w.Sharing, Senders: w.Senders,
		Installation: "Offshoot", Log: slog.New(slog.NewTextHandler(log, nil))}
	change(&c)
	portal, err := web.New(c)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := portal.HTTPServer(listener.Addr().String())
	faster(server)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String(), log
}

func asIs(*http.Server) {}
func plain(*web.Config) {}
func hasty(s *http.Server) {
	s.ReadHeaderTimeout, s.ReadTimeout = 300*time.Millisecond, 600*time.Millisecond
}

// Bad input: senders that never finish. They are cut off by the clock, a byte now and then buys no time, and meanwhile others are
// answered.
func TestSlowSenders(t *testing.T) {
	address, _ := serve(t, plain, hasty)
	for name, begin := range map[string]string{
		"a header that never ends": "GET /sign-in HTTP/1.1\r\nHost: portal.test\r\nX-Slow: ",
		"a body that never comes":  "POST /sign-in HTTP/1.1\r\nHost: portal.test\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\nemail=",
		"nothing at all":           "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			began := time.Now()
			fmt.Fprint(conn, begin)
			go func() { // a byte now and then
				for range 50 {
					time.Sleep(100 * time.Millisecond)
					if _, err := conn.Write([]byte("a")); err != nil {
						return
					}
				}
			}()
			_ = conn.SetReadDeadline(time.Now().Add(4 * time.Second))
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, io.EOF) || isTimeout(err) {
				t.Errorf("it is still connected after %s: %v", time.Since(began), err)
			}
			answer, err := http.Get("http://" + address + "/livez")
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Errorf("others get %d", answer.StatusCode)
			}
		})
	}
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// production has the limits that the test above shortens.
func TestServerLimits(t *testing.T) {
	portal, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s := portal.HTTPServer("")
	if s.ReadHeaderTimeout <= 0 || s.ReadHeaderTimeout > 30*time.Second || s.ReadTimeout <= 0 || s.ReadTimeout > 2*time.Minute || s.IdleTimeout <= 0 ||
		s.MaxHeaderBytes > 64<<10 {
		t.Errorf("%s %s %s %d", s.ReadHeaderTimeout, s.ReadTimeout, s.IdleTimeout, s.MaxHeaderBytes)
	}
}

// Bad input: bodies beyond the limit, said and unsaid, and headers beyond theirs, are refused without being read to their end.
func TestHugeRequests(t *testing.T) {
	address, log := serve(t, plain, asIs)
	send := func(head string, body io.Reader) *http.Response {
		t.Helper()
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		go func() {
			_, _ = io.WriteString(conn, head)
			_, _ = io.Copy(conn, body)
		}()
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	const form = "POST /sign-in HTTP/1.1\r\nHost: portal.test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	long := strings.NewReader("email=" + strings.Repeat("a", 3<<20))
	if answer := send(form+fmt.Sprintf("Content-Length: %d\r\n\r\n", long.Len()), long); answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a long body: %d", answer.StatusCode)
	}
	var chunks bytes.Buffer
	for range 48 {
		fmt.Fprintf(&chunks, "10000\r\n%s\r\n", strings.Repeat("a", 0x10000))
	}
	if answer := send(form+"Transfer-Encoding: chunked\r\n\r\n", io.MultiReader(&chunks, strings.NewReader("0\r\n\r\n"))); answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a long body in pieces: %d", answer.StatusCode)
	}
	if answer := send("GET /sign-in HTTP/1.1\r\nHost: portal.test\r\nX-Long: "+strings.Repeat("a", 100<<10)+"\r\n\r\n", strings.NewReader("")); answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a long header: %d", answer.StatusCode)
	}
	if answer := send("GET /sign-in?next="+strings.Repeat("a", 100<<10)+" HTTP/1.1\r\nHost: portal.test\r\n\r\n", strings.NewReader("")); answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a long address: %d", answer.StatusCode)
	}
	if strings.Contains(log.String(), strings.Repeat("a", 100)) {
		t.Error("what was sent is in the log")
	}
}

// Every answer has an id, which the log and error pages repeat. It is our own, whatever is sent along; only a trusted
// proxy's is taken, and only one that is an id.
func TestRequestIDs(t *testing.T) {
	const given = "proxy-4711-abcdef"
	for name, c := range map[string]struct {
		trusted, sent string
		taken         bool
	}{
		"nobody trusted":          {"", given, false},
		"another network":         {"10.0.0.0/8", given, false},
		"a trusted proxy":         {"127.0.0.0/8", given, true},
		"one that sends none":     {"127.0.0.0/8", "", false},
		"one that sends too much": {"127.0.0.0/8", strings.Repeat("a", 65), false},
		"one that sends markup":   {"127.0.0.0/8", "<b>abcdefgh</b>", false},
		"one that sends a line":   {"127.0.0.0/8", "abcdefgh level=ERROR", false},
	} {
		t.Run(name, func(t *testing.T) {
			address, log := serve(t, func(config *web.Config) {
				if c.trusted != "" {
					config.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(c.trusted)}
				}
			}, asIs)
			request := httptest.NewRequest(http.MethodGet, "http://"+address+"/nowhere", nil)
			request.RequestURI = ""
			if c.sent != "" {
				request.Header.Set("X-Request-Id", c.sent)
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			page, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			id := answer.Header.Get("X-Request-Id")
			if (id == given) != c.taken || len(id) < 8 || !strings.Contains(log.String(), "id="+id) {
				t.Errorf("id %q, log %s", id, log.String())
			}
			if c.sent != "" && !c.taken && (strings.Contains(string(page), c.sent) || strings.Contains(log.String(), c.sent)) {
				t.Error("what was sent is repeated")
			}
			if answer.StatusCode >= 500 && !strings.Contains(string(page), id) {
				t.Errorf("the error page does not name %s", id)
			}
		})
	}
}

// An error page of ours names the request, so that support finds it in the log.
func TestErrorPageNamesTheRequest(t *testing.T) {
	log := &buffer{}
	w := storetest.NewWorld(t)
	server, err := web.New(web.Config{Store: w.Store, Identity: w.Identity, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodPost, "/sign-in", strings.NewReader("email=a%40b.test&password=x"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	server.Handler().ServeHTTP(answer, request.WithContext(ctx))
	id := answer.Header().Get("X-Request-Id")
	if answer.Code != http.StatusInternalServerError || id == "" || !strings.Contains(answer.Body.String(), id) || !strings.Contains(log.String(), "msg=failed id="+id) {
		t.Errorf("%d, id %q, log %s", answer.Code, id, log.String())
	}
	if strings.Contains(answer.Body.String(), "context") {
		t.Error("the page tells of the inside")
	}
}
