package localpg

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// maxSocketPath is what the system's socket address holds, in bytes.
const maxSocketPath = 107

// lettersOf names a locale that knows the letters of every language, so that search ignores case in all of them.
const lettersOf = "C.UTF-8"

// childAttr puts the child into a process group of its own, so that Ctrl-C in a terminal reaches the program alone,
// which then stops the server in order; and has the child told to stop (PostgreSQL's fast shutdown) when the program dies.
func childAttr(c *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: c, Setpgid: true, Pdeathsig: syscall.SIGINT}
}

// serves reports whether the process belongs to a server of this cluster. A number alone proves nothing: it may have
// been given to another process since. Each of the server's processes works in the data directory.
func serves(pid int, data string) bool {
	proc := fmt.Sprintf("/proc/%d", pid)
	comm, err := os.ReadFile(proc + "/comm")
	if err != nil || string(bytes.TrimSpace(comm)) != "postgres" {
		return false
	}
	at, err := os.Stat(proc + "/cwd") // fails for one that has ended and waits to be reaped
	if err != nil {
		return false
	}
	dir, err := os.Stat(data)
	return err == nil && os.SameFile(at, dir)
}

// serverProcesses lists every process of this cluster's server.
func serverProcesses(data string) []int {
	var pids []int
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		if pid, err := strconv.Atoi(filepath.Base(entry)); err == nil && serves(pid, data) {
			pids = append(pids, pid)
		}
	}
	return pids
}
