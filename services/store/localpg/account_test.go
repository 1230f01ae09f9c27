package localpg

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Running: as root the server runs as an unprivileged account, and an existing cluster's owner stays the one.
func TestRootDropsToAccount(t *testing.T) {
	needsRoot(t)
	t.Parallel()
	cfg := quick(t, newDir(t))
	cfg.Accounts = []string{"no-such-account", "root", "nobody"}
	for range 2 {
		s := start(t, cfg)
		equal(t, "the account", s.account.name, "nobody")
		for _, path := range []string{s.data, filepath.Join(s.data, hbaFile), s.socket.path, socketFile(s.socket.path)} {
			equal(t, path, ownerOf(t, path), s.account.uid)
		}
		must(t, s.Stop())
		cfg.Accounts = nil // a new cluster would be postgres's
	}
	cfg = quick(t, newDir(t))
	cfg.Accounts = []string{"no-such-account", "root"}
	says(t, refused(t, cfg), "no-such-account")
}

// Running: data given to root is refused: no server could serve it.
func TestDataOfRoot(t *testing.T) {
	needsRoot(t)
	t.Parallel()
	cfg := quick(t, madeDir(t))
	s := start(t, cfg)
	must(t, s.Stop())
	must(t, os.Lchown(s.data, 0, 0))
	says(t, refused(t, cfg), s.data, "belongs to root")
}

// Running: a directory that the server's account cannot reach is named, and so is the one that is closed to it.
func TestUnreachable(t *testing.T) {
	needsRoot(t)
	t.Parallel()
	cfg := quick(t, filepath.Join(newDir(t), "home", "deep"))
	must(t, os.MkdirAll(filepath.Dir(cfg.Dir), 0o711))
	must(t, os.Rename(madeDir(t), cfg.Dir))
	home := filepath.Dir(cfg.Dir)
	must(t, os.Chmod(home, 0o700))
	says(t, refused(t, cfg), cfg.Dir, home+" is closed")
	must(t, os.Chmod(home, 0o711))
	must(t, start(t, cfg).Stop())
}

// Running: an ordinary user runs it all the same, and is refused another account's data in so many words.
func TestOrdinaryUser(t *testing.T) {
	needsRoot(t)
	t.Parallel()
	nobody, err := user.Lookup("nobody")
	must(t, err)
	account, err := newAccount(nobody)
	must(t, err)

	taken := madeDir(t)
	must(t, start(t, quick(t, taken)).Stop())
	must(t, os.Chmod(filepath.Join(taken, clusterName+".lock"), 0o666)) // what is left to refuse is the data

	room, err := os.MkdirTemp("/tmp", "localpg-user-")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(room)) })
	must(t, os.Chmod(room, 0o755))
	binary := filepath.Join(room, "localpg.test")
	copyFile(t, testBinary(t), binary, 0o755)
	cmd := exec.Command(binary, "-test.v", "-test.run",
		"^(TestColdAndWarmStart|TestServerKilled|TestProgramKilled|TestStalePidFile|TestOthersData)$")
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", othersData + "=" + taken}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: account.credential()}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "\n--- PASS") != 5 {
		t.Errorf("as an ordinary user: %v\n%s", err, out)
	}
}

// othersData names the installation of another account, for TestOrdinaryUser to pass on.
const othersData = "OFFSHOOT_LOCALPG_OTHERS"

// Running: data of another account is refused to an ordinary user.
func TestOthersData(t *testing.T) {
	dir := os.Getenv(othersData)
	if dir == "" {
		t.Skip("run by TestOrdinaryUser, which has another account's data")
	}
	says(t, refused(t, quick(t, dir)), "belongs to", "run as that account or as root")
}

// Running: a directory for the socket in a place open to all is used only if nobody else made it.
func TestShortDir(t *testing.T) {
	t.Parallel()
	log := quick(t, "").Log
	base := newDir(t)
	must(t, os.Mkdir(base, 0o777))
	self, err := accountOf(os.Geteuid())
	must(t, err)
	usual, err := shortDir(base, "/installation", self, log)
	must(t, err)
	again, err := shortDir(base, "/installation", self, log)
	must(t, err)
	equal(t, "the directory of the same installation", again, usual)
	other, err := shortDir(base, "/another", self, log)
	must(t, err)
	if other == usual {
		t.Error("two installations share a directory")
	}

	traps := map[string]func(){
		"open to all": func() { must(t, os.Mkdir(usual, 0o700)); must(t, os.Chmod(usual, 0o777)) },
		"a link":      func() { must(t, os.Symlink(other, usual)) },
		"a file":      func() { must(t, os.WriteFile(usual, nil, 0o700)) },
	}
	if self.uid == 0 {
		traps["somebody else's"] = func() { must(t, os.Mkdir(usual, 0o700)); must(t, os.Lchown(usual, 65534, 65534)) }
	}
	for name, set := range traps {
		must(t, os.RemoveAll(usual))
		set()
		got, err := shortDir(base, "/installation", self, log)
		must(t, err)
		if got == usual || got == other || !isPrivate(got, self) {
			t.Errorf("%s: took %s", name, got)
		}
	}
}

func ownerOf(t *testing.T, path string) int {
	t.Helper()
	st, err := os.Stat(path)
	must(t, err)
	return int(st.Sys().(*syscall.Stat_t).Uid)
}
