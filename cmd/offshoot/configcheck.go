package main

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"offshoot/services/gateways"
	"offshoot/services/notify"
	"offshoot/services/secrets"
	"offshoot/views/layouts"
)

// problems is everything that is wrong with a configuration, a sentence each.
type problems []string

func (p problems) Error() string {
	if len(p) == 1 {
		return p[0]
	}
	return "the configuration has " + strconv.Itoa(len(p)) + " problems:\n  - " + strings.Join(p, "\n  - ")
}

// orNil is p as an error.
func (p problems) orNil() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// check returns all that is wrong with the settings by themselves. No sentence repeats a secret.
func (c config) check() error { return c.wrong().orNil() }

// checkProduction is check, and what is unsafe or missing where real people's accounts are.
func (c config) checkProduction() error {
	p := c.wrong()
	if c.DatabaseURL == "" {
		p = append(p, "DATABASE_URL is not set: portal and workers share one PostgreSQL")
	}
	if c.SecretKeys == "" {
		p = append(p, "OFFSHOOT_SECRET_KEYS is not set: passwords and codes on their way would be readable in the database. offshoot keys new prints some")
	}
	if c.OwnerURL != "" {
		p = append(p, "DATABASE_OWNER_URL is set: whoever broke into the portal would own its tables. Give it to offshoot migrate alone")
	}
	if c.SMTPURL == "" {
		p = append(p, "SMTP_URL is not set: new accounts could not be activated without mail")
	}
	switch c.GatewayURL {
	case "":
		p = append(p, "GATEWAY_URL is not set: messages would be paid for and go nowhere. Name the gateway, or write "+gateways.SimulatedInProduction+" to have them only simulated")
	case gateways.Simulated:
		p = append(p, "GATEWAY_URL is the simulator, which writes to nobody: messages would be paid for and go nowhere. Write "+gateways.SimulatedInProduction+" where that is meant")
	}
	public, err := url.Parse(c.PublicURL)
	switch {
	case c.PublicURL == "":
		p = append(p, "OFFSHOOT_PUBLIC_URL is not set: it stands in every mail")
	case err == nil && public.Scheme == "http" && !isLoopback(public.Hostname()):
		p = append(p, "OFFSHOOT_PUBLIC_URL must be https: passwords would travel in the open")
	}
	return p.orNil()
}

func (c config) wrong() problems {
	var p problems
	if _, port, err := net.SplitHostPort(c.Addr); err != nil || !isPort(port) {
		p = append(p, "OFFSHOOT_ADDR must be a host and a port, such as 127.0.0.1:8080, and is "+strconv.Quote(c.Addr))
	}
	if c.MetricsAddr != "" {
		if err := checkMetricsAddr(c.MetricsAddr); err != nil {
			p = append(p, "OFFSHOOT_METRICS_ADDR "+err.Error())
		}
	}
	if d, err := time.ParseDuration(c.Drain); c.Drain != "" && (err != nil || d < 0 || d > maxDrain) {
		p = append(p, "OFFSHOOT_DRAIN must be a time of up to "+maxDrain.String()+", such as 5s, and is "+strconv.Quote(c.Drain))
	}
	if c.DatabaseURL != "" {
		if _, err := pgxpool.ParseConfig(c.DatabaseURL); err != nil {
			p = append(p, "DATABASE_URL is no address of a PostgreSQL: write postgres://user:password@host:5432/database, "+
				"special characters in the password as %XX")
		}
	}
	if c.OwnerURL != "" {
		owner, err := pgxpool.ParseConfig(c.OwnerURL)
		application, bad := pgxpool.ParseConfig(c.DatabaseURL)
		switch {
		case err != nil:
			p = append(p, "DATABASE_OWNER_URL is no address of a PostgreSQL: write it like DATABASE_URL")
		case c.DatabaseURL == "":
			p = append(p, "DATABASE_OWNER_URL is set and DATABASE_URL is not: the portal works as a role of its own")
		case bad == nil && owner.ConnConfig.User == application.ConnConfig.User:
			p = append(p, "DATABASE_URL and DATABASE_OWNER_URL name the same role: row-level security would not bind the portal. "+
				"Name a new one in DATABASE_URL; it is made")
		}
	}
	if c.SecretKeys != "" {
		if _, err := secrets.Parse(c.SecretKeys); err != nil {
			p = append(p, "OFFSHOOT_SECRET_KEYS: "+err.Error())
		}
	}
	if err := (notify.Installation{Name: c.Name, PublicURL: "http://localhost"}).Check(); err != nil {
		p = append(p, "OFFSHOOT_NAME: "+err.Error())
	}
	if c.PublicURL != "" {
		if err := (notify.Installation{Name: "Offshoot", PublicURL: c.PublicURL}).Check(); err != nil {
			p = append(p, "OFFSHOOT_PUBLIC_URL: "+err.Error())
		}
	}
	if c.Accent != "" && !slices.Contains(layouts.Accents, c.Accent) {
		p = append(p, "OFFSHOOT_ACCENT must be one of "+strings.Join(layouts.Accents, ", "))
	}
	if _, err := c.trustedProxies(); err != nil {
		p = append(p, "OFFSHOOT_TRUSTED_PROXIES: "+err.Error())
	}
	if c.GatewayURL != "" {
		for _, problem := range gateways.Check(c.GatewayURL) {
			p = append(p, "GATEWAY_URL "+problem)
		}
	}
	if c.TextFrom != "" && !textSender.MatchString(c.TextFrom) {
		p = append(p, "OFFSHOOT_TEXT_FROM must be a number such as +4915112345678, or up to 11 letters and digits with a letter among them, and is "+strconv.Quote(c.TextFrom))
	}
	if c.SMTPURL != "" {
		if err := notify.CheckSMTPURL(c.SMTPURL); err != nil {
			p = append(p, "SMTP_URL: "+err.Error())
		} else if _, err := notify.New(nil, c.mail(false)); err != nil {
			p = append(p, "OFFSHOOT_MAIL_FROM: "+err.Error())
		}
	}
	return p
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == text
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// installation is how mails call this installation. Where no public address is set, it is the one that is listened on.
func (c config) installation() notify.Installation {
	public := c.PublicURL
	if public == "" {
		public = "http://" + reachable(c.Addr)
	}
	return notify.Installation{Name: c.Name, PublicURL: public}
}

// reachable is an address to listen on as one to go to: "every address" is none that a browser knows.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// mail says how messages leave. With keep, secret ones stay readable in the outbox: for the demo alone.
func (c config) mail(keep bool) notify.Options {
	return notify.Options{SMTPURL: c.SMTPURL, From: c.MailFrom, FromName: c.Name, KeepBodies: keep}
}
