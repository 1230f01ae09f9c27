//go:build !clock

package main

import (
	"testing"
)

// The program that people get has the machine's time, whatever its environment says.
func TestClockIsTheMachines(t *testing.T) {
	t.Setenv("OFFSHOOT_CLOCK", "720h")
	if clock() != nil {
		t.Error("the program has a clock of its own")
	}
	if jobClock().Time != nil {
		t.Error("the job queue has a clock of its own")
	}
}
