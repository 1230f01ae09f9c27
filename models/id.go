package models

import "github.com/google/uuid"

// ID names one row. It is a UUIDv7, so that rows made one after another stand near each other in an index.
type ID = uuid.UUID

// NoID is the ID of nothing.
var NoID ID

// NewID returns an ID that no other row has.
func NewID() ID { return uuid.Must(uuid.NewV7()) }

// ParseID reads the canonical text of an ID: 36 characters, nothing around them. Anything else names no row, so
// callers answer it as they answer an ID that does not exist.
func ParseID(text string) (ID, bool) {
	if len(text) != 36 {
		return NoID, false
	}
	id, err := uuid.Parse(text)
	return id, err == nil && id != NoID
}
