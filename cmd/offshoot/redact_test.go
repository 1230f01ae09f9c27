package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The log hides by key, by type and within texts, at any depth, whoever logs; what is no secret stays readable.
func TestLogIsRedacted(t *testing.T) {
	var out bytes.Buffer
	log := newLog(&out, slog.LevelDebug).With("sessionToken", "s3cret")
	address, err := url.Parse("https://ann:s3cret@db.test/x?token=s3cret&page=2")
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.Replace("postgres://ann:s3cret@db.test:5432/x", "5432", "port", 1)
	_, parse := url.Parse(wrong)
	log.Info("dialing postgres://ann:s3cret@db.test/x", "password", "s3cret", "user_password", "s3cret", "Password2", "s3cret",
		"Authorization", "Bearer s3cret", "cookie", "s3cret", "code", "s3cret", "api-key", "s3cret", "secret", []byte("s3cret"),
		"err", fmt.Errorf("connect: %w", errors.New("host=db.test user=ann password=s3cret sslmode=disable")),
		"quoted", errors.New(`host=db password='s3cret s3cret' dbname=x`), "parse", parse,
		"smtp", "535 failed for smtp://ann:s3cret@mail.test:587", "at", address,
		"headers", http.Header{"X": {"s3cret"}}, "values", url.Values{"a": {"s3cret"}}, "raw", []byte("s3cret"),
		"dump", "GET / HTTP/1.1\r\nCookie: __Host-session=s3cret\r\nAuthorization: Basic s3cret\r\n", "list", []string{"--password=s3cret"},
		slog.Group("form", "otp", "s3cret", "more", slog.GroupValue(slog.String("token", "s3cret"))))
	log.WithGroup("request").Error("refused", "token", "s3cret", "link", "/activate/link?token=s3cret&next=/")
	if strings.Contains(out.String(), "s3cret") {
		t.Errorf("a secret is in the log: %s", out.String())
	}
	out.Reset()
	log.Info("request", "route", "/sub-accounts/:id", "status", 200, "keys", 3, "keyboard", "qwerty", "code_point", "x", "encoded", "a=b", "sessions", 7,
		"err", errors.New("dial tcp 10.0.0.1:5432: refused"), "at", "https://portal.test/a?page=2", "empty", "")
	for _, want := range []string{`"route":"/sub-accounts/:id"`, `"status":200`, `"keys":3`, `"keyboard":"qwerty"`, `"encoded":"a=b"`, `10.0.0.1:5432: refused`,
		`https://portal.test/a?page=2`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not in the log: %s", want, out.String())
		}
	}
}
