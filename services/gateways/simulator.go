package gateways

import (
	"context"
	"net/http"
	"strings"
	"time"

	"offshoot/models"
)

// Simulator is the gateway of installations that have none: it writes to nobody. What becomes of a message, the last four digits of
// its number say, see Scheme; it reports by itself.
type Simulator struct{}

// Ending is what the simulator does with numbers that end so.
type Ending struct {
	Digits string
	What   string // a sentence
	answer Answer
	busy   int           // how often it is not taken at first
	pause  time.Duration // before the answer
	course []Step
}

// Scheme is what the simulator does with which numbers. All others are delivered, which is reported a second later.
var Scheme = []Ending{
	{Digits: "0001", What: "Refused when it is handed over.", answer: Answer{Outcome: Refused, Problem: "The gateway refused it: there is no such number."}},
	{Digits: "0002", What: "Taken, and reported as failed five seconds later.",
		course: []Step{failing(5*time.Second, "The operator could not deliver it (UNDELIV, error 1).")}},
	{Digits: "0003", What: "Taken, and reported as delivered two minutes later.", course: []Step{delivering(2 * time.Minute)}},
	{Digits: "0004", What: "Taken without an answer, and reported as delivered thirty seconds later.",
		answer: Answer{Outcome: Unknown, Problem: "The gateway did not answer."}, pause: time.Second, course: []Step{delivering(30 * time.Second)}},
	{Digits: "0005", What: "Not answered, and never reported.", answer: Answer{Outcome: Unknown, Problem: "The gateway did not answer."}, pause: time.Second},
	{Digits: "0006", What: "Answered after three seconds; that it was delivered is reported before.", pause: 3 * time.Second, course: []Step{delivering(time.Second)}},
	{Digits: "0007", What: "Not taken at the first two tries: the gateway is busy. Then delivered.", busy: 2, course: []Step{delivering(time.Second)}},
	{Digits: "0008", What: "Taken, and never reported.", course: []Step{}},
	{Digits: "0009", What: "Reported as delivered twice, and then as failed: it stays delivered.",
		course: []Step{delivering(time.Second), delivering(2 * time.Second), failing(3*time.Second, "The operator could not deliver it.")}},
}

func delivering(after time.Duration) Step {
	return Step{after, Report{Status: models.MessageDelivered}}
}

func failing(after time.Duration, problem string) Step {
	return Step{after, Report{Status: models.MessageFailed, Problem: problem}}
}

var delivered = Ending{course: []Step{delivering(time.Second)}}

func endingOf(m Message) Ending {
	for _, e := range Scheme {
		if strings.HasSuffix(m.To, e.Digits) {
			if m.Tries < e.busy {
				return Ending{answer: Answer{Outcome: Later, Problem: "The gateway is busy.", After: 2 * time.Second}}
			}
			return e
		}
	}
	return delivered
}

func (*Simulator) Name() string { return "simulator" }

func (*Simulator) Send(ctx context.Context, m Message) Answer {
	e := endingOf(m)
	if e.pause > 0 {
		select {
		case <-time.After(e.pause):
		case <-ctx.Done():
			return Answer{Outcome: Unknown, Problem: "The gateway did not answer."}
		}
	}
	if e.answer.Outcome == 0 {
		return Answer{Outcome: Accepted, ID: "sim-" + m.ID.String()}
	}
	return e.answer
}

// Course is what will be reported of a message that is handed over now.
func (*Simulator) Course(m Message) []Step {
	e := endingOf(m)
	steps := make([]Step, len(e.course))
	for i, s := range e.course {
		s.Tenant, s.Message = m.Tenant, m.ID
		steps[i] = s
	}
	return steps
}

// Report takes no callback: nobody calls.
func (*Simulator) Report(*http.Request) (Report, error) { return Report{}, ErrNoNews }

// Inbound takes no callback.
func (*Simulator) Inbound(*http.Request) (Inbound, error) { return Inbound{}, ErrNoNews }
