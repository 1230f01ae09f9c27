package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"

	"offshoot/services/gateways"
	"offshoot/services/messaging"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// textSender is what a text can come from: a number, or a name of letters and digits with a letter in it.
var textSender = regexp.MustCompile(`^(\+[1-9][0-9]{4,14}|[0-9]{0,10}[A-Za-z][A-Za-z0-9]{0,10})$`)

// openGateway makes the gateway of the configuration; the simulator where none is set.
func (c config) openGateway(st *store.Store) (gateways.Gateway, error) {
	g, err := gateways.New(cmp.Or(c.GatewayURL, gateways.Simulated), gateways.Options{PublicURL: c.installation().PublicURL, Stamps: st.Keys()})
	if err != nil {
		return nil, fmt.Errorf("GATEWAY_URL %w", err)
	}
	return g, nil
}

// textFrom is what texts of the portal itself come from.
func (c config) textFrom() string {
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, c.Name)
	name = name[:min(len(name), 11)]
	if !textSender.MatchString(name) {
		name = "Portal"
	}
	return cmp.Or(c.TextFrom, name)
}

// texts carries the portal's own texts through the gateway. Through the simulator there is nobody to carry them to: nil.
func (c config) texts(g gateways.Gateway) func(context.Context, string, string) notify.TextAnswer {
	if _, simulated := g.(*gateways.Simulator); simulated {
		return nil
	}
	return func(ctx context.Context, to, body string) notify.TextAnswer {
		return messaging.TextByGateway(ctx, g, c.textFrom(), to, body)
	}
}
