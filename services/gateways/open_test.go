package gateways

import (
	"os"
	"strings"
	"testing"
	"time"

	"offshoot/models"
)

// MSG-3: an address tells all that is wrong with it, and never a secret.
func TestAddresses(t *testing.T) {
	for address, wrong := range map[string][]string{
		"simulator:":                 nil,
		"simulator:in-production":    nil,
		"simulator://x":              {"must be simulator:"},
		"":                           {"must begin with"},
		"smtp://us:s3cret@host":      {"must begin with"},
		"kannel://us:s3c ret@h\x7f/": {"cannot be read"},
		"kannel+http://us:s3cret@gateway.internal:13013":                           nil,
		"kannel://us:s3cret@gateway.internal/sms?inbound=0123456789abcdef":         nil,
		"kannel+http://gateway.internal":                                           {"needs the user"},
		"kannel+http://us:s3cret@:13013?inbound=s3cret&dlr=1":                      {"needs the gateway's host", "inbound secret of 16", "there is not: dlr"},
		"kannel+http://us:s3cret@host?inbound=0123456789abcdef&inbound=0123456789": {"16 characters or more, once"},
		"twilio://AC1:s3cret@api.twilio.com":                                       nil,
		"twilio+http://AC1:s3cret@127.0.0.1:8081":                                  nil,
		"twilio+http://AC1:s3cret@api.twilio.com":                                  {"on this machine only"},
		"twilio://AC1@api.twilio.com/2010?x=1#f":                                   {"SID and token", "has a path", "behind #", "there is not: x"},
	} {
		got := Check(address)
		if len(got) != len(wrong) {
			t.Errorf("%s: %q", address, got)
		}
		for _, w := range wrong {
			if !strings.Contains(strings.Join(got, "\n"), w) {
				t.Errorf("%s: %q does not say %q", address, got, w)
			}
		}
		if strings.Contains(strings.Join(got, "\n"), "s3c") {
			t.Errorf("%s: a secret is repeated: %q", address, got)
		}
		if _, err := New(address, options); (err != nil) != (wrong != nil) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// MSG-3: the simulator does with a number what its scheme says, and the README says the same.
func TestSimulatorScheme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	s := &Simulator{}
	for _, e := range Scheme {
		if line := "| …" + e.Digits + " | " + e.What + " |"; !strings.Contains(string(readme), line) {
			t.Errorf("the README lacks the line %s", line)
		}
	}
	m := someMessage(models.GSM7, "Hello")
	for _, c := range []struct {
		digits  string
		tries   int
		outcome Outcome
		course  []models.MessageStatus
		last    time.Duration
	}{
		{"1234", 0, Accepted, []models.MessageStatus{models.MessageDelivered}, time.Second},
		{"0001", 0, Refused, nil, 0},
		{"0002", 0, Accepted, []models.MessageStatus{models.MessageFailed}, 5 * time.Second},
		{"0003", 0, Accepted, []models.MessageStatus{models.MessageDelivered}, 2 * time.Minute},
		{"0004", 0, Unknown, []models.MessageStatus{models.MessageDelivered}, 30 * time.Second},
		{"0005", 0, Unknown, nil, 0},
		{"0006", 0, Accepted, []models.MessageStatus{models.MessageDelivered}, time.Second},
		{"0007", 1, Later, nil, 0},
		{"0007", 2, Accepted, []models.MessageStatus{models.MessageDelivered}, time.Second},
		{"0008", 0, Accepted, nil, 0},
		{"0009", 0, Accepted, []models.MessageStatus{models.MessageDelivered, models.MessageDelivered, models.MessageFailed}, 3 * time.Second},
	} {
		m.To, m.Tries = "+491511234"+c.digits, c.tries
		if got := s.Send(t.Context(), m); got.Outcome != c.outcome {
			t.Errorf("…%s, tried %d times: %v, want %v", c.digits, c.tries, got, c.outcome)
		}
		course := s.Course(m)
		if len(course) != len(c.course) {
			t.Errorf("…%s: %v", c.digits, course)
			continue
		}
		for i, step := range course {
			if step.Status != c.course[i] || step.Tenant != m.Tenant || step.Message != m.ID {
				t.Errorf("…%s: step %d is %+v", c.digits, i, step)
			}
		}
		if n := len(course); n > 0 && course[n-1].After != c.last {
			t.Errorf("…%s: the last report comes after %s, want %s", c.digits, course[n-1].After, c.last)
		}
	}
}
