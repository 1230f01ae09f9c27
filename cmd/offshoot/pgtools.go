package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"offshoot/services/store/localpg"
)

// maintained is a database as it is, whatever its schema, with the programs that belong to it.
type maintained struct {
	reader  string // DSN of who reads everything
	owner   string // DSN of who owns the tables, or is to
	program func(context.Context, string) (string, error)
	close   func()
}

// maintain brings up the database of a configuration, and changes nothing in it. The private one that another program runs
// is used as it runs, if that is allowed.
func maintain(ctx context.Context, c config, log *slog.Logger, whileRunning bool) (*maintained, error) {
	if c.DatabaseURL != "" {
		if c.OwnerURL == "" {
			return nil, errors.New("DATABASE_OWNER_URL is not set: this needs the role that owns the tables, and the portal's does not")
		}
		return &maintained{c.OwnerURL, c.OwnerURL, localpg.Client, func() {}}, nil
	}
	cfg := localpg.Config{Dir: c.Data, Log: log}
	own := func(program func(string) string) func(context.Context, string) (string, error) {
		return func(_ context.Context, name string) (string, error) { return program(name), nil }
	}
	private, err := localpg.Start(ctx, cfg)
	if errors.Is(err, localpg.ErrInUse) && whileRunning {
		running, err := localpg.Attach(cfg)
		if err != nil {
			return nil, err
		}
		return &maintained{reader: running.AdminDSN(""), program: own(running.Program), close: func() {}}, nil
	}
	if err != nil {
		return nil, err
	}
	db := &database{private: private}
	return &maintained{private.AdminDSN(""), private.OwnerDSN(""), own(private.Program), func() { db.close(log) }}, nil
}

// run runs one of PostgreSQL's programs on the database and returns what it printed. The password goes by the environment:
// other people on the machine can read arguments.
func (m *maintained) run(ctx context.Context, dsn, program string, args ...string) (string, error) {
	path, err := m.program(ctx, program)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LC_ALL=C"}
	if dsn != "" {
		connection, err := libpq(dsn)
		if err != nil {
			return "", err
		}
		cmd.Env = append(cmd.Env, connection...)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("%s: %s (%w)", program, lastLines(errs.String()), err)
	}
	return out.String(), nil
}

// lastLines are enough of what a program complained of.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "; ")
}

// libpqSettings are those of an address that PostgreSQL's own programs need beside host, user and password.
var libpqSettings = map[string]string{"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
	"channel_binding": "PGCHANNELBINDING", "options": "PGOPTIONS"}

var setting = regexp.MustCompile(`(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)`)

// libpq is a DSN as the environment of PostgreSQL's own programs.
func libpq(dsn string) ([]string, error) {
	named, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("this is no address of a PostgreSQL")
	}
	list := []string{"PGHOST=" + named.Host, fmt.Sprint("PGPORT=", named.Port), "PGUSER=" + named.User, "PGDATABASE=" + named.Database,
		"PGPASSWORD=" + named.Password, "PGCONNECT_TIMEOUT=10"}
	given := map[string]string{}
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		for name, values := range u.Query() {
			given[name] = values[len(values)-1]
		}
	} else {
		for _, found := range setting.FindAllStringSubmatch(dsn, -1) {
			given[found[1]] = strings.Trim(found[2], "'")
		}
	}
	for name, variable := range libpqSettings {
		if given[name] != "" {
			list = append(list, variable+"="+given[name])
		}
	}
	return list, nil
}
