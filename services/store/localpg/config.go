package localpg

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// Config says which server to run. Only Dir is needed.
type Config struct {
	Dir       string        // holds the cluster; made if it is missing
	Name      string        // the application's role and database; "offshoot" if empty
	NoSync    bool          // for tests: commits survive the death of the server, not of the machine
	Log       *slog.Logger  // slog.Default() if nil; the server's own lines come at level Debug
	BinDirs   []string      // where the server's binaries are looked for; the usual places if empty
	Accounts  []string      // tried in turn for a new cluster when the program is root; postgres, then nobody, if empty
	StopGrace time.Duration // how long Stop lets running work end by the rules; 30 s if zero

	pace pace
}

// A plain name needs no quoting anywhere it is written: SQL, pg_ident.conf, file names.
var plainName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)

func (c Config) completed() (Config, error) {
	if c.Name == "" {
		c.Name = "offshoot"
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.StopGrace == 0 {
		c.StopGrace = 30 * time.Second
	}
	c.pace = c.pace.completed()
	switch c.Name {
	case superuser, "public", "none", "template0", "template1":
		return c, fmt.Errorf("%q means something else to PostgreSQL and cannot name the application's role", c.Name)
	}
	if !plainName.MatchString(c.Name) || len(c.Name) > 3 && c.Name[:3] == "pg_" {
		return c, fmt.Errorf("%q cannot name the application's role: use small letters, digits and _, and no pg_ in front", c.Name)
	}
	if err := makeDir(c.Dir); err != nil {
		return c, err
	}
	var err error
	c.Dir, err = realDir(c.Dir)
	return c, err
}

// makeDir leaves the mode of a directory that exists alone. A new one cannot be listed by others, but root's must let
// the server's account pass through it.
func makeDir(dir string) error {
	if dir == "" {
		return fmt.Errorf("no directory was given for the private PostgreSQL")
	}
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	return os.MkdirAll(dir, mode)
}

// realDir is dir without links, so that two ways to write it are one directory everywhere.
func realDir(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}
