package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// process is one run of offshoot after another, under the same settings.
type process struct {
	name        string
	program     string
	command     string
	environment []string
	log         *os.File
	ready       string // an address that answers 200 when it can be used; "": it is used at once

	mu     sync.Mutex
	cmd    *exec.Cmd
	done   chan struct{}
	starts int
}

func newProcess(dir, name, program, command, ready string, environment []string) (*process, error) {
	log, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &process{name: name, program: program, command: command, environment: environment, log: log, ready: ready}, nil
}

// start starts it, whoever answers or not.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	cmd := exec.Command(p.program, p.command)
	cmd.Env = append(surroundings(), p.environment...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	done := make(chan struct{})
	p.cmd, p.done, p.starts = cmd, done, p.starts+1
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	return nil
}

// surroundings are what every program is told of the machine, and nothing of the settings of whoever runs the bank.
func surroundings() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
}

// kill is kill -9. It returns when the process is gone.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.done
}

// ended says whether the process ended, by a kill or by itself.
func (p *process) ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// revive starts it again and again until it is ready: a portal whose database is away when it starts says so and ends.
func (p *process) revive(patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if p.ended() {
			if err := p.start(); err != nil {
				return err
			}
		}
		if p.isReady() {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready after %v, see %s", p.name, patience, p.log.Name())
		}
	}
}

func (p *process) isReady() bool {
	if p.ready == "" {
		time.Sleep(200 * time.Millisecond)
		return !p.ended()
	}
	client := http.Client{Timeout: time.Second}
	answer, err := client.Get(p.ready)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}
