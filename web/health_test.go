package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/web"
)

// Always: whoever sends people here can ask whether the portal lives and whether it can work; the second is no when the
// database is gone, and neither tells anything else.
func TestHealth(t *testing.T) {
	s, err := store.Open(t.Context(), storetest.Database(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	server, err := web.New(web.Config{Store: s, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string, status int, says string) {
		t.Helper()
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			answer := httptest.NewRecorder()
			server.Handler().ServeHTTP(answer, httptest.NewRequest(method, path, nil))
			if answer.Code != status || answer.Body.String() != says {
				t.Errorf("%s %s: %d %q", method, path, answer.Code, answer.Body)
			}
		}
	}
	ask("/livez", http.StatusOK, "ok")
	ask("/readyz", http.StatusOK, "ready")
	s.Close()
	ask("/livez", http.StatusOK, "ok")
	ask("/readyz", http.StatusServiceUnavailable, "the database does not answer")
}
