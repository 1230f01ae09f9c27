package models

import "time"

// FailedJob is a piece of background work that went wrong and was not done since. It belongs to the installation.
type FailedJob struct {
	ID        int64
	Kind      string // as the code calls it
	Tries     int
	Error     string // of the last try
	FailedAt  time.Time
	NextAt    *time.Time // when it is tried again by itself; nil: never
	CreatedAt time.Time
}
