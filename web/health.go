package web

import (
	"context"
	"net/http"
	"time"
)

// showLive says that the process answers at all.
func (s *Server) showLive(v *visit) error { return v.String(http.StatusOK, "ok") }

// showReady says whether it can work: whoever sends people here asks it first.
func (s *Server) showReady(v *visit) error {
	if s.stopping.Load() {
		return v.String(http.StatusServiceUnavailable, "stopping")
	}
	ctx, cancel := context.WithTimeout(v.ctx(), 2*time.Second)
	defer cancel()
	if err := s.Store.Pool().Ping(ctx); err != nil {
		s.Log.Warn("not ready", "err", err)
		return v.String(http.StatusServiceUnavailable, "the database does not answer")
	}
	if !s.current.Load() { // a schema does not grow old
		if err := s.Store.Current(ctx); err != nil {
			s.Log.Warn("not ready", "err", err)
			return v.String(http.StatusServiceUnavailable, "the database's schema is older than this program")
		}
		s.current.Store(true)
	}
	return v.String(http.StatusOK, "ready")
}

// Stopping makes the portal say that it is not ready, so that whoever sends people here sends them elsewhere; it goes on
// answering those who come.
func (s *Server) Stopping() { s.stopping.Store(true) }
