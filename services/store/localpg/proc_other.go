//go:build unix && !linux

package localpg

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// maxSocketPath is what the smallest of these systems' socket addresses holds, in bytes.
const maxSocketPath = 103

// lettersOf names a locale that knows the letters of every language; this is the one that macOS has.
const lettersOf = "UTF-8"

// childAttr puts the child into a process group of its own, so that Ctrl-C in a terminal reaches the program alone.
// These systems do not tell a child of its parent's death: the next start ends the server that was left.
func childAttr(c *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: c, Setpgid: true}
}

// serves reports whether the process is a server of this cluster, by the directory on its command line.
func serves(pid int, data string) bool {
	out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(out), "postgres -D "+data+" ")
}

// serverProcesses cannot be told here: the server's children hide their command line. They end by themselves, once they
// notice that the server has gone.
func serverProcesses(string) []int { return nil }
