package localpg

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ErrNoServer says that no PostgreSQL server is installed that could hold the data, and what to install.
var ErrNoServer = errors.New("no PostgreSQL server was found on this machine")

// ErrOtherVersion refuses data that another major version of PostgreSQL wrote.
var ErrOtherVersion = errors.New("the data was written by another major version of PostgreSQL")

// oldestMajor is what the migrations are written for, and the first whose CREATE DATABASE takes a strategy.
const oldestMajor = 15

// usualPlaces are patterns of directories, for the systems people run this on.
var usualPlaces = []string{
	"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                                   // PostgreSQL's own packages for Red Hat
	"/usr/libexec/postgresql*",                           // Alpine
	"/usr/bin",                                           // Fedora, Arch
	"/opt/homebrew/opt/postgresql@*/bin",                 // Homebrew on Apple's processors
	"/usr/local/opt/postgresql@*/bin",                    // Homebrew on Intel's
	"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
	"/usr/local/pgsql/bin",                               // built from source
	"/usr/local/bin",                                     // FreeBSD
}

// binaries is one installation of the server.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(program string) string { return filepath.Join(b.dir, program) }

// chooseBinaries takes the newest installation for a new cluster (version empty), and for an existing one exactly the
// major version that made it: no other can read it, and trying could harm it.
func chooseBinaries(dirs []string, data, version string) (binaries, error) {
	found := findBinaries(dirs)
	if version != "" {
		for _, b := range found {
			if strconv.Itoa(b.major) == version {
				return b, nil
			}
		}
		if len(found) == 0 {
			return binaries{}, fmt.Errorf("%w: %s", ErrNoServer, howToInstall(version))
		}
		return binaries{}, fmt.Errorf("%w: %s needs PostgreSQL %s and this machine has %s: "+
			"install the one that is needed, or upgrade the data with pg_upgrade; nothing was changed",
			ErrOtherVersion, data, version, majors(found))
	}
	needed := howToInstall(fmt.Sprint(oldestMajor, " or newer"))
	if len(found) == 0 {
		return binaries{}, fmt.Errorf("%w: %s", ErrNoServer, needed)
	}
	if found[0].major < oldestMajor {
		return binaries{}, fmt.Errorf("%w that is new enough, only %s: %s", ErrNoServer, majors(found), needed)
	}
	return found[0], nil
}

func howToInstall(version string) string {
	return "install PostgreSQL " + version + " (Debian and Ubuntu: apt install postgresql; " +
		"Fedora: dnf install postgresql-server postgresql-contrib; macOS: brew install postgresql@17), " +
		"or set DATABASE_URL to a server that runs elsewhere"
}

// findBinaries lists what is installed, newest first.
func findBinaries(dirs []string) []binaries {
	if len(dirs) == 0 {
		dirs = slices.Clone(usualPlaces)
		if path, err := exec.LookPath("postgres"); err == nil {
			if real, err := filepath.EvalSymlinks(path); err == nil {
				dirs = append(dirs, filepath.Dir(real))
			}
		}
	}
	var found []binaries
	for _, pattern := range dirs {
		matches, _ := filepath.Glob(pattern)
		for _, dir := range matches {
			if b, ok := probe(dir); ok {
				found = append(found, b)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b binaries) int { return b.major - a.major })
	return found
}

var saysVersion = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// probe asks the server itself: a client's package has directories of the same names without a server in them.
func probe(dir string) (binaries, bool) {
	b := binaries{dir: dir}
	for _, program := range []string{"initdb", "postgres"} {
		if st, err := os.Stat(b.path(program)); err != nil || st.IsDir() {
			return b, false
		}
	}
	out, err := exec.Command(b.path("postgres"), "--version").Output()
	if err != nil {
		return b, false
	}
	match := saysVersion.FindSubmatch(out)
	if match == nil {
		return b, false
	}
	b.major, err = strconv.Atoi(string(match[1]))
	return b, err == nil
}

func majors(found []binaries) string {
	var list []string
	for _, b := range found {
		list = append(list, strconv.Itoa(b.major))
	}
	return "PostgreSQL " + strings.Join(slices.Compact(list), ", ")
}
