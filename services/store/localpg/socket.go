package localpg

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// socketName is the directory of the socket, below the installation's.
const socketName = "run"

// socketDir is the directory of the server's socket. Who may enter it may connect, so only the server's account may,
// and root.
type socketDir struct {
	path      string
	temporary bool // outside the installation's directory: goes when the server does
}

func (d socketDir) release() {
	if d.temporary {
		_ = os.Remove(d.path)
	}
}

// files are what a server makes in the directory, and leaves there when it is killed.
func (d socketDir) files() []string {
	socket := socketFile(d.path)
	return []string{socket, socket + ".lock"}
}

func socketFile(dir string) string { return filepath.Join(dir, ".s.PGSQL."+port) }

func (s *Server) openSocketDir() (socketDir, error) {
	path := filepath.Join(s.cfg.Dir, socketName)
	// In a DSN a comma separates hosts, even inside a path, and a space may become a plus, as in a form, which it is not.
	if len(socketFile(path)) > maxSocketPath || strings.ContainsAny(path, ", ") {
		path, err := shortDir("/tmp", s.cfg.Dir, s.account, s.cfg.Log)
		return socketDir{path, true}, err
	}
	root, err := os.OpenRoot(s.cfg.Dir)
	if err != nil {
		return socketDir{}, err
	}
	defer root.Close()
	if err := root.Mkdir(socketName, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return socketDir{}, err
	}
	if st, err := root.Lstat(socketName); err != nil || !st.IsDir() {
		return socketDir{}, fmt.Errorf("%s is no directory: remove it", path)
	}
	if err := root.Chmod(socketName, 0o700); err != nil {
		return socketDir{}, err
	}
	if s.account.foreign {
		err = root.Lchown(socketName, s.account.uid, s.account.gid)
	}
	return socketDir{path, false}, err
}

// shortDir is a private directory of a short name, the same one for the same installation each time. Anyone may make
// directories in base, so one that is there is used only if it is as we would have made it; otherwise a name is taken
// that nobody could foresee.
func shortDir(base, installation string, a account, log *slog.Logger) (string, error) {
	name := fmt.Sprintf("offshoot-%d-%x", a.uid, sha256.Sum256([]byte(installation)))
	path := filepath.Join(base, name[:min(len(name), 32)])
	err := os.Mkdir(path, 0o700)
	if errors.Is(err, os.ErrExist) {
		err = nil
		if !isPrivate(path, a) {
			log.Warn("the usual directory for the database's socket is somebody else's; using another", "directory", path)
			path, err = os.MkdirTemp(base, "offshoot-")
		}
	}
	if err == nil && a.foreign {
		err = os.Lchown(path, a.uid, a.gid)
	}
	return path, err
}

// isPrivate also takes a directory that is still the program's own: it was killed before it handed it over.
func isPrivate(path string, a account) bool {
	st, err := os.Lstat(path)
	if err != nil || !st.IsDir() || st.Mode().Perm() != 0o700 {
		return false
	}
	owner := int(st.Sys().(*syscall.Stat_t).Uid)
	return owner == a.uid || owner == os.Geteuid()
}
