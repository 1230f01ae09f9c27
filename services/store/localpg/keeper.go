package localpg

import (
	"time"
)

// pace says how soon a server that ended is started again.
type pace struct {
	first   time.Duration // before the first attempt; doubles with each after it
	longest time.Duration
	healthy time.Duration // a server that stayed up this long starts the count anew
}

func (p pace) completed() pace {
	if p == (pace{}) {
		return pace{first: 100 * time.Millisecond, longest: 15 * time.Second, healthy: time.Minute}
	}
	return p
}

// wait is the pause before the nth attempt in a row, counted from 1.
func (p pace) wait(n int64) time.Duration {
	pause := p.first
	for ; n > 1 && pause < p.longest; n-- {
		pause *= 2
	}
	return min(pause, p.longest)
}

// keep looks after the server until Stop is called. It never gives up: a full disk may be emptied, and without a
// database the program is of no use.
func (s *Server) keep(p *process) {
	defer close(s.kept)
	for p != nil {
		select {
		case <-s.closing.Done():
			s.stopErr = p.stop(s.cfg.StopGrace)
			s.pid.Store(0)
			return
		case <-p.exited:
		}
		s.pid.Store(0)
		if time.Since(p.ready) >= s.cfg.pace.healthy {
			s.restarts.Store(0)
		}
		s.cfg.Log.Error("the private PostgreSQL ended by itself; starting it again", "error", p.err, "said", p.log.tail())
		p = s.relaunch()
	}
}

// relaunch returns nil if Stop was called meanwhile.
func (s *Server) relaunch() *process {
	for s.closing.Err() == nil {
		n := s.restarts.Add(1)
		select {
		case <-s.closing.Done():
			return nil
		case <-time.After(s.cfg.pace.wait(n)):
		}
		p, err := s.launch(s.closing)
		if err == nil {
			s.cfg.Log.Info("private PostgreSQL is running again", "pid", s.Pid(), "restarts", n)
			return p
		}
		if s.closing.Err() == nil {
			s.cfg.Log.Error("the private PostgreSQL could not be started again", "error", err, "restarts", n)
		}
	}
	return nil
}
