//go:build !clock

package main

import (
	"time"

	"github.com/riverqueue/river"
)

// clock is the program's time: nil, the machine's own. See clock_shifted.go.
func clock() func() time.Time { return nil }

// jobClock is the job queue's time: the machine's own.
func jobClock() river.TestConfig { return river.TestConfig{} }
