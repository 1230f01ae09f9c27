package messaging

import (
	"context"

	"offshoot/services/gateways"
	"offshoot/services/notify"
)

// TextByGateway hands over a text of the portal itself, such as an activation code: it is in no message log and nobody pays
// for it. What is not in the GSM alphabet travels in UCS-2.
func TextByGateway(ctx context.Context, g gateways.Gateway, from, to, body string) notify.TextAnswer {
	ctx, stop := context.WithTimeout(ctx, offerTimeout)
	defer stop()
	answer := g.Send(ctx, gateways.Message{From: from, To: to, Body: body, Encoding: sizing(body).Encoding})
	return notify.TextAnswer{Taken: answer.Outcome == gateways.Accepted, Final: answer.Outcome == gateways.Refused, Problem: answer.Problem}
}
