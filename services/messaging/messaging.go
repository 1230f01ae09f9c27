// Package messaging sends messages: what an account writes to whom, what it costs, what becomes of each. It alone writes
// sends, send_recipients and messages.
//
// A send is composed (compose.go, recipients.go), looked at (quote.go), started (start.go), and then accepted slice by slice
// in the background (accept.go): a slice is one transaction with its messages, what they cost, what the reports count, and
// the job that hands them over. So a message that exists is paid, and one that is paid exists, wherever a process dies.
// Whoever looks after it pauses, continues and cancels it (control.go).
package messaging

import (
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// Service is messaging as pages and jobs use it.
type Service struct {
	store *store.Store
	turn  time.Duration
	ahead int64
}

// New returns the service on that store.
func New(st *store.Store) *Service { return &Service{store: st, turn: acceptTurn, ahead: ahead} }

// The refusals of messaging.
var (
	ErrNoSuchSend = &models.Error{Kind: models.NotFound, Code: "send_not_found", Message: "There is no such send."}
	ErrNotReady   = &models.Error{Kind: models.Conflict, Code: "send_not_ready",
		Message: "This is still collecting whom it goes to. Wait until it is ready."}
	ErrStarted       = &models.Error{Kind: models.Conflict, Code: "send_started", Message: "This was started already."}
	ErrOver          = &models.Error{Kind: models.Conflict, Code: "send_over", Message: "This has come to its end: nothing can be changed any more."}
	ErrNotRunning    = &models.Error{Kind: models.Conflict, Code: "send_not_running", Message: "This is not sending at the moment."}
	ErrNotWaiting    = &models.Error{Kind: models.Conflict, Code: "send_not_waiting", Message: "This is neither paused nor blocked."}
	ErrNobody        = &models.Error{Kind: models.Conflict, Code: "nobody", Message: "There is nobody left to send this to."}
	ErrPricesChanged = &models.Error{Kind: models.Conflict, Code: "prices_changed",
		Message: "What this costs has changed since you looked at it. Nothing was sent: look at the new prices first."}
	ErrTooManyNumbers = &models.Error{Kind: models.Invalid, Code: "too_many_numbers",
		Message: "This is more than 100,000 numbers. Import them as a group, which may have any size, and send to it."}
)
