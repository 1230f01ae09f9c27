// Package web turns a request into one service call and its answer into a page.
//
// Read it in this order: routes.go is the list of everything there is, visit.go is what a handler has in hand, errors.go
// maps refusals to answers, frame.go fills in what stands around a page. Then one file per resource: a handler parses the
// form, calls one service, and chooses a view or a redirect. It does not query, compute money or decide who sees what.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"offshoot/services/accounts"
	"offshoot/services/audience"
	"offshoot/services/background"
	"offshoot/services/billing"
	"offshoot/services/gateways"
	"offshoot/services/identity"
	"offshoot/services/inbound"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
	"offshoot/services/notify"
	"offshoot/services/refill"
	"offshoot/services/reports"
	"offshoot/services/senders"
	"offshoot/services/sharing"
	"offshoot/services/store"
	"offshoot/static"
)

// Config is everything the portal's pages need.
type Config struct {
	Store     *store.Store
	Identity  *identity.Service
	Accounts  *accounts.Service
	Ledger    *ledger.Service
	Reports   *reports.Service
	Notify    *notify.Service
	Work      *background.Service
	Billing   *billing.Service
	Refill    *refill.Service
	Messaging *messaging.Service
	Carrier   *messaging.Carrier // hears from the gateway what became of messages
	Sharing   *sharing.Service
	Senders   *senders.Service

	Audience    *audience.Service
	Interactive *inbound.Service

	// Inbound takes a message that came in through the named gateway.
	Inbound func(ctx context.Context, in gateways.Inbound, gateway string) error

	Installation string // its name on every page
	Accent       string // one of layouts.Accents
	Demo         bool   // shows what was mailed and texted at /dev/outbox
	Secure       bool   // served over https: cookies say so
	Log          *slog.Logger

	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed; none: the connection's address counts

	Watch func() func(Answered) // called when a request begins; what it returns, when it is answered; nil: nobody watches
}

// Answered is what may be told of a request: nothing that its sender chose.
type Answered struct {
	Method string
	Route  string // the pattern; "" for what no route answers
	Status int
}

// Server answers every request of the portal.
type Server struct {
	Config
	echo  *echo.Echo
	pages map[string]bool // the patterns that can be opened

	uploads map[string]bool // the patterns of forms that bring a file

	stopping atomic.Bool
	current  atomic.Bool // the schema, when it was last asked for
}

// New returns the portal. It fails when the page assets were not built.
func New(c Config) (*Server, error) {
	if err := static.Check(); err != nil {
		return nil, err
	}
	s := &Server{Config: c, echo: echo.New(), pages: map[string]bool{}, uploads: map[string]bool{}}
	e := s.echo
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = addressOf(c.TrustedProxies)
	e.HTTPErrorHandler = s.answerError
	e.Use(s.identify, s.logRequest, s.recoverPanic, s.limitBody)
	for _, r := range s.routes() {
		e.Add(r.method, r.path, s.enter(r))
		if r.upload {
			s.uploads[r.path] = true
		}
		if r.method == http.MethodGet {
			s.pages[r.path] = true
			e.Add(http.MethodHead, r.path, s.enter(r))
		}
	}
	e.RouteNotFound("/*", s.enter(public("", "", func(*visit) error { return echo.ErrNotFound }))) // in the person's own frame
	files := echo.WrapHandler(static.Handler())
	e.GET(static.Prefix+"*", files)
	e.HEAD(static.Prefix+"*", files)
	return s, nil
}

// Handler is the portal as a server serves it. Headers and the cross-origin check stand before everything else, so that
// no answer goes out without them.
func (s *Server) Handler() http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.answerError(errCrossOrigin, s.echo.NewContext(r, w))
	}))
	return s.secureHeaders(guard.Handler(s.echo))
}

// secureHeaders are on every answer, errors and files included.
func (s *Server) secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
		h.Set("Cache-Control", "no-store") // files under /static set their own
		if s.Secure {                      // of this host alone: what else is on its domain is not ours
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// HTTPServer returns a server for addr with limits on slow senders. Exports may take as long as they are read.
func (s *Server) HTTPServer(addr string) *http.Server {
	return &http.Server{Addr: addr, Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn)}
}
