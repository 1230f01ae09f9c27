package main

import (
	"log/slog"
	"net/url"
	"os"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// config is every setting. Each is an environment variable; the flag of the same name wins over it. A variable that is
// set to nothing is not set.
type config struct {
	Addr        string `env:"OFFSHOOT_ADDR" envDefault:"127.0.0.1:8080" help:"address the portal listens on"`
	Data        string `env:"OFFSHOOT_DATA" envDefault:"./.offshoot" help:"folder of the private PostgreSQL, which serves when no database URL is set"`
	DatabaseURL string `env:"DATABASE_URL" secret:"yes" help:"PostgreSQL 15 or newer, such as postgres://user@host/database"`
	OwnerURL    string `env:"DATABASE_OWNER_URL" secret:"yes" help:"the same database, as the role that owns its tables: for migrate, run, demo, backup and restore alone"`
	SecretKeys  string `env:"OFFSHOOT_SECRET_KEYS" secret:"yes" help:"keys that secrets are sealed with in the database: offshoot keys new prints some"`
	PublicURL   string `env:"OFFSHOOT_PUBLIC_URL" help:"address people use, for links in mails, such as https://portal.example.com"`
	Name        string `env:"OFFSHOOT_NAME" envDefault:"Offshoot" help:"name of this installation, on every page and mail"`
	Accent      string `env:"OFFSHOOT_ACCENT" help:"colour of this installation: blue, teal, violet, green, plum or graphite"`
	Proxies     string `env:"OFFSHOOT_TRUSTED_PROXIES" help:"networks of the proxies in front of the portal, such as 10.1.0.0/16,fd00::/64: only their X-Forwarded-For is believed, and limits on tries count by it"`
	MetricsAddr string `env:"OFFSHOOT_METRICS_ADDR" help:"address in a private network that metrics are read at, such as 127.0.0.1:9090; none unless set"`
	Drain       string `env:"OFFSHOOT_DRAIN" help:"how long requests are still taken after SIGTERM, while /readyz says no, so that a balancer notices: serve takes 3s unless set, run no time"`
	SMTPURL     string `env:"SMTP_URL" secret:"yes" help:"mail server: smtp://user:password@host (STARTTLS), smtps:// (TLS) or smtp+plain:// (this machine or network)"`
	MailFrom    string `env:"OFFSHOOT_MAIL_FROM" help:"address that mails come from"`
	GatewayURL  string `env:"GATEWAY_URL" secret:"yes" help:"gateway of messages: simulator: (nobody is written to), kannel://user:password@host?inbound=secret (kannel+http:// without TLS) or twilio://sid:token@api.twilio.com; the simulator unless set"`
	TextFrom    string `env:"OFFSHOOT_TEXT_FROM" help:"what texts of the portal itself come from, such as activation codes: a number like +4915112345678, or up to 11 letters and digits; made of the name unless set"`
}

// settings are the fields of config, in order.
var settings = reflect.VisibleFields(reflect.TypeFor[config]())

// flagName is OFFSHOOT_PUBLIC_URL as people type it: public-url.
func flagName(variable string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(variable, "OFFSHOOT_"), "_", "-"))
}

// addSettings declares the flags. They have no defaults of their own, so that help prints no secret and an unset flag
// leaves the variable alone.
func addSettings(flags *pflag.FlagSet) {
	for _, s := range settings {
		variable, help := s.Tag.Get("env"), s.Tag.Get("help")
		if preset := s.Tag.Get("envDefault"); preset != "" {
			help += " (default " + preset + ")"
		}
		flags.String(flagName(variable), "", help+" ["+variable+"]")
	}
}

// loadConfig reads the environment and the flags over it.
func loadConfig(cmd *cobra.Command) (config, error) {
	environment := env.ToMap(os.Environ())
	for _, s := range settings {
		variable := s.Tag.Get("env")
		if flag := cmd.Flag(flagName(variable)); flag != nil && flag.Changed {
			environment[variable] = flag.Value.String()
		}
		environment[variable] = strings.TrimSpace(environment[variable])
		if environment[variable] == "" {
			delete(environment, variable)
		}
	}
	return env.ParseAsWithOptions[config](env.Options{Environment: environment})
}

// LogValue is the settings as a log may hold them.
func (c config) LogValue() slog.Value {
	var shown []slog.Attr
	value := reflect.ValueOf(c)
	for _, s := range settings {
		text := value.FieldByIndex(s.Index).String()
		if s.Tag.Get("secret") != "" {
			text = masked(text)
		}
		shown = append(shown, slog.String(s.Tag.Get("env"), text))
	}
	return slog.GroupValue(shown...)
}

// String keeps secrets out of whatever prints a config.
func (c config) String() string { return c.LogValue().String() }

// masked leaves of an address with a password in it where it leads, and of anything else that it is set.
func masked(secret string) string {
	if secret == "" {
		return ""
	}
	u, err := url.Parse(secret)
	if err != nil || u.Host == "" {
		return "(set)"
	}
	return u.Scheme + "://" + u.Host + u.Path
}
