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
	ctx, cancel := context.WithTimeout(v.ctx(), time.Second)
	defer cancel()
	if err := s.Store.Pool().Ping(ctx); err != nil {
		s.Log.Warn("not ready", "err", err)
		return v.String(http.StatusServiceUnavailable, "the database does not answer")
	}
	return v.String(http.StatusOK, "ready")
}
