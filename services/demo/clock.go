package demo

import (
	"sync/atomic"
	"time"
)

// clock is the time in a company's story. It stands still between two events and never goes back.
type clock struct{ micros atomic.Int64 }

func (c *clock) Now() time.Time { return time.UnixMicro(c.micros.Load()).UTC() }

// reach moves the clock on to a moment, unless it is past it.
func (c *clock) reach(at time.Time) {
	if at.After(c.Now()) {
		c.micros.Store(at.UnixMicro())
	}
}

// pass is the time that somebody takes for something.
func (c *clock) pass(d time.Duration) { c.reach(c.Now().Add(d)) }
