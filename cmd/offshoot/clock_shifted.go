//go:build clock

package main

import (
	"os"
	"strings"
	"time"

	"github.com/riverqueue/river"
)

// clockVariable names a file that holds how far this program's time is ahead of the machine's, such as 720h. It is read whenever
// the time is asked for. For: the bank (cmd/offshoot/banktest), which turns months. No program that is built without the tag
// clock has it.
const clockVariable = "OFFSHOOT_CLOCK"

func clock() func() time.Time { return shifted{os.Getenv(clockVariable)}.Now }

// jobClock lets jobs of later be due when the program's own time says so.
func jobClock() river.TestConfig { return river.TestConfig{Time: shifted{os.Getenv(clockVariable)}} }

type shifted struct{ file string }

// Now is the machine's time where the file says nothing.
func (s shifted) Now() time.Time {
	text, err := os.ReadFile(s.file)
	if err != nil {
		return time.Now()
	}
	ahead, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		return time.Now()
	}
	return time.Now().Add(ahead)
}

// NowOrNil tells River to use this time in its statements as well.
func (s shifted) NowOrNil() *time.Time {
	now := s.Now()
	return &now
}
