package web

import (
	"context"
	"net/http"
	"time"

	"offshoot/services/gateways"
)

// The gateway calls these, with GET (Kannel) or POST (Twilio). It knows no session and reads no page: answers have no body but a
// word. Only 200 says that what it told is kept; anything else lets it try again, as gateways do.

// callbackTime is how long a gateway is kept waiting. Beyond it, it is told to try again.
const callbackTime = 10 * time.Second

// hearReport takes a delivery report (MSG-3). One that is forged is 403, one of a gateway that is not in use 404, and neither
// changes anything; one that comes twice, too early or too late is 200.
func (s *Server) hearReport(v *visit) error {
	return s.hear(v, func(ctx context.Context, g gateways.Gateway) error {
		report, err := g.Report(v.Request())
		if err != nil || report.Status == "" {
			return err
		}
		return s.Carrier.Report(ctx, report)
	})
}

// hearInbound takes a message that somebody has sent to one of the accounts' numbers (MSG-6).
func (s *Server) hearInbound(v *visit) error {
	return s.hear(v, func(ctx context.Context, g gateways.Gateway) error {
		in, err := g.Inbound(v.Request())
		switch {
		case err != nil:
			return err
		case s.Inbound == nil:
			return gateways.ErrNoNews
		}
		if in.At.IsZero() {
			in.At = s.Store.Now()
		}
		return s.Inbound(ctx, in, g.Name())
	})
}

func (s *Server) hear(v *visit, what func(context.Context, gateways.Gateway) error) error {
	if s.Carrier == nil || s.Carrier.Gateway().Name() != v.Param("gateway") {
		return v.String(http.StatusNotFound, "not found")
	}
	ctx, stop := context.WithTimeout(v.ctx(), callbackTime)
	defer stop()
	if err := what(ctx, s.Carrier.Gateway()); err != nil {
		status := statusOf(err)
		if status == http.StatusInternalServerError {
			s.Log.Error("a gateway's callback failed", "id", requestID(v), "route", v.Path(), "err", err)
			return v.String(http.StatusServiceUnavailable, "try again")
		}
		return v.String(status, http.StatusText(status))
	}
	return v.NoContent(http.StatusOK)
}
