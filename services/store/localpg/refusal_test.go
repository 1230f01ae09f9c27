package localpg

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Running: data of another major version is refused, untouched.
func TestOtherVersion(t *testing.T) {
	t.Parallel()
	cfg := quick(t, madeDir(t))
	s := start(t, cfg)
	must(t, s.Stop())
	for _, version := range []string{"9.6", "98", "99"} {
		must(t, replaceIn(s.data, "PG_VERSION", version+"\n", s.account))
		before := fingerprint(t, s.data)
		err := refused(t, cfg)
		if !errors.Is(err, ErrOtherVersion) {
			t.Errorf("refused with %v", err)
		}
		says(t, err, s.data, "PostgreSQL "+version, fmt.Sprint("PostgreSQL ", s.binaries.major), "nothing was changed")
		equal(t, "the data", fingerprint(t, s.data), before)
	}
}

// Running: a directory that holds something else is refused, untouched.
func TestNoCluster(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"letters.txt": "dear", "PG_VERSION": "root:x:0:0\n"} {
		dir := newDir(t)
		data := filepath.Join(dir, clusterName)
		must(t, os.MkdirAll(data, 0o711))
		must(t, os.WriteFile(filepath.Join(data, name), []byte(text), 0o600))
		if os.Geteuid() == 0 {
			must(t, os.Chown(data, 65534, 65534))
		}
		before := fingerprint(t, data)
		err := refused(t, quick(t, dir))
		says(t, err, data)
		if strings.Contains(err.Error(), "root:x") {
			t.Errorf("%q tells what is in a file", err)
		}
		equal(t, "the directory", fingerprint(t, data), before)
	}
}

// Running: a cluster that was never finished is not taken for one, and does not stay.
func TestHalfMadeCluster(t *testing.T) {
	t.Parallel()
	cfg := quick(t, newDir(t))
	half := filepath.Join(cfg.Dir, halfMade+"LEFT")
	must(t, os.MkdirAll(half, 0o711))
	must(t, os.Chmod(cfg.Dir, 0o711))
	must(t, os.WriteFile(filepath.Join(half, "PG_VERSION"), []byte("15\n"), 0o600))

	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	if _, err := Start(ctx, cfg); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("interrupted with %v", err)
	}
	if entries, err := os.ReadDir(filepath.Join(cfg.Dir, clusterName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the interrupted start left %v, %v", entries, err)
	}
	// An empty directory in the cluster's place is no cluster either.
	must(t, os.Mkdir(filepath.Join(cfg.Dir, clusterName), 0o700))
	s := start(t, cfg)
	equal(t, "an answer", ask(t, s.OwnerDSN(""), "SELECT 'yes'"), "yes")
	if left := halfMadeIn(cfg.Dir); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// Running: without a server on the machine the message says what to install, or what to set instead.
func TestNoServer(t *testing.T) {
	t.Parallel()
	cfg := quick(t, newDir(t))
	cfg.BinDirs = []string{t.TempDir()}
	err := refused(t, cfg)
	if !errors.Is(err, ErrNoServer) {
		t.Errorf("refused with %v", err)
	}
	says(t, err, "install PostgreSQL 15 or newer", "apt install postgresql", "DATABASE_URL")

	// One that is too old is named; an existing cluster asks for its own.
	old := filepath.Join(cfg.BinDirs[0], "postgres")
	must(t, os.WriteFile(old, []byte("#!/bin/sh\necho 'postgres (PostgreSQL) 12.1'\n"), 0o755))
	must(t, os.WriteFile(filepath.Join(cfg.BinDirs[0], "initdb"), nil, 0o755))
	err = refused(t, cfg)
	if !errors.Is(err, ErrNoServer) {
		t.Errorf("refused with %v", err)
	}
	says(t, err, "PostgreSQL 12", "15 or newer")
}

// Running: names that mean something else to PostgreSQL, or need quoting, cannot be the application's.
func TestNames(t *testing.T) {
	dir := newDir(t)
	for _, name := range []string{"postgres", "public", "none", "template1", "pg_app", "Portal", "9lives", `a"b`, "a b", strings.Repeat("a", 60)} {
		cfg := quick(t, dir)
		cfg.Name = name
		says(t, refused(t, cfg), fmt.Sprintf("%q", name))
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused name left %v", err)
	}
	says(t, refused(t, Config{}), "no directory")
}

// Running: a server that will not start is quoted.
func TestServersOwnWords(t *testing.T) {
	t.Parallel()
	cfg := quick(t, madeDir(t))
	s := start(t, cfg)
	must(t, s.Stop())
	must(t, appendTo(s.data, "postgresql.conf", "no_such_setting = 1\n"))
	says(t, refused(t, cfg), "no_such_setting")
}

// fingerprint is everything about a directory that a start could change.
func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	all := sha256.New()
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := os.Lstat(path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(all, path, st.Mode(), st.Size(), st.ModTime(), st.Sys().(*syscall.Stat_t).Uid)
		return err
	}))
	return fmt.Sprintf("%x", all.Sum(nil))
}
