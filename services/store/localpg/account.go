package localpg

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is whom the server runs as: the program's own, unless that is root, which PostgreSQL refuses.
type account struct {
	name     string
	uid, gid int
	foreign  bool // not the program's own: files made for the server are handed over to it
}

// chooseAccount keeps the owner of an existing cluster. Only root can choose for a new one.
func chooseAccount(names []string, data string) (account, error) {
	self := os.Geteuid()
	owner, err := clusterOwner(data)
	if err != nil {
		return account{}, err
	}
	switch {
	case self != 0 && owner >= 0 && owner != self:
		return account{}, fmt.Errorf("%s belongs to %s: run as that account or as root", data, nameOf(owner))
	case self != 0:
		return accountOf(self)
	case owner == 0:
		return account{}, fmt.Errorf("%s belongs to root, whom PostgreSQL does not serve: give it back to the account that made it", data)
	case owner > 0:
		return accountOf(owner)
	}
	if len(names) == 0 {
		names = []string{"postgres", "_postgres", "nobody"}
	}
	for _, name := range names {
		if u, err := user.Lookup(name); err == nil && u.Uid != "0" {
			return newAccount(u)
		}
	}
	return account{}, fmt.Errorf("the database server must not run as root, and this machine has no account for it: make one of %v", names)
}

// clusterOwner is -1 where there is no cluster yet.
func clusterOwner(data string) (int, error) {
	st, err := os.Stat(data)
	if errors.Is(err, os.ErrNotExist) {
		return -1, nil
	}
	if err != nil {
		return -1, err
	}
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		return -1, nil
	}
	return int(st.Sys().(*syscall.Stat_t).Uid), nil
}

func accountOf(uid int) (account, error) {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return account{}, fmt.Errorf("the account with number %d has no name on this machine, and PostgreSQL needs one: %w", uid, err)
	}
	return newAccount(u)
}

func newAccount(u *user.User) (account, error) {
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return account{}, err
	}
	gid, err := strconv.Atoi(u.Gid)
	return account{name: u.Username, uid: uid, gid: gid, foreign: uid != os.Geteuid()}, err
}

func nameOf(uid int) string {
	if a, err := accountOf(uid); err == nil {
		return a.name
	}
	return "account " + strconv.Itoa(uid)
}

func (a account) credential() *syscall.Credential {
	if !a.foreign {
		return nil
	}
	gid := uint32(a.gid)
	return &syscall.Credential{Uid: uint32(a.uid), Gid: gid, Groups: []uint32{gid}}
}

// command prepares a program of the installation to run as the server's account. Nothing of our environment goes along:
// it could redirect the server, and it may hold secrets.
func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(s.binaries.path(program), args...)
	cmd.Dir = "/"
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin", "HOME=/"}
	cmd.SysProcAttr = childAttr(s.account.credential())
	return cmd
}

// checkReach tries whether the server's account gets to the directory at all: a home is often closed to others, and
// the server's own complaint would not say where.
func (s *Server) checkReach() error {
	if !s.account.foreign {
		return nil
	}
	var at []string
	for dir := s.cfg.Dir; ; dir = filepath.Dir(dir) {
		at = append(at, dir)
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if s.enters(at[0]) == nil {
		return nil
	}
	if err := s.enters("/"); err != nil {
		return fmt.Errorf("the account %s cannot run %s: %w", s.account.name, s.binaries.path("postgres"), err)
	}
	closed := at[0]
	for i := len(at) - 1; i >= 0; i-- {
		if s.enters(at[i]) != nil {
			closed = at[i]
			break
		}
	}
	return fmt.Errorf("the database server runs as %s, which cannot reach %s, because %s is closed to it: "+
		"use a directory outside of it, open it (chmod a+x), or do not run as root", s.account.name, s.cfg.Dir, closed)
}

func (s *Server) enters(dir string) error {
	cmd := s.command("postgres", "--version")
	cmd.Dir = dir
	return s.forks.run(cmd)
}
