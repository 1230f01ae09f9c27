package localpg

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// clusterName is the data directory's, below the installation's directory.
const clusterName = "postgres"

// superuser is the role initdb makes. It passes every check, so the application does not use it.
const superuser = "postgres"

// tunables are written once, into the new cluster's postgresql.conf, for whoever runs the installation to change. What
// must not change is in fixedSettings.
const tunables = `
# Offshoot's defaults for a small installation, written once and yours to change. Addresses, sockets, who may connect,
# time zone and durability are given on the command line and cannot be changed here.
max_connections = 100
shared_buffers = 128MB
`

var versionText = regexp.MustCompile(`^\d+(\.\d+)?$`)

// clusterVersion is the major version that made the cluster, empty if there is none. It refuses a directory that holds
// anything else, for somebody may miss it.
func clusterVersion(data string) (string, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err == nil {
		version := strings.TrimSpace(string(text))
		if !versionText.MatchString(version) {
			return "", fmt.Errorf("%s is damaged: its PG_VERSION is not a version", data)
		}
		return version, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	entries, err := os.ReadDir(data)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if len(entries) > 0 {
		return "", fmt.Errorf("%s is not empty and is no PostgreSQL data: move it away, or use another directory", data)
	}
	return "", nil
}

// createCluster makes the cluster beside its place and moves it there when it is whole, so that a program killed
// half-way leaves nothing that looks like data.
func (s *Server) createCluster(ctx context.Context) error {
	began := time.Now()
	s.removeHalfMade()
	name := halfMade + rand.Text()
	path := filepath.Join(s.cfg.Dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	if s.account.foreign {
		if err := os.Lchown(path, s.account.uid, s.account.gid); err != nil {
			return err
		}
	}
	err := s.initdb(ctx, path)
	if err == nil {
		err = appendTo(path, "postgresql.conf", tunables)
	}
	if err == nil {
		err = moveTo(path, s.data)
	}
	if err == nil && !s.cfg.NoSync {
		err = syncDir(s.cfg.Dir)
	}
	if err != nil {
		_ = os.RemoveAll(path)
		return fmt.Errorf("make the database cluster %s: %w", s.data, err)
	}
	s.cfg.Log.Debug("made a database cluster", "data", s.data, "took", time.Since(began))
	return nil
}

// moveTo takes the place of an empty directory, which somebody may have made beforehand, but not of a link to one, which
// was meant to have the data elsewhere.
func moveTo(from, to string) error {
	if st, err := os.Lstat(to); err == nil && st.IsDir() {
		if err := os.Remove(to); err != nil {
			return err
		}
	}
	return os.Rename(from, to)
}

// halfMade begins the names of clusters being made; each has one of its own, so that an initdb that outlived its
// program cannot write into a later one's.
const halfMade = clusterName + ".new-"

// removeHalfMade tidies only; what cannot be removed does no harm.
func (s *Server) removeHalfMade() {
	for _, path := range halfMadeIn(s.cfg.Dir) {
		s.cfg.Log.Warn("removing a database cluster that was never finished", "directory", path)
		_ = os.RemoveAll(path)
	}
}

func halfMadeIn(dir string) []string {
	paths, _ := filepath.Glob(filepath.Join(globSpecial.ReplaceAllString(dir, `\$0`), halfMade+"*"))
	return paths
}

// globSpecial is what a directory's name may hold that means something else in a pattern.
var globSpecial = regexp.MustCompile(`[\\*?\[]`)

func (s *Server) initdb(ctx context.Context, path string) error {
	args := []string{
		"-D", path, "-U", superuser, "--auth=peer", "--data-checksums", "--no-instructions",
		// Sorted by code point, which no update of the system's locales can change under an index.
		"--encoding=UTF8", "--locale=C", "--lc-ctype=" + lettersOf,
	}
	if s.cfg.NoSync {
		args = append(args, "--no-sync")
	}
	cmd := s.command("initdb", args...)
	said := newServerLog(s.cfg.Log)
	cmd.Stdout, cmd.Stderr = said, said
	if err := s.forks.start(cmd); err != nil {
		return err
	}
	// initdb starts children: all of its group must end, or they would write on into a directory that is being removed.
	unwatch := context.AfterFunc(ctx, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer unwatch()
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("initdb: %w: %s", err, said.tail())
	}
	return nil
}
