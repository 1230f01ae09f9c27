package models

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// ID names one row. It is a UUIDv7, so that rows made one after another stand near each other in an index.
type ID = uuid.UUID

// NoID is the ID of nothing.
var NoID ID

// NewID returns an ID that no other row has.
func NewID() ID { return uuid.Must(uuid.NewV7()) }

// NewIDAt is NewID for something that happened at a moment, so that ids are in the order of what they name. Rows that are
// found by time through their ids, such as messages, take it from their change's clock.
func NewIDAt(at time.Time) ID {
	id := NewID()
	putMillis(&id, at)
	return id
}

// FirstIDAt is below every id of that moment and later, and above every earlier one.
func FirstIDAt(at time.Time) ID {
	id := ID{6: 0x70}
	putMillis(&id, at)
	return id
}

// MomentOf is the millisecond in which an ID was made.
func MomentOf(id ID) time.Time {
	var millis [8]byte
	copy(millis[2:], id[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(millis[:]))).UTC()
}

func putMillis(id *ID, at time.Time) {
	var millis [8]byte
	binary.BigEndian.PutUint64(millis[:], uint64(max(at.UnixMilli(), 0)))
	copy(id[:6], millis[2:])
}

// ParseID reads the canonical text of an ID: 36 characters, nothing around them. Anything else names no row, so
// callers answer it as they answer an ID that does not exist.
func ParseID(text string) (ID, bool) {
	if len(text) != 36 {
		return NoID, false
	}
	id, err := uuid.Parse(text)
	return id, err == nil && id != NoID
}
