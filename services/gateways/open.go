package gateways

import (
	"errors"
	"net"
	"net/url"
	"strings"
)

// Options are what an adapter knows of the installation.
type Options struct {
	PublicURL string // callbacks come to it, such as https://portal.example.com
	Stamps    Stamps
}

// Stamps sign the addresses of callbacks for gateways that cannot sign them, and know their own signature again.
type Stamps interface {
	Stamp(purpose string, data []byte) ([]byte, error)
	Stamped(purpose string, data, given []byte) bool
}

// Simulated is the address of the simulator, and SimulatedInProduction the one that says it is meant also there.
const (
	Simulated             = "simulator:"
	SimulatedInProduction = "simulator:in-production"
)

// New makes the gateway of an address, which Check explains. Refuses with all that is wrong with it, without repeating a secret.
func New(address string, o Options) (Gateway, error) {
	if problems := Check(address); len(problems) > 0 {
		return nil, errors.New(strings.Join(problems, "; "))
	}
	u, _ := url.Parse(address)
	scheme, plain := strings.CutSuffix(u.Scheme, "+http")
	switch scheme {
	case "kannel":
		return newKannel(u, o, !plain), nil
	case "twilio":
		return newTwilio(u, o, !plain), nil
	}
	return &Simulator{}, nil
}

// Check says all that is wrong with a gateway's address, a sentence each, none of which repeats a secret. Addresses are
//
//	simulator:                                      nobody is written to: for looking around
//	kannel+http://user:password@host:13013?inbound=secret   Kannel's smsbox; kannel:// over TLS
//	twilio://sid:token@api.twilio.com               Twilio's HTTP interface, or another's that is like it; twilio+http:// on this machine
func Check(address string) []string {
	if address == Simulated || address == SimulatedInProduction {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return []string{"cannot be read: write special characters in the password as %XX"}
	}
	var problems []string
	scheme, plain := strings.CutSuffix(u.Scheme, "+http")
	switch {
	case u.Scheme == "simulator":
		return []string{"must be " + Simulated + " or " + SimulatedInProduction + " for the simulator"}
	case scheme != "kannel" && scheme != "twilio":
		return []string{"must begin with simulator:, kannel://, kannel+http:// or twilio://"}
	}
	if u.Hostname() == "" {
		problems = append(problems, "needs the gateway's host, such as "+map[string]string{"kannel": "kannel+http://user:password@gateway.internal:13013", "twilio": "twilio://sid:token@api.twilio.com"}[scheme])
	}
	if u.Port() == "" && strings.HasSuffix(u.Host, ":") {
		problems = append(problems, "has an empty port")
	}
	if password, _ := u.User.Password(); u.User.Username() == "" || password == "" {
		problems = append(problems, map[string]string{"kannel": "needs the user and the password of a sendsms-user", "twilio": "needs the account's SID and token"}[scheme])
	}
	if u.Path != "" && u.Path != "/" && scheme == "twilio" {
		problems = append(problems, "has a path; the adapter knows the paths")
	}
	if u.Fragment != "" {
		problems = append(problems, "has a part behind #: write it as %23 where it belongs to the password")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		problems = append(problems, "has settings behind ? that cannot be read")
	}
	for name, values := range query {
		switch {
		case name != "inbound" || scheme != "kannel":
			problems = append(problems, "has a setting that there is not: "+name)
		case len(values) != 1 || len(values[0]) < shortestSecret:
			problems = append(problems, "needs an inbound secret of 16 characters or more, once")
		}
	}
	if plain && scheme == "twilio" && !onThisMachine(u.Hostname()) {
		problems = append(problems, "may be twilio+http:// on this machine only: the token would travel in the open")
	}
	return problems
}

const shortestSecret = 16

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
