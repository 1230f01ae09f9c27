// Package webtest is the portal as tests visit it: over HTTP, on loopback, with a mini browser that fills in forms by
// their labels, and a real one for what only a browser shows.
package webtest

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"

	"offshoot/services/background"
	"offshoot/services/reports"
	"offshoot/services/storetest"
	"offshoot/web"
)

// Portal is a running portal with a cast of people.
type Portal struct {
	*storetest.World
	URL string
}

// Open starts the portal over a world of its own, in demo mode.
func Open(t testing.TB) *Portal {
	t.Helper()
	return Serve(t, storetest.NewWorld(t))
}

// Serve starts the portal over a world that the test has made.
func Serve(t testing.TB, world *storetest.World) *Portal {
	t.Helper()
	server, err := web.New(web.Config{Store: world.Store, Identity: world.Identity, Accounts: world.Accounts, Ledger: world.Ledger,
		Reports: reports.New(world.Store), Notify: world.Notify, Work: background.New(world.Store), Billing: world.Billing, Refill: world.Refill, Messaging: world.Messaging,
		Sharing: world.Sharing, Senders: world.Senders, Installation: "Offshoot", Demo: true,
		Audience: world.Audience, Interactive: world.Inbound,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(server.Handler())
	t.Cleanup(listener.Close)
	return &Portal{World: world, URL: listener.URL}
}
