package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// ErrNotRunning says that no server answers for the directory.
var ErrNotRunning = errors.New("no private PostgreSQL runs in this directory")

// Attached is the private PostgreSQL that another program runs.
type Attached struct{ server Server }

// Attach finds the server that another program of the same account, or root's, runs in the directory, for maintenance while
// it serves. It changes nothing there. Refuses with ErrNotRunning.
func Attach(cfg Config) (*Attached, error) {
	cfg, err := cfg.completed()
	if err != nil {
		return nil, err
	}
	a := &Attached{Server{cfg: cfg, data: filepath.Join(cfg.Dir, clusterName)}}
	// Of what the server writes about itself, the fifth line is where its socket is.
	text, err := os.ReadFile(filepath.Join(a.server.data, "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNotRunning, cfg.Dir)
	}
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 6 || lines[4] == "" {
		return nil, fmt.Errorf("%w yet: %s", ErrNotRunning, cfg.Dir)
	}
	a.server.socket.path = lines[4]
	version, err := clusterVersion(a.server.data)
	if err != nil {
		return nil, err
	}
	a.server.binaries, err = chooseBinaries(cfg.BinDirs, a.server.data, version)
	return a, err
}

// AdminDSN is that of Server.
func (a *Attached) AdminDSN(database string) string { return a.server.AdminDSN(database) }

// Program is that of Server.
func (a *Attached) Program(name string) string { return a.server.Program(name) }

var clientVersion = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// Client finds the newest of PostgreSQL's client programs with that name on this machine, for a server elsewhere: pg_dump
// refuses servers that are newer than itself. Refuses with what to install.
func Client(ctx context.Context, name string) (string, error) {
	var newest string
	major := 0
	consider := func(path string) {
		said, err := exec.CommandContext(ctx, path, "--version").Output()
		if match := clientVersion.FindSubmatch(said); err == nil && match != nil {
			if m, err := strconv.Atoi(string(match[1])); err == nil && m > major {
				newest, major = path, m
			}
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		consider(path)
	}
	for _, pattern := range usualPlaces {
		found, _ := filepath.Glob(filepath.Join(pattern, name))
		for _, path := range found {
			consider(path)
		}
	}
	if newest == "" {
		return "", fmt.Errorf("%s was not found on this machine: install PostgreSQL's client programs (Debian and Ubuntu: apt install postgresql-client), "+
			"of the database's version or newer", name)
	}
	return newest, nil
}
