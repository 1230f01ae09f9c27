package models

import (
	"maps"
	"time"
)

// Kind says what sort of refusal an Error is. web/errors.go maps it to an HTTP status, once.
type Kind string

const (
	Invalid   Kind = "invalid"
	NotFound  Kind = "not_found"
	Forbidden Kind = "forbidden"
	Conflict  Kind = "conflict"
	TooMany   Kind = "too_many" // for now: After says when to try again
	Busy      Kind = "busy"     // of itself, and of nobody's doing
)

// Error is a rule that refused. Message is a sentence for the person; Fields holds one sentence per form field.
// Named values live where the rule lives; errors.Is compares by Code, so a copy made by At still is the named one.
type Error struct {
	Kind    Kind
	Code    string
	Message string
	Fields  map[string]string
	After   time.Duration // of TooMany and Busy: it may go then
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// At returns a copy that puts a sentence next to one more form field.
func (e *Error) At(field, sentence string) *Error {
	cp := *e
	cp.Fields = maps.Clone(e.Fields)
	if cp.Fields == nil {
		cp.Fields = map[string]string{}
	}
	cp.Fields[field] = sentence
	return &cp
}

// Saying returns a copy with another sentence, for a refusal that can name its figures.
func (e *Error) Saying(sentence string) *Error {
	cp := *e
	cp.Message = sentence
	return &cp
}

// ErrCheckFields is the refusal of a form in which single fields are wrong.
var ErrCheckFields = &Error{Kind: Invalid, Code: "check_fields", Message: "Please check the fields marked below."}

// Problems collects what is wrong with the fields of one form. The first sentence for a field stays.
type Problems map[string]string

func (p *Problems) Add(field, sentence string) {
	if *p == nil {
		*p = Problems{}
	}
	if _, taken := (*p)[field]; !taken {
		(*p)[field] = sentence
	}
}

// Err returns ErrCheckFields with the collected sentences, or nil when there are none.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	cp := *ErrCheckFields
	cp.Fields = maps.Clone(p)
	return &cp
}
