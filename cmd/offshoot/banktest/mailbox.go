package main

import (
	"io"
	"net"
	"sync/atomic"

	"github.com/emersion/go-smtp"
)

// mailbox is a mail server on loopback that takes everything and keeps the count.
type mailbox struct {
	listener net.Listener
	server   *smtp.Server
	count    atomic.Int64
}

func newMailbox() (*mailbox, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &mailbox{listener: listener}
	m.server = smtp.NewServer(m)
	go func() { _ = m.server.Serve(listener) }()
	return m, nil
}

func (m *mailbox) address() string { return m.listener.Addr().String() }
func (m *mailbox) close()          { _ = m.server.Close() }

// NewSession and the rest make mailbox a backend of go-smtp.
func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }
func (m *mailbox) Mail(string, *smtp.MailOptions) error        { return nil }
func (m *mailbox) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (m *mailbox) Reset()                                      {}
func (m *mailbox) Logout() error                               { return nil }
func (m *mailbox) Data(from io.Reader) error {
	_, err := io.Copy(io.Discard, from)
	m.count.Add(1)
	return err
}
