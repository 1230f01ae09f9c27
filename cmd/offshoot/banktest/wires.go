package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"strings"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// wire is a TCP connection that can be disturbed: toxiproxy between two who do not know of it.
type wire struct {
	name  string
	proxy *toxiproxy.Proxy
}

// exchange is where wires are made.
type exchange struct{ server *toxiproxy.ApiServer }

func newExchange() *exchange {
	quiet := zerolog.Nop()
	return &exchange{toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), quiet)}
}

// lay makes a wire to an address, and returns it when it can be dialled.
func (e *exchange) lay(name, to string) (*wire, error) {
	w := &wire{name, toxiproxy.NewProxy(e.server, name, "127.0.0.1:0", to)}
	return w, w.proxy.Start()
}

func (w *wire) address() string { return w.proxy.Listen }

// toxic is a disturbance as toxiproxy reads it.
type toxic struct {
	Name       string           `json:"name"`
	Type       string           `json:"type"`
	Stream     string           `json:"stream"`
	Toxicity   float32          `json:"toxicity"`
	Attributes map[string]int64 `json:"attributes"`
}

// disturb does so until mend is called.
func (w *wire) disturb(t toxic) error {
	t.Name, t.Toxicity = t.Type, 1
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = w.proxy.Toxics.AddToxicJson(strings.NewReader(string(text)))
	return err
}

func (w *wire) mend() { w.proxy.Toxics.ResetToxics(context.Background()) }

// bridge lets a server that answers on a Unix socket be reached by TCP, as toxiproxy wants it.
type bridge struct {
	listener net.Listener
	socket   string

	open map[net.Conn]bool
}

func newBridge(socket string) (*bridge, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &bridge{listener: listener, socket: socket, open: map[net.Conn]bool{}}
	go b.serve()
	return b, nil
}

func (b *bridge) address() string { return b.listener.Addr().String() }

func (b *bridge) serve() {
	for {
		from, err := b.listener.Accept()
		if err != nil {
			return
		}
		go b.carry(from)
	}
}

// carry ends both sides when either ends, as a connection that goes right through would.
func (b *bridge) carry(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("unix", b.socket)
	if err != nil {
		return
	}
	defer to.Close()
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			ended <- struct{}{}
		}()
	}
	<-ended
}

func (b *bridge) close() { _ = b.listener.Close() }

// listenable is an address of this machine that was free a moment ago, and stays the same for a process that is started anew.
func listenable() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
