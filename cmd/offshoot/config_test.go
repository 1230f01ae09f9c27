package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"

	"offshoot/services/secrets"
)

// configOf reads the settings as a command would, from an environment and a command line.
func configOf(t *testing.T, environment map[string]string, args ...string) config {
	t.Helper()
	for _, s := range settings {
		t.Setenv(s.Tag.Get("env"), environment[s.Tag.Get("env")])
	}
	var got config
	root := &cobra.Command{Use: "offshoot", RunE: func(cmd *cobra.Command, _ []string) (err error) {
		got, err = loadConfig(cmd)
		return err
	}}
	addSettings(root.PersistentFlags())
	root.SetArgs(args)
	if err := root.ExecuteContext(context.Background()); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDefaults(t *testing.T) {
	got := configOf(t, nil)
	want := config{Addr: "127.0.0.1:8080", Data: "./.offshoot", Name: "Offshoot"}
	if got != want {
		t.Errorf("without settings: %+v", got)
	}
	if err := got.check(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	if public := got.installation().PublicURL; public != "http://127.0.0.1:8080" {
		t.Errorf("public URL %q", public)
	}
}

func TestFlagsWinOverTheEnvironment(t *testing.T) {
	got := configOf(t, map[string]string{"OFFSHOOT_ADDR": "127.0.0.1:1", "OFFSHOOT_NAME": "Acme", "DATABASE_URL": "postgres://db/a"},
		"--addr", "127.0.0.1:2", "--database-url", "postgres://db/b")
	if got.Addr != "127.0.0.1:2" || got.DatabaseURL != "postgres://db/b" || got.Name != "Acme" {
		t.Errorf("%+v", got)
	}
}

// Every setting has a variable, a flag of the same name and a line of help.
func TestEverySettingCanBeSet(t *testing.T) {
	flags := (&cobra.Command{}).Flags()
	addSettings(flags)
	for _, s := range settings {
		variable := s.Tag.Get("env")
		flag := flags.Lookup(flagName(variable))
		if variable == "" || s.Tag.Get("help") == "" || flag == nil || flag.DefValue != "" {
			t.Errorf("setting %s: variable %q, flag %v", s.Name, variable, flag)
		}
	}
	if got := flagName("OFFSHOOT_PUBLIC_URL") + " " + flagName("DATABASE_URL"); got != "public-url database-url" {
		t.Errorf("flags are called %s", got)
	}
}

func TestReachable(t *testing.T) {
	for addr, want := range map[string]string{"127.0.0.1:8080": "127.0.0.1:8080", ":80": "localhost:80", "0.0.0.0:8080": "localhost:8080",
		"[::]:8080": "localhost:8080", "[::1]:8080": "[::1]:8080", "portal.test:1": "portal.test:1"} {
		if got := reachable(addr); got != want {
			t.Errorf("%s is reached at %s, want %s", addr, got, want)
		}
	}
}

// ownKeys are keys of an installation, for tests.
var ownKeys = sync.OnceValue(func() string { return textOf(secrets.Generate()) })

func textOf(keys *secrets.Keys, err error) string {
	if err != nil {
		panic(err)
	}
	text, err := keys.Text()
	if err != nil {
		panic(err)
	}
	return text
}

func good() config {
	return config{SecretKeys: ownKeys(), Addr: "127.0.0.1:8080", Data: "data", Name: "Acme", DatabaseURL: "postgres://acme:s3cret-db@db.test:5432/acme",
		PublicURL: "https://portal.acme.test", SMTPURL: "smtp://acme:s3cret-mail@mail.test", MailFrom: "portal@acme.test",
		GatewayURL: "kannel+http://acme:s3cret-gateway@gateway.test:13013?inbound=s3cret-0123456789"}
}

// Bad input: every problem is named, one by one and all at once, and no secret is.
func TestCheck(t *testing.T) {
	if err := good().checkProduction(); err != nil {
		t.Fatalf("a good configuration is refused: %v", err)
	}
	for _, c := range []struct {
		name     string
		change   func(*config)
		says     string
		onlyServ bool // run takes it
	}{
		{"no database", func(c *config) { c.DatabaseURL = "" }, "DATABASE_URL is not set", true},
		{"metrics for everybody", func(c *config) { c.MetricsAddr = "0.0.0.0:9090" }, "OFFSHOOT_METRICS_ADDR must be", false},
		{"metrics on all addresses", func(c *config) { c.MetricsAddr = ":9090" }, "OFFSHOOT_METRICS_ADDR must be", false},
		{"metrics on a public address", func(c *config) { c.MetricsAddr = "[2a00::1]:9090" }, "OFFSHOOT_METRICS_ADDR must be", false},
		{"metrics without a port", func(c *config) { c.MetricsAddr = "127.0.0.1" }, "OFFSHOOT_METRICS_ADDR must be", false},
		{"drain for ever", func(c *config) { c.Drain = "2h" }, "OFFSHOOT_DRAIN must be", false},
		{"drain backwards", func(c *config) { c.Drain = "-5s" }, "OFFSHOOT_DRAIN must be", false},
		{"drain by a word", func(c *config) { c.Drain = "soon" }, "OFFSHOOT_DRAIN must be", false},
		{"no keys", func(c *config) { c.SecretKeys = "" }, "OFFSHOOT_SECRET_KEYS is not set", true},
		{"keys that are none", func(c *config) { c.SecretKeys = "s3cret-keys" }, "OFFSHOOT_SECRET_KEYS: ", false},
		{"half the keys", func(c *config) { c.SecretKeys = c.SecretKeys[:40] }, "OFFSHOOT_SECRET_KEYS: ", false},
		{"everybody's keys", func(c *config) { c.SecretKeys = textOf(secrets.ForTests(), nil) }, "OFFSHOOT_SECRET_KEYS: ", false},
		{"no mail server", func(c *config) { c.SMTPURL = "" }, "SMTP_URL is not set", true},
		{"no public URL", func(c *config) { c.PublicURL = "" }, "OFFSHOOT_PUBLIC_URL is not set", true},
		{"public URL in the open", func(c *config) { c.PublicURL = "http://portal.acme.test" }, "OFFSHOOT_PUBLIC_URL must be https", true},
		{"a host that only begins like loopback", func(c *config) { c.PublicURL = "http://localhost.acme.test" }, "OFFSHOOT_PUBLIC_URL must be https", true},
		{"half a public URL", func(c *config) { c.PublicURL = "portal.acme.test" }, "OFFSHOOT_PUBLIC_URL: ", false},
		{"public URL with a query", func(c *config) { c.PublicURL = "https://portal.acme.test/?a=b" }, "OFFSHOOT_PUBLIC_URL: ", false},
		{"address without port", func(c *config) { c.Addr = "127.0.0.1" }, "OFFSHOOT_ADDR must be", false},
		{"port too large", func(c *config) { c.Addr = "127.0.0.1:70000" }, "OFFSHOOT_ADDR must be", false},
		{"port by name", func(c *config) { c.Addr = "127.0.0.1:http" }, "OFFSHOOT_ADDR must be", false},
		{"no database's address", func(c *config) { c.DatabaseURL = "mysql://acme:s3cret-db@db.test/acme" }, "DATABASE_URL is no address", false},
		{"name of two lines", func(c *config) { c.Name = "Acme\nBcc: all" }, "OFFSHOOT_NAME: ", false},
		{"a proxy by name", func(c *config) { c.Proxies = "proxy.acme.test" }, "OFFSHOOT_TRUSTED_PROXIES: \"proxy.acme.test\" is no network", false},
		{"everybody a proxy", func(c *config) { c.Proxies = "10.0.0.1, 0.0.0.0/0" }, "OFFSHOOT_TRUSTED_PROXIES: 0.0.0.0/0 is too large", false},
		{"everybody a proxy, by IPv6", func(c *config) { c.Proxies = "::/0" }, "OFFSHOOT_TRUSTED_PROXIES: ::/0 is too large", false},
		{"an address for a network", func(c *config) { c.Proxies = "10.1.2.3/16" }, "OFFSHOOT_TRUSTED_PROXIES: 10.1.2.3/16 has an address", false},
		{"unknown accent", func(c *config) { c.Accent = "pink" }, "OFFSHOOT_ACCENT must be one of", false},
		{"mail server of another kind", func(c *config) { c.SMTPURL = "http://acme:s3cret-mail@mail.test" }, "SMTP_URL: ", false},
		{"mail server with a bad port", func(c *config) { c.SMTPURL = "smtp://acme:s3cret-mail@mail.test:99999" }, "SMTP_URL: ", false},
		{"no gateway", func(c *config) { c.GatewayURL = "" }, "GATEWAY_URL is not set", true},
		{"a gateway that writes to nobody", func(c *config) { c.GatewayURL = "simulator:" }, "GATEWAY_URL is the simulator", true},
		{"gateway of another kind", func(c *config) { c.GatewayURL = "smpp://acme:s3cret-gateway@gateway.test" }, "GATEWAY_URL must begin with", false},
		{"gateway without a password", func(c *config) { c.GatewayURL = "kannel+http://acme@gateway.test" }, "GATEWAY_URL needs the user", false},
		{"texts from a long name", func(c *config) { c.TextFrom = "Acme Messaging" }, "OFFSHOOT_TEXT_FROM must be", false},
		{"texts from a bare number", func(c *config) { c.TextFrom = "4915112345678" }, "OFFSHOOT_TEXT_FROM must be", false},
		{"mail from nobody", func(c *config) { c.MailFrom = "" }, "OFFSHOOT_MAIL_FROM: ", false},
		{"mail from no address", func(c *config) { c.MailFrom = "portal" }, "OFFSHOOT_MAIL_FROM: ", false},
	} {
		bad := good()
		c.change(&bad)
		err := bad.checkProduction()
		if err == nil || !strings.HasPrefix(err.Error(), c.says) {
			t.Errorf("%s: %v, want %s…", c.name, err, c.says)
		}
		if alone := bad.check(); (alone == nil) != c.onlyServ {
			t.Errorf("%s: run says %v", c.name, alone)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the refusal tells a password: %v", c.name, err)
		}
	}

	all := config{Addr: "nowhere", Name: "\n", Accent: "pink", SMTPURL: "ftp://mail.test"}.checkProduction()
	var p problems
	if !errors.As(all, &p) || len(p) != 8 || strings.Count(all.Error(), "\n  - ") != 8 {
		t.Errorf("not all problems at once: %v", all)
	}
	for _, host := range []string{"http://localhost:8080", "http://127.0.0.1", "http://[::1]:8080"} {
		local := good()
		local.PublicURL = host
		if err := local.checkProduction(); err != nil {
			t.Errorf("%s is refused: %v", host, err)
		}
	}
}

// ACC-11: a proxy is named by its address or network, several with commas or spaces between.
func TestTrustedProxies(t *testing.T) {
	for text, want := range map[string]string{"": "[]", "10.1.0.0/16": "[10.1.0.0/16]", "127.0.0.1": "[127.0.0.1/32]",
		"10.1.0.0/16,fd00::/64 ,, ::1": "[10.1.0.0/16 fd00::/64 ::1/128]"} {
		got, err := config{Proxies: text}.trustedProxies()
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: %v, %v, want %s", text, got, err, want)
		}
	}
}

// Whatever prints a configuration shows where it leads, and no password.
func TestSecretsAreMasked(t *testing.T) {
	c := good()
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("serving", "config", c)
	slog.New(slog.NewTextHandler(&log, nil)).Info("serving", "config", &c)
	printed := log.String() + fmt.Sprint(c) + fmt.Sprintf("%v %+v %s", c, c, &c)
	if strings.Contains(printed, "s3cret") || strings.Contains(printed, c.SecretKeys) {
		t.Errorf("a password is printed: %s", printed)
	}
	for _, want := range []string{"db.test:5432/acme", "mail.test", "https://portal.acme.test"} {
		if !strings.Contains(printed, want) {
			t.Errorf("%s is not printed: %s", want, printed)
		}
	}
	for secret, want := range map[string]string{"": "", "host=db password=s3cret": "(set)", "postgres://u:s3cret@db/x?password=s3cret": "postgres://db/x",
		"postgres://u:s3%zz@db/x": "(set)"} {
		if got := masked(secret); got != want {
			t.Errorf("masked(%q) = %q, want %q", secret, got, want)
		}
	}
	secrets := slices.ContainsFunc(settings, func(s reflect.StructField) bool { return s.Name == "DatabaseURL" && s.Tag.Get("secret") != "" })
	if !secrets {
		t.Error("DATABASE_URL is not marked as a secret")
	}
}

func TestDSNSettings(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://u@db/x":                         "postgres://u@db/x?pool_max_conns=16",
		"postgres://u@db/x?sslmode=disable":         "postgres://u@db/x?pool_max_conns=16&sslmode=disable",
		"postgres://u@db/x?pool_max_conns=4":        "postgres://u@db/x?pool_max_conns=4",
		"host=db dbname=x":                          "host=db dbname=x pool_max_conns=16",
		"postgres://u@/x?host=%2Fa+b%2Frun&port=54": "postgres://u@/x?host=%2Fa+b%2Frun&pool_max_conns=16&port=54",
	} {
		if got := pooled(dsn); got != want {
			t.Errorf("pooled(%s) = %s, want %s", dsn, got, want)
		}
	}
}
