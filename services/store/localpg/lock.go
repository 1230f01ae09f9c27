package localpg

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrInUse is the refusal of a directory whose private PostgreSQL another program runs; the message names its process.
var ErrInUse = errors.New("another instance is using this directory")

// instanceLock is held while a server may run in a directory. The system lets go of it when the program dies, however
// it dies.
type instanceLock struct{ file *os.File }

func lockInstance(dir string) (*instanceLock, error) {
	path := filepath.Join(dir, clusterName+".lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("%s belongs to another account: run as that account or as root, or use another directory: %w", dir, err)
	}
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("%w: %s", err, dir)
	}
	return &instanceLock{f}, nil
}

func lockFile(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("%w, process %s", ErrInUse, holder(f))
	}
	if err != nil {
		return err
	}
	// Remove deletes the file: a lock on a file that has gone keeps nobody out.
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	if now, err := os.Lstat(f.Name()); err != nil || !os.SameFile(mine, now) {
		return fmt.Errorf("%w and has just removed it", ErrInUse)
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	return err
}

func (l *instanceLock) release() {
	_ = l.file.Truncate(0)
	// Closing is not enough: a child just being started elsewhere in the program shares the file for an instant.
	_ = syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN)
	_ = l.file.Close()
}

// holder is what the lock's owner wrote; for an instant after it got the lock that is nothing.
func holder(f *os.File) string {
	text, _ := io.ReadAll(io.LimitReader(f, 32))
	if pid := strings.TrimSpace(string(text)); pid != "" {
		return pid
	}
	return "unknown"
}
