package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/web"
)

// newPortal makes the pages of a house.
func newPortal(c config, h *house, demo bool, watch func() func(web.Answered), log *slog.Logger) (*web.Server, error) {
	proxies, err := c.trustedProxies()
	if err != nil {
		return nil, err
	}
	return web.New(web.Config{
		Store: h.store, Identity: h.people, Accounts: h.accounts, Ledger: h.ledger, Reports: h.reports, Notify: h.notify, Work: h.work, Billing: h.billing, Refill: h.refill,
		Carrier: h.carrier, Messaging: h.sends, Sharing: h.sharing, Senders: h.senders,
		Audience: h.audience, Interactive: h.inbound, Inbound: h.hearInbound(log),
		Installation: c.Name, Accent: c.Accent, Demo: demo,
		TrustedProxies: proxies,
		Secure:         strings.HasPrefix(c.installation().PublicURL, "https://"),
		Log:            log,
		Watch:          watch,
	})
}

// hearInbound takes a message that a gateway brought. One for a number that no account has is told in the log alone: there is
// nothing that the gateway could do about it.
func (h *house) hearInbound(log *slog.Logger) func(ctx context.Context, in gateways.Inbound, gateway string) error {
	return func(ctx context.Context, in gateways.Inbound, gateway string) error {
		received, err := h.inbound.Receive(ctx, in, gateway)
		if err == nil && received.Account == models.NoID {
			log.Warn("a message came for a number that no account has", "gateway", gateway, "mobile", in.To)
		}
		return err
	}
}

// listen takes the address before anything is made or changed for it.
func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, cannotListen(addr, err)
	}
	return listener, nil
}

// listening is addr as it was taken: port 0 has become a real one.
func listening(addr string, listener net.Listener) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port != "0" {
		return addr
	}
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return net.JoinHostPort(host, port)
}

// drain is how long a portal that is to stop still takes requests, for balancers to notice. maxDrain leaves some of an
// orchestrator's patience for the requests themselves.
const (
	drain    = 3 * time.Second
	maxDrain = time.Minute
)

func (c config) drain(preset time.Duration) time.Duration {
	if d, err := time.ParseDuration(c.Drain); err == nil {
		return d
	}
	return preset
}

// servePortal answers requests until ctx ends, and then finishes those under way; what takes longer than requestGrace is
// cut off.
//
// For drain it first goes on as before, while /readyz says that it is stopping.
func servePortal(ctx context.Context, portal *web.Server, listener net.Listener, drain time.Duration, log *slog.Logger) error {
	server := portal.HTTPServer(listener.Addr().String())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	portal.Stopping()
	select {
	case err := <-ended:
		return err
	case <-time.After(drain):
	}
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestGrace)
	defer cancel()
	if err := server.Shutdown(patient); err != nil {
		log.Warn("requests under way are cut off", "error", err)
		_ = server.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
