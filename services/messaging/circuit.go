package messaging

import (
	"math/rand/v2"
	"sync"
	"time"
)

// circuit keeps a gateway that does not answer from being asked all the time. After some misses in a row it opens: nobody
// asks. When its pause is over, one may try; that answer closes it, another miss makes the next pause twice as long.
type circuit struct {
	mutex  sync.Mutex
	misses int           // in a row
	pause  time.Duration // 0: closed
	until  time.Time     // of an open one: nobody asks before
}

const (
	missesToOpen = 5
	firstPause   = time.Second
	longestPause = time.Minute
	probeTime    = time.Minute // one try is waited for so long, before another may
)

// wait is how long nobody may ask; 0: somebody may.
func (c *circuit) wait(now time.Time) time.Duration {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.pause == 0 {
		return 0
	}
	return max(0, c.until.Sub(now))
}

// closed says whether everybody may ask.
func (c *circuit) closed() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.pause == 0
}

// enter asks to ask. probe marks the one try of an open circuit.
func (c *circuit) enter(now time.Time) (may, probe bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	switch {
	case c.pause == 0:
		return true, false
	case now.Before(c.until):
		return false, false
	}
	c.until = now.Add(probeTime)
	return true, true
}

// answered notes that the gateway is there.
func (c *circuit) answered() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.misses, c.pause = 0, 0
}

// missed notes that the gateway did not take a message, or did not answer. after is how long it asks to be left alone.
func (c *circuit) missed(now time.Time, probe bool, after time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.misses++
	switch {
	case probe:
		c.pause = min(2*c.pause, longestPause)
	case c.pause == 0 && c.misses >= missesToOpen:
		c.pause = firstPause
	default: // one of those that were under way when it opened, or one of few
		return
	}
	c.until = now.Add(max(c.pause, min(after, longestPause)))
}

// spread is d and up to half as long again, so that what waits together does not come back together.
func spread(d time.Duration) time.Duration { return d + rand.N(d/2+1) }
