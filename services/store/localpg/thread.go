package localpg

import (
	"os/exec"
	"runtime"
	"sync"
)

// forkThread is one thread of the operating system that starts all children. The signal that tells a child of its
// parent's death comes when the *thread* ends that forked it, and Go ends and reuses threads as it likes: this one stays.
type forkThread struct {
	work chan func()
	once *sync.Once
}

func newForkThread() forkThread {
	t := forkThread{work: make(chan func()), once: new(sync.Once)}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		for f := range t.work {
			f()
		}
	}()
	return t
}

func (t forkThread) start(cmd *exec.Cmd) error {
	done := make(chan error, 1)
	t.work <- func() { done <- cmd.Start() }
	return <-done
}

func (t forkThread) run(cmd *exec.Cmd) error {
	if err := t.start(cmd); err != nil {
		return err
	}
	return cmd.Wait()
}

// end lets go of the thread. Nothing may be started afterwards.
func (t forkThread) end() { t.once.Do(func() { close(t.work) }) }
