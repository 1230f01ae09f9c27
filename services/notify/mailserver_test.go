package notify_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailServer is a real SMTP server on loopback that keeps what it is given and misbehaves on demand.
type mailServer struct {
	addr string

	mu     sync.Mutex
	kept   []received
	asked  map[string]int                              // how often it came to a stage
	answer func(stage string, n int, c net.Conn) error // nil: fine; stage is hello, from, to or data
	user   string                                      // what somebody signed in as
}

type received struct {
	from string
	to   string
	raw  string
}

const userName, password = "portal", "s3cret/ÄÖ"

// newMailServer starts a server; cert makes it offer STARTTLS, or begin with TLS when implicit.
func newMailServer(t *testing.T, cert *tls.Certificate, implicit bool) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailServer{addr: l.Addr().String(), asked: map[string]int{}}
	m.serve(t, l, cert, implicit)
	return m
}

func (m *mailServer) serve(t *testing.T, l net.Listener, cert *tls.Certificate, implicit bool) {
	server := smtp.NewServer(smtp.BackendFunc(m.session))
	server.Domain = "mail.test"
	server.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableSMTPUTF8 = true
	server.AllowInsecureAuth = true
	if cert != nil {
		config := &tls.Config{Certificates: []tls.Certificate{*cert}}
		if implicit {
			l = tls.NewListener(l, config)
		} else {
			server.TLSConfig = config
			server.AllowInsecureAuth = false
		}
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
}

func (m *mailServer) come(stage string, c net.Conn) error {
	m.mu.Lock()
	m.asked[stage]++
	n, answer := m.asked[stage], m.answer
	m.mu.Unlock()
	if answer == nil {
		return nil
	}
	return answer(stage, n, c)
}

// answers sets how the server answers; it may be changed while it runs.
func (m *mailServer) answers(answer func(stage string, n int, c net.Conn) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer, m.asked = answer, map[string]int{}
}

func (m *mailServer) mails() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]received(nil), m.kept...)
}

func (m *mailServer) session(c *smtp.Conn) (smtp.Session, error) {
	if err := m.come("hello", c.Conn()); err != nil {
		return nil, err
	}
	return &session{server: m, conn: c}, nil
}

type session struct {
	server *mailServer
	conn   *smtp.Conn
	now    received
}

func (s *session) Reset()        { s.now = received{} }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.now.from = from
	return s.server.come("from", s.conn.Conn())
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.now.to = to
	return s.server.come("to", s.conn.Conn())
}

// Data keeps what it read before it answers: what a server does with a message and what it says are two things.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.now.raw = string(raw)
	err = s.server.come("data", s.conn.Conn())
	if refused := new(smtp.SMTPError); !errors.As(err, &refused) {
		s.server.mu.Lock()
		s.server.kept = append(s.server.kept, s.now)
		s.server.mu.Unlock()
	}
	return err
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user != userName || pass != password {
			return smtp.ErrAuthFailed
		}
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.user = user
		return nil
	}), nil
}

func refuse(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: text}
}

// selfMade is a certificate for 127.0.0.1 that only its own pool trusts.
func selfMade(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// scripted is a server that says whatever reply returns for a line it is sent; "" hangs up. It shows what no well-made
// server does. data is called with each whole message.
func scripted(t *testing.T, reply func(line string) string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = c.Close() }()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				lines := bufio.NewReader(c)
				for line := "CONNECT"; ; {
					text := reply(line)
					if text == "" {
						return
					}
					if _, err := io.WriteString(c, text+"\r\n"); err != nil {
						return
					}
					if line, err = lines.ReadString('\n'); err != nil {
						return
					}
					line = strings.TrimRight(line, "\r\n")
					if strings.HasPrefix(text, "354") { // the message, up to its dot
						for line != "." {
							if line, err = lines.ReadString('\n'); err != nil {
								return
							}
							line = strings.TrimRight(line, "\r\n")
						}
					}
				}
			})
		}
	})
	return l.Addr().String()
}
