package web_test

import (
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
	dsn := storetest.Database(t)
	s, err := store.Open(t.Context(), dsn, nil)
	if err != nil {
		t.Fatal(err)
	}
	server, err := web.New(web.Config{Store: s, Log: slog.New(slog.DiscardHandler)})
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
	steps := func(change string) {
		t.Helper()
		if _, err := storetest.Raw(t, dsn).Exec(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	steps(`UPDATE goose_db_version SET is_applied = false WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
	ask("/readyz", http.StatusServiceUnavailable, "the database's schema is older than this program")
	steps(`UPDATE goose_db_version SET is_applied = true`)
	ask("/readyz", http.StatusOK, "ready")
	server.Stopping()
	ask("/readyz", http.StatusServiceUnavailable, "stopping")
	ask("/livez", http.StatusOK, "ok")

	if server, err = web.New(web.Config{Store: s, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	ask("/livez", http.StatusOK, "ok")
	ask("/readyz", http.StatusServiceUnavailable, "the database does not answer")
}
