package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"offshoot/models"
)

// The mail server gets long enough to look at a message before it answers: who hangs up early makes duplicates.
const (
	dialing      = 10 * time.Second
	answering    = 60 * time.Second
	conversation = 90 * time.Second
)

// mailServer is where mails are handed in, and as whom.
type mailServer struct {
	host     string
	port     int
	security security
	user     string
	password string
	from     mail.Address
	rootCAs  *x509.CertPool

	dialing, answering, conversation time.Duration
}

type security string

const (
	startTLS security = "smtp"       // plain at first, encrypted before anything is said
	tlsFirst security = "smtps"      // encrypted from the first byte
	noTLS    security = "smtp+plain" // for a server on the same machine or network
)

var defaultPorts = map[security]int{startTLS: 587, tlsFirst: 465, noTLS: 25}

// CheckSMTPURL says what is wrong with the address of a mail server, without repeating it, for it holds a password.
// The forms are
//
//	smtp://[user:password@]host[:587]       STARTTLS, and nothing is sent to a server that does not offer it
//	smtps://[user:password@]host[:465]      TLS from the first byte
//	smtp+plain://[user:password@]host[:25]  no encryption; a password is only accepted for a loopback host
func CheckSMTPURL(text string) error {
	_, err := parseSMTPURL(text)
	return err
}

func parseSMTPURL(text string) (mailServer, error) {
	u, err := url.Parse(text)
	if err != nil {
		return mailServer{}, errors.New("the mail server's address is no URL; write smtp://user:password@host:587, special characters in the password as %XX")
	}
	s := mailServer{host: u.Hostname(), security: security(u.Scheme),
		dialing: dialing, answering: answering, conversation: conversation}
	port, known := defaultPorts[s.security]
	switch {
	case !known:
		return mailServer{}, errors.New("the mail server's address must start with smtp://, smtps:// or smtp+plain://")
	case s.host == "":
		return mailServer{}, errors.New("the mail server's address names no host")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return mailServer{}, errors.New("the mail server's address ends after its port")
	}
	s.port = port
	if text := u.Port(); text != "" {
		if s.port, err = strconv.Atoi(text); err != nil || s.port < 1 || s.port > 65535 {
			return mailServer{}, errors.New("the mail server's port must be a number from 1 to 65535")
		}
	}
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	if s.user == "" && s.password != "" {
		return mailServer{}, errors.New("the mail server's address has a password and no user")
	}
	if s.user != "" && s.security == noTLS && !isLoopback(s.host) {
		return mailServer{}, errors.New("a password for the mail server is only sent encrypted: use smtp:// or smtps://")
	}
	return s, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// refusal is why a message was not taken.
type refusal struct {
	err    error
	final  bool   // the same message will be refused again
	public string // the part of it that an account may read in its action log
}

const unreachable = "The mail server could not be reached."

// hand gives one mail to the server. nil means that the server took it over.
func (s mailServer) hand(ctx context.Context, id models.ID, to, subject, body string, written time.Time) *refusal {
	msg, utf8, err := s.compose(id, to, subject, body, written)
	if err != nil {
		return &refusal{err, true, "The message could not be written."}
	}
	// go-mail does not close a connection that failed half-way.
	var conn net.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close()
		}
	}()
	client, err := s.client(utf8, func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := s.dial(ctx, network, address)
		if err == nil {
			conn = c
		}
		return c, err
	})
	if err != nil {
		return &refusal{err, true, "The message could not be written."}
	}

	// A server that is away, full, badly certified or does not know our password says nothing about this message:
	// whatever happens before the message is mentioned may be better next time.
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return &refusal{err, false, unreachable}
	}
	// From here on a shutdown is no reason to hang up: the server might have the message already.
	defer time.AfterFunc(s.conversation, func() { _ = conn.Close() }).Stop()
	if offered, _ := session.Extension("SMTPUTF8"); utf8 && !offered {
		return &refusal{errors.New("the mail server takes no address with letters beyond ASCII"), true,
			"The address has letters that the mail server does not take."}
	}
	if err := client.SendWithSMTPClient(session, msg); err != nil && !msg.IsDelivered() {
		return classify(err)
	}
	_ = session.Quit() // delivered is delivered, however they part
	return nil
}

// classify reads a refusal of the message itself. Without an answer from the server, nothing is final.
func classify(err error) *refusal {
	var answer *gomail.SendError
	if !errors.As(err, &answer) || answer.ErrorCode() == 0 {
		return &refusal{err, false, unreachable}
	}
	text, _, _ := strings.Cut(answer.Error(), ", affected recipient(s)")
	text, _, _ = strings.Cut(text, ", affected message ID")
	_, said, _ := strings.Cut(text, ": ") // without the stage it came to
	switch code := answer.ErrorCode(); code {
	case 530, 534, 535, 538: // it wants to know us first, or better: our configuration, not this message
		return &refusal{errors.New(text), false, unreachable}
	default:
		return &refusal{errors.New(text), code >= 500, "The mail server answered: " + said}
	}
}

// compose writes the mail. It needs SMTPUTF8 when the part before the @ is not ASCII; the domain never does.
func (s mailServer) compose(id models.ID, to, subject, body string, written time.Time) (_ *gomail.Msg, utf8 bool, err error) {
	at := strings.LastIndexByte(to, '@')
	if at < 0 {
		return nil, false, ErrMailAddress
	}
	local, domain := to[:at], to[at+1:]
	if !isASCII(domain) {
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return nil, false, err
		}
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&s.from)
	if err := msg.To(local + "@" + domain); err != nil {
		return nil, false, err
	}
	msg.Subject(strings.ReplaceAll(oneLine(subject), "=?", "= ?")) // or a name could pose as an encoded word
	msg.SetDateWithValue(written)
	msg.SetMessageIDWithValue(id.String() + s.from.Address[strings.LastIndexByte(s.from.Address, '@'):])
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // nobody's absence note answers it
	msg.SetBodyString(gomail.TypeTextPlain, body)
	return msg, !isASCII(local), nil
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r > 0x7e }) < 0
}

func (s mailServer) client(utf8 bool, dial gomail.DialContextFunc) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(s.answering), gomail.WithDialContextFunc(dial),
		gomail.WithTLSPolicy(gomail.NoTLS), // of the connection as dialled; for smtp:// replaced below
		gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	if s.security == startTLS {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithTLSConfig(s.tls()))
	}
	if !utf8 { // a server further on may not know it, and would send an ordinary mail back because of it
		options = append(options, gomail.WithoutSMTPUTF8())
	}
	if s.user != "" {
		options = append(options, gomail.WithUsername(s.user), gomail.WithPassword(s.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	client, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	return client, nil
}

func (s mailServer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.dialing)
	defer cancel()
	if s.security == tlsFirst {
		return (&tls.Dialer{Config: s.tls()}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

func (s mailServer) tls() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.rootCAs, MinVersion: tls.VersionTLS12}
}
