package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"offshoot/models"
)

const (
	requestKey = "request"
	maxBody    = 2 << 20
)

// identify gives every request an id; it stands in the log, the action log and on error pages. It is our own, unless a
// trusted proxy has given it one already, by which its log is found beside ours.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := s.proxysID(c.Request())
		if id == "" {
			id = models.NewID().String()
		}
		c.Set(requestKey, id)
		c.Response().Header().Set("X-Request-Id", id)
		return next(c)
	}
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$`)

func (s *Server) proxysID(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if id := r.Header.Get("X-Request-Id"); err == nil && plainID.MatchString(id) &&
		slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(from.Addr().Unmap()) }) {
		return id
	}
	return ""
}

func requestID(c echo.Context) string {
	id, _ := c.Get(requestKey).(string)
	return id
}

// logRequest writes one line a request: the route's pattern and no query, for searches and tokens are nobody's business.
func (s *Server) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		if s.Watch != nil {
			answered := s.Watch()
			defer func() {
				answered(Answered{c.Request().Method, c.Path(), c.Response().Status})
			}()
		}
		err := next(c)
		if err != nil {
			c.Error(err) // answers now, so that the line has the status
		}
		s.Log.Info("request", "method", c.Request().Method, "route", c.Path(), "status", c.Response().Status,
			"took", time.Since(start).Round(time.Microsecond), "id", requestID(c))
		return nil
	}
}

func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if found := recover(); found != nil {
				if found == http.ErrAbortHandler {
					panic(found)
				}
				s.Log.Error("panic", "id", requestID(c), "value", fmt.Sprint(found), "stack", string(debug.Stack()))
				err = fmt.Errorf("panic: %v", found)
			}
		}()
		return next(c)
	}
}

func (s *Server) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		most := int64(maxBody)
		if c.Request().Method == http.MethodPost && s.uploads[c.Path()] {
			most = maxUpload
		}
		c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, most)
		return next(c)
	}
}
