// Package gateways hands messages over to those who carry them, and reads what they tell afterwards. It keeps nothing: one
// adapter a file, each turning a Message into a request and a callback into a Report or Inbound.
package gateways

import (
	"context"
	"net/http"
	"time"

	"offshoot/models"
)

// Message is one text on its way. Tenant and ID come back in its reports; one without an ID asks for none.
type Message struct {
	Tenant, ID models.ID
	From, To   string // From: a number in E.164, or up to 11 letters and digits; To: E.164
	Body       string
	Encoding   models.Encoding
	Tries      int // how often it was offered before, and not taken
}

// Outcome is what a gateway's answer means for the message.
type Outcome int

const (
	Accepted Outcome = iota + 1 // the gateway has it
	Refused                     // it never will
	Later                       // it certainly does not have it: try again
	Unknown                     // nobody can tell whether it has it: wait for its report, never send again
)

func (o Outcome) String() string {
	switch o {
	case Accepted:
		return "accepted"
	case Refused:
		return "refused"
	case Later:
		return "later"
	case Unknown:
		return "unknown"
	}
	return "no outcome"
}

// Answer is what came of handing a message over.
type Answer struct {
	Outcome Outcome
	ID      string        // the gateway's own name for it
	Problem string        // a sentence, where it was not accepted
	After   time.Duration // of Later: not before this
}

// Gateway carries messages.
type Gateway interface {
	// Name is what the log calls it: simulator, kannel, twilio.
	Name() string
	// Send hands one message over. It returns when ctx ends, with Unknown when the message may have arrived.
	Send(ctx context.Context, m Message) Answer
	// Report reads a callback that tells of a message, at an address that ends with /tenant/message; it refuses what the
	// gateway did not sign. A report without a status is news that changes nothing.
	Report(r *http.Request) (Report, error)
	// Inbound reads a callback that brings a message; it refuses what the gateway did not sign.
	Inbound(r *http.Request) (Inbound, error)
}

// Refusals of callbacks.
var (
	ErrForged = &models.Error{Kind: models.Forbidden, Code: "callback_forged", Message: "This callback is not signed by the gateway."}
	ErrNoNews = &models.Error{Kind: models.NotFound, Code: "callback_not_found", Message: "There is no such callback."}
	ErrBadOne = &models.Error{Kind: models.Invalid, Code: "callback_invalid", Message: "This callback says nothing that can be read."}
)

// Report is what became of a message.
type Report struct {
	Tenant, Message models.ID
	Status          models.MessageStatus // sent, delivered or failed; "" changes nothing
	ID              string               // the gateway's own name for it, where it says so
	Problem         string               // a sentence, of failed
}

// Inbound is a message that somebody sent to one of our numbers.
type Inbound struct {
	ID       string // the gateway's own name for it: the same again is the same message
	From, To string // E.164
	Body     string
	At       time.Time // zero where the gateway does not say: now
}

// Rehearsed is a gateway that reports by itself and not by a callback: its Course is all that it will report of a message
// that is handed over to it now.
type Rehearsed interface{ Course(m Message) []Step }

// Step is one of the reports of a course, and when it comes.
type Step struct {
	After time.Duration
	Report
}
